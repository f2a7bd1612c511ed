# ruff: noqa: ARG002 - the arguments are those of Resource, needed or not
# ruff: noqa: ANN401 - values of Terraform and of the APIs have no static type
"""The managed node group of an EKS cluster."""

import secrets
from collections.abc import Iterator
from typing import Any, ClassVar

from twinspan.twin.providers.aws.base import differs, gone_is_fine
from twinspan.twin.providers.aws.cloud import AwsCloud
from twinspan.twin.providers.aws.eks import (
    Document,
    EksResource,
    change,
    describe,
    text,
    wait_for,
    wait_gone,
)
from twinspan.twin.providers.engine import Facts, State
from twinspan.twin.providers.resource import Problem, Record, between, matches, one_of
from twinspan.twin.providers.values import Value

_UNSUPPORTED = ("launch_template", "remote_access")
_SCALING = {"desired_size": "desiredSize", "max_size": "maxSize", "min_size": "minSize"}
_SIZE = between(0, 10**6)
_FEATURES = {
    "max_unavailable": "maxUnavailable",
    "max_unavailable_percentage": "maxUnavailablePercentage",
}


class NodeGroup(EksResource):
    """`aws_eks_node_group`, without launch templates and SSH access."""

    type_name = "aws_eks_node_group"
    facts = Facts(
        force_new=frozenset(
            {"region", "cluster_name", "node_group_name", "node_group_name_prefix", "node_role_arn"}
            | {"subnet_ids", "instance_types", "ami_type", "capacity_type", "disk_size"}
            | {"launch_template", "remote_access"}
        ),
        computed_blocks=frozenset({"node_repair_config", "update_config"}),
    )
    rules: ClassVar = {
        "capacity_type": one_of("ON_DEMAND", "SPOT", "CAPACITY_BLOCK"),
        "node_group_name": matches(r"[0-9A-Za-z][A-Za-z0-9_-]{0,62}", "1 to 63 letters, digits, _ and -"),
        "scaling_config.desired_size": _SIZE,
        "scaling_config.max_size": between(1, 10**6),
        "scaling_config.min_size": _SIZE,
        "taint.effect": one_of("NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE"),
        "update_config.max_unavailable": between(1, 100),
        "update_config.max_unavailable_percentage": between(1, 100),
    }

    def validate(self, config: State) -> Iterator[Problem]:
        """Refuse what this offline provider cannot build."""
        for name in _UNSUPPORTED:
            if config[name]:
                detail = f"The offline provider makes no nodes with {name}; leave it out or use the real one."
                yield Problem(summary=f"{name} is not supported offline", detail=detail, path=name)

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """CreateNodegroup, and wait until its nodes have joined."""
        cluster, name = planned["cluster_name"], planned["node_group_name"]
        if not isinstance(name, str):
            prefix = planned["node_group_name_prefix"]
            name = f"{prefix if isinstance(prefix, str) else 'terraform-'}{secrets.token_hex(13)}"
        disk, types = planned["disk_size"], planned["instance_types"]
        cloud.call(
            "eks",
            "create_nodegroup",
            clusterName=cluster,
            nodegroupName=name,
            nodeRole=planned["node_role_arn"],
            subnets=planned["subnet_ids"],
            scalingConfig=_scaling(planned),
            instanceTypes=types if isinstance(types, list) and types else None,
            amiType=text(planned["ami_type"]),
            capacityType=text(planned["capacity_type"]),
            diskSize=disk if isinstance(disk, int) and disk else None,
            labels=planned["labels"] or None,
            taints=[_taint(block) for block in planned["taint"]] or None,
            updateConfig=_features(planned["update_config"]),
            version=text(planned["version"]),
            releaseVersion=text(planned["release_version"]),
            tags=planned["tags_all"] or None,
        )
        identity = f"{cluster}:{name}"
        record(identity)
        wait_for(
            lambda: _find(cloud, identity),
            what=f"EKS node group {identity}",
            desired_state="ACTIVE",
            failed={"CREATE_FAILED", "DELETING", "DELETE_FAILED"},
        )
        return identity

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """DescribeNodegroup."""
        group = _find(cloud, state["id"])
        if group is None or group["status"] == "DELETING":
            return None
        prefix = state.get("node_group_name_prefix")
        return {
            "ami_type": group.get("amiType", ""),
            "arn": group["nodegroupArn"],
            "capacity_type": group.get("capacityType", ""),
            "cluster_name": group["clusterName"],
            "disk_size": group.get("diskSize", 0),
            "instance_types": group.get("instanceTypes", []),
            "labels": group.get("labels") or {},
            "launch_template": [],
            "node_group_name": group["nodegroupName"],
            "node_group_name_prefix": prefix if isinstance(prefix, str) else "",
            "node_repair_config": _repair(group, state.get("node_repair_config")),
            "node_role_arn": group["nodeRole"],
            "region": cloud.region,
            "release_version": group.get("releaseVersion", ""),
            "remote_access": [],
            "resources": _resources(group.get("resources") or {}),
            "scaling_config": [{name: group["scalingConfig"][key] for name, key in _SCALING.items()}],
            "status": group["status"],
            "subnet_ids": group["subnets"],
            "taint": [_taint_state(taint) for taint in group.get("taints") or []],
            "update_config": _features_state(group.get("updateConfig")),
            "version": group.get("version", ""),
            **self.tag_state(cloud, group.get("tags") or {}, state),
        }

    def update(self, cloud: AwsCloud, prior: State, planned: State) -> State:
        """Version, then size, labels, taints and how nodes are replaced."""
        cluster, _, name = prior["id"].partition(":")
        group = {"clusterName": cluster, "nodegroupName": name}
        about = {"name": cluster, "nodegroupName": name}
        if differs(prior, planned, "version", "release_version"):
            version, release = text(planned["version"]), text(planned["release_version"])
            versions = {"version": version if version != prior["version"] else None}
            versions["releaseVersion"] = release if release != prior["release_version"] else None
            if any(versions.values()):
                change(cloud, "update_nodegroup_version", about=about, **group, **versions)
        settings = settings_of(prior, planned)
        if settings:
            change(cloud, "update_nodegroup_config", about=about, **group, **settings)
        self.update_eks_tags(cloud, prior["arn"], prior, planned)
        return {}

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """DeleteNodegroup, and wait until its nodes are gone."""
        identity = state["id"]
        cluster, _, name = identity.partition(":")
        with gone_is_fine():
            cloud.call("eks", "delete_nodegroup", clusterName=cluster, nodegroupName=name)
        wait_gone(lambda: _find(cloud, identity), what=f"EKS node group {identity}", failed={"DELETE_FAILED"})

    def import_state(self, cloud: AwsCloud, import_id: str) -> State:
        """Read `CLUSTER:GROUP`."""
        if import_id.count(":") != 1 or not all(import_id.split(":")):
            raise ValueError("expected CLUSTER:NODE-GROUP")
        return {"id": import_id}


