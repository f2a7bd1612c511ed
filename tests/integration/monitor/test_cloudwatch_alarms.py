"""Alarms and VPN logs of a real server: what is refused, what alarms begin with, whom they tell."""

import json
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from twinspan.protocols import Event
from twinspan.twin.aws.server import AwsApi
from twinspan.twin.metrics.series import MetricStore, dimensions
from twinspan.twin.observed import ObservedState
from twinspan.wait import wait_until

KEY_ID, SECRET, REGION = "AKIATWINSPANTEST0003", "a-secret-only-these-alarms-know", "eu-central-1"
TUNNEL = {"VpnId": "vpn-1", "TunnelIpAddress": "203.0.113.10"}
QUERY = {
    "Id": "one",
    "MetricStat": {
        "Metric": {"Namespace": "AWS/VPN", "MetricName": "TunnelState"},
        "Period": 300,
        "Stat": "Maximum",
    },
}
ALARM: dict[str, Any] = {
    "AlarmName": "tunnel",
    "Namespace": "AWS/VPN",
    "MetricName": "TunnelState",
    "Dimensions": [{"Name": name, "Value": value} for name, value in TUNNEL.items()],
    "Statistic": "Maximum",
    "ComparisonOperator": "LessThanThreshold",
    "Threshold": 1,
    "Period": 300,
    "EvaluationPeriods": 1,
    "TreatMissingData": "breaching",
}

BY_QUERY: dict[str, Any] = {
    "Metrics": [QUERY],
    **dict.fromkeys(("MetricName", "Namespace", "Dimensions", "Statistic", "Period")),
}


@pytest.fixture(scope="module")
def store() -> MetricStore:
    """Of a twin whose five minutes last one second."""
    return MetricStore(period_s=1)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, store: MetricStore) -> Iterator[AwsApi]:
    api = AwsApi(
        board=ObservedState(),
        access_key_id=KEY_ID,
        secret_access_key=SECRET,
        state_file=tmp_path_factory.mktemp("aws") / "state",
        on_change=lambda: None,
        metrics=store,
    )
    api.start()
    yield api
    api.stop()


def client(api: AwsApi, service: str) -> Any:
    session = boto3.session.Session(aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET)
    return session.client(service, endpoint_url=api.url, region_name=REGION)  # type: ignore[call-overload]


