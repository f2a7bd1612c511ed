"""Microsoft.ContainerService/managedClusters."""

import copy
import hashlib
import uuid
from dataclasses import replace
from typing import ClassVar

from typing_extensions import override

from twinspan.network.limits import AKS_POOLS_PER_CLUSTER
from twinspan.twin.azure import aks_credentials, aks_versions
from twinspan.twin.azure.documents import Json, JsonObject, flag, member, objects, properties, text, texts
from twinspan.twin.azure.errors import ArmError, bad_request
from twinspan.twin.azure.operations import Outcome
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.store import Resource, ResourceGroup
from twinspan.twin.azure.types import (
    agent_pools,
    aks_progress,
    aks_subnets,
    identities,
    managed_cluster_rules,
    progress,
)
from twinspan.twin.azure.types.base import Action, Context, Put, ResourceType
from twinspan.twin.azure.types.user_assigned_identities import USER_ASSIGNED_IDENTITIES


class _ManagedClusters(ResourceType):
    type = aks_progress.MANAGED_CLUSTER
    model = "containerservice.ManagedCluster"
    synchronous: ClassVar[frozenset[str]] = frozenset(
        {"listclusteradmincredential", "listclusterusercredential", "listclustermonitoringusercredential"}
    )
    changing: ClassVar[frozenset[str]] = frozenset({"start", "stop"})

    @override
    def check(self, context: Context, put: Put) -> None:
        aks_progress.refuse_while_busy(context, put.id)
        _check_own(context, put)
        _keep_pools(context, put)
        managed_cluster_rules.complete(put)
        managed_cluster_rules.check(context.store, put)
        _check_pools(context, put)
        managed_cluster_rules.check_network(context.store, put.properties)
        _check_node_group(context, put)

    @override
    def complete(self, context: Context, put: Put) -> None:
        state = "Creating" if put.existing is None else "Updating"
        for profile in objects(put.properties, "agentPoolProfiles"):
            _write_pool(context, put.id, profile)
        put.properties.pop("agentPoolProfiles", None)
        power = (
            text(put.existing.body, "properties", "powerState", "code") if put.existing is not None else None
        )
        put.properties["powerState"] = {"code": power or "Running"}
        progress.begin(context, put.id, state)
        if put.existing is None:
            _make_node_group(context, put)

    @override
    def render(self, context: Context, resource: Resource, *, listed: bool = False) -> JsonObject:
        document: JsonObject = {
            "id": str(resource.id),
            "name": resource.id.name,
            "type": resource.id.type,
            "eTag": resource.etag,
            **copy.deepcopy(resource.body),
        }
        identities.add_principals(context.store, document, tenant_id=context.tenant_id)
        members = properties(document)
        state = progress.state_of(context, resource.id)
        members["provisioningState"] = state
        if state == progress.FAILED:
            members["status"] = {
                "provisioningError": progress.failure(context, resource.id, code=aks_progress.FAILURE)
            }
        members["agentPoolProfiles"] = [
            {"name": pool.id.name, **agent_pools.told(context, pool)}
            for pool in aks_progress.pools_of(context, resource.id)
        ]
        _add_read_only(context, resource, members)
        return document

    @override
    def refuse_delete(self, context: Context, resource: Resource) -> None:
        if progress.state_of(context, resource.id) == progress.DELETING:
            raise ArmError(409, "OperationNotAllowed", f"Cluster {resource.id} is being deleted already.")

    @override
    def delete(self, context: Context, resource: Resource) -> None:
        progress.begin(context, resource.id, progress.DELETING)

    @override
    def outcome(self, context: Context, resource_id: ResourceId) -> Outcome | None:
        return progress.outcome(context, resource_id, code=aks_progress.FAILURE)

    @override
    def act(self, context: Context, resource: Resource, action: Action) -> Json:
        match action.name:
            case "listclusteradmincredential":
                return _credentials(context, resource, admin=True)
            case "listclusterusercredential" | "listclustermonitoringusercredential":
                return _credentials(context, resource, admin=False)
            case "start" | "stop":
                _power(context, resource, stop=action.name == "stop")
                return None
            case _:
                return super().act(context, resource, action)


def _credentials(context: Context, cluster: Resource, *, admin: bool) -> JsonObject:
    return aks_credentials.credentials(context.clusters, cluster, admin=admin, tenant_id=context.tenant_id)


