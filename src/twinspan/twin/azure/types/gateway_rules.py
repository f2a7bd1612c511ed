"""What Azure demands of a VPN gateway.

Source: About VPN Gateway configuration settings (SKUs, GatewaySubnet); About active-active VPN gateways;
How to configure BGP (custom APIPA addresses); VPN gateway SKU consolidation. Codes and words, from reports on
GitHub: hashicorp/terraform-provider-azurerm pull request 6548 (public address), Azure/Azure-Landing-Zones
issues 2674 (two configurations), 3760 (Basic and BGP), 2746 (allowed SKUs).
"""

from twinspan.network.azure import GATEWAY_SUBNET
from twinspan.network.limits import BASIC_SKU, GATEWAY_SKUS, RETIRED_GATEWAY_SKUS, ZONED_SKU
from twinspan.twin.azure.documents import JsonObject, flag, member, number, objects, text, texts
from twinspan.twin.azure.errors import Detail, bad_request, invalid_format
from twinspan.twin.azure.locations import WITHOUT_ZONES
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types import addresses, bgp
from twinspan.twin.azure.types.base import Context, Put
from twinspan.twin.azure.types.public_ip_addresses import public_ip_user
from twinspan.twin.azure.types.subnets import subnet_users


def default_generation(sku: str) -> str:
    """Return the generation a SKU gets when none is asked for."""
    return GATEWAY_SKUS[sku].generations[0]


def check_gateway(context: Context, put: Put) -> None:
    """Refuse a gateway that Azure would refuse.

    Raises:
        ArmError: 400 with the broken rule's code.
    """
    _check_kind(put)
    _check_sku(put)
    configurations = _check_configurations(put)
    subnets = {
        _reference(put, configuration, "subnet", "subnets").lower() for configuration in configurations
    }
    publics = [
        _reference(put, configuration, "publicIPAddress", "publicIPAddresses").lower()
        for configuration in configurations
    ]
    _check_subnet(context, put, subnets)
    _check_public_addresses(context, put, publics)
    _check_bgp(put, [text(configuration, "name") or "" for configuration in configurations])


def _check_kind(put: Put) -> None:
    """Refuse other gateways than route-based VPN gateways, and a change of kind."""
    kind = text(put.properties, "gatewayType") or "Vpn"
    vpn_type = text(put.properties, "vpnType") or "RouteBased"
    if kind != "Vpn":
        raise bad_request(
            "GatewayTypeNotSupported", f"Gateway {put.id} has type {kind}; the twin has Vpn only."
        )
    if vpn_type != "RouteBased":
        raise bad_request(
            "VpnTypeNotSupported", f"Gateway {put.id} is {vpn_type}; the twin has RouteBased gateways only."
        )


def _check_sku(put: Put) -> None:
    """Check the SKU and what depends on it."""
    sku = text(put.properties, "sku", "name")
    if sku in RETIRED_GATEWAY_SKUS and put.existing is None:
        raise bad_request(
            "NonAzSkusNotAllowedForVPNGateway",
            "VpnGw1-5 non-AZ SKUs are no longer supported for VPN gateways. Only VpnGw1-5AZ SKUs can be "
            "created "
            f"going forward. Gateway {put.id} asks for {sku} (properties.sku.name).",
        )
    if sku is None or sku not in GATEWAY_SKUS:
        raise bad_request(
            "InvalidGatewaySkuSpecifiedForGatewayDeploymentType",
            f"Virtual network gateway Sku {sku or 'none'} specified is not valid for gateway {put.id} with "
            "DeploymentType VMScaleSet (properties.sku.name). The allowed Skus are "
            f"{','.join(GATEWAY_SKUS)}.",
        )
    if text(put.properties, "sku", "tier") not in {None, sku}:
        raise bad_request(
            "InvalidGatewaySkuTier", f"The SKU tier of gateway {put.id} must be the same as its name, {sku}."
        )
    generation = text(put.properties, "vpnGatewayGeneration")
    if generation not in {None, "None", *GATEWAY_SKUS[sku].generations}:
        raise bad_request(
            "VirtualNetworkGatewaySkuCannotBeCreatedForSpecifiedVmGeneration",
            f"The Virtual Network Gateway Sku {sku} cannot be used when VirtualNetworkVpnGatewayGeneration "
            "is "
            f"set to {generation}.",
        )
    if sku == BASIC_SKU and flag(put.properties, "activeActive"):
        raise bad_request(
            "ActiveActiveNotSupportedOnBasicSku", f"Gateway {put.id} cannot be active-active with SKU Basic."
        )
    if sku == BASIC_SKU and flag(put.properties, "enableBgp"):
        raise bad_request(
            "BasicSkuVirtualNetworkGatewayDoesNotSupportBgp",
            "A virtual network gateway SKU of Standard or higher is required for BGP support on virtual "
            "network "
            f"gateway {put.id}",
        )
    before = text(put.existing.body, "properties", "sku", "name") if put.existing is not None else None
    if before not in {None, sku} and BASIC_SKU in {before, sku}:
        raise bad_request(
            "GatewaySkuResizeNotAllowed",
            f"Gateway {put.id} cannot be resized from {before} to {sku}; delete and create it.",
        )


