"""Changes to a VPN in AWS that a drill makes and takes back; the same for a real account and for the twin."""

from collections.abc import Collection, Sequence
from ipaddress import IPv4Address

from twinspan.cloud.aws.client import clients, translated
from twinspan.cloud.aws.endpoint import AwsEndpoint


def replace_vpn_tunnel(endpoint: AwsEndpoint, connection_id: str, outside: IPv4Address) -> None:
    """Have AWS replace the endpoint of one tunnel. Source: EC2 API, ReplaceVpnTunnel.

    Raises:
        CloudError: AWS said no or did not answer.
    """
    with translated(endpoint, "ec2:ReplaceVpnTunnel"):
        clients(endpoint).ec2.replace_vpn_tunnel(
            VpnConnectionId=connection_id,
            VpnTunnelOutsideIpAddress=str(outside),
            ApplyPendingMaintenance=True,
        )


def set_pre_shared_key(endpoint: AwsEndpoint, connection_id: str, outside: IPv4Address, key: str) -> None:
    """Give one tunnel another key, at AWS's end. Source: EC2 API, ModifyVpnTunnelOptions.

    Raises:
        CloudError: AWS said no or did not answer.
    """
    with translated(endpoint, "ec2:ModifyVpnTunnelOptions"):
        clients(endpoint).ec2.modify_vpn_tunnel_options(
            VpnConnectionId=connection_id,
            VpnTunnelOutsideIpAddress=str(outside),
            TunnelOptions={"PreSharedKey": key},
        )


def set_tag(endpoint: AwsEndpoint, resource_id: str, key: str, value: str) -> None:
    """Give an object of EC2 a tag. Raises CloudError: AWS said no or did not answer."""
    with translated(endpoint, "ec2:CreateTags"):
        clients(endpoint).ec2.create_tags(Resources=[resource_id], Tags=[{"Key": key, "Value": value}])


def set_static_routes(
    endpoint: AwsEndpoint,
    connection_id: str,
    *,
    create: Collection[str] = (),
    delete: Collection[str] = (),
) -> None:
    """Create and delete static routes of a VPN connection, as far as they are not as asked for.

    Source: EC2 API, CreateVpnConnectionRoute, DeleteVpnConnectionRoute.

    Args:
        endpoint: The account.
        connection_id: The VPN connection.
        create: Prefixes to have.
        delete: Prefixes not to have.

    Raises:
        CloudError: AWS said no or did not answer.
    """
    ec2 = clients(endpoint).ec2
    with translated(endpoint, "ec2:DescribeVpnConnections"):
        connection = ec2.describe_vpn_connections(VpnConnectionIds=[connection_id])["VpnConnections"][0]
    there = {
        route["DestinationCidrBlock"]
        for route in connection.get("Routes", ())
        if route.get("State") not in {"deleted", "deleting"}
    }
    for prefix in sorted(set(create) - there):
        with translated(endpoint, "ec2:CreateVpnConnectionRoute"):
            ec2.create_vpn_connection_route(VpnConnectionId=connection_id, DestinationCidrBlock=prefix)
    for prefix in sorted(set(delete) & there):
        with translated(endpoint, "ec2:DeleteVpnConnectionRoute"):
            ec2.delete_vpn_connection_route(VpnConnectionId=connection_id, DestinationCidrBlock=prefix)


def set_route_propagation(
    endpoint: AwsEndpoint, table_ids: Sequence[str], vpn_gateway_id: str, *, on: bool
) -> None:
    """Let route tables learn from a VPN gateway, or not. Source: EC2 API, EnableVgwRoutePropagation.

    Raises:
        CloudError: AWS said no or did not answer.
    """
    ec2 = clients(endpoint).ec2
    change = ec2.enable_vgw_route_propagation if on else ec2.disable_vgw_route_propagation
    for table_id in table_ids:
        with translated(endpoint, f"ec2:{'Enable' if on else 'Disable'}VgwRoutePropagation"):
            change(RouteTableId=table_id, GatewayId=vpn_gateway_id)
