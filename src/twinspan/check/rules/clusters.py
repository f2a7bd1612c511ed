"""Clusters: what EKS and AKS refuse of their networks and nodes by name."""

from collections.abc import Iterator

from twinspan.check.design import Design, address, known, network, number
from twinspan.network.limits import (
    AKS_NODES_PER_POOL,
    AKS_PODS_PER_NODE,
    AKS_SERVICE_LENGTH,
    AKS_SYSTEM_PODS,
    EKS_SERVICES,
)
from twinspan.network.ranges import PRIVATE
from twinspan.project.joins import references
from twinspan.project.plan import PlannedResource
from twinspan.results import Finding


def eks_network(design: Design) -> Iterator[Finding]:
    """EKS-01: an EKS cluster has a private service range from /12 to /24, and an endpoint."""
    for cluster in design.of_type("aws_eks_cluster"):
        services = network(cluster.get("kubernetes_network_config", 0, "service_ipv4_cidr"))
        if services is not None and (
            services.prefixlen not in EKS_SERVICES or not any(map(services.subnet_of, PRIVATE))
        ):
            yield _refused(
                cluster,
                "kubernetes_network_config.service_ipv4_cidr",
                f"{services} is not a private range from /{EKS_SERVICES[0]} to /{EKS_SERVICES[-1]}",
            )
        ends = [cluster.get("vpc_config", 0, f"endpoint_{kind}_access") for kind in ("public", "private")]
        if ends == [False, False]:
            yield _refused(cluster, "vpc_config", "neither a public nor a private endpoint")


def aks_network(design: Design) -> Iterator[Finding]:
    """AKS-01: the ranges of an AKS cluster's network profile fit together."""
    for cluster in design.of_type("azurerm_kubernetes_cluster"):
        for argument, problem in _profile(cluster):
            yield _refused(cluster, f"network_profile.{argument}", problem)


def _profile(cluster: PlannedResource) -> Iterator[tuple[str, str]]:
    """Yield (argument, problem) of a network profile."""

    def get(name: str) -> object:
        return cluster.get("network_profile", 0, name)

    services, pods, dns = (
        network(get("service_cidr")),
        network(get("pod_cidr")),
        address(get("dns_service_ip")),
    )
    if services is not None and services.prefixlen < AKS_SERVICE_LENGTH:
        yield "service_cidr", f"{services} is larger than a /{AKS_SERVICE_LENGTH}"
    if services is not None and dns is not None:
        if dns not in services:
            yield "dns_service_ip", f"{dns} is not in {services} (DnsServiceIpOutOfServiceCidr)"
        elif dns in (services[0], services[1], services[-1]):
            yield "dns_service_ip", f"{dns} is the first, second or last address of {services}"
    if services is not None and pods is not None and services.overlaps(pods):
        yield "pod_cidr", f"{pods} overlaps the services' {services}"
    own_range = get("network_plugin_mode") == "overlay" or get("network_plugin") == "kubenet"
    if pods is not None and not own_range and get("network_plugin") == "azure":
        yield "pod_cidr", f"{pods} is for Azure CNI Overlay and kubenet alone"


def aks_policy_engine(design: Design) -> Iterator[Finding]:
    """AKS-03: an AKS cluster's engine for network policies fits its network plugin and data plane."""
    for cluster in design.of_type("azurerm_kubernetes_cluster"):
        plugin, engine, plane = (
            cluster.get("network_profile", 0, f"network_{name}")
            for name in ("plugin", "policy", "data_plane")
        )
        if engine == "azure" and plugin == "kubenet":
            yield _refused(
                cluster,
                "network_profile.network_policy",
                "azure is not for kubenet (NetworkPolicyAzureNotSupportedForKubenet)",
            )
        elif engine == "cilium" and known(plane) and plane != "cilium":
            yield _refused(
                cluster,
                "network_profile.network_policy",
                "cilium is for the data plane cilium alone (NetworkPolicyNotSupported)",
            )
        elif (
            plane == "cilium" and known(engine) and known(plugin) and (engine, plugin) != ("cilium", "azure")
        ):
            yield _refused(
                cluster, "network_profile.network_data_plane", "cilium is for policy cilium and plugin azure"
            )


def aks_pools(design: Design) -> Iterator[Finding]:
    """AKS-02: the node pools of AKS have a size and a number of pods that AKS takes."""
    least, most = AKS_PODS_PER_NODE[0], AKS_PODS_PER_NODE[-1]
    pools = [(each, ("default_node_pool", 0)) for each in design.of_type("azurerm_kubernetes_cluster")]
    apart = [(each, ()) for each in design.of_type("azurerm_kubernetes_cluster_node_pool")]
    for resource, path in (*pools, *apart):
        pods, count = number(resource.get(*path, "max_pods")), number(resource.get(*path, "node_count"))
        system = bool(path) or resource.get("mode") == "System"
        if _same_subnet(design, resource, path):
            yield _refused(resource, "pod_subnet_id", "the subnet of the nodes, too; pods need their own")
        place = ".".join(map(str, path[:1]))
        where = f"{place}." if place else ""
        if pods is not None and not least <= pods <= most:
            yield _refused(resource, f"{where}max_pods", f"{pods} is not within {least}-{most}")
        if count is not None and not int(system) <= count <= AKS_NODES_PER_POOL:
            yield _refused(
                resource, f"{where}node_count", f"{count} is not within {int(system)}-{AKS_NODES_PER_POOL}"
            )
        elif (
            system
            and pods is not None
            and count is not None
            and least <= pods
            and pods * count < AKS_SYSTEM_PODS
        ):
            room = f"room for {pods * count} pods; a system pool needs {AKS_SYSTEM_PODS}"
            yield _refused(resource, f"{where}max_pods", f"{room} (InsufficientMaxPods)")


def _same_subnet(design: Design, pool: PlannedResource, path: tuple[str | int, ...]) -> bool:
    nodes, pods = (pool.get(*path, f"{kind}_subnet_id") for kind in ("vnet", "pod"))
    named = [references(design.plan, pool, f"{kind}_subnet_id") for kind in ("vnet", "pod")]
    return (isinstance(nodes, str) and nodes == pods) or (bool(named[0]) and named[0] == named[1])


def _refused(resource: PlannedResource, argument: str, problem: str) -> Finding:
    return Finding(
        subject=f"{resource.address} {argument}",
        evidence=f"{problem}; the cloud refuses it",
        remedy="Choose another value, or leave it to the cloud's default",
    )
