"""From API facts to the desired data plane."""

import sys
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest
from pydantic import TypeAdapter
from pydantic_core import to_json

sys.path.insert(0, str(Path(__file__).parents[3] / "dataplane"))

from reference_network import (
    AWS,
    FIRST_APIPA,
    GATEWAY,
    PUBLIC,
    TUNNELS,
    VGW,
    VPC,
    reference_network,
    with_aws,
    with_azure,
    with_connection,
    with_tunnel,
)

from twinspan.network.model import AwsRoute, Network, Secrets, TelemetryStatus, VgwTelemetry
from twinspan.twin.dataplane.desired import Desired, Timers, desired_state
from twinspan.twin.dataplane.spec import EndSpec

FIRST = TUNNELS[0]


def _desired(network: Network, secrets: Secrets | None = None) -> Desired:
    keys = reference_network()[1] if secrets is None else secrets
    return desired_state(network, keys, generation=1, timers=Timers())


def _end(desired: Desired, key: str) -> EndSpec:
    return next(end for end in desired.ends if end.key == key)


def test_four_aws_ends_and_eight_azure_ends() -> None:
    desired = _desired(reference_network()[0])

    assert desired.problems == ()
    assert sum(end.side == "aws" for end in desired.ends) == 4
    assert sum(end.side == "azure" for end in desired.ends) == 8


def test_it_crosses_the_wire_unchanged() -> None:
    desired = _desired(reference_network()[0])

    assert TypeAdapter(Desired).validate_json(to_json(desired)) == desired


def test_no_key_is_in_its_printed_form() -> None:
    network, secrets = reference_network()

    printed = repr(_desired(network, secrets))

    assert not [key for key in secrets.azure.values() if key in printed]


def test_observed_telemetry_changes_nothing() -> None:
    network, secrets = reference_network()
    telemetry = VgwTelemetry(
        status=TelemetryStatus.UP, status_message="", accepted_route_count=1, last_status_change=None
    )

    assert _desired(with_tunnel(network, FIRST, telemetry=telemetry), secrets) == _desired(network, secrets)


@pytest.mark.parametrize(("timeout_s", "probing_s"), [(30, 20), (45, 35), (40, 30)])
def test_aws_probes_after_ten_seconds_and_gives_up_at_the_time_out(timeout_s: int, probing_s: int) -> None:
    network = with_tunnel(reference_network()[0], FIRST, dpd_timeout_seconds=timeout_s)

    dead_peer = _end(_desired(network), FIRST.aws_key).ike.dead_peer

    assert (dead_peer.delay_s, dead_peer.probing_s) == (10, probing_s)


@pytest.mark.parametrize("timeout_s", [9, 15, 45, 3600])
def test_azure_gives_up_at_the_time_out(timeout_s: int) -> None:
    network = with_connection(reference_network()[0], FIRST, dpd_timeout_seconds=timeout_s)

    dead_peer = _end(_desired(network), FIRST.azure_key).ike.dead_peer

    assert dead_peer.delay_s + dead_peer.probing_s == timeout_s


def test_azure_does_not_open_sessions_to_apipa_peers_and_aws_does() -> None:
    desired = _desired(reference_network()[0])

    azure, aws = _end(desired, FIRST.azure_key).bgp, _end(desired, FIRST.aws_key).bgp
    assert azure is not None
    assert aws is not None
    assert (azure.passive, aws.passive) == (True, False)


def test_without_custom_address_the_first_apipa_of_the_instance_is_used() -> None:
    network = with_connection(reference_network()[0], TUNNELS[1], custom_bgp_addresses={})

    assert _end(_desired(network), TUNNELS[1].azure_key).inside_local == FIRST_APIPA


def test_without_any_apipa_the_address_in_gatewaysubnet_is_used() -> None:
    network = with_connection(reference_network()[0], FIRST, custom_bgp_addresses={})
    assert network.azure is not None
    gateway = network.azure.virtual_network_gateways[0]
    bare = tuple(replace(i, custom_bgp_ip_addresses=()) for i in gateway.instances)

    network = with_azure(network, virtual_network_gateways=(replace(gateway, instances=bare),))

    assert _end(_desired(network), FIRST.azure_key).inside_local == IPv4Address("10.1.1.4")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"ike_versions": ("ikev1",)}, "IKEv1 is not modelled"),
        ({"outside_ip_address": None}, "no outside address"),
    ],
)
def test_an_aws_tunnel_that_cannot_be_built_is_named(changes: dict[str, object], problem: str) -> None:
    desired = _desired(with_tunnel(reference_network()[0], FIRST, **changes))

    assert [text for text in desired.problems if problem in text]
    assert sum(end.side == "aws" for end in desired.ends) == 3


def test_an_unknown_algorithm_is_named() -> None:
    network, _secrets = reference_network()
    assert network.aws is not None
    phase = replace(network.aws.vpn_connections[0].tunnels[0].phase1, encryption_algorithms=("ROT13",))

    desired = _desired(with_tunnel(network, FIRST, phase1=phase))

    assert any("ROT13" in problem for problem in desired.problems)


def test_a_detached_gateway_has_no_network_to_announce() -> None:
    network, _secrets = reference_network()
    assert network.aws is not None
    gateway = replace(network.aws.vpn_gateways[0], vpc_id=None)

    desired = _desired(with_aws(network, vpn_gateways=(gateway,)))

    spec = next(g for g in desired.gateways if g.key == VGW)
    assert (spec.router, spec.networks) == (None, ())
    assert not any(table.propagated for r in desired.routers if r.key == VPC for table in r.tables)


@pytest.mark.parametrize("state", ["deleting", "deleted", "pending"])
def test_a_vpn_connection_that_is_not_available_is_not_built(state: str) -> None:
    network, _secrets = reference_network()
    assert network.aws is not None
    connections = tuple(replace(c, state=state) for c in network.aws.vpn_connections)

    desired = _desired(with_aws(network, vpn_connections=connections))

    assert not [end for end in desired.ends if end.side == "aws"]


def test_a_route_that_was_propagated_is_left_to_bgp_and_a_blackhole_stays() -> None:
    network, _secrets = reference_network()
    assert network.aws is not None
    far, dead = IPv4Network("10.1.0.0/16"), IPv4Network("10.9.0.0/16")
    routes = (
        AwsRoute(destination=far, target=VGW, state="active", origin="EnableVgwRoutePropagation"),
        AwsRoute(destination=dead, target=VGW, state="blackhole", origin="CreateRoute"),
    )
    tables = tuple(replace(t, routes=routes) for t in network.aws.route_tables)

    desired = _desired(with_aws(network, route_tables=tables))

    router = next(r for r in desired.routers if r.key == VPC)
    assert {(r.destination, r.target) for t in router.tables for r in t.routes} == {(dead, "nowhere")}


def test_identifiers_of_azure_are_compared_without_case() -> None:
    network, secrets = reference_network()
    assert network.azure is not None
    shouting = tuple(
        replace(c, virtual_network_gateway_id=GATEWAY.upper(), id=c.id.upper())
        for c in network.azure.connections
    )

    assert _desired(with_azure(network, connections=shouting), secrets) == _desired(network, secrets)


def test_one_cloud_alone_is_built() -> None:
    network, _secrets = reference_network()

    desired = _desired(Network(aws=None, azure=network.azure))

    assert {end.side for end in desired.ends} == {"azure"}
    assert {end.local_address for end in desired.ends} == set(PUBLIC)
    assert AWS not in {net for router in desired.routers for net in router.networks}
