"""AWS's alarms on a whole network: a cut tunnel rings, all of them ring together, the logs say why.

The twin's grain is 5 seconds here, so what are 5 minutes in the cloud lasts 5 seconds; times to alert are
recorded as they are here. Dead peer detection and BGP keep their own pace.
"""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
import verify_lab
from verify_lab import Lab

from twinspan.monitor.read import Monitor
from twinspan.twin.dataplane.wire import FaultSpec
from twinspan.wait import wait_until

pytestmark = [pytest.mark.root, pytest.mark.long]
PERIOD_S = 5
LIMIT_S = 150.0
PREFIX = "twinspan-dev-vpn-"
GROUP = "/aws/vendedlogs/vpn/twinspan-dev"
Record = Callable[[str, object], None]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """dev without clusters and with logs, on a twin of the module's own, whole, with a grain of seconds."""
    home = tmp_path_factory.mktemp("alarms-aws") / "home"
    logging = "tunnel_operations={lifecycle_control=false,log_retention_days=7}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWINSPAN_HOME", str(home))
        with verify_lab.lab(home, logging, up=("--metrics-period", str(PERIOD_S))) as built:
            whole = built.verify(wait_s=verify_lab.SEEN_WITHIN_S)
            assert whole.passed, verify_lab.causes(whole)
            yield built


def client(lab: Lab, service: str) -> Any:
    endpoint = lab.target.endpoints.aws
    assert endpoint
    session = boto3.session.Session(endpoint.access_key_id, endpoint.secret_access_key)
    return session.client(service, endpoint_url=endpoint.endpoint_url, region_name=endpoint.region)  # type: ignore[call-overload]


@pytest.fixture(scope="module")
def queue(lab: Lab) -> str:
    """A queue that is told what the module's topic is told."""
    sqs, sns = client(lab, "sqs"), client(lab, "sns")
    url: str = sqs.create_queue(QueueName="desk")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    (topic,) = [listed_topic["TopicArn"] for listed_topic in sns.list_topics()["Topics"]]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return url


def ringing(lab: Lab) -> set[str]:
    alarms = client(lab, "cloudwatch").describe_alarms(StateValue="ALARM")["MetricAlarms"]
    return {alarm["AlarmName"].removeprefix(PREFIX) for alarm in alarms}


def told(lab: Lab, queue: str) -> set[tuple[str, str]]:
    """Return (alarm, its new state) of the messages in the queue, and take them out."""
    sqs, notices = client(lab, "sqs"), set()
    while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            said = json.loads(json.loads(message["Body"])["Message"])
            notices.add((said["AlarmName"].removeprefix(PREFIX), said["NewStateValue"]))
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return notices


def wait_for(lab: Lab, expected_alarms: set[str], record: Record | None = None) -> None:
    started = time.monotonic()
    wait_until(
        lambda: ringing(lab),
        lambda seen: seen == expected_alarms,
        what=f"alarms {expected_alarms}",
        timeout_s=LIMIT_S,
    )
    if record:
        record("time_to_alert_s", f"{time.monotonic() - started:.1f}")


def quiet(lab: Lab) -> None:
    """Wait until every alarm has seen a whole network."""

    def states() -> set[str]:
        return {alarm["StateValue"] for alarm in client(lab, "cloudwatch").describe_alarms()["MetricAlarms"]}

    wait_until(states, lambda seen: seen == {"OK"}, what="five alarms that are OK", timeout_s=LIMIT_S)


def cuts(lab: Lab, *keys: str) -> list[FaultSpec]:
    outside = {lab.tunnel(key).outside_ip_address for key in keys}
    return [
        FaultSpec(
            kind="path-cut", outside_ip_address=tunnel.aws_address, public_ip_address=tunnel.azure_address
        )
        for tunnel in Monitor(lab.target.endpoints).read().tunnels
        if tunnel.cloud == "aws" and tunnel.aws_address in outside and tunnel.azure_address
    ]


def test_a_cut_tunnel_rings_alone_tells_the_topic_is_in_the_logs_and_clears(
    lab: Lab, queue: str, record_property: Record
) -> None:
    quiet(lab)
    told(lab, queue)
    (fault,) = cuts(lab, "tunnel1")
    with lab.broken(lambda: lab.twin.inject(fault), lambda: lab.twin.heal(fault)):
        wait_for(lab, {"tunnel-down-tunnel1"}, record_property)
    wait_for(lab, set())
    assert told(lab, queue) == {("tunnel-down-tunnel1", "ALARM"), ("tunnel-down-tunnel1", "OK")}

    events = client(lab, "logs").filter_log_events(logGroupName=GROUP)["events"]
    lines = [json.loads(event["message"]) for event in events]
    own = [line for line in lines if line["TunnelOutsideIPAddress"] == str(fault.outside_ip_address)]
    states = [line["TunnelIKEPhase2State"] for line in own]
    assert "Down" in states[states.index("Established") :]
    assert states[-1] == "Established"


def test_all_tunnels_down_ring_for_each_and_for_all(lab: Lab, queue: str, record_property: Record) -> None:
    keys = [f"tunnel{number}" for number in range(1, 5)]
    faults = cuts(lab, *keys)
    assert len(faults) == 4
    wait_for(lab, set())

    def cut() -> None:
        for fault in faults:
            lab.twin.inject(fault)

    def repair() -> None:
        for fault in faults:
            lab.twin.heal(fault)

    with lab.broken(cut, repair):
        wait_for(lab, {"all-down", *(f"tunnel-down-{key}" for key in keys)}, record_property)
    wait_for(lab, set())
    assert {("all-down", "ALARM"), ("all-down", "OK")} <= told(lab, queue)