def _check_configurations(put: Put) -> list[JsonObject]:
    """Return the ip configurations, the right number of them and each with its own name."""
    configurations = objects(put.properties, "ipConfigurations")
    names = [text(ip_config, "name") for ip_config in configurations]
    if None in names or len({(name or "").lower() for name in names}) != len(names):
        raise bad_request(
            "InvalidGatewayIpConfigurations",
            f"The ip configurations of {put.id} need names of their own: {names}.",
        )
    active_active = flag(put.properties, "activeActive")
    if active_active and len(configurations) != 2:  # noqa: PLR2004  one for each of the two instances
        raise bad_request(
            "ActiveActiveGatewayMustHaveExactlyTwoIpConfigurations",
            f"Gateway has {len(configurations)} IP configurations specified for gateway {put.id}. "
            "ActiveActive "
            "Gateway must be created with two IP configurations.",
        )
    if not active_active and len(configurations) != 1:
        raise bad_request(
            "GatewayRequiresOneIpConfiguration",
            f"Gateway {put.id} is not active-active and needs exactly one ip configuration; it has "
            f"{len(configurations)}.",
        )
    for ip_config in configurations:
        if text(ip_config, "properties", "privateIPAllocationMethod") == "Static":
            raise bad_request(
                "StaticPrivateIpNotSupported",
                f"ip configuration {text(ip_config, 'name')} of {put.id}: privateIPAllocationMethod must be "
                "Dynamic.",
            )
    return configurations


def _reference(put: Put, configuration: JsonObject, name: str, kind: str) -> str:
    """Return a reference of an ip configuration, which must be of the right type."""
    place = f"properties.ipConfigurations[{text(configuration, 'name')}].properties.{name}"
    target = text(configuration, "properties", name, "id")
    if target is None and name == "publicIPAddress":
        raise bad_request(
            "PublicIpForGatewayIsRequired",
            f"Public IP address reference is required for gateway IP configration {put.id}. Path '{place}'.",
        )
    if target is None:
        message = f"Value for reference id is missing. Path '{place}'."
        raise invalid_format([Detail(code="MissingJsonReferenceId", message=message)])
    if ResourceId.parse(target).types[-1].lower() != kind.lower():
        message = (
            f"Reference Id {target} of {put.id} is not formatted correctly. The Id is expected to reference "
            f"resources of type {kind}. Path '{place}'."
        )
        raise invalid_format([Detail(code="InvalidJsonReferenceFormat", message=message)])
    return target


def _check_subnet(context: Context, put: Put, subnets: set[str]) -> None:
    """Check that all instances are in one GatewaySubnet that no other gateway uses."""
    if len(subnets) != 1:
        raise bad_request(
            "GatewayIpConfigurationsInDifferentSubnets",
            f"All ip configurations of {put.id} must be in the same {GATEWAY_SUBNET}; they are in "
            f"{', '.join(sorted(subnets))}.",
        )
    subnet = ResourceId.parse(next(iter(subnets)))
    if subnet.name.lower() != GATEWAY_SUBNET.lower():
        raise bad_request(
            "InvalidGatewaySubnet",
            f"Gateway {put.id} must be in a subnet named {GATEWAY_SUBNET}; {subnet.name} is another one.",
        )
    own = f"{put.id.key}/"
    others = [user for user in subnet_users(context, subnet) if not user.lower().startswith(own)]
    if others:
        raise bad_request(
            "VirtualNetworkGatewayAlreadyExistsInVirtualNetwork",
            f"Virtual network {subnet.names[0]} already has a VPN gateway ({others[0]}); it can have one.",
        )
    if put.existing is not None:
        before = objects(put.existing.body, "properties", "ipConfigurations")
        if (text(before[0], "properties", "subnet", "id") or "").lower() not in subnets:
            raise bad_request(
                "GatewaySubnetCannotBeChanged", f"Gateway {put.id} cannot move to another subnet."
            )


def _check_public_addresses(context: Context, put: Put, publics: list[str]) -> None:
    """Check that each instance has a free public address of its own."""
    if len(set(publics)) != len(publics):
        raise bad_request(
            "DuplicatePublicIPAddress", f"The ip configurations of {put.id} share one public IP address."
        )
    own = f"{put.id.key}/"
    for public in publics:
        user = public_ip_user(context, ResourceId.parse(public))
        if user is not None and not user.lower().startswith(own):
            raise bad_request(
                "PublicIPAddressInUse",
                f"Resource {put.id} is referencing public IP address {public} that is already allocated to "
                f"resource {user}.",
            )
    _check_unchanged(put)
    _check_zones(put, [context.store.get(public) for public in publics])


