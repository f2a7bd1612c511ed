"""What EKS answers, member by member. Source: EKS API, Data Types."""

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any

from twinspan.twin.aws.eks import lifecycle
from twinspan.twin.aws.eks.call import Call
from twinspan.twin.aws.eks.lifecycle import Issue
from twinspan.twin.aws.eks.records import (
    AccessEntry,
    Addon,
    EksClusterRecord,
    Nodegroup,
    PolicyAssociation,
    Update,
)
from twinspan.twin.aws.eks.versions import VERSIONS

LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")


def cluster(call: Call, record: EksClusterRecord) -> dict[str, Any]:
    """Show a cluster; its endpoint and authority only once it is made, as EKS does."""
    status = lifecycle.cluster_status(record, call.plane)
    shown = {
        "name": record.name,
        "arn": record.arn,
        "createdAt": record.created_at,
        "version": record.version,
        "roleArn": record.role_arn,
        "resourcesVpcConfig": _vpc_config(record),
        "kubernetesNetworkConfig": {
            "serviceIpv4Cidr": record.service_ipv4_cidr,
            "ipFamily": "ipv4",
            "elasticLoadBalancing": {"enabled": False},
        },
        "logging": _logging(record.log_types),
        "status": status,
        "certificateAuthority": {},
        "platformVersion": VERSIONS[record.version].platform,
        "tags": record.tags,
        "encryptionConfig": [],
        "health": {"issues": _issues(lifecycle.cluster_issues(record, call.plane))},
        "accessConfig": {
            "authenticationMode": record.authentication_mode,
            "bootstrapClusterCreatorAdminPermissions": record.creator_is_admin,
        },
        "upgradePolicy": {"supportType": record.support_type},
        "deletionProtection": record.deletion_protection,
    }
    return shown if status == "CREATING" else shown | _made(call, record)


def _made(call: Call, record: EksClusterRecord) -> dict[str, Any]:
    issuer = f"https://oidc.eks.{call.region}.amazonaws.com/id/{record.oidc_id}"
    shown: dict[str, Any] = {"identity": {"oidc": {"issuer": issuer}}}
    if call.access is None:
        return shown
    certificate = call.access.authority(record.arn, name=record.name).certificate
    shown["endpoint"] = call.access.url(record.arn, name=record.name)
    shown["certificateAuthority"] = {"data": base64.b64encode(certificate.encode()).decode()}
    return shown


def _vpc_config(record: EksClusterRecord) -> dict[str, Any]:
    return {
        "subnetIds": record.subnet_ids,
        "securityGroupIds": record.security_group_ids,
        "clusterSecurityGroupId": record.cluster_security_group_id,
        "vpcId": record.vpc_id,
        "endpointPublicAccess": record.endpoint_public_access,
        "endpointPrivateAccess": record.endpoint_private_access,
        "publicAccessCidrs": record.public_access_cidrs,
    }


def _logging(enabled: list[str]) -> dict[str, Any]:
    disabled = [kind for kind in LOG_TYPES if kind not in enabled]
    groups = ((enabled, True), (disabled, False))
    return {"clusterLogging": [{"types": kinds, "enabled": on} for kinds, on in groups if kinds]}


def nodegroup(call: Call, owner: EksClusterRecord, record: Nodegroup) -> dict[str, Any]:
    """Show a node group."""
    return {
        "nodegroupName": record.name,
        "nodegroupArn": record.arn,
        "clusterName": owner.name,
        "version": record.version,
        "releaseVersion": record.release_version,
        "createdAt": record.created_at,
        "modifiedAt": record.modified_at,
        "status": lifecycle.nodegroup_status(owner, record, call.plane),
        "capacityType": record.capacity_type,
        "scalingConfig": record.scaling,
        "instanceTypes": record.instance_types,
        "subnets": record.subnets,
        "amiType": record.ami_type,
        "nodeRole": record.node_role,
        "labels": record.labels,
        "taints": record.taints or None,
        "resources": {"autoScalingGroups": [{"name": f"eks-{record.name}-{record.arn.rpartition('/')[2]}"}]},
        "diskSize": record.disk_size,
        "health": {"issues": _issues(lifecycle.nodegroup_issues(owner, record, call.plane))},
        "updateConfig": record.update_config,
        "tags": record.tags,
    }


def addon(call: Call, owner: EksClusterRecord, record: Addon) -> dict[str, Any]:
    """Show an add-on."""
    return {
        "addonName": record.name,
        "clusterName": owner.name,
        "status": lifecycle.addon_status(owner, record, call.plane),
        "addonVersion": record.version,
        "health": {"issues": _issues(lifecycle.addon_issues(owner, record, call.plane))},
        "addonArn": record.arn,
        "createdAt": record.created_at,
        "modifiedAt": record.modified_at,
        "serviceAccountRoleArn": record.service_account_role_arn or None,
        "configurationValues": record.configuration_values or None,
        "tags": record.tags,
        "owner": "aws",
        "publisher": "eks",
    }


def access_entry(owner: EksClusterRecord, record: AccessEntry) -> dict[str, Any]:
    """Show an access entry."""
    return {
        "clusterName": owner.name,
        "principalArn": record.principal_arn,
        "kubernetesGroups": record.groups,
        "accessEntryArn": record.arn,
        "createdAt": record.created_at,
        "modifiedAt": record.modified_at,
        "tags": record.tags,
        "username": record.username,
        "type": record.type,
    }


def association(record: PolicyAssociation) -> dict[str, Any]:
    """Show an access policy of an entry."""
    return {
        "policyArn": record.policy_arn,
        "accessScope": {"type": record.scope, "namespaces": record.namespaces},
        "associatedAt": record.associated_at,
        "modifiedAt": record.modified_at,
    }


def update(record: Update) -> dict[str, Any]:
    """Show an update."""
    return {
        "id": record.id,
        "status": "Successful" if record.done else "InProgress",
        "type": record.type,
        "params": [{"type": name, "value": value} for name, value in record.params.items()],
        "createdAt": record.created_at,
        "errors": [],
    }


def _issues(issues: Iterable[Issue]) -> list[dict[str, Any]]:
    return [
        {"code": issue.code, "message": issue.message, "resourceIds": list(issue.resource_ids)}
        for issue in issues
    ]


def to_json(answer: Mapping[str, Any]) -> str:
    """Write an answer: times as seconds since 1970, and nothing for what is not there."""
    return json.dumps(_without_none(answer), default=lambda moment: moment.timestamp())


def _without_none(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, Mapping):
        return {name: _without_none(item) for name, item in value.items() if item is not None}
    return [_without_none(item) for item in value] if isinstance(value, list) else value
