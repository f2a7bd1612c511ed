"""Traffic selectors of both clouds, negotiated by charon and held to by both ends."""

from dataclasses import replace
from ipaddress import IPv4Network

import pytest
from plane_harness import Plane, aws_end
from reference_network import (
    AWS,
    AWS_PRIVATE,
    AWS_SECOND,
    AZURE,
    AZURE_PLAIN,
    AZURE_ROUTED,
    GROUP,
    TUNNELS,
    Wiring,
    reference_network,
    with_aws,
    with_azure,
    with_connection,
    with_tunnel,
)
from static_network import static_network, until_up

from twinspan.network.model import Network, TrafficSelectorPolicy
from twinspan.twin.dataplane.wire import HostSpec
from twinspan.twin.observed import AzureTunnelEnd, Observed

pytestmark = [pytest.mark.root, pytest.mark.slow]

FIRST, SECOND, THIRD, FOURTH = TUNNELS
ANY = IPv4Network("0.0.0.0/0")
APP, PRIVATE = IPv4Network("10.1.0.0/24"), IPv4Network("10.2.1.0/24")


def with_selectors(network: Network, *, azure: IPv4Network = ANY, aws: IPv4Network = ANY) -> Network:
    """Return the network with these selectors at AWS's end of every connection."""
    assert network.aws is not None
    return with_aws(
        network,
        vpn_connections=tuple(
            replace(connection, local_ipv4_network_cidr=azure, remote_ipv4_network_cidr=aws)
            for connection in network.aws.vpn_connections
        ),
    )


def custom(local: IPv4Network, remote: IPv4Network) -> TrafficSelectorPolicy:
    return TrafficSelectorPolicy(local_address_ranges=(local,), remote_address_ranges=(remote,))


def azure_end(seen: Observed, wiring: Wiring) -> AzureTunnelEnd:
    return next(
        end for end in seen.azure_tunnels if end.connection_id == wiring.connection_id and end.ipsec_up
    )


def attach(plane: Plane, name: str, subnet: str) -> str:
    aws = subnet in {AWS_PRIVATE, AWS_SECOND}
    groups = (GROUP,) if aws else ()
    spec = HostSpec(name=name, side="aws" if aws else "azure", subnet_id=subnet, security_group_ids=groups)
    return str(plane.client.attach(spec).address)


def crossed(plane: Plane, source: str, address: str) -> tuple[bool, int, int]:
    """Ping; return whether it was answered, and how many packets went into tunnels and came out of them."""
    before = plane.client.observe()
    answered = plane.reaches(source, address)
    after = plane.client.observe()

    def counted(seen: Observed) -> tuple[int, int]:
        ends = (*seen.aws_tunnels, *seen.azure_tunnels)
        return sum(end.packets_out for end in ends), sum(end.packets_in for end in ends)

    (sent, received), (sent_before, received_before) = counted(after), counted(before)
    return answered, sent - sent_before, received - received_before


@pytest.mark.parametrize("who", ["aws", "azure"])
def test_what_the_selectors_do_not_admit_does_not_pass_either_way(plane: Plane, who: str) -> None:
    network, secrets = static_network((FIRST,))
    network = with_tunnel(network, FIRST, startup_action="add")
    if who == "aws":
        network = with_selectors(network, azure=APP, aws=PRIVATE)
    else:
        network = with_connection(network, FIRST, traffic_selector_policies=(custom(APP, PRIVATE),))
    plane.apply(network, secrets)
    until_up(plane, (FIRST,))
    hosts = {"app": AZURE_ROUTED, "data": AZURE_PLAIN, "first": AWS_PRIVATE, "second": AWS_SECOND}
    addresses = {name: attach(plane, name, subnet) for name, subnet in hosts.items()}

    plane.until_reaches("app", addresses["first"])
    assert plane.reaches("first", addresses["app"])
    for source, target in (("first", "data"), ("second", "app"), ("data", "first"), ("app", "second")):
        answered, sent, received = crossed(plane, source, addresses[target])
        assert not answered, (source, target)
        assert sent >= 3, (source, target)
        assert received == 0, (source, target)
    assert plane.reaches("first", addresses["app"])


def test_bgp_does_not_pass_policy_based_selectors(plane: Plane) -> None:
    network, secrets = reference_network()

    plane.apply(with_connection(network, FIRST, use_policy_based_traffic_selectors=True), secrets)

    seen = plane.until_established(3)
    seen = plane.until(lambda s: aws_end(s, FIRST.outside).ipsec_up, what="IPsec")
    assert azure_end(seen, FIRST).bgp_state != "Established"
    assert aws_end(seen, FIRST.outside).bgp_state != "Established"
    assert aws_end(seen, FIRST.outside).accepted_routes == ()


