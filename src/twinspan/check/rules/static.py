"""Designs without BGP: static routes at both ends, and the traffic selectors of a tunnel."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import product

from twinspan.check.design import Design, Link, blocks, items, known, network, static
from twinspan.check.findings import unclear
from twinspan.network.azure import GATEWAY_SUBNET
from twinspan.network.ranges import ANYWHERE
from twinspan.network.selectors import Pair, admit, admitted, azure_pairs, shown
from twinspan.project.plan import UNKNOWN
from twinspan.results import Finding

Range = tuple[str, IPv4Network]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """What one end routes into its tunnels by hand.

    Attributes:
        where: The object that holds the routes, and the argument.
        routes: The ranges; None if the plan does not tell them all.
        cloud: Which cloud they should lead to.
    """

    where: str
    routes: tuple[IPv4Network, ...] | None
    cloud: str


def both_static(design: Design) -> Iterator[Finding]:
    """STA-01: where AWS has static routes, Azure's connection speaks no BGP."""
    for link in design.links:
        if not link.aws_bgp and link.azure_bgp:
            yield Finding(
                subject=f"{link.tunnel.connection.address} static_routes_only",
                evidence=f"AWS is told to run no BGP, but {link.connection.address} expects a BGP peer",
                remedy="Set static_routes_only to false, or bgp_enabled of the Azure connection",
            )


def routes_lead_across(design: Design) -> Iterator[Finding]:
    """STA-02: the static routes of an end meet every range of the other cloud."""
    for side in _sides(design):
        if side.routes is None:
            yield unclear(side.where, "the plan does not tell the static routes")
            continue
        for where, cidr in _ranges(design, side.cloud) if side.routes else ():
            if not any(cidr.overlaps(route) for route in side.routes):
                yield Finding(
                    subject=side.where,
                    evidence=f"{_listed(side.routes)} leads to nothing of {cidr} ({where})",
                    remedy=f"Add {cidr}",
                )


def routes_reach_subnets(design: Design) -> Iterator[Finding]:
    """STA-03: the static routes of an end reach every subnet of the other cloud."""
    for side in _sides(design):
        met = [cidr for _, cidr in _ranges(design, side.cloud) if any(map(cidr.overlaps, side.routes or ()))]
        for where, cidr in _subnets(design, side.cloud):
            inside = any(cidr.subnet_of(whole) for whole in met)
            if side.routes and inside and not any(cidr.subnet_of(route) for route in side.routes):
                yield Finding(
                    subject=side.where,
                    evidence=f"{_listed(side.routes)} leaves out {cidr} ({where})",
                    remedy=f"Add {cidr}, or the whole range that it is in",
                )


def routes_apart(design: Design) -> Iterator[Finding]:
    """STA-04: no local network gateway of a connection overlaps the VNet."""
    seen = set()
    for connection in design.azure_connections:
        local = design.local_of(connection)
        for prefix in _networks(local.get("address_space")) if local else ():
            for where, cidr in _ranges(design, "azure"):
                if local and prefix.overlaps(cidr) and (local.address, prefix, cidr) not in seen:
                    seen.add((local.address, prefix, cidr))
                    yield Finding(
                        subject=f"{local.address} address_space",
                        evidence=f"{prefix} overlaps {cidr} of {where}; Azure refuses the connection"
                        " (ConnectionOverlappingAddressSpaces)",
                        remedy="Leave in it what is behind AWS alone",
                    )


def selectors_meet(design: Design) -> Iterator[Finding]:
    """SEL-01: the traffic selectors of both ends of a tunnel have something in common."""
    for link in design.links:
        if _selectors_open(design, link):
            yield unclear(_selectors_of(link), "the plan does not tell the traffic selectors of both ends")
        elif not _admitted(design, link):
            mine = _aws_selector(link)
            yield Finding(
                subject=_selectors_of(link),
                evidence=f"Azure's {shown(_azure_selectors(design, link))} have nothing in common with AWS's"
                f" {shown([mine])} ({link.tunnel.where()}); phase 2 fails",
                remedy="At AWS set local_ipv4_network_cidr to Azure's ranges, remote_ipv4_network_cidr to the"
                " VPC's",
            )


def selectors_admit_bgp(design: Design) -> Iterator[Finding]:
    """SEL-02: the traffic selectors of a tunnel with BGP admit its inside addresses."""
    for link in design.bgp_links:
        inside, pairs = link.tunnel.inside, _admitted(design, link)
        if inside is None or not pairs or _selectors_open(design, link):
            continue
        if not admit(pairs, (IPv4Network(inside[2]), IPv4Network(inside[1]))):
            yield Finding(
                subject=_selectors_of(link),
                evidence=f"{shown(pairs)} does not admit {inside[2]} to {inside[1]}; IPsec comes up and"
                " BGP stays down",
                remedy="Leave the traffic selectors of both ends at their default, any to any",
            )


