"""Microsoft.Network/virtualNetworkGateways."""

from typing_extensions import override

from twinspan.network.asns import AZURE_DEFAULT_ASN
from twinspan.network.limits import RESERVED_HOSTS
from twinspan.twin.azure.documents import Json, JsonObject, flag, number, objects, text, texts
from twinspan.twin.azure.errors import bad_request
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.status import advertised_routes, bgp_peers, learned_routes
from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types import addresses
from twinspan.twin.azure.types.base import Action, Context, Put, ResourceType
from twinspan.twin.azure.types.gateway_rules import check_gateway, default_generation

_DEFAULTS: JsonObject = {
    "gatewayType": "Vpn",
    "vpnType": "RouteBased",
    "enableBgp": False,
    "activeActive": False,
    "enablePrivateIpAddress": False,
    "disableIPSecReplayProtection": False,
    "enableBgpRouteTranslationForNat": False,
    "allowRemoteVnetTraffic": False,
    "allowVirtualWanTraffic": False,
}


class _VirtualNetworkGateways(ResourceType):
    type = "Microsoft.Network/virtualNetworkGateways"
    model = "VirtualNetworkGateway"

    @override
    def check(self, context: Context, put: Put) -> None:
        check_gateway(context, put)

    @override
    def complete(self, context: Context, put: Put) -> None:
        members = put.properties
        for name, value in _DEFAULTS.items():
            members.setdefault(name, value)
        sku = text(members, "sku", "name") or ""
        members["sku"] = {"name": sku, "tier": sku, "capacity": 2}
        if text(members, "vpnGatewayGeneration") in {None, "None"}:
            members["vpnGatewayGeneration"] = default_generation(sku)
        for configuration in objects(members, "ipConfigurations"):
            configuration["id"] = configuration_id(put.id, configuration)
            inner = configuration.setdefault("properties", {})
            if isinstance(inner, dict):
                inner["privateIPAllocationMethod"] = "Dynamic"
                inner["provisioningState"] = "Succeeded"
        settings: JsonObject = {
            "asn": number(members, "bgpSettings", "asn") or AZURE_DEFAULT_ASN,
            "peerWeight": number(members, "bgpSettings", "peerWeight") or 0,
            "bgpPeeringAddresses": [
                {
                    "ipconfigurationId": configuration_id(put.id, configuration),
                    "customBgpIpAddresses": list(custom_addresses(members, put.id, configuration)),
                }
                for configuration in objects(members, "ipConfigurations")
            ],
        }
        members["bgpSettings"] = settings

    @override
    def decorate(self, context: Context, resource: Resource, members: JsonObject, *, listed: bool) -> None:
        members.setdefault("natRules", [])
        members.setdefault("virtualNetworkGatewayPolicyGroups", [])
        settings = members["bgpSettings"]
        if not isinstance(settings, dict):
            return
        defaults = default_bgp_addresses(context, resource)
        settings["bgpPeeringAddress"] = ",".join(defaults)
        configurations = objects(members, "ipConfigurations")
        entries = objects(settings, "bgpPeeringAddresses")
        for entry, configuration, default in zip(entries, configurations, defaults, strict=False):
            public = text(configuration, "properties", "publicIPAddress", "id")
            public_ip = context.store.get(public) if public is not None else None
            address = text(public_ip.body, "properties", "ipAddress") if public_ip is not None else None
            entry["defaultBgpIpAddresses"] = [default]
            entry["tunnelIpAddresses"] = [address] if address is not None else []

    @override
    def refuse_delete(self, context: Context, resource: Resource) -> None:
        users = [str(user.id) for user, _ in context.store.users(resource.id)]
        if users:
            raise bad_request(
                "VirtualNetworkGatewayCannotBeDeleted",
                f"Virtual network gateway {resource.id} has the connections {', '.join(users)} and cannot be "
                "deleted. Delete them first.",
            )

    @override
    def act(self, context: Context, resource: Resource, action: Action) -> Json:
        observed = context.board.latest()
        key = resource.id.key
        match action.name:
            case "getbgppeerstatus":
                return bgp_peers(observed, key, peer=action.query.get("peer"))
            case "getlearnedroutes":
                return learned_routes(observed, key)
            case "getadvertisedroutes":
                peer = action.query.get("peer")
                if not peer:
                    raise bad_request(
                        "InvalidRequestFormat",
                        "The query parameter 'peer' is required: the peer's BGP address.",
                    )
                addresses.address(peer, where="query parameter 'peer'")
                return advertised_routes(observed, key, peer=peer)
            case "reset":
                self._reset(context, resource, action.query.get("gatewayvip"))
                return self.render(context, resource)
            case _:
                return super().act(context, resource, action)

    def _reset(self, context: Context, resource: Resource, vip: str | None) -> None:
        """Note a reset of the first instance, or of the one with the public address `vip`.

        The Azure CLI sends the text `None` where no address is given.
        """
        requested_address = None if vip in {None, "", "None"} else vip
        for configuration in objects(resource.body, "properties", "ipConfigurations"):
            public = text(configuration, "properties", "publicIPAddress", "id")
            public_ip = context.store.get(public) if public is not None else None
            address = text(public_ip.body, "properties", "ipAddress") if public_ip is not None else None
            if requested_address in {None, address}:
                key = configuration_id(resource.id, configuration).lower()
                context.store.resets[key] = context.store.resets.get(key, 0) + 1
                return
        raise bad_request("InvalidGatewayVip", f"{vip} is not a public IP address of gateway {resource.id}.")


def configuration_id(gateway: ResourceId, configuration: JsonObject) -> str:
    """Return the id of an ip configuration of a gateway."""
    return f"{gateway}/ipConfigurations/{text(configuration, 'name')}"


def custom_addresses(members: JsonObject, gateway: ResourceId, configuration: JsonObject) -> list[str]:
    """Return the APIPA addresses of one instance, in order."""
    expected_id = configuration_id(gateway, configuration).lower()
    for entry in objects(members, "bgpSettings", "bgpPeeringAddresses"):
        if (text(entry, "ipconfigurationId") or "").lower() == expected_id:
            return texts(entry, "customBgpIpAddresses")
    return []


def default_bgp_addresses(context: Context, gateway: Resource) -> list[str]:
    """Return each instance's address in GatewaySubnet.

    Two instances get the first usable ones; a single one the last, as Azure shows it.
    Source: How to configure BGP for Azure VPN Gateway (10.12.255.30 in a /27; .4 and .5 if active-active).
    """
    configurations = objects(gateway.body, "properties", "ipConfigurations")
    target = text(configurations[0], "properties", "subnet", "id") or ""
    subnet = context.store.get(target)
    if subnet is None:  # a state file that somebody has changed
        return []
    network = addresses.subnet_networks(subnet.body, where=target)[0]
    if flag(gateway.body, "properties", "activeActive"):
        return [str(network[RESERVED_HOSTS + index]) for index in range(len(configurations))]
    return [str(network[-2])]


VIRTUAL_NETWORK_GATEWAYS = _VirtualNetworkGateways()
"""Source: Virtual Network Gateways - Create Or Update (REST); About VPN Gateway settings."""
