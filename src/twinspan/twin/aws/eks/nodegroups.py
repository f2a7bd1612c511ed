"""Managed node groups.

Source: EKS API, CreateNodegroup, UpdateNodegroupConfig; EKS User Guide, "Managed node groups".
"""

import re
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from twinspan.twin.aws.eks import access_entries, placement, views
from twinspan.twin.aws.eks.call import Call
from twinspan.twin.aws.eks.errors import in_use, invalid_parameter, invalid_request, unsupported
from twinspan.twin.aws.eks.lifecycle import nodegroup_status
from twinspan.twin.aws.eks.records import EksClusterRecord, Nodegroup
from twinspan.twin.aws.eks.versions import VERSIONS

NODEGROUPS_PER_CLUSTER = 30
NODES_PER_NODEGROUP = 450
DEFAULT_SCALING = {"minSize": 1, "maxSize": 2, "desiredSize": 2}
DEFAULT_INSTANCE_TYPES = ["t3.medium"]
DEFAULT_DISK_GIB = 20
TAINTS_AT_MOST = 50

_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,62}")
_LABEL_KEY = re.compile(
    r"(?:(?=.{1,253}/)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?/)?[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?"
)
_LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?)?")
_OWN_LABELS = ("eks.amazonaws.com/", "kubernetes.io/", "k8s.io/")
_WINDOWS = "WINDOWS"


def create(call: Call) -> dict[str, Any]:
    """CreateNodegroup."""
    cluster = call.ready_cluster()
    name: str = call.get("nodegroupName")
    existing = cluster.nodegroups.get(name)
    if existing is not None:
        if call.get("clientRequestToken") == existing.token:
            return {"nodegroup": views.nodegroup(call, cluster, existing)}
        raise in_use(
            f"NodeGroup already exists with name {name} and cluster name {cluster.name}",
            clusterName=cluster.name,
            nodegroupName=name,
        )
    _check_new(call, cluster, name)
    group = _new(call, cluster, name)
    access_entries.admit_nodes(call, cluster, group.node_role)
    cluster.nodegroups[name] = group
    return {"nodegroup": views.nodegroup(call, cluster, group)}


def _check_new(call: Call, cluster: EksClusterRecord, name: str) -> None:
    if _NAME.fullmatch(name) is None:
        raise invalid_parameter(
            f"nodegroupName {name} must start with a letter or digit, have letters, digits, - and _ only, "
            "and be no longer than 63",
            clusterName=cluster.name,
            nodegroupName=name,
        )
    if call.get("amiType", "").startswith(_WINDOWS):
        raise unsupported("nodes with Windows")
    if len(cluster.nodegroups) >= NODEGROUPS_PER_CLUSTER:
        raise invalid_request(f"Nodegroup limit exceeded. Current limit: {NODEGROUPS_PER_CLUSTER}")
    placement.check_role(call, call.get("nodeRole"), "nodeRole")
    subnets = placement.subnets_of(call, call.get("subnets"))
    if not subnets:
        raise invalid_parameter("Subnets cannot be empty")
    if subnets[0].vpc_id != cluster.vpc_id:
        raise invalid_parameter(
            f"Subnets are not tagged with the required VPC: they must be in {cluster.vpc_id}"
        )
    version = call.get("version")
    if version is not None and version != cluster.version:
        raise invalid_parameter(
            f"Requested Nodegroup version {version} is not the cluster's, {cluster.version}"
        )
    _check_taints(call.get("taints") or [])
    _check_labels(call.get("labels") or {})


def _new(call: Call, cluster: EksClusterRecord, name: str) -> Nodegroup:
    scaling = DEFAULT_SCALING | (call.get("scalingConfig") or {})
    _check_scaling(scaling)
    tags = call.tags()
    return Nodegroup(
        name=name,
        arn=call.arn(f"nodegroup/{cluster.name}/{name}/{uuid4()}"),
        node_role=call.get("nodeRole"),
        subnets=list(call.get("subnets")),
        scaling=scaling,
        instance_types=call.get("instanceTypes") or DEFAULT_INSTANCE_TYPES,
        capacity_type=call.get("capacityType", "ON_DEMAND"),
        ami_type=call.get("amiType", "AL2023_x86_64_STANDARD"),
        disk_size=call.get("diskSize", DEFAULT_DISK_GIB),
        labels=dict(call.get("labels") or {}),
        taints=list(call.get("taints") or []),
        update_config=_update_config(call.get("updateConfig"), {"maxUnavailable": 1}),
        version=cluster.version,
        release_version=call.get("releaseVersion") or _release(cluster.version),
        created_at=call.now,
        modified_at=call.now,
        tags=tags,
        token=call.get("clientRequestToken", ""),
    )


def _release(version: str) -> str:
    """Return the machine image of a version: its patch and the day that the version appeared."""
    release = VERSIONS[version]
    return f"{release.patch}-{release.released:%Y%m%d}"


def _check_scaling(scaling: Mapping[str, int]) -> None:
    low, high, desired = scaling["minSize"], scaling["maxSize"], scaling["desiredSize"]
    if low > high:
        raise invalid_parameter(f"Minimum capacity {low} can't be greater than maximum size {high}")
    if low > desired:
        raise invalid_parameter(f"Minimum capacity {low} can't be greater than desired size {desired}")
    if desired > high:
        raise invalid_parameter(f"desired capacity {desired} can't be greater than max size {high}")
    if high > NODES_PER_NODEGROUP:
        raise invalid_parameter(f"A node group can have {NODES_PER_NODEGROUP} nodes, not {high}")


