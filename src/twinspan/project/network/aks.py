"""AKS clusters of a plan. Source: Terraform provider hashicorp/azurerm, versions 3 to 5."""

from ipaddress import IPv4Address, IPv4Network

from twinspan.network.model import AksCluster, AksNodePool
from twinspan.network.ranges import AKS_DEFAULT_SERVICES, CLUSTER_DNS_HOST
from twinspan.network.unknown import CLOUD_CHOOSES, UNKNOWN, Unknown
from twinspan.project.network.values import Reading, Values
from twinspan.project.network.vnet import SUBNET_TYPE

_CLUSTER_TYPE = "azurerm_kubernetes_cluster"
_SYSTEM, _USER = "System", "User"


def aks_clusters(
    reading: Reading,
) -> tuple[tuple[AksCluster[Unknown], ...], tuple[AksNodePool[Unknown], ...]]:
    """Return the clusters with their node pools, and the pools of clusters that are not there."""
    clusters, every = reading.of(_CLUSTER_TYPE), reading.of("azurerm_kubernetes_cluster_node_pool")
    holders = {cluster.id: cluster.id for cluster in clusters}
    pools = reading.by_holder(every, holders, "kubernetes_cluster_id", _CLUSTER_TYPE)
    placed = {pool.address for own in pools.values() for pool in own}
    return (
        tuple(_cluster(cluster, pools.get(cluster.id, ())) for cluster in clusters),
        tuple(_apart(pool) for pool in every if pool.address not in placed),
    )


def _cluster(values: Values, pools: tuple[Values, ...]) -> AksCluster[Unknown]:
    network = values.block("network_profile")
    services = network.cidr("service_cidr")
    first = values.block("default_node_pool")
    return AksCluster(
        id=values.id,
        name=values.text("name"),
        address=values.address,
        location=values.text("location"),
        kubernetes_version=values.text("kubernetes_version"),
        provisioning_state=UNKNOWN,
        fqdn=values.text("fqdn"),
        private_cluster=values.flag("private_cluster_enabled"),
        network_plugin=network.text("network_plugin"),
        network_plugin_mode=network.text("network_plugin_mode", ""),
        service_cidr=AKS_DEFAULT_SERVICES if services in (None, CLOUD_CHOOSES) else services,
        dns_service_ip=_dns(network, services),
        pod_cidr=network.cidr("pod_cidr"),
        node_resource_group=values.text("node_resource_group"),
        node_pools=(_pool(first, first.text("name"), mode=_SYSTEM), *(_apart(pool) for pool in pools)),
        network_policy=network.text("network_policy", ""),
        network_data_plane=network.text("network_data_plane", ""),
        outbound_type=network.text("outbound_type", ""),
    )


def _dns(network: Values, services: IPv4Network | Unknown | None) -> IPv4Address | Unknown | None:
    address = network.ip_address("dns_service_ip")
    if address not in (None, CLOUD_CHOOSES):
        return address
    if services in (None, CLOUD_CHOOSES):
        return AKS_DEFAULT_SERVICES[CLUSTER_DNS_HOST]
    roomy = isinstance(services, IPv4Network) and services.num_addresses > CLUSTER_DNS_HOST
    return services[CLUSTER_DNS_HOST] if roomy and isinstance(services, IPv4Network) else UNKNOWN


def _apart(values: Values) -> AksNodePool[Unknown]:
    return _pool(values, values.text("name"), mode=values.text("mode", _USER))


def _pool(values: Values, name: str | Unknown, *, mode: str | Unknown) -> AksNodePool[Unknown]:
    labels = values.get("node_labels")
    return AksNodePool(
        name=name,
        address=values.address,
        mode=mode,
        count=values.number("node_count"),
        vm_size=values.text("vm_size"),
        vnet_subnet_id=values.reference("vnet_subnet_id", SUBNET_TYPE) or "",
        pod_subnet_id=values.reference("pod_subnet_id", SUBNET_TYPE),
        availability_zones=values.texts("zones"),
        max_pods=values.number("max_pods"),
        provisioning_state=UNKNOWN,
        node_labels={key: str(value) for key, value in labels.items()} if isinstance(labels, dict) else {},
    )
