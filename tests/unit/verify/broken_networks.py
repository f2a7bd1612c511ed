"""The verified network with exactly one thing broken, and what verify must say of it."""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import healthy_network as vn
import verified_names as names

from twinspan.network import model
from twinspan.rules.observed.facts import Facts

Damage = Callable[[Facts], Facts]


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
    elsewhere = model.AzureNetwork(subscription_id="another")
    return replace(facts, network=replace(facts.network, azure=elsewhere))


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


def behind_a_router(facts: Facts, *, forwards: bool = True, state: str = "running") -> Facts:
    """Private-a's way to Azure leads through a machine whose primary interface is in private-b."""
    assert facts.network.aws
    first, *rest = facts.network.aws.route_tables
    to_router = model.AwsRoute(
        destination=IPv4Network("10.1.0.0/16"), target="eni-0b", state="active", origin="CreateRoute"
    )
    routed = replace(first, propagating_vgw_ids=(), routes=(*first.routes[:1], to_router))
    interfaces = tuple(
        model.NetworkInterface(
            id=name,
            name="",
            subnet_id=subnet,
            private_ip_addresses=(IPv4Address(address),),
            forwards=forwards,
            machine_id="i-0a",
        )
        for name, subnet, address in (
            ("eni-0a", names.PRIVATE_B, "10.2.1.200"),
            ("eni-0b", names.PRIVATE_A, "10.2.0.200"),
        )
    )
    router = model.Machine(id="i-0a", name="router", state=state, interface_ids=("eni-0a", "eni-0b"))
    return vn.with_aws(facts, route_tables=(routed, *rest), network_interfaces=interfaces, machines=(router,))


def closed_security_group(facts: Facts) -> Facts:
    assert facts.network.aws
    group, *others = facts.network.aws.security_groups
    return vn.with_aws(facts, security_groups=(replace(group, permissions=group.permissions[1:]), *others))


def closed_network_acl(facts: Facts) -> Facts:
    assert facts.network.aws
    acl = facts.network.aws.network_acls[0]
    deny = model.NetworkAclEntry(
        egress=True, rule_number=90, protocol="1", allow=False, cidr_block=IPv4Network("10.1.0.0/16")
    )
    closed = replace(acl, subnet_ids=(names.PRIVATE_A,), entries=(*acl.entries, deny))
    other = replace(acl, id="acl-0b", subnet_ids=(names.PRIVATE_B,))
    return vn.with_aws(facts, network_acls=(closed, other))


