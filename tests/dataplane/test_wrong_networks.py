"""What is wrong in the APIs fails in the data plane as it fails in the clouds."""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest
from plane_harness import Plane, aws_end
from reference_network import (
    GATEWAY,
    GROUP,
    INSTANCES,
    NSG,
    POLICY,
    PUBLIC,
    TUNNELS,
    VGW,
    Wiring,
    nsg_rule,
    reference_network,
    with_aws,
    with_azure,
    with_connection,
    with_tunnel,
)

from twinspan.network.model import Network, Phase, Secrets
from twinspan.twin.observed import AzureTunnelEnd, Observed

pytestmark = [pytest.mark.root, pytest.mark.slow]

FIRST, SECOND, THIRD, FOURTH = TUNNELS


def _azure_end(seen: Observed, wiring: Wiring) -> AzureTunnelEnd:
    return next(
        end
        for end in seen.azure_tunnels
        if end.connection_id == wiring.connection_id and end.public_ip_address == PUBLIC[wiring.instance]
    )


def test_a_wrong_pre_shared_key_keeps_its_tunnel_down(plane: Plane) -> None:
    network, secrets = reference_network()
    wrong = Secrets(aws=secrets.aws, azure={**secrets.azure, FIRST.connection_id: "another.key"})

    plane.apply(network, wrong)

    seen = plane.until_established(3)
    seen = plane.until(
        lambda s: (
            "AUTHENTICATION_FAILED" in {aws_end(s, FIRST.outside).last_error, _azure_end(s, FIRST).last_error}
        ),
        what="refused authentication",
    )
    assert not aws_end(seen, FIRST.outside).ipsec_up
    assert not aws_end(seen, FIRST.outside).ike_up


def test_a_corrected_key_restarts_only_its_own_tunnel(plane: Plane) -> None:
    network, secrets = reference_network()
    wrong = Secrets(aws=secrets.aws, azure={**secrets.azure, FIRST.connection_id: "another.key"})
    plane.apply(network, wrong)
    plane.until_established(3)
    before = plane.client.pids()

    plane.apply(network, secrets)

    plane.until_established(4)
    after = plane.client.pids()
    restarted = {role for role in before if before[role] != after[role]}
    assert restarted == {f"charon {FIRST.connection_id}/{address}" for address in PUBLIC}


def test_policies_that_do_not_meet_in_phase_1_keep_the_tunnel_down(plane: Plane) -> None:
    network, secrets = reference_network()
    other = replace(POLICY, ike_encryption="AES128", ike_integrity="SHA1", dh_group="DHGroup14")

    plane.apply(with_connection(network, FIRST, ipsec_policy=other), secrets)

    plane.until_established(3)
    seen = plane.until(
        lambda s: aws_end(s, FIRST.outside).last_error == "NO_PROPOSAL_CHOSEN",
        what="refused proposal",
    )
    assert not aws_end(seen, FIRST.outside).ike_up


def test_policies_that_do_not_meet_in_phase_2_keep_the_tunnel_down(plane: Plane) -> None:
    network, secrets = reference_network()
    other = replace(POLICY, ipsec_encryption="AES128", ipsec_integrity="SHA1")

    plane.apply(with_connection(network, FIRST, ipsec_policy=other), secrets)

    plane.until_established(3)
    seen = plane.until(
        lambda s: aws_end(s, FIRST.outside).last_error == "NO_PROPOSAL_CHOSEN",
        what="refused proposal",
    )
    assert not aws_end(seen, FIRST.outside).ipsec_up


def test_the_defaults_of_both_clouds_meet(plane: Plane) -> None:
    network, secrets = reference_network()
    network = with_connection(network, FIRST, ipsec_policy=None)
    network = with_tunnel(
        network, FIRST, phase1=Phase(lifetime_seconds=28800), phase2=Phase(lifetime_seconds=3600)
    )

    plane.apply(network, secrets)

    sa = aws_end(plane.until_established(4), FIRST.outside).sa
    assert sa is not None
    assert (sa.phase1_encryption, sa.phase1_dh_group) == ("AES256", 2)


def test_without_custom_bgp_address_only_the_first_apipa_of_an_instance_works(plane: Plane) -> None:
    network, secrets = reference_network()
    for wiring in (FIRST, SECOND):
        network = with_connection(network, wiring, custom_bgp_addresses={})

    plane.apply(network, secrets)

    seen = plane.until_established(3)
    assert aws_end(seen, FIRST.outside).bgp_state == "Established"
    assert aws_end(seen, SECOND.outside).ipsec_up
    assert aws_end(seen, SECOND.outside).bgp_state != "Established"


def test_a_wrong_custom_bgp_address_leaves_ipsec_up_and_bgp_down(plane: Plane) -> None:
    network, secrets = reference_network()
    swapped = {INSTANCES[0]: SECOND.inside[2], INSTANCES[1]: FOURTH.inside[2]}

    plane.apply(with_connection(network, FIRST, custom_bgp_addresses=swapped), secrets)

    seen = plane.until_established(3)
    assert aws_end(seen, FIRST.outside).ipsec_up
    assert _azure_end(seen, FIRST).ipsec_up
    assert aws_end(seen, FIRST.outside).bgp_state != "Established"
    peers = {(p.local_address, p.neighbor): p.state for p in seen.azure_bgp_peers[GATEWAY]}
    assert peers[SECOND.inside[2], FIRST.inside[1]] == "Connecting"


