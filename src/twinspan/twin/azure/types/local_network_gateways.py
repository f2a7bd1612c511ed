"""Microsoft.Network/localNetworkGateways."""

from ipaddress import IPv4Network

from typing_extensions import override

from twinspan.network.limits import LOCAL_NETWORK_GATEWAY_PREFIXES
from twinspan.twin.azure.documents import JsonObject, member, number, objects, text, texts
from twinspan.twin.azure.errors import bad_request
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types import addresses, bgp
from twinspan.twin.azure.types.base import Context, Put, ResourceType


class _LocalNetworkGateways(ResourceType):
    type = "Microsoft.Network/localNetworkGateways"
    model = "LocalNetworkGateway"

    @override
    def check(self, context: Context, put: Put) -> None:
        where = str(put.id)
        address, fqdn = text(put.properties, "gatewayIpAddress"), text(put.properties, "fqdn")
        if (address is None) == (fqdn is None):
            raise bad_request(
                "LocalNetworkGatewayNeedsAddressOrFqdn",
                f"Local network gateway {where} needs exactly one of gatewayIpAddress and fqdn.",
            )
        if address is not None:
            parsed = addresses.address(address, where=where, code="InvalidLocalNetworkGatewayIpAddress")
            if parsed.is_loopback or parsed.is_link_local or parsed.is_multicast or parsed.is_unspecified:
                raise bad_request(
                    "InvalidLocalNetworkGatewayIpAddress",
                    f"gatewayIpAddress {parsed} of {where} cannot be reached from Azure.",
                )
        prefixes = texts(put.properties, "localNetworkAddressSpace", "addressPrefixes")
        if not prefixes and member(put.properties, "bgpSettings") is None:
            raise bad_request(
                "LocalNetworkGatewayCannotHaveEmptyAddressPrefixAndBgpSettings",
                f"The local network gateway {where} cannot have both empty address prefix and empty BGP "
                "Settings.",
            )
        addresses.check_count(
            len(prefixes),
            LOCAL_NETWORK_GATEWAY_PREFIXES,
            what="prefixes (properties.localNetworkAddressSpace.addressPrefixes)",
            where=where,
            code="AddressPrefixCountLimitReached",
        )
        for prefix in prefixes:
            if addresses.network(prefix, where=where).is_link_local:
                raise bad_request(
                    "InvalidLocalNetworkAddressSpace",
                    f"Address prefix {prefix} of {where} is an APIPA range, which cannot be routed. For a "
                    "BGP "
                    "peer leave the address space empty.",
                )
        _check_bgp(put)
        check_overlap_of_connections(
            context, put.id, [addresses.network(cidr, where=where) for cidr in prefixes]
        )

    @override
    def decorate(self, context: Context, resource: Resource, members: JsonObject, *, listed: bool) -> None:
        members.setdefault("localNetworkAddressSpace", {"addressPrefixes": []})
        settings = members.get("bgpSettings")
        if isinstance(settings, dict):
            settings.setdefault("peerWeight", 0)

    @override
    def refuse_delete(self, context: Context, resource: Resource) -> None:
        users = [str(user.id) for user, _ in context.store.users(resource.id)]
        if users:
            raise bad_request(
                "InUseLocalNetworkGatewayCannotBeDeleted",
                f"Local network gateway {resource.id} is in use by {', '.join(users)} and cannot be deleted.",
            )


def check_overlap(context: Context, connection: str, gateway: Resource, prefixes: list[IPv4Network]) -> None:
    """Refuse prefixes of a connection's remote side that are in the gateway's virtual network.

    Raises:
        ArmError: `ConnectionOverlappingAddressSpaces`. Source: MicrosoftDocs/azure-docs issue 110829 for the
            code; the words are ours.
    """
    configuration = objects(gateway.body, "properties", "ipConfigurations")[0]
    subnet = ResourceId.parse(text(configuration, "properties", "subnet", "id") or "")
    network = context.store.get(subnet.parent) if subnet.parent is not None else None
    own = texts(network.body, "properties", "addressSpace", "addressPrefixes") if network is not None else []
    for prefix in prefixes:
        for space in own:
            if prefix.overlaps(addresses.network(space, where=str(subnet.parent))):
                raise bad_request(
                    "ConnectionOverlappingAddressSpaces",
                    f"Connection {connection} has overlapping address spaces: the address prefix {prefix} "
                    "of its "
                    f"local network gateway (localNetworkAddressSpace.addressPrefixes) overlaps {space} of "
                    "the "
                    f"virtual network {subnet.parent}.",
                )


def check_overlap_of_connections(context: Context, local: ResourceId, prefixes: list[IPv4Network]) -> None:
    """Refuse prefixes that overlap the virtual network of a connection that the local gateway has.

    Raises:
        ArmError: `ConnectionOverlappingAddressSpaces`.
    """
    for connection, _ in context.store.users(local):
        gateway = context.store.get(text(connection.body, "properties", "virtualNetworkGateway1", "id") or "")
        if gateway is not None:
            check_overlap(context, str(connection.id), gateway, prefixes)


def _check_bgp(put: Put) -> None:
    """Check the far end's BGP speaker."""
    if member(put.properties, "bgpSettings") is None:
        return
    where = str(put.id)
    asn = number(put.properties, "bgpSettings", "asn")
    peer = text(put.properties, "bgpSettings", "bgpPeeringAddress")
    if asn is None or peer is None:
        raise bad_request(
            "BgpSettingsIncomplete", f"bgpSettings of {where} needs both asn and bgpPeeringAddress."
        )
    if asn == 0:
        raise bad_request("InvalidBgpAsn", f"The local network gateway {where} cannot have an ASN of zero")
    bgp.check_asn(asn, where=where, own=False)
    parsed = addresses.address(peer, where=where, code="InvalidBgpPeeringAddress")
    if bgp.is_apipa(parsed):
        bgp.check_apipa(parsed, where=where)
    if peer == text(put.properties, "gatewayIpAddress"):
        raise bad_request(
            "InvalidBgpPeeringAddress",
            f"bgpPeeringAddress {peer} of {where} is also its gatewayIpAddress; it must be an inside "
            "address.",
        )


LOCAL_NETWORK_GATEWAYS = _LocalNetworkGateways()
"""Source: Local Network Gateways - Create Or Update (REST); VPN Gateway FAQ, BGP; for codes and words
hashicorp/terraform-provider-azurerm issues 15163 and 21565, MSOpenTech/azure-xplat-cli issue 3413."""
