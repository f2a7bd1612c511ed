# ruff: noqa: ARG002 - the arguments are those of Resource, needed or not
"""The VPN connection and its static routes."""

from datetime import datetime
from typing import Any, ClassVar

from twinspan.errors import CloudRefusedError
from twinspan.twin.providers.aws import tunnel
from twinspan.twin.providers.aws.base import (
    TIMEOUT_S,
    AwsResource,
    differs,
    find,
    gone_is_fine,
    is_gone,
    tag_specifications,
    tags_of,
)
from twinspan.twin.providers.aws.cloud import AwsCloud
from twinspan.twin.providers.engine import Facts, State
from twinspan.twin.providers.resource import Record, one_of
from twinspan.wait import wait_until

_TUNNELS = ("tunnel1_", "tunnel2_")
_ENDS = {
    "customer_gateway_id": "CustomerGatewayId",
    "transit_gateway_id": "TransitGatewayId",
    "vpn_gateway_id": "VpnGatewayId",
}
_OPTIONS = {
    "enable_acceleration": "EnableAcceleration",
    "local_ipv4_network_cidr": "LocalIpv4NetworkCidr",
    "local_ipv6_network_cidr": "LocalIpv6NetworkCidr",
    "outside_ip_address_type": "OutsideIpAddressType",
    "remote_ipv4_network_cidr": "RemoteIpv4NetworkCidr",
    "remote_ipv6_network_cidr": "RemoteIpv6NetworkCidr",
    "static_routes_only": "StaticRoutesOnly",
    "transport_transit_gateway_attachment_id": "TransportTransitGatewayAttachmentId",
    "tunnel_bandwidth": "TunnelBandwidth",
    "tunnel_inside_ip_version": "TunnelInsideIpVersion",
}
_MODIFIABLE = (
    "local_ipv4_network_cidr",
    "local_ipv6_network_cidr",
    "remote_ipv4_network_cidr",
    "remote_ipv6_network_cidr",
)


