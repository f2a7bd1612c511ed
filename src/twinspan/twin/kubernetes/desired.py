"""From what the two APIs say of clusters to what the data plane is to build. Pure."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from twinspan.network.aws import AwsNetwork, EksCluster, EksNodeGroup
from twinspan.network.azure import AksCluster, AksNodePool, AzureNetwork, VirtualNetwork
from twinspan.network.model import Network
from twinspan.network.policy_engines import VPC_CNI, aks_enforces, eks_enforces
from twinspan.network.ranges import AKS_DEFAULT_SERVICES, CLUSTER_DNS_HOST, eks_default_services
from twinspan.network.regions import arn_region
from twinspan.twin.attempts import attempt
from twinspan.twin.kubernetes.access import ClusterAccess
from twinspan.twin.kubernetes.authority import ClusterAuthority
from twinspan.twin.kubernetes.spec import ClusterSpec, NodeSpec

AUTHENTICATOR_SOCKET = "authenticator.sock"
"""File name, in the agent's working folder, of the Unix socket that reviews EKS tokens."""

_ADDON_GONE = {"DELETING", "CREATE_FAILED"}

_MAX_PODS = {
    "t3.nano": 4,
    "t3.micro": 4,
    "t3.small": 11,
    "t3.medium": 17,
    "t3.large": 35,
    "m5.large": 29,
    "m5.xlarge": 58,
    "m6i.large": 29,
    "m6i.xlarge": 58,
    "c5.large": 29,
}
"""Source: awslabs/amazon-eks-ami, `eni-max-pods.txt`."""
_USUAL_MAX_PODS = 29
_RESTRICTED = ("kubernetes.io", "k8s.io")
_AZURE_NAME_DIGITS = 8
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"


def cluster_specs(
    network: Network, authorities: Mapping[str, ClusterAuthority], *, programs: str, images: str
) -> tuple[tuple[ClusterSpec, ...], tuple[str, ...]]:
    """Return the clusters to build, and what could not be understood, in words.

    Args:
        network: What exists in both clouds.
        authorities: A cluster's key -> its authority; a cluster without one is left out: its API makes it.
        programs: Folder with the Kubernetes programs; empty if there are none.
        images: Folder with the container images; empty if there are none.
    """
    builder = _Builder(authorities=authorities, programs=programs, images=images)
    specs: list[ClusterSpec | None] = []
    if (aws := network.aws) is not None:
        specs += attempt(
            aws.eks_clusters,
            lambda cluster: builder.eks(aws, cluster),
            name=lambda cluster: f"EKS cluster {cluster.name}",
            problems=builder.problems,
        )
    if (azure := network.azure) is not None:
        specs += attempt(
            azure.aks_clusters,
            lambda cluster: builder.aks(azure, cluster),
            name=lambda cluster: f"AKS cluster {cluster.name}",
            problems=builder.problems,
        )
    return tuple(spec for spec in specs if spec is not None), tuple(builder.problems)


