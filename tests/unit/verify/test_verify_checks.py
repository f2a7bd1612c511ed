"""Every check has a broken network that fails it and it alone."""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest
import verified_network as vn

from twinspan.network import model
from twinspan.verify.catalogue import CATALOGUE
from twinspan.verify.evaluate import evaluate
from twinspan.verify.expectation import from_network
from twinspan.verify.facts import Facts
from twinspan.verify.findings import Outcome, Verification


def verify(facts: Facts) -> Verification:
    return Verification(expected_from="test", results=evaluate(facts), duration_s=0.0)


def failed(facts: Facts) -> list[tuple[str, str]]:
    return [(result.id, finding.subject) for result, finding in verify(facts).failures]


def no_vpc(facts: Facts) -> Facts:
    return vn.with_aws(facts, vpcs=())


def no_vnet(facts: Facts) -> Facts:
    return vn.with_azure(facts, virtual_networks=())


def detached(facts: Facts) -> Facts:
    assert facts.network.aws
    return vn.with_aws(facts, vpn_gateways=(replace(facts.network.aws.vpn_gateways[0], vpc_id=None),))


def gateway_updating(facts: Facts) -> Facts:
    assert facts.network.azure
    gateway = replace(facts.network.azure.virtual_network_gateways[0], provisioning_state="Updating")
    return vn.with_azure(facts, virtual_network_gateways=(gateway,))


def connection_pending(facts: Facts) -> Facts:
    assert facts.network.aws
    first, second = facts.network.aws.vpn_connections
    return vn.with_aws(facts, vpn_connections=(replace(first, state="pending"), second))


def wrong_local_gateway(facts: Facts) -> Facts:
    assert facts.network.azure
    first, *rest = facts.network.azure.local_network_gateways
    wrong = replace(first, gateway_ip_address=IPv4Address("203.0.113.99"))
    return vn.with_azure(facts, local_network_gateways=(wrong, *rest))


def aws_tunnel_down(facts: Facts) -> Facts:
    return vn.with_tunnel(facts, "tunnel3", telemetry=vn.down("IPSEC IS DOWN"))


def aws_tunnel_without_routes(facts: Facts) -> Facts:
    telemetry = model.VgwTelemetry(
        status=model.TelemetryStatus.UP, status_message="", accepted_route_count=0, last_status_change=None
    )
    return vn.with_tunnel(facts, "tunnel2", telemetry=telemetry)


def wrong_subscription(facts: Facts) -> Facts:
    return vn.with_azure(facts, subscription_id="another")


def aws_unreadable(facts: Facts) -> Facts:
    return replace(
        facts, network=replace(facts.network, aws=None), cloud_problems={"aws": "UnauthorizedOperation"}
    )


def customer_gateway_elsewhere(facts: Facts) -> Facts:
    assert facts.network.aws
    first, second = facts.network.aws.customer_gateways
    wrong = replace(first, ip_address=IPv4Address("198.51.100.77"))
    return vn.with_aws(facts, customer_gateways=(wrong, second))


def other_group_in_phase_1(facts: Facts) -> Facts:
    tunnel = vn.tunnel("tunnel1")
    return vn.with_tunnel(facts, "tunnel1", phase1=replace(tunnel.phase1, dh_group_numbers=(14,)))


def other_key(facts: Facts) -> Facts:
    azure = {**facts.secrets.azure, vn.azure_connection("tunnel1").id: "Other.Key1"}
    return replace(facts, secrets=replace(facts.secrets, azure=azure))


def other_cipher_in_phase_2(facts: Facts) -> Facts:
    tunnel = vn.tunnel("tunnel1")
    return vn.with_tunnel(facts, "tunnel1", phase2=replace(tunnel.phase2, encryption_algorithms=("AES128",)))


def other_asn(facts: Facts) -> Facts:
    assert facts.network.azure
    first, *rest = facts.network.azure.local_network_gateways
    return vn.with_azure(facts, local_network_gateways=(replace(first, asn=64999), *rest))


def no_table_of_its_own(facts: Facts) -> Facts:
    assert facts.network.aws
    first, *rest = facts.network.aws.route_tables
    main = replace(first, id="rtb-main", name="", main=True, subnet_ids=(), routes=first.routes[:1])
    return vn.with_aws(facts, route_tables=(replace(first, subnet_ids=()), main, *rest))


def stray_route(facts: Facts) -> Facts:
    assert facts.network.aws
    first, *rest = facts.network.aws.route_tables
    stray = model.AwsRoute(
        destination=IPv4Network("10.1.2.0/24"), target="eni-0a", state="active", origin="CreateRoute"
    )
    return vn.with_aws(facts, route_tables=(replace(first, routes=(*first.routes, stray)), *rest))


