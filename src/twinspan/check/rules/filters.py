"""Filters: whether security groups and network security groups admit the remote side.

A filter may admit one protocol or one port alone; it must not keep some hosts out altogether.
"""

from collections.abc import Callable, Iterator, Sequence
from ipaddress import IPv4Network
from typing import Any

from twinspan.check.design import Design, blocks, items, network, number
from twinspan.check.findings import unclear
from twinspan.network.azure import GATEWAY_SUBNET
from twinspan.network.filters import (
    Filter,
    Part,
    Range,
    Rule,
    Traffic,
    aws_rules,
    azure_filter,
    azure_rules,
    judge,
)
from twinspan.project.plan import PlannedResource
from twinspan.results import Finding

Get = Callable[[str], Any]
_ANY = -1


def security_group_admits(design: Design) -> Iterator[Finding]:
    """FLT-01: some security group of the VPC admits every Azure range."""
    groups = design.of_type("aws_security_group")
    if not groups or not design.vpn_connections:
        return
    names = ", ".join(group.address for group in groups)
    admitted = Filter(name=names, rules=tuple(_permissions(design)))
    for where, cidr in design.vnet_ranges:
        for part, why in _left_out(admitted, cidr, design.azure_subnets):
            if why.rule is not None:
                yield unclear(where, f"whether {why.rule.name} admits {part} is not in the plan")
                continue
            yield Finding(
                subject=where,
                evidence=f"no security group admits {part} ({names})",
                remedy="Add an ingress rule with that range; a group cannot be named across the VPN",
            )


def _left_out(
    by: Filter, cidr: IPv4Network, subnets: Sequence[IPv4Network]
) -> Iterator[tuple[IPv4Network, Part]]:
    """Yield the parts of a range from which nothing at all is admitted, or may be, and the last of why.

    Args:
        by: A filter of the other side.
        cidr: The range.
        subnets: Those parts count that meet one; with none, all.
    """
    silent, unsure = judge([by], Traffic(source=cidr)).silenced()
    for part in (*silent, *unsure):
        if not subnets or any(part.overlaps(subnet) for subnet in subnets):
            answer = judge([by], Traffic(source=part))
            yield (
                part,
                [each for each in answer.parts if each.passes is (None if part in unsure else False)][-1],
            )


def _permissions(design: Design) -> Iterator[Rule]:
    for rule in design.of_type("aws_vpc_security_group_ingress_rule"):
        yield from _permission(rule.address, rule.get, "ip_protocol", ("cidr_ipv4", "prefix_list_id"))
    for rule in design.of_type("aws_security_group_rule"):
        if rule.get("type") == "ingress":
            yield from _permission(rule.address, rule.get, "protocol", ("cidr_blocks", "prefix_list_ids"))
    for group in design.of_type("aws_security_group"):
        for entry in blocks(group.get("ingress")):
            yield from _permission(group.address, entry.get, "protocol", ("cidr_blocks", "prefix_list_ids"))


def _permission(name: str, get: Get, protocol: str, peers: tuple[str, str]) -> Iterator[Rule]:
    """Yield one rule; what is in a prefix list is not known, and a group has no member across the VPN."""
    ranges, lists = (_several(get(each)) for each in peers)
    return aws_rules(
        name,
        "ingress",
        protocol=_text(get(protocol)),
        ports=_ports(get("from_port"), get("to_port")),
        peers=[*map(network, ranges), *(None for _ in lists)],
    )


def network_security_group_admits(design: Design) -> Iterator[Finding]:
    """FLT-02: no network security group in use denies all that comes from a part of AWS."""
    if not design.azure_connections:
        return
    for each in design.of_type("azurerm_subnet_network_security_group_association"):
        if design.join(each, "network_security_group_id", "azurerm_network_security_group") is None:
            yield unclear(f"{each.address} network_security_group_id", "the plan does not tell which group")
    connected = (*design.vnet_spaces, *design.vpc_ranges)
    for group in _groups_in_use(design):
        if not design.vpc_ranges:
            yield unclear(group.address, "no VPC is in this plan, so whether it denies AWS is open")
        rules = [rule for get in _security_rules(design, group) for rule in _security_rule(get, connected)]
        yield from _denials(
            group.address,
            azure_filter(group.address, rules, "ingress", connected=connected),
            design.vpc_ranges,
            design.aws_subnets,
            words="denies all that comes from",
            remedy="Add a rule before it that allows {} inbound",
        )