def _find(cloud: AwsCloud, identity: str) -> Document | None:
    cluster, _, name = identity.partition(":")
    return describe(cloud, "describe_nodegroup", "nodegroup", clusterName=cluster, nodegroupName=name)


def _scaling(planned: State) -> Document:
    block = planned["scaling_config"][0]
    return {member: block[name] for name, member in _SCALING.items()}


def _features(blocks: Value) -> Document | None:
    """Return how nodes are replaced: a number or a percentage, never both."""
    if not isinstance(blocks, list) or not blocks:
        return None
    return {member: blocks[0][name] for name, member in _FEATURES.items() if blocks[0][name]} or None


def _features_state(config: Document | None) -> list[State]:
    return [{name: config.get(member, 0) for name, member in _FEATURES.items()}] if config else []


def _repair(group: Document, known: Any) -> list[State]:
    """Return whether EKS replaces nodes that are ill; the finer settings stay as they are known."""
    config = group.get("nodeRepairConfig")
    if not config:
        return []
    block = dict(known[0]) if isinstance(known, list) and known else {}
    return [{**block, "enabled": config.get("enabled", False)}]


def _resources(resources: Document) -> list[State]:
    return [
        {
            "autoscaling_groups": [
                {"name": group.get("name", "")} for group in resources.get("autoScalingGroups") or []
            ],
            "remote_access_security_group_id": resources.get("remoteAccessSecurityGroup", ""),
        }
    ]


def _taint(block: State) -> Document:
    value = {"value": block["value"]} if block["value"] else {}
    return {"key": block["key"], "effect": block["effect"], **value}


def _taint_state(taint: Document) -> State:
    return {"key": taint["key"], "value": taint.get("value", ""), "effect": taint["effect"]}


def settings_of(prior: State, planned: State) -> Document:
    """Return the parameters of UpdateNodegroupConfig; empty if nothing of it changes."""
    settings: Document = {}
    old, new = prior["labels"] or {}, planned["labels"] or {}
    changed = {key: value for key, value in new.items() if old.get(key) != value}
    removed = [key for key in old if key not in new]
    if changed or removed:
        labels = {"addOrUpdateLabels": changed, "removeLabels": removed}
        settings["labels"] = {key: value for key, value in labels.items() if value}
    before = [_taint(block) for block in prior["taint"]]
    after = [_taint(block) for block in planned["taint"]]
    if before != after:
        added = [taint for taint in after if taint not in before]
        keys = {(taint["key"], taint["effect"]) for taint in after}
        gone = [taint for taint in before if (taint["key"], taint["effect"]) not in keys]
        taints = {"addOrUpdateTaints": added, "removeTaints": gone}
        settings["taints"] = {key: value for key, value in taints.items() if value}
    if differs(prior, planned, "scaling_config"):
        settings["scalingConfig"] = _scaling(planned)
    if differs(prior, planned, "update_config") and _features(planned["update_config"]):
        settings["updateConfig"] = _features(planned["update_config"])
    return settings
