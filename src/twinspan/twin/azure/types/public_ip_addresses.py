"""Microsoft.Network/publicIPAddresses."""

from typing_extensions import override

from twinspan.network.ranges import TWIN_AZURE_PUBLIC
from twinspan.twin.azure.documents import JsonObject, objects, text, texts
from twinspan.twin.azure.errors import bad_request
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types.base import Context, Put, ResourceType

_FIRST = 4  # the lower ones are left to the routers of whoever carries the pool
_ZONES = {"1", "2", "3"}


class _PublicIpAddresses(ResourceType):
    type = "Microsoft.Network/publicIPAddresses"
    model = "PublicIPAddress"

    @override
    def check(self, context: Context, put: Put) -> None:
        sku = text(put.body, "sku", "name") or "Standard"
        method = text(put.properties, "publicIPAllocationMethod") or "Static"
        if sku == "Basic":
            raise bad_request(
                "IPv4BasicSkuPublicIpCountLimitReached",
                "Cannot create more than 0 IPv4 Basic SKU public IP addresses for this subscription in this "
                "region.",
            )
        if text(put.properties, "publicIPAddressVersion") == "IPv6":
            raise bad_request(
                "IPv6NotSupported", f"Public IP address {put.id} asks for IPv6; the twin has IPv4 only."
            )
        if method != "Static":
            raise bad_request(
                "StandardSkuPublicIPAddressesMustBeStatic",
                f"Standard sku publicIp {put.id} must have AllocationMethod set to Static.",
            )
        unknown = [zone for zone in texts(put.body, "zones") if zone not in _ZONES]
        if unknown:
            raise bad_request(
                "AvailabilityZoneNotSupported",
                f"The zone(s) '{', '.join(unknown)}' of {put.id} are not supported; use 1, 2, 3.",
            )
        self._check_unchanged(put)

    def _check_unchanged(self, put: Put) -> None:
        """Refuse new zones for an existing address."""
        if put.existing is None:
            return
        if sorted(texts(put.existing.body, "zones")) != sorted(texts(put.body, "zones")):
            raise bad_request(
                "ResourceAvailabilityZonesCannotBeModified",
                f"Resource {put.id} has an existing availability zone constraint "
                f"{_zones(put.existing.body)} and "
                f"the request has availability zone constraint {_zones(put.body)}, which do not match. "
                "Zones cannot "
                "be added/updated/removed once the resource is created. The resource cannot be updated from "
                "regional to zonal or vice-versa.",
            )

    @override
    def complete(self, context: Context, put: Put) -> None:
        put.body.setdefault("sku", {"name": "Standard", "tier": "Regional"})
        sku = put.body["sku"]
        if isinstance(sku, dict):
            sku.setdefault("name", "Standard")
            sku.setdefault("tier", "Regional")
        members = put.properties
        members.setdefault("publicIPAllocationMethod", "Static")
        members.setdefault("publicIPAddressVersion", "IPv4")
        members.setdefault("idleTimeoutInMinutes", 4)
        members.setdefault("ipTags", [])
        kept = text(put.existing.body, "properties", "ipAddress") if put.existing is not None else None
        members["ipAddress"] = kept or _allocate(context)

    @override
    def decorate(self, context: Context, resource: Resource, members: JsonObject, *, listed: bool) -> None:
        user = public_ip_user(context, resource.id)
        if user is not None:
            members["ipConfiguration"] = {"id": user}

    @override
    def refuse_delete(self, context: Context, resource: Resource) -> None:
        user = public_ip_user(context, resource.id)
        if user is not None:
            raise bad_request(
                "PublicIPAddressCannotBeDeleted",
                f"Public IP address {resource.id} can not be deleted since it is still allocated to resource "
                f"{user}. In order to delete the public IP, disassociate/detach the Public IP address from "
                "the "
                "resource. To learn how to do this, see aka.ms/deletepublicip.",
            )


def _zones(body: JsonObject) -> str:
    """Return an address's zones as Azure words them."""
    return ", ".join(sorted(texts(body, "zones"))) or "NoZone"


def public_ip_user(context: Context, public_ip: ResourceId) -> str | None:
    """Return the id of the ip configuration that has a public address, or None."""
    for resource, _ in context.store.users(public_ip):
        for configuration in objects(resource.body, "properties", "ipConfigurations"):
            target = text(configuration, "properties", "publicIPAddress", "id")
            if target is not None and target.lower() == public_ip.key:
                return f"{resource.id}/ipConfigurations/{text(configuration, 'name')}"
    return None


def _allocate(context: Context) -> str:
    """Return a free address of the pool, the lowest one first, that no local network gateway names."""
    taken = {
        text(resource.body, "properties", member)
        for kind, member in (
            ("Microsoft.Network/publicIPAddresses", "ipAddress"),
            ("Microsoft.Network/localNetworkGateways", "gatewayIpAddress"),
        )
        for resource in context.store.of_type(kind)
    }
    for candidate in list(TWIN_AZURE_PUBLIC)[_FIRST:-1]:
        if str(candidate) not in taken:
            return str(candidate)
    raise bad_request(
        "PublicIPCountLimitReached",
        f"All public IP addresses of the twin ({TWIN_AZURE_PUBLIC}) are in use. Delete some.",
    )


PUBLIC_IP_ADDRESSES = _PublicIpAddresses()
"""Source: Public IP Addresses - Create Or Update (REST); retirement of Basic SKU public IPs."""
