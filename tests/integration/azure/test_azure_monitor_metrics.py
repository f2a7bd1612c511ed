"""Azure Monitor's answers on a VPN gateway, over HTTPS from a real server, and through our reader."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from azure_api_harness import Lab, Reply, new_lab, new_twin

from twinspan.cloud.azure import AzureEndpoint
from twinspan.cloud.azure.metrics import read_gateway_metrics, read_grain, seconds, written
from twinspan.errors import CloudRefusedError
from twinspan.twin.metrics.series import MetricStore, dimensions

BEGIN_S = (time.time() - 1800) // 300 * 300
BEGIN = datetime.fromtimestamp(BEGIN_S, UTC)
END = BEGIN + timedelta(seconds=120)
SPAN = f"{BEGIN:%Y-%m-%dT%H:%M:%SZ}/{END:%Y-%m-%dT%H:%M:%SZ}"
NAMES = ("GatewayTenantWorker_IN_0", "GatewayTenantWorker_IN_1")


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A gateway with two minutes of metrics of one connection on two instances."""
    twin = new_twin(tmp_path_factory.mktemp("metrics"))
    twin.metrics = MetricStore(period_s=10)
    twin.start()
    made = new_lab(twin)
    made.build()
    scope = f"{made.scope}/virtualNetworkGateways/gw".lower()
    for at_s in range(120):
        for number, instance in enumerate(NAMES):
            tunnel = dimensions(ConnectionName="tunnel1", RemoteIP="203.0.113.1", Instance=instance)
            twin.metrics.add(scope, "TunnelIngressBytes", tunnel, 10 + number, BEGIN_S + at_s)
            peer = dimensions(BgpPeerAddress="169.254.21.1", Instance=instance)
            twin.metrics.sample(scope, "BgpPeerStatus", peer, float(number == 0), BEGIN_S + at_s)
    twin.metrics.advance(BEGIN_S + 120)
    yield made
    twin.stop()


def ask(lab: Lab, kind: str = "metrics", place: str = "virtualNetworkGateways/gw", **query: str) -> Reply:
    parameters = {"timespan": SPAN, "interval": "PT1M", **query}
    return lab.get(f"{place}/providers/Microsoft.Insights/{kind}?{urlencode(parameters)}")


def test_the_definitions_name_units_aggregations_dimensions_and_grains(measured: Lab) -> None:
    definitions = {
        definition["name"]["value"]: definition
        for definition in ask(measured, "metricDefinitions").json["value"]
    }
    tunnel, peer = definitions["TunnelIngressBytes"], definitions["BgpPeerStatus"]
    assert (tunnel["unit"], tunnel["primaryAggregationType"]) == ("Bytes", "Total")
    assert (peer["unit"], peer["primaryAggregationType"]) == ("Count", "Average")
    assert [dimension["value"] for dimension in tunnel["dimensions"]] == [
        "ConnectionName",
        "RemoteIP",
        "Instance",
    ]
    assert tunnel["metricAvailabilities"][0]["timeGrain"] == "PT10S"


def test_what_nothing_counts_has_a_definition_and_no_data(measured: Lab) -> None:
    definitions = {
        definition["name"]["value"]: definition
        for definition in ask(measured, "metricDefinitions").json["value"]
    }
    assert {definition["category"] for definition in definitions.values()} == {
        "Traffic",
        "Routing",
        "Ipsec",
        "Errors",
    }
    assert definitions["TunnelNatPacketDrop"]["dimensions"][-1]["value"] == "DropType"
    for name in ("TunnelTotalFlowCount", "TunnelNatedBytes"):
        assert ask(measured, metricnames=name).json["value"][0]["timeseries"] == []


def test_without_a_filter_all_dimensions_are_merged(measured: Lab) -> None:
    metric = ask(measured, metricnames="TunnelIngressBytes").json["value"][0]
    assert [point["total"] for point in metric["timeseries"][0]["data"]] == [60 * 21, 60 * 21]
    assert metric["timeseries"][0]["metadatavalues"] == []


def test_a_timespan_that_is_quoted_twice_is_understood(measured: Lab) -> None:
    metric = ask(measured, metricnames="TunnelIngressBytes", timespan=quote(SPAN, safe="")).json["value"][0]
    assert len(metric["timeseries"][0]["data"]) == 2


