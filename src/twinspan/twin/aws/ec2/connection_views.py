"""VPN connections as the EC2 API answers them. Source: EC2 API, VpnConnection."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from twinspan.network.asns import AWS_DEFAULT_ASN
from twinspan.twin.aws.ec2.connections import TwinVpnConnection
from twinspan.twin.aws.ec2.customer_gateway_configuration import ConfigurationInput, render
from twinspan.twin.aws.ec2.filters import Filterable
from twinspan.twin.aws.ec2.log_options import LogOptions
from twinspan.twin.aws.ec2.tags import tag_list, tags_of
from twinspan.twin.aws.ec2.telemetry import Telemetry, telemetry
from twinspan.twin.aws.ec2.tunnel_options import TunnelOptions
from twinspan.twin.observed import ObservedState

PROVISIONING_LIMIT = timedelta(seconds=0.5)
"""A connection is `pending` until the data plane has both its tunnels, or at most for this long.

In AWS it takes minutes. The limit is ours: it lets the API be used where there is no data plane, and as
nobody can give Azure the tunnels' addresses sooner, it is part of how long every build takes.
"""

Wire = dict[str, object]


def connection_state(connection: TwinVpnConnection, board: ObservedState, now: datetime) -> str:
    """Return `pending`, `available` or `deleted`."""
    if connection.state == "deleted" or now - connection.created_at >= PROVISIONING_LIMIT:
        return connection.state
    built = all(
        board.aws_tunnel(connection.id, str(tunnel.outside_ip_address)) is not None
        for tunnel in connection.tunnel_options
    )
    return "available" if built else "pending"


def connection_view(connection: TwinVpnConnection, board: ObservedState, now: datetime) -> Wire:
    """Return a connection in the shape of `VpnConnection`."""
    options = connection.connection_options
    view: Wire = {
        "VpnConnectionId": connection.id,
        "State": connection_state(connection, board, now),
        "Type": connection.type,
        "Category": "VPN",
        "CustomerGatewayId": connection.customer_gateway_id,
        "VpnGatewayId": connection.vpn_gateway_id,
        "GatewayAssociationState": "associated" if connection.vpn_gateway_id else "not-associated",
        "Tags": tag_list(connection),
        "Options": {
            "EnableAcceleration": False,
            "StaticRoutesOnly": options.static_routes_only,
            "LocalIpv4NetworkCidr": str(options.local_ipv4_network_cidr),
            "RemoteIpv4NetworkCidr": str(options.remote_ipv4_network_cidr),
            "OutsideIpAddressType": "PublicIpv4",
            "TunnelInsideIpVersion": "ipv4",
            "TunnelBandwidth": "standard",
            "TunnelOptions": [_tunnel_view(tunnel) for tunnel in connection.tunnel_options],
        },
        "Routes": [
            {"DestinationCidrBlock": str(route), "Source": "Static", "State": "available"}
            for route in connection.routes
        ],
    }
    if connection.state != "deleted":
        view["CustomerGatewayConfiguration"] = configuration(connection)
        view["VgwTelemetry"] = [
            _telemetry_view(tunnel, tunnel_telemetry(connection, tunnel, board))
            for tunnel in connection.tunnel_options
        ]
    return view


def tunnel_telemetry(connection: TwinVpnConnection, tunnel: TunnelOptions, board: ObservedState) -> Telemetry:
    """Return what AWS says of one tunnel now."""
    static = len(connection.routes) if connection.connection_options.static_routes_only else None
    end = board.aws_tunnel(connection.id, str(tunnel.outside_ip_address))
    return telemetry(end, static_routes=static, created_at=connection.created_at)


def configuration(connection: TwinVpnConnection) -> str:
    """Return `CustomerGatewayConfiguration`."""
    backend = connection.ec2_backend
    customer_gateway = backend.customer_gateways[connection.customer_gateway_id]
    vpn_gateway = backend.vpn_gateways.get(connection.vpn_gateway_id)
    return render(
        ConfigurationInput(
            vpn_connection_id=connection.id,
            customer_gateway_id=connection.customer_gateway_id,
            customer_address=customer_gateway.ip_address,
            customer_asn=int(customer_gateway.bgp_asn),
            vpn_gateway_id=connection.vpn_gateway_id or "",
            amazon_side_asn=int(vpn_gateway.amazon_side_asn) if vpn_gateway else AWS_DEFAULT_ASN,
            static_routes_only=connection.connection_options.static_routes_only,
            tunnels=connection.tunnel_options,
        )
    )


def filterable(board: ObservedState, now: datetime) -> Filterable[TwinVpnConnection]:
    """Return what connections can be filtered by. Source: EC2 API, DescribeVpnConnections."""
    return Filterable(
        fields={
            "bgp-asn": lambda c: [c.ec2_backend.customer_gateways[c.customer_gateway_id].bgp_asn],
            "customer-gateway-configuration": lambda c: [configuration(c)],
            "customer-gateway-id": lambda c: [c.customer_gateway_id],
            "option.static-routes-only": lambda c: [str(c.connection_options.static_routes_only).lower()],
            "route.destination-cidr-block": lambda c: [str(route) for route in c.routes],
            "state": lambda c: [connection_state(c, board, now)],
            "transit-gateway-id": lambda _: [],
            "type": lambda c: [c.type],
            "vpn-connection-id": lambda c: [c.id],
            "vpn-gateway-id": lambda c: [c.vpn_gateway_id] if c.vpn_gateway_id else [],
        },
        tags=tags_of,
    )


def _tunnel_view(tunnel: TunnelOptions) -> Wire:
    view: Wire = {
        "OutsideIpAddress": str(tunnel.outside_ip_address),
        "TunnelInsideCidr": str(tunnel.tunnel_inside_cidr),
        "PreSharedKey": tunnel.pre_shared_key,
        "Phase1LifetimeSeconds": tunnel.phase1_lifetime_seconds,
        "Phase2LifetimeSeconds": tunnel.phase2_lifetime_seconds,
        "RekeyMarginTimeSeconds": tunnel.rekey_margin_time_seconds,
        "RekeyFuzzPercentage": tunnel.rekey_fuzz_percentage,
        "ReplayWindowSize": tunnel.replay_window_size,
        "DpdTimeoutSeconds": tunnel.dpd_timeout_seconds,
        "DpdTimeoutAction": tunnel.dpd_timeout_action,
        "StartupAction": tunnel.startup_action,
        "EnableTunnelLifecycleControl": tunnel.enable_tunnel_lifecycle_control,
        "LogOptions": {"CloudWatchLogOptions": _log_view(tunnel.log_options)},
    }
    lists: Mapping[str, Sequence[object]] = {
        "Phase1EncryptionAlgorithms": tunnel.phase1_encryption_algorithms,
        "Phase2EncryptionAlgorithms": tunnel.phase2_encryption_algorithms,
        "Phase1IntegrityAlgorithms": tunnel.phase1_integrity_algorithms,
        "Phase2IntegrityAlgorithms": tunnel.phase2_integrity_algorithms,
        "Phase1DHGroupNumbers": tunnel.phase1_dh_group_numbers,
        "Phase2DHGroupNumbers": tunnel.phase2_dh_group_numbers,
        "IkeVersions": tunnel.ike_versions,
    }
    view.update({name: [{"Value": value} for value in values] for name, values in lists.items() if values})
    return view


def _log_view(options: LogOptions) -> Wire:
    return {
        "LogEnabled": options.log_enabled,
        "LogGroupArn": options.log_group_arn,
        "LogOutputFormat": options.log_output_format,
        "BgpLogEnabled": options.bgp_log_enabled,
        "BgpLogGroupArn": options.bgp_log_group_arn,
        "BgpLogOutputFormat": options.bgp_log_output_format,
    }


def _telemetry_view(tunnel: TunnelOptions, said: Telemetry) -> Wire:
    return {
        "OutsideIpAddress": str(tunnel.outside_ip_address),
        "Status": said.status.value,
        "StatusMessage": said.status_message,
        "AcceptedRouteCount": said.accepted_route_count,
        "LastStatusChange": said.last_status_change,
    }
