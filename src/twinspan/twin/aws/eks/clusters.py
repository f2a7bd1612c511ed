"""Clusters and their updates. Source: EKS API, CreateCluster, UpdateClusterConfig, UpdateClusterVersion."""

import random
import secrets
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from twinspan.network.limits import EKS_CLUSTERS_PER_REGION
from twinspan.network.ranges import ANYWHERE
from twinspan.twin.aws.eks import access_entries, placement, views
from twinspan.twin.aws.eks.call import Call, check_tags
from twinspan.twin.aws.eks.errors import in_use, invalid_parameter, invalid_request, not_found, unsupported
from twinspan.twin.aws.eks.records import EksClusterRecord
from twinspan.twin.aws.eks.versions import DEFAULT_VERSION, VERSIONS

_EVERYBODY = str(ANYWHERE)
_AUTO_MODE = ("computeConfig", "storageConfig")
_MODES = ("CONFIG_MAP", "API_AND_CONFIG_MAP", "API")
"""A cluster can only go to the right."""
_NODES_BEHIND = 3
_ROLLBACK_WITHIN = timedelta(days=7)
_VERSION_CHANGES = {"VersionUpdate", "VersionRollback"}


def create(call: Call) -> dict[str, Any]:
    """CreateCluster."""
    name: str = call.get("name")
    existing = call.clusters.get(name)
    if existing is not None:
        if call.get("clientRequestToken") == existing.token:
            return {"cluster": views.cluster(call, existing)}
        raise in_use(f"Cluster already exists with name: {name}", clusterName=name)
    _check_modelled(call)
    if len(call.clusters) >= EKS_CLUSTERS_PER_REGION:
        raise invalid_request(f"Cluster limit exceeded. Current limit: {EKS_CLUSTERS_PER_REGION}")
    placement.check_role(call, call.get("roleArn"), "roleArn")
    cluster = _new(call, name)
    access_entries.admit_creator(call, cluster)
    call.clusters[name] = cluster
    return {"cluster": views.cluster(call, cluster)}


def _new(call: Call, name: str) -> EksClusterRecord:
    vpc_config: Mapping[str, Any] = call.get("resourcesVpcConfig")
    network: Mapping[str, Any] = call.get("kubernetesNetworkConfig") or {}
    access: Mapping[str, Any] = call.get("accessConfig") or {}
    subnets = placement.cluster_subnets(call, vpc_config.get("subnetIds", []))
    vpc_id = subnets[0].vpc_id
    groups = vpc_config.get("securityGroupIds", [])
    placement.check_security_groups(call, groups, vpc_id)
    public, private = (
        vpc_config.get("endpointPublicAccess", True),
        vpc_config.get("endpointPrivateAccess", False),
    )
    cidrs = vpc_config.get("publicAccessCidrs") or ([_EVERYBODY] if public else [])
    placement.check_endpoint(public=public, private=private, cidrs=cidrs)
    services = placement.service_cidr(network.get("serviceIpv4Cidr"), placement.vpc_ranges(call, vpc_id))
    version, tags, log_types = _version(call), call.tags(), _log_types(call, [])
    return EksClusterRecord(
        name=name,
        arn=call.arn(f"cluster/{name}"),
        version=version,
        role_arn=call.get("roleArn"),
        vpc_id=vpc_id,
        subnet_ids=[subnet.id for subnet in subnets],
        security_group_ids=list(groups),
        cluster_security_group_id=placement.create_cluster_group(
            call, name, vpc_id, str(random.SystemRandom().randrange(10**9, 10**10))
        ),
        endpoint_public_access=public,
        endpoint_private_access=private,
        public_access_cidrs=cidrs,
        service_ipv4_cidr=services,
        log_types=log_types,
        authentication_mode=access.get("authenticationMode", "CONFIG_MAP"),
        creator_is_admin=access.get("bootstrapClusterCreatorAdminPermissions", True),
        support_type=(call.get("upgradePolicy") or {}).get("supportType", "EXTENDED"),
        deletion_protection=call.get("deletionProtection", False),
        oidc_id=secrets.token_hex(16).upper(),
        created_at=call.now,
        tags=tags,
        token=call.get("clientRequestToken", ""),
    )


