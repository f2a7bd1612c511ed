"""Addresses: ranges that must not meet, and the inside ranges of the tunnels."""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network

from twinspan.check.design import Design, Tunnel, address, items, known, network, static
from twinspan.check.findings import unclear
from twinspan.network.links import Link
from twinspan.network.ranges import (
    AKS_RESERVED,
    AWS_RESERVED_INSIDE,
    INSIDE_LENGTH,
    LINK_LOCAL,
    apipa,
    is_apipa,
)
from twinspan.project.plan import UNKNOWN
from twinspan.results import Finding

_TAKE = "Take a /30 of 169.254.21.0/24 or 169.254.22.0/24, e.g. 169.254.21.0/30"


def ranges_apart(design: Design) -> Iterator[Finding]:
    """ADDR-01: no range of AWS overlaps one of Azure."""
    for here, mine in design.aws_ranges:
        for there, theirs in design.azure_ranges:
            if mine.overlaps(theirs):
                yield Finding(
                    subject=here,
                    evidence=f"{mine} overlaps {theirs} of {there}",
                    remedy="Give one of them another private range; what is in both is never routed"
                    " between them",
                )
    yield from _ranges_not_told(design)


def _ranges_not_told(design: Design) -> Iterator[Finding]:
    if design.both_clouds:
        for kind, what in (("aws_vpc", "VPC"), ("azurerm_virtual_network", "VNet")):
            if not design.of_type(kind):
                yield unclear(f"the {what}", "it is not in this plan, so its ranges could not be compared")
    for resource in design.of_type("aws_vpc"):
        if resource.get("cidr_block") is UNKNOWN:
            yield unclear(f"{resource.address} cidr_block", "the plan does not tell the VPC's range")
    for resource in design.of_type("azurerm_virtual_network"):
        if resource.get("address_space") is UNKNOWN:
            yield unclear(f"{resource.address} address_space", "the plan does not tell the VNet's ranges")


def cluster_ranges_apart(design: Design) -> Iterator[Finding]:
    """ADDR-08: the pod and service ranges of a cluster are outside its own network."""
    networks = {"aws_eks_cluster": design.vpc_ranges, "azurerm_kubernetes_cluster": design.vnet_spaces}
    for where, cidr in (*design.aws_ranges, *design.azure_ranges):
        own = next((ranges for kind, ranges in networks.items() if f"{kind}." in where), ())
        for other in own:
            if cidr.overlaps(other):
                yield Finding(
                    subject=where,
                    evidence=f"{cidr} overlaps {other}, the network that the cluster is in",
                    remedy="Take another private range; nodes would look for these addresses in the cluster",
                )


def inside_fits_both(design: Design) -> Iterator[Finding]:
    """ADDR-02: every inside range is an aligned /30 that AWS and, with BGP, Azure accept."""
    for tunnel in design.tunnels:
        azure = design.dynamic and not static(tunnel.connection)
        where = tunnel.where("inside_cidr")
        value = design.setting(tunnel.connection, f"tunnel{tunnel.number}_inside_cidr")
        if known(value):
            problem = inside_problem(str(value), azure=azure)
            if problem:
                yield Finding(subject=where, evidence=f"{value} {problem}", remedy=_TAKE)
        elif azure:
            if value is UNKNOWN:
                yield unclear(where, "the plan does not tell the inside range")
            else:
                yield Finding(
                    subject=where,
                    evidence="not set, so AWS picks one, which Azure will hardly accept",
                    remedy=_TAKE,
                )


def inside_problem(text: str, *, azure: bool) -> str:
    """Return why a tunnel cannot have this inside range; empty if it can.

    Args:
        text: The range as written.
        azure: Whether the far end is an Azure VPN gateway, which takes a part of the range only.
    """
    lenient = network(text)
    if lenient is None or "/" not in text:
        return "is no range"
    problems = (
        (lenient.prefixlen != INSIDE_LENGTH, "is no /30"),
        (str(lenient) != text, f"has host bits set; its range is {lenient}"),
        (lenient in AWS_RESERVED_INSIDE, "is reserved by AWS"),
        (not lenient.subnet_of(LINK_LOCAL), f"is not within {LINK_LOCAL}"),
        (
            azure and not is_apipa(lenient.network_address),
            f"is not within {apipa()}, which is all that Azure takes",
        ),
    )
    return next((problem for applies, problem in problems if applies), "")


def inside_unique(design: Design) -> Iterator[Finding]:
    """ADDR-03: no two tunnels share an inside range."""
    seen: dict[IPv4Network, Tunnel] = {}
    for tunnel in design.tunnels:
        if tunnel.inside is None:
            continue
        other = next((known for cidr, known in seen.items() if cidr.overlaps(tunnel.inside)), None)
        if other is not None:
            yield Finding(
                subject=tunnel.where("inside_cidr"),
                evidence=f"{tunnel.get('inside_cidr')} is already {other.where('inside_cidr')}",
                remedy="Give every tunnel a range of its own",
            )
        seen.setdefault(tunnel.inside, tunnel)


