"""The ARM API refuses what makes no sense, and answers everything: never 5xx, never nothing."""

import json
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Network

import azure_bodies
import pytest
from azure_under_test import AzureUnderTest
from malformed_http import malformed
from robustness_runner import Connection, Sent, connection, run

from twinspan.twin.azure import protocol
from twinspan.twin.azure.types import RESOURCE_TYPES

SEED = 20261128


@pytest.mark.timeout(900)
@pytest.mark.parametrize("requests", [1_000, pytest.param(20_000, marks=pytest.mark.slow)])
def test_requests_of_every_kind_are_answered(azure_api: AzureUnderTest, requests: int) -> None:
    report = run(azure_api, requests=requests, seed=SEED)
    assert report.requests == requests
    assert not report.kinds, "\n".join([str(report), *map(str, report.faults)])
    taken = sum(count for status, count in report.statuses.items() if status < 400)
    assert taken > requests // 4, f"too few are about what is there: {report}"


def test_every_type_has_a_body_to_start_from() -> None:
    assert set(azure_bodies.GOOD) == {resource_type.type for resource_type in RESOURCE_TYPES.values()}


def test_malformed_http_is_answered(azure_api: AzureUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """All at once, since what never ends is waited for, and its answer with it."""
    monkeypatch.setattr(protocol, "REQUEST_TIMEOUT_S", 5.0)
    cases = malformed(azure_api.port, "/subscriptions?api-version=2025-01-01")

    def status(case: str) -> int:
        with connection(azure_api) as opened:
            return opened.exchange(cases[case]).status

    with ThreadPoolExecutor(len(cases)) as clients:
        statuses = dict(zip(cases, clients.map(status, cases), strict=True))
    assert {case: got for case, got in statuses.items() if not 400 <= got < 500} == {}
    assert statuses["length announced, nothing sent"] == 408
    assert statuses["head cut in a header"] == 408
    assert (statuses["long path"], statuses["long header"]) == (414, 431)
    assert (statuses["endless header"], statuses["many headers"]) == (431, 431)


def _subnets(number: int) -> azure_bodies.Body:
    ranges = IPv4Network("10.0.0.0/8").subnets(new_prefix=29)
    return {
        "location": "westeurope",
        "properties": {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/8"]},
            "subnets": [
                {"name": f"s{index}", "properties": {"addressPrefix": str(prefix)}}
                for index, prefix in zip(range(number), ranges, strict=False)
            ],
        },
    }


def _table(number: int) -> azure_bodies.Body:
    route = {"addressPrefix": "10.0.0.0/8", "nextHopType": "None"}
    routes = [{"name": f"r{index}", "properties": route} for index in range(number)]
    return {"location": "westeurope", "properties": {"routes": routes}}


def _local(number: int) -> azure_bodies.Body:
    space = {"addressPrefixes": ["10.0.0.0/8"] * number}
    return {
        "location": "westeurope",
        "properties": {"gatewayIpAddress": "203.0.113.1", "localNetworkAddressSpace": space},
    }


LARGE: tuple[tuple[str, str, azure_bodies.Body, int], ...] = (
    ("PUT", "virtualNetworks/large", _subnets(1000), 201),
    ("PUT", "virtualNetworks/large", _subnets(1000), 200),
    ("PUT", "virtualNetworks/larger", _subnets(20_000), 400),
    ("PUT", "routeTables/large", _table(20_000), 400),
    ("PUT", "localNetworkGateways/large", _local(200_000), 400),
    ("PUT", "virtualNetworks/large", {"properties": {f"m{n}": n for n in range(50_000)}}, 400),
)


def test_large_bodies_are_answered_in_time(azure_api: AzureUnderTest) -> None:
    """Nothing takes a time that grows with the square of a list: the runner's patience has an end."""
    group = f"/subscriptions/{azure_api.subscription}/resourceGroups/large"
    headers = {"Authorization": f"Bearer {azure_api.token}", "Content-Type": "application/json"}
    version = "?api-version=2025-01-01"

    def ask(opened: Connection, method: str, path: str, body: azure_bodies.Body) -> int:
        sent = Sent(method=method, target=path + version, headers=headers, body=json.dumps(body).encode())
        return opened.ask(sent).status

    with connection(azure_api) as opened:
        assert ask(opened, "PUT", group, {"location": "westeurope"}) == 201
        for method, place, body, status in LARGE:
            path = f"{group}/providers/Microsoft.Network/{place}"
            assert ask(opened, method, path, body) == status, (place, status)


def test_a_body_that_is_too_large_is_refused(azure_api: AzureUnderTest) -> None:
    body = b'{"location": "' + b"x" * 5_000_000 + b'"}'
    headers = {"Authorization": f"Bearer {azure_api.token}", "Content-Type": "application/json"}
    with connection(azure_api) as opened:
        reply = opened.ask(Sent(method="PUT", target="/subscriptions", headers=headers, body=body))
        assert (reply.status, azure_api.problem(Sent(method="PUT", target="/"), reply)) == (413, None)
