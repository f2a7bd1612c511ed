# ruff: noqa: ARG002 - the arguments are those of Resource, needed or not
# ruff: noqa: ANN401 - values of Terraform and of the APIs have no static type
"""Route tables, routes, associations, and route propagation."""

import zlib
from collections.abc import Mapping
from typing import Any, ClassVar

from twinspan.errors import CloudRefusedError
from twinspan.twin.providers.aws.base import (
    TIMEOUT_S,
    AwsResource,
    differs,
    filters,
    find,
    gone_is_fine,
    is_gone,
    retry_while,
    tag_specifications,
    tags_of,
)
from twinspan.twin.providers.aws.cloud import AwsCloud
from twinspan.twin.providers.engine import Facts, State
from twinspan.twin.providers.resource import Record
from twinspan.wait import wait_until

_DESTINATIONS = {
    "destination_cidr_block": "DestinationCidrBlock",
    "destination_ipv6_cidr_block": "DestinationIpv6CidrBlock",
    "destination_prefix_list_id": "DestinationPrefixListId",
}
_TARGETS = {
    "carrier_gateway_id": "CarrierGatewayId",
    "core_network_arn": "CoreNetworkArn",
    "egress_only_gateway_id": "EgressOnlyInternetGatewayId",
    "gateway_id": "GatewayId",
    "local_gateway_id": "LocalGatewayId",
    "nat_gateway_id": "NatGatewayId",
    "network_interface_id": "NetworkInterfaceId",
    "transit_gateway_id": "TransitGatewayId",
    "vpc_endpoint_id": "VpcEndpointId",
    "vpc_peering_connection_id": "VpcPeeringConnectionId",
}
_INLINE_DESTINATIONS = {
    "cidr_block": "DestinationCidrBlock",
    "ipv6_cidr_block": "DestinationIpv6CidrBlock",
    "destination_prefix_list_id": "DestinationPrefixListId",
}


def _members(names: Mapping[str, str], state: State) -> dict[str, str]:
    return {
        member: state[name]
        for name, member in names.items()
        if isinstance(state.get(name), str) and state[name]
    }


def _table(cloud: AwsCloud, table_id: str) -> dict[str, Any] | None:
    return find(cloud, "describe_route_tables", "RouteTables", RouteTableIds=[table_id])


class RouteTable(AwsResource):
    """`aws_route_table`, also with routes and propagation written inside it."""

    type_name = "aws_route_table"
    facts = Facts(force_new=frozenset({"region", "vpc_id"}))

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """CreateRouteTable, then what is written inside."""
        made = cloud.call(
            "ec2",
            "create_route_table",
            VpcId=planned["vpc_id"],
            TagSpecifications=tag_specifications("route-table", planned["tags_all"]),
        )
        identity: str = made["RouteTable"]["RouteTableId"]
        record(identity)
        self._propagate(cloud, identity, [], planned["propagating_vgws"])
        self._set_routes(cloud, identity, [], planned["route"])
        return identity

    def _propagate(self, cloud: AwsCloud, identity: str, old: Any, new: Any) -> None:
        if not isinstance(new, list):
            return
        for gateway in set(old or []) - set(new):
            cloud.call("ec2", "disable_vgw_route_propagation", RouteTableId=identity, GatewayId=gateway)
        for gateway in sorted(set(new) - set(old or [])):
            cloud.call("ec2", "enable_vgw_route_propagation", RouteTableId=identity, GatewayId=gateway)

    def _set_routes(self, cloud: AwsCloud, identity: str, old: Any, new: Any) -> None:
        if not isinstance(new, list):
            return
        for route in [route for route in old or [] if route not in new]:
            with gone_is_fine():
                cloud.call(
                    "ec2", "delete_route", RouteTableId=identity, **_members(_INLINE_DESTINATIONS, route)
                )
        for route in [route for route in new if route not in (old or [])]:
            target = {**_members(_INLINE_DESTINATIONS, route), **_members(_TARGETS, route)}
            cloud.call("ec2", "create_route", RouteTableId=identity, **target)

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """DescribeRouteTables; only routes that were created one by one are kept."""
        table = _table(cloud, state["id"])
        if table is None:
            return None
        return {
            "arn": cloud.arn("ec2", f"route-table/{state['id']}"),
            "owner_id": table.get("OwnerId", cloud.account_id),
            "region": cloud.region,
            "vpc_id": table["VpcId"],
            "propagating_vgws": [item["GatewayId"] for item in table.get("PropagatingVgws", [])],
            "route": [_inline(route) for route in table.get("Routes", []) if _is_own(route)],
            **self.tag_state(cloud, tags_of(table), state),
        }

    def update(self, cloud: AwsCloud, prior: State, planned: State) -> State:
        """Propagation, routes and tags."""
        self._propagate(cloud, prior["id"], prior["propagating_vgws"], planned["propagating_vgws"])
        self._set_routes(cloud, prior["id"], prior["route"], planned["route"])
        self.update_tags(cloud, prior["id"], prior, planned)
        return {}

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """DeleteRouteTable, after leaving the subnets it still serves."""
        table = _table(cloud, state["id"])
        for association in (table or {}).get("Associations", []):
            if not association.get("Main"):
                with gone_is_fine():
                    cloud.call(
                        "ec2",
                        "disassociate_route_table",
                        AssociationId=association["RouteTableAssociationId"],
                    )
        with gone_is_fine():
            retry_while(
                "DependencyViolation",
                lambda: cloud.call("ec2", "delete_route_table", RouteTableId=state["id"]),
                what=f"route table {state['id']} unused",
            )