def test_an_asn_that_differs_from_the_peers_leaves_ipsec_up_and_bgp_down(plane: Plane) -> None:
    network, secrets = reference_network()
    assert network.aws is not None
    wrong = tuple(replace(c, bgp_asn=65001) for c in network.aws.customer_gateways if c.id == "cgw-0")
    right = tuple(c for c in network.aws.customer_gateways if c.id != "cgw-0")

    plane.apply(with_aws(network, customer_gateways=(*wrong, *right)), secrets)

    seen = plane.until_established(2)
    assert [aws_end(seen, t.outside).ipsec_up for t in TUNNELS] == [True] * 4
    assert aws_end(seen, FIRST.outside).bgp_state != "Established"


def test_a_customer_gateway_with_a_wrong_address_gets_no_tunnel(plane: Plane) -> None:
    network, secrets = reference_network()
    assert network.aws is not None
    gateways = tuple(
        replace(c, ip_address=IPv4Address("198.51.100.77")) if c.id == "cgw-0" else c
        for c in network.aws.customer_gateways
    )

    plane.apply(with_aws(network, customer_gateways=gateways), secrets)

    plane.until_established(2)
    seen = plane.until(
        lambda s: aws_end(s, FIRST.outside).last_error == "peer not responding",
        what="silence",
    )
    assert not aws_end(seen, FIRST.outside).ike_up


def test_without_route_propagation_the_vpc_has_no_way_to_azure(plane: Plane) -> None:
    network, secrets = reference_network()
    assert network.aws is not None
    tables = tuple(replace(table, propagating_vgw_ids=()) for table in network.aws.route_tables)
    plane.apply(with_aws(network, route_tables=tables), secrets)
    seen = plane.until_established(4)
    first, second = plane.attach_pair()

    assert seen.vgw_routes[VGW] != ()
    assert not plane.reaches("aws-host", second)
    assert not plane.reaches("azure-host", first)

    plane.apply(network, secrets)
    plane.until_reaches("aws-host", second)


def test_a_security_group_that_allows_nothing_denies(plane: Plane) -> None:
    network, secrets = reference_network()
    plane.apply(network, secrets)
    plane.until_established(4)
    first, second = plane.attach_pair()
    plane.until_reaches("azure-host", first)
    before = plane.client.pids()
    assert network.aws is not None
    groups = tuple(
        replace(g, permissions=tuple(p for p in g.permissions if p.direction == "egress"))
        if g.id == GROUP
        else g
        for g in network.aws.security_groups
    )

    plane.apply(with_aws(network, security_groups=groups), secrets)

    assert not plane.reaches("azure-host", first)
    assert plane.reaches("aws-host", second)
    assert plane.client.pids() == before


def test_an_nsg_that_denies_aws_denies(plane: Plane) -> None:
    network, secrets = reference_network()
    plane.apply(network, secrets)
    plane.until_established(4)
    first, second = plane.attach_pair()
    plane.until_reaches("aws-host", second)
    assert network.azure is not None
    groups = tuple(
        replace(g, security_rules=(nsg_rule("Deny"),)) if g.id == NSG else g
        for g in network.azure.network_security_groups
    )

    plane.apply(with_azure(network, network_security_groups=groups), secrets)

    assert not plane.reaches("aws-host", second)
    assert plane.reaches("azure-host", first)


def test_a_network_acl_that_denies_azure_denies(plane: Plane) -> None:
    network, secrets = reference_network()
    plane.apply(network, secrets)
    plane.until_established(4)
    _first, second = plane.attach_pair()
    plane.until_reaches("aws-host", second)
    assert network.aws is not None
    acls = tuple(
        replace(acl, entries=tuple(replace(e, allow=False) for e in acl.entries))
        for acl in network.aws.network_acls
    )

    plane.apply(with_aws(network, network_acls=acls), secrets)

    assert not plane.reaches("aws-host", second)


def test_a_tunnel_that_waits_for_its_peer_comes_up_if_azure_dials(plane: Plane) -> None:
    network, secrets = reference_network()
    network = with_tunnel(network, FIRST, startup_action="add")

    plane.apply(network, secrets)

    plane.until_established(4)


def test_a_tunnel_that_nobody_dials_stays_down(plane: Plane) -> None:
    network, secrets = reference_network()
    network = with_tunnel(network, FIRST, startup_action="add")
    network = with_connection(network, FIRST, connection_mode="ResponderOnly")

    plane.apply(network, secrets)

    seen = plane.until_established(3)
    assert not aws_end(seen, FIRST.outside).ike_up
    assert aws_end(seen, FIRST.outside).last_error == ""


def test_missing_objects_are_left_out_and_named(plane: Plane) -> None:
    network, secrets = reference_network()
    assert network.azure is not None
    far = network.azure.local_network_gateways[1:]
    network = with_azure(with_aws(network, customer_gateways=()), local_network_gateways=far)
    only_one = Secrets(azure={k: v for k, v in secrets.azure.items() if k != THIRD.connection_id})

    problems = plane.apply(network, only_one).problems

    seen = plane.client.observe()
    assert seen.aws_tunnels == ()
    assert {e.connection_id for e in seen.azure_tunnels} == {SECOND.connection_id, FOURTH.connection_id}
    assert any("customer gateway" in problem for problem in problems)
    assert any("local network gateway" in problem for problem in problems)
    assert any(THIRD.connection_id in problem and "shared key" in problem for problem in problems)


def test_removing_everything_leaves_an_empty_plane(plane: Plane) -> None:
    network, secrets = reference_network()
    plane.apply(network, secrets)
    plane.until_established(4)
    plane.attach_pair()

    result = plane.apply(Network(aws=None, azure=None), Secrets())

    assert result.problems == ()
    assert set(plane.client.pids()) == {"agent", "init"}
    assert plane.client.hosts() == ()
    assert plane.client.run("internet", ["ls", "/run/netns"], timeout_s=5).stdout == "internet\n"
    assert plane.apply(network, secrets).problems == ()
    plane.until_established(4)