def test_a_star_splits_and_a_value_chooses(measured: Lab) -> None:
    split = ask(measured, metricnames="BgpPeerStatus", **{"$filter": "Instance eq '*'"}).json["value"][0]
    values = {s["metadatavalues"][0]["value"]: s["data"][0]["average"] for s in split["timeseries"]}
    assert values == dict(zip(NAMES, (1, 0), strict=True))
    dimension_filter = f"Instance eq '{NAMES[1]}' and ConnectionName eq '*'"
    chosen = ask(measured, metricnames="TunnelIngressBytes", **{"$filter": dimension_filter}).json["value"][0]
    assert [series["data"][0]["total"] for series in chosen["timeseries"]] == [60 * 11]


def test_the_largest_come_first_and_only_as_many_as_wanted(measured: Lab) -> None:
    metric = ask(
        measured,
        metricnames="TunnelIngressBytes",
        top="1",
        orderby="total desc",
        **{"$filter": "Instance eq '*'"},
    ).json["value"][0]
    assert [series["metadatavalues"][0]["value"] for series in metric["timeseries"]] == [NAMES[1]]


def test_other_aggregations_come_when_asked_for(measured: Lab) -> None:
    data = ask(measured, metricnames="BgpPeerStatus", aggregation="Minimum,Maximum,Count").json
    assert data["value"][0]["timeseries"][0]["data"][0] == {
        "timeStamp": f"{BEGIN:%Y-%m-%dT%H:%M:%SZ}",
        "minimum": 0,
        "maximum": 1,
        "count": 120,
    }


@pytest.mark.parametrize(
    "query",
    [
        {"metricnames": "TunnelReverseRouteCount"},
        {"metricnames": "TunnelIngressBytes", "interval": "PT7S"},
        {"metricnames": "TunnelIngressBytes", "$filter": "BgpPeerAddress eq '*'"},
        {"metricnames": "TunnelIngressBytes", "$filter": "nonsense"},
        {"metricnames": "TunnelIngressBytes", "timespan": "today"},
    ],
)
def test_questions_without_sense_are_bad_requests(measured: Lab, query: dict[str, str]) -> None:
    refused = ask(measured, **query)
    assert (refused.status, refused.code) == (400, "BadRequest")


def test_a_gateway_that_is_not_there_and_a_resource_without_metrics_are_refused(measured: Lab) -> None:
    assert ask(measured, place="virtualNetworkGateways/none").status == 404
    assert ask(measured, place="virtualNetworks/vnet").status == 400
    assert ask(measured, "metricAlerts").status == 404


def test_our_reader_gets_the_newest_value_of_each_series(measured: Lab) -> None:
    twin = measured.twin
    endpoint = AzureEndpoint(
        subscription_id=twin.credentials.subscription_id,
        tenant_id=twin.credentials.tenant_id,
        client_id=twin.credentials.client_id,
        client_secret=twin.credentials.client_secret,
        resource_manager_url=twin.api.url,
        authority=twin.api.url,
        ca_certificate=Path(twin.tls.ca_certificate),
    )
    gateway = f"{measured.scope}/virtualNetworkGateways/gw"
    assert read_grain(endpoint, gateway) == 10
    asked = {"TunnelIngressBytes": ("Instance",), "BgpPeerStatus": ()}
    measurements = read_gateway_metrics(
        endpoint, gateway, metrics=asked, interval="PT10S", start=BEGIN, end=END
    )
    values = {
        (measurement.name, measurement.dimensions.get("instance", "")): measurement.value
        for measurement in measurements
    }
    assert values == {
        ("TunnelIngressBytes", NAMES[0]): 100,
        ("TunnelIngressBytes", NAMES[1]): 110,
        ("BgpPeerStatus", ""): 0.5,
    }
    assert {measurement.at for measurement in measurements} == {END - timedelta(seconds=10)}
    with pytest.raises(CloudRefusedError, match="invalid time grain"):
        read_gateway_metrics(endpoint, gateway, metrics=asked, interval="PT7S", start=BEGIN, end=END)


@pytest.mark.parametrize(("text", "length"), [("PT5M", 300), ("PT10S", 10), ("PT1H", 3600), ("P1D", 86400)])
def test_durations_are_understood(text: str, length: int) -> None:
    assert seconds(text) == length
    assert seconds(written(length)) == length


@pytest.mark.parametrize("text", ["", "P", "PT", "5m", "PT5X"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        seconds(text)
