"""Changes in place of what a cloud does not let anybody change."""

from collections.abc import Iterator, Mapping

from twinspan.check.design import Design
from twinspan.network.limits import BASIC_SKU
from twinspan.results import Finding

FIXED: Mapping[str, Mapping[str, str]] = {
    "azurerm_virtual_network_gateway": {
        "ip_configuration": "the address (VirtualNetworkGatewayPublicIpAddressCannotBeChanged) or subnet"
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
"""Type -> argument -> what it stands for. Sources: ARM and EC2 API, the update of each type."""


def nothing_fixed_is_changed(design: Design) -> Iterator[Finding]:
    """CHG-01: nothing is changed in place that its cloud does not let change."""
    for kind, arguments in FIXED.items():
        for resource in design.of_type(kind):
            for argument, what in arguments.items() if resource.updated else ():
                if resource.changes(argument):
                    yield _refused(f"{resource.address} {argument}", f"changes {what} in place")
    for gateway in design.azure_gateways:
        skus = (gateway.before.get("sku"), gateway.get("sku"))
        if gateway.updated and skus[0] != skus[1] and BASIC_SKU in skus:
            yield _refused(f"{gateway.address} sku", f"is resized in place from {skus[0]} to {skus[1]}")


def _refused(where: str, problem: str) -> Finding:
    return Finding(
        subject=where,
        evidence=f"{problem}; the cloud refuses it",
        remedy="Replace the resource (terraform plan -replace=ADDRESS), and plan for the outage",
    )