class VpnConnection(AwsResource):
    """`aws_vpn_connection`."""

    type_name = "aws_vpn_connection"
    facts = Facts(
        force_new=frozenset(
            {"region", "type", "enable_acceleration", "static_routes_only", "tunnel_inside_ip_version"}
            | {"outside_ip_address_type", "transport_transit_gateway_attachment_id", "tunnel_bandwidth"}
            | {"vpn_concentrator_id"}
            | {f"{prefix}{name}" for prefix in _TUNNELS for name in ("inside_cidr", "inside_ipv6_cidr")}
        ),
        computed_blocks=frozenset(f"{prefix}log_options" for prefix in _TUNNELS),
        unset_as={f"{prefix}{name}": value for prefix in _TUNNELS for name, value in tunnel.DEFAULTS.items()},
    )
    rules: ClassVar = {
        "type": one_of("ipsec.1"),
        **{f"{prefix}{name}": rule for prefix in _TUNNELS for name, rule in tunnel.RULES.items()},
    }

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """CreateVpnConnection, and wait until it is available."""
        options: dict[str, Any] = {
            member: planned[name]
            for name, member in _OPTIONS.items()
            if isinstance(planned[name], str | bool) and planned[name]
        }
        options["TunnelOptions"] = [tunnel.expand(planned, prefix) for prefix in _TUNNELS]
        made = cloud.call(
            "ec2",
            "create_vpn_connection",
            Type=planned["type"],
            Options=options,
            TagSpecifications=tag_specifications("vpn-connection", planned["tags_all"]),
            **{member: planned[name] for name, member in _ENDS.items()},
        )
        identity: str = made["VpnConnection"]["VpnConnectionId"]
        record(identity)
        self._wait_available(cloud, identity)
        return identity

    def _wait_available(self, cloud: AwsCloud, identity: str) -> None:
        wait_until(
            lambda: (self._find(cloud, identity) or {}).get("State", "gone"),
            lambda state: state == "available",
            what=f"VPN connection {identity} available",
            timeout_s=TIMEOUT_S,
        )

    def _find(self, cloud: AwsCloud, identity: str) -> dict[str, Any] | None:
        connection = find(cloud, "describe_vpn_connections", "VpnConnections", VpnConnectionIds=[identity])
        return None if connection is None or connection["State"] == "deleted" else connection

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """DescribeVpnConnections and the customer gateway's configuration document."""
        connection = self._find(cloud, state["id"])
        if connection is None or connection["State"] == "deleting":
            return None
        options = connection.get("Options", {})
        attributes: State = {name: options.get(member) for name, member in _OPTIONS.items()}
        for prefix, option in zip(_TUNNELS, options.get("TunnelOptions", []), strict=False):
            attributes |= tunnel.flatten(option, prefix)
        return {
            **attributes,
            **{name: connection.get(member, "") for name, member in _ENDS.items()},
            "arn": cloud.arn("ec2", f"vpn-connection/{state['id']}"),
            "core_network_arn": connection.get("CoreNetworkArn", ""),
            "core_network_attachment_arn": connection.get("CoreNetworkAttachmentArn", ""),
            "customer_gateway_configuration": connection.get("CustomerGatewayConfiguration", ""),
            "preshared_key_arn": connection.get("PreSharedKeyArn", ""),
            "preshared_key_storage": "SecretsManager" if connection.get("PreSharedKeyArn") else "Standard",
            "region": cloud.region,
            "routes": [_route(route) for route in connection.get("Routes", [])],
            "transit_gateway_attachment_id": "",
            "type": connection["Type"],
            "vgw_telemetry": [_telemetry(item) for item in connection.get("VgwTelemetry", [])],
            **self._tunnel_state(connection, {**state, **attributes}),
            **self.tag_state(cloud, tags_of(connection), state),
        }

    def _tunnel_state(self, connection: dict[str, Any], state: State) -> State:
        key, inside = state["tunnel1_preshared_key"], state["tunnel1_inside_cidr"]
        tunnels = tunnel.ordered(
            tunnel.tunnels_of(connection.get("CustomerGatewayConfiguration", "")),
            key=key if isinstance(key, str) else "",
            inside_cidr=inside if isinstance(inside, str) else "",
        )
        said: State = {}
        for prefix, info in zip(_TUNNELS, tunnels, strict=False):
            said[f"{prefix}address"] = info.outside_address
            said[f"{prefix}bgp_asn"] = info.bgp_asn
            said[f"{prefix}bgp_holdtime"] = info.bgp_hold_time
            said[f"{prefix}cgw_inside_address"] = info.cgw_inside_address
            said[f"{prefix}preshared_key"] = info.pre_shared_key
            said[f"{prefix}vgw_inside_address"] = info.vgw_inside_address
        return said

    def update(self, cloud: AwsCloud, prior: State, planned: State) -> State:
        """Other ends, other networks, other tunnel options one tunnel at a time, and tags."""
        identity = prior["id"]
        if differs(prior, planned, *_ENDS):
            ends = {m: planned[n] for n, m in _ENDS.items() if planned[n] != prior[n] and planned[n]}
            cloud.call("ec2", "modify_vpn_connection", VpnConnectionId=identity, **ends)
            self._wait_available(cloud, identity)
        if differs(prior, planned, *_MODIFIABLE):
            options = {_OPTIONS[n]: planned[n] for n in _MODIFIABLE if planned[n] != prior[n]}
            cloud.call("ec2", "modify_vpn_connection_options", VpnConnectionId=identity, **options)
            self._wait_available(cloud, identity)
        for prefix in _TUNNELS:
            if options := tunnel.changes(prior, planned, prefix):
                cloud.call(
                    "ec2",
                    "modify_vpn_tunnel_options",
                    VpnConnectionId=identity,
                    VpnTunnelOutsideIpAddress=prior[f"{prefix}address"],
                    TunnelOptions=options,
                )
                self._wait_available(cloud, identity)
        self.update_tags(cloud, identity, prior, planned)
        return {}

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """DeleteVpnConnection, and wait until it is gone."""
        try:
            cloud.call("ec2", "delete_vpn_connection", VpnConnectionId=state["id"])
        except CloudRefusedError as error:
            if not is_gone(error):
                raise
            return
        wait_until(
            lambda: self._find(cloud, state["id"]),
            lambda connection: connection is None,
            what=f"VPN connection {state['id']} deleted",
            timeout_s=TIMEOUT_S,
        )


