"""Azure's packet filter as nftables text: the network security group (NSG)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import product
from types import MappingProxyType

from twinspan.errors import DesignError
from twinspan.network.azure_filters import DEFAULT_RULES, is_service_tag
from twinspan.network.filters import port_range
from twinspan.network.limits import LAST_PORT, SECURITY_RULE_PRIORITIES
from twinspan.network.model import NetworkSecurityGroup, VirtualNetwork
from twinspan.network.ranges import ANYWHERE, AZURE_HOST, AZURE_METADATA
from twinspan.twin.dataplane.filters_text import (
    Chain,
    Edge,
    address_match,
    filter_chain,
    host,
    own_rules,
    port_match,
    rule_text,
    table_text,
)

NSG_TABLE = "twinspan_nsg"
_AZURE_HOST = host(AZURE_HOST)
_INSTANCE_METADATA = host(AZURE_METADATA)
AT_SUBNET, AT_INTERFACE = "", "_interface"
"""Where an NSG applies, as the end of its table's name."""
_FLOW_RECORD = {
    (AT_SUBNET, "Inbound"): 0x400,
    (AT_SUBNET, "Outbound"): 0x800,
    (AT_INTERFACE, "Inbound"): 0x1000,
    (AT_INTERFACE, "Outbound"): 0x2000,
}
"""Where, and direction -> bit of a flow's mark: a rule has let it through.

For connection tracking a flow of UDP is new until it is answered; for an NSG its first packet makes the
record. Source: Azure, "Network security groups", flow records.
"""
_DIRECTIONS = ("Inbound", "Outbound")
_PROTOCOLS = {
    "tcp": "meta l4proto tcp",
    "udp": "meta l4proto udp",
    "icmp": "meta l4proto icmp",
    "esp": "meta l4proto esp",
    "ah": "meta l4proto ah",
    "*": "",
}
_WITH_PORTS = ("tcp", "udp", "*")
Members = Mapping[str, Collection[IPv4Network]]
_NO_MEMBERS: Members = MappingProxyType({})


def nsg_ruleset(
    nsg: NetworkSecurityGroup | None,
    *,
    virtual_network: VirtualNetwork,
    gateway_prefixes: Sequence[IPv4Network],
    edge: Edge | None = None,
    at: str = AT_SUBNET,
    own: Sequence[IPv4Network] = (),
    members: Members = _NO_MEMBERS,
) -> str:
    """Return the filter of a host in a subnet, to be loaded inside the host's namespace.

    Rules of each direction are tried by priority, Azure's default rules last; the first that matches
    decides. Answers to what was let through pass (flow records), also after the rule has gone. What a host
    asks the platform (168.63.129.16, 169.254.169.254) is not filtered.

    The tag VirtualNetwork covers the address space, the remote side's prefixes and 168.63.129.16; Internet is
    everything else. Tags of Azure's public services match nothing, since the twin has no such service.

    Source: Azure, "Network security groups" and "Virtual network service tags"; ARM, SecurityRule.

    Args:
        nsg: The group; None if there is none: then nothing is filtered by rules.
        virtual_network: The VNet of the subnet.
        gateway_prefixes: Prefixes that the VNet knows through its gateway or by user-defined routes.
        edge: A node's or machine's interface in the subnet; None: a host's only one.
        at: Whether it is the subnet's group, or the interface's.
        own: The interface's addresses if its IP forwarding is off; none: it is on.
        members: Application security group's id in lower case -> addresses of the interfaces in it.

    Raises:
        DesignError: A rule has a protocol, prefix, port or priority that ARM would not take, or two rules
            of a direction have the same priority.
    """
    name = f"{NSG_TABLE}{at}"
    table = edge.table(name) if edge else name
    if nsg is None and not own:
        return table_text(table, [])
    connected = (*virtual_network.address_space, *gateway_prefixes, _AZURE_HOST)
    tags = _Tags(connected=connected, members=members)
    platform = address_match("daddr", [_AZURE_HOST, _INSTANCE_METADATA])
    inbound = [
        'iifname "lo" accept',
        *own_rules("daddr", own, comment="IP forwarding is off"),
        "ct state established,related accept",
        *_judged(nsg, at, "Inbound", tags),
    ]
    outbound = [
        'oifname "lo" accept',
        *own_rules("saddr", own, comment="IP forwarding is off"),
        "ct state established,related accept",
        rule_text([platform], "accept", comment="platform"),
        *_judged(nsg, at, "Outbound", tags),
    ]
    return table_text(
        table,
        [
            *(Chain(name=_passed(way), rules=[_record(at, way), "accept"]) for way in _DIRECTIONS),
            filter_chain(name="inbound", inbound=True, rules=inbound, edge=edge),
            filter_chain(name="outbound", inbound=False, rules=outbound, edge=edge),
        ],
    )


def _passed(direction: str) -> str:
    """Return the name of the chain for what a rule lets through."""
    return f"passed_{direction.lower()}"


def _record(at: str, direction: str) -> str:
    """Return the rule that makes a flow's record; a packet of no flow, such as an ICMP error, has none."""
    return f"ct mark set ct mark or {_FLOW_RECORD[at, direction]:#x}"


