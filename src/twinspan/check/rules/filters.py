"""Filters: whether security groups and network security groups admit the far side."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from twinspan.check.design import Design, blocks, items, network, number
from twinspan.check.findings import unclear
from twinspan.network.azure import GATEWAY_SUBNET
from twinspan.network.ranges import ANYWHERE
from twinspan.project.plan import UNKNOWN, PlannedResource
from twinspan.results import Finding

_EVERYWHERE = ("*", str(ANYWHERE), "Any")


def security_group_admits(design: Design) -> Iterator[Finding]:
    """FLT-01: some security group of the VPC admits every Azure range."""
    groups = design.of_type("aws_security_group")
    if not groups or not design.vpn_connections:
        return
    admitted, unsure = _admitted(design)
    for where, cidr in design.vnet_ranges:
        if any(cidr.overlaps(each) for each in admitted):
            continue
        if unsure:
            yield unclear(where, f"whether {unsure} admits {cidr} is not in the plan")
        else:
            yield Finding(
                subject=where,
                evidence=f"no security group admits {cidr} ({', '.join(group.address for group in groups)})",
                remedy="Add an ingress rule with that range; a group cannot be named across the VPN",
            )


def _admitted(design: Design) -> tuple[list[IPv4Network], str]:
    texts: list[object] = []
    unsure = ""
    for rule in design.of_type("aws_vpc_security_group_ingress_rule"):
        texts.append(rule.get("cidr_ipv4"))
        unsure = rule.address if rule.get("cidr_ipv4") is UNKNOWN else unsure
    for rule in design.of_type("aws_security_group_rule"):
        if rule.get("type") == "ingress":
            texts += items(rule.get("cidr_blocks"))
            unsure = rule.address if rule.get("cidr_blocks") is UNKNOWN else unsure
    for group in design.of_type("aws_security_group"):
        for entry in blocks(group.get("ingress")):
            texts += items(entry.get("cidr_blocks"))
    return [cidr for text in texts if (cidr := network(text)) is not None], unsure


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """One NSG rule, wherever it is written."""

    name: object
    priority: int
    direction: str
    access: object
    all_ports: bool
    sources: tuple[object, ...]

    @classmethod
    def read(cls, get: Callable[[str], Any]) -> "_Rule":
        single = get("source_address_prefix")
        return cls(
            name=get("name"),
            priority=number(get("priority")) or 0,
            direction=str(get("direction")).lower(),
            access=get("access"),
            all_ports=get("protocol") == "*" and get("destination_port_range") == "*",
            sources=(*items(get("source_address_prefixes")), *([single] if single else [])),
        )

    def meets(self, cidr: IPv4Network) -> bool:
        """Whether it is about traffic from `cidr`; a denial must be about all of it."""
        if self.direction != "inbound":
            return False
        ranges = [each for text in self.sources if (each := network(text)) is not None]
        whole = any(text in _EVERYWHERE for text in self.sources) or any(
            cidr.subnet_of(each) for each in ranges
        )
        if self.access == "Deny":
            return whole and self.all_ports
        # Source: Azure, "Virtual network service tags": the tag includes what a gateway learns.
        return whole or "VirtualNetwork" in self.sources or any(cidr.overlaps(each) for each in ranges)


def network_security_group_admits(design: Design) -> Iterator[Finding]:
    """FLT-02: no network security group in use denies all that comes from AWS."""
    if not design.azure_connections:
        return
    for each in design.of_type("azurerm_subnet_network_security_group_association"):
        if design.join(each, "network_security_group_id", "azurerm_network_security_group") is None:
            yield unclear(f"{each.address} network_security_group_id", "the plan does not tell which group")
    for group in _groups_in_use(design):
        if not design.vpc_ranges:
            yield unclear(group.address, "no VPC is in this plan, so whether it denies AWS is open")
        rules = sorted(_rules(design, group), key=lambda rule: rule.priority)
        for cidr in design.vpc_ranges:
            first = next((rule for rule in rules if rule.meets(cidr)), None)
            if first is not None and first.access == "Deny":
                yield Finding(
                    subject=group.address,
                    evidence=f"rule {first.name} (priority {first.priority}) denies all that comes from"
                    f" {cidr}",
                    remedy=f"Add a rule before it that allows {cidr} inbound",
                )


def _rules(design: Design, group: PlannedResource) -> Iterator[_Rule]:
    for entry in blocks(group.get("security_rule")):
        yield _Rule.read(entry.get)
    for rule in design.of_type("azurerm_network_security_rule"):
        if design.join(rule, "network_security_group_name", "azurerm_network_security_group") == group:
            yield _Rule.read(rule.get)


def _groups_in_use(design: Design) -> tuple[PlannedResource, ...]:
    found = {}
    for each in design.of_type("azurerm_subnet_network_security_group_association"):
        group = design.join(each, "network_security_group_id", "azurerm_network_security_group")
        subnet = design.join(each, "subnet_id", "azurerm_subnet")
        if group is not None and (subnet is None or subnet.get("name") != GATEWAY_SUBNET):
            found[group.address] = group
    return tuple(found.values())


def network_acls_admit(design: Design) -> Iterator[Finding]:
    """FLT-03: no network ACL denies all that comes from Azure."""
    for acl in design.of_type("aws_network_acl"):
        entries = sorted(blocks(acl.get("ingress")), key=lambda entry: number(entry.get("rule_no")) or 0)
        for _, cidr in design.vnet_ranges:
            first = next((entry for entry in entries if _entry_meets(entry, cidr)), None)
            if entries and (first is None or str(first.get("action")).lower() == "deny"):
                why = f"rule {first.get('rule_no')} denies" if first else "no rule admits"
                yield Finding(
                    subject=acl.address,
                    evidence=f"{why} what comes from {cidr}",
                    remedy=f"Add a lower-numbered rule that allows {cidr}, in both directions",
                )


def _entry_meets(entry: Mapping[str, Any], cidr: IPv4Network) -> bool:
    block = network(entry.get("cidr_block"))
    if block is None:
        return False
    if str(entry.get("action")).lower() == "deny":
        return cidr.subnet_of(block) and str(entry.get("protocol")) in {"-1", "all"}
    return cidr.overlaps(block)
