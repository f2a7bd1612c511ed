"""Network security groups as filters. Pure.

Sources: Azure, "Network security groups" and "Virtual network service tags"; ARM, SecurityRule.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network, ip_network
from types import MappingProxyType
from typing import Literal

from twinspan.network.filters import TCP, UDP, Direction, Filter, Rule, port_range
from twinspan.network.model import (
    AzureNetwork,
    NetworkSecurityGroup,
    SecurityRule,
)
from twinspan.network.packet_sets import ANY_ADDRESS, ANY_PORT, addresses_of, minus
from twinspan.network.ranges import AZURE_HOST, AZURE_METADATA
from twinspan.network.rule_members import (
    EVERY_ADDRESS,
    EVERY_PORT,
    EVERY_PROTOCOL,
    PROTOCOLS_WITH_PORTS,
    UNKNOWN_ADDRESS,
    UNKNOWN_PORT,
    Matched,
    exactly,
    matched_addresses,
    matched_protocols,
    rules_of,
    together,
)
from twinspan.network.unknown import Unknown, known

AsgMembers = Mapping[str, Sequence[IPv4Network | None]]
"""Id of an application security group in lower case -> addresses in it; None: one that is not known."""


def network_security_group_filter(
    group: NetworkSecurityGroup[Unknown],
    direction: Direction,
    *,
    connected: Sequence[IPv4Network],
    members: AsgMembers | None = None,
) -> Filter:
    """Return the filter of a subnet or of an interface.

    Args:
        group: Its group.
        direction: Seen from the subnet.
        connected: See `azure_rules`.
        members: See `application_security_group_members`; None: not known.
    """
    rules = [
        rule if isinstance(security_rule.direction, str) else replace(rule, known=False)
        for security_rule in group.security_rules
        if security_rule.direction == AZURE_DIRECTIONS[direction]
        or isinstance(security_rule.direction, Unknown)
        for rule in _security_rule(security_rule, connected, members)
    ]
    return azure_filter(known(group.name) or group.id, rules, direction, connected=connected)


def azure_filter(
    name: str, rules: Iterable[Rule], direction: Direction, *, connected: Sequence[IPv4Network]
) -> Filter:
    """Return a filter of such rules, which Azure's default ones follow.

    What goes to the platform is not filtered.

    Args:
        name: Of the group.
        rules: Those of `azure_rules`; a priority that is not known comes first.
        direction: Seen from the subnet.
        connected: See `azure_rules`.
    """
    platform = together(matched_addresses(IPv4Network(address)) for address in (AZURE_HOST, AZURE_METADATA))
    exempt = rules_of(
        "platform", None, True, (EVERY_PROTOCOL, EVERY_ADDRESS, platform, EVERY_PORT, EVERY_PORT)
    )
    default = [
        rule
        for default_rule in DEFAULT_RULES
        if default_rule.direction == AZURE_DIRECTIONS[direction]
        for rule in _security_rule(default_rule, connected, None)
    ]
    ordered = sorted(rules, key=lambda rule: rule.number or 0)
    return Filter(name=name, rules=(*(exempt if direction == "egress" else ()), *ordered, *default))


def azure_rules(
    name: str,
    *,
    priority: int | None,
    allow: bool | None,
    protocol: str | None,
    ends: tuple[Sequence[str | None], Sequence[str | None]],
    ports: tuple[Sequence[str | None], Sequence[str | None]],
    connected: Sequence[IPv4Network],
) -> Iterator[Rule]:
    """Yield a rule of a network security group; a second one for what may match. None: not known.

    With ports, a rule for any protocol is about TCP and UDP alone: UNCONFIRMED.

    Args:
        name: See `Rule`.
        priority: See `Rule`.
        allow: See `Rule`.
        protocol: `Tcp`, `Udp`, `Icmp`, `Esp`, `Ah` or `*`.
        ends: Address prefixes and service tags of source and destination; none at all: not known, as of
            application security groups.
        ports: Ranges of source and destination.
        connected: What the tag VirtualNetwork stands for: the VNet's ranges, and those that it knows through
            its gateway or by user-defined routes.
    """
    protocols = matched_protocols(protocol)
    first, second = (together(_ports(word) for word in words) for words in ports)
    some = any(True for port_set in (first, second) for _ in minus([ANY_PORT], port_set.sure))
    if protocols == EVERY_PROTOCOL and some:
        protocols = Matched(((TCP, TCP), (UDP, UDP)), ((TCP, TCP), (UDP, UDP)))
    elif protocols.sure not in (*PROTOCOLS_WITH_PORTS, ()):
        first = second = EVERY_PORT
    sides = [together(_prefix(word, connected) for word in words or (None,)) for words in ends]
    label = f"rule {name} (priority {priority})" if priority else f"rule {name}"
    yield from rules_of(label, priority, allow, (protocols, *sides, first, second))


def application_security_group_members(network: AzureNetwork[Unknown]) -> AsgMembers:
    """Return the addresses of the interfaces in each application security group, by its id in lower case.

    None stands for an address that is not known, and for interfaces that may be in a group.
    """
    groups = {
        key
        for security_group in network.network_security_groups
        for rule in security_group.security_rules
        for side in _asg_sides(rule)
        for key in side
        if isinstance(key, str)
    }
    members: dict[str, list[IPv4Network | None]] = {key: [] for key in groups}
    for interface in network.network_interfaces:
        addresses = [
            None if isinstance(address, Unknown) else IPv4Network(address)
            for address in interface.private_ip_addresses
        ]
        for group in interface.application_security_group_ids:
            if isinstance(group, str):
                members.setdefault(group, []).extend(addresses)
            else:
                for unsure in members.values():
                    unsure.append(None)
    return members


def _asg_sides(rule: SecurityRule[Unknown]) -> tuple[tuple[str | Unknown, ...], tuple[str | Unknown, ...]]:
    return rule.source_application_security_group_ids, rule.destination_application_security_group_ids


def _end(
    prefixes: Iterable[str | Unknown], groups: Sequence[str | Unknown], members: AsgMembers | None
) -> tuple[str | None, ...] | None:
    """Return one end of a rule for `azure_rules`; None: nobody is in its application security groups."""
    if not groups:
        return _words(prefixes)
    if members is None or any(isinstance(group, Unknown) for group in groups):
        return (None,)
    addresses = tuple(
        member for group in groups if isinstance(group, str) for member in members.get(group, ())
    )
    return tuple(None if address is None else str(address) for address in addresses) or None


def _security_rule(
    rule: SecurityRule[Unknown], connected: Sequence[IPv4Network], members: AsgMembers | None
) -> Iterator[Rule]:
    source_groups, destination_groups = _asg_sides(rule)
    source = _end(rule.source_address_prefixes, source_groups, members)
    destination = _end(rule.destination_address_prefixes, destination_groups, members)
    if source is None or destination is None:
        return
    yield from azure_rules(
        known(rule.name) or rule.address,
        priority=known(rule.priority),
        allow=_allows(rule.access),
        protocol=known(rule.protocol),
        ends=(source, destination),
        ports=(_words(rule.source_port_ranges), _words(rule.destination_port_ranges)),
        connected=connected,
    )


def _allows(access: str | Unknown) -> bool | None:
    return None if isinstance(access, Unknown) else access == "Allow"


def _words(values: Iterable[str | Unknown]) -> tuple[str | None, ...]:
    return tuple(known(value) for value in values)


def _default(
    name: str,
    priority: int,
    *,
    direction: Literal["Inbound", "Outbound"],
    access: Literal["Allow", "Deny"] = "Allow",
    source: str = "*",
    target: str = "*",
) -> SecurityRule:
    return SecurityRule(
        name=name,
        priority=priority,
        direction=direction,
        access=access,
        protocol="*",
        source_address_prefixes=(source,),
        source_port_ranges=("*",),
        destination_address_prefixes=(target,),
        destination_port_ranges=("*",),
    )


_VNET = "VirtualNetwork"
DEFAULT_RULES = (
    _default("AllowVnetInBound", 65000, direction="Inbound", source=_VNET, target=_VNET),
    _default("AllowAzureLoadBalancerInBound", 65001, direction="Inbound", source="AzureLoadBalancer"),
    _default("DenyAllInBound", 65500, direction="Inbound", access="Deny"),
    _default("AllowVnetOutBound", 65000, direction="Outbound", source=_VNET, target=_VNET),
    _default("AllowInternetOutBound", 65001, direction="Outbound", target="Internet"),
    _default("DenyAllOutBound", 65500, direction="Outbound", access="Deny"),
)
"""The rules that every NSG ends with. Source: Azure, "Network security groups", default security rules."""
AZURE_DIRECTIONS: Mapping[Direction, Literal["Inbound", "Outbound"]] = MappingProxyType(
    {"ingress": "Inbound", "egress": "Outbound"}
)


def _ports(word: str | None) -> Matched:
    try:
        return exactly(port_range(word)) if word is not None else UNKNOWN_PORT
    except ValueError:
        return UNKNOWN_PORT


def _prefix(word: str | None, connected: Sequence[IPv4Network]) -> Matched:
    tag = (word or "").lower()
    inside = [addresses_of(network) for network in (*connected, IPv4Network(AZURE_HOST))]
    if tag == "*":
        return EVERY_ADDRESS
    if tag == "virtualnetwork":
        return exactly(*inside)
    if tag == "azureloadbalancer":
        return matched_addresses(IPv4Network(AZURE_HOST))
    outside = tuple(minus([ANY_ADDRESS], inside))
    if tag == "internet":
        return exactly(*outside)
    return Matched((), outside) if is_service_tag(tag) else _block(tag)


def _block(word: str) -> Matched:
    try:
        network = ip_network(word, strict=False)
    except ValueError:
        return UNKNOWN_ADDRESS
    return exactly() if isinstance(network, IPv6Network) else matched_addresses(network)


def is_service_tag(word: str) -> bool:
    """Whether a word is the tag of a public service of Azure, which may name a region: `Storage.WestUS2`."""
    tag = word.lower()
    return tag in _SERVICES or tag.partition(".")[0] in _SERVICES


_SERVICES = frozenset(
    {
        "actiongroup",
        "apimanagement",
        "appservice",
        "azureactivedirectory",
        "azurebackup",
        "azurecloud",
        "azurecontainerregistry",
        "azurecosmosdb",
        "azurefrontdoor.frontend",
        "azurekeyvault",
        "azuremonitor",
        "azureresourcemanager",
        "azuretrafficmanager",
        "eventhub",
        "gatewaymanager",
        "microsoftcontainerregistry",
        "servicebus",
        "sql",
        "storage",
    }
)
