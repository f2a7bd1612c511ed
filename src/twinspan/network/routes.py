"""Which route a packet takes, in a VPC's route table or among the effective routes of an Azure subnet. Pure.

Both clouds take the longest prefix, and among routes to the same prefix the user's own, then one that a
gateway has learned, then one that the cloud has made. The routes of a network to itself come before learned
ones, also before more specific ones. What is not known of a route, e.g. in a plan, leaves open where the
packets go that it may take.

Sources: Amazon VPC User Guide, "How route priority works"; AWS Site-to-Site VPN User Guide, "Route tables and
AWS Site-to-Site VPN route priority"; Azure, "Virtual network traffic routing", "How Azure selects a route".
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Network

from twinspan.network.model import AwsRouteTable, AzureRouteTable
from twinspan.network.ranges import ANYWHERE, PRIVATE, SHARED
from twinspan.network.unknown import Unknown, known

LOCAL = "local"
"""Target of a VPC's routes to itself. Source: EC2 API, Route.GatewayId."""
VNET_LOCAL = "VnetLocal"
VIRTUAL_NETWORK_GATEWAY = "VirtualNetworkGateway"
NONE = "None"
INTERNET = "Internet"
"""Next hop types. Source: ARM, RouteNextHopType."""
SYSTEM_ORIGIN, USER_ORIGIN, PROPAGATED = "CreateRouteTable", "CreateRoute", "EnableVgwRoutePropagation"
"""`Route.Origin` of a route that AWS, the user or a gateway has made. Source: EC2 API, Route."""


class Source(IntEnum):
    """Who has made a route; among routes to one prefix the first wins."""

    USER = 1
    """Static in AWS, user-defined in Azure."""
    LEARNED = 2
    """By BGP, or from a connection's static routes."""
    SYSTEM = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route.

    Attributes:
        destination: Its prefix; None if that is not known.
        target: Where it leads: a gateway's id, or a next hop type; None if that is not known.
        source: Who has made it.
        active: Whether its target is there; else packets are dropped.
        known: Whether it is certainly there.
        name: What its cloud calls it.
    """

    destination: IPv4Network | None
    target: str | None
    source: Source
    active: bool = True
    known: bool = True
    name: str = ""

    @property
    def own(self) -> bool:
        """Whether it leads into its own network, so that no learned route comes before it."""
        return self.source is Source.SYSTEM and self.target in {LOCAL, VNET_LOCAL}


def best(routes: Iterable[Route], destination: IPv4Network) -> tuple[Route | None, ...]:
    """Return what packets to a prefix take, as far as no route is more specific than the prefix.

    Args:
        routes: Those in force, e.g. `aws_routes` of a table.
        destination: The prefix; of one packet, its address alone.

    Returns:
        One route, or None if there is none; several if something is not known: each of those that may win.
    """
    covering = [
        route for route in routes if route.destination is None or destination.subnet_of(route.destination)
    ]
    if any(route.own for route in covering):
        covering = [route for route in covering if route.source is not Source.LEARNED]
    certain = [route for route in covering if route.known and route.destination is not None]
    first = min(certain, key=_rank, default=None)
    others = [
        route for route in covering if route not in certain and (not first or _rank(route) < _rank(first))
    ]
    return (*others, first)


def ways(
    routes: Sequence[Route], destination: IPv4Network
) -> Iterator[tuple[IPv4Network, tuple[Route | None, ...]]]:
    """Yield the parts of a prefix, in order, each with what packets to it take; see `best`."""
    inside = [route.destination for route in routes if route.destination and route.destination != destination]
    if any(network.subnet_of(destination) for network in inside):
        for half in destination.subnets():
            yield from ways(routes, half)
    else:
        yield destination, best(routes, destination)


def _rank(route: Route) -> tuple[int, Source]:
    """A prefix that is not known may be the longest."""
    return -(route.destination.prefixlen if route.destination else 33), route.source


def aws_routes(table: AwsRouteTable[Unknown]) -> tuple[Route, ...]:
    """Return the routes of a VPC's route table."""
    return tuple(
        Route(
            destination=known(route.destination),
            target=known(route.target),
            source=_AWS_SOURCES.get(route.origin, Source.USER),
            active=route.state == "active",
        )
        for route in table.routes
    )


def azure_routes(
    user: Iterable[Route], *, address_space: Iterable[IPv4Network], learned: Iterable[IPv4Network]
) -> tuple[Route, ...]:
    """Return the effective routes of a subnet.

    Args:
        user: The user-defined ones.
        address_space: The VNet's ranges.
        learned: What the gateway knows; nothing if the subnet's route table keeps it out.
    """
    system = [
        *((network, VNET_LOCAL) for network in address_space),
        (ANYWHERE, INTERNET),
        *((network, NONE) for network in (*PRIVATE, SHARED)),
    ]
    return (
        *user,
        *(
            Route(destination=network, target=VIRTUAL_NETWORK_GATEWAY, source=Source.LEARNED)
            for network in learned
        ),
        *(Route(destination=network, target=hop, source=Source.SYSTEM) for network, hop in system),
    )


def user_routes(table: AzureRouteTable[Unknown] | None) -> tuple[Route, ...]:
    """Return the user-defined routes of a subnet's route table, if it has one."""
    return tuple(
        Route(
            destination=known(route.address_prefix),
            target=known(route.next_hop_type),
            source=Source.USER,
            name=known(route.name) or "",
        )
        for route in (table.routes if table else ())
    )


_AWS_SOURCES = {SYSTEM_ORIGIN: Source.SYSTEM, PROPAGATED: Source.LEARNED}
