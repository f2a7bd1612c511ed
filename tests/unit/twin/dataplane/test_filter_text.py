"""The filters' text: order, tags, and what is refused. What it does is tested with real packets."""

from ipaddress import IPv4Address, IPv4Network
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinspan.errors import DesignError
from twinspan.network.model import (
    AwsSubnet,
    IpPermission,
    NetworkAcl,
    NetworkAclEntry,
    NetworkSecurityGroup,
    SecurityGroup,
    SecurityRule,
    VirtualNetwork,
)
from twinspan.twin.dataplane.filters import network_acl_ruleset, nsg_ruleset, security_group_ruleset
from twinspan.twin.dataplane.filters_text import port_match, rule_text, table_text

VNET = IPv4Network("10.1.0.0/16")
VPC = IPv4Network("10.2.0.0/16")


def nsg(*rules: SecurityRule) -> str:
    network = VirtualNetwork(id="v", name="v", location="westus2", address_space=(VNET,), subnets=())
    group = NetworkSecurityGroup(id="n", name="web", security_rules=rules)
    return nsg_ruleset(group, virtual_network=network, gateway_prefixes=[VPC])


def rule(
    *,
    name: str = "one",
    priority: int = 100,
    direction: Literal["Inbound", "Outbound"] = "Inbound",
    protocol: str = "Tcp",
    source: tuple[str, ...] = ("*",),
    ports: tuple[str, ...] = ("*",),
) -> SecurityRule:
    return SecurityRule(
        name=name,
        priority=priority,
        direction=direction,
        access="Allow",
        protocol=protocol,
        source_address_prefixes=source,
        source_port_ranges=("*",),
        destination_address_prefixes=("*",),
        destination_port_ranges=ports,
    )


def group(protocol: str, ports: tuple[int, int], cidr: IPv4Network | None = VNET) -> str:
    allowed = IpPermission(
        direction="ingress", ip_protocol=protocol, from_port=ports[0], to_port=ports[1], cidr=cidr
    )
    one = SecurityGroup(id="sg-1", name="one", vpc_id="vpc-1", permissions=(allowed,))
    return security_group_ruleset([one], interface_address=IPv4Address("10.2.1.10"), vpc_cidr_blocks=[VPC])


def acl(*entries: NetworkAclEntry, interface: str = "aws0") -> str:
    listed = NetworkAcl(id="acl-1", vpc_id="vpc-1", default=False, subnet_ids=(), entries=entries)
    subnet = AwsSubnet(id="subnet-1", name="", vpc_id="vpc-1", cidr_block=VPC, availability_zone="a")
    return network_acl_ruleset(listed, subnet=subnet, interface=interface)


def entry(number: int = 100, protocol: str = "6", ports: tuple[int, int] | None = None) -> NetworkAclEntry:
    return NetworkAclEntry(
        egress=False,
        rule_number=number,
        protocol=protocol,
        allow=True,
        cidr_block=VNET,
        port_range=ports,
    )


def test_rules_stand_in_the_order_of_their_priority_with_the_defaults_last() -> None:
    text = nsg(rule(name="late", priority=300), rule(name="early", priority=200))
    names = ["200 early", "300 late", "65000 AllowVnetInBound", "65001 AllowAzureLoadBalancerInBound"]
    names.append("65500 DenyAllInBound")
    assert [text.index(name) for name in names] == sorted(text.index(name) for name in names)


def test_the_vnet_tag_holds_the_far_side_and_the_internet_tag_its_complement() -> None:
    known = "{ 10.1.0.0/16, 10.2.0.0/16, 168.63.129.16/32 }"
    assert f"ip saddr {known}" in nsg(rule(source=("virtualnetwork",)))
    assert f"ip saddr != {known}" in nsg(rule(source=("INTERNET",)))


def test_a_tag_of_an_azure_service_matches_nothing() -> None:
    assert "100 one" not in nsg(rule(source=("Storage.WestUS2",)))