def _check_labels(labels: Mapping[str, str]) -> None:
    for key, value in labels.items():
        if _LABEL_KEY.fullmatch(key) is None or _LABEL_VALUE.fullmatch(value) is None:
            raise invalid_parameter(f"Label {key}={value} is not a valid Kubernetes label")
        if key.startswith(_OWN_LABELS):
            raise invalid_parameter(f"Label cannot contain reserved prefixes {', '.join(_OWN_LABELS)}: {key}")


def _check_taints(taints: list[dict[str, str]]) -> None:
    if len(taints) > TAINTS_AT_MOST:
        raise invalid_parameter(f"A node group can have {TAINTS_AT_MOST} taints, not {len(taints)}")
    for taint in taints:
        if not taint.get("key") or not taint.get("effect"):
            raise invalid_parameter("A taint must have a key and an effect")


def _update_config(given: Mapping[str, Any] | None, before: dict[str, Any]) -> dict[str, Any]:
    if not given:
        return before
    if "maxUnavailable" in given and "maxUnavailablePercentage" in given:
        raise invalid_parameter("Specify maxUnavailable or maxUnavailablePercentage, not both")
    return dict(given)


def describe(call: Call) -> dict[str, Any]:
    """DescribeNodegroup."""
    cluster = call.cluster()
    return {"nodegroup": views.nodegroup(call, cluster, call.nodegroup(cluster))}


def list_names(call: Call) -> dict[str, Any]:
    """ListNodegroups."""
    return call.page(call.cluster().nodegroups, "nodegroups")


def delete(call: Call) -> dict[str, Any]:
    """DeleteNodegroup: it is shown as being deleted until its nodes are gone."""
    cluster = call.cluster()
    group = call.nodegroup(cluster)
    group.deleting = True
    return {"nodegroup": views.nodegroup(call, cluster, group)}


def update_config(call: Call) -> dict[str, Any]:
    """UpdateNodegroupConfig."""
    cluster = call.ready_cluster()
    group = call.nodegroup(cluster)
    _check_changeable(call, cluster, group)
    scaling = group.scaling | (call.get("scalingConfig") or {})
    labels, taints = _changed_labels(call, group), _changed_taints(call, group)
    update = _update_config(call.get("updateConfig"), group.update_config)
    _check_scaling(scaling)
    _check_labels({key: value for key, value in labels.items() if key not in group.labels})
    _check_taints(taints)
    group.scaling, group.labels, group.taints, group.update_config = scaling, labels, taints, update
    group.modified_at = call.now
    sizes = call.get("scalingConfig") or {}
    params = {name[0].upper() + name[1:]: value for name, value in sizes.items()}
    label_changes = call.get("labels") or {}
    params["LabelsToAdd"] = (
        views.to_json(label_changes["addOrUpdateLabels"]) if "addOrUpdateLabels" in label_changes else None
    )
    made = call.record(cluster, "ConfigUpdate", params, nodegroup=group.name)
    return {"update": views.update(made)}


def update_version(call: Call) -> dict[str, Any]:
    """UpdateNodegroupVersion: the group takes the cluster's version; its nodes stay as they are."""
    cluster = call.ready_cluster()
    group = call.nodegroup(cluster)
    _check_changeable(call, cluster, group)
    version = call.get("version", cluster.version)
    if version != cluster.version:
        raise invalid_parameter(
            f"Requested Nodegroup version {version} is not the cluster's, {cluster.version}"
        )
    group.version, group.release_version = version, call.get("releaseVersion") or _release(version)
    group.modified_at = call.now
    params = {"Version": version, "ReleaseVersion": group.release_version}
    return {"update": views.update(call.record(cluster, "VersionUpdate", params, nodegroup=group.name))}


def _check_changeable(call: Call, cluster: EksClusterRecord, group: Nodegroup) -> None:
    status = nodegroup_status(cluster, group, call.plane)
    if status not in {"ACTIVE", "DEGRADED"}:
        raise in_use(
            f"Nodegroup cannot be updated as it is currently not in Active or Degraded state ({status})",
            clusterName=cluster.name,
            nodegroupName=group.name,
        )


def _changed_labels(call: Call, group: Nodegroup) -> dict[str, str]:
    changes = call.get("labels") or {}
    kept = {key: value for key, value in group.labels.items() if key not in changes.get("removeLabels", [])}
    added: dict[str, str] = changes.get("addOrUpdateLabels", {})
    return kept | added


def _changed_taints(call: Call, group: Nodegroup) -> list[dict[str, str]]:
    changes = call.get("taints") or {}
    removed = [(taint.get("key"), taint.get("effect")) for taint in changes.get("removeTaints", [])]
    added = {(taint.get("key"), taint.get("effect")): taint for taint in changes.get("addOrUpdateTaints", [])}
    kept = {(taint["key"], taint["effect"]): taint for taint in group.taints}
    return [taint for key, taint in (kept | added).items() if key not in removed]
