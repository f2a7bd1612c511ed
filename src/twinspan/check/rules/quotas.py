"""Quotas and sizes: what each cloud counts, and how large a packet may be."""

from collections import Counter
from collections.abc import Iterator

from twinspan.check.design import Design, items
from twinspan.check.findings import Finding

CONNECTIONS_PER_VGW = 10
ROUTES_FROM_PEER = 100
"""Source: AWS Site-to-Site VPN quotas."""
AZURE_TUNNELS = {
    "Basic": 10, "VpnGw1AZ": 30, "VpnGw2AZ": 30, "VpnGw3AZ": 30, "VpnGw4AZ": 100, "VpnGw5AZ": 100,
}  # fmt: skip
"""Source: Azure, "About VPN gateways", gateway SKUs."""
INNER_MTU = {"AES256-GCM-16": 1438, "AES128-GCM-16": 1438, "AES256": 1422, "AES128": 1422}
"""Behind NAT-T. Source: AWS Site-to-Site VPN, customer gateway best practices."""
AZURE_MSS, AZURE_MTU = 1350, 1400
"""Source: Azure, "About VPN devices", clamp TCP MSS."""


def aws_connections(design: Design) -> Iterator[Finding]:
    """QUO-01: a virtual private gateway has no more VPN connections than AWS allows by default."""
    counted = Counter(
        gateway.address
        for each in design.vpn_connections
        if (gateway := design.vpn_gateway_of(each)) is not None
    )
    for where, count in counted.items():
        if count > CONNECTIONS_PER_VGW:
            yield Finding(
                where=where,
                problem=f"{count} VPN connections; the quota is {CONNECTIONS_PER_VGW}",
                remedy="Ask AWS for more before you apply, or use a transit gateway",
            )


def azure_connections(design: Design) -> Iterator[Finding]:
    """QUO-02: the Azure gateway's SKU has room for every connection."""
    for gateway in design.azure_gateways:
        limit = AZURE_TUNNELS.get(str(gateway.get("sku")))
        count = sum(design.gateway_of(each) == gateway for each in design.azure_connections)
        if limit is not None and count > limit:
            yield Finding(
                where=f"{gateway.address} sku",
                problem=f"{count} connections; {gateway.get('sku')} takes {limit}",
                remedy="Take a larger SKU, or fewer connections",
            )


def aws_routes(design: Design) -> Iterator[Finding]:
    """QUO-03: Azure advertises no more prefixes than AWS accepts."""
    count = len({cidr for _, cidr in design.vnet_ranges})
    if count > ROUTES_FROM_PEER and design.vpn_connections:
        yield Finding(
            where=design.of_type("azurerm_virtual_network")[0].address,
            problem=f"{count} prefixes; above {ROUTES_FROM_PEER} AWS drops the BGP session",
            remedy="Summarise the address space",
        )


def packet_size(design: Design) -> Iterator[Finding]:
    """MTU-01: how large packets may be; neither cloud sends ICMP that would tell."""
    mtus = [
        INNER_MTU[str(word)]
        for tunnel in design.tunnels
        for word in items(tunnel.get("phase2_encryption_algorithms")) or tuple(INNER_MTU)
        if str(word) in INNER_MTU
    ]
    if mtus and design.azure_connections:
        yield Finding(
            where="every tunnel",
            problem=f"inner MTU {min(mtus)} at AWS with the configured ciphers, {AZURE_MTU} advised by"
            f" Azure: clamp"
            f" TCP MSS to {AZURE_MSS}, and keep UDP within {AZURE_MTU} bytes",
        )
