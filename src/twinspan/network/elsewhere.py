"""Which VPN connections of a network lead to neither of the two clouds, but to a data centre. Pure.

A connection leads elsewhere only if everything that could tell otherwise is known and says so; one that was
meant for the other cloud and misses it is a fault, and stays one.

Source: AWS Site-to-Site VPN User Guide, "Customer gateway options"; Azure, "About Azure VPN Gateway", local
network gateways: both name the device at the other end by its public address, whatever it is.
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network

from twinspan.network.aws import AwsNetwork, VpnConnection
from twinspan.network.azure import AzureConnection, AzureNetwork
from twinspan.network.links import TunnelLink, tunnel_links
from twinspan.network.model import Network
from twinspan.network.unknown import U, Unknown, known


def aws_elsewhere(network: Network[U]) -> tuple[VpnConnection[U], ...]:
    """Return the AWS VPN connections whose customer gateway is not a gateway of this network's Azure.

    That needs a gateway at Azure, and the customer gateway's address.
    """
    aws, azure = network.aws, network.azure
    if aws is None or azure is None or not azure.virtual_network_gateways:
        return ()
    away = azure_elsewhere(network)
    meeting = {
        link.vpn_connection.id
        for link in tunnel_links(network)
        if link.vpn_connection
        and (link.joined or link.instance or any(candidate not in away for candidate in link.maybe))
    }
    return tuple(
        connection
        for connection in aws.vpn_connections
        if connection.state != "deleted" and connection.id not in meeting
        if _calls_nobody(connection, aws, azure)
    )


def azure_elsewhere(network: Network[U]) -> tuple[AzureConnection[U], ...]:
    """Return the Azure connections whose local network gateway is not a tunnel of this network's AWS.

    That needs a VPN connection at AWS. One whose BGP peer is inside a tunnel of AWS, or whose prefixes are a
    VPC's, is meant for AWS.
    """
    aws, azure = network.aws, network.azure
    if aws is None or azure is None or not aws.vpn_connections:
        return ()
    links = tunnel_links(network)
    claimed = {connection.id for link in links for connection in link.claims}
    return tuple(
        link.azure_connection
        for link in links
        if link.azure_connection and not link.joined and link.azure_connection.id not in claimed
        if _leads_off(link, aws)
    )


def _calls_nobody(
    connection: VpnConnection[Unknown], aws: AwsNetwork[Unknown], azure: AzureNetwork[Unknown]
) -> bool:
    customer = aws.customer_gateway_of(connection)
    address = customer.ip_address if customer else None
    if not isinstance(address, IPv4Address):
        return False
    own = {public.ip_address for public in azure.public_ip_addresses}
    own |= {
        instance.public_ip_address
        for gateway in azure.virtual_network_gateways
        for instance in gateway.instances
    }
    spaces = [cidr for vnet in azure.virtual_networks for cidr in vnet.address_space]
    return address not in own and not overlap(connection.static_routes, spaces)


def _leads_off(link: TunnelLink[Unknown], aws: AwsNetwork[Unknown]) -> bool:
    local = link.local_network_gateway
    if local is None or not isinstance(local.gateway_ip_address, IPv4Address):
        return False
    inside = [tunnel.inside_cidr for connection in aws.vpn_connections for tunnel in connection.tunnels]
    ranges = [cidr for vpc in aws.vpcs for cidr in vpc.cidr_blocks]
    peer = known(local.bgp_peering_address)
    peers = [IPv4Network(peer)] if peer else []
    return not overlap(peers, inside) and not overlap(local.address_prefixes, ranges)


def overlap(
    some: Iterable[IPv4Network | Unknown | None], others: Sequence[IPv4Network | Unknown | None]
) -> bool:
    """Whether a known range of the ones shares an address with one of the others."""
    return any(
        isinstance(one, IPv4Network) and isinstance(other, IPv4Network) and one.overlaps(other)
        for one in some
        for other in others
    )
