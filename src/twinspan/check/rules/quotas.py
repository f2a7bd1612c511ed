"""Quotas and sizes: what each cloud counts, and how large a packet may be."""

from collections import Counter
from collections.abc import Iterator

from twinspan.check.design import Design, items
from twinspan.network.limits import (
    AWS_INNER_MTU,
    AZURE_TUNNEL_MSS,
    AZURE_TUNNEL_MTU,
    GATEWAY_SKUS,
    ROUTES_FROM_CUSTOMER_GATEWAY,
    VPN_CONNECTIONS_PER_VPN_GATEWAY,
)
from twinspan.results import Finding


def aws_connections(design: Design) -> Iterator[Finding]:
    """QUO-01: a virtual private gateway has no more VPN connections than AWS allows by default."""
    counted = Counter(
        gateway.address
        for each in design.vpn_connections
        if (gateway := design.vpn_gateway_of(each)) is not None
    )
    for where, count in counted.items():
        if count > VPN_CONNECTIONS_PER_VPN_GATEWAY:
            yield Finding(
                subject=where,
                evidence=f"{count} VPN connections; the quota is {VPN_CONNECTIONS_PER_VPN_GATEWAY}",
                remedy="Ask AWS for more before you apply, or use a transit gateway",
            )


def azure_connections(design: Design) -> Iterator[Finding]:
    """QUO-02: the Azure gateway's SKU has room for every connection."""
    for gateway in design.azure_gateways:
        sku = GATEWAY_SKUS.get(str(gateway.get("sku")))
        count = sum(design.gateway_of(each) == gateway for each in design.azure_connections)
        if sku is not None and count > sku.connections:
            yield Finding(
                subject=f"{gateway.address} sku",
                evidence=f"{count} connections; {gateway.get('sku')} takes {sku.connections}",
                remedy="Take a larger SKU, or fewer connections",
            )


def aws_routes(design: Design) -> Iterator[Finding]:
    """QUO-03: Azure advertises no more prefixes than AWS accepts."""
    count = len({cidr for _, cidr in design.vnet_ranges})
    if count > ROUTES_FROM_CUSTOMER_GATEWAY and design.vpn_connections:
        yield Finding(
            subject=design.of_type("azurerm_virtual_network")[0].address,
            evidence=f"{count} prefixes; above {ROUTES_FROM_CUSTOMER_GATEWAY} AWS drops the BGP session",
            remedy="Summarise the address space",
        )


def packet_size(design: Design) -> Iterator[Finding]:
    """MTU-01: how large packets may be; neither cloud sends ICMP that would tell."""
    mtus = [
        AWS_INNER_MTU[str(word)]
        for tunnel in design.tunnels
        for word in items(tunnel.get("phase2_encryption_algorithms")) or tuple(AWS_INNER_MTU)
        if str(word) in AWS_INNER_MTU
    ]
    if mtus and design.azure_connections:
        yield Finding(
            subject="every tunnel",
            evidence=f"inner MTU {min(mtus)} at AWS with the configured ciphers, {AZURE_TUNNEL_MTU} advised"
            f" by Azure: clamp TCP MSS to {AZURE_TUNNEL_MSS}, and keep UDP within {AZURE_TUNNEL_MTU} bytes",
        )
