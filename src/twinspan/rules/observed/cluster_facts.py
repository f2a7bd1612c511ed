"""What the checks of clusters and pods look at: the clouds' words, Kubernetes' words, and packets of pods."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address
from typing import Self

from twinspan.kubernetes.internal_services import InternalService
from twinspan.kubernetes.network_policies import Policies
from twinspan.network.aws import EksCluster
from twinspan.network.azure import AksCluster
from twinspan.network.clouds import Cloud
from twinspan.network.policy_engines import VPC_CNI, aks_enforces, eks_enforces
from twinspan.network.regions import arn_region
from twinspan.rules.observed.ping_facts import Ping


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedCluster:
    """A cluster as its cloud shows it, in the same words for both.

    Attributes:
        side: Which cloud.
        name: Its name there.
        resource_group: Azure's; empty on AWS.
        region: AWS's; empty on Azure.
        status: EKS's `status` or AKS's `provisioningState`; empty if the cloud shows no such cluster.
        ready: Whether that word means that it works.
        nodes: How many nodes its groups or pools ask for.
        subnet_ids: Where its nodes and pods get their addresses; lower case on Azure.
        security_group_id: EKS's own group, which every managed node is in; empty on Azure.
        version: Kubernetes version as the cloud says, e.g. `1.35`.
        enforces_policies: Whether NetworkPolicies have an effect.
    """

    side: Cloud
    name: str
    resource_group: str = ""
    region: str = ""
    status: str = ""
    ready: bool = False
    nodes: int = 0
    subnet_ids: frozenset[str] = frozenset()
    security_group_id: str = ""
    version: str = ""
    enforces_policies: bool = False

    @property
    def branch(self) -> str:
        """What its findings are filed under."""
        return f"cluster {self.side}/{self.name}"


def of_eks(cluster: EksCluster) -> ObservedCluster:
    """Return an EKS cluster in common words. Source: EKS API, Cluster.status, Nodegroup.scalingConfig."""
    groups = [group for group in cluster.node_groups if group.status != "DELETING"]
    return ObservedCluster(
        side="aws",
        name=cluster.name,
        region=arn_region(cluster.arn),
        status=cluster.status,
        ready=cluster.status in {"ACTIVE", "UPDATING"},
        nodes=sum(group.desired_size for group in groups),
        subnet_ids=frozenset(subnet for group in groups for subnet in group.subnet_ids),
        security_group_id=cluster.cluster_security_group_id,
        version=cluster.version,
        enforces_policies=any(
            eks_enforces(addon.configuration_values) for addon in cluster.addons if addon.name == VPC_CNI
        ),
    )


def of_aks(cluster: AksCluster, resource_group: str) -> ObservedCluster:
    """Return an AKS cluster in common words. Source: ARM, ManagedCluster, provisioningState."""
    subnets = [
        subnet_id for pool in cluster.node_pools for subnet_id in (pool.vnet_subnet_id, pool.pod_subnet_id)
    ]
    return ObservedCluster(
        side="azure",
        name=cluster.name,
        resource_group=resource_group,
        status=cluster.provisioning_state,
        ready=cluster.provisioning_state in {"Succeeded", "Updating", "Scaling"},
        nodes=sum(pool.count for pool in cluster.node_pools),
        subnet_ids=frozenset(subnet_id.lower() for subnet_id in subnets if subnet_id),
        version=cluster.kubernetes_version,
        enforces_policies=aks_enforces(cluster.network_policy),
    )


def policy_branch(side: Cloud, cluster: str, direction: str) -> str:
    """Return what is filed under what policies do to one direction of a cluster's test pods."""
    return f"policies {side}/{cluster} {direction}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node as Kubernetes shows it; `says` are the words of its Ready condition if it is not ready."""

    name: str
    ready: bool
    says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A DaemonSet or Deployment of kube-system, with how many of its pods there should be and are ready."""

    kind: str
    name: str
    wanted: int
    ready: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one cluster's Kubernetes API says.

    Attributes:
        side: Which cloud.
        name: The cluster's name in its cloud.
        problem: Why it could not be read; empty if it could.
        nodes: All of its nodes.
        workloads: Of kube-system, without DNS.
        dns: The DNS servers' Deployment; None if there is none.
        dns_endpoints: Ready addresses behind the Service `kube-dns`.
        api_address: The cluster address of the Service `kubernetes`, which DNS must answer.
        masquerading: What is set of source addresses, in Kubernetes' own words.
        version: What its API server runs, e.g. `1.35.4`; empty if it could not be read.
        policies: Its network policies, with all pods and namespaces if there are any.
        services: Those with an internal load balancer, if there are policies.
    """

    side: Cloud
    name: str
    problem: str = ""
    nodes: tuple[Node, ...] = ()
    workloads: tuple[Workload, ...] = ()
    dns: Workload | None = None
    dns_endpoints: int = 0
    api_address: str = ""
    masquerading: str = ""
    version: str = ""
    policies: Policies = field(default_factory=lambda: Policies(policies=(), pods=(), namespaces={}))
    services: tuple[InternalService, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """A name that a test pod asked for; `address` is empty if there was no answer, and `error` says why."""

    side: Cloud
    cluster: str
    name: str
    command: str
    address: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """As what a pod is seen by one of the other side; None, and an error, if no connection was made."""

    source_side: Cloud
    source: str
    destination: str
    source_cluster: str
    destination_cluster: str
    own_address: IPv4Address
    seen_address: IPv4Address | None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterFacts:
    """Kubernetes' side of a reading.

    Attributes:
        expected: Cloud -> name of the cluster that Terraform's state has.
        readings: One for each cluster that could be asked, or why not.
        pods_wanted: Whether test pods were to be run.
        pod_problems: Cluster's name -> why no test pod runs there.
        lookups: Of the test pods.
        seen: Between the test pods.
        pings: Likewise.
    """

    expected: Mapping[Cloud, str] = field(default_factory=dict)
    readings: tuple[Reading, ...] = ()
    pods_wanted: bool = False
    pod_problems: Mapping[str, str] = field(default_factory=dict)
    lookups: tuple[Lookup, ...] = ()
    seen: tuple[Seen, ...] = ()
    pings: tuple[Ping, ...] = ()

    def among(self, names: Collection[str]) -> Self:
        """Return what there is of these clusters alone; of two clusters, if both are among them."""
        return replace(
            self,
            expected={cloud: name for cloud, name in self.expected.items() if name in names},
            readings=tuple(reading for reading in self.readings if reading.name in names),
            pod_problems={name: why for name, why in self.pod_problems.items() if name in names},
            lookups=tuple(lookup for lookup in self.lookups if lookup.cluster in names),
            seen=tuple(
                sighting
                for sighting in self.seen
                if {sighting.source_cluster, sighting.destination_cluster} <= {*names}
            ),
        )

    def reading(self, cluster: ObservedCluster) -> Reading | None:
        """Return what a cluster's Kubernetes API says; None if it was not asked."""
        readings = (
            reading
            for reading in self.readings
            if (reading.side, reading.name) == (cluster.side, cluster.name)
        )
        return next(readings, None)

    def lookup(self, cluster: ObservedCluster) -> Lookup | None:
        """Return what a test pod of a cluster asked; None if there is none."""
        lookups = (
            lookup for lookup in self.lookups if (lookup.side, lookup.cluster) == (cluster.side, cluster.name)
        )
        return next(lookups, None)
