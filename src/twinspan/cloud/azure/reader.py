"""The calls that read one Azure subscription.

A list of connections does not fill in `connectionStatus`, and no list holds the shared key, so each
connection is asked for itself. Gateways can only be listed group by group.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.network import models

from twinspan.cloud.azure import gateways, networks
from twinspan.cloud.azure.client import CONNECTIONS, clients, translated
from twinspan.cloud.azure.clusters import aks_clusters
from twinspan.cloud.azure.endpoint import AzureEndpoint
from twinspan.cloud.azure.words import group_and_name, required_identity, word
from twinspan.network.model import AzureConnection, AzureNetwork

T = TypeVar("T")


class _HasState(Protocol):
    """The part that all resources' properties share."""

    provisioning_state: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _InSubscription:
    """What is listed over all groups."""

    virtual_networks: list[models.VirtualNetwork]
    route_tables: list[models.RouteTable]
    security_groups: list[models.NetworkSecurityGroup]
    public_addresses: list[models.PublicIPAddress]
    groups: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _InGroups:
    """What is listed group by group."""

    gateways: list[models.VirtualNetworkGateway]
    local_gateways: list[models.LocalNetworkGateway]
    connections: list[models.VirtualNetworkGatewayConnection]


def read(endpoint: AzureEndpoint) -> tuple[AzureNetwork, Mapping[str, str]]:
    """Read everything; see `twinspan.cloud.azure.read_azure`."""
    with ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="read-azure") as pool:
        clusters = pool.submit(aks_clusters, endpoint)
        whole = _in_subscription(endpoint, pool)
        parts = _in_groups(endpoint, pool, whole.groups)
        ids = [required_identity(raw) for raw in parts.connections]
        read_connections = pool.map(lambda resource_id: _connection(endpoint, resource_id), ids)
        read_keys = pool.map(lambda resource_id: _shared_key(endpoint, resource_id), ids)
        connections = [found for found in read_connections if found is not None]
        keys = dict(zip(ids, read_keys, strict=True))
        found_clusters = clusters.result()
    addresses = gateways.public_addresses(whole.public_addresses)
    network = AzureNetwork(
        subscription_id=endpoint.subscription_id,
        virtual_networks=tuple(map(networks.virtual_network, _staying(whole.virtual_networks))),
        route_tables=tuple(map(networks.route_table, _staying(whole.route_tables))),
        network_security_groups=tuple(map(networks.network_security_group, _staying(whole.security_groups))),
        virtual_network_gateways=tuple(
            gateways.virtual_network_gateway(raw, addresses)
            for raw in _staying(parts.gateways)
            if word(raw.properties.gateway_type, "Vpn").lower() == "vpn"
        ),
        local_network_gateways=tuple(map(gateways.local_network_gateway, _staying(parts.local_gateways))),
        connections=tuple(connections),
        aks_clusters=found_clusters,
    )
    return network, {item.id: key for item in connections if (key := keys[item.id])}


def _in_subscription(endpoint: AzureEndpoint, pool: ThreadPoolExecutor) -> _InSubscription:
    made = clients(endpoint)
    network = made.network
    groups = pool.submit(_listed, endpoint, "resourceGroups", made.resources.resource_groups.list)
    vnets = pool.submit(_listed, endpoint, "virtualNetworks", network.virtual_networks.list_all)
    tables = pool.submit(_listed, endpoint, "routeTables", network.route_tables.list_all)
    filters = pool.submit(
        _listed, endpoint, "networkSecurityGroups", network.network_security_groups.list_all
    )
    public = pool.submit(_listed, endpoint, "publicIPAddresses", network.public_ip_addresses.list_all)
    return _InSubscription(
        virtual_networks=vnets.result(),
        route_tables=tables.result(),
        security_groups=filters.result(),
        public_addresses=public.result(),
        groups=[group.name for group in groups.result() if group.name],
    )


def _in_groups(endpoint: AzureEndpoint, pool: ThreadPoolExecutor, groups: list[str]) -> _InGroups:
    network = clients(endpoint).network

    def over_groups(kind: str, list_group: Callable[[str], Iterable[T]]) -> Iterable[list[T]]:
        return pool.map(lambda group: _listed(endpoint, kind, lambda: list_group(group)), groups)

    vpn_gateways = over_groups("virtualNetworkGateways", network.virtual_network_gateways.list)
    local_gateways = over_groups("localNetworkGateways", network.local_network_gateways.list)
    connections = over_groups("connections", network.virtual_network_gateway_connections.list)
    return _InGroups(
        gateways=[item for found in vpn_gateways for item in found],
        local_gateways=[item for found in local_gateways for item in found],
        connections=[item for found in connections for item in found],
    )


def _listed(endpoint: AzureEndpoint, kind: str, call: Callable[[], Iterable[T]]) -> list[T]:
    """Return the whole list; empty if its group has just been deleted."""
    with translated(endpoint, f"list {kind}"):
        try:
            return list(call())
        except ResourceNotFoundError:
            return []


def _connection(endpoint: AzureEndpoint, resource_id: str) -> AzureConnection | None:
    """Read one connection; None if it has just been deleted, is being deleted, or is of another kind."""
    group, name = group_and_name(resource_id)
    with translated(endpoint, f"get connection {name}"):
        try:
            raw = clients(endpoint).network.virtual_network_gateway_connections.get(group, name)
        except ResourceNotFoundError:
            return None
    return gateways.connection(raw) if _stays(raw.properties) else None


def _shared_key(endpoint: AzureEndpoint, resource_id: str) -> str | None:
    group, name = group_and_name(resource_id)
    with translated(endpoint, f"get the shared key of connection {name}"):
        try:
            found = clients(endpoint).network.virtual_network_gateway_connections.get_shared_key(group, name)
        except ResourceNotFoundError:
            return None
    return found.value


def _staying(raw: Iterable[T]) -> list[T]:
    """Leave out what is being deleted."""
    return [item for item in raw if _stays(getattr(item, "properties", None))]


def _stays(properties: _HasState | None) -> bool:
    return properties is None or word(properties.provisioning_state, "Succeeded") != "Deleting"