class VpnConnectionRoute(AwsResource):
    """`aws_vpn_connection_route`: a static route of a connection without BGP."""

    type_name = "aws_vpn_connection_route"
    facts = Facts(force_new=frozenset({"region", "destination_cidr_block", "vpn_connection_id"}))

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """CreateVpnConnectionRoute, and wait until the connection shows it."""
        identity = f"{planned['destination_cidr_block']}:{planned['vpn_connection_id']}"
        cloud.call("ec2", "create_vpn_connection_route", **_route_members(identity))
        record(identity)
        wait_until(
            lambda: _route_state(cloud, identity),
            lambda state: state == "available",
            what=f"route {identity} available",
            timeout_s=TIMEOUT_S,
        )
        return identity

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """DescribeVpnConnections, the route among the connection's."""
        if _route_state(cloud, state["id"]) == "gone":
            return None
        destination, _, connection = state["id"].partition(":")
        return {
            "destination_cidr_block": destination,
            "region": cloud.region,
            "vpn_connection_id": connection,
        }

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """DeleteVpnConnectionRoute, and wait until the connection shows it no more."""
        with gone_is_fine():
            cloud.call("ec2", "delete_vpn_connection_route", **_route_members(state["id"]))
        wait_until(
            lambda: _route_state(cloud, state["id"]),
            lambda route_state: route_state == "gone",
            what=f"route {state['id']} deleted",
            timeout_s=TIMEOUT_S,
        )

    def import_state(self, cloud: AwsCloud, import_id: str) -> State:
        """Refuse: the real provider cannot import this type either."""
        raise ValueError("aws_vpn_connection_route does not support import")


def _route_members(identity: str) -> dict[str, str]:
    destination, _, connection = identity.partition(":")
    return {"DestinationCidrBlock": destination, "VpnConnectionId": connection}


def _route_state(cloud: AwsCloud, identity: str) -> str:
    """Return `State` of a static route; `gone` if there is no such route or no such connection."""
    route_members = _route_members(identity)
    connection = find(
        cloud,
        "describe_vpn_connections",
        "VpnConnections",
        VpnConnectionIds=[route_members["VpnConnectionId"]],
    )
    alive = (
        connection if connection is not None and connection["State"] not in {"deleted", "deleting"} else {}
    )
    states = [
        route["State"]
        for route in alive.get("Routes", [])
        if route["DestinationCidrBlock"] == route_members["DestinationCidrBlock"]
        and route["State"] != "deleted"
    ]
    return states[0] if states else "gone"


def _route(route: dict[str, Any]) -> State:
    return {
        "destination_cidr_block": route.get("DestinationCidrBlock", ""),
        "source": route.get("Source", ""),
        "state": route.get("State", ""),
    }


def _telemetry(item: dict[str, Any]) -> State:
    changed = item.get("LastStatusChange")
    return {
        "accepted_route_count": item.get("AcceptedRouteCount", 0),
        "certificate_arn": item.get("CertificateArn", ""),
        "last_status_change": changed.isoformat() if isinstance(changed, datetime) else "",
        "outside_ip_address": item.get("OutsideIpAddress", ""),
        "status": item.get("Status", ""),
        "status_message": item.get("StatusMessage", ""),
    }
