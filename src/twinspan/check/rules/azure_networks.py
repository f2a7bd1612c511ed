"""VNets, subnets, and their rules and routes: what Azure refuses of them by name."""

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

from twinspan.check.design import Design, blocks, items, known, network, number
from twinspan.network.azure import GATEWAY_SUBNET
from twinspan.network.limits import AWS_SUBNET_LENGTHS, AZURE_SUBNET_LENGTH, SECURITY_RULE_PRIORITIES
from twinspan.network.ranges import AZURE_RESERVED, LINK_LOCAL
from twinspan.project.plan import PlannedResource
from twinspan.results import Finding

_APPLIANCE = "VirtualAppliance"

Member = tuple[PlannedResource, str, Callable[[str], Any]]
"""A rule or route, whether it stands inside its parent or apart: whose it is, its name, its arguments."""


def address_space(design: Design) -> Iterator[Finding]:
    """VNET-01: the ranges of a VNet are allowed, large enough and apart."""
    for vnet in design.of_type("azurerm_virtual_network"):
        space = [cidr for text in items(vnet.get("address_space")) if (cidr := network(text)) is not None]
        for cidr in space:
            # Link-local ranges are ADDR-06's.
            barred = next(
                (block for block in AZURE_RESERVED if block != LINK_LOCAL and block.overlaps(cidr)), None
            )
            if barred is not None:
                yield _space(vnet, f"{cidr} overlaps {barred}, which is reserved")
            if cidr.prefixlen > AZURE_SUBNET_LENGTH:
                yield _space(vnet, f"{cidr} is smaller than a /{AZURE_SUBNET_LENGTH}")
        for one, other in combinations(space, 2):
            if one.overlaps(other):
                yield _space(vnet, f"{one} and {other} overlap")


def _space(vnet: PlannedResource, problem: str) -> Finding:
    return Finding(
        subject=f"{vnet.address} address_space",
        evidence=f"{problem}; Azure refuses it",
        remedy="Take private ranges, e.g. 10.1.0.0/16",
    )


def subnets_apart(design: Design) -> Iterator[Finding]:
    """SUB-01: the subnets of a network are apart, and large enough."""
    for kind, argument, parent, networks, smallest in (
        (
            "azurerm_subnet",
            "address_prefixes",
            "virtual_network_name",
            "azurerm_virtual_network",
            AZURE_SUBNET_LENGTH,
        ),
        ("aws_subnet", "cidr_block", "vpc_id", "aws_vpc", AWS_SUBNET_LENGTHS[-1]),
    ):
        found = [
            (subnet, design.join(subnet, parent, networks), cidr)
            for subnet in design.of_type(kind)
            for text in items(subnet.get(argument)) or (subnet.get(argument),)
            if (cidr := network(text)) is not None
        ]
        for subnet, _, cidr in found:
            # How large GatewaySubnet must be is GW-08.
            if cidr.prefixlen > smallest and subnet.get("name") != GATEWAY_SUBNET:
                yield _subnet(subnet, argument, f"{cidr} is smaller than a /{smallest}")
        for (one, here, mine), (other, there, theirs) in combinations(found, 2):
            if here is not None and here == there and mine.overlaps(theirs):
                yield _subnet(other, argument, f"{theirs} overlaps {mine} of {one.address}")


def _subnet(subnet: PlannedResource, argument: str, problem: str) -> Finding:
    return Finding(
        subject=f"{subnet.address} {argument}",
        evidence=f"{problem}; the cloud refuses it",
        remedy="Take a free part of the network's range",
    )


def security_rules(design: Design) -> Iterator[Finding]:
    """NSG-01: rules of a network security group have priorities of their own, and one form of each range."""
    seen: dict[tuple[str, str, int], str] = {}
    members = _members(
        design, "azurerm_network_security_group", "security_rule", "azurerm_network_security_rule"
    )
    for group, name, get in members:
        priority, where = number(get("priority")), f"{group.address} rule {name}"
        for argument in ("source_address_prefix", "destination_address_prefix", "source_port_range",
                         "destination_port_range"):  # fmt: skip
            many = f"{argument}es" if argument.endswith("prefix") else f"{argument}s"
            if get(argument) and get(many):
                yield Finding(
                    subject=where,
                    evidence=f"{argument} and {many}; Azure refuses it"
                    " (SecurityRuleParameterContainsUnsupportedValue)",
                    remedy="Write one of them",
                )
        if priority is None:
            continue
        if priority not in SECURITY_RULE_PRIORITIES:
            yield Finding(
                subject=where,
                evidence=f"priority {priority}; Azure refuses it (SecurityRuleInvalidPriority)",
                remedy=f"Take {SECURITY_RULE_PRIORITIES[0]} to {SECURITY_RULE_PRIORITIES[-1]}",
            )
        first = seen.setdefault((group.address, str(get("direction")), priority), name)
        if first != name:
            yield Finding(
                subject=where,
                evidence=f"priority {priority} is that of {first}; Azure refuses it (SecurityRuleConflict)",
                remedy="Give every rule of one direction its own",
            )


def routes(design: Design) -> Iterator[Finding]:
    """UDR-01: the routes of an Azure route table are whole, and no two have the same prefix."""
    seen: dict[tuple[str, str], str] = {}
    for table, name, get in _members(design, "azurerm_route_table", "route", "azurerm_route"):
        where, hop, kind = (
            f"{table.address} route {name}",
            get("next_hop_in_ip_address"),
            get("next_hop_type"),
        )
        if kind == _APPLIANCE and not hop:
            yield Finding(
                subject=where,
                evidence=f"{_APPLIANCE} without next_hop_in_ip_address; Azure refuses it",
                remedy="Name the appliance's address",
            )
        elif known(kind) and kind != _APPLIANCE and known(hop) and hop:
            yield Finding(
                subject=where,
                evidence=f"next_hop_in_ip_address with {kind}; Azure refuses it",
                remedy="Leave it out",
            )
        prefix = get("address_prefix")
        first = seen.setdefault((table.address, str(prefix)), name)
        if known(prefix) and first != name:
            yield Finding(
                subject=where,
                evidence=f"{prefix} is also that of {first}; Azure refuses it (RouteConflict)",
                remedy="Keep one of them",
            )


def _members(design: Design, parent: str, block: str, apart: str) -> Iterator[Member]:
    argument = "network_security_group_name" if block == "security_rule" else "route_table_name"
    for holder in design.of_type(parent):
        for entry in blocks(holder.get(block)):
            yield holder, str(entry.get("name")), entry.get
    for member in design.of_type(apart):
        holder_of = design.join(member, argument, parent)
        if holder_of is not None:
            yield holder_of, str(member.get("name")), member.get
