"""What packet filters let through: security groups, network ACLs and network security groups. Pure.

A question is about a set of packets (`Traffic`), which may be a single one; the answer is exact for each.
What is not known of a rule, e.g. in a plan, leaves those packets open that the rule could be about.

Sources: Amazon VPC User Guide, "Security group rules" and "Control subnet traffic with network access
control lists"; EC2 API, IpPermission and NetworkAclEntry; Azure, "Network security groups" and "Virtual
network service tags"; ARM, SecurityRule.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_network, summarize_address_range
from itertools import pairwise, product
from types import MappingProxyType
from typing import Literal, NamedTuple

from twinspan.network.limits import LAST_PORT
from twinspan.network.model import (
    AzureNetwork,
    IpPermission,
    NetworkAcl,
    NetworkSecurityGroup,
    SecurityGroup,
    SecurityRule,
)
from twinspan.network.ranges import ANYWHERE, AWS_SERVICES, AZURE_HOST, AZURE_METADATA
from twinspan.network.unknown import Unknown, known

Direction = Literal["ingress", "egress"]
"""Seen from what the filter protects."""
Range = tuple[int, int]
"""First and last number, both included."""
Box = tuple[Range, Range, Range, Range, Range]
"""Packets by IP protocol, source, destination, source port and destination port; of ICMP, type and code."""

ICMP, TCP, UDP, ESP, AH, ICMPV6 = 1, 6, 17, 50, 51, 58
"""Source: IANA, Assigned Internet Protocol Numbers."""
PROTOCOLS = {"icmp": ICMP, "tcp": TCP, "udp": UDP, "esp": ESP, "ah": AH, "icmpv6": ICMPV6}
OF_IPV6 = ("icmpv6", str(ICMPV6))
"""What AWS calls ICMPv6, which no IPv4 packet is."""
WITH_PORTS = (TCP, UDP)
ECHO_REQUEST, ECHO_REPLY = 8, 0
_ANY_PROTOCOL: Range = (0, 255)
_ANY_ADDRESS: Range = (0, 2**32 - 1)
_ANY_PORT: Range = (0, LAST_PORT)
_EVERYTHING: Box = (_ANY_PROTOCOL, _ANY_ADDRESS, _ANY_ADDRESS, _ANY_PORT, _ANY_PORT)
_SOURCE = 1
_ANY_TYPE = -1
_ALL_PORTS: Range = (_ANY_TYPE, _ANY_TYPE)
_PORT_RANGE = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")
AsgMembers = Mapping[str, Sequence[IPv4Network | None]]
"""Id of an application security group in lower case -> addresses in it; None: one that is not known."""
_NO_MEMBERS: Mapping[str, Iterable[IPv4Network]] = MappingProxyType({})


def protocol_number(word: str) -> int | None:
    """Return the IANA number of a protocol as either cloud writes it; None for all protocols.

    Raises:
        ValueError: There is no such protocol.
    """
    if word in {"-1", "*", "all"}:
        return None
    number = int(word) if word.isascii() and word.isdigit() else PROTOCOLS.get(word.lower(), _ANY_TYPE)
    if not 0 <= number <= _ANY_PROTOCOL[1]:
        raise ValueError(f"{word!r} is no IP protocol")
    return number


def port_range(word: str) -> Range:
    """Return the ports that a security rule names, e.g. `443`, `8000-8999` or `*`.

    Raises:
        ValueError: It is no port range.
    """
    if word == "*":
        return _ANY_PORT
    numbers = _PORT_RANGE.fullmatch(word)
    if numbers is None or not int(numbers[1]) <= int(numbers[2] or numbers[1]) <= LAST_PORT:
        raise ValueError(f"{word!r} is no port range within 0-{LAST_PORT}")
    return int(numbers[1]), int(numbers[2] or numbers[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """A set of packets; a single one if each member has one value. What is not given may be anything.

    Attributes:
        source: Where they come from.
        destination: Where they go to.
        protocol: IANA number.
        source_ports: Of TCP and UDP.
        destination_ports: Of TCP and UDP.
        icmp_type: Of ICMP.
        icmp_code: Of ICMP.
        established: Whether they belong to a flow that was let through before, in either direction.
    """

    source: IPv4Network = ANYWHERE
    destination: IPv4Network = ANYWHERE
    protocol: int | None = None
    source_ports: Range = _ANY_PORT
    destination_ports: Range = _ANY_PORT
    icmp_type: int | None = None
    icmp_code: int | None = None
    established: bool = False

    @property
    def box(self) -> Box:
        """The same in numbers."""
        first, second = self.source_ports, self.destination_ports
        if self.protocol == ICMP:
            first, second = _one(self.icmp_type, _ANY_PORT), _one(self.icmp_code, _ANY_PORT)
        ends = _range(self.source), _range(self.destination)
        return (_one(self.protocol, _ANY_PROTOCOL), *ends, first, second)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of a filter.

    Attributes:
        name: How its cloud names it, e.g. `rule 100`.
        number: Its rule number or priority; None if it has none.
        allow: Whether it lets through what it matches; None if that is not known.
        boxes: What it matches.
        known: Whether it certainly matches all of `boxes`; else a part of it, or nothing.
    """

    name: str
    number: int | None = None
    allow: bool | None
    boxes: tuple[Box, ...]
    known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Rules in order: the first that matches decides, and what none matches is denied.

    Attributes:
        name: What its cloud calls it.
        rules: Of one direction.
        stateful: Whether packets of a flow that was let through pass whatever the rules say.
    """

    name: str
    rules: tuple[Rule, ...]
    stateful: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Packets that have one fate.

    Attributes:
        box: Which packets.
        passes: Whether they pass; None if that is not known.
        filter: Name of the filter that denies them or leaves it open.
        rule: The rule that does; None if they are denied since no rule matches.
    """

    box: Box
    passes: bool | None = True
    filter: str = ""
    rule: Rule | None = None


