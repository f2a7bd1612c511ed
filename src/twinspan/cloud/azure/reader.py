"""The calls that read Azure, subscription by subscription.

A list of connections does not fill in `connectionStatus`, and no list holds the shared key, so each
connection is asked for itself. Gateways can only be listed group by group.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.network import models

from twinspan.cloud.azure import gateways, machines, networks
from twinspan.cloud.azure.client import CONNECTIONS, clients, translated
from twinspan.cloud.azure.clusters import aks_clusters
from twinspan.cloud.azure.endpoint import AzureEndpoint
from twinspan.cloud.azure.words import group_and_name, required_identity, word
from twinspan.cloud.objects import Unreadable, read_each
from twinspan.network.merged import merged
from twinspan.network.model import AksCluster, AzureNetwork, VirtualNetworkGateway


class _HasId(Protocol):
    """The part that all resources share."""

    id: str | None


T = TypeVar("T", bound=_HasId)
R = TypeVar("R")
L = TypeVar("L")


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
    interfaces: list[models.NetworkInterface]
    groups: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _InGroups:
    """What is listed group by group."""

    gateways: list[models.VirtualNetworkGateway]
    local_gateways: list[models.LocalNetworkGateway]
    connections: list[models.VirtualNetworkGatewayConnection]


def read(endpoint: AzureEndpoint, unreadable: Unreadable) -> tuple[AzureNetwork, Mapping[str, str]]:
    """Read every subscription in use; see `twinspan.cloud.azure.read_azure`."""
    places = endpoint.each_subscription()
    with ThreadPoolExecutor(len(places), thread_name_prefix="read-subscriptions") as pool:
        parts = list(pool.map(lambda place: _read_subscription(place, unreadable), places))
    keys = {name: key for _, read_keys in parts for name, key in read_keys.items()}
    return merged([network for network, _ in parts]), keys


def _read_subscription(
    endpoint: AzureEndpoint, unreadable: Unreadable
) -> tuple[AzureNetwork, Mapping[str, str]]:
    with ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="read-azure") as pool:
        clusters = pool.submit(aks_clusters, endpoint, unreadable)
        found_machines = pool.submit(machines.machines, endpoint, unreadable)
        whole = _in_subscription(endpoint, pool)
        parts = _in_groups(endpoint, pool, whole.groups)
        ids = [required_identity(raw) for raw in parts.connections]
        read_connections = pool.map(lambda resource_id: _connection(endpoint, resource_id), ids)
        read_keys = pool.map(lambda resource_id: _shared_key(endpoint, resource_id), ids)
        connections = [connection for connection in read_connections if connection is not None]
        keys = dict(zip(ids, read_keys, strict=True))
        found_clusters = clusters.result()
    parts = replace(parts, connections=connections)
    network = _network(endpoint, whole, parts, found_clusters, unreadable)
    all_machines, interfaces = found_machines.result()
    network = replace(
        network,
        machines=all_machines,
        network_interfaces=(*network.network_interfaces, *interfaces),
    )
    return network, {item.id: key for item in network.connections if (key := keys[item.id])}


def _network(
    endpoint: AzureEndpoint,
    whole: _InSubscription,
    parts: _InGroups,
    clusters: tuple[AksCluster, ...],
    unreadable: Unreadable,
) -> AzureNetwork:
    def each(raw: Iterable[T], read_one: Callable[[T], R | None]) -> tuple[R, ...]:
        def staying(item: T) -> R | None:
            return read_one(item) if _stays(getattr(item, "properties", None)) else None

        objects = read_each(raw, staying, name=lambda item: item.id, unreadable=unreadable)
        return tuple(item for item in objects if item is not None)

    def gateway(raw: models.VirtualNetworkGateway) -> VirtualNetworkGateway | None:
        vpn = word(raw.properties.gateway_type, "Vpn").lower() == "vpn"
        return gateways.virtual_network_gateway(raw, by_id) if vpn else None

    public = each(whole.public_addresses, gateways.public_ip_address)
    by_id = {address.id: address for address in public}
    return AzureNetwork(
        subscription_id=endpoint.subscription_id,
        virtual_networks=each(whole.virtual_networks, networks.virtual_network),
        route_tables=each(whole.route_tables, networks.route_table),
        network_security_groups=each(whole.security_groups, networks.network_security_group),
        public_ip_addresses=public,
        virtual_network_gateways=each(parts.gateways, gateway),
        local_network_gateways=each(parts.local_gateways, gateways.local_network_gateway),
        connections=each(parts.connections, gateways.connection),
        aks_clusters=clusters,
        network_interfaces=each(whole.interfaces, machines.network_interface),
    )


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
    interfaces = pool.submit(_listed, endpoint, "networkInterfaces", network.network_interfaces.list_all)
    return _InSubscription(
        virtual_networks=vnets.result(),
        route_tables=tables.result(),
        security_groups=filters.result(),
        public_addresses=public.result(),
        interfaces=interfaces.result(),
        groups=[group.name for group in groups.result() if group.name],
    )


def _in_groups(endpoint: AzureEndpoint, pool: ThreadPoolExecutor, groups: list[str]) -> _InGroups:
    network = clients(endpoint).network

    def over_groups(kind: str, list_group: Callable[[str], Iterable[L]]) -> Iterable[list[L]]:
        return pool.map(lambda group: _listed(endpoint, kind, lambda: list_group(group)), groups)

    vpn_gateways = over_groups("virtualNetworkGateways", network.virtual_network_gateways.list)
    local_gateways = over_groups("localNetworkGateways", network.local_network_gateways.list)
    connections = over_groups("connections", network.virtual_network_gateway_connections.list)
    return _InGroups(
        gateways=[item for group_gateways in vpn_gateways for item in group_gateways],
        local_gateways=[item for group_gateways in local_gateways for item in group_gateways],
        connections=[item for group_connections in connections for item in group_connections],
    )


def _listed(endpoint: AzureEndpoint, kind: str, call: Callable[[], Iterable[L]]) -> list[L]:
    """Return the whole list; empty if its group has just been deleted."""
    with translated(endpoint, f"list {kind}"):
        try:
            return list(call())
        except ResourceNotFoundError:
            return []


def _connection(endpoint: AzureEndpoint, resource_id: str) -> models.VirtualNetworkGatewayConnection | None:
    """Read one connection; None if it has just been deleted, is being deleted, or is of another kind."""
    group, name = group_and_name(resource_id)
    with translated(endpoint, f"get connection {name}"):
        try:
            raw = clients(endpoint).network.virtual_network_gateway_connections.get(group, name)
        except ResourceNotFoundError:
            return None
    return raw


def _shared_key(endpoint: AzureEndpoint, resource_id: str) -> str | None:
    group, name = group_and_name(resource_id)
    with translated(endpoint, f"get the shared key of connection {name}"):
        try:
            shared_key = clients(endpoint).network.virtual_network_gateway_connections.get_shared_key(
                group, name
            )
        except ResourceNotFoundError:
            return None
    return shared_key.value


def _stays(properties: _HasState | None) -> bool:
    return properties is None or word(properties.provisioning_state, "Succeeded") != "Deleting"
