"""Microsoft.Network/localNetworkGateways."""

from typing_extensions import override

from twinspan.twin.azure.documents import JsonObject, member, number, text, texts
from twinspan.twin.azure.errors import bad_request
from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types import addresses, bgp
from twinspan.twin.azure.types.base import Context, Put, ResourceType, users_of


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
        for prefix in texts(put.properties, "localNetworkAddressSpace", "addressPrefixes"):
            if addresses.network(prefix, where=where).is_link_local:
                raise bad_request(
                    "InvalidLocalNetworkAddressSpace",
                    f"Address prefix {prefix} of {where} is an APIPA range, which cannot be routed. For a "
                    "BGP "
                    "peer leave the address space empty.",
                )
        _check_bgp(put)

    @override
    def decorate(self, context: Context, resource: Resource, told: JsonObject, *, listed: bool) -> None:
        told.setdefault("localNetworkAddressSpace", {"addressPrefixes": []})
        settings = told.get("bgpSettings")
        if isinstance(settings, dict):
            settings.setdefault("peerWeight", 0)

    @override
    def refuse_delete(self, context: Context, resource: Resource) -> None:
        users = [str(user.id) for user, _ in users_of(context.store, resource.id)]
        if users:
            raise bad_request(
                "InUseLocalNetworkGatewayCannotBeDeleted",
                f"Local network gateway {resource.id} is in use by {', '.join(users)} and cannot be deleted.",
            )


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
    bgp.check_asn(asn, where=where, azure_default_allowed=False)
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
"""Source: Local Network Gateways - Create Or Update (REST); VPN Gateway FAQ, BGP."""