def _check_modelled(call: Call) -> None:
    for member in _AUTO_MODE:
        if _turned_on(call.get(member) or {}):
            raise unsupported(f"EKS Auto Mode ({member})")
    network = call.get("kubernetesNetworkConfig") or {}
    if network.get("ipFamily", "ipv4") != "ipv4":
        raise unsupported("clusters with IPv6 services")
    if _turned_on(network.get("elasticLoadBalancing") or {}):
        raise unsupported("EKS Auto Mode (elasticLoadBalancing)")


def _turned_on(member: Mapping[str, Any]) -> bool:
    return bool(member.get("enabled") or (member.get("blockStorage") or {}).get("enabled"))


def _version(call: Call) -> str:
    given = str(call.get("version", DEFAULT_VERSION))
    supported = [name for name, version in VERSIONS.items() if version.status(call.now) != "UNSUPPORTED"]
    if given not in supported:
        raise invalid_parameter(f"unsupported Kubernetes version {given}; supported: {', '.join(supported)}")
    return given


def _log_types(call: Call, before: list[str]) -> list[str]:
    enabled = set(before)
    for group in (call.get("logging") or {}).get("clusterLogging", []):
        kinds = set(group.get("types", []))
        unknown = kinds - set(views.LOG_TYPES)
        if unknown:
            raise invalid_parameter(
                f"logging: {', '.join(sorted(unknown))} is none of {', '.join(views.LOG_TYPES)}"
            )
        enabled = enabled | kinds if group.get("enabled") else enabled - kinds
    return [kind for kind in views.LOG_TYPES if kind in enabled]


def describe(call: Call) -> dict[str, Any]:
    """DescribeCluster."""
    return {"cluster": views.cluster(call, call.cluster())}


def list_names(call: Call) -> dict[str, Any]:
    """ListClusters."""
    return call.page(call.clusters, "clusters")


def delete(call: Call) -> dict[str, Any]:
    """DeleteCluster: it is shown as being deleted until the data plane has nothing left of it."""
    cluster = call.cluster()
    if cluster.nodegroups:
        raise in_use(
            "Cluster has nodegroups attached",
            clusterName=cluster.name,
            nodegroupName=",".join(cluster.nodegroups),
        )
    if cluster.deletion_protection:
        raise invalid_request(f"Cluster {cluster.name} has deletion protection", clusterName=cluster.name)
    cluster.deleting = True
    return {"cluster": views.cluster(call, cluster)}


def update_config(call: Call) -> dict[str, Any]:
    """UpdateClusterConfig: one kind of change at a time."""
    cluster = call.idle_cluster()
    _check_modelled(call)
    changes = [change for member, change in _CHANGES.items() if call.get(member) is not None]
    if len(changes) != 1:
        raise invalid_parameter(f"Exactly one kind of change per update is allowed: {', '.join(_CHANGES)}")
    kind, params = changes[0](call, cluster)
    return {"update": views.update(call.record(cluster, kind, params))}


def _change_vpc(call: Call, cluster: EksClusterRecord) -> tuple[str, dict[str, object]]:
    vpc_config: Mapping[str, Any] = call.get("resourcesVpcConfig")
    if vpc_config.get("subnetIds") or vpc_config.get("securityGroupIds"):
        return _change_placement(call, cluster, vpc_config)
    public = vpc_config.get("endpointPublicAccess", cluster.endpoint_public_access)
    private = vpc_config.get("endpointPrivateAccess", cluster.endpoint_private_access)
    kept = cluster.public_access_cidrs or [_EVERYBODY]
    cidrs = (vpc_config.get("publicAccessCidrs") or kept) if public else []
    placement.check_endpoint(public=public, private=private, cidrs=cidrs)
    before = (
        cluster.endpoint_public_access,
        cluster.endpoint_private_access,
        set(cluster.public_access_cidrs),
    )
    if before == (public, private, set(cidrs)):
        raise invalid_parameter(
            "Cluster is already at the desired configuration with endpointPrivateAccess: "
            f"{private}, endpointPublicAccess: {public}, and Public Endpoint Restrictions: {cidrs}"
        )
    cluster.endpoint_public_access, cluster.endpoint_private_access = public, private
    cluster.public_access_cidrs = cidrs
    return "EndpointAccessUpdate", {
        "EndpointPublicAccess": public,
        "EndpointPrivateAccess": private,
        "PublicAccessCidrs": cidrs,
    }


