"""Addresses: ranges that must not meet, and the inside ranges of the tunnels."""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network

from twinspan.network.links import TunnelLink
from twinspan.network.model import AzureConnection
from twinspan.network.ranges import (
    AKS_RESERVED,
    AWS_RESERVED_INSIDE,
    INSIDE_LENGTH,
    LINK_LOCAL,
    apipa,
    is_apipa,
)
from twinspan.network.unknown import UNKNOWN, Unknown, known
from twinspan.results import Finding, unclear
from twinspan.rules.design import Design
from twinspan.rules.parts import Named, Tunnel, static, subject
from twinspan.rules.shell import correct_local_gateway, show_bgp_settings

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
    # A VNet without an address is not in the plan, but a subnet of it is.
    vnets = [vnet for vnet in design.vnets if vnet.address or not design.planned]
    for there, what in ((design.vpcs, "VPC"), (vnets, "VNet")):
        if design.both_clouds and not there:
            yield unclear(f"the {what}", "it is not in this plan, so its ranges could not be compared")
    for vpc in design.vpcs:
        if _open(vpc.cidr_blocks):
            yield unclear(subject(vpc, "cidr_block"), "the plan does not tell the VPC's range")
    for vnet in vnets:
        if _open(vnet.address_space):
            yield unclear(subject(vnet, "address_space"), "the plan does not tell the VNet's ranges")


def _open(ranges: Sequence[IPv4Network | Unknown]) -> bool:
    return not ranges or any(isinstance(cidr, Unknown) for cidr in ranges)


def cluster_ranges_apart(design: Design) -> Iterator[Finding]:
    """ADDR-08: the pod and service ranges of a cluster are outside its own network."""
    for eks in design.eks_clusters:
        vpcs = [vpc for vpc in design.vpcs if vpc.id == eks.vpc_id] or design.vpcs
        own = [cidr for vpc in vpcs for cidr in vpc.cidr_blocks]
        yield from _in_own_network(subject(eks, "service_ipv4_cidr"), eks.service_ipv4_cidr, own)
    for aks in design.aks_clusters:
        vnets = design.vnets_of(aks) or design.vnets
        own = [cidr for vnet in vnets for cidr in vnet.address_space]
        yield from _in_own_network(subject(aks, "pod_cidr"), aks.pod_cidr, own)
        yield from _in_own_network(subject(aks, "service_cidr"), aks.service_cidr, own)


def _in_own_network(
    where: str, cidr: IPv4Network | Unknown | None, own: Sequence[IPv4Network | Unknown]
) -> Iterator[Finding]:
    for other in own:
        if isinstance(cidr, IPv4Network) and isinstance(other, IPv4Network) and cidr.overlaps(other):
            yield Finding(
                subject=where,
                evidence=f"{cidr} overlaps {other}, the network that the cluster is in",
                remedy="Take another private range; nodes would look for these addresses in the cluster",
            )


def inside_fits_both(design: Design) -> Iterator[Finding]:
    """ADDR-02: every inside range is an aligned /30 that AWS and, with BGP, Azure accept."""
    to_azure = {link.tunnel.id for link in design.bgp_links}
    for tunnel in design.tunnels:
        maybe = design.planned and design.dynamic and not static(tunnel.connection)
        azure = tunnel.id in to_azure or (maybe and _led_to(design, tunnel))
        where, value = tunnel.where("inside_cidr"), tunnel.options.inside_cidr
        written = design.written(tunnel.connection, f"tunnel{tunnel.number}_inside_cidr")
        text = written or str(tunnel.inside or "")
        if text:
            problem = inside_problem(text, azure=azure)
            if problem:
                yield Finding(subject=where, evidence=f"{text} {problem}", remedy=_TAKE)
        elif azure:
            if value is UNKNOWN:
                yield unclear(where, "the plan does not tell the inside range")
            else:
                yield Finding(
                    subject=where,
                    evidence="not set, so AWS picks one, which Azure will hardly accept",
                    remedy=_TAKE,
                )