def _denials(
    where: str,
    by: Filter,
    ranges: Sequence[IPv4Network],
    subnets: Sequence[IPv4Network],
    *,
    words: str,
    remedy: str,
) -> Iterator[Finding]:
    for cidr in ranges:
        for part, why in _left_out(by, cidr, subnets):
            if why.passes is None and why.rule:
                yield unclear(where, f"whether {why.rule.name} {words} {part} is not in the plan")
                continue
            rule = f"{why.rule.name} {words}" if why.rule else "no rule admits what comes from"
            yield Finding(subject=where, evidence=f"{rule} {part}", remedy=remedy.format(part))


def _security_rules(design: Design, group: PlannedResource) -> Iterator[Get]:
    for entry in blocks(group.get("security_rule")):
        yield entry.get
    for rule in design.of_type("azurerm_network_security_rule"):
        if design.join(rule, "network_security_group_name", "azurerm_network_security_group") == group:
            yield rule.get


def _security_rule(get: Get, connected: Sequence[IPv4Network]) -> Iterator[Rule]:
    if str(get("direction")).lower() == "outbound":
        return
    ends, ports = (
        [
            [_text(each) for suffix in ("", plural) for each in _several(get(f"{end}_{kind}{suffix}"))]
            for end in ("source", "destination")
        ]
        for kind, plural in (("address_prefix", "es"), ("port_range", "s"))
    )
    yield from azure_rules(
        str(get("name")),
        priority=number(get("priority")),
        allow={"allow": True, "deny": False}.get(str(get("access")).lower()),
        protocol=_text(get("protocol")),
        ends=(ends[0], ends[1]),
        ports=(ports[0], ports[1]),
        connected=connected,
    )


def _groups_in_use(design: Design) -> tuple[PlannedResource, ...]:
    found = {}
    for each in design.of_type("azurerm_subnet_network_security_group_association"):
        group = design.join(each, "network_security_group_id", "azurerm_network_security_group")
        subnet = design.join(each, "subnet_id", "azurerm_subnet")
        if group is not None and (subnet is None or subnet.get("name") != GATEWAY_SUBNET):
            found[group.address] = group
    return tuple(found.values())


def network_acls_admit(design: Design) -> Iterator[Finding]:
    """FLT-03: no network ACL denies all that comes from a part of Azure."""
    for acl in design.of_type("aws_network_acl"):
        entries = sorted(blocks(acl.get("ingress")), key=lambda entry: number(entry.get("rule_no")) or 0)
        rules = tuple(rule for entry in entries for rule in _entry(entry.get))
        if entries:
            yield from _denials(
                acl.address,
                Filter(name=acl.address, rules=rules, stateful=False),
                design.vnet_spaces,
                design.azure_subnets,
                words="denies what comes from",
                remedy="Add a lower-numbered rule that allows {}, in both directions",
            )


def _entry(get: Get) -> Iterator[Rule]:
    return aws_rules(
        f"rule {get('rule_no')}",
        "ingress",
        protocol=_text(get("protocol")),
        ports=_ports(get("from_port"), get("to_port")),
        peers=[network(get("cidr_block"))] if get("cidr_block") else (),
        allow={"allow": True, "deny": False}.get(str(get("action")).lower()),
        number=number(get("rule_no")),
    )


def _several(value: object) -> Sequence[object]:
    """Return the members of a list, or a value alone; nothing if it is not set."""
    return items(value) if isinstance(value, list) else [value] if value else []


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _ports(first: object, last: object) -> Range | None:
    """Return ports as both are known, all of them if they are not set."""
    low, high = (_ANY if each is None or each == _ANY else number(each) for each in (first, last))
    return None if low is None or high is None else (low, high)
