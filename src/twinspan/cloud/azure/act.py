"""Changes to a VPN in Azure that a drill makes and takes back; the same for a real one and for the twin."""

from ipaddress import IPv4Address

from twinspan.cloud.azure.client import clients, translated
from twinspan.cloud.azure.endpoint import AzureEndpoint
from twinspan.cloud.azure.rest import Document, get

_API_VERSION = "2024-05-01"
"""API version of what is read and written back."""


def _parts(resource_id: str) -> tuple[str, str]:
    """Return resource group and name."""
    parts = resource_id.split("/")
    return parts[4], parts[-1]


def reset_gateway(endpoint: AzureEndpoint, gateway_id: str, vip: IPv4Address) -> None:
    """Restart the gateway's instance that has this public address. Source: Azure, Reset a VPN gateway.

    Raises:
        CloudError: Azure said no or did not answer.
    """
    group, name = _parts(gateway_id)
    with translated(endpoint, "virtualNetworkGateways/reset"):
        gateways = clients(endpoint.owning(gateway_id)).network.virtual_network_gateways
        gateways.begin_reset(group, name, gateway_vip=str(vip)).result()


def read_rule(endpoint: AzureEndpoint, group_id: str, rule: str) -> Document:
    """Return a rule of a network security group as ARM gives it, to be written back later.

    Raises:
        CloudError: Azure said no or did not answer.
    """
    return get(endpoint, f"{group_id}/securityRules/{rule}", api_version=_API_VERSION)


def put_rule(endpoint: AzureEndpoint, group_id: str, rule: Document, *, access: str) -> None:
    """Write a rule that `read_rule` returned, with `Allow` or `Deny`.

    Raises:
        CloudError: Azure said no or did not answer.
    """
    group, name = _parts(group_id)
    said = {key: value for key, value in rule["properties"].items() if key != "provisioningState"}
    body = {"properties": {**said, "access": access}}
    with translated(endpoint, "securityRules/write"):
        rules = clients(endpoint.owning(group_id)).network.security_rules
        rules.begin_create_or_update(group, name, rule["name"], body).result()  # type: ignore[call-overload]


def read_resource(endpoint: AzureEndpoint, resource_id: str) -> Document:
    """Return a resource of the network as ARM gives it, without keys, to be written back later.

    Raises:
        CloudError: Azure said no or did not answer.
    """
    return get(endpoint, resource_id, api_version=_API_VERSION)


def delete_connection(endpoint: AzureEndpoint, connection_id: str) -> None:
    """Delete a connection.

    Raises:
        CloudError: Azure said no or did not answer.
    """
    group, name = _parts(connection_id)
    with translated(endpoint, "connections/delete"):
        network = clients(endpoint.owning(connection_id)).network
        network.virtual_network_gateway_connections.begin_delete(group, name).result()


def make_connection(endpoint: AzureEndpoint, connection_id: str, connection: Document, key: str) -> None:
    """Make a connection again from what `read_resource` returned, and its pre-shared key.

    Raises:
        CloudError: Azure said no or did not answer.
    """
    group, name = _parts(connection_id)
    said = {k: v for k, v in connection["properties"].items() if k not in _READ_ONLY}
    body = {
        "location": connection["location"],
        "tags": connection.get("tags") or {},
        "properties": {**said, "sharedKey": key},
    }
    with translated(endpoint, "connections/write"):
        network = clients(endpoint.owning(connection_id)).network
        network.virtual_network_gateway_connections.begin_create_or_update(  # type: ignore[call-overload]
            group, name, body
        ).result()


def put_local_network_gateway(endpoint: AzureEndpoint, document: Document) -> None:
    """Write a local network gateway as ARM has shown it.

    Raises:
        CloudError: Azure said no or did not answer.
    """
    group, name = _parts(document["id"])
    said = {key: value for key, value in document["properties"].items() if key not in _READ_ONLY}
    body = {"location": document["location"], "tags": document.get("tags") or {}, "properties": said}
    with translated(endpoint, "localNetworkGateways/write"):
        gateways = clients(endpoint.owning(document["id"])).network.local_network_gateways
        gateways.begin_create_or_update(group, name, body).result()  # type: ignore[call-overload]


def set_shared_key(endpoint: AzureEndpoint, connection_id: str, key: str) -> None:
    """Give a connection another pre-shared key. Source: Virtual Network Gateway Connections - Set Shared Key.

    Raises:
        CloudError: Azure said no or did not answer.
    """
    group, name = _parts(connection_id)
    with translated(endpoint, "connections/sharedKey/write"):
        connections = clients(endpoint.owning(connection_id)).network.virtual_network_gateway_connections
        connections.begin_set_shared_key(group, name, {"value": key}).result()


_READ_ONLY = frozenset(
    {
        "connectionStatus",
        "egressBytesTransferred",
        "ingressBytesTransferred",
        "provisioningState",
        "resourceGuid",
        "tunnelConnectionStatus",
        "tunnelProperties",
    }
)
