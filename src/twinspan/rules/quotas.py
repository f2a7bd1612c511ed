"""Quotas and sizes: what each cloud counts, and how large a packet may be."""

from collections.abc import Iterator

from twinspan.network.limits import (
    AWS_INNER_MTU,
    AZURE_TUNNEL_MSS,
    AZURE_TUNNEL_MTU,
    GATEWAY_SKUS,
    ROUTES_FROM_CUSTOMER_GATEWAY,
    VPN_CONNECTIONS_PER_VPN_GATEWAY,
)
from twinspan.network.unknown import UNKNOWN
from twinspan.results import Finding
from twinspan.rules.design import Design
from twinspan.rules.parts import static, subject


def aws_connections(design: Design) -> Iterator[Finding]:
    """QUO-01: a virtual private gateway has no more VPN connections than AWS allows by default."""
    for gateway in design.vpn_gateways:
        count = sum(connection.vpn_gateway_id == gateway.id for connection in design.vpn_connections)
        if count > VPN_CONNECTIONS_PER_VPN_GATEWAY:
            yield Finding(
                subject=subject(gateway),
                evidence=f"{count} VPN connections; the quota is {VPN_CONNECTIONS_PER_VPN_GATEWAY}",
                remedy="Ask AWS for more before you apply, or use a transit gateway",
            )


def azure_connections(design: Design) -> Iterator[Finding]:
    """QUO-02: the Azure gateway's SKU has room for every connection."""
    for gateway in design.azure_gateways:
        sku = GATEWAY_SKUS.get(str(gateway.sku))
        count = sum(
            connection.virtual_network_gateway_id == gateway.id for connection in design.azure_connections
        )
        if sku is not None and count > sku.connections:
            yield Finding(
                subject=subject(gateway, "sku"),
                evidence=f"{count} connections; {gateway.sku} takes {sku.connections}",
                remedy="Take a larger SKU, or fewer connections",
            )


def aws_routes(design: Design) -> Iterator[Finding]:
    """QUO-03: Azure advertises no more prefixes than AWS accepts."""
    count = len(set(design.vnet_spaces))
    dynamic = any(not static(connection) for connection in design.vpn_connections)
    if count > ROUTES_FROM_CUSTOMER_GATEWAY and dynamic:
        yield Finding(
            subject=subject(design.vnets[0]),
            evidence=f"{count} prefixes; above {ROUTES_FROM_CUSTOMER_GATEWAY} AWS drops the BGP session",
            remedy="Summarise the address space",
        )


def packet_size(design: Design) -> Iterator[Finding]:
    """MTU-01: how large packets may be; neither cloud sends ICMP that would tell."""
    ciphers = {
        cipher
        for tunnel in design.tunnels
        for cipher in tunnel.options.phase2.encryption_algorithms or tuple(AWS_INNER_MTU)
    }
    mtus = [mtu for cipher, mtu in AWS_INNER_MTU.items() if cipher in ciphers or UNKNOWN in ciphers]
    if mtus and design.azure_connections:
        yield Finding(
            subject="every tunnel",
            evidence=f"inner MTU {min(mtus)} at AWS with the configured ciphers, {AZURE_TUNNEL_MTU} advised"
            f" by Azure: clamp TCP MSS to {AZURE_TUNNEL_MSS}, and keep UDP within {AZURE_TUNNEL_MTU} bytes",
        )
