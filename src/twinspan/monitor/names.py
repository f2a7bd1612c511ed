"""Names that both clouds' views share."""

from collections.abc import Iterator
from ipaddress import IPv4Address

from twinspan.monitor.model import Session, Tunnel
from twinspan.network.model import AzureNetwork, Network

Part = tuple[tuple[Tunnel, ...], tuple[Session, ...]]
"""One cloud's tunnels and sessions."""

PERIODS = 3
"""How many periods back the newest value is looked for: the last one may not be published yet."""


def remote_address(azure: AzureNetwork, local_network_gateway_id: str) -> IPv4Address | None:
    """Return AWS's outside address as a connection's local network gateway has it."""
    return next(
        (
            each.gateway_ip_address
            for each in azure.local_network_gateways
            if each.id == local_network_gateway_id
        ),
        None,
    )


def tunnel_names(network: Network) -> dict[IPv4Address, str]:
    """Return AWS's outside address -> the Azure connection's name, for those that have one."""
    if network.azure is None:
        return {}
    found = {}
    for connection in network.azure.connections:
        remote = remote_address(network.azure, connection.local_network_gateway_id)
        if remote is not None:
            found[remote] = connection.name
    return found


def azure_ends(network: Network) -> dict[IPv4Address, IPv4Address]:
    """Return AWS's outside address -> the public address of the Azure instance that AWS knows it by."""
    return {outside: far for outside, _, _, far in _aws_tunnels(network) if far is not None}


def sessions_over(network: Network) -> dict[tuple[IPv4Address, IPv4Address], str]:
    """Return (Azure's, AWS's inside address) -> the name of the tunnel between them."""
    names = tunnel_names(network)
    return {
        (customer, aws): names.get(outside, str(outside))
        for outside, aws, customer, _ in _aws_tunnels(network)
    }


def _aws_tunnels(
    network: Network,
) -> Iterator[tuple[IPv4Address, IPv4Address, IPv4Address, IPv4Address | None]]:
    if network.aws is None:
        return
    far_ends = {each.id: each.ip_address for each in network.aws.customer_gateways}
    for connection in network.aws.vpn_connections:
        for tunnel in connection.tunnels:
            if tunnel.outside_ip_address is not None:
                yield (
                    tunnel.outside_ip_address,
                    tunnel.aws_inside_address,
                    tunnel.customer_inside_address,
                    far_ends.get(connection.customer_gateway_id),
                )
