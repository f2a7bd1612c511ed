"""Microsoft.Network/routeTables and their routes."""

from collections.abc import Mapping
from typing import ClassVar

from typing_extensions import override

from twinspan.network.limits import ROUTE_TABLE_ROUTES
from twinspan.twin.azure.documents import JsonObject, objects, properties, text
from twinspan.twin.azure.errors import ArmError, bad_request
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types import addresses
from twinspan.twin.azure.types.base import Context, Put, ResourceType, reference_list

_APPLIANCE = "VirtualAppliance"


class _Routes(ResourceType):
    type = "Microsoft.Network/routeTables/routes"
    model = "Route"

    @override
    def check(self, context: Context, put: Put) -> None:
        parent = put.id.parent
        if parent is None or context.store.get(parent) is None:
            raise ArmError(404, "ParentResourceNotFound", f"The route table of {put.id} was not found.")
        siblings = [
            route.body for route in context.store.children(parent, "routes") if route.id.key != put.id.key
        ]
        _check_count(len(siblings) + 1, parent)
        _check_route(put.id, put.body, siblings)

    @override
    def decorate(self, context: Context, resource: Resource, members: JsonObject, *, listed: bool) -> None:
        members["hasBgpOverride"] = False


class _RouteTables(ResourceType):
    type = "Microsoft.Network/routeTables"
    model = "RouteTable"
    parts: ClassVar[Mapping[str, str]] = {"routes": _Routes.type}

    @override
    def check(self, context: Context, put: Put) -> None:
        routes = objects(put.properties, "routes")
        _check_count(len(routes), put.id)
        for index, route in enumerate(routes):
            name = text(route, "name")
            if name is None:
                raise bad_request("InvalidResourceName", f"A route of {put.id} has no name.")
            _check_route(put.id.child("routes", name), route, routes[:index])

    @override
    def decorate(self, context: Context, resource: Resource, members: JsonObject, *, listed: bool) -> None:
        members.setdefault("disableBgpRoutePropagation", False)
        members["routes"] = [
            ROUTES.render(context, route) for route in context.store.children(resource.id, "routes")
        ]
        subnets = _subnets(context, resource.id)
        if subnets:
            members["subnets"] = reference_list(subnets)

    @override
    def refuse_delete(self, context: Context, resource: Resource) -> None:
        subnets = _subnets(context, resource.id)
        if subnets:
            raise bad_request(
                "InUseRouteTableCannotBeDeleted",
                f"Route table {resource.id.name} is in use and cannot be deleted. It is used by "
                f"{', '.join(subnets)}.",
            )


def _subnets(context: Context, table: ResourceId) -> list[str]:
    """Return the ids of the subnets that use a table."""
    return [str(user.id) for user, _ in context.store.users(table)]


def _check_count(number: int, table: ResourceId) -> None:
    addresses.check_count(
        number, ROUTE_TABLE_ROUTES, what="routes", where=str(table), code="RouteCountLimitReached"
    )


def _check_route(route: ResourceId, body: JsonObject, siblings: list[JsonObject]) -> None:
    """Refuse a route that is not complete or has a sibling's prefix."""
    members = properties(body)
    prefix = text(members, "addressPrefix")
    if prefix is None:
        raise bad_request("InvalidAddressPrefixFormat", f"Route {route} has no addressPrefix.")
    if prefix[0].isdigit():  # the other kind is a service tag, e.g. `Storage`
        addresses.network(prefix, where=str(route))
    hop = text(members, "nextHopIpAddress")
    kind = text(members, "nextHopType")
    if kind == _APPLIANCE and hop is None:
        raise bad_request(
            "MissingNextHopIpAddress", f"Route {route} needs nextHopIpAddress: its next hop is {_APPLIANCE}."
        )
    if kind != _APPLIANCE and hop is not None:
        raise bad_request(
            "NextHopIpAddressNotAllowed",
            f"Route {route} has nextHopIpAddress {hop}, which only goes with {_APPLIANCE}.",
        )
    if hop is not None:
        addresses.address(hop, where=str(route))
    for sibling in siblings:
        if text(sibling, "properties", "addressPrefix") == prefix:
            raise bad_request(
                "RouteConflict",
                f"Route {route.name} conflicts with existing route {text(sibling, 'name')}: both have the "
                f"address prefix {prefix}.",
            )


ROUTES = _Routes()
"""Source: Routes - Create Or Update (REST); Virtual network traffic routing for next hops."""
ROUTE_TABLES = _RouteTables()
"""Source: Route Tables - Create Or Update (REST)."""