def _change_placement(
    call: Call, cluster: EksClusterRecord, vpc_config: Mapping[str, Any]
) -> tuple[str, dict[str, object]]:
    subnets = placement.cluster_subnets(call, vpc_config.get("subnetIds") or cluster.subnet_ids)
    if subnets[0].vpc_id != cluster.vpc_id:
        raise invalid_parameter(f"Subnets must stay in the cluster's VPC, {cluster.vpc_id}")
    groups = vpc_config.get("securityGroupIds", cluster.security_group_ids)
    placement.check_security_groups(call, groups, cluster.vpc_id)
    cluster.subnet_ids = [subnet.id for subnet in subnets]
    cluster.security_group_ids = list(groups)
    return "VpcConfigUpdate", {"Subnets": cluster.subnet_ids, "SecurityGroups": cluster.security_group_ids}


def _change_logging(call: Call, cluster: EksClusterRecord) -> tuple[str, dict[str, object]]:
    log_types = _log_types(call, cluster.log_types)
    if log_types == cluster.log_types:
        raise invalid_parameter("No changes needed for the logging config provided")
    cluster.log_types = log_types
    return "LoggingUpdate", {"ClusterLogging": views.to_json({"types": log_types})}


def _change_access(call: Call, cluster: EksClusterRecord) -> tuple[str, dict[str, object]]:
    mode = call.get("accessConfig").get("authenticationMode", cluster.authentication_mode)
    if _MODES.index(mode) < _MODES.index(cluster.authentication_mode):
        raise invalid_parameter(
            f"Unsupported authentication mode update from {cluster.authentication_mode} to {mode}"
        )
    cluster.authentication_mode = mode
    return "AccessConfigUpdate", {"AuthenticationMode": mode}


def _change_support(call: Call, cluster: EksClusterRecord) -> tuple[str, dict[str, object]]:
    cluster.support_type = call.get("upgradePolicy").get("supportType", cluster.support_type)
    return "UpgradePolicyUpdate", {"UpgradePolicy": cluster.support_type}


def _change_protection(call: Call, cluster: EksClusterRecord) -> tuple[str, dict[str, object]]:
    cluster.deletion_protection = call.get("deletionProtection")
    return "DeletionProtectionUpdate", {"DeletionProtection": cluster.deletion_protection}


_CHANGES = {
    "resourcesVpcConfig": _change_vpc,
    "logging": _change_logging,
    "accessConfig": _change_access,
    "upgradePolicy": _change_support,
    "deletionProtection": _change_protection,
}


def update_version(call: Call) -> dict[str, Any]:
    """UpdateClusterVersion: one minor version up, or back to where it came from within a week.

    The data plane runs the same Kubernetes for all of them. Source: EKS User Guide, "Update existing cluster
    to new Kubernetes version", "Roll back a cluster to a previous Kubernetes version".
    """
    cluster = call.idle_cluster()
    version = _version(call)
    order = list(VERSIONS)
    kind = {1: "VersionUpdate", -1: "VersionRollback"}.get(
        order.index(version) - order.index(cluster.version)
    )
    if kind is None or (kind == "VersionRollback" and not _can_go_back(call, cluster)):
        raise invalid_parameter(
            f"Unsupported Kubernetes minor version update from {cluster.version} to {version}",
            clusterName=cluster.name,
        )
    for group in cluster.nodegroups.values():
        if not 0 <= order.index(version) - order.index(group.version) <= _NODES_BEHIND:
            raise invalid_request(
                f"Nodegroup {group.name} has Kubernetes version {group.version}: nodes may be up to "
                f"{_NODES_BEHIND} minor versions older than {version}, and not newer"
            )
    cluster.version = version
    params = {"Version": version, "PlatformVersion": VERSIONS[version].platform}
    return {"update": views.update(call.record(cluster, kind, params))}