def _is_own(route: Mapping[str, Any]) -> bool:
    """Whether somebody made this route: it is neither the local nor a propagated one."""
    return route.get("Origin", "CreateRoute") == "CreateRoute" and route.get("GatewayId") != "local"


def _inline(route: Mapping[str, Any]) -> State:
    target = {name: route.get(member, "") for name, member in _TARGETS.items()}
    if target["gateway_id"].startswith("vpce-"):
        target["vpc_endpoint_id"], target["gateway_id"] = target["gateway_id"], ""
    return target | {name: route.get(member, "") for name, member in _INLINE_DESTINATIONS.items()}


class Route(AwsResource):
    """`aws_route`. Its id is made up by Terraform; a route is found by table and destination."""

    type_name = "aws_route"
    facts = Facts(force_new=frozenset({"region", "route_table_id", *_DESTINATIONS}))

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """CreateRoute; refused if the table has such a route already, as the real provider does."""
        identity = _route_id(planned)
        cloud.call(
            "ec2",
            "create_route",
            RouteTableId=planned["route_table_id"],
            **_members(_DESTINATIONS, planned),
            **_members(_TARGETS, planned),
        )
        record(identity)
        return identity

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """DescribeRouteTables and the route to the destination that was created, not propagated."""
        table = _table(cloud, state["route_table_id"])
        destination = _members(_DESTINATIONS, state)
        routes = [
            route
            for route in (table or {}).get("Routes", [])
            if all(route.get(member) == value for member, value in destination.items())
            and route.get("Origin") != "EnableVgwRoutePropagation"
        ]
        if not routes:
            return None
        route = routes[0]
        attributes = {name: route.get(member, "") for name, member in (_TARGETS | _DESTINATIONS).items()}
        return {
            **attributes,
            "instance_id": route.get("InstanceId", ""),
            "instance_owner_id": route.get("InstanceOwnerId", ""),
            "origin": route.get("Origin", "CreateRoute"),
            "region": cloud.region,
            "state": route.get("State", "active"),
        }

    def update(self, cloud: AwsCloud, prior: State, planned: State) -> State:
        """ReplaceRoute: another target."""
        if differs(prior, planned, *_TARGETS):
            changed = {name: planned[name] for name in _TARGETS if planned[name] != prior[name]}
            cloud.call(
                "ec2",
                "replace_route",
                RouteTableId=prior["route_table_id"],
                **_members(_DESTINATIONS, prior),
                **_members(_TARGETS, changed),
            )
        return {}

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """DeleteRoute."""
        with gone_is_fine():
            cloud.call(
                "ec2", "delete_route", RouteTableId=state["route_table_id"], **_members(_DESTINATIONS, state)
            )

    def import_state(self, cloud: AwsCloud, import_id: str) -> State:
        """Read `ROUTETABLEID_DESTINATION`, e.g. `rtb-656c65616e6f72_10.42.0.0/16`."""
        table, _, destination = import_id.partition("_")
        if not table or not destination:
            raise ValueError("expected ROUTETABLEID_DESTINATION")
        name = "destination_ipv6_cidr_block" if ":" in destination else "destination_cidr_block"
        if destination.startswith("pl-"):
            name = "destination_prefix_list_id"
        state: State = {"route_table_id": table, name: destination}
        return {**state, "id": _route_id(state)}


