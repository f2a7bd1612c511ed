"""A VPN without BGP: routes follow the security associations."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest
from many_flows import FLOW_BYTES, tunnels_used
from plane_harness import Plane, aws_end
from reference_network import (
    AWS,
    AWS_PRIVATE,
    AZURE,
    GATEWAY,
    INSTANCES,
    PUBLIC,
    TUNNELS,
    VGW,
    Wiring,
    with_aws,
    with_connection,
    with_tunnel,
)
from static_network import static_network, until_up

from twinspan.errors import DesignError
from twinspan.network.aws import AwsRoute
from twinspan.network.model import Network
from twinspan.twin.dataplane.spec import EndSpec
from twinspan.twin.dataplane.wire import FaultSpec
from twinspan.twin.observed import Observed
from twinspan.wait import pause, wait_until

pytestmark = pytest.mark.root

FIRST, SECOND, THIRD, FOURTH = TUNNELS


def test_azure_spreads_flows_over_both_instances_and_aws_uses_one_tunnel(plane: Plane) -> None:
    plane.apply(*static_network())
    until_up(plane, TUNNELS)
    first, second = plane.attach_pair()
    plane.until_reaches("aws-host", second)
    plane.until_reaches("azure-host", first)

    assert tunnels_used(plane, "aws-host", "azure-host")[1] == 1

    assert instances_used(plane) == set(PUBLIC)


def instances_used(plane: Plane) -> set[IPv4Address]:
    """Send flows from Azure; return the public addresses of the instances that carried some."""
    before = plane.client.observe()
    assert tunnels_used(plane, "azure-host", "aws-host")[0] >= 1
    after = plane.client.observe()

    def sent(seen: Observed, public: IPv4Address) -> int:
        return sum(end.bytes_out for end in seen.azure_tunnels if end.public_ip_address == public)

    return {public for public in PUBLIC if sent(after, public) - sent(before, public) >= FLOW_BYTES}


def path_cut(wiring: Wiring) -> FaultSpec:
    return FaultSpec(
        kind="path-cut", outside_ip_address=wiring.outside, public_ip_address=PUBLIC[wiring.instance]
    )


def in_use(seen: Observed) -> Wiring:
    (address,) = seen.vgw_active_tunnels[VGW]
    return next(wiring for wiring in TUNNELS if wiring.outside == address)


@pytest.mark.parametrize(
    "tunnels",
    [(FIRST,), (FIRST, SECOND), (FIRST, THIRD), TUNNELS],
    ids=["one tunnel", "one instance", "one tunnel per instance", "four tunnels"],
)
def test_a_static_vpn_carries_packets_both_ways(plane: Plane, tunnels: Sequence[Wiring]) -> None:
    result = plane.apply(*static_network(tunnels))

    assert result.problems == ()
    until_up(plane, tunnels)
    first, second = plane.attach_pair()
    plane.until_reaches("aws-host", second)
    plane.until_reaches("azure-host", first)
    in_force = {wiring.outside: (AZURE,) for wiring in tunnels}
    seen = plane.until(
        lambda seen: (
            {end.outside_ip_address: end.accepted_routes for end in seen.aws_tunnels if end.accepted_routes}
            == in_force
        ),
        what="static routes of the tunnels that are up",
    )
    assert seen.vgw_routes[VGW] == (AZURE,)
    assert in_use(seen) in tunnels
    assert {end.bgp_state for end in (*seen.aws_tunnels, *seen.azure_tunnels)} == {"None"}
    assert all(peers == () for peers in seen.azure_bgp_peers.values())
    subjects = {event.subject for event in plane.client.events(0.0) if event.kind.startswith("bgp-")}
    assert subjects.isdisjoint(INSTANCES)
    learned = {(str(route.network), route.origin) for route in seen.azure_learned_routes[GATEWAY]}
    assert learned == {(str(AZURE), "Network"), (str(AWS), "Network")}
    assert sum(end.bytes_in for end in seen.azure_tunnels) > 0
    assert sum(end.bytes_in for end in seen.aws_tunnels) > 0


def test_a_connection_without_static_route_is_up_and_carries_nothing(plane: Plane) -> None:
    plane.apply(*static_network(to_azure=()))
    until_up(plane, TUNNELS)
    first, second = plane.attach_pair()

    assert not plane.reaches("aws-host", second)
    assert not plane.reaches("azure-host", first)
    seen = plane.client.observe()
    assert seen.vgw_routes[VGW] == ()
    assert seen.vgw_active_tunnels[VGW] == ()
    assert sum(end.packets_in for end in seen.aws_tunnels) > 0

    plane.apply(*static_network())
    plane.until_reaches("aws-host", second)


def test_a_local_network_gateway_with_other_prefixes_leads_nowhere(plane: Plane) -> None:
    plane.apply(*static_network(to_aws=(IPv4Network("10.99.0.0/16"),)))
    until_up(plane, TUNNELS)
    first, _second = plane.attach_pair()

    assert not plane.reaches("azure-host", first)
    seen = plane.client.observe()
    assert sum(end.packets_in for end in seen.aws_tunnels) == 0


def test_the_vpc_keeps_its_own_addresses_when_a_static_route_covers_them(plane: Plane) -> None:
    plane.apply(*static_network(to_azure=(AZURE, AWS, IPv4Network("10.2.1.0/24"))))
    until_up(plane, TUNNELS)

    first, second = plane.attach_pair()

    plane.until_reaches("azure-host", first)
    plane.until_reaches("aws-host", second)


def test_the_longest_of_overlapping_prefixes_wins(plane: Plane) -> None:
    network, secrets = static_network((FIRST, THIRD))
    assert network.aws is not None
    wide, narrow = network.aws.vpn_connections
    network = with_aws(
        network, vpn_connections=(wide, replace(narrow, static_routes=(IPv4Network("10.1.0.0/24"),)))
    )
    plane.apply(network, secrets)
    until_up(plane, (FIRST, THIRD))
    _first, second = plane.attach_pair()
    plane.until_reaches("aws-host", second)
    before = aws_end(plane.client.observe(), THIRD.outside).packets_out

    assert plane.reaches("aws-host", second)

    seen = plane.client.observe()
    assert aws_end(seen, THIRD.outside).packets_out > before
    assert set(seen.vgw_active_tunnels[VGW]) == {FIRST.outside, THIRD.outside}


def quick(end: EndSpec) -> EndSpec:
    """Dead peer detection that takes seconds; what comes after it stays as it was."""
    dead = replace(end.ike.dead_peer, delay_s=1, probing_s=3)
    return replace(end, ike=replace(end.ike, dead_peer=dead))


@pytest.mark.slow
def test_the_other_tunnels_take_over_when_dead_peer_detection_notices(plane: Plane) -> None:
    plane.apply_ends(*static_network(), quick)
    until_up(plane, TUNNELS)
    first, second = plane.attach_pair()
    plane.until_reaches("aws-host", second)
    cut = in_use(plane.client.observe())

    with plane.faulty(path_cut(cut)):
        others = tuple(wiring for wiring in TUNNELS if wiring != cut)
        until_up(plane, others, timeout_s=40)
        seen = plane.until(
            lambda seen: bool(seen.vgw_active_tunnels[VGW]) and in_use(seen) in others, what="another tunnel"
        )
        assert aws_end(seen, cut.outside).accepted_routes == ()
        plane.until_reaches("aws-host", second)
        plane.until_reaches("azure-host", first)

    seen = until_up(plane, TUNNELS, timeout_s=40)
    assert in_use(seen) in others


@pytest.mark.slow
def test_an_azure_instance_without_tunnel_hands_over_to_the_other(plane: Plane) -> None:
    plane.apply_ends(*static_network((FIRST, THIRD)), quick)
    until_up(plane, (FIRST, THIRD))
    first, second = plane.attach_pair()
    plane.until_reaches("azure-host", first)

    with plane.faulty(path_cut(FIRST)):
        until_up(plane, (THIRD,), timeout_s=40)
        plane.until_reaches("azure-host", first)
        for _ in range(4):
            assert plane.reaches("azure-host", first)
        assert plane.reaches("aws-host", second)


@pytest.mark.slow
def test_an_instance_that_crashes_is_left_and_used_again(plane: Plane) -> None:
    plane.apply_ends(*static_network(), quick)
    until_up(plane, TUNNELS)
    first, second = plane.attach_pair()
    plane.until_reaches("aws-host", second)
    plane.until_reaches("azure-host", first)

    with plane.faulty(replace(path_cut(FIRST), kind="instance-crash")):
        until_up(plane, (THIRD, FOURTH), timeout_s=40)
        plane.until_reaches("aws-host", second)
        plane.until_reaches("azure-host", first)
        assert instances_used(plane) == {PUBLIC[1]}

    until_up(plane, TUNNELS, timeout_s=40)
    wait_until(
        lambda: instances_used(plane), lambda used: used == set(PUBLIC), what="both instances", timeout_s=30
    )


@pytest.mark.slow
def test_only_a_peer_that_restarts_brings_a_dead_tunnel_back(plane: Plane) -> None:
    network, secrets = static_network((FIRST, SECOND))
    for wiring, action in ((FIRST, "clear"), (SECOND, "restart")):
        network = with_connection(network, wiring, connection_mode="ResponderOnly")
        network = with_tunnel(network, wiring, dpd_timeout_action=action)
    plane.apply_ends(network, secrets, quick)
    until_up(plane, (FIRST, SECOND))
    since_s = max(event.at_s for event in plane.client.events(0.0))

    with plane.faulty(path_cut(FIRST)), plane.faulty(path_cut(SECOND)):
        for wiring in (FIRST, SECOND):
            plane.until_event(wiring.aws_key, "dpd-timeout", since_s=since_s, timeout_s=40)
        until_up(plane, (), timeout_s=40)

    seen = until_up(plane, (SECOND,), timeout_s=40)
    assert not aws_end(seen, FIRST.outside).ike_up
    assert plane.ike_sas(FIRST.aws_key) == []


@pytest.mark.slow
def test_azure_brings_back_what_aws_only_clears(plane: Plane) -> None:
    network, secrets = static_network((FIRST,))
    network = with_tunnel(network, FIRST, dpd_timeout_action="clear", startup_action="add")
    plane.apply_ends(network, secrets, quick)
    until_up(plane, (FIRST,))

    with plane.faulty(path_cut(FIRST)):
        until_up(plane, (), timeout_s=40)

    until_up(plane, (FIRST,), timeout_s=40)


def test_faults_of_bgp_are_refused_on_a_static_vpn(plane: Plane) -> None:
    plane.apply(*static_network((FIRST,)))
    fault = replace(path_cut(FIRST), kind="bgp-silent")

    with pytest.raises(DesignError, match="no BGP session"):
        plane.client.inject(fault)


def test_propagation_takes_over_from_a_static_route_and_back_without_a_gap(plane: Plane) -> None:
    network, secrets = static_network()
    by_route, by_propagation = _with_way(network, static=True), _with_way(network, static=False)
    plane.apply(by_route, secrets)
    _, far = plane.attach_pair()
    plane.until_reaches("aws-host", far)
    with ThreadPoolExecutor(1) as beside:
        argv = ["ping", "-q", "-i", "0.005", "-c", "800", far]
        pinging = beside.submit(plane.client.run, "aws-host", argv, timeout_s=60)
        pause(0.5)
        for desired_network in (by_propagation, by_route, by_propagation):
            plane.apply(desired_network, secrets)
            pause(0.5)
        pinged = pinging.result()
    assert "800 packets transmitted, 800 received" in pinged.stdout


def _with_way(network: Network, *, static: bool) -> Network:
    """The VPC's private subnets know the way to Azure by a route of their table, or by propagation."""
    assert network.aws is not None
    way = AwsRoute(destination=AZURE, target=VGW, state="active", origin="CreateRoute")
    tables = tuple(
        replace(
            table,
            propagating_vgw_ids=() if static else (VGW,),
            routes=(*table.routes, way) if static else table.routes,
        )
        if AWS_PRIVATE in table.subnet_ids
        else table
        for table in network.aws.route_tables
    )
    return with_aws(network, route_tables=tables)
