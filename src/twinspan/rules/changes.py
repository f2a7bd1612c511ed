"""Changes in place of what a cloud does not let anybody change."""

from collections.abc import Iterator, Mapping

from twinspan.network.limits import BASIC_SKU
from twinspan.results import Finding
from twinspan.rules.design import Design

FIXED: Mapping[str, Mapping[str, str]] = {
    "azurerm_virtual_network_gateway": {
        "ip_configuration": "the address (VirtualNetworkGatewayPublicIpAddressCannotBeChanged) or subnet",
        "sku": "",
    },
    "azurerm_virtual_network_gateway_connection": {
        "virtual_network_gateway_id": "the gateway",
        "connection_protocol": "the IKE version",
    },
    "azurerm_public_ip": {"zones": "the zones (ResourceAvailabilityZonesCannotBeModified)"},
    "aws_vpn_gateway": {"amazon_side_asn": "the ASN"},
    "aws_customer_gateway": {"ip_address": "the address", "bgp_asn": "the ASN"},
    "aws_vpn_connection": {"static_routes_only": "the kind of routing"},
}
"""Type -> argument -> what it stands for; empty: a size, which is fixed only to and from Basic.

Sources: ARM and EC2 API, the update of each type.
"""


def nothing_fixed_is_changed(design: Design) -> Iterator[Finding]:
    """CHG-01: nothing is changed in place that its cloud does not let change."""
    for change in design.changes:
        what = FIXED.get(change.type, {}).get(change.argument)
        if what:
            problem = f"changes {what} in place"
        elif what is not None and BASIC_SKU in (change.before, change.after):
            problem = f"is resized in place from {change.before} to {change.after}"
        else:
            continue
        yield Finding(
            subject=f"{change.address} {change.argument}",
            evidence=f"{problem}; the cloud refuses it",
            remedy="Replace the resource (terraform plan -replace=ADDRESS), and plan for the outage",
        )