def selectors_admit_networks(design: Design) -> Iterator[Finding]:
    """SEL-03: the traffic selectors of a tunnel admit everything between VNet and VPC."""
    for link in design.links:
        pairs = _admitted(design, link)
        if _selectors_open(design, link) or not pairs:
            continue
        ways = product(_ranges(design, "azure"), _ranges(design, "aws"))
        for azure, aws in ((here, there) for (_, here), (_, there) in ways):
            if not admit(pairs, (azure, aws)):
                yield Finding(
                    subject=_selectors_of(link),
                    evidence=f"{shown(pairs)} does not admit all between {azure} and {aws}"
                    f" ({link.tunnel.where()})",
                    remedy="Widen the selectors of both ends, or waive this where it is meant so",
                )


def one_selector_pair(design: Design) -> Iterator[Finding]:
    """SEL-04: a tunnel has one pair of traffic selectors; AWS keeps one pair of security associations."""
    for link in design.links:
        pairs = _azure_selectors(design, link)
        if not _selectors_open(design, link) and len(pairs) > 1:
            yield Finding(
                subject=_selectors_of(link),
                evidence=f"{len(pairs)} pairs ({shown(pairs)}); each new one ends the one before"
                f" ({link.tunnel.where()})",
                remedy="Summarise to one range on each side, or use any to any",
            )


def _sides(design: Design) -> Iterator[_Side]:
    """Yield the static routes of every end without BGP; ends that have none at all are other rules'."""
    routes = design.of_type("aws_vpn_connection_route")
    for connection in design.vpn_connections:
        own = [r for r in routes if design.join(r, "vpn_connection_id", "aws_vpn_connection") == connection]
        if static(connection) and own:
            told = [each.get("destination_cidr_block") for each in own]
            ranges = None if UNKNOWN in told else tuple(_networks(told))
            yield _Side(where=f"{connection.address} routes", routes=ranges, cloud="azure")
    for local in {link.local.address: link.local for link in design.static_links}.values():
        space = local.get("address_space")
        ranges = None if space is UNKNOWN else tuple(_networks(space))
        yield _Side(where=f"{local.address} address_space", routes=ranges, cloud="aws")


def _ranges(design: Design, cloud: str) -> Iterator[Range]:
    """Yield the ranges of the networks that have a gateway."""
    for vnet in design.connected_vnets if cloud == "azure" else ():
        for cidr in _networks(vnet.get("address_space")):
            yield f"{vnet.address} address_space", cidr
    associations = design.of_type("aws_vpc_ipv4_cidr_block_association")
    more = [each for each in associations if design.join(each, "vpc_id", "aws_vpc") in design.connected_vpcs]
    for each in (*design.connected_vpcs, *more) if cloud == "aws" else ():
        for cidr in _networks([each.get("cidr_block")]):
            yield f"{each.address} cidr_block", cidr


def _subnets(design: Design, cloud: str) -> Iterator[Range]:
    azure = cloud == "azure"
    for subnet in design.of_type("azurerm_subnet" if azure else "aws_subnet"):
        value = subnet.get("address_prefixes") if azure else [subnet.get("cidr_block")]
        if subnet.get("name") != GATEWAY_SUBNET and subnet.get("map_public_ip_on_launch") is not True:
            for cidr in _networks(value):
                yield subnet.address, cidr


def _networks(values: object) -> list[IPv4Network]:
    return [cidr for value in items(values) if (cidr := network(value)) is not None]


def _listed(ranges: Sequence[IPv4Network]) -> str:
    return ", ".join(map(str, ranges))


def _selectors_of(link: Link) -> str:
    return f"{link.connection.address} traffic_selector_policy"


def _aws_selector(link: Link) -> Pair:
    names = ("local_ipv4_network_cidr", "remote_ipv4_network_cidr")
    azure, aws = (network(link.tunnel.connection.get(name)) or ANYWHERE for name in names)
    return azure, aws


def _azure_selectors(design: Design, link: Link) -> tuple[Pair, ...]:
    given = [
        (azure, aws)
        for block in blocks(link.connection.get("traffic_selector_policy"))
        for azure in _networks(block.get("local_address_cidrs"))
        for aws in _networks(block.get("remote_address_cidrs"))
    ]
    return azure_pairs(
        policy_based=link.connection.get("use_policy_based_traffic_selectors") is True,
        given=given,
        address_space=[cidr for _, cidr in _ranges(design, "azure")],
        prefixes=_networks(link.local.get("address_space")),
    )


def _admitted(design: Design, link: Link) -> tuple[Pair, ...]:
    return admitted(_azure_selectors(design, link), _aws_selector(link))


def _selectors_open(design: Design, link: Link) -> bool:
    if link.connection.get("use_policy_based_traffic_selectors") is not True:
        return False
    own = link.connection.get("traffic_selector_policy")
    told = known(own) or (link.local.get("address_space") is not UNKNOWN and bool(design.vnet_ranges))
    return not told