def right_ends(design: Design) -> Iterator[Finding]:
    """ADDR-04: AWS has the first host of the inside range; Azure's peer is that address."""
    for link in design.links:
        peer = address(link.local.get("bgp_settings", 0, "bgp_peering_address"))
        inside = link.tunnel.inside
        if inside is not None and peer is not None and peer != inside[1]:
            yield Finding(
                subject=f"{link.local.address} bgp_settings.bgp_peering_address",
                evidence=f"{peer} is not AWS's end of {inside}, which is always the first host, {inside[1]}",
                remedy=f"Set it to {inside[1]}; {inside[2]} is Azure's",
            )


def every_tunnel_ends(design: Design) -> Iterator[Finding]:
    """ADDR-05: every AWS connection has an Azure one at its other end, and no tunnel has two."""
    if not design.both_clouds:
        return
    for tunnel in design.tunnels:
        end = design.ends[tunnel.where()]
        if len(end.claims) > 1:
            yield _ends_wrong(tunnel, end.claims)
        elif end.maybe:
            yield unclear(tunnel.where(), f"whether {end.maybe[0]} ends it is not in the plan")
        elif not end.claims and (_idle_connections(design) or not _sibling(design, tunnel).claims):
            yield _ends_wrong(tunnel, ())


def tunnel_left_alone(design: Design) -> Iterator[Finding]:
    """RED-06: both tunnels of every AWS connection are used; AWS maintains one endpoint at a time."""
    if not design.both_clouds:
        return
    for tunnel in design.tunnels:
        end = design.ends[tunnel.where()]
        if end.claims or end.maybe or not _sibling(design, tunnel).claims or _idle_connections(design):
            continue
        yield Finding(
            subject=tunnel.where(),
            evidence="no Azure connection ends it; while AWS maintains the endpoint of the other tunnel,"
            " nothing passes",
            remedy=f"Make a local network gateway with {tunnel.where('address')} and a connection for it",
        )


def _sibling(design: Design, tunnel: Tunnel) -> Link:
    return design.ends[Tunnel(connection=tunnel.connection, number=3 - tunnel.number).where()]


def _ends_wrong(tunnel: Tunnel, found: Sequence[str]) -> Finding:
    inside = None if static(tunnel.connection) else tunnel.inside
    way = f"peer with an address of {inside}" if inside else "lead to its outside address"
    remedy = f"BGP peering address {inside[1]}" if inside else f"gateway_address {tunnel.where('address')}"
    return Finding(
        subject=tunnel.where(),
        evidence=f"{len(found)} Azure connections {way}" + (f" ({', '.join(found)})" if found else ""),
        remedy=f"Make one local network gateway and one connection for it, with {remedy}",
    )


def _idle_connections(design: Design) -> bool:
    """Whether an Azure connection leads to none of the tunnels."""
    used = {connection for end in design.ends.values() for connection in end.claims}
    return any(each.address not in used for each in design.azure_connections)


def no_forbidden_ranges(design: Design) -> Iterator[Finding]:
    """ADDR-06: no VNet, pod or service range is one that AKS cannot use."""
    clusters = design.of_type("azurerm_kubernetes_cluster")
    forbidden = AKS_RESERVED if clusters else (LINK_LOCAL,)
    for where, cidr in design.azure_ranges:
        for barred in forbidden:
            if cidr.overlaps(barred):
                reason = "AKS cannot use" if clusters else "the tunnels' inside addresses are in"
                yield Finding(
                    subject=where,
                    evidence=f"{cidr} overlaps {barred}, which {reason}",
                    remedy="Take another private range, e.g. from 10.0.0.0/8",
                )


def subnets_inside(design: Design) -> Iterator[Finding]:
    """ADDR-07: every subnet lies in the range of its VPC or VNet."""
    for subnet in design.of_type("aws_subnet"):
        vpc = design.join(subnet, "vpc_id", "aws_vpc")
        cidr, whole = network(subnet.get("cidr_block")), network(vpc.get("cidr_block")) if vpc else None
        others = [
            network(each.get("cidr_block")) for each in design.of_type("aws_vpc_ipv4_cidr_block_association")
        ]
        if cidr and whole and not any(cidr.subnet_of(each) for each in (whole, *others) if each):
            yield _outside(f"{subnet.address} cidr_block", cidr, whole)
    for subnet in design.of_type("azurerm_subnet"):
        vnet = design.join(subnet, "virtual_network_name", "azurerm_virtual_network")
        space = [cidr for text in items(vnet.get("address_space")) if (cidr := network(text))] if vnet else []
        for text in items(subnet.get("address_prefixes")):
            prefix = network(text)
            if prefix and space and not any(prefix.subnet_of(each) for each in space):
                yield _outside(f"{subnet.address} address_prefixes", prefix, *space)


def _outside(where: str, cidr: IPv4Network, *space: IPv4Network) -> Finding:
    return Finding(
        subject=where,
        evidence=f"{cidr} is not within {', '.join(map(str, space))}",
        remedy="Move it into the network's range, or add a range to the network",
    )


def both_sides(design: Design) -> Iterator[Finding]:
    """ALL-01: both clouds are in the plan; what belongs together in two plans cannot be compared."""
    for present, missing, cloud in (
        (design.vpn_connections, design.azure_connections, "Azure"),
        (design.azure_connections, design.vpn_connections, "AWS"),
    ):
        if not missing:
            yield Finding(
                subject=present[0].address if present else "the plan",
                evidence=f"no VPN connection of {cloud} is in this plan, so nothing that both ends must"
                f" share was checked",
                remedy="Plan both sides together, or waive this where the other side is somebody else's",
            )