def _power(context: Context, cluster: Resource, *, stop: bool) -> None:
    """Stop or start a cluster: its nodes go and come; the objects in it stay."""
    aks_progress.refuse_while_busy(context, cluster.id)
    properties(cluster.body)["powerState"] = {"code": aks_progress.STOPPED if stop else "Running"}
    context.store.touch(cluster)
    for pool in aks_progress.pools_of(context, cluster.id):
        properties(pool.body)["powerState"] = {"code": aks_progress.STOPPED if stop else "Running"}
    progress.begin(context, cluster.id, "Stopping" if stop else "Starting")


def _check_own(context: Context, put: Put) -> None:
    """Refuse another kubelet identity or other ranges than the service writes by itself."""
    given = put.properties.pop("identityProfile", None)
    group = text(put.existing.body, "properties", "nodeResourceGroup") if put.existing is not None else None
    if given and given != _identity_profile(context, put.id, group or ""):
        raise bad_request(
            "InvalidParameter",
            "properties.identityProfile: AKS makes the kubelets' identity; the twin takes no other.",
        )
    profile = put.properties.get("networkProfile")
    for one, many in (("serviceCidr", "serviceCidrs"), ("podCidr", "podCidrs")):
        several = texts(profile, many)
        if isinstance(profile, dict) and several and several != [profile.setdefault(one, several[0])]:
            raise bad_request(
                "InvalidParameter",
                f"networkProfile.{many}: {', '.join(several)} is not {one} alone; the twin has IPv4 only.",
            )


def _keep_pools(context: Context, put: Put) -> None:
    """Take the pools that a PUT does not name as they are: it removes none."""
    named = {
        (text(profile, "name") or "").lower() for profile in objects(put.properties, "agentPoolProfiles")
    }
    kept: list[Json] = [
        {"name": pool.id.name, **copy.deepcopy(properties(pool.body))}
        for pool in aks_progress.pools_of(context, put.id)
        if pool.id.name.lower() not in named and progress.state_of(context, pool.id) != progress.DELETING
    ]
    profiles = put.properties.setdefault("agentPoolProfiles", [])
    if isinstance(profiles, list):
        profiles.extend(kept)


def _check_pools(context: Context, put: Put) -> None:
    profiles = objects(put.properties, "agentPoolProfiles")
    names = [text(pool_profile, "name") or "" for pool_profile in profiles]
    if len(set(names)) != len(names) or len(names) > AKS_POOLS_PER_CLUSTER:
        raise bad_request(
            "InvalidParameter",
            f"agentPoolProfiles: at most {AKS_POOLS_PER_CLUSTER} pools, each with a name of its own; "
            f"they are {names}.",
        )
    if not any(text(pool_profile, "mode") == "System" for pool_profile in profiles):
        raise bad_request("MustDefineAtLeastOneSystemPool", "Must define at least one system pool.")
    for index, profile in enumerate(profiles):
        name = names[index]
        existing = context.store.get(put.id.child("agentPools", name))
        agent_pools.prepare(
            context,
            profile,
            cluster=put.body,
            name=name,
            before=properties(existing.body) if existing is not None else None,
            where=f"agentPoolProfiles[{index}]",
        )
    agent_pools.check_all(context, profiles, cluster=put.body)


def _check_node_group(context: Context, put: Put) -> None:
    """Refuse a node resource group that somebody else has."""
    name = text(put.properties, "nodeResourceGroup") or ""
    if (
        put.existing is None
        and replace(put.id, resource_group=name).group_path.lower() in context.store.groups
    ):
        raise ArmError(
            409,
            "NodeResourceGroupAlreadyExists",
            f"The node resource group {name} already exists. AKS makes it; choose another nodeResourceGroup.",
        )


def _write_pool(context: Context, cluster: ResourceId, profile: JsonObject) -> None:
    """Make a resource of a pool that came with its cluster."""
    body = copy.deepcopy(profile)
    identity = cluster.child("agentPools", str(body.pop("name")))
    existing = context.store.get(identity)
    agent_pools.note(context, identity, before=existing, after=body)
    aks_subnets.delegate(context.store, body)
    if existing is None:
        context.store.add(Resource(id=identity, body={"properties": body}))
    elif existing.body != {"properties": body}:
        existing.body = {"properties": body}
        context.store.touch(existing)