def closed_security_group(facts: Facts) -> Facts:
    assert facts.network.aws
    group = facts.network.aws.security_groups[0]
    return vn.with_aws(facts, security_groups=(replace(group, permissions=group.permissions[1:]),))


def closed_network_acl(facts: Facts) -> Facts:
    assert facts.network.aws
    acl = facts.network.aws.network_acls[0]
    deny = model.NetworkAclEntry(
        egress=True, rule_number=90, protocol="1", allow=False, cidr_block=IPv4Network("10.1.0.0/16")
    )
    return vn.with_aws(
        facts, network_acls=(replace(acl, subnet_ids=(vn.PRIVATE_A,), entries=(*acl.entries, deny)),)
    )


def closed_network_security_group(facts: Facts) -> Facts:
    assert facts.network.azure
    group = facts.network.azure.network_security_groups[0]
    deny = replace(group.security_rules[0], name="No", priority=90, access="Deny", protocol="Icmp")
    return vn.with_azure(
        facts, network_security_groups=(replace(group, security_rules=(*group.security_rules, deny)),)
    )


def large_lost(towards: str) -> Callable[[Facts], Facts]:
    def broken(facts: Facts) -> Facts:
        return replace(
            facts,
            large_pings=tuple(
                replace(p, received=0, largest_bytes=1296) if p.towards == towards else p
                for p in facts.large_pings
            ),
        )

    return broken


def azure_not_connected(facts: Facts) -> Facts:
    return vn.with_connection(facts, "tunnel4", connection_status="NotConnected")


def peer_connecting(facts: Facts) -> Facts:
    bgp = facts.bgp[vn.GATEWAY]
    peers = tuple(
        replace(p, state="Connecting") if str(p.local_address) == "169.254.22.2" else p for p in bgp.peers
    )
    return replace(facts, bgp={vn.GATEWAY: replace(bgp, peers=peers)})


def no_propagation(facts: Facts) -> Facts:
    assert facts.network.aws
    first, *rest = facts.network.aws.route_tables
    bare = replace(first, propagating_vgw_ids=(), routes=first.routes[:1])
    return vn.with_aws(facts, route_tables=(bare, *rest))


def nothing_learned_over_one(facts: Facts) -> Facts:
    bgp = facts.bgp[vn.GATEWAY]
    return replace(facts, bgp={vn.GATEWAY: replace(bgp, learned=bgp.learned[1:])})


def route_to_nowhere(facts: Facts) -> Facts:
    assert facts.network.azure
    hole = model.AzureRoute(name="hole", address_prefix=IPv4Network("10.2.0.0/24"), next_hop_type="None")
    table = facts.network.azure.route_tables[0]
    return vn.with_azure(facts, route_tables=(replace(table, routes=(*table.routes, hole)),))


def propagation_kept_out(facts: Facts) -> Facts:
    assert facts.network.azure
    table = replace(facts.network.azure.route_tables[0], bgp_route_propagation_enabled=False, routes=())
    return vn.with_azure(facts, route_tables=(table,))


def no_reply(towards: str) -> Callable[[Facts], Facts]:
    def broken(facts: Facts) -> Facts:
        return replace(
            facts, pings=tuple(replace(p, received=0) if p.towards == towards else p for p in facts.pings)
        )

    return broken


BROKEN = [
    ("NET-01", "vpc-0a", no_vpc),
    ("NET-02", "dev-vnet", no_vnet),
    ("GW-01", "dev (vgw-0a)", detached),
    ("GW-02", "dev-gateway", gateway_updating),
    ("VPN-01", "instance0 (vpn-00)", connection_pending),
    ("ACC-02", "Azure subscription another", wrong_subscription),
    ("GW-03", "cgw-00 of vpn-00", customer_gateway_elsewhere),
    ("VPN-02", "tunnel1 (203.0.113.1)", wrong_local_gateway),
    ("IKE-01", "tunnel1 (203.0.113.1) of vpn-00", other_group_in_phase_1),
    ("IKE-02", "tunnel1 (203.0.113.1) of vpn-00", other_key),
    ("IPS-01", "tunnel1 (203.0.113.1) of vpn-00", other_cipher_in_phase_2),
    ("VPN-03", "tunnel3 (203.0.113.3) of vpn-01", aws_tunnel_down),
    ("BGP-02", "aws-tunnel1", other_asn),
    ("BGP-03", "tunnel2 (203.0.113.2)", aws_tunnel_without_routes),
    ("RTE-04", "private-a (subnet-0a)", no_table_of_its_own),
    ("RTE-05", "private-a-table (rtb-subnet-0a)", stray_route),
    ("FLT-01", "workload (sg-0a)", closed_security_group),
    ("FLT-02", "acl-0a of private-a", closed_network_acl),
    ("FLT-03", "dev-nsg of workload", closed_network_security_group),
    ("RCH-03", "aws-1 -> azure-1", large_lost("azure")),
    ("RCH-04", "azure-1 -> aws-1", large_lost("aws")),
    ("VPN-04", "dev-tunnel4", azure_not_connected),
    ("BGP-01", "tunnel2: 169.254.22.2 - 169.254.22.1", peer_connecting),
    ("RTE-01", "private-a-table (rtb-subnet-0a)", no_propagation),
    ("RTE-02", "tunnel1: from 169.254.21.1", nothing_learned_over_one),
    ("RTE-03", "workload (dev-routes)", route_to_nowhere),
    ("RTE-03", "workload (dev-routes)", propagation_kept_out),
    ("RCH-01", "aws-1 -> azure-1", no_reply("azure")),
    ("RCH-02", "azure-1 -> aws-1", no_reply("aws")),
]


