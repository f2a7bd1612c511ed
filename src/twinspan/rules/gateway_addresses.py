"""The public addresses of Azure's gateways, and what Azure refuses of them by name."""

from collections.abc import Iterator

from twinspan.network.limits import BASIC_SKU, SMALLEST_ZONED_SKU, ZONED_SKU
from twinspan.network.model import PublicIpAddress, VirtualNetworkGateway
from twinspan.network.unknown import Unknown, known
from twinspan.results import Finding
from twinspan.rules.design import Design
from twinspan.rules.parts import configurations, subject

_REFUSED = ("", "Basic")


def zones_configured(design: Design) -> Iterator[Finding]:
    """GW-12: the public addresses of a gateway with an AZ SKU have zones."""
    # Addresses that exist without zones are in a region that has none.
    for gateway in design.azure_gateways if design.planned else ():
        for public in addresses_of(design, gateway) if str(gateway.sku).endswith(ZONED_SKU) else ():
            if not public.zones:
                yield Finding(
                    subject=subject(public, "zones"),
                    evidence=f"none, but {subject(gateway)} has SKU {gateway.sku}; Azure refuses it"
                    " (VmssVpnGatewayPublicIpsMustHaveZonesConfigured)",
                    remedy='Set it to ["1", "2", "3"]; waive this in a region without availability zones',
                )


def alike(design: Design) -> Iterator[Finding]:
    """GW-13: both public addresses of an active-active gateway have the same zones and SKU."""
    for gateway in design.azure_gateways:
        if gateway.active_active is not True:
            continue
        publics = addresses_of(design, gateway)
        for name, values in (
            ("zones", [_zones(address) for address in publics]),
            ("sku", [known(address.sku) or "" for address in publics]),
        ):
            # No zone, or a Basic address, is refused by itself: GW-12, GW-06.
            pairs = [pair for pair in zip(publics, values, strict=True) if pair[1] not in _REFUSED]
            for other, value in pairs[1:]:
                first, expected = pairs[0]
                if value != expected:
                    yield Finding(
                        subject=subject(other, name),
                        evidence=f"{value}, but {subject(first)} has {expected}; Azure refuses it"
                        " (ActiveActiveGatewayPublicIPAddressesDiffersInSkuOrZones)",
                        remedy=f"Give both addresses of {subject(gateway)} the same {name}",
                    )


def basic_without_zones(design: Design) -> Iterator[Finding]:
    """GW-14: the public address of a gateway with SKU Basic has no zones."""
    for gateway in design.azure_gateways:
        for public in addresses_of(design, gateway) if gateway.sku == BASIC_SKU else ():
            if zones := _zones(public):
                yield Finding(
                    subject=subject(public, "zones"),
                    evidence=f"{zones}, but {subject(gateway)} has SKU Basic; Azure refuses it"
                    " (RegionalVmssVpnGatewayPublicIpsMustNotHaveZonesConfigured)",
                    remedy=f"Take {SMALLEST_ZONED_SKU} or larger, or leave zones out",
                )


def one_each(design: Design) -> Iterator[Finding]:
    """GW-15: every ip configuration of a gateway has a public address of its own."""
    seen: dict[str, str] = {}
    for gateway in design.azure_gateways:
        for position, instance in enumerate(configurations(gateway)):
            name = known(instance.ip_configuration_name) or position
            where, public_id = subject(gateway, f"ip_configuration {name}"), instance.public_ip_address_id
            if public_id is None and instance.public_ip_address is None:
                yield Finding(
                    subject=where,
                    evidence="has no public address; Azure refuses it (PublicIpForGatewayIsRequired)",
                    remedy="Set public_ip_address_id to an azurerm_public_ip of its own",
                )
            elif isinstance(public_id, str):
                if public_id in seen:
                    public = design.public_address(public_id)
                    yield Finding(
                        subject=where,
                        evidence=f"{subject(public) if public else public_id} is already that of"
                        f" {seen[public_id]}; Azure refuses it (PublicIPAddressInUse)",
                        remedy="Make a public address for each",
                    )
                seen.setdefault(public_id, where)


def addresses_of(
    design: Design, gateway: VirtualNetworkGateway[Unknown]
) -> tuple[PublicIpAddress[Unknown], ...]:
    """Return a gateway's public addresses; of one that tells none, those of every gateway."""
    ids = {instance.public_ip_address_id for instance in gateway.instances}
    own = tuple(address for address in design.azure.public_ip_addresses if address.id in ids)
    return own if own or len(design.azure_gateways) > 1 else design.gateway_public_addresses


def _zones(public: PublicIpAddress[Unknown]) -> str:
    """Return its zones as text; empty if it has none or they are not known."""
    zones = [known(zone) for zone in public.zones]
    return "" if None in zones else ", ".join(sorted(map(str, zones)))