def _led_to(design: Design, tunnel: Tunnel) -> bool:
    """Whether an Azure connection leads to a tunnel, or may: the sibling of one that is used may be spare."""
    if tunnel.connection not in design.crossing:
        return False
    end = design.ends[tunnel.id]
    may = end.claims or _maybe(design, end) or _idle_connections(design)
    return bool(may) or not _sibling_ends(design, tunnel)


def _maybe(design: Design, end: TunnelLink[Unknown]) -> tuple[AzureConnection[Unknown], ...]:
    """Return the Azure connections that may lead to a tunnel, without those that lead elsewhere."""
    return tuple(connection for connection in end.maybe if connection in design.azure_crossing)


def inside_problem(text: str, *, azure: bool) -> str:
    """Return why a tunnel cannot have this inside range; empty if it can.

    Args:
        text: The range as written.
        azure: Whether the far end is an Azure VPN gateway, which takes a part of the range only.
    """
    try:
        lenient = IPv4Network(text, strict=False)
    except ValueError:
        return "is no range"
    problems = (
        ("/" not in text, "is no range"),
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
        other = next((first for cidr, first in seen.items() if cidr.overlaps(tunnel.inside)), None)
        if other is not None:
            yield Finding(
                subject=tunnel.where("inside_cidr"),
                evidence=f"{tunnel.inside} is already {other.where('inside_cidr')}",
                remedy="Give every tunnel a range of its own",
            )
        seen.setdefault(tunnel.inside, tunnel)


def right_ends(design: Design) -> Iterator[Finding]:
    """ADDR-04: AWS has the first host of the inside range; Azure's peer is that address."""
    for link in design.links:
        peer = known(link.local.bgp_peering_address)
        inside = link.tunnel.inside
        if inside is not None and peer is not None and peer != inside[1]:
            yield Finding(
                subject=subject(link.local, "bgp_settings.bgp_peering_address"),
                evidence=f"{peer} is not AWS's end of {inside}, which is always the first host, {inside[1]}",
                command=design.of_what_exists(show_bgp_settings(link.local.id)),
                remedy=design.of_what_exists(
                    correct_local_gateway(link.local.id, f"--bgp-peering-address {inside[1]}"),
                    planned=f"Set it to {inside[1]}; {inside[2]} is Azure's",
                ),
                branch=link.branch,
            )


def every_tunnel_ends(design: Design) -> Iterator[Finding]:
    """ADDR-05: every AWS connection has an Azure one at its other end, and no tunnel has two."""
    for tunnel, end in _ends(design):
        if len(end.claims) > 1:
            yield _ends_wrong(tunnel, end.claims)
        elif maybe := _maybe(design, end):
            yield unclear(tunnel.where(), f"whether {subject(maybe[0])} ends it is not in the plan")
        elif not end.claims and (_idle_connections(design) or not _sibling_ends(design, tunnel)):
            yield _ends_wrong(tunnel, ())


def tunnel_left_alone(design: Design) -> Iterator[Finding]:
    """RED-06: both tunnels of every AWS connection are used; AWS maintains one endpoint at a time."""
    for tunnel, end in _ends(design):
        if (
            end.claims
            or _maybe(design, end)
            or not _sibling_ends(design, tunnel)
            or _idle_connections(design)
        ):
            continue
        yield Finding(
            subject=tunnel.where(),
            evidence="no Azure connection ends it; while AWS maintains the endpoint of the other tunnel,"
            " nothing passes",
            remedy=f"Make a local network gateway with {tunnel.where('address')} and a connection for it",
        )


def _ends(design: Design) -> Iterator[tuple[Tunnel, TunnelLink[Unknown]]]:
    """Yield the tunnels that lead, or may lead, to Azure: those that exist may lead elsewhere."""
    crossing = design.crossing
    for tunnel in design.tunnels if design.both_clouds else ():
        end = design.ends[tunnel.id]
        if tunnel.connection not in crossing:
            continue
        if design.planned or end.instance or end.claims:
            yield tunnel, end


def _sibling_ends(design: Design, tunnel: Tunnel) -> bool:
    """Whether the other tunnel of its connection has an end."""
    others = [
        sibling for sibling in design.tunnels if sibling.connection == tunnel.connection and sibling != tunnel
    ]
    return any(design.ends[other.id].claims for other in others)


def _ends_wrong(tunnel: Tunnel, connections: Sequence[AzureConnection[Unknown]]) -> Finding:
    inside = None if static(tunnel.connection) else tunnel.inside
    way = f"peer with an address of {inside}" if inside else "lead to its outside address"
    remedy = f"BGP peering address {inside[1]}" if inside else f"gateway_address {tunnel.where('address')}"
    return Finding(
        subject=tunnel.where(),
        evidence=f"{len(connections)} Azure connections {way}"
        + (f" ({', '.join(map(subject, connections))})" if connections else ""),
        remedy=f"Make one local network gateway and one connection for it, with {remedy}",
        branch=tunnel.branch,
    )


def _idle_connections(design: Design) -> bool:
    """Whether an Azure connection is planned that leads to none of the tunnels."""
    used = {connection.id for end in design.ends.values() for connection in end.claims}
    return design.planned and any(connection.id not in used for connection in design.azure_crossing)


def no_forbidden_ranges(design: Design) -> Iterator[Finding]:
    """ADDR-06: no VNet, pod or service range is one that AKS cannot use."""
    forbidden = AKS_RESERVED if design.aks_clusters else (LINK_LOCAL,)
    for where, cidr in design.azure_ranges:
        for barred in forbidden:
            if cidr.overlaps(barred):
                reason = "AKS cannot use" if design.aks_clusters else "the tunnels' inside addresses are in"
                yield Finding(
                    subject=where,
                    evidence=f"{cidr} overlaps {barred}, which {reason}",
                    remedy="Take another private range, e.g. from 10.0.0.0/8",
                )


def subnets_inside(design: Design) -> Iterator[Finding]:
    """ADDR-07: every subnet lies in the range of its VPC or VNet."""
    associated_elsewhere = design.unplaced("aws_vpc_ipv4_cidr_block_association")
    vpcs = {vpc.id: vpc for vpc in design.aws.vpcs if not associated_elsewhere}
    for subnet in design.aws.subnets:
        vpc = vpcs.get(subnet.vpc_id) if isinstance(subnet.vpc_id, str) else None
        if vpc:
            yield from _outside(subject(subnet, "cidr_block"), (subnet.cidr_block,), vpc.cidr_blocks)
    for vnet, part in design.azure_subnets_of:
        yield from _outside(subject(part, "address_prefixes"), part.address_prefixes, vnet.address_space)


def _outside(
    where: str, prefixes: Sequence[IPv4Network | Unknown], space: Sequence[IPv4Network | Unknown]
) -> Iterator[Finding]:
    """Yield what is not within a network whose ranges are all known."""
    whole = [cidr for cidr in space if isinstance(cidr, IPv4Network)]
    for prefix in () if _open(space) else prefixes:
        if isinstance(prefix, IPv4Network) and not any(prefix.subnet_of(cidr) for cidr in whole):
            yield Finding(
                subject=where,
                evidence=f"{prefix} is not within {', '.join(map(str, whole))}",
                remedy="Move it into the network's range, or add a range to the network",
            )


def both_sides(design: Design) -> Iterator[Finding]:
    """ALL-01: both clouds are in the plan; what belongs together in two plans cannot be compared."""
    what = "plan" if design.planned else "network"
    sides: tuple[tuple[Sequence[Named], Sequence[Named], str], ...] = (
        (design.vpn_connections, design.azure_connections, "Azure"),
        (design.azure_connections, design.vpn_connections, "AWS"),
    )
    for present, missing, cloud in sides:
        if not missing:
            yield Finding(
                subject=subject(present[0]) if present else f"the {what}",
                evidence=f"no VPN connection of {cloud} is in this {what}, so nothing that both ends must"
                f" share was checked",
                remedy=f"{'Plan' if design.planned else 'Read'} both sides together, or waive this where the"
                " other side is somebody else's",
            )
