"""Microsoft.ContainerService/managedClusters/agentPools."""

import copy
from collections.abc import Sequence

from typing_extensions import override

from twinspan.twin.azure import aks_versions
from twinspan.twin.azure.documents import Json, JsonObject, properties, text
from twinspan.twin.azure.errors import ArmError
from twinspan.twin.azure.operations import Outcome
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types import agent_pool_rules, aks_progress, aks_subnets, progress
from twinspan.twin.azure.types.base import Action, Context, Put, ResourceType

_IMAGE = "AKSUbuntu-2204gen2containerd-202611.02.0"


class _AgentPools(ResourceType):
    type = "Microsoft.ContainerService/managedClusters/agentPools"
    model = "containerservice.AgentPool"

    @override
    def check(self, context: Context, put: Put) -> None:
        cluster = cluster_of(context, put.id)
        aks_progress.refuse_while_busy(context, cluster.id)
        if progress.state_of(context, put.id) == progress.DELETING:
            raise ArmError(409, "OperationNotAllowed", f"Agent pool {put.id.name} is being deleted.")
        before = properties(put.existing.body) if put.existing is not None else None
        prepare(
            context, put.properties, cluster=cluster.body, name=put.id.name, before=before, where="properties"
        )
        others = [
            properties(pool.body)
            for pool in aks_progress.pools_of(context, cluster.id)
            if pool.id.key != put.id.key and progress.state_of(context, pool.id) != progress.DELETING
        ]
        check_all(context, [*others, put.properties], cluster=cluster.body)

    @override
    def complete(self, context: Context, put: Put) -> None:
        note(context, put.id, before=put.existing, after=put.properties)
        aks_subnets.delegate(context.store, put.properties)

    @override
    def render(self, context: Context, resource: Resource, *, listed: bool = False) -> JsonObject:
        return {
            "id": str(resource.id),
            "name": resource.id.name,
            "type": resource.id.type,
            "properties": told(context, resource),
        }

    @override
    def refuse_delete(self, context: Context, resource: Resource) -> None:
        cluster = cluster_of(context, resource.id)
        aks_progress.refuse_while_busy(context, cluster.id)
        rest = [pool for pool in aks_progress.pools_of(context, cluster.id) if pool.id.key != resource.id.key]
        agent_pool_rules.check_together([properties(pool.body) for pool in rest])

    @override
    def delete(self, context: Context, resource: Resource) -> None:
        progress.begin(context, resource.id, progress.DELETING)

    @override
    def outcome(self, context: Context, resource_id: ResourceId) -> Outcome | None:
        return progress.outcome(context, resource_id, code=aks_progress.FAILURE)

    @override
    def act(self, context: Context, resource: Resource, action: Action) -> Json:
        if action.name == "upgradenodeimageversion":
            return self.render(context, resource)
        return super().act(context, resource, action)


def cluster_of(context: Context, pool: ResourceId) -> Resource:
    """Return a pool's cluster.

    Raises:
        ArmError: 404 `ParentResourceNotFound`.
    """
    cluster = context.store.get(pool.parent) if pool.parent is not None else None
    if cluster is None:
        raise ArmError(
            404,
            "ParentResourceNotFound",
            f"Failed to perform operation on nested resource. The parent resource '{pool.parent}' is not "
            "found.",
        )
    return cluster


def prepare(
    context: Context,
    profile: JsonObject,
    *,
    cluster: JsonObject,
    name: str,
    before: JsonObject | None,
    where: str,
) -> None:
    """Complete a pool's properties and refuse what breaks a rule.

    Args:
        context: For its subnets.
        profile: The pool's properties, changed in place.
        cluster: The completed body of its cluster.
        name: The pool's name.
        before: What it was.
        where: Path of `profile` in the request.

    Raises:
        ArmError: With the code of the broken rule.
    """
    agent_pool_rules.check_name(name)
    for fixed, value in (before or {}).items():  # what a PUT leaves out stays as it is
        if fixed in {"powerState", "orchestratorVersion", "vnetSubnetID", "podSubnetID", "maxPods"}:
            profile.setdefault(fixed, copy.deepcopy(value))
    version = text(cluster, "properties", "currentKubernetesVersion") or aks_versions.full(None)
    overlay = is_overlay(cluster)
    agent_pool_rules.complete(profile, version=version, overlay=overlay)
    if before is not None:
        agent_pool_rules.check_change(before, profile, where=where)
    aks_versions.check_pool(text(profile, "orchestratorVersion") or version, version)
    agent_pool_rules.check(
        context.store, profile, where=where, location=text(cluster, "location") or "", overlay=overlay
    )


def check_all(context: Context, profiles: Sequence[JsonObject], *, cluster: JsonObject) -> None:
    """Refuse pools that do not fit together, or into their subnets. Raises ArmError."""
    agent_pool_rules.check_together(profiles)
    aks_subnets.check_room(context.store, profiles, overlay=is_overlay(cluster))


def is_overlay(cluster: JsonObject) -> bool:
    """Whether pods have addresses of a range of their own: Azure CNI Overlay, or kubenet."""
    profile = properties(cluster).get("networkProfile")
    return text(profile, "networkPluginMode") == "overlay" or text(profile, "networkPlugin") == "kubenet"


def note(context: Context, pool: ResourceId, *, before: Resource | None, after: JsonObject) -> None:
    """Note what a write to a pool begins."""
    state = agent_pool_rules.began(properties(before.body) if before is not None else None, after)
    failed = progress.state_of(context, pool) == progress.FAILED
    if state is not None or failed:
        progress.begin(context, pool, state or "Updating")


def told(context: Context, pool: Resource) -> JsonObject:
    """Return a pool's properties as the API tells them."""
    members = copy.deepcopy(properties(pool.body))
    version = text(members, "orchestratorVersion")
    members["currentOrchestratorVersion"] = version
    members["nodeImageVersion"] = _IMAGE
    members["provisioningState"] = progress.state_of(context, pool.id)
    members["eTag"] = pool.etag
    if members["provisioningState"] == progress.FAILED:
        members["status"] = {
            "provisioningError": progress.failure(context, pool.id, code=aks_progress.FAILURE)
        }
    return members


AGENT_POOLS = _AgentPools()
"""Source: Agent Pools - Create Or Update (REST); Learn, "Create node pools for a cluster in AKS"."""