def test_a_healthy_network_passes_every_check() -> None:
    verification = verify(vn.healthy())

    assert verification.passed
    assert {result.id: result.outcome for result in verification.results} == {
        check.id: Outcome.PASS for check in CATALOGUE
    }


@pytest.mark.parametrize(
    ("check", "subject", "damage"), BROKEN, ids=lambda value: getattr(value, "__name__", None)
)
def test_one_broken_thing_fails_one_check_and_names_the_object(
    check: str, subject: str, damage: Callable[[Facts], Facts]
) -> None:
    verification = verify(damage(vn.healthy()))

    assert [(result.id, finding.subject) for result, finding in verification.failures] == [(check, subject)]
    finding = verification.failures[0][1]
    assert finding.evidence
    assert finding.command
    assert finding.remedy


def test_a_cloud_that_refuses_is_inconclusive_with_its_words_and_the_other_one_is_judged() -> None:
    verification = verify(aws_unreadable(vn.healthy()))

    assert [check for check, _ in failed(aws_unreadable(vn.healthy()))][:1] == ["ACC-01"]
    assert verification.failures[0][1].outcome is Outcome.INCONCLUSIVE
    assert verification.failures[0][1].evidence == "UnauthorizedOperation"
    assert verification.result("NET-02").outcome is Outcome.PASS
    assert verification.result("NET-01").outcome is Outcome.SKIPPED


def test_tunnels_that_neither_cloud_has_fail_the_count() -> None:
    facts = half_of(vn.healthy())
    facts = replace(facts, expected=replace(facts.expected, tunnels=(), vpn_connection_ids=()))

    assert failed(facts) == [("VPN-02", "tunnels")]


def half_of(facts: Facts) -> Facts:
    """The network without its second VPN connection, on either side."""
    assert facts.network.aws
    assert facts.network.azure
    facts = vn.with_azure(facts, connections=facts.network.azure.connections[:2])
    assert facts.network.aws
    return vn.with_aws(facts, vpn_connections=facts.network.aws.vpn_connections[:1])


def test_every_check_of_the_catalogue_has_a_case_that_fails_it() -> None:
    assert {check for check, _, _ in BROKEN} | {"ACC-01"} == {check.id for check in CATALOGUE}


def test_an_empty_network_is_never_green_even_without_an_expectation() -> None:
    empty = model.Network(
        aws=model.AwsNetwork(account_id="1", region="eu-west-1"),
        azure=model.AzureNetwork(subscription_id="5b1d"),
    )
    facts = Facts(network=empty, expected=from_network(empty))

    assert not verify(facts).passed
    assert ("NET-01", "AWS") in failed(facts)


def test_a_cloud_that_was_not_asked_is_inconclusive_and_not_green() -> None:
    facts = replace(vn.healthy(), network=replace(vn.healthy().network, azure=None))

    verification = verify(facts)

    assert not verification.passed
    assert verification.result("ACC-02").outcome is Outcome.INCONCLUSIVE


def test_tunnels_that_vanished_from_aws_fail_though_nothing_else_is_left_to_compare() -> None:
    facts = vn.with_azure(vn.with_aws(vn.healthy(), vpn_connections=()), connections=())

    verification = verify(facts)

    assert not verification.passed
    assert verification.result("VPN-01").passed_count == 0


def test_without_outputs_two_gateway_instances_still_demand_four_tunnels() -> None:
    half = half_of(vn.healthy())
    facts = replace(half, expected=from_network(half.network))

    assert facts.expected.tunnel_count == 4
    assert ("VPN-02", "tunnels") in failed(facts)