def _make_node_group(context: Context, put: Put) -> None:
    """Make the group that AKS puts a cluster's machines into, with the identity of its kubelets."""
    name = text(put.properties, "nodeResourceGroup") or ""
    location = text(put.body, "location")
    context.store.add_group(
        ResourceGroup(
            subscription_id=put.id.subscription_id,
            name=name,
            body={"location": location, "tags": {}, "managedBy": str(put.id)},
        )
    )
    kubelet = _kubelet_identity(put.id, name)
    body: JsonObject = {"location": location, "tags": {}}
    USER_ASSIGNED_IDENTITIES.complete(context, Put(id=kubelet, body=body, existing=None))
    context.store.add(Resource(id=kubelet, body=body))


def _kubelet_identity(cluster: ResourceId, group: str) -> ResourceId:
    provider, kind = managed_cluster_rules.IDENTITIES.split("/")
    return ResourceId(
        subscription_id=cluster.subscription_id,
        resource_group=group,
        provider=provider,
        types=(kind,),
        names=(f"{cluster.name}-agentpool",),
    )


def _identity_profile(context: Context, cluster: ResourceId, group: str) -> JsonObject | None:
    """Return who a cluster's kubelets are; None if the cluster is not made yet."""
    kubelet = context.store.get(_kubelet_identity(cluster, group))
    if kubelet is None:
        return None
    ids = properties(kubelet.body)
    return {
        "kubeletidentity": {
            "resourceId": str(kubelet.id),
            "clientId": ids.get("clientId"),
            "objectId": ids.get("principalId"),
        }
    }


def _add_read_only(context: Context, cluster: Resource, members: JsonObject) -> None:
    """Add what only the service knows."""
    location = text(cluster.body, "location") or ""
    prefix = text(members, "dnsPrefix") or text(members, "fqdnSubdomain") or ""
    digest = hashlib.sha256(cluster.id.key.encode()).hexdigest()[:8]
    private = flag(members, "apiServerAccessProfile", "enablePrivateCluster")
    if private:
        members["privateFQDN"] = (
            f"{prefix}-{digest}.{uuid.UUID(cluster.resource_guid)}.privatelink.{location}.azmk8s.io"
        )
    if (
        not private
        or member(members, "apiServerAccessProfile", "enablePrivateClusterPublicFQDN") is not False
    ):
        members["fqdn"] = f"{prefix}-{digest}.hcp.{location}.azmk8s.io"
    members["azurePortalFQDN"] = f"{prefix}-{digest}.portal.hcp.{location}.azmk8s.io"
    members["maxAgentPools"] = AKS_POOLS_PER_CLUSTER
    members["resourceUID"] = cluster.resource_guid.replace("-", "")[:24]
    members.setdefault("supportPlan", "KubernetesOfficial")
    members.setdefault("servicePrincipalProfile", {"clientId": "msi"})
    members.setdefault("oidcIssuerProfile", {"enabled": False})
    members.setdefault("securityProfile", {})
    members.setdefault("nodeProvisioningProfile", {"mode": "Manual", "defaultNodePools": "Auto"})
    members.setdefault("metricsProfile", {"costAnalysis": {"enabled": False}})
    profile = _identity_profile(context, cluster.id, text(members, "nodeResourceGroup") or "")
    if profile is not None:
        members["identityProfile"] = profile


def upgrade_profile(context: Context, cluster: Resource) -> JsonObject:
    """Return the answer of `upgradeProfiles/default`."""
    version = text(cluster.body, "properties", "currentKubernetesVersion") or ""
    pools: list[Json] = []
    for pool in aks_progress.pools_of(context, cluster.id):
        own = text(pool.body, "properties", "orchestratorVersion") or ""
        pools.append(
            {
                "name": pool.id.name,
                "kubernetesVersion": own,
                "osType": "Linux",
                "upgrades": aks_versions.upgrade_rows(own),
            }
        )
    control: JsonObject = {
        "kubernetesVersion": version,
        "osType": "Linux",
        "upgrades": aks_versions.upgrade_rows(version),
    }
    return {
        "id": f"{cluster.id}/upgradeprofiles/default",
        "name": "default",
        "type": f"{cluster.id.type}/upgradeprofiles",
        "properties": {"controlPlaneProfile": control, "agentPoolProfiles": pools},
    }


MANAGED_CLUSTERS = _ManagedClusters()
"""Source: Managed Clusters - Create Or Update (REST)."""
