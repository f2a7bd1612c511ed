"""How far clusters and pools are: what the API was asked for, compared with what the data plane shows.

A write only notes what it began. `settle` then looks at the board: a cluster exists when its API server
answers and all nodes that were asked for are ready, and it is gone when the data plane has let go of it.
Source: AKS REST API, provisioningState (Creating, Updating, Scaling, Starting, Stopping, Deleting, Failed,
Succeeded).
"""

import time

from twinspan.twin.azure.documents import number, text
from twinspan.twin.azure.errors import ArmError
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types.base import Context
from twinspan.twin.azure.types.progress import DELETING, FAILED, SUCCEEDED, state_of
from twinspan.twin.kubernetes.spec import ClusterHealth, NodeHealth

MANAGED_CLUSTER = "Microsoft.ContainerService/managedClusters"
FAILURE = "ReconcileManagedClusterFailed"
"""The code of nodes and control planes that do not come up; the message is the data plane's."""
STOPPED = "Stopped"
_STALE_AFTER_S = 30
"""A problem that was on the board before a change counts again after this time: the change did not help."""


def refuse_while_busy(context: Context, cluster: ResourceId) -> None:
    """Refuse a write to a cluster, or to its pools, while the whole cluster is being changed.

    Raises:
        ArmError: 409 `OperationNotAllowed`. Source: Azure/AKS troubleshooting, "pending operations".
    """
    state = state_of(context, cluster)
    if state not in {SUCCEEDED, FAILED}:
        raise ArmError(
            409,
            "OperationNotAllowed",
            f"Operation is not allowed: Another operation ({state}) is in progress, please wait for it to "
            f"finish before starting a new operation on {cluster}. See https://aka.ms/aks-pending-operation "
            "for more details",
        )


def pools_of(context: Context, cluster: ResourceId) -> list[Resource]:
    """Return a cluster's pools, in order of creation."""
    return context.store.children(cluster, "agentPools")


def wanted_nodes(context: Context, pool: Resource) -> int:
    """Return how many nodes a pool must have now: none while it is stopped, or its cluster is."""
    cluster = context.store.get(pool.id.parent) if pool.id.parent is not None else None
    for resource in (pool, cluster):
        if resource is not None and text(resource.body, "properties", "powerState", "code") == STOPPED:
            return 0
    return number(pool.body, "properties", "count") or 0


def settle(context: Context) -> bool:
    """Bring all clusters' states up to date; return whether anything is different from before."""
    store = context.store
    before = (
        len(store.resources),
        len(store.groups),
        {key: dict(entry) for key, entry in store.pending.items()},
    )
    for cluster in list(store.of_type(MANAGED_CLUSTER)):
        _settle_cluster(context, cluster)
    _forget_strays(context)
    return before != (len(store.resources), len(store.groups), store.pending)


def _settle_cluster(context: Context, cluster: Resource) -> None:
    health = context.board.cluster(cluster.id.key)
    if state_of(context, cluster.id) == DELETING:
        if health is None:
            context.store.remove(cluster.id)
        return
    for pool in pools_of(context, cluster.id):
        _settle_pool(context, pool, health)
    if cluster.id.key not in context.store.pending:
        return
    waiting = [pool for pool in pools_of(context, cluster.id) if pool.id.key in context.store.pending]
    nodes_ready = all(_nodes_ready(context, pool, health) for pool in pools_of(context, cluster.id))
    if _api_ready(context, health) and nodes_ready and not waiting:
        del context.store.pending[cluster.id.key]
    else:
        _fail(context, cluster.id, _problem(health, None))


def _settle_pool(context: Context, pool: Resource, health: ClusterHealth | None) -> None:
    state = state_of(context, pool.id)
    if state == DELETING:
        if not _nodes(health, pool.id.name):
            context.store.remove(pool.id)
    elif state != SUCCEEDED:
        if _api_ready(context, health) and _nodes_ready(context, pool, health):
            del context.store.pending[pool.id.key]
        else:
            _fail(context, pool.id, _problem(health, pool.id.name))


def _api_ready(context: Context, health: ClusterHealth | None) -> bool:
    """Whether the API server answers; without a data plane there is none to wait for."""
    return context.clusters is None or (health is not None and health.api_ready)


def _nodes_ready(context: Context, pool: Resource, health: ClusterHealth | None) -> bool:
    if context.clusters is None:
        return True
    nodes = _nodes(health, pool.id.name)
    return len(nodes) == wanted_nodes(context, pool) and all(node.ready for node in nodes)


def _nodes(health: ClusterHealth | None, pool: str) -> list[NodeHealth]:
    return [node for node in health.nodes if node.group == pool] if health is not None else []


def _problem(health: ClusterHealth | None, pool: str | None) -> str:
    """Return why a cluster, or one of its pools, cannot work; empty if it can."""
    if health is None:
        return ""
    nodes = [node for node in health.nodes if pool is None or node.group == pool]
    problems = [
        health.problem,
        *(f"node {node.name or node.key}: {node.problem}" for node in nodes if node.problem),
    ]
    return "; ".join(problem for problem in problems if problem)


def _fail(context: Context, resource_id: ResourceId, problem: str) -> None:
    """Note a failure, unless what the board shows is older than the change."""
    pending = context.store.pending[resource_id.key]
    newer = context.board.latest().generation > (number(pending, "generation") or 0)
    if problem and (newer or time.time() > (number(pending, "began") or 0) + _STALE_AFTER_S):
        pending.update({"state": FAILED, "problem": problem})


def _forget_strays(context: Context) -> None:
    """Remove the node resource groups, addresses and authorities of clusters that are gone."""
    store = context.store
    for group in [*store.groups.values()]:
        owner = text(group.body, "managedBy") or ""
        if f"/{MANAGED_CLUSTER}/".lower() in owner.lower() and store.get(owner) is None:
            store.remove_group(group)
    if context.clusters is None:
        return
    for key in context.clusters.urls():
        if (
            key.startswith("/subscriptions/")
            and store.get(key) is None
            and context.board.cluster(key) is None
        ):
            context.clusters.forget(key)