def test_bgp_does_not_pass_selectors_of_aws(plane: Plane) -> None:
    network, secrets = reference_network()

    plane.apply(with_selectors(network, azure=AZURE, aws=AWS), secrets)

    seen = plane.until(lambda s: all(end.ipsec_up for end in s.aws_tunnels), what="IPsec")
    assert {end.bgp_state for end in seen.aws_tunnels}.isdisjoint({"Established"})
    assert {azure_end(seen, wiring).bgp_state for wiring in TUNNELS}.isdisjoint({"Established"})


def test_policy_based_selectors_are_the_prefixes_of_both_networks(plane: Plane) -> None:
    network, secrets = static_network((FIRST,))
    network = with_connection(network, FIRST, use_policy_based_traffic_selectors=True)

    plane.apply(network, secrets)

    until_up(plane, (FIRST,))
    first, second = plane.attach_pair()
    plane.until_reaches("azure-host", first)
    assert plane.reaches("aws-host", second)
    listed = plane.swanctl(FIRST.aws_key, "--list-sas")
    assert f"local  {AWS}" in listed
    assert f"remote {AZURE}" in listed


def test_custom_selectors_are_only_for_what_azure_initiates(plane: Plane) -> None:
    network, secrets = reference_network()
    network = with_tunnel(network, FIRST, startup_action="add")
    for wiring in (FIRST, SECOND):
        network = with_connection(network, wiring, traffic_selector_policies=(custom(AZURE, AWS),))

    plane.apply(network, secrets)

    seen = plane.until_established(3)
    seen = plane.until(lambda s: aws_end(s, FIRST.outside).ipsec_up, what="IPsec")
    assert aws_end(seen, FIRST.outside).bgp_state != "Established"
    assert aws_end(seen, SECOND.outside).bgp_state == "Established"


def test_selectors_that_do_not_meet_keep_the_tunnel_down(plane: Plane) -> None:
    network, secrets = static_network((FIRST, THIRD))
    assert network.aws is not None
    wrong, right = network.aws.vpn_connections
    network = with_aws(
        network, vpn_connections=(replace(wrong, local_ipv4_network_cidr=IPv4Network("10.77.0.0/16")), right)
    )
    for wiring in (FIRST, THIRD):
        network = with_connection(network, wiring, use_policy_based_traffic_selectors=True)

    plane.apply(network, secrets)

    until_up(plane, (THIRD,))
    seen = plane.until(
        lambda s: aws_end(s, FIRST.outside).last_error == "TS_UNACCEPTABLE", what="refused selectors"
    )
    assert not aws_end(seen, FIRST.outside).ipsec_up


def test_aws_keeps_the_newest_pair_of_several(plane: Plane) -> None:
    network, secrets = static_network((FIRST,))
    assert network.azure is not None
    (vnet,) = network.azure.virtual_networks
    more = replace(vnet, address_space=(AZURE, IPv4Network("10.5.0.0/16")))
    network = with_azure(network, virtual_networks=(more,))
    network = with_tunnel(network, FIRST, startup_action="add")
    network = with_connection(network, FIRST, use_policy_based_traffic_selectors=True)

    plane.apply(network, secrets)

    until_up(plane, (FIRST,))
    plane.until(
        lambda _: plane.swanctl(FIRST.azure_key, "--list-sas").count("INSTALLED") == 1,
        what="one pair of security associations",
    )
    assert "remote 10.5.0.0/16" in plane.swanctl(FIRST.aws_key, "--list-sas")
    until_up(plane, (FIRST,))


def test_changed_selectors_are_negotiated_again(plane: Plane) -> None:
    network, secrets = static_network((FIRST,))
    plane.apply(with_selectors(network, azure=IPv4Network("10.1.2.0/24")), secrets)
    until_up(plane, (FIRST,))
    first, _second = plane.attach_pair()
    assert not plane.reaches("azure-host", first)

    plane.apply(network, secrets)

    plane.until_reaches("azure-host", first)


def test_selectors_outlive_a_rekeying(plane: Plane) -> None:
    network, secrets = static_network((FIRST,))
    network = with_tunnel(network, FIRST, startup_action="add")
    network = with_connection(network, FIRST, traffic_selector_policies=(custom(APP, PRIVATE),))
    plane.apply(network, secrets)
    until_up(plane, (FIRST,))
    app, first = attach(plane, "app", AZURE_ROUTED), attach(plane, "first", AWS_PRIVATE)
    second = attach(plane, "second", AWS_SECOND)
    plane.until_reaches("app", first)

    for end, what in ((FIRST.aws_key, "--child=inside"), (FIRST.azure_key, "--ike=tunnel")):
        assert "rekey completed successfully" in plane.swanctl(end, "--rekey", what)

    plane.until(
        lambda _: plane.swanctl(FIRST.aws_key, "--list-sas").count("INSTALLED") == 1, what="one new child SA"
    )
    plane.until_reaches("first", app)
    answered, _sent, received = crossed(plane, "app", second)
    assert not answered
    assert received == 0
