"""Changes to a VPN in Azure that a drill makes and takes back; the same for a real one and for the twin."""

from ipaddress import IPv4Address, IPv4Network

from twinspan.cloud.azure.client import clients, translated
from twinspan.cloud.azure.endpoint import AzureEndpoint
from twinspan.cloud.azure.rest import Document, get

_GATEWAY_VERSION = "2024-05-01"
"""API version of connections as they are read and written back."""


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
        gateways = clients(endpoint).network.virtual_network_gateways
        gateways.begin_reset(group, name, gateway_vip=str(vip)).result()


def deny_inbound(
    endpoint: AzureEndpoint, group_id: str, rule: str, source: IPv4Network, *, priority: int
) -> None:
    """Put a rule that denies everything inbound from `source` into a network security group.

    Raises:
        CloudError: Azure said no or did not answer.
    """
    group, name = _parts(group_id)
    body = {
        "properties": {
            "access": "Deny",
            "direction": "Inbound",
            "priority": priority,
            "protocol": "*",
            "sourceAddressPrefix": str(source),
            "sourcePortRange": "*",
            "destinationAddressPrefix": "*",
            "destinationPortRange": "*",
        }
    }
    with translated(endpoint, "securityRules/write"):
        rules = clients(endpoint).network.security_rules
        rules.begin_create_or_update(group, name, rule, body).result()  # type: ignore[call-overload]


def remove_rule(endpoint: AzureEndpoint, group_id: str, rule: str) -> None:
    """Remove a rule from a network security group; nothing happens if there is none of that name.

    Raises:
        CloudError: Azure said no or did not answer.
    """
    group, name = _parts(group_id)
    with translated(endpoint, "securityRules/delete"):
        clients(endpoint).network.security_rules.begin_delete(group, name, rule).result()


def read_connection(endpoint: AzureEndpoint, connection_id: str) -> Document:
    """Return a connection as ARM gives it, to be written back later; without its key.

    Raises:
        CloudError: Azure said no or did not answer.
    """
    return get(endpoint, connection_id, api_version=_GATEWAY_VERSION)


def delete_connection(endpoint: AzureEndpoint, connection_id: str) -> None:
    """Delete a connection.

    Raises:
        CloudError: Azure said no or did not answer.
    """
    group, name = _parts(connection_id)
    with translated(endpoint, "connections/delete"):
        network = clients(endpoint).network
        network.virtual_network_gateway_connections.begin_delete(group, name).result()


def make_connection(endpoint: AzureEndpoint, connection_id: str, told: Document, key: str) -> None:
    """Make a connection again from what `read_connection` returned, and its pre-shared key.

    Raises:
        CloudError: Azure said no or did not answer.
    """
    group, name = _parts(connection_id)
    said = {k: v for k, v in told["properties"].items() if k not in _READ_ONLY}
    body = {
        "location": told["location"],
        "tags": told.get("tags") or {},
        "properties": {**said, "sharedKey": key},
    }
    with translated(endpoint, "connections/write"):
        network = clients(endpoint).network
        network.virtual_network_gateway_connections.begin_create_or_update(  # type: ignore[call-overload]
            group, name, body
        ).result()


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
