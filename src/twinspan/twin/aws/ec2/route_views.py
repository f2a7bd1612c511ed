"""VPC route tables as the EC2 API answers them. Source: EC2 API, DescribeRouteTables."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.route_tables import Route, RouteTable

from twinspan.twin.aws.ec2.filters import Filterable
from twinspan.twin.aws.ec2.routes import PropagatedRoute, RouteBackend, route_state
from twinspan.twin.aws.ec2.tags import tag_list, tags_of
from twinspan.twin.observed import ObservedState

Wire = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTableView:
    """One table with all its routes, propagated ones too."""

    table: RouteTable
    routes: tuple[Mapping[str, str | None], ...]
    propagating_vgws: tuple[str, ...]

    def wire(self) -> Wire:
        """Return it in the shape of `RouteTable`."""
        return {
            "RouteTableId": self.table.id,
            "VpcId": self.table.vpc_id,
            "OwnerId": self.table.owner_id,
            "Associations": self.table.associations,
            "Tags": tag_list(self.table),
            "PropagatingVgws": [{"GatewayId": name} for name in self.propagating_vgws],
            "Routes": self.routes,
        }


def route_table_view(table: RouteTable, backend: RouteBackend, board: ObservedState) -> RouteTableView:
    """Return a table as it is now."""
    propagated = backend.propagated_routes(table, board)
    return RouteTableView(
        table=table,
        routes=(*(_route(route, board) for route in table.routes), *map(_propagated, propagated)),
        propagating_vgws=tuple(gateway.id for gateway in backend.propagating_gateways(table)),
    )


def _route(route: Route, board: ObservedState) -> Mapping[str, str | None]:
    interface: NetworkInterface | None = route.interface
    instance = interface.instance if interface is not None else None
    return {
        "DestinationCidrBlock": route.destination_cidr_block,
        "DestinationIpv6CidrBlock": route.destination_ipv6_cidr_block,
        "DestinationPrefixListId": route.destination_prefix_list_id,
        "EgressOnlyInternetGatewayId": route.egress_only_internet_gateway_id,
        "GatewayId": route.gateway_id,
        "InstanceId": instance.id if instance is not None else None,
        "InstanceOwnerId": instance.owner_id if instance is not None else None,
        "NatGatewayId": route.nat_gateway_id,
        "TransitGatewayId": route.transit_gateway_id,
        "CarrierGatewayId": route.carrier_gateway_id,
        "NetworkInterfaceId": interface.id if interface is not None else None,
        "VpcPeeringConnectionId": route.vpc_peering_connection_id,
        "Origin": route.origin,
        "State": route_state(route, board),
    }


def _propagated(route: PropagatedRoute) -> Mapping[str, str | None]:
    return {
        "DestinationCidrBlock": str(route.destination),
        "GatewayId": route.vpn_gateway_id,
        "Origin": "EnableVgwRoutePropagation",
        "State": "active",
    }


def _of_routes(member: str) -> Callable[[RouteTableView], Iterable[str]]:
    return lambda view: [value for route in view.routes if (value := route.get(member)) is not None]


def _of_associations(member: str) -> Callable[[RouteTableView], Iterable[str]]:
    return lambda view: [entry[member] for entry in view.table.associations if member in entry]


FILTERABLE: Filterable[RouteTableView] = Filterable(
    fields={
        "association.gateway-id": _of_associations("GatewayId"),
        "association.main": lambda view: [str(e["Main"]).lower() for e in view.table.associations],
        "association.route-table-association-id": _of_associations("RouteTableAssociationId"),
        "association.route-table-id": _of_associations("RouteTableId"),
        "association.subnet-id": _of_associations("SubnetId"),
        "owner-id": lambda view: [view.table.owner_id],
        "route-table-id": lambda view: [view.table.id],
        "route.destination-cidr-block": _of_routes("DestinationCidrBlock"),
        "route.destination-ipv6-cidr-block": _of_routes("DestinationIpv6CidrBlock"),
        "route.destination-prefix-list-id": _of_routes("DestinationPrefixListId"),
        "route.egress-only-internet-gateway-id": _of_routes("EgressOnlyInternetGatewayId"),
        "route.gateway-id": _of_routes("GatewayId"),
        "route.instance-id": _of_routes("InstanceId"),
        "route.nat-gateway-id": _of_routes("NatGatewayId"),
        "route.origin": _of_routes("Origin"),
        "route.state": _of_routes("State"),
        "route.transit-gateway-id": _of_routes("TransitGatewayId"),
        "route.vpc-peering-connection-id": _of_routes("VpcPeeringConnectionId"),
        "vpc-id": lambda view: [view.table.vpc_id],
    },
    tags=lambda view: tags_of(view.table),
)
"""Source: EC2 API, DescribeRouteTables, Filters."""
