"""The public addresses of Azure's gateways, and what Azure refuses of them by name."""

from collections.abc import Iterator

from twinspan.check.design import Design, blocks, known
from twinspan.check.rules.gateways import gateway_public_addresses
from twinspan.network.limits import BASIC_SKU, SMALLEST_ZONED_SKU, ZONED_SKU
from twinspan.project.plan import UNKNOWN, PlannedResource
from twinspan.results import Finding

_REFUSED = ("", "None", "Basic", str(UNKNOWN))


def zones_configured(design: Design) -> Iterator[Finding]:
    """GW-12: the public addresses of a gateway with an AZ SKU have zones."""
    for gateway in design.azure_gateways:
        for public in addresses_of(design, gateway) if str(gateway.get("sku")).endswith(ZONED_SKU) else ():
            if not public.get("zones"):
                yield Finding(
                    subject=f"{public.address} zones",
                    evidence=f"none, but {gateway.address} has SKU {gateway.get('sku')}; Azure refuses it"
                    " (VmssVpnGatewayPublicIpsMustHaveZonesConfigured)",
                    remedy='Set it to ["1", "2", "3"]; waive this in a region without availability zones',
                )


def alike(design: Design) -> Iterator[Finding]:
    """GW-13: both public addresses of an active-active gateway have the same zones and SKU."""
    for gateway in design.azure_gateways:
        if gateway.get("active_active") is not True:
            continue
        publics = addresses_of(design, gateway)
        for name in ("zones", "sku"):
            # No zone, or a Basic address, is refused by itself: GW-12, GW-06.
            told = [(each, value) for each in publics if (value := _shown(each.get(name))) not in _REFUSED]
            for other, value in told[1:]:
                first, expected = told[0]
                if value != expected:
                    yield Finding(
                        subject=f"{other.address} {name}",
                        evidence=f"{value}, but {first.address} has {expected}; Azure refuses it"
                        " (ActiveActiveGatewayPublicIPAddressesDiffersInSkuOrZones)",
                        remedy=f"Give both addresses of {gateway.address} the same {name}",
                    )


def basic_without_zones(design: Design) -> Iterator[Finding]:
    """GW-14: the public address of a gateway with SKU Basic has no zones."""
    for gateway in design.azure_gateways:
        for public in addresses_of(design, gateway) if gateway.get("sku") == BASIC_SKU else ():
            if known(zones := public.get("zones")) and zones:
                yield Finding(
                    subject=f"{public.address} zones",
                    evidence=f"{_shown(zones)}, but {gateway.address} has SKU Basic; Azure refuses it"
                    " (RegionalVmssVpnGatewayPublicIpsMustNotHaveZonesConfigured)",
                    remedy=f"Take {SMALLEST_ZONED_SKU} or larger, or leave zones out",
                )


def one_each(design: Design) -> Iterator[Finding]:
    """GW-15: every ip configuration of a gateway has a public address of its own."""
    seen: dict[str, str] = {}
    for gateway in design.azure_gateways:
        for position, block in enumerate(blocks(gateway.get("ip_configuration"))):
            where = f"{gateway.address} ip_configuration {block.get('name') or position}"
            path = f"ip_configuration.{position}.public_ip_address_id"
            if gateway.get("ip_configuration", position, "public_ip_address_id") is None:
                yield Finding(
                    subject=where,
                    evidence="has no public address; Azure refuses it (PublicIpForGatewayIsRequired)",
                    remedy="Set public_ip_address_id to an azurerm_public_ip of its own",
                )
            elif (public := design.join(gateway, path, "azurerm_public_ip")) is not None:
                if public.address in seen:
                    yield Finding(
                        subject=where,
                        evidence=f"{public.address} is already that of {seen[public.address]}; Azure refuses"
                        " it (PublicIPAddressInUse)",
                        remedy="Make a public address for each",
                    )
                seen.setdefault(public.address, where)


def addresses_of(design: Design, gateway: PlannedResource) -> tuple[PlannedResource, ...]:
    """Return a gateway's public addresses; if the plan does not tell, those that customer gateways name."""
    found = [
        design.join(gateway, f"ip_configuration.{position}.public_ip_address_id", "azurerm_public_ip")
        for position, _ in enumerate(blocks(gateway.get("ip_configuration")))
    ]
    named = {each.address: each for each in found if each is not None}
    if named or len(design.azure_gateways) > 1:
        return tuple(named.values())
    return gateway_public_addresses(design)


def _shown(value: object) -> str:
    return ", ".join(sorted(map(str, value))) if isinstance(value, list) else str(value)