def state_of(api: AwsApi, name: str) -> tuple[str, str]:
    (alarm,) = client(api, "cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return alarm["StateValue"], alarm["StateReason"]


def measure(store: MetricStore, up: float) -> None:
    """Let the tunnel be up or down, from two seconds ago until now."""
    now_s = time.time()
    store.sample(REGION, "TunnelState", dimensions(**TUNNEL), up, now_s - 1)
    store.advance(now_s)


def until(api: AwsApi, store: MetricStore, name: str, *, up: float | None, state: str) -> str:
    def seen() -> tuple[str, str]:
        if up is None:
            store.advance(time.time())
        else:
            measure(store, up)
        return state_of(api, name)

    alarm_state = wait_until(
        seen, lambda seen_state: seen_state[0] == state, what=state, timeout_s=30, interval_s=0.1
    )
    return alarm_state[1]


def test_an_alarm_begins_without_knowledge_rings_tells_a_queue_and_clears(
    api: AwsApi, store: MetricStore
) -> None:
    sns, sqs, cloudwatch = (client(api, name) for name in ("sns", "sqs", "cloudwatch"))
    topic = sns.create_topic(Name="vpn")["TopicArn"]
    url = sqs.create_queue(QueueName="vpn")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    cloudwatch.put_metric_alarm(**ALARM, AlarmActions=[topic], OKActions=[topic])

    assert state_of(api, "tunnel")[0] == "INSUFFICIENT_DATA"
    until(api, store, "tunnel", up=1.0, state="OK")
    assert "[0]" in until(api, store, "tunnel", up=0.0, state="ALARM")
    cloudwatch.put_metric_alarm(**ALARM | {"AlarmDescription": "changed"}, AlarmActions=[topic])
    assert state_of(api, "tunnel")[0] == "ALARM"
    until(api, store, "tunnel", up=1.0, state="OK")
    assert "missing" in until(api, store, "tunnel", up=None, state="ALARM")

    notifications = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            notifications.append(json.loads(json.loads(message["Body"])["Message"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert [notification["NewStateValue"] for notification in notifications] == ["OK", "ALARM", "ALARM"]
    assert notifications[1]["AlarmName"] == "tunnel"
    assert notifications[1]["Trigger"]["Dimensions"][1] == {
        "name": "TunnelIpAddress",
        "value": "203.0.113.10",
    }
    history = cloudwatch.describe_alarm_history(AlarmName="tunnel")["AlarmHistoryItems"]
    assert [history_item["HistorySummary"].split(" from ")[1] for history_item in reversed(history)] == [
        "INSUFFICIENT_DATA to OK",
        "OK to ALARM",
        "ALARM to OK",
        "OK to ALARM",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ComparisonOperator": "LessThanLowerThreshold"}, "The twin compares by"),
        (BY_QUERY | {"Metrics": [{"Id": "one", "Expression": "two + 1"}]}, "undefined id two"),
        (BY_QUERY | {"Metrics": [{"Id": "one", "Expression": "1 +"}]}, "not well formed"),
        ({"MetricName": None}, "MetricName must not be null"),
        ({"Namespace": None}, "Namespace must not be null"),
        ({"Period": None}, "Period must not be null"),
        ({"Threshold": None}, "Threshold must not be null"),
        ({"Statistic": None}, "either Statistic or ExtendedStatistic"),
        ({"ExtendedStatistic": "p99"}, "either Statistic or ExtendedStatistic"),
        ({"ThresholdMetricId": "one"}, "Threshold and ThresholdMetricId cannot both be set"),
        (BY_QUERY | {"Statistic": "Maximum"}, "Statistic should not be set if list of Metrics is set"),
        (BY_QUERY | {"Unit": "Count"}, "Unit should not be set if list of Metrics is set"),
        (BY_QUERY | {"Period": 60}, "Period should not be set if list of Metrics is set"),
        (BY_QUERY | {"Threshold": None}, "Threshold must not be null"),
    ],
)
def test_an_alarm_that_could_never_be_evaluated_is_refused(
    api: AwsApi, change: dict[str, Any], message: str
) -> None:
    asked = {name: value for name, value in (ALARM | change).items() if value is not None}
    with pytest.raises(ClientError, match=message):
        client(api, "cloudwatch").put_metric_alarm(**asked | {"AlarmName": "bad"})


@pytest.mark.parametrize(
    ("protocol", "endpoint", "message"),
    [
        ("https", "https://hooks.example.com/vpn", "tells nobody beyond"),
        ("http", "http://10.1.0.4/vpn", "tells nobody beyond"),
        ("sms", "+15550100", "not by sms"),
        ("lambda", "arn:aws:lambda:eu-central-1:123456789012:function:one", "not by lambda"),
    ],
)
def test_nobody_beyond_this_machine_is_told(api: AwsApi, protocol: str, endpoint: str, message: str) -> None:
    sns = client(api, "sns")
    topic = sns.create_topic(Name="outside")["TopicArn"]
    with pytest.raises(ClientError, match=message):
        sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=endpoint)


def test_mail_waits_for_a_confirmation_that_nobody_gives(api: AwsApi) -> None:
    sns = client(api, "sns")
    topic = sns.create_topic(Name="mail")["TopicArn"]
    made = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="network@example.com")
    attributes = sns.get_subscription_attributes(SubscriptionArn=made["SubscriptionArn"])["Attributes"]
    assert attributes["PendingConfirmation"] == "true"


def tunnel_with_logs(api: AwsApi, group: str, output: str) -> tuple[str, str]:
    """A connection whose first tunnel logs IKE and BGP; return (its id, the tunnel's outside address)."""
    ec2 = client(api, "ec2")
    gateway = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    address = f"198.51.100.{len(group)}"
    device = ec2.create_customer_gateway(Type="ipsec.1", IpAddress=address, BgpAsn=65000)
    arn = f"arn:aws:logs:{REGION}:123456789012:log-group:{group}"
    logs = {
        "LogEnabled": True,
        "LogGroupArn": arn,
        "LogOutputFormat": output,
        "BgpLogEnabled": True,
        "BgpLogGroupArn": arn,
        "BgpLogOutputFormat": output,
    }
    made = ec2.create_vpn_connection(
        Type="ipsec.1",
        CustomerGatewayId=device["CustomerGateway"]["CustomerGatewayId"],
        VpnGatewayId=gateway,
        Options={"TunnelOptions": [{"LogOptions": {"CloudWatchLogOptions": logs}}]},
    )["VpnConnection"]
    return made["VpnConnectionId"], made["Options"]["TunnelOptions"][0]["OutsideIpAddress"]


def test_what_a_tunnel_does_is_in_its_log_group(api: AwsApi) -> None:
    logs = client(api, "logs")
    logs.create_log_group(logGroupName="vpn")
    connection, outside = tunnel_with_logs(api, "vpn", "json")
    for number, kind in enumerate(("ike-up", "child-up", "bgp-up", "dpd-timeout", "child-down")):
        event = Event(at_s=float(number), kind=kind, subject=f"{connection}/{outside}", detail="")
        api.note(event, time.time() + number)
    streams = [
        stream["logStreamName"] for stream in logs.describe_log_streams(logGroupName="vpn")["logStreams"]
    ]
    assert sorted(name.rpartition("-")[2] for name in streams) == ["BGP.log", "IKE.log"]
    log_events = logs.filter_log_events(logGroupName="vpn")["events"]
    lines = [
        json.loads(log_event["message"]) for log_event in log_events if "IKE" in log_event["logStreamName"]
    ]
    assert [(line["TunnelIKEPhase1State"], line["TunnelIKEPhase2State"]) for line in lines] == [
        ("Established", "Down"),
        ("Established", "Established"),
        ("Down", "Established"),
        ("Down", "Down"),
    ]
    assert {(line["VpnConnectionId"], line["TunnelOutsideIPAddress"]) for line in lines} == {
        (connection, outside)
    }


def test_text_is_text_and_a_group_that_is_not_there_gets_nothing(api: AwsApi) -> None:
    logs = client(api, "logs")
    logs.create_log_group(logGroupName="in-words")
    for group in ("in-words", "nowhere"):
        connection, outside = tunnel_with_logs(api, group, "text")
        api.note(Event(at_s=1.0, kind="ike-up", subject=f"{connection}/{outside}", detail=""), time.time())
    (log_event,) = logs.filter_log_events(logGroupName="in-words")["events"]
    assert "TunnelIKEPhase1State: Established" in log_event["message"]
    names = [log_group["logGroupName"] for log_group in logs.describe_log_groups()["logGroups"]]
    assert "nowhere" not in names
