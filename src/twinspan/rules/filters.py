"""Filters: whether security groups and network security groups admit the remote side.

A filter may admit one protocol or one port alone; it must not keep some hosts out altogether.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from ipaddress import IPv4Network

from twinspan.network.aws_defaults import LAST_RULE, permissions_of_its_own
from twinspan.network.aws_filters import aws_rules, network_acl_filter, security_group_filter
from twinspan.network.azure_filters import application_security_group_members, network_security_group_filter
from twinspan.network.filters import Filter, Part, Rule, Traffic, judge
from twinspan.network.model import SecurityGroup
from twinspan.network.unknown import UNKNOWN, Unknown
from twinspan.results import Finding, unclear
from twinspan.rules.design import Design
from twinspan.rules.on_subnets import groups_on_subnets
from twinspan.rules.parts import subject


def security_group_admits(design: Design) -> Iterator[Finding]:
    """FLT-01: some security group of the VPC admits every Azure range."""
    groups = [
        group
        for group in design.aws.security_groups
        if group.vpc_id not in design.vpcs_apart
        and (group.address or group.permissions != permissions_of_its_own(group.id))
    ]
    if not groups or not design.vpn_connections:
        return
    inside = [group for group in groups if not _outside(group)]
    names = ", ".join(map(subject, inside))
    admitted = security_group_filter(inside, "ingress")
    outside = security_group_filter([group for group in groups if _outside(group)], "ingress").rules
    elsewhere = _elsewhere(design, "aws_vpc_security_group_ingress_rule", "aws_security_group_rule")
    unsure = [replace(rule, known=False) for rule in outside if rule not in admitted.rules]
    admitted = replace(admitted, rules=(*admitted.rules, *unsure, *elsewhere))
    for where, cidr in design.vnet_ranges:
        for part, why in _left_out(admitted, cidr, design.azure_subnets):
            if why.rule is not None:
                yield unclear(where, f"whether {why.rule.name} admits {part} is not in the plan")
                continue
            yield Finding(
                subject=where,
                evidence=f"no security group admits {part} ({names})",
                remedy="Add an ingress rule with that range; a group cannot be named across the VPN",
                needs=frozenset(group.id for group in inside),
            )


def _outside(group: SecurityGroup[Unknown]) -> bool:
    """Whether nothing but rules is known of a group, not even its VPC: it is not in the plan."""
    return not group.address and group.name is UNKNOWN


def _elsewhere(design: Design, *types: str) -> Iterator[Rule]:
    """Yield the rules whose filter the plan does not tell: any filter may have them, and admit more."""
    for name, _ in design.unplaced(*types):
        yield from aws_rules(name, "ingress", protocol=None, ports=None, peers=[None])


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
                [
                    answer_part
                    for answer_part in answer.parts
                    if answer_part.passes is (None if part in unsure else False)
                ][-1],
            )


def network_security_group_admits(design: Design) -> Iterator[Finding]:
    """FLT-02: no network security group in use denies all that comes from a part of AWS."""
    if not design.azure_connections:
        return
    groups = groups_on_subnets(design)
    yield from groups.unclear("group")
    connected = (*design.vnet_spaces, *design.vpc_ranges)
    members = application_security_group_members(design.azure)
    for group in groups.in_use:
        if not design.vpc_ranges:
            yield unclear(subject(group), "no VPC is in this plan, so whether it denies AWS is open")
        yield from _denials(
            subject(group),
            network_security_group_filter(group, "ingress", connected=connected, members=members),
            design.vpc_ranges,
            design.aws_subnets,
            words="denies all that comes from",
            remedy="Add a rule before it that allows {} inbound",
            on=[
                subnet.id.lower()
                for _, subnet in design.azure_subnets_of
                if subnet.network_security_group_id == group.id
            ],
        )


def _denials(
    where: str,
    by: Filter,
    ranges: Sequence[IPv4Network],
    subnets: Sequence[IPv4Network],
    *,
    words: str,
    remedy: str,
    on: Iterable[str | Unknown],
) -> Iterator[Finding]:
    needs = frozenset(subnet for subnet in on if isinstance(subnet, str))
    for cidr in ranges:
        for part, why in _left_out(by, cidr, subnets):
            name = why.rule.name.removeprefix("ingress ") if why.rule else ""
            if why.passes is None and name:
                yield unclear(where, f"whether {name} {words} {part} is not in the plan")
                continue
            rule = f"{name} {words}" if name else "no rule admits what comes from"
            evidence = f"{rule} {part}"
            yield Finding(subject=where, evidence=evidence, remedy=remedy.format(part), needs=needs)


def network_acls_admit(design: Design) -> Iterator[Finding]:
    """FLT-03: no network ACL denies all that comes from a part of Azure."""
    for acl in design.aws.network_acls:
        if not acl.subnet_ids or acl.vpc_id in design.vpcs_apart:
            continue
        numbered = tuple(entry for entry in acl.entries if entry.rule_number != LAST_RULE)
        by = network_acl_filter(replace(acl, entries=numbered), "ingress")
        yield from _denials(
            subject(acl),
            replace(by, rules=(*by.rules, *_elsewhere(design, "aws_network_acl_rule"))),
            design.vnet_spaces,
            design.azure_subnets,
            words="denies what comes from",
            remedy="Add a lower-numbered rule that allows {}, in both directions",
            on=acl.subnet_ids,
        )