def _can_go_back(call: Call, cluster: EksClusterRecord) -> bool:
    changes = [update for update in cluster.updates.values() if update.type in _VERSION_CHANGES]
    own = [update for update in changes if not update.nodegroup]
    return bool(own) and own[-1].type == "VersionUpdate" and call.now - own[-1].created_at <= _ROLLBACK_WITHIN


def describe_versions(call: Call) -> dict[str, Any]:
    """DescribeClusterVersions."""
    named, status = call.get("clusterVersions"), call.get("versionStatus")
    shown = {
        name: version
        for name, version in VERSIONS.items()
        if (not named or name in named)
        and (not call.get("defaultOnly") or name == DEFAULT_VERSION)
        and (not status or version.status(call.now) == status)
        and (call.get("includeAll") or named or version.status(call.now) != "UNSUPPORTED")
    }
    page = call.page(shown, "clusterVersions")
    page["clusterVersions"] = [
        {
            "clusterVersion": version.name,
            "clusterType": "eks",
            "defaultPlatformVersion": version.platform,
            "defaultVersion": version.name == DEFAULT_VERSION,
            "releaseDate": version.released,
            "endOfStandardSupportDate": version.standard_until,
            "endOfExtendedSupportDate": version.extended_until,
            "status": version.status(call.now).lower().replace("_", "-"),
            "versionStatus": version.status(call.now),
            "kubernetesPatchVersion": version.patch,
        }
        for version in map(VERSIONS.__getitem__, page["clusterVersions"])
    ]
    return page


def describe_update(call: Call) -> dict[str, Any]:
    """DescribeUpdate."""
    cluster = call.cluster()
    update = cluster.updates.get(call.get("updateId"))
    if update is None or (update.nodegroup, update.addon) != (
        call.get("nodegroupName", ""),
        call.get("addonName", ""),
    ):
        raise not_found(f"No update found for ID: {call.get('updateId')}", clusterName=cluster.name)
    return {"update": views.update(update)}


def list_updates(call: Call) -> dict[str, Any]:
    """ListUpdates."""
    of = (call.get("nodegroupName", ""), call.get("addonName", ""))
    updates = call.cluster().updates.values()
    return call.page((update.id for update in updates if (update.nodegroup, update.addon) == of), "updateIds")


def tag(call: Call) -> dict[str, Any]:
    """TagResource."""
    tags, given = _tags_of(call), call.tags()
    check_tags(tags | given)
    tags.update(given)
    return {}


def untag(call: Call) -> dict[str, Any]:
    """UntagResource."""
    tags = _tags_of(call)
    for key in call.get("tagKeys"):
        tags.pop(key, None)
    return {}


def list_tags(call: Call) -> dict[str, Any]:
    """ListTagsForResource."""
    return {"tags": _tags_of(call)}


def _tags_of(call: Call) -> dict[str, str]:
    """Return the tags of whatever an ARN names, to be changed in place."""
    for cluster in call.clusters.values():
        for arn, tags in _tagged(cluster):
            if arn == call.get("resourceArn"):
                return tags
    raise not_found(f"No resource found for ARN: {call.get('resourceArn')}")


def _tagged(cluster: EksClusterRecord) -> Iterator[tuple[str, dict[str, str]]]:
    yield cluster.arn, cluster.tags
    for group in cluster.nodegroups.values():
        yield group.arn, group.tags
    for addon in cluster.addons.values():
        yield addon.arn, addon.tags
    for entry in cluster.entries.values():
        yield entry.arn, entry.tags
