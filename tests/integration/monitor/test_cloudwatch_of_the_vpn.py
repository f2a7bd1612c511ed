"""CloudWatch's answers on the VPN, asked by boto3 and through our reader, from a real server."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from twinspan.cloud.aws import AwsEndpoint
from twinspan.cloud.aws.metrics import read_tunnel_metrics
from twinspan.errors import CloudRefusedError
from twinspan.twin.aws.server import AwsApi
from twinspan.twin.metrics.series import MetricStore, dimensions
from twinspan.twin.observed import ObservedState

KEY_ID, SECRET, REGION = "AKIATWINSPANTEST0002", "a-secret-only-this-test-knows", "eu-central-1"
BEGIN_S = (time.time() - 1800) // 300 * 300
BEGIN = datetime.fromtimestamp(BEGIN_S, UTC)
TUNNELS = ("203.0.113.10", "203.0.113.11")
PERIODS = 20


def published() -> MetricStore:
    """Twenty periods: the first tunnel is up, the second is down from the tenth on."""
    store = MetricStore(period_s=10)
    for number in range(PERIODS * 10):
        for tunnel in TUNNELS:
            dims = dimensions(VpnId="vpn-1", TunnelIpAddress=tunnel)
            up = tunnel == TUNNELS[0] or number < PERIODS * 5
            store.sample(REGION, "TunnelState", dims, float(up), BEGIN_S + number)
            store.add(REGION, "TunnelDataIn", dims, 7, BEGIN_S + number)
            store.add(REGION, "TunnelDataOut", dims, 3, BEGIN_S + number)
    store.advance(BEGIN_S + PERIODS * 10)
    return store


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsApi]:
    api = AwsApi(
        board=ObservedState(),
        access_key_id=KEY_ID,
        secret_access_key=SECRET,
        state_file=tmp_path_factory.mktemp("aws") / "state",
        on_change=lambda: None,
        metrics=published(),
    )
    api.start()
    yield api
    api.stop()


@pytest.fixture
def cloudwatch(api: AwsApi) -> Any:
    session = boto3.session.Session(aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET)
    return session.client("cloudwatch", endpoint_url=api.url, region_name=REGION)


def statistics(cloudwatch: Any, metric: str, **changes: Any) -> dict[str, Any]:
    answer = cloudwatch.get_metric_statistics(
        **{
            "Namespace": "AWS/VPN",
            "MetricName": metric,
            "Dimensions": [{"Name": "VpnId", "Value": "vpn-1"}],
            "StartTime": BEGIN,
            "EndTime": BEGIN + timedelta(seconds=300),
            "Period": 300,
            "Statistics": ["Minimum", "Maximum", "Average", "Sum", "SampleCount"],
            **changes,
        }
    )
    points: list[dict[str, Any]] = answer["Datapoints"]
    assert len(points) <= 1
    return points[0] if points else {}


def test_of_two_tunnels_minimum_tells_any_down_and_maximum_all_down(cloudwatch: Any) -> None:
    point = statistics(cloudwatch, "TunnelState")
    assert (point["Minimum"], point["Maximum"], point["Average"], point["Unit"]) == (0, 1, 0.75, "None")


def test_a_tunnels_own_address_tells_which_one(cloudwatch: Any) -> None:
    for tunnel, lowest in zip(TUNNELS, (1, 0), strict=True):
        dims = [{"Name": "TunnelIpAddress", "Value": tunnel}]
        assert statistics(cloudwatch, "TunnelState", Dimensions=dims)["Minimum"] == lowest


def test_bytes_are_summed_over_time_and_tunnels(cloudwatch: Any) -> None:
    point = statistics(cloudwatch, "TunnelDataIn")
    assert (point["Sum"], point["Unit"]) == (2 * 7 * PERIODS * 10, "Bytes")
    assert statistics(cloudwatch, "TunnelDataIn", Unit="Count") == {}


def test_dimensions_that_aws_does_not_publish_have_no_data(cloudwatch: Any) -> None:
    assert statistics(cloudwatch, "TunnelState", Dimensions=[]) == {}
    assert statistics(cloudwatch, "TunnelState", Dimensions=[{"Name": "VpnId", "Value": "vpn-2"}]) == {}


@pytest.mark.parametrize(
    "changes",
    [{"EndTime": BEGIN}, {"Period": 7}, {"Period": 61}, {"Period": 1, "EndTime": BEGIN + timedelta(days=1)}],
)
def test_questions_without_sense_are_refused(cloudwatch: Any, changes: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="InvalidParameter"):
        statistics(cloudwatch, "TunnelState", **changes)


def test_metrics_are_listed_under_their_three_sets_of_dimensions(cloudwatch: Any) -> None:
    listed = cloudwatch.list_metrics(Namespace="AWS/VPN", MetricName="TunnelState")["Metrics"]
    names = sorted(tuple(d["Name"] for d in metric["Dimensions"]) for metric in listed)
    assert names == sorted([("VpnId",), *2 * [("TunnelIpAddress",)], *2 * [("VpnId", "TunnelIpAddress")]])
    filtered = cloudwatch.list_metrics(
        Namespace="AWS/VPN", Dimensions=[{"Name": "TunnelIpAddress", "Value": TUNNELS[0]}]
    )["Metrics"]
    assert len(filtered) == 6


def test_data_comes_in_pages_and_expressions_with_it(cloudwatch: Any) -> None:
    dims = [{"Name": "VpnId", "Value": "vpn-1"}]
    queries = [
        {
            "Id": name,
            "MetricStat": {
                "Metric": {"Namespace": "AWS/VPN", "MetricName": metric, "Dimensions": dims},
                "Period": 10,
                "Stat": "Sum",
            },
        }
        for name, metric in (("into", "TunnelDataIn"), ("out", "TunnelDataOut"))
    ]
    queries.append({"Id": "bits", "Expression": "(into + out) * 8 / 10"})
    pages = list(
        cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries,
            StartTime=BEGIN,
            EndTime=BEGIN + timedelta(seconds=300),
            MaxDatapoints=7,
        )
    )
    assert len(pages) == -(-3 * PERIODS // 7)
    values = [
        v for page in pages for r in page["MetricDataResults"] if r["Id"] == "bits" for v in r["Values"]
    ]
    assert values == [2 * 10 * 10 * 8 / 10] * PERIODS


def test_an_expression_that_names_nothing_is_refused(cloudwatch: Any) -> None:
    stat = {
        "Metric": {"Namespace": "AWS/VPN", "MetricName": "TunnelState"},
        "Period": 60,
        "Stat": "Minimum",
    }
    with pytest.raises(ClientError, match="undefined id b"):
        cloudwatch.get_metric_data(
            MetricDataQueries=[{"Id": "a", "MetricStat": stat}, {"Id": "c", "Expression": "a + b"}],
            StartTime=BEGIN,
            EndTime=BEGIN + timedelta(seconds=60),
        )


STAT = {"Metric": {"Namespace": "Own", "MetricName": "Depth"}, "Period": 60, "Stat": "Sum"}


@pytest.mark.parametrize("query", [{"Id": "a"}, {"Id": "a", "Expression": "1", "MetricStat": STAT}])
def test_a_query_asks_for_a_metric_or_an_expression(cloudwatch: Any, query: Any) -> None:
    with pytest.raises(ClientError, match="either an Expression or a MetricStat"):
        cloudwatch.get_metric_data(
            MetricDataQueries=[query], StartTime=BEGIN, EndTime=BEGIN + timedelta(seconds=60)
        )


def test_our_reader_tells_the_tunnels_apart(api: AwsApi) -> None:
    endpoint = AwsEndpoint(
        region=REGION, endpoint_url=api.url, access_key_id=KEY_ID, secret_access_key=SECRET
    )
    requested_tunnels = [("vpn-1", IPv4Address(tunnel)) for tunnel in (*TUNNELS, "203.0.113.99")]
    end = BEGIN + timedelta(seconds=PERIODS * 10)
    up, down, unknown = read_tunnel_metrics(endpoint, requested_tunnels, period_s=10, start=BEGIN, end=end)
    assert (up.state, up.bytes_in, up.bytes_out) == (1, 70, 30)
    assert (down.state, down.bytes_in) == (0, 70)
    assert (unknown.state, unknown.at, unknown.bytes_in) == (None, None, None)
    with pytest.raises(CloudRefusedError, match="StartTime"):
        read_tunnel_metrics(endpoint, requested_tunnels, period_s=10, start=end, end=BEGIN)


def test_no_metric_is_part_of_the_saved_state(api: AwsApi, cloudwatch: Any) -> None:
    cloudwatch.list_metrics()
    api.save()
    assert b"TunnelDataIn" not in Path(api._state_file).read_bytes()


def test_metrics_of_users_are_answered_beside_the_vpns_and_however_long_the_time(cloudwatch: Any) -> None:
    dims = [{"Name": "Site", "Value": "a"}]
    data: Any = [
        {"MetricName": "Depth", "Dimensions": dims, "Timestamp": BEGIN, "Value": 3.0, "Unit": "Count"},
        {"MetricName": "Depth", "Dimensions": dims, "Timestamp": BEGIN + timedelta(seconds=61), "Value": 5.0},
        {"MetricName": "Depth", "Timestamp": BEGIN, "Value": 100.0},
        {
            "MetricName": "Depth",
            "Dimensions": dims,
            "Timestamp": BEGIN + timedelta(seconds=61),
            "StatisticValues": {"SampleCount": 2, "Sum": 9, "Minimum": 4, "Maximum": 5},
        },
    ]
    cloudwatch.put_metric_data(Namespace="Own", MetricData=data)
    own = {"Namespace": "Own", "MetricName": "Depth", "Dimensions": dims}
    vpn = {"Namespace": "AWS/VPN", "MetricName": "TunnelState"}
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=[
            {"Id": "a", "MetricStat": {"Metric": own, "Period": 1, "Stat": "Sum"}},
            {"Id": "b", "MetricStat": {"Metric": vpn, "Period": 60, "Stat": "Sum"}},
        ],
        StartTime=datetime(1970, 1, 1, tzinfo=UTC),
        EndTime=datetime(2100, 1, 1, tzinfo=UTC),
        ScanBy="TimestampAscending",
    )
    assert [result["Values"] for result in answer["MetricDataResults"]] == [[3.0, 14.0], []]
    statistics = cloudwatch.get_metric_statistics(
        Namespace="Own",
        MetricName="Depth",
        Dimensions=dims,
        StartTime=BEGIN,
        EndTime=BEGIN + timedelta(seconds=120),
        Period=60,
        Statistics=["Maximum", "SampleCount"],
    )
    rows = sorted(statistics["Datapoints"], key=lambda row: row["Timestamp"])
    assert [(row["Maximum"], row["SampleCount"], row["Unit"]) for row in rows] == [
        (3.0, 1.0, "Count"),
        (5.0, 3.0, "Count"),
    ]
    with pytest.raises(ClientError, match="exceeds the limit of 1440"):
        cloudwatch.get_metric_statistics(
            Namespace="Own",
            MetricName="Depth",
            StartTime=datetime(1970, 1, 1, tzinfo=UTC),
            EndTime=BEGIN,
            Period=60,
            Statistics=["Sum"],
        )


def test_a_value_that_counts_often_is_kept_once(cloudwatch: Any) -> None:
    """2,147,483,647 of them took all memory of the machine."""
    values = {"Values": [2.0, 4.0, 9.0], "Counts": [2.0**31 - 1, 1.0, 0.0]}
    cloudwatch.put_metric_data(
        Namespace="Own", MetricData=[{"MetricName": "Often", "Timestamp": BEGIN, **values}]
    )
    (datapoint,) = cloudwatch.get_metric_statistics(
        Namespace="Own",
        MetricName="Often",
        StartTime=BEGIN,
        EndTime=BEGIN + timedelta(seconds=60),
        Period=60,
        Statistics=["Minimum", "Maximum", "SampleCount", "Sum"],
    )["Datapoints"]
    assert (datapoint["Minimum"], datapoint["Maximum"]) == (2.0, 4.0)
    assert (datapoint["SampleCount"], datapoint["Sum"]) == (2.0**31, 2.0**32 + 2)


@pytest.mark.parametrize(
    ("datum", "said"),
    [
        ({"Value": 2.0**361}, "MetricData.member.1.Value is invalid"),
        ({"Values": [1.0, -(2.0**361)]}, "MetricData.member.1.Values is invalid"),
        ({"Values": [1.0], "Counts": [2.0**361]}, "MetricData.member.1.Counts is invalid"),
        ({"Values": [1.0], "Counts": [1.0, 2.0]}, "must be of the same size"),
        (
            {"StatisticValues": {"SampleCount": 2.0**361, "Sum": 1, "Minimum": 1, "Maximum": 1}},
            "MetricData.member.1.StatisticValues.SampleCount is invalid",
        ),
        ({"Value": float("nan")}, "must be a number"),
        ({"Values": [1.0], "Counts": [float("inf")]}, "must be a number"),
    ],
)
def test_numbers_that_nobody_can_have_measured_are_refused(
    cloudwatch: Any, datum: dict[str, Any], said: str
) -> None:
    with pytest.raises(ClientError, match=said):
        cloudwatch.put_metric_data(Namespace="Own", MetricData=[{"MetricName": "Depth", **datum}])


def test_nobody_measures_in_aws_s_name(cloudwatch: Any) -> None:
    with pytest.raises(ClientError, match="The value AWS/ for parameter Namespace is invalid"):
        cloudwatch.put_metric_data(Namespace="AWS/VPN", MetricData=[{"MetricName": "TunnelState"}])