def _known(at: str, direction: str) -> str:
    """Return the rule for flows that were let through before, though nobody may have answered yet."""
    bit = _FLOW_RECORD[at, direction]
    return f"ct mark and {bit:#x} == {bit:#x} accept"


def _judged(nsg: NetworkSecurityGroup | None, at: str, direction: str, tags: "_Tags") -> list[str]:
    """Return the rules for packets of new flows; without a group all of them pass."""
    if nsg is None:
        return ["accept"]
    _refuse_bad_priorities(nsg)
    return [_known(at, direction), *_rules(nsg, direction, tags)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tags:
    """What tags and application security groups stand for in one VNet; `connected` is VirtualNetwork."""

    connected: tuple[IPv4Network, ...]
    members: Members


def _rules(nsg: NetworkSecurityGroup, direction: str, tags: _Tags) -> Iterator[str]:
    rules = [rule for rule in (*nsg.security_rules, *DEFAULT_RULES) if rule.direction == direction]
    for rule in sorted(rules, key=lambda rule: rule.priority):
        where = f"NSG {nsg.name} rule {rule.name}"
        protocol = rule.protocol.lower()
        if protocol not in _PROTOCOLS:
            raise DesignError(
                where=where,
                problem=f"{rule.protocol!r} is no protocol of a security rule",
                remedy="Use Tcp, Udp, Icmp, Esp, Ah or *",
            )
        ports = []
        if protocol in _WITH_PORTS:
            both = "{ tcp, udp }" if protocol == "*" else ""
            ports = [
                _ports("sport", rule.source_port_ranges, where, both),
                _ports("dport", rule.destination_port_ranges, where, both),
            ]
        sources = _ends(
            "saddr", rule.source_address_prefixes, rule.source_application_security_group_ids, tags, where
        )
        targets = _ends(
            "daddr",
            rule.destination_address_prefixes,
            rule.destination_application_security_group_ids,
            tags,
            where,
        )
        verdict = f"goto {_passed(direction)}" if rule.access == "Allow" else "drop"
        for source, target in product(sources, targets):
            matches = [_PROTOCOLS[protocol], source, target, *ports]
            yield rule_text(matches, verdict, comment=f"{rule.priority} {rule.name}")


def _ends(field: str, prefixes: Sequence[str], groups: Sequence[str], tags: _Tags, where: str) -> list[str]:
    """Return alternative matches of prefixes, or of who is in application security groups."""
    if not groups:
        return _addresses(field, prefixes, tags, where)
    inside = [address for group in groups for address in tags.members.get(group, ())]
    return [address_match(field, inside)] if inside else []


def _addresses(field: str, prefixes: Sequence[str], tags: _Tags, where: str) -> list[str]:
    """Return alternative matches; none at all if no IPv4 packet can match."""
    if not prefixes:
        raise DesignError(
            where=where,
            problem="a source or destination without any address prefix",
            remedy="Give a prefix, a service tag, an application security group or *",
        )
    inside: list[IPv4Network] = []
    outside = False
    for prefix in prefixes:
        tag = prefix.lower()
        if tag == "*":
            inside.append(ANYWHERE)
        elif tag == "virtualnetwork":
            inside.extend(tags.connected)
        elif tag == "azureloadbalancer":
            inside.append(_AZURE_HOST)
        elif tag == "internet":
            outside = True
        elif not is_service_tag(tag):
            network = _network(prefix, where)
            if isinstance(network, IPv4Network):
                inside.append(network)
    matches = [address_match(field, inside)] if inside else []
    if outside and ANYWHERE not in tags.connected:
        matches.append(address_match(field, tags.connected, negate=True))
    return matches


def _network(prefix: str, where: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(prefix, strict=False)
    except ValueError as error:
        raise DesignError(
            where=where,
            problem=f"{prefix!r} is neither an address prefix nor a known service tag",
            remedy="Use a prefix such as 10.2.0.0/16, VirtualNetwork, Internet, AzureLoadBalancer or *",
        ) from error


def _ports(direction: str, ranges: Sequence[str], where: str, protocols: str) -> str:
    try:
        return port_match(direction, [port_range(text) for text in ranges], protocols=protocols)
    except ValueError as error:
        raise DesignError(
            where=where,
            problem=f"{', '.join(map(repr, ranges)) or 'nothing'} is no list of ports",
            remedy=f"Use ports or ranges of 0-{LAST_PORT} such as 443 or 8000-8999, or *",
        ) from error


def _refuse_bad_priorities(nsg: NetworkSecurityGroup) -> None:
    least, most = SECURITY_RULE_PRIORITIES[0], SECURITY_RULE_PRIORITIES[-1]
    seen: dict[tuple[str, int], str] = {}
    for rule in nsg.security_rules:
        where = f"NSG {nsg.name} rule {rule.name}"
        remedy = f"Give each rule of a direction a priority of its own, {least}-{most}"
        if rule.priority not in SECURITY_RULE_PRIORITIES:
            raise DesignError(where=where, problem=f"priority {rule.priority} is out of range", remedy=remedy)
        other = seen.setdefault((rule.direction, rule.priority), rule.name)
        if other != rule.name:
            raise DesignError(
                where=where, problem=f"priority {rule.priority} is also that of {other}", remedy=remedy
            )
