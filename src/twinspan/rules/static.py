"""Designs without BGP: static routes at both ends, and the traffic selectors of a tunnel."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import product

from twinspan.network.azure import GATEWAY_SUBNET
from twinspan.network.model import LocalNetworkGateway
from twinspan.network.ranges import ANYWHERE
from twinspan.network.selectors import Pair, admit, admitted, azure_pairs, shown
from twinspan.network.unknown import UNKNOWN, Unknown, known
from twinspan.results import Finding, unclear
from twinspan.rules.design import Design
from twinspan.rules.parts import Link, static, subject
from twinspan.rules.shell import add_static_route, az_network, correct_local_gateway, show_static_routes

Range = tuple[str, IPv4Network]
OVERLAP = "overlapping prefixes"
"""What every packet stands on: a prefix of the VNet that leads into a tunnel takes its own hosts away."""
_SELECTORS_FAILED = "TrafficSelectorMismatch (Network Watcher), TS_UNACCEPTABLE (RFC 7296)"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """What one end routes into its tunnels by hand.

    Attributes:
        where: The object that holds the routes, and the argument.
        routes: The ranges; None if the plan does not tell them all.
        cloud: Which cloud they should lead to.
        owner: Id of the object that holds them.
    """

    where: str
    routes: tuple[IPv4Network, ...] | None
    cloud: str
    owner: str


def both_static(design: Design) -> Iterator[Finding]:
    """STA-01: where AWS has static routes, Azure's connection speaks no BGP."""
    for link in design.links:
        if not link.aws_bgp and link.azure_bgp:
            yield Finding(
                subject=subject(link.tunnel.connection, "static_routes_only"),
                evidence=f"AWS is told to run no BGP, but {subject(link.connection)} expects a BGP peer",
                remedy="Set static_routes_only to false, or bgp_enabled of the Azure connection",
                branch=link.branch,
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
                    command=_show(design, side),
                    remedy=_add(design, side, cidr),
                    branch=side.owner,
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
                    command=_show(design, side),
                    remedy=f"{_add(design, side, cidr)}, or the whole range that it is in",
                    branch=side.owner,
                )


def routes_apart(design: Design) -> Iterator[Finding]:
    """STA-04: no local network gateway of a connection overlaps the VNet."""
    joined = {connection.local_network_gateway_id for connection in design.azure_connections}
    for local in (local_gateway for local_gateway in design.local_gateways if local_gateway.id in joined):
        pairs = product(dict.fromkeys(_networks(local.address_prefixes)), _ranges(design, "azure"))
        for prefix, (where, cidr) in pairs:
            if prefix.overlaps(cidr):
                yield Finding(
                    subject=subject(local, "address_space"),
                    evidence=f"{prefix} overlaps {cidr} of {where}; Azure refuses the connection"
                    " (ConnectionOverlappingAddressSpaces)",
                    command=design.of_what_exists(_show_prefixes(local.id)),
                    remedy=design.of_what_exists(
                        _without_overlaps(design, local), planned="Leave in it what is behind AWS alone"
                    ),
                    branch=OVERLAP,
                )


def _without_overlaps(design: Design, local: LocalNetworkGateway[Unknown]) -> str:
    own = [cidr for _, cidr in _ranges(design, "azure")]
    right = [str(p) for p in _networks(local.address_prefixes) if not any(map(p.overlaps, own))]
    return correct_local_gateway(local.id, f"--address-prefixes {' '.join(right)}")


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
                command=_show_selectors(design, link),
                remedy="At AWS set local_ipv4_network_cidr to Azure's ranges, remote_ipv4_network_cidr to the"
                " VPC's",
                fault=_SELECTORS_FAILED,
                branch=link.branch,
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
                command=_show_selectors(design, link),
                remedy="Leave the traffic selectors of both ends at their default, any to any",
                branch=link.branch,
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
                    command=_show_selectors(design, link),
                    remedy="Widen the selectors of both ends, or waive this where it is meant so",
                    branch=link.branch,
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
                command=_show_selectors(design, link),
                remedy="Summarise to one range on each side, or use any to any",
                branch=link.branch,
            )


def _show(design: Design, side: _Side) -> str:
    if side.cloud == "aws":
        return design.of_what_exists(_show_prefixes(side.owner))
    return design.of_what_exists(show_static_routes(side.owner, region=design.region_of(side.owner)))