@dataclass(slots=True, kw_only=True)
class _Builder:
    authorities: Mapping[str, ClusterAuthority]
    programs: str
    images: str
    problems: list[str] = field(default_factory=list)

    def eks(self, network: AwsNetwork, cluster: EksCluster) -> ClusterSpec | None:
        vpcs = {vpc.id: vpc for vpc in network.vpcs}
        authority = self.authorities.get(cluster.arn)
        if _going(cluster.status) or authority is None:
            return None
        if cluster.vpc_id not in vpcs:
            self.problems.append(f"EKS cluster {cluster.name}: its VPC {cluster.vpc_id} does not exist")
            return None
        ranges = vpcs[cluster.vpc_id].cidr_blocks
        services = cluster.service_ipv4_cidr or eks_default_services(ranges)
        addons = {
            addon.name: addon.configuration_values
            for addon in cluster.addons
            if addon.status not in _ADDON_GONE
        }
        return ClusterSpec(
            key=cluster.arn,
            side="aws",
            name=cluster.name,
            region=arn_region(cluster.arn) or network.region,
            authority=authority,
            network_ranges=ranges,
            service_network=services,
            dns_address=services[CLUSTER_DNS_HOST],
            api_socket=ClusterAccess.socket_name(cluster.arn),
            authenticator_socket=AUTHENTICATOR_SOCKET,
            programs=self.programs,
            images=self.images,
            nodes=tuple(self._eks_nodes(network, cluster)),
            addons=addons,
            subnet_ids=cluster.subnet_ids,
            security_group_ids=(*_cluster_group(cluster), *cluster.security_group_ids),
            enforces_policies=eks_enforces(addons.get(VPC_CNI, "")),
        )

    def aks(self, network: AzureNetwork, cluster: AksCluster) -> ClusterSpec | None:
        key = cluster.id.lower()
        authority = self.authorities.get(key)
        if _going(cluster.provisioning_state) or authority is None:
            return None
        vnet = _virtual_network(network, cluster.node_pools)
        if vnet is None:
            self.problems.append(f"AKS cluster {cluster.name}: {_astray(cluster.node_pools)}")
            return None
        services = cluster.service_cidr or AKS_DEFAULT_SERVICES
        return ClusterSpec(
            key=key,
            side="azure",
            name=cluster.name,
            region=cluster.location.replace(" ", "").lower(),
            authority=authority,
            network_ranges=vnet.address_space,
            service_network=services,
            dns_address=cluster.dns_service_ip or services[CLUSTER_DNS_HOST],
            api_socket=ClusterAccess.socket_name(key),
            server_names=(cluster.fqdn,) if cluster.fqdn else (),
            programs=self.programs,
            images=self.images,
            nodes=tuple(
                node for pool in self._pools(cluster, vnet) for node in self._aks_nodes(cluster, pool)
            ),
            pod_network=cluster.pod_cidr if _overlay(cluster) else None,
            enforces_policies=aks_enforces(cluster.network_policy),
        )

    def _eks_nodes(self, network: AwsNetwork, cluster: EksCluster) -> Iterator[NodeSpec]:
        zones = {subnet.id: subnet.availability_zone for subnet in network.subnets}
        for group in cluster.node_groups:
            if _going(group.status):
                continue
            known = [subnet for subnet in group.subnet_ids if subnet in zones]
            if not known:
                self.problems.append(
                    f"node group {group.name} of {cluster.name}: none of its subnets"
                    f" ({', '.join(group.subnet_ids)}) exists"
                )
                continue
            labels = self._labels(f"node group {group.name} of {cluster.name}", group.labels)
            for number in range(group.desired_size):
                subnet = known[number % len(known)]
                yield NodeSpec(
                    key=f"{group.name}/{number}",
                    group=group.name,
                    subnet_id=subnet,
                    security_group_ids=_cluster_group(cluster),
                    zone=zones[subnet],
                    max_pods=_eks_max_pods(group),
                    labels={"eks.amazonaws.com/capacityType": group.capacity_type or "ON_DEMAND", **labels},
                )

    def _pools(self, cluster: AksCluster, vnet: VirtualNetwork) -> Iterator[AksNodePool]:
        """Return the pools that are to have nodes: those that stay and are in the cluster's network."""
        here = {subnet.id.lower() for subnet in vnet.subnets}
        for pool in cluster.node_pools:
            if _going(pool.provisioning_state):
                continue
            if pool.vnet_subnet_id.lower() in here:
                yield pool
            else:
                self.problems.append(
                    f"node pool {pool.name} of {cluster.name}: its subnet {pool.vnet_subnet_id} is not in"
                    f" the cluster's network {vnet.name}"
                )

    def _aks_nodes(self, cluster: AksCluster, pool: AksNodePool) -> Iterator[NodeSpec]:
        labels = self._labels(f"node pool {pool.name} of {cluster.name}", pool.node_labels)
        region = cluster.location.replace(" ", "").lower()
        for number in range(pool.count):
            zones = pool.availability_zones
            yield NodeSpec(
                key=f"{pool.name}/{number}",
                name=_aks_node_name(cluster.id, pool.name, number),
                group=pool.name,
                subnet_id=pool.vnet_subnet_id.lower(),
                pod_subnet_id="" if _overlay(cluster) else (pool.pod_subnet_id or "").lower(),
                zone=f"{region}-{zones[number % len(zones)]}" if zones else "0",
                max_pods=pool.max_pods,
                labels={"kubernetes.azure.com/mode": pool.mode.lower(), **labels},
            )

    def _labels(self, where: str, labels: Mapping[str, str]) -> dict[str, str]:
        """Return those that a kubelet may give itself; it does not start with others."""
        kept = {}
        for name, value in labels.items():
            domain = name.partition("/")[0] if "/" in name else ""
            if any(
                domain == restricted_domain or domain.endswith(f".{restricted_domain}")
                for restricted_domain in _RESTRICTED
            ):
                self.problems.append(f"{where}: the label {name} is Kubernetes' own and is left out")
            else:
                kept[name] = value
        return kept


def _cluster_group(cluster: EksCluster) -> tuple[str, ...]:
    return (cluster.cluster_security_group_id,) if cluster.cluster_security_group_id else ()


def _eks_max_pods(group: EksNodeGroup) -> int:
    return min((_MAX_PODS.get(kind, _USUAL_MAX_PODS) for kind in group.instance_types), default=17)


def _overlay(cluster: AksCluster) -> bool:
    """Whether pods have addresses that the VNet does not know."""
    return cluster.network_plugin_mode.lower() == "overlay" or cluster.network_plugin.lower() == "kubenet"


def _going(state: str) -> bool:
    """Return whether a cluster, group or pool is being deleted; what has failed is tried again."""
    return state.lower() == "deleting"


def _virtual_network(network: AzureNetwork, pools: Iterable[AksNodePool]) -> VirtualNetwork | None:
    """Return the network of the first pool whose subnet exists, whatever has become of the pool."""
    homes = {subnet.id.lower(): vnet for vnet in network.virtual_networks for subnet in vnet.subnets}
    return next((homes[key] for pool in pools if (key := pool.vnet_subnet_id.lower()) in homes), None)


def _astray(pools: Iterable[AksNodePool]) -> str:
    """Say why a cluster is in no network."""
    subnets = [f"{pool.vnet_subnet_id or 'none'} of {pool.name}" for pool in pools]
    if not subnets:
        return "it has no node pool, whose subnet would say where it is"
    return f"none of its node pools' subnets exists ({', '.join(subnets)})"


def _aks_node_name(cluster_id: str, pool: str, number: int) -> str:
    """Return e.g. `aks-system-12345678-vmss00000a`.

    Source: AKS, "Resource names" of node pools; virtual machine scale sets, "Understand instance IDs".
    """
    digest = int(hashlib.sha256(cluster_id.lower().encode()).hexdigest(), 16)
    digits = ""
    for _ in range(6):
        number, rest = divmod(number, len(_BASE36))
        digits = _BASE36[rest] + digits
    return f"aks-{pool}-{digest % 10**_AZURE_NAME_DIGITS:0{_AZURE_NAME_DIGITS}d}-vmss{digits}"
