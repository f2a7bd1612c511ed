"""Microsoft.Network/connections."""

from typing_extensions import override

from twinspan.twin.azure.documents import Json, JsonObject, objects, text
from twinspan.twin.azure.errors import bad_request
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.status import connection_status
from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types.base import Action, Context, Put, ResourceType
from twinspan.twin.azure.types.connection_rules import check_connection, check_type, ipsec_defaults

_DEFAULTS: JsonObject = {
    "connectionProtocol": "IKEv2",
    "connectionMode": "Default",
    "routingWeight": 0,
    "dpdTimeoutSeconds": 0,  # Azure shows what was set, and waits 45 s all the same
    "enableBgp": False,
    "useLocalAzureIpAddress": False,
    "usePolicyBasedTrafficSelectors": False,
    "expressRouteGatewayBypass": False,
    "enablePrivateLinkFastPath": False,
    "ipsecPolicies": [],
    "trafficSelectorPolicies": [],
    "gatewayCustomBgpIpAddresses": [],
}


class _Connections(ResourceType):
    type = "Microsoft.Network/connections"
    model = "VirtualNetworkGatewayConnection"

    @override
    def check_first(self, resource_id: ResourceId, body: JsonObject) -> None:
        check_type(resource_id, body)

    @override
    def check(self, context: Context, put: Put) -> None:
        if "authorizationKey" in put.properties:
            raise bad_request(
                "AuthorizationKeyNotSupported",
                f"Connection {put.id}: properties.authorizationKey is for ExpressRoute, and the twin has "
                "IPsec only.",
            )
        check_connection(context, put)

    @override
    def complete(self, context: Context, put: Put) -> None:
        members = put.properties
        for name, value in _DEFAULTS.items():
            members.setdefault(name, value if not isinstance(value, list) else [])
        for policy in objects(members, "ipsecPolicies"):
            ipsec_defaults(policy)

    @override
    def decorate(self, context: Context, resource: Resource, members: JsonObject, *, listed: bool) -> None:
        status = connection_status(context.board, resource.id)
        if listed:  # a list tells the byte counts only
            members["ingressBytesTransferred"] = status.ingress_bytes
            members["egressBytesTransferred"] = status.egress_bytes
            return
        members.update(status.document())

    @override
    def act(self, context: Context, resource: Resource, action: Action) -> Json:
        if action.name != "resetconnection":
            return super().act(context, resource, action)
        key = resource.id.key
        context.store.resets[key] = context.store.resets.get(key, 0) + 1
        return None


def gateway_connections(context: Context, gateway: Resource) -> list[Resource]:
    """Return the connections of a gateway, in order of creation."""
    return [
        connection
        for connection in context.store.of_type(_Connections.type)
        if (text(connection.body, "properties", "virtualNetworkGateway1", "id") or "").lower()
        == gateway.id.key
    ]


CONNECTIONS = _Connections()
"""Source: Virtual Network Gateway Connections - Create Or Update (REST); VPN Gateway FAQ."""