def test_an_ipv6_prefix_matches_no_ipv4_packet() -> None:
    assert "100 one" not in nsg(rule(source=("2001:db8::/32",)))


def test_ports_without_a_protocol_are_those_of_tcp_and_udp() -> None:
    assert "meta l4proto { tcp, udp } th dport { 80-82 }" in nsg(rule(protocol="*", ports=("80-81", "82")))


@pytest.mark.parametrize(
    "bad",
    [
        rule(protocol="Gre"),
        rule(source=("10.1.0.0/33",)),
        rule(source=("Interwebs",)),
        rule(source=()),
        rule(ports=("90-80",)),
        rule(ports=("70000",)),
        rule(ports=("http",)),
        rule(ports=("",)),
        rule(ports=()),
        rule(priority=99),
        rule(priority=4097),
    ],
)
def test_an_nsg_rule_that_azure_would_not_take_is_refused_by_name(bad: SecurityRule) -> None:
    with pytest.raises(DesignError, match="NSG web rule one"):
        nsg(bad)


def test_two_nsg_rules_of_one_priority_are_refused_unless_their_directions_differ() -> None:
    with pytest.raises(DesignError, match="priority 100 is also that of one"):
        nsg(rule(), rule(name="two"))
    assert "100 two" in nsg(rule(), rule(name="two", direction="Outbound"))


@pytest.mark.parametrize(
    ("protocol", "ports"),
    [("tcp", (90, 80)), ("udp", (0, 65536)), ("gre", (-1, -1)), ("256", (-1, -1)), ("icmp", (-1, 3))],
)
def test_a_security_group_rule_that_ec2_would_not_take_is_refused(
    protocol: str, ports: tuple[int, int]
) -> None:
    with pytest.raises(DesignError, match="security group sg-1"):
        group(protocol, ports)


def test_a_security_group_rule_without_range_or_group_is_refused() -> None:
    with pytest.raises(DesignError, match="neither a range nor a group"):
        group("tcp", (80, 80), cidr=None)


def test_a_protocol_number_is_taken_as_it_is() -> None:
    assert "meta l4proto 50 counter accept" in group("50", (-1, -1))


@pytest.mark.parametrize("bad", [entry(protocol="tcp6"), entry(ports=(2, 1))])
def test_a_network_acl_entry_that_ec2_would_not_take_is_refused(bad: NetworkAclEntry) -> None:
    with pytest.raises(DesignError, match="network ACL acl-1 ingress rule 100"):
        acl(bad)


def test_two_network_acl_entries_of_one_number_are_refused() -> None:
    with pytest.raises(DesignError, match="two ingress rules have the number 100"):
        acl(entry(), entry())


@pytest.mark.parametrize("name", ["", 'a" drop', "sixteen-letters-"])
def test_an_interface_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no interface name"):
        acl(interface=name)


@given(st.text())
def test_no_comment_breaks_out_of_its_quotes(comment: str) -> None:
    text = rule_text([], "drop", comment=comment)
    assert text.count('"') == 2
    assert text.isprintable()


@given(
    st.lists(
        st.tuples(st.integers(0, 65535), st.integers(0, 65535)).map(lambda pair: (min(pair), max(pair))),
        min_size=1,
        max_size=8,
    )
)
def test_joined_port_ranges_cover_the_same_ports_without_overlap(ranges: list[tuple[int, int]]) -> None:
    text = port_match("dport", ranges)
    expected_ports = {port for first, last in ranges for port in range(first, last + 1)}
    words = text.partition("{ ")[2].removesuffix(" }").split(", ") if text else ["0-65535"]
    spans = [[int(number) for number in word.split("-")] for word in words]
    listed = [port for span in spans for port in range(span[0], span[-1] + 1)]
    assert len(listed) == len(expected_ports)
    assert set(listed) == expected_ports


def test_a_table_without_chains_is_removed() -> None:
    assert table_text("gone", []) == "table ip gone\ndelete table ip gone\n"
