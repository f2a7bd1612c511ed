"""Clusters: what EKS and AKS refuse of their networks and nodes by name."""

from collections.abc import Iterator

from twinspan.network.limits import (
    AKS_NODES_PER_POOL,
    AKS_PODS_PER_NODE,
    AKS_SERVICE_LENGTH,
    AKS_SYSTEM_PODS,
    EKS_SERVICES,
)
from twinspan.network.model import AksCluster, AksNodePool
from twinspan.network.ranges import PRIVATE
from twinspan.network.unknown import UNKNOWN, Unknown, known
from twinspan.results import Finding
from twinspan.rules.design import Design
from twinspan.rules.parts import subject


def eks_network(design: Design) -> Iterator[Finding]:
    """EKS-01: an EKS cluster has a private service range from /12 to /24, and an endpoint."""
    for cluster in design.aws.eks_clusters:
        services = known(cluster.service_ipv4_cidr)
        if services is not None and (
            services.prefixlen not in EKS_SERVICES or not any(map(services.subnet_of, PRIVATE))
        ):
            yield _refused(
                subject(cluster, "kubernetes_network_config.service_ipv4_cidr"),
                f"{services} is not a private range from /{EKS_SERVICES[0]} to /{EKS_SERVICES[-1]}",
            )
        if cluster.endpoint_public_access is False and cluster.endpoint_private_access is False:
            yield _refused(subject(cluster, "vpc_config"), "neither a public nor a private endpoint")


def aks_network(design: Design) -> Iterator[Finding]:
    """AKS-01: the ranges of an AKS cluster's network profile fit together."""
    for cluster in design.azure.aks_clusters:
        for argument, problem in _profile(cluster):
            yield _refused(subject(cluster, f"network_profile.{argument}"), problem)


def _profile(cluster: AksCluster[Unknown]) -> Iterator[tuple[str, str]]:
    """Yield (argument, problem) of a network profile."""
    services, pods, dns = known(cluster.service_cidr), known(cluster.pod_cidr), known(cluster.dns_service_ip)
    if services is not None and services.prefixlen < AKS_SERVICE_LENGTH:
        yield "service_cidr", f"{services} is larger than a /{AKS_SERVICE_LENGTH}"
    if services is not None and dns is not None:
        if dns not in services:
            yield "dns_service_ip", f"{dns} is not in {services} (DnsServiceIpOutOfServiceCidr)"
        elif dns in (services[0], services[1], services[-1]):
            yield "dns_service_ip", f"{dns} is the first, second or last address of {services}"
    if services is not None and pods is not None and services.overlaps(pods):
        yield "pod_cidr", f"{pods} overlaps the services' {services}"
    overlay = cluster.network_plugin_mode in ("overlay", UNKNOWN)
    if pods is not None and not overlay and cluster.network_plugin == "azure":
        yield "pod_cidr", f"{pods} is for Azure CNI Overlay and kubenet alone"


def aks_policy_engine(design: Design) -> Iterator[Finding]:
    """AKS-03: an AKS cluster's engine for network policies fits its network plugin and data plane."""
    for cluster in design.azure.aks_clusters:
        plugin, engine, plane = map(
            known, (cluster.network_plugin, cluster.network_policy, cluster.network_data_plane)
        )
        if engine == "azure" and plugin == "kubenet":
            yield _refused(
                subject(cluster, "network_profile.network_policy"),
                "azure is not for kubenet (NetworkPolicyAzureNotSupportedForKubenet)",
            )
        elif engine == "cilium" and plane and plane != "cilium":
            yield _refused(
                subject(cluster, "network_profile.network_policy"),
                "cilium is for the data plane cilium alone (NetworkPolicyNotSupported)",
            )
        elif plane == "cilium" and engine and plugin and (engine, plugin) != ("cilium", "azure"):
            yield _refused(
                subject(cluster, "network_profile.network_data_plane"),
                "cilium is for policy cilium and plugin azure",
            )


def aks_pools(design: Design) -> Iterator[Finding]:
    """AKS-02: the node pools of AKS have a size and a number of pods that AKS takes."""
    for cluster in design.azure.aks_clusters:
        for pool in cluster.node_pools:
            # What exists and has no nodes is stopped.
            if design.planned or pool.count != 0:
                for argument, problem in _pool(pool):
                    yield _refused(_where(cluster, pool, argument), problem)
    for pool in design.azure.other_node_pools:
        for argument, problem in _pool(pool):
            yield _refused(f"{pool.address} {argument}", problem)


def _pool(pool: AksNodePool[Unknown]) -> Iterator[tuple[str, str]]:
    """Yield (argument, problem) of a node pool."""
    pods, count, system = known(pool.max_pods), known(pool.count), pool.mode == "System"
    least, most, smallest = AKS_PODS_PER_NODE[0], AKS_PODS_PER_NODE[-1], int(system)
    if isinstance(pool.pod_subnet_id, str) and pool.pod_subnet_id == pool.vnet_subnet_id:
        yield "pod_subnet_id", "the subnet of the nodes, too; pods need their own"
    if pods is not None and not least <= pods <= most:
        yield "max_pods", f"{pods} is not within {least}-{most}"
    if count is not None and not smallest <= count <= AKS_NODES_PER_POOL:
        yield "node_count", f"{count} is not within {smallest}-{AKS_NODES_PER_POOL}"
    elif (
        system and pods is not None and count is not None and least <= pods and pods * count < AKS_SYSTEM_PODS
    ):
        room = f"room for {pods * count} pods; a system pool needs {AKS_SYSTEM_PODS}"
        yield "max_pods", f"{room} (InsufficientMaxPods)"


def _where(cluster: AksCluster[Unknown], pool: AksNodePool[Unknown], argument: str) -> str:
    """Name an argument of a pool; the first one is written in its cluster, and what exists has a name."""
    if pool.address and pool.address != cluster.address:
        return f"{pool.address} {argument}"
    return subject(cluster, f"{'default_node_pool' if pool.address else pool.name}.{argument}")


def _refused(where: str, problem: str) -> Finding:
    return Finding(
        subject=where,
        evidence=f"{problem}; the cloud refuses it",
        remedy="Choose another value, or leave it to the cloud's default",
    )
