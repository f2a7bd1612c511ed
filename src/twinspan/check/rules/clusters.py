"""Clusters: what EKS and AKS refuse of their networks and nodes by name."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from twinspan.check.design import Design, address, network, number
from twinspan.check.findings import Finding
from twinspan.project.joins import references
from twinspan.project.plan import PlannedResource

PRIVATE = tuple(IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
EKS_SERVICES, AKS_LARGEST_SERVICES = range(12, 25), 12
"""Prefix lengths. Sources: EKS API, KubernetesNetworkConfigRequest; AKS, Azure CNI networking."""
PODS_PER_NODE, SYSTEM_PODS, POOL_NODES = (10, 250), 30, 1000
"""Source: AKS, Maximum pods per node; Quotas, SKUs and region availability."""


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
    if services is not None and services.prefixlen < AKS_LARGEST_SERVICES:
        yield "service_cidr", f"{services} is larger than a /{AKS_LARGEST_SERVICES}"
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


def aks_pools(design: Design) -> Iterator[Finding]:
    """AKS-02: the node pools of AKS have a size and a number of pods that AKS takes."""
    least, most = PODS_PER_NODE
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
        if count is not None and not int(system) <= count <= POOL_NODES:
            yield _refused(
                resource, f"{where}node_count", f"{count} is not within {int(system)}-{POOL_NODES}"
            )
        elif (
            system and pods is not None and count is not None and least <= pods and pods * count < SYSTEM_PODS
        ):
            problem = f"room for {pods * count} pods; a system pool needs {SYSTEM_PODS} (InsufficientMaxPods)"
            yield _refused(resource, f"{where}max_pods", problem)


def _same_subnet(design: Design, pool: PlannedResource, path: tuple[str | int, ...]) -> bool:
    nodes, pods = (pool.get(*path, f"{kind}_subnet_id") for kind in ("vnet", "pod"))
    named = [references(design.plan, pool, f"{kind}_subnet_id") for kind in ("vnet", "pod")]
    return (isinstance(nodes, str) and nodes == pods) or (bool(named[0]) and named[0] == named[1])


def _refused(resource: PlannedResource, argument: str, problem: str) -> Finding:
    return Finding(
        where=f"{resource.address} {argument}",
        problem=f"{problem}; the cloud refuses it",
        remedy="Choose another value, or leave it to the cloud's default",
    )