def test_a_healthy_network_passes_without_outputs_too() -> None:
    facts = vn.healthy()

    assert failed(replace(facts, expected=from_network(facts.network))) == []


def test_the_ends_that_never_come_up_are_notes_and_not_failures() -> None:
    verification = verify(vn.healthy())

    assert "4 further Azure ends stay down" in verification.result("VPN-04").notes[0]
    assert "4 further sessions" in verification.result("BGP-01").notes[0]


def test_a_session_from_the_wrong_local_address_does_not_count() -> None:
    healthy = vn.healthy()
    bgp = healthy.bgp[vn.GATEWAY]
    wrong = tuple(
        replace(p, local_address=IPv4Address("169.254.21.2")) if str(p.local_address) == "169.254.22.2" else p
        for p in bgp.peers
    )
    facts = replace(healthy, bgp={vn.GATEWAY: replace(bgp, peers=wrong)})

    assert failed(facts) == [("BGP-01", "tunnel2: 169.254.22.2 - 169.254.22.1")]


def test_a_failure_is_not_repeated_down_its_own_branch() -> None:
    facts = peer_connecting(vn.with_connection(vn.healthy(), "tunnel2", connection_status="Connecting"))

    verification = verify(facts)

    assert [(result.id, finding.subject) for result, finding in verification.failures] == [
        ("VPN-04", "dev-tunnel2")
    ]
    assert "VPN-04 failed for dev-tunnel2" in verification.result("BGP-01").findings[1].evidence


def test_a_failure_on_one_branch_does_not_hide_one_on_another() -> None:
    facts = peer_connecting(vn.with_connection(vn.healthy(), "tunnel4", connection_status="Connecting"))

    assert [check for check, _ in failed(facts)] == ["VPN-04", "BGP-01"]


def test_a_ping_that_fails_behind_a_broken_route_table_is_explained_by_it() -> None:
    facts = no_reply("azure")(no_propagation(vn.healthy()))

    assert failed(facts) == [("RTE-01", "private-a-table (rtb-subnet-0a)")]


def test_one_lost_ping_is_a_failure() -> None:
    facts = vn.healthy()
    facts = replace(facts, pings=tuple(replace(p, received=2) for p in facts.pings))

    assert [check for check, _ in failed(facts)] == ["RCH-01"]


def test_without_hosts_the_pings_are_skipped_with_the_reason() -> None:
    verification = verify(replace(vn.healthy(), pings=()))

    assert verification.passed
    assert verification.result("RCH-01").outcome is Outcome.SKIPPED
    assert "no hosts" in verification.result("RCH-01").findings[0].evidence


def test_telemetry_that_aws_does_not_give_is_inconclusive() -> None:
    facts = vn.with_tunnel(vn.healthy(), "tunnel1", telemetry=None)

    assert verify(facts).failures[0][1].outcome is Outcome.INCONCLUSIVE


def test_bgp_that_azure_does_not_tell_is_inconclusive_with_its_reason() -> None:
    facts = replace(vn.healthy(), bgp={}, bgp_problems={vn.GATEWAY: "GatewayBusy"})

    result = verify(facts).result("BGP-01")

    assert result.outcome is Outcome.INCONCLUSIVE
    assert "GatewayBusy" in result.findings[0].evidence


def test_a_static_route_through_the_gateway_serves_as_well() -> None:
    facts = no_propagation(vn.healthy())
    assert facts.network.aws
    first, *rest = facts.network.aws.route_tables
    static = model.AwsRoute(destination=vn.VNET_CIDR, target="vgw-0a", state="active", origin="CreateRoute")
    facts = vn.with_aws(facts, route_tables=(replace(first, routes=(*first.routes, static)), *rest))

    assert failed(facts) == []


def test_a_blackhole_route_fails() -> None:
    facts = vn.healthy()
    assert facts.network.aws
    first, *rest = facts.network.aws.route_tables
    dead = replace(first, routes=(first.routes[0], replace(first.routes[1], state="blackhole")))

    assert failed(vn.with_aws(facts, route_tables=(dead, *rest))) == [
        ("RTE-01", "private-a-table (rtb-subnet-0a)")
    ]


def test_a_host_that_could_not_be_had_is_inconclusive_and_not_skipped() -> None:
    verification = verify(replace(vn.healthy(), pings=(), host_problems=("subnet subnet-0a is gone",)))

    assert not verification.passed
    assert verification.result("RCH-01").findings[0].outcome is Outcome.INCONCLUSIVE
