"""VNets, subnets, and their rules and routes: what Azure refuses of them by name."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network
from itertools import combinations

from twinspan.network.azure import GATEWAY_SUBNET
from twinspan.network.limits import AWS_SUBNET_LENGTHS, AZURE_SUBNET_LENGTH, SECURITY_RULE_PRIORITIES
from twinspan.network.model import AwsSubnet, AzureRoute, AzureSubnet, AzureTagRoute, VirtualNetwork
from twinspan.network.ranges import AZURE_RESERVED, LINK_LOCAL
from twinspan.network.unknown import CLOUD_CHOOSES, Unknown, known
from twinspan.results import Finding
from twinspan.rules.design import Design
from twinspan.rules.parts import subject

_APPLIANCE = "VirtualAppliance"
Subnet = AzureSubnet[Unknown] | AwsSubnet[Unknown]


def address_space(design: Design) -> Iterator[Finding]:
    """VNET-01: the ranges of a VNet are allowed, large enough and apart."""
    for vnet in design.azure.virtual_networks:
        space = [cidr for cidr in vnet.address_space if isinstance(cidr, IPv4Network)]
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


def _space(vnet: VirtualNetwork[Unknown], problem: str) -> Finding:
    return Finding(
        subject=subject(vnet, "address_space"),
        evidence=f"{problem}; Azure refuses it",
        remedy="Take private ranges, e.g. 10.1.0.0/16",
    )


def subnets_apart(design: Design) -> Iterator[Finding]:
    """SUB-01: the subnets of a network are apart, and large enough."""
    azure = [
        (subnet, vnet.id, cidr)
        for vnet, subnet in design.azure_subnets_of
        for cidr in subnet.address_prefixes
    ]
    aws = [(subnet, subnet.vpc_id, subnet.cidr_block) for subnet in design.aws.subnets]
    yield from _apart(azure, "address_prefixes", AZURE_SUBNET_LENGTH)
    yield from _apart(aws, "cidr_block", AWS_SUBNET_LENGTHS[-1])


def _apart(
    subnets: Iterable[tuple[Subnet, str | Unknown, IPv4Network | Unknown]], argument: str, smallest: int
) -> Iterator[Finding]:
    """Yield what is wrong with subnets, each with its network and its range."""
    ranges = [(subnet, of, cidr) for subnet, of, cidr in subnets if isinstance(cidr, IPv4Network)]
    for subnet, _, cidr in ranges:
        # How large GatewaySubnet must be is GW-08.
        if cidr.prefixlen > smallest and subnet.name != GATEWAY_SUBNET:
            yield _subnet(subnet, argument, f"{cidr} is smaller than a /{smallest}")
    for (one, here, mine), (other, there, theirs) in combinations(ranges, 2):
        if isinstance(here, str) and here == there and mine.overlaps(theirs):
            yield _subnet(other, argument, f"{theirs} overlaps {mine} of {subject(one)}")


def _subnet(subnet: Subnet, argument: str, problem: str) -> Finding:
    return Finding(
        subject=subject(subnet, argument),
        evidence=f"{problem}; the cloud refuses it",
        remedy="Take a free part of the network's range",
    )


def security_rules(design: Design) -> Iterator[Finding]:
    """NSG-01: rules of a network security group have priorities of their own, and one form of each range."""
    for group in design.azure.network_security_groups:
        seen: dict[tuple[str | Unknown, int], str] = {}
        for rule in group.security_rules:
            name, priority = known(rule.name) or rule.address, rule.priority
            where = subject(group, f"rule {name}")
            for argument in rule.both_forms:
                many = f"{argument}es" if argument.endswith("prefix") else f"{argument}s"
                yield Finding(
                    subject=where,
                    evidence=f"{argument} and {many}; Azure refuses it"
                    " (SecurityRuleParameterContainsUnsupportedValue)",
                    remedy="Write one of them",
                )
            if isinstance(priority, Unknown):
                continue
            if priority not in SECURITY_RULE_PRIORITIES:
                yield Finding(
                    subject=where,
                    evidence=f"priority {priority}; Azure refuses it (SecurityRuleInvalidPriority)",
                    remedy=f"Take {SECURITY_RULE_PRIORITIES[0]} to {SECURITY_RULE_PRIORITIES[-1]}",
                )
            first = seen.setdefault((rule.direction, priority), name)
            if first != name:
                yield Finding(
                    subject=where,
                    evidence=f"priority {priority} is that of {first}; Azure refuses it"
                    " (SecurityRuleConflict)",
                    remedy="Give every rule of one direction its own",
                )


def routes(design: Design) -> Iterator[Finding]:
    """UDR-01: the routes of an Azure route table are whole, and no two have the same prefix."""
    for table in design.azure.route_tables:
        seen: dict[IPv4Network | str, str] = {}
        every: tuple[AzureRoute[Unknown] | AzureTagRoute[Unknown], ...] = (*table.routes, *table.tag_routes)
        for route in every:
            name, kind, hop = (
                known(route.name) or route.address,
                route.next_hop_type,
                route.next_hop_ip_address,
            )
            where = subject(table, f"route {name}")
            if kind == _APPLIANCE and hop in (None, CLOUD_CHOOSES):
                yield Finding(
                    subject=where,
                    evidence=f"{_APPLIANCE} without next_hop_in_ip_address; Azure refuses it",
                    remedy="Name the appliance's address",
                )
            elif known(kind) and kind != _APPLIANCE and isinstance(hop, IPv4Address):
                yield Finding(
                    subject=where,
                    evidence=f"next_hop_in_ip_address with {kind}; Azure refuses it",
                    remedy="Leave it out",
                )
            if isinstance(route.address_prefix, Unknown):
                continue
            first = seen.setdefault(route.address_prefix, name)
            if first != name:
                yield Finding(
                    subject=where,
                    evidence=f"{route.address_prefix} is also that of {first}; Azure refuses it"
                    " (RouteConflict)",
                    remedy="Keep one of them",
                )