def closed_network_security_group(facts: Facts) -> Facts:
    assert facts.network.azure
    group, *others = facts.network.azure.network_security_groups
    (admit,) = group.security_rules
    later = replace(admit, priority=200)
    deny = replace(admit, name="No", priority=100, access="Deny", protocol="Icmp")
    return vn.with_azure(
        facts, network_security_groups=(replace(group, security_rules=(later, deny)), *others)
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


def longer_dpd(facts: Facts) -> Facts:
    return vn.with_tunnel(facts, "tunnel1", dpd_timeout_seconds=60)


def nsg_rule_more(facts: Facts) -> Facts:
    assert facts.network.azure
    group, *others = facts.network.azure.network_security_groups
    more = replace(group.security_rules[0], name="More", priority=300, protocol="Tcp")
    return vn.with_azure(
        facts, network_security_groups=(replace(group, security_rules=(*group.security_rules, more)), *others)
    )


def azure_not_connected(facts: Facts) -> Facts:
    return vn.with_connection(facts, "tunnel4", connection_status="NotConnected")


def peer_connecting(facts: Facts) -> Facts:
    bgp = facts.bgp[names.GATEWAY]
    peers = tuple(
        replace(p, state="Connecting") if str(p.local_address) == "169.254.22.2" else p for p in bgp.peers
    )
    return replace(facts, bgp={names.GATEWAY: replace(bgp, peers=peers)})


def no_propagation(facts: Facts) -> Facts:
    assert facts.network.aws
    first, *rest = facts.network.aws.route_tables
    bare = replace(first, propagating_vgw_ids=(), routes=first.routes[:1])
    return vn.with_aws(facts, route_tables=(bare, *rest))


def nothing_learned_over_one(facts: Facts) -> Facts:
    bgp = facts.bgp[names.GATEWAY]
    return replace(facts, bgp={names.GATEWAY: replace(bgp, learned=bgp.learned[1:])})


def route_to_nowhere(facts: Facts) -> Facts:
    assert facts.network.azure
    hole = model.AzureRoute(name="hole", address_prefix=IPv4Network("10.2.0.0/24"), next_hop_type="None")
    table, *others = facts.network.azure.route_tables
    return vn.with_azure(facts, route_tables=(replace(table, routes=(*table.routes, hole)), *others))


def propagation_kept_out(facts: Facts) -> Facts:
    assert facts.network.azure
    table, *others = facts.network.azure.route_tables
    shut = replace(table, bgp_route_propagation_enabled=False, routes=())
    return vn.with_azure(facts, route_tables=(shut, *others))


def no_reply(towards: str) -> Callable[[Facts], Facts]:
    def broken(facts: Facts) -> Facts:
        return replace(
            facts, pings=tuple(replace(p, received=0) if p.towards == towards else p for p in facts.pings)
        )

    return broken


BROKEN = [
    ("NET-01", "vpc-0a", no_vpc),
    ("NET-02", "dev-vnet", no_vnet),
    ("GW-21", "dev (vgw-0a)", detached),
    ("GW-22", "dev-gateway", gateway_updating),
    ("VPN-01", "instance0 (vpn-00)", connection_pending),
    ("ACC-02", "Azure subscription another", wrong_subscription),
    ("CGW-04", "vpn-00 customer_gateway_id", customer_gateway_elsewhere),
    ("VPN-02", "tunnel1 (203.0.113.1)", wrong_local_gateway),
    ("POL-01", "dev-tunnel1 ipsec_policy.dh_group", other_group_in_phase_1),
    ("KEY-03", "dev-tunnel1 shared_key", other_key),
    ("POL-02", "dev-tunnel1 ipsec_policy.ipsec_encryption", other_cipher_in_phase_2),
    ("VPN-03", "tunnel3 (203.0.113.3) of vpn-01", aws_tunnel_down),
    ("ASN-05", "aws-tunnel1 bgp_settings.asn", other_asn),
    ("BGP-13", "tunnel2 (203.0.113.2)", aws_tunnel_without_routes),
    ("RTE-14", "private-a (subnet-0a)", no_table_of_its_own),
    ("RTE-15", "rtb-subnet-0a", stray_route),
    ("FLT-11", "workload (sg-0a)", closed_security_group),
    ("FLT-12", "acl-0a of private-a", closed_network_acl),
    ("FLT-13", "dev-nsg of workload", closed_network_security_group),
    ("DRF-01", 'module.aws_vpn.aws_vpn_connection.this["instance0"] (vpn-00)', longer_dpd),
    ("DRF-02", "azurerm_network_security_group.this (dev-nsg)", nsg_rule_more),
    ("RCH-03", "aws-1 -> azure-1", large_lost("azure")),
    ("RCH-04", "azure-1 -> aws-1", large_lost("aws")),
    ("VPN-04", "dev-tunnel4", azure_not_connected),
    ("BGP-11", "tunnel2: 169.254.22.2 - 169.254.22.1", peer_connecting),
    ("RTE-11", "private-a-table (rtb-subnet-0a)", no_propagation),
    ("RTE-12", "tunnel1: from 169.254.21.1", nothing_learned_over_one),
    ("RTE-04", "dev-routes", route_to_nowhere),
    ("RTE-03", "dev-routes bgp_route_propagation_enabled", propagation_kept_out),
    ("RCH-01", "aws-1 -> azure-1", no_reply("azure")),
    ("RCH-02", "azure-1 -> aws-1", no_reply("aws")),
]
