"""What the VPN costs a month, at list prices."""

from collections.abc import Iterator
from dataclasses import dataclass

from twinspan.network.unknown import known
from twinspan.results import Finding
from twinspan.rules.design import Design

HOURS_A_MONTH = 730
FREE_CONNECTIONS = 10
"""Site-to-site connections included in the gateway's price. Source: Azure, VPN Gateway pricing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """A list price in USD per hour, and when it was read."""

    usd_per_hour: float
    read: str


AWS_CONNECTION = Price(usd_per_hour=0.05, read="2024")
AZURE_CONNECTION = Price(usd_per_hour=0.015, read="2025-01")
AZURE_PUBLIC_IP = Price(usd_per_hour=0.005, read="2026-04-02")
AZURE_GATEWAY = {
    "VpnGw1AZ": Price(usd_per_hour=0.21, read="2025-01"),
    "VpnGw2AZ": Price(usd_per_hour=0.54, read="2026-04-02"),
}
"""Sources: AWS VPN pricing; Azure Retail Prices (westus). Larger SKUs: no dated price is known."""


def monthly(design: Design) -> Iterator[Finding]:
    """COST-01: the monthly cost of the VPN, without traffic."""
    parts: list[tuple[str, float, str]] = []
    missing = []
    if design.vpn_connections:
        count = len(design.vpn_connections)
        parts.append(
            (f"{count} AWS VPN connections", count * AWS_CONNECTION.usd_per_hour, AWS_CONNECTION.read)
        )
    for gateway in design.azure_gateways:
        sku = known(gateway.sku) or "a SKU that is not known yet"
        price = AZURE_GATEWAY.get(sku)
        if price is None:
            missing.append(sku)
        else:
            parts.append((f"{sku} gateway", price.usd_per_hour, price.read))
    public = len(design.gateway_public_addresses)
    if public:
        parts.append(
            (f"{public} public addresses", public * AZURE_PUBLIC_IP.usd_per_hour, AZURE_PUBLIC_IP.read)
        )
    paid = max(0, len(design.azure_connections) - FREE_CONNECTIONS)
    if paid:
        parts.append(
            (
                f"{paid} Azure connections beyond the first {FREE_CONNECTIONS}",
                paid * AZURE_CONNECTION.usd_per_hour,
                AZURE_CONNECTION.read,
            )
        )
    total = sum(price for _, price, _ in parts) * HOURS_A_MONTH
    text = "; ".join(f"{what} {price * HOURS_A_MONTH:.2f} (price of {read})" for what, price, read in parts)
    unknown = f"; no dated price for {', '.join(missing)}" if missing else ""
    free = f"; of {len(design.azure_connections)} Azure connections the first {FREE_CONNECTIONS} are free"
    yield Finding(
        subject="the VPN",
        evidence=f"{total:.2f} USD a month at list prices, without traffic:"
        f" {text}{free if design.azure_connections else ''}{unknown}",
    )
