"""Rules on gateways, connections and policies that exist: faults by id, and faults of a plan alone."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import healthy_network as vn
import healthy_static
import pytest
import verified_names as names

from twinspan.network.model import AzureNetwork, Network, PublicIpAddress
from twinspan.rules.catalogue import CONFIGURATION
from twinspan.rules.design import Design
from twinspan.rules.observed.facts import Facts

CONNECTION = "dev-tunnel1"
LOCAL = "aws-tunnel1"
SUBNET = "dev-vnet/gatewaysubnet"


def subjects(check_id: str, network: Network) -> list[str]:
    rule = next(candidate for candidate in CONFIGURATION if candidate.id == check_id)
    return [finding.subject for finding in rule.examine(Design(network=network))]


def azure_of(facts: Facts) -> AzureNetwork:
    assert facts.network.azure
    return facts.network.azure


def with_gateway(**changes: Any) -> Facts:
    facts = vn.healthy()
    (gateway,) = azure_of(facts).virtual_network_gateways
    return vn.with_azure(facts, virtual_network_gateways=(replace(gateway, **changes),))


def with_local(facts: Facts, **changes: Any) -> Facts:
    first, *others = azure_of(facts).local_network_gateways
    return vn.with_azure(facts, local_network_gateways=(replace(first, **changes), *others))


def with_gateway_subnet(**changes: Any) -> Facts:
    facts = vn.healthy()
    (vnet,) = azure_of(facts).virtual_networks
    subnets = tuple(
        replace(subnet, **changes) if subnet.name == "GatewaySubnet" else subnet for subnet in vnet.subnets
    )
    return vn.with_azure(facts, virtual_networks=(replace(vnet, subnets=subnets),))


def with_policy(**changes: Any) -> Facts:
    facts = vn.healthy()
    policy = azure_of(facts).connections[0].ipsec_policy
    assert policy
    return vn.with_connection(facts, "tunnel1", ipsec_policy=replace(policy, **changes))


FAULTS: dict[str, tuple[Facts, str]] = {
    "BGP-01": (with_gateway(bgp_enabled=False), "dev-gateway bgp_enabled"),
    "BGP-02": (
        vn.with_connection(vn.healthy(), "tunnel2", custom_bgp_addresses={}),
        "dev-tunnel2 custom_bgp_addresses",
    ),
    "BGP-07": (
        with_local(vn.healthy(), address_prefixes=(IPv4Network("10.2.0.0/16"),)),
        f"{LOCAL} address_space",
    ),
    "CON-03": (
        with_local(vn.healthy(), gateway_ip_address=IPv4Address("198.51.100.9"), asn=None),
        f"{CONNECTION} bgp_enabled",
    ),
    "GW-04": (with_gateway(generation="Generation2"), "dev-gateway generation"),
    "GW-08": (
        with_gateway_subnet(address_prefixes=(IPv4Network("10.1.1.0/30"),)),
        f"{SUBNET} address_prefixes",
    ),
    "GW-10": (with_gateway_subnet(network_security_group_id="/nsg"), SUBNET),
    "LNG-03": (
        with_local(vn.healthy(), gateway_ip_address=IPv4Address("10.0.0.1")),
        f"{LOCAL} gateway_address",
    ),
    "POL-01": (with_policy(ike_encryption="AES256"), f"{CONNECTION} ipsec_policy.ike_encryption"),
    "POL-04": (vn.with_connection(vn.healthy(), "tunnel1", ipsec_policy=None), f"{CONNECTION} ipsec_policy"),
    "POL-08": (
        vn.with_connection(vn.healthy(), "tunnel1", connection_mode="InitiatorOnly"),
        f"{CONNECTION} connection_mode",
    ),
    "SEL-01": (
        vn.with_connection(
            with_local(healthy_static.static(), address_prefixes=()),
            "tunnel1",
            use_policy_based_traffic_selectors=True,
        ),
        f"{CONNECTION} traffic_selector_policy",
    ),
    "STA-02": (
        with_local(healthy_static.static(), address_prefixes=(IPv4Network("10.9.0.0/16"),)),
        f"{LOCAL} address_space",
    ),
}
OLD = PublicIpAddress(
    id="/old",
    name="old",
    ip_address=names.PUBLIC[0],
    sku="Basic",
    allocation_method="Dynamic",
    zones=(),
)


@pytest.mark.parametrize(("check_id", "fault"), FAULTS.items(), ids=FAULTS)
def test_a_fault_of_what_exists_is_named_by_its_id(check_id: str, fault: tuple[Facts, str]) -> None:
    facts, subject = fault
    assert subjects(check_id, facts.network) == [subject]


@pytest.mark.parametrize("check_id", ["GW-03", "GW-06", "GW-12", "GW-13"])
def test_what_can_no_longer_be_made_is_no_fault_as_long_as_it_stands(check_id: str) -> None:
    old = vn.with_azure(with_gateway(sku="VpnGw1"), public_ip_addresses=(OLD,))
    assert subjects(check_id, old.network) == []


def test_an_address_that_azure_has_beside_a_name_is_no_second_one() -> None:
    named = with_local(vn.healthy(), fqdn="aws.example.com")
    assert subjects("LNG-03", named.network) == []


def test_a_deleted_vpn_connection_joins_nothing_twice() -> None:
    facts = vn.healthy()
    assert facts.network.aws
    first, *others = facts.network.aws.vpn_connections
    deleted = replace(first, id="vpn-gone", state="deleted")
    assert subjects("GW-01", vn.with_aws(facts, vpn_connections=(deleted, first, *others)).network) == []
