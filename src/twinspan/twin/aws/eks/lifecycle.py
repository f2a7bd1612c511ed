"""The state of things: what was asked for, against what the data plane says.

Source: EKS API, Cluster.status, Nodegroup.status, Addon.status, Update.status.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from twinspan.twin.aws.eks.records import Addon, EksClusterRecord, Nodegroup, Update
from twinspan.twin.kubernetes.spec import ClusterHealth, NodeHealth
from twinspan.twin.observed import ObservedState

PROVISIONING_LIMIT = timedelta(seconds=0.5)
"""How long a cluster is shown as being made when there is no data plane that could make it."""

NO_DATA_PLANE = -1
"""`Observed.generation` before a data plane has built anything."""

_NEEDS_NODES = frozenset({"coredns"})
"""Add-ons that run as Deployments; the others are DaemonSets, and healthy with no node at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """Source: EKS API, ClusterIssue and Issue."""

    code: str
    message: str
    resource_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """What the data plane says now.

    Attributes:
        board: Its newest words.
        reachable: Clusters can be built at all; False: the API stands alone.
        now: UTC.
    """

    board: ObservedState
    reachable: bool
    now: datetime

    def health(self, cluster: EksClusterRecord) -> ClusterHealth | None:
        """Return how a cluster is; None if the data plane has none of it."""
        return self.board.cluster(cluster.arn)

    def stands_for_itself(self, since: datetime) -> bool:
        """Tell whether to believe in something without a data plane, which was made at `since`."""
        absent = not self.reachable and self.board.latest().generation == NO_DATA_PLANE
        return absent and self.now - since >= PROVISIONING_LIMIT


def cluster_ready(cluster: EksClusterRecord, plane: Plane) -> bool:
    """Tell whether its API server answers."""
    health = plane.health(cluster)
    return health.api_ready if health is not None else plane.stands_for_itself(cluster.created_at)


def cluster_status(cluster: EksClusterRecord, plane: Plane) -> str:
    """Return `CREATING`, `ACTIVE`, `UPDATING`, `DELETING` or `FAILED`.

    A cluster that was ready once and whose API server is away (the twin has been started again, say) is
    `UPDATING`; AWS does not show that its own control plane is being repaired.
    """
    if cluster.deleting:
        return "DELETING"
    if cluster_issues(cluster, plane):
        return "FAILED"
    if cluster_ready(cluster, plane):
        busy = any(
            not update.done and not update.nodegroup and not update.addon
            for update in cluster.updates.values()
        )
        return "UPDATING" if busy else "ACTIVE"
    return "UPDATING" if cluster.settled else "CREATING"


def cluster_issues(cluster: EksClusterRecord, plane: Plane) -> tuple[Issue, ...]:
    """Return why it cannot work."""
    health = plane.health(cluster)
    if health is None or not health.problem:
        return ()
    return (Issue(code="Other", message=health.problem, resource_ids=(cluster.name,)),)


def nodes_of(cluster: EksClusterRecord, group: Nodegroup, plane: Plane) -> tuple[NodeHealth, ...]:
    """Return the group's nodes, as the data plane has them."""
    health = plane.health(cluster)
    return tuple(node for node in health.nodes if node.group == group.name) if health is not None else ()


def nodegroup_ready(cluster: EksClusterRecord, group: Nodegroup, plane: Plane) -> bool:
    """Tell whether there are just the wanted nodes, all of them ready."""
    nodes = nodes_of(cluster, group, plane)
    if not nodes and plane.stands_for_itself(group.modified_at):
        return True
    desired_size = group.scaling["desiredSize"]
    return cluster_ready(cluster, plane) and len(nodes) == desired_size and all(node.ready for node in nodes)


def nodegroup_status(cluster: EksClusterRecord, group: Nodegroup, plane: Plane) -> str:
    """Return `CREATING`, `ACTIVE`, `UPDATING`, `DELETING`, `CREATE_FAILED` or `DEGRADED`."""
    if group.deleting:
        return "DELETING"
    if nodegroup_ready(cluster, group, plane):
        return "ACTIVE"
    failed = bool(nodegroup_issues(cluster, group, plane))
    if not group.settled:
        return "CREATE_FAILED" if failed else "CREATING"
    busy = any(not update.done and update.nodegroup == group.name for update in cluster.updates.values())
    return "UPDATING" if busy and not failed else "DEGRADED"


def nodegroup_issues(cluster: EksClusterRecord, group: Nodegroup, plane: Plane) -> tuple[Issue, ...]:
    """Return what its nodes say is wrong with them; a node that just needs time says nothing."""
    return tuple(
        Issue(code="NodeCreationFailure", message=node.problem, resource_ids=(node.name or node.key,))
        for node in nodes_of(cluster, group, plane)
        if node.problem
    )


def addon_ready(cluster: EksClusterRecord, addon: Addon, plane: Plane) -> bool:
    """Tell whether its pods run: those of a DaemonSet run wherever there is a node."""
    if not cluster_ready(cluster, plane):
        return False
    health = plane.health(cluster)
    if addon.name not in _NEEDS_NODES or health is None:
        return True
    return health.system_ready and any(node.ready for node in health.nodes)


def addon_status(cluster: EksClusterRecord, addon: Addon, plane: Plane) -> str:
    """Return `CREATING`, `ACTIVE`, `UPDATING` or `DEGRADED`."""
    if addon_ready(cluster, addon, plane):
        return "ACTIVE"
    if addon_issues(cluster, addon, plane) or not addon.settled:
        return "DEGRADED" if addon_issues(cluster, addon, plane) else "CREATING"
    busy = any(not update.done and update.addon == addon.name for update in cluster.updates.values())
    return "UPDATING" if busy else "DEGRADED"


def addon_issues(cluster: EksClusterRecord, addon: Addon, plane: Plane) -> tuple[Issue, ...]:
    """Return why it cannot become healthy: no node is there, nor asked for."""
    nodes_requested = any(
        group.scaling["desiredSize"] and not group.deleting for group in cluster.nodegroups.values()
    )
    if addon.name not in _NEEDS_NODES or nodes_requested or addon_ready(cluster, addon, plane):
        return ()
    text = "The add-on is unhealthy because it doesn't have the desired number of replicas."
    return (Issue(code="InsufficientNumberOfReplicas", message=text),)


def update_done(cluster: EksClusterRecord, update: Update, plane: Plane) -> bool:
    """Tell whether an update has come into force."""
    group, addon = cluster.nodegroups.get(update.nodegroup), cluster.addons.get(update.addon)
    if group is not None:
        return nodegroup_ready(cluster, group, plane)
    if addon is not None:
        return addon_ready(cluster, addon, plane)
    return cluster_ready(cluster, plane)


def gone(cluster: EksClusterRecord, plane: Plane) -> bool:
    """Tell whether a cluster that is being deleted has left the data plane. With none there, it has."""
    return cluster.deleting and plane.health(cluster) is None


def nodegroup_gone(cluster: EksClusterRecord, group: Nodegroup, plane: Plane) -> bool:
    """Tell whether the nodes of a group that is being deleted have left the data plane."""
    return group.deleting and not nodes_of(cluster, group, plane)