def _add(design: Design, side: _Side, cidr: IPv4Network) -> str:
    planned = f"Add {cidr}"
    if side.cloud == "aws":
        prefixes = " ".join(map(str, (*(side.routes or ()), cidr)))
        correct = correct_local_gateway(side.owner, f"--address-prefixes {prefixes}")
        return design.of_what_exists(correct, planned=planned)
    add = add_static_route(side.owner, cidr, region=design.region_of(side.owner))
    return design.of_what_exists(add, planned=planned)


def _show_prefixes(local_gateway: str) -> str:
    return az_network("local-gateway show", local_gateway, "--query localNetworkAddressSpace")


def _show_selectors(design: Design, link: Link) -> str:
    members = '--query "[usePolicyBasedTrafficSelectors,trafficSelectorPolicies]"'
    return design.of_what_exists(az_network("vpn-connection show", link.connection.id, members))


def _sides(design: Design) -> Iterator[_Side]:
    """Yield the static routes of every end without BGP; ends that have none at all are other rules'."""
    for connection in design.crossing:
        if static(connection) and connection.static_routes:
            routes = _all_known(connection.static_routes)
            where = subject(connection, "routes")
            yield _Side(where=where, routes=routes, cloud="azure", owner=connection.id)
    for local in {link.local.id: link.local for link in design.static_links}.values():
        routes = _all_known(local.address_prefixes)
        yield _Side(where=subject(local, "address_space"), routes=routes, cloud="aws", owner=local.id)


def _all_known(ranges: Iterable[IPv4Network | Unknown]) -> tuple[IPv4Network, ...] | None:
    return None if UNKNOWN in ranges else tuple(_networks(ranges))


def _ranges(design: Design, cloud: str) -> Iterator[Range]:
    """Yield the ranges of the networks that have a gateway."""
    for vnet in design.connected_vnets if cloud == "azure" else ():
        for cidr in _networks(vnet.address_space):
            yield subject(vnet, "address_space"), cidr
    for vpc in design.connected_vpcs if cloud == "aws" else ():
        for cidr in _networks(vpc.cidr_blocks):
            yield subject(vpc, "cidr_block"), cidr


def _subnets(design: Design, cloud: str) -> Iterator[Range]:
    for _, subnet in design.azure_subnets_of if cloud == "azure" else ():
        for cidr in _networks(subnet.address_prefixes) if subnet.name != GATEWAY_SUBNET else ():
            yield subject(subnet), cidr
    for aws_subnet in design.aws.subnets if cloud == "aws" else ():
        for cidr in (
            _networks([aws_subnet.cidr_block]) if aws_subnet.map_public_ip_on_launch is not True else ()
        ):
            yield subject(aws_subnet), cidr


def _networks(values: Iterable[IPv4Network | Unknown]) -> list[IPv4Network]:
    return [value for value in values if isinstance(value, IPv4Network)]


def _listed(ranges: Sequence[IPv4Network]) -> str:
    return ", ".join(map(str, ranges))


def _selectors_of(link: Link) -> str:
    return subject(link.connection, "traffic_selector_policy")


def _aws_selector(link: Link) -> Pair:
    connection = link.tunnel.connection
    azure, aws = connection.local_ipv4_network_cidr, connection.remote_ipv4_network_cidr
    return known(azure) or ANYWHERE, known(aws) or ANYWHERE


def _azure_selectors(design: Design, link: Link) -> tuple[Pair, ...]:
    return azure_pairs(
        policy_based=link.connection.use_policy_based_traffic_selectors is True,
        given=[
            (azure, aws)
            for policy in link.connection.traffic_selector_policies
            for azure in _networks(policy.local_address_ranges)
            for aws in _networks(policy.remote_address_ranges)
        ],
        address_space=[cidr for _, cidr in _ranges(design, "azure")],
        prefixes=_networks(link.local.address_prefixes),
    )


def _admitted(design: Design, link: Link) -> tuple[Pair, ...]:
    return admitted(_azure_selectors(design, link), _aws_selector(link))


def _selectors_open(design: Design, link: Link) -> bool:
    given = [
        cidr
        for policy in link.connection.traffic_selector_policies
        for cidr in (*policy.local_address_ranges, *policy.remote_address_ranges)
    ]
    if given:
        return UNKNOWN in given
    policy_based = link.connection.use_policy_based_traffic_selectors is True
    return policy_based and (UNKNOWN in link.local.address_prefixes or not design.vnet_ranges)
