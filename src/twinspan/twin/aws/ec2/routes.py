"""VPC route tables: propagation from a virtual private gateway, and what each route's state is.

Source: EC2 API, EnableVgwRoutePropagation, Route; Amazon VPC User Guide, "Route priority" (a static
route wins over a propagated one to the same destination; local routes win over all propagated ones).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.internet_gateways import InternetGateway
from moto.ec2.models.route_tables import Route, RouteTable

from twinspan.network.model import TelemetryStatus
from twinspan.twin.aws.ec2.connection_views import tunnel_telemetry
from twinspan.twin.aws.ec2.connections import ConnectionBackend
from twinspan.twin.aws.ec2.errors import missing
from twinspan.twin.aws.ec2.gateways import TwinVpnGateway
from twinspan.twin.observed import ObservedState

_GATEWAY_PREFIXES = ("igw-", "vgw-", "vpce-")
_TARGETS = (
    "gateway_id",
    "instance_id",
    "nat_gateway_id",
    "egress_only_igw_id",
    "transit_gateway_id",
    "interface_id",
    "vpc_peering_connection_id",
    "carrier_gateway_id",
    "vpc_endpoint_id",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PropagatedRoute:
    """A route that a virtual private gateway put into a table."""

    destination: IPv4Network
    vpn_gateway_id: str


class RouteBackend(ConnectionBackend):
    """EC2 with route propagation."""

    propagations: dict[str, tuple[str, ...]]
    """Route table id -> the gateways that propagate into it, in the order they were enabled."""

    def enable_propagation(self, route_table_id: str, vpn_gateway_id: str) -> None:
        """Let a gateway put its routes into a table; once more is fine."""
        table = self.get_route_table(route_table_id)
        gateway = self.live_vpn_gateway(vpn_gateway_id)
        if gateway.attached_vpc_id != table.vpc_id:
            raise EC2ClientError(
                "Gateway.NotAttached", f"resource {vpn_gateway_id} is not attached to network {table.vpc_id}"
            )
        enabled = self.propagations.get(route_table_id, ())
        if vpn_gateway_id not in enabled:
            self.propagations[route_table_id] = (*enabled, vpn_gateway_id)

    def disable_propagation(self, route_table_id: str, vpn_gateway_id: str) -> None:
        """Take a gateway's routes out of a table; if there are none, nothing happens."""
        self.get_route_table(route_table_id)
        self.live_vpn_gateway(vpn_gateway_id)
        enabled = self.propagations.get(route_table_id, ())
        self.propagations[route_table_id] = tuple(gateway for gateway in enabled if gateway != vpn_gateway_id)

    def propagating_gateways(self, table: RouteTable) -> list[TwinVpnGateway]:
        """Return the gateways, not deleted, with propagation into a table."""
        gateways = (self.vpn_gateways.get(name) for name in self.propagations.get(table.id, ()))
        return [
            gateway
            for gateway in gateways
            if isinstance(gateway, TwinVpnGateway) and gateway.state != "deleted"
        ]

    def propagated_routes(self, table: RouteTable, board: ObservedState) -> list[PropagatedRoute]:
        """Return what propagation puts into a table now, by destination."""
        own = [IPv4Network(block) for block in self._vpc_cidr_blocks(table.vpc_id)]
        static = {route.destination_cidr_block for route in table.routes}
        routes = [
            PropagatedRoute(destination=prefix, vpn_gateway_id=gateway.id)
            for gateway in self.propagating_gateways(table)
            if gateway.attached_vpc_id == table.vpc_id
            for prefix in sorted(set(self._prefixes(gateway.id, board)))
        ]
        return [
            route
            for route in routes
            if str(route.destination) not in static
            and not any(route.destination.subnet_of(block) for block in own)
        ]

    def create_route(self, route_table_id: str, *args: Any, **kwargs: Any) -> Route:  # noqa: ANN401 - moto's own
        """Create a route; moto would also take one that leads nowhere."""
        gateway_id = kwargs.get("gateway_id")
        if not kwargs.get("local") and not any(kwargs.get(name) for name in _TARGETS):
            raise missing("GatewayId")
        if gateway_id is not None:
            self._check_gateway(route_table_id, gateway_id)
        nat_gateway_id = kwargs.get("nat_gateway_id")
        if nat_gateway_id is not None and nat_gateway_id not in self.nat_gateways:
            raise EC2ClientError(
                "InvalidNatGatewayID.NotFound", f"The natGateway ID '{nat_gateway_id}' does not exist"
            )
        self._name_interface(kwargs)
        # Moto looks for the same destination only if the target is no interface.
        destination = kwargs.get("destination_cidr_block") or next(iter(args), None)
        routes = self.get_route_table(route_table_id).routes
        if any(route.destination_cidr_block == destination for route in routes):
            raise EC2ClientError(
                "RouteAlreadyExists", f"The route identified by {destination} already exists."
            )
        return super().create_route(route_table_id, *args, **kwargs)

    def replace_route(self, *args: Any, **kwargs: Any) -> Route:  # noqa: ANN401 - moto's own
        """Replace a route."""
        self._name_interface(kwargs)
        return super().replace_route(*args, **kwargs)

    def _name_interface(self, target: dict[str, Any]) -> None:
        """Put the interface in place of its instance, as EC2 does.

        Raises:
            EC2ClientError: The instance has several.
        """
        instance_id = target.pop("instance_id", None)
        if instance_id is None:
            return
        interfaces = self.get_instance(instance_id).network_interfaces
        if len(interfaces) != 1:
            raise EC2ClientError(
                "InvalidInstanceID",
                f"There are multiple interfaces attached to instance '{instance_id}'. Please specify an"
                " interface ID for the operation instead.",
            )
        target["interface_id"] = interfaces[0].id

    def delete_route_table(self, route_table_id: str) -> None:
        """Delete a table, and what propagates into it."""
        super().delete_route_table(route_table_id)
        self.propagations.pop(route_table_id, None)

    def _check_gateway(self, route_table_id: str, gateway_id: str) -> None:
        if not gateway_id.startswith(_GATEWAY_PREFIXES):
            raise EC2ClientError("InvalidGatewayID.NotFound", f"The gateway ID '{gateway_id}' does not exist")
        if not gateway_id.startswith("vgw-"):
            return
        table = self.get_route_table(route_table_id)
        if self.live_vpn_gateway(gateway_id).attached_vpc_id != table.vpc_id:
            raise EC2ClientError(
                "InvalidParameterValue",
                f"route table {route_table_id} and network gateway {gateway_id} belong to different networks",
            )

    def _prefixes(self, vpn_gateway_id: str, board: ObservedState) -> Iterable[IPv4Network]:
        yield from board.latest().vgw_routes.get(vpn_gateway_id, ())
        for connection in self.live_connections():
            if connection.vpn_gateway_id != vpn_gateway_id:
                continue
            if connection.connection_options.static_routes_only and any(
                tunnel_telemetry(connection, tunnel, board).status is TelemetryStatus.UP
                for tunnel in connection.tunnel_options
            ):
                yield from connection.routes

    def _vpc_cidr_blocks(self, vpc_id: str) -> Sequence[str]:
        associations = self.get_vpc(vpc_id).get_cidr_block_association_set(ipv6=False)
        return [association["cidr_block"] for association in associations]


def route_state(route: Route, board: ObservedState) -> str:
    """Return `blackhole` if what a route leads to is not there, or not plugged in, else `active`."""
    interface: NetworkInterface | None = route.interface
    if interface is not None:
        return "active" if interface.id in board.latest().interfaces else "blackhole"
    gateway: object = route.gateway  # moto's annotation knows one kind of gateway only
    vpc_id = route.route_table.vpc_id
    if isinstance(gateway, TwinVpnGateway) and gateway.attached_vpc_id != vpc_id:
        return "blackhole"
    if isinstance(gateway, InternetGateway) and vpc_id not in {a["VpcId"] for a in gateway.attachments}:
        return "blackhole"
    if route.nat_gateway is not None and route.nat_gateway.state == "deleted":
        return "blackhole"
    return "active"
