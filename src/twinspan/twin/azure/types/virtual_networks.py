"""Microsoft.Network/virtualNetworks."""

from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import ClassVar

from typing_extensions import override

from twinspan.network.limits import AZURE_SUBNET_LENGTH, VNET_PREFIXES, VNET_SUBNETS
from twinspan.twin.azure.documents import JsonObject, objects, properties, text, texts
from twinspan.twin.azure.errors import bad_request
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types import addresses
from twinspan.twin.azure.types.base import Context, Put, ResourceType
from twinspan.twin.azure.types.subnets import SUBNETS, check_apart, check_subnet


class _VirtualNetworks(ResourceType):
    type = "Microsoft.Network/virtualNetworks"
    model = "VirtualNetwork"
    parts: ClassVar[Mapping[str, str]] = {"subnets": SUBNETS.type}
    parts_kept_if_absent = True

    @override
    def check(self, context: Context, put: Put) -> None:
        prefixes = texts(put.properties, "addressSpace", "addressPrefixes")
        addresses.check_count(
            len(prefixes),
            VNET_PREFIXES,
            what="address prefixes (properties.addressSpace.addressPrefixes)",
            where=str(put.id),
            code="AddressPrefixCountLimitReached",
        )
        space = address_space(put.body, put.id)
        if not space:
            raise bad_request(
                "MissingAddressSpace",
                f"Virtual network {put.id} has no address space. Give at least one prefix in "
                "properties.addressSpace.addressPrefixes.",
            )
        for prefix in space:
            _check_prefix(prefix, put.id)
        clash = addresses.overlap(space)
        if clash is not None:
            raise bad_request(
                "OverlappingAddressPrefixes",
                f"Address prefixes {clash[0]} and {clash[1]} of resource {put.id} overlap.",
            )
        if objects(put.properties, "virtualNetworkPeerings"):
            raise bad_request(
                "VirtualNetworkPeeringsNotSupported",
                f"Virtual network {put.id}: properties.virtualNetworkPeerings: the twin has no peerings.",
            )
        self._check_subnets(context, put, space)

    def _check_subnets(self, context: Context, put: Put, space: list[IPv4Network]) -> None:
        """Check the subnets of the body, or the ones that stay."""
        if "subnets" in put.properties:
            subnets = [
                (put.id.child("subnets", _name(subnet)), subnet)
                for subnet in objects(put.properties, "subnets")
            ]
        else:
            subnets = [(subnet.id, subnet.body) for subnet in context.store.children(put.id, "subnets")]
        addresses.check_count(
            len(subnets), VNET_SUBNETS, what="subnets", where=str(put.id), code="SubnetCountLimitReached"
        )
        for identity, body in subnets:
            check_subnet(context, identity, body, space=space)
        check_apart(subnets)

    @override
    def complete(self, context: Context, put: Put) -> None:
        for subnet in objects(put.properties, "subnets"):
            SUBNETS.complete(
                context, Put(id=put.id.child("subnets", _name(subnet)), body=subnet, existing=None)
            )

    @override
    def decorate(self, context: Context, resource: Resource, members: JsonObject, *, listed: bool) -> None:
        members["subnets"] = [
            SUBNETS.render(context, subnet) for subnet in context.store.children(resource.id, "subnets")
        ]
        members.setdefault("virtualNetworkPeerings", [])
        members.setdefault("enableDdosProtection", False)
        members.setdefault("dhcpOptions", {"dnsServers": []})

    @override
    def refuse_delete(self, context: Context, resource: Resource) -> None:
        for subnet in context.store.children(resource.id, "subnets"):
            SUBNETS.refuse_delete(context, subnet)


def address_space(body: JsonObject, where: ResourceId) -> list[IPv4Network]:
    """Return the prefixes of a virtual network's body."""
    prefixes = texts(properties(body), "addressSpace", "addressPrefixes")
    return [addresses.network(prefix, where=str(where)) for prefix in prefixes]


def _name(subnet: JsonObject) -> str:
    name = text(subnet, "name")
    if name is None:
        raise bad_request("InvalidResourceName", "A subnet in properties.subnets has no name.")
    return name


def _check_prefix(prefix: IPv4Network, where: ResourceId) -> None:
    """Refuse reserved blocks and networks that are too small."""
    block = addresses.forbidden(prefix)
    if block is not None:
        raise bad_request(
            "AddressPrefixNotAllowed",
            f"Address prefix {prefix} of virtual network {where} overlaps {block}, which is reserved.",
        )
    if prefix.prefixlen > AZURE_SUBNET_LENGTH:
        raise bad_request(
            "AddressPrefixTooSmall",
            f"Address prefix {prefix} of virtual network {where} is smaller than /{AZURE_SUBNET_LENGTH}.",
        )


VIRTUAL_NETWORKS = _VirtualNetworks()
"""Source: Virtual Networks - Create Or Update (REST); Azure Virtual Network FAQ for the reserved blocks."""