class Admitted(StrEnum):
    """How much of some traffic passes."""

    ALL = "all"
    SOME = "some"
    NONE = "none"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of some traffic: each of its packets is in one of `parts`."""

    parts: tuple[Part, ...]

    @property
    def admitted(self) -> Admitted:
        """How much of it passes."""
        fates = {part.passes for part in self.parts}
        if {True, False} <= fates:
            return Admitted.SOME
        if None in fates:
            return Admitted.UNKNOWN
        return Admitted.ALL if fates == {True} else Admitted.NONE

    def first(self, *, passes: bool | None) -> Part | None:
        """Return the first part with that fate, in the order of the rules; None if there is none."""
        return next((part for part in self.parts if part.passes is passes), None)

    def silenced(self) -> tuple[tuple[IPv4Network, ...], tuple[IPv4Network, ...]]:
        """Return the sources none of whose packets pass, and those of which that is not known."""
        passing, unsure, denied = (
            [part.box[_SOURCE] for part in self.parts if part.passes is fate] for fate in (True, None, False)
        )
        return _networks(_minus(denied, [*passing, *unsure])), _networks(_minus(unsure, passing))


def judge(filters: Iterable[Filter], traffic: Traffic) -> Answer:
    """Return what becomes of traffic that must pass several filters, in their order; with none it passes.

    In Azure a packet passes the filter of the subnet first and that of the interface then, or the reverse on
    its way out. Source: Azure, "How network security groups filter network traffic".
    """
    parts = [Part(box=traffic.box)]
    for traffic_filter in filters:
        if not (traffic_filter.stateful and traffic.established):
            parts = [part for before in parts for part in _judged(traffic_filter, before)]
    return Answer(tuple(parts))


def _judged(by: Filter, before: Part) -> Iterator[Part]:
    if before.passes is False:
        yield before
        return
    # Packets that no rule has certainly matched, the fates they may have met, and the rule that is unsure.
    waiting: list[tuple[Box, frozenset[bool], Rule | None]] = [(before.box, frozenset(), None)]
    for rule in by.rules:
        fates = frozenset({True, False} if rule.allow is None else {rule.allow})
        later = []
        for box, met, unsure in waiting:
            matched, rest = _split(box, rule.boxes)
            why = unsure or (None if rule.known and rule.allow is not None else rule)
            for common in matched:
                if rule.known:
                    yield _part(by, before, common, met | fates, why or rule)
                else:
                    later.append((common, met | fates, why))
            later += [(piece, met, unsure) for piece in rest]
        waiting = later
    for box, met, unsure in waiting:
        yield _part(by, before, box, met | {False}, unsure)


def _part(by: Filter, before: Part, box: Box, fates: frozenset[bool], rule: Rule | None) -> Part:
    if fates == {True}:
        return replace(before, box=box)
    return Part(box=box, passes=None if True in fates else False, filter=by.name, rule=rule)


def aws_rules(
    name: str,
    direction: Direction,
    *,
    protocol: str | None,
    ports: Range | None,
    peers: Iterable[IPv4Network | None],
    allow: bool | None = True,
    number: int | None = None,
) -> Iterator[Rule]:
    """Yield a rule of a security group or a network ACL; a second one for what may match. None: not known.

    Args:
        name: See `Rule`.
        direction: Which way it filters.
        protocol: `tcp`, `udp`, `icmp`, `-1` (all) or an IANA number.
        ports: Destination ports; of ICMP, type and code. -1: any.
        peers: Sources of ingress, destinations of egress.
        allow: See `Rule`.
        number: See `Rule`.
    """
    protocols = _protocols(protocol)
    first = second = _ANY
    if protocols.sure == ((ICMP, ICMP),):
        first, second = (
            (_UNKNOWN_PORT, _UNKNOWN_PORT) if ports is None else tuple(_type(port) for port in ports)
        )
    elif protocols.sure in _WITH_PORTS and ports != _ALL_PORTS:
        second = _UNKNOWN_PORT if ports is None or ports[0] > ports[1] else _exactly(ports)
    ends = [_ANY_END, _ANY_END]
    ends[direction == "egress"] = _sum(_cidr(peer) for peer in peers)
    yield from _rules(name, number, allow, (protocols, *ends, first, second))


def security_group_filter(
    groups: Sequence[SecurityGroup[Unknown]],
    direction: Direction,
    *,
    members: Mapping[str, Iterable[IPv4Network]] = _NO_MEMBERS,
    vpc_cidr_blocks: Sequence[IPv4Network] = (),
) -> Filter:
    """Return the filter of a network interface: what any of its groups allows.

    Args:
        groups: The interface's groups; with none, nothing passes.
        direction: Seen from the interface.
        members: Group id -> addresses of the interfaces in it, for rules that name a group; one that is not
            here has none.
        vpc_cidr_blocks: The VPC's ranges, the primary one first: its third address is the resolver.
    """
    rules = [
        rule
        for group in groups
        for permission in group.permissions
        if permission.direction == direction
        for rule in aws_rules(
            permission.address or f"{group.address or group.id} {direction}",
            direction,
            protocol=known(permission.ip_protocol),
            ports=_both((permission.from_port, permission.to_port)),
            peers=_peers(permission, members),
        )
    ]
    resolver = [cidr_block[2] for cidr_block in vpc_cidr_blocks[:1]]
    name = ", ".join(group.id for group in groups) or "no security group"
    return Filter(name=name, rules=(*_services(direction, resolver), *rules))


def _peers(
    permission: IpPermission[Unknown], members: Mapping[str, Iterable[IPv4Network]]
) -> Iterable[IPv4Network | None]:
    """Return the ranges that a permission is for; None: not known, as of what is in a prefix list."""
    if isinstance(permission.group_id, str):
        return members.get(permission.group_id, ())
    if permission.group_id is not None or permission.prefix_list_id is not None:
        return (None,)
    return (known(permission.cidr) if permission.cidr is not None else None,)


def network_acl_filter(
    acl: NetworkAcl[Unknown], direction: Direction, *, subnet: IPv4Network | None = None
) -> Filter:
    """Return the filter at the edge of a subnet, which traffic within the subnet does not cross.

    Args:
        acl: The list that the subnet is associated with; an entry whose number is not known comes first.
        direction: Seen from the subnet.
        subnet: Its range; None: what comes from within is not asked for.
    """
    entries = [acl_entry for acl_entry in acl.entries if acl_entry.egress == (direction == "egress")]
    rules = [
        rule
        for acl_entry in sorted(entries, key=lambda entry: known(entry.rule_number) or 0)
        for rule in aws_rules(
            f"{direction} rule {known(acl_entry.rule_number) or acl_entry.address or 'of an unknown number'}",
            direction,
            protocol=known(acl_entry.protocol),
            ports=_both(
                (acl_entry.icmp_type_code if acl_entry.protocol == str(ICMP) else acl_entry.port_range)
                or _ALL_PORTS
            ),
            peers=(known(acl_entry.cidr_block),),
            allow=known(acl_entry.allow),
            number=known(acl_entry.rule_number),
        )
    ]
    own = _exactly() if subnet is None else _cidr(subnet)
    within = _rules("within the subnet", None, True, (_ANY_OF_ALL, own, own, _ANY, _ANY))
    return Filter(name=acl.id, rules=(*within, *_services(direction), *rules), stateful=False)


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
    platform = _sum(_cidr(IPv4Network(address)) for address in (AZURE_HOST, AZURE_METADATA))
    exempt = _rules("platform", None, True, (_ANY_OF_ALL, _ANY_END, platform, _ANY, _ANY))
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
    protocols = _protocols(protocol)
    first, second = (_sum(_ports(word) for word in words) for words in ports)
    some = any(True for port_set in (first, second) for _ in _minus([_ANY_PORT], port_set.sure))
    if protocols == _ANY_OF_ALL and some:
        protocols = _Values(((TCP, TCP), (UDP, UDP)), ((TCP, TCP), (UDP, UDP)))
    elif protocols.sure not in (*_WITH_PORTS, ()):
        first = second = _ANY
    sides = [_sum(_prefix(word, connected) for word in words or (None,)) for words in ends]
    label = f"rule {name} (priority {priority})" if priority else f"rule {name}"
    yield from _rules(label, priority, allow, (protocols, *sides, first, second))


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


class _Values(NamedTuple):
    """The numbers that a member of a rule certainly matches, and all that it may match."""

    sure: tuple[Range, ...]
    possible: tuple[Range, ...]


_ANY = _Values((_ANY_PORT,), (_ANY_PORT,))
_ANY_END = _Values((_ANY_ADDRESS,), (_ANY_ADDRESS,))
_ANY_OF_ALL = _Values((_ANY_PROTOCOL,), (_ANY_PROTOCOL,))
_UNKNOWN_PORT = _Values((), (_ANY_PORT,))
_UNKNOWN_END = _Values((), (_ANY_ADDRESS,))
_WITH_PORTS = tuple(((number, number),) for number in WITH_PORTS)


def _rules(name: str, number: int | None, allow: bool | None, members: tuple[_Values, ...]) -> Iterator[Rule]:
    sure, possible = (tuple(_box(box) for box in product(*ranges)) for ranges in zip(*members, strict=True))
    yield Rule(name=name, number=number, allow=allow, boxes=sure)
    if possible != sure:
        yield Rule(name=name, number=number, allow=allow, boxes=possible, known=False)


def _services(direction: Direction, resolver: Iterable[IPv4Address] = ()) -> Iterator[Rule]:
    """Yield the rule that lets through what goes to and comes from the VPC's own services.

    Source: Amazon VPC User Guide, "Security groups for your VPC" and "Network ACL basics".
    """
    peers = [IPv4Network(address) for address in (*AWS_SERVICES, *resolver)]
    return aws_rules("VPC services", direction, protocol="-1", ports=None, peers=peers)


def _sum(values: Iterable[_Values]) -> _Values:
    every = tuple(values)
    return _Values(
        tuple(r for part in every for r in part.sure), tuple(r for part in every for r in part.possible)
    )


def _both(numbers: tuple[int | Unknown, int | Unknown]) -> Range | None:
    """Return a range if both its ends are known."""
    first, last = numbers
    return (first, last) if isinstance(first, int) and isinstance(last, int) else None


def _exactly(*ranges: Range) -> _Values:
    return _Values(ranges, ranges)


def _protocols(word: str | None) -> _Values:
    try:
        number = protocol_number(word) if word is not None else _ANY_TYPE
    except ValueError:
        number = _ANY_TYPE
    if number == _ANY_TYPE:
        return _Values((), (_ANY_PROTOCOL,))
    if word in OF_IPV6:
        return _exactly()
    return _ANY_OF_ALL if number is None else _exactly((number, number))


def _type(number: int) -> _Values:
    return _ANY if number == _ANY_TYPE else _exactly((number, number))


def _cidr(network: IPv4Network | None) -> _Values:
    return _UNKNOWN_END if network is None else _exactly(_range(network))


def _ports(word: str | None) -> _Values:
    try:
        return _exactly(port_range(word)) if word is not None else _UNKNOWN_PORT
    except ValueError:
        return _UNKNOWN_PORT


def _prefix(word: str | None, connected: Sequence[IPv4Network]) -> _Values:
    tag = (word or "").lower()
    inside = [_range(network) for network in (*connected, IPv4Network(AZURE_HOST))]
    if tag == "*":
        return _ANY_END
    if tag == "virtualnetwork":
        return _exactly(*inside)
    if tag == "azureloadbalancer":
        return _cidr(IPv4Network(AZURE_HOST))
    outside = tuple(_minus([_ANY_ADDRESS], inside))
    if tag == "internet":
        return _exactly(*outside)
    return _Values((), outside) if is_service_tag(tag) else _block(tag)


def _block(word: str) -> _Values:
    try:
        network = ip_network(word, strict=False)
    except ValueError:
        return _UNKNOWN_END
    return _exactly() if isinstance(network, IPv6Network) else _cidr(network)


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


def _one(number: int | None, every: Range) -> Range:
    return every if number is None else (number, number)


def _range(network: IPv4Network) -> Range:
    return int(network.network_address), int(network.broadcast_address)


def _networks(ranges: Iterable[Range]) -> tuple[IPv4Network, ...]:
    return tuple(
        network
        for first, last in ranges
        for network in summarize_address_range(IPv4Address(first), IPv4Address(last))
    )


def _minus(ranges: Sequence[Range], taken: Sequence[Range]) -> Iterator[Range]:
    """Yield, in order, what is in some of the ranges and in none of the taken ones."""
    edges = sorted({edge for first, last in (*ranges, *taken) for edge in (first, last + 1)})
    pending: Range | None = None
    for first, after in pairwise(edges):
        inside = any(low <= first <= high for low, high in ranges)
        if inside and not any(low <= first <= high for low, high in taken):
            pending = (pending[0] if pending else first, after - 1)
        elif pending:
            yield pending
            pending = None
    if pending:
        yield pending


def _split(box: Box, shapes: Iterable[Box]) -> tuple[list[Box], list[Box]]:
    """Return the parts of a box that are in some shape, each packet once, and those that are in none."""
    matched: list[Box] = []
    rest = [box]
    for shape in shapes:
        pieces, rest = rest, []
        for piece in pieces:
            common, outside = _cut(piece, shape)
            rest += outside
            if common is not None:
                matched.append(common)
    return matched, rest


def _cut(box: Box, shape: Box) -> tuple[Box | None, list[Box]]:
    """Return what a box and a shape have in common, and the parts of the box outside the shape."""
    if any(low > last or high < first for (first, last), (low, high) in zip(box, shape, strict=True)):
        return None, [box]
    outside: list[Box] = []
    left = list(box)
    for index, (low, high) in enumerate(shape):
        first, last = left[index]
        parts = [part for part in ((first, low - 1), (high + 1, last)) if part[0] <= part[1]]
        outside += [_box([*left[:index], part, *left[index + 1 :]]) for part in parts]
        left[index] = (max(first, low), min(last, high))
    return _box(left), outside


def _box(ranges: Sequence[Range]) -> Box:
    protocol, source, destination, first, second = ranges
    return protocol, source, destination, first, second