def _check_unchanged(put: Put) -> None:
    """Refuse another public address for an instance that is there.

    Source: hashicorp/terraform-provider-azurerm issue 27756, Azure/azure-cli issue 30220: it cannot be done.
    The code is ours.
    """
    before = objects(put.existing.body, "properties", "ipConfigurations") if put.existing is not None else []
    after = objects(put.properties, "ipConfigurations")
    for old, new in zip(before, after, strict=False):
        ids = [
            text(configuration, "properties", "publicIPAddress", "id") or "" for configuration in (old, new)
        ]
        if ids[0].lower() != ids[1].lower():
            raise bad_request(
                "VirtualNetworkGatewayPublicIpAddressCannotBeChanged",
                f"publicIPAddress of the ip configuration {text(old, 'name')} of gateway {put.id} cannot be "
                "changed "
                f"from {ids[0]} to {ids[1]}. Delete the gateway and create it.",
            )


def _check_zones(put: Put, publics: list[Resource | None]) -> None:
    """Check that the public addresses have the zones that the SKU demands, and all the same.

    Source: Azure/ResourceModules issue 2609, Azure/Azure-Landing-Zones issue 2660,
    Azure/terraform-azurerm-caf-enterprise-scale issue 940.
    """
    zones = [sorted(texts(public.body, "zones")) for public in publics if public is not None]
    if any(zone != zones[0] for zone in zones):
        raise bad_request(
            "ActiveActiveGatewayPublicIPAddressesDiffersInSkuOrZones",
            f"Virtual network gateway {put.id} in active active mode is using PublicIPAddresses either with "
            "different Skus or with different PublicIPAllocationMethod or from a different availability "
            "zones. "
            "Networking does not support using resources from multiple zones. Networking also does not "
            "support "
            "using both regional resources and zonal resources.",
        )
    zonal = (text(put.properties, "sku", "name") or "").endswith(ZONED_SKU)
    if zonal and not zones[0] and text(put.body, "location") not in WITHOUT_ZONES:
        raise bad_request(
            "VmssVpnGatewayPublicIpsMustHaveZonesConfigured",
            "Standard Public IPs associated with VPN Gateways with AZ VPN skus must have zones configured.",
        )
    if not zonal and zones[0]:
        raise bad_request(
            "RegionalVmssVpnGatewayPublicIpsMustNotHaveZonesConfigured",
            "Standard Public IPs associated with VPN gateways with non-AZ VPN skus cannot have zones "
            "configured.",
        )


def _check_bgp(put: Put, names: list[str]) -> None:
    """Check the gateway's BGP speaker and its APIPA addresses."""
    if member(put.properties, "bgpSettings") is None:
        return
    where = str(put.id)
    asn = number(put.properties, "bgpSettings", "asn")
    if asn is not None and asn != 0:
        bgp.check_asn(asn, where=where, own=True)
    known = {f"{put.id}/ipConfigurations/{name}".lower() for name in names}
    seen: dict[str, str] = {}
    for entry in objects(put.properties, "bgpSettings", "bgpPeeringAddresses"):
        configuration = (text(entry, "ipconfigurationId") or "").lower()
        if configuration not in known:
            raise bad_request(
                "InvalidResourceReference",
                f"bgpPeeringAddresses of {where} names the ip configuration '{configuration}', which the "
                "gateway "
                "does not have.",
            )
        _check_custom_addresses(put, configuration, texts(entry, "customBgpIpAddresses"), seen)


def _check_custom_addresses(put: Put, configuration: str, custom: list[str], seen: dict[str, str]) -> None:
    """Check one instance's APIPA addresses; `seen` maps those of all instances to their owner."""
    for value in custom:
        parsed = addresses.address(value, where=configuration, code="InvalidCustomBgpIpAddress")
        bgp.check_apipa(parsed, where=configuration)
        if str(parsed) in seen:
            raise bad_request(
                "DuplicateCustomBgpIpAddress",
                f"Custom BGP address {parsed} is given twice, to {seen[str(parsed)]} and {configuration}; "
                "every "
                "address must be unique over both instances.",
            )
        seen[str(parsed)] = configuration
    if len(custom) > 1 and not flag(put.properties, "activeActive"):
        raise bad_request(
            "MultipleCustomBgpIpAddressesNotSupported",
            f"Gateway {put.id} is not active-active and can have one custom BGP address; it has "
            f"{', '.join(custom)}.",
        )