def _route_id(state: State) -> str:
    """Return the id the real provider gives a route: its table and a checksum of its destination."""
    destination = next(iter(_members(_DESTINATIONS, state).values()))
    return f"r-{state['route_table_id']}{zlib.crc32(destination.encode())}"


class RouteTableAssociation(AwsResource):
    """`aws_route_table_association`: a table with a subnet or a gateway."""

    type_name = "aws_route_table_association"
    facts = Facts(force_new=frozenset({"region", "subnet_id", "gateway_id"}))

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """AssociateRouteTable."""
        made = cloud.call(
            "ec2",
            "associate_route_table",
            RouteTableId=planned["route_table_id"],
            SubnetId=planned["subnet_id"],
            GatewayId=planned["gateway_id"],
        )
        identity: str = made["AssociationId"]
        record(identity)
        return identity

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """DescribeRouteTables by the association's id."""
        own = filters(association__route_table_association_id=state["id"])
        table = find(cloud, "describe_route_tables", "RouteTables", Filters=own)
        for association in (table or {}).get("Associations", []):
            if association["RouteTableAssociationId"] == state["id"]:
                return {
                    "gateway_id": association.get("GatewayId", ""),
                    "region": cloud.region,
                    "route_table_id": association["RouteTableId"],
                    "subnet_id": association.get("SubnetId", ""),
                }
        return None

    def update(self, cloud: AwsCloud, prior: State, planned: State) -> State:
        """ReplaceRouteTableAssociation, which gives a new id."""
        renewed = cloud.call(
            "ec2",
            "replace_route_table_association",
            AssociationId=prior["id"],
            RouteTableId=planned["route_table_id"],
        )
        return {"id": renewed["NewAssociationId"]}

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """DisassociateRouteTable."""
        with gone_is_fine():
            cloud.call("ec2", "disassociate_route_table", AssociationId=state["id"])

    def import_state(self, cloud: AwsCloud, import_id: str) -> State:
        """Read `SUBNETID/ROUTETABLEID` or `GATEWAYID/ROUTETABLEID`."""
        target, _, table_id = import_id.partition("/")
        table = _table(cloud, table_id) if target and table_id else None
        for association in (table or {}).get("Associations", []):
            if target in {association.get("SubnetId"), association.get("GatewayId")}:
                return {"id": association["RouteTableAssociationId"]}
        raise ValueError("expected SUBNETID/ROUTETABLEID of an existing association")


class VpnGatewayRoutePropagation(AwsResource):
    """`aws_vpn_gateway_route_propagation`."""

    type_name = "aws_vpn_gateway_route_propagation"
    facts = Facts(force_new=frozenset({"region", "route_table_id", "vpn_gateway_id"}))
    _ids: ClassVar = {"route_table_id": "RouteTableId", "vpn_gateway_id": "GatewayId"}

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """EnableVgwRoutePropagation, again while the gateway is still being attached."""
        table, gateway = planned["route_table_id"], planned["vpn_gateway_id"]
        retry_while(
            "Gateway.NotAttached",
            lambda: cloud.call("ec2", "enable_vgw_route_propagation", RouteTableId=table, GatewayId=gateway),
            what=f"{gateway} attached",
        )
        identity = f"{gateway}_{table}"
        record(identity)
        return identity

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """DescribeRouteTables, PropagatingVgws."""
        gateway, _, table_id = state["id"].partition("_")
        table = _table(cloud, table_id)
        propagating = [item["GatewayId"] for item in (table or {}).get("PropagatingVgws", [])]
        if gateway not in propagating:
            return None
        return {"route_table_id": table_id, "vpn_gateway_id": gateway, "region": cloud.region}

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """DisableVgwRoutePropagation, and wait until it is so."""
        gateway, _, table_id = state["id"].partition("_")
        try:
            cloud.call("ec2", "disable_vgw_route_propagation", RouteTableId=table_id, GatewayId=gateway)
        except CloudRefusedError as error:
            if not is_gone(error):
                raise
            return
        wait_until(
            lambda: self.read(cloud, state),
            lambda propagation: propagation is None,
            what=f"no propagation of {gateway} into {table_id}",
            timeout_s=TIMEOUT_S,
        )

    def import_state(self, cloud: AwsCloud, import_id: str) -> State:
        """Read `VGWID_ROUTETABLEID`."""
        if not import_id.startswith("vgw-") or "_" not in import_id:
            raise ValueError("expected VGWID_ROUTETABLEID")
        return {"id": import_id}
