"""Who may use a cluster.

Source: EKS API, CreateAccessEntry, AssociateAccessPolicy; EKS User Guide, "Grant IAM users access to
Kubernetes with EKS access entries".
"""

import re
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from twinspan.twin.aws.eks import placement, views
from twinspan.twin.aws.eks.call import Call
from twinspan.twin.aws.eks.errors import in_use, invalid_parameter, invalid_request, not_found
from twinspan.twin.aws.eks.records import AccessEntry, EksClusterRecord, PolicyAssociation

POLICIES = (
    "AmazonEKSAdminPolicy",
    "AmazonEKSAdminViewPolicy",
    "AmazonEKSClusterAdminPolicy",
    "AmazonEKSEditPolicy",
    "AmazonEKSViewPolicy",
)
"""The access policies for people. Source: EKS User Guide, "Review access policy permissions"."""

NODE_TYPES = ("EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "HYBRID_LINUX")
MASTERS = "system:masters"

_STANDARD = "STANDARD"
_CREATOR = "kubernetes-admin"
"""Without access entries in force the creator alone is let in without the ConfigMap `aws-auth`."""
_EC2_LINUX = "EC2_LINUX"
_CLUSTER_ADMIN = "AmazonEKSClusterAdminPolicy"
_ADMINS = frozenset({_CLUSTER_ADMIN, "AmazonEKSAdminPolicy"})
_RESERVED = re.compile(r"(?:system|eks|aws|amazon|iam):.*")
_NOT_ALLOWED = "it cannot be empty or start with system:, eks:, aws:, amazon: or iam:"
_NAMESPACE = re.compile(r"[a-z0-9*](?:[a-z0-9*-]{0,61}[a-z0-9*])?")
_SESSION = re.compile(
    r"arn:(?P<partition>[a-z-]+):sts::(?P<account>\d{12}):assumed-role/(?P<name>[^/]+)/(?P<session>.+)"
)
_STS_USER = re.compile(r"arn:(?P<partition>[a-z-]+):sts::(?P<account>\d{12}):user/(?P<name>.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesUser:
    """Who a caller is to a cluster. Source: Kubernetes, authentication.k8s.io/v1 UserInfo."""

    username: str
    uid: str
    groups: tuple[str, ...]
    arn: str


def principal_of(caller_arn: str) -> str:
    """Return the IAM principal behind what GetCallerIdentity says: a role for a session of that role."""
    session = _SESSION.fullmatch(caller_arn)
    if session is not None:
        return f"arn:{session['partition']}:iam::{session['account']}:role/{session['name']}"
    user = _STS_USER.fullmatch(caller_arn)
    return f"arn:{user['partition']}:iam::{user['account']}:user/{user['name']}" if user else caller_arn


def user_of(cluster: EksClusterRecord, caller_arn: str) -> KubernetesUser | None:
    """Return who a caller is to a cluster; None if it has no access entry there.

    An entry with a cluster-wide admin policy is in `system:masters`: the twin has no authoriser of EKS's own,
    so that the policies for less have no effect.
    """
    principal = principal_of(caller_arn)
    entry = cluster.entries.get(principal)
    if entry is None:
        return None
    uid = f"aws-iam-authenticator:{cluster.arn.split(':')[4]}:{principal}"
    if cluster.authentication_mode == "CONFIG_MAP":
        return KubernetesUser(username=_CREATOR, uid=uid, groups=(MASTERS,), arn=principal)
    admin = any(
        policy.policy_arn.rpartition("/")[2] in _ADMINS and policy.scope == "cluster"
        for policy in entry.policies.values()
    )
    session = caller_arn.rpartition("/")[2]
    return KubernetesUser(
        username=entry.username.replace("{{SessionName}}", session),
        uid=uid,
        groups=(*entry.groups, *([MASTERS] if admin else [])),
        arn=principal,
    )


def admit_creator(call: Call, cluster: EksClusterRecord) -> None:
    """Make the creator an administrator, unless the request says otherwise."""
    if not cluster.creator_is_admin:
        return
    principal = principal_of(call.caller_arn)
    entry = _entry(call, cluster, principal, kind=_STANDARD, username=principal, groups=[])
    arn = _policy_arn(call, _CLUSTER_ADMIN)
    entry.policies[arn] = PolicyAssociation(
        policy_arn=arn, scope="cluster", namespaces=[], associated_at=call.now, modified_at=call.now
    )


def admit_nodes(call: Call, cluster: EksClusterRecord, role_arn: str) -> None:
    """Make the entry of a managed node group's role, as EKS does where entries are in use."""
    if cluster.authentication_mode != "CONFIG_MAP" and role_arn not in cluster.entries:
        username, groups = "system:node:{{EC2PrivateDNSName}}", ["system:nodes"]
        _entry(call, cluster, role_arn, kind=_EC2_LINUX, username=username, groups=groups)


def _entry(
    call: Call, cluster: EksClusterRecord, principal: str, *, kind: str, username: str, groups: list[str]
) -> AccessEntry:
    _, _, _, _, account, resource = principal.split(":", 5)
    kind_of_principal, _, path = resource.partition("/")
    name = path.rpartition("/")[2]
    entry = AccessEntry(
        principal_arn=principal,
        arn=call.arn(f"access-entry/{cluster.name}/{kind_of_principal}/{account}/{name}/{uuid4()}"),
        type=kind,
        username=username,
        groups=groups,
        created_at=call.now,
        modified_at=call.now,
        tags={},
    )
    cluster.entries[principal] = entry
    return entry


def create(call: Call) -> dict[str, Any]:
    """CreateAccessEntry."""
    cluster = _cluster_with_entries(call)
    principal = call.get("principalArn")
    existing = cluster.entries.get(principal)
    if existing is not None:
        if call.get("clientRequestToken") == existing.token:
            return {"accessEntry": views.access_entry(cluster, existing)}
        raise in_use(
            "The specified access entry resource is already in use on this cluster.", clusterName=cluster.name
        )
    placement.check_principal(call, principal)
    kind = call.get("type", _STANDARD)
    username, groups = call.get("username"), list(call.get("kubernetesGroups") or [])
    _check_kind(kind, username, groups)
    _check_names(username, groups)
    tags = call.tags()
    if kind != _STANDARD:
        username, groups = "system:node:{{EC2PrivateDNSName}}", ["system:nodes"]
    entry = _entry(
        call, cluster, principal, kind=kind, username=username or _username(principal), groups=groups
    )
    entry.tags, entry.token = tags, call.get("clientRequestToken", "")
    return {"accessEntry": views.access_entry(cluster, entry)}


def _cluster_with_entries(call: Call) -> EksClusterRecord:
    cluster = call.cluster()
    if cluster.authentication_mode == "CONFIG_MAP":
        raise invalid_request(
            "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform "
            "this operation.",
            clusterName=cluster.name,
        )
    return cluster


def _username(principal: str) -> str:
    """Return the name that EKS gives an entry without one: a role's has the session in it."""
    session = re.fullmatch(r"arn:([a-z-]+):iam::(\d{12}):role/(?:.*/)?([^/]+)", principal)
    if session is None:
        return principal
    return f"arn:{session[1]}:sts::{session[2]}:assumed-role/{session[3]}/{{{{SessionName}}}}"


def _check_kind(kind: str, username: str | None, groups: list[str]) -> None:
    if kind not in {_STANDARD, *NODE_TYPES}:
        raise invalid_parameter(f"type {kind} is none of {', '.join((_STANDARD, *NODE_TYPES))}")
    if kind != _STANDARD and (username or groups):
        raise invalid_parameter(f"The type {kind} takes neither a username nor kubernetesGroups")


def _check_names(username: str | None, groups: list[str]) -> None:
    for group in groups:
        if not group or _RESERVED.fullmatch(group):
            raise invalid_parameter(f"The kubernetes group name {group} is invalid, {_NOT_ALLOWED}")
    if username is not None and (not username or _RESERVED.fullmatch(username)):
        raise invalid_parameter(f"The username {username} is invalid, {_NOT_ALLOWED}")


def _named(call: Call, cluster: EksClusterRecord) -> AccessEntry:
    principal = call.get("principalArn")
    entry = cluster.entries.get(principal)
    if entry is None:
        raise not_found(
            f"The specified principalArn could not be found. You can view your available access entries with "
            f"'list-access-entries'. ({principal})",
            clusterName=cluster.name,
        )
    return entry


def describe(call: Call) -> dict[str, Any]:
    """DescribeAccessEntry."""
    cluster = _cluster_with_entries(call)
    return {"accessEntry": views.access_entry(cluster, _named(call, cluster))}


def list_principals(call: Call) -> dict[str, Any]:
    """ListAccessEntries."""
    policy = call.get("associatedPolicyArn")
    entries = _cluster_with_entries(call).entries
    return call.page(
        [arn for arn, entry in entries.items() if policy in {None, *entry.policies}], "accessEntries"
    )


def update(call: Call) -> dict[str, Any]:
    """UpdateAccessEntry."""
    cluster = _cluster_with_entries(call)
    entry = _named(call, cluster)
    username, groups = call.get("username"), call.get("kubernetesGroups")
    _check_kind(entry.type, username, groups or [])
    _check_names(username, groups or [])
    entry.username = username or entry.username
    entry.groups = entry.groups if groups is None else list(groups)
    entry.modified_at = call.now
    return {"accessEntry": views.access_entry(cluster, entry)}


def delete(call: Call) -> dict[str, Any]:
    """DeleteAccessEntry."""
    cluster = _cluster_with_entries(call)
    del cluster.entries[_named(call, cluster).principal_arn]
    return {}


def list_policies(call: Call) -> dict[str, Any]:
    """ListAccessPolicies."""
    page = call.page(POLICIES, "accessPolicies")
    page["accessPolicies"] = [
        {"name": name, "arn": _policy_arn(call, name)} for name in page["accessPolicies"]
    ]
    return page


def _policy_arn(call: Call, name: str) -> str:
    return f"arn:{call.partition}:eks::aws:cluster-access-policy/{name}"


def associate(call: Call) -> dict[str, Any]:
    """AssociateAccessPolicy; once more changes the scope."""
    cluster = _cluster_with_entries(call)
    entry = _named(call, cluster)
    arn, scope = call.get("policyArn"), call.get("accessScope")
    if arn not in {_policy_arn(call, name) for name in POLICIES}:
        raise invalid_parameter(
            f"The policyArn parameter format is not valid or there is no such policy: {arn}"
        )
    if entry.type != _STANDARD:
        raise invalid_request(f"Access policies cannot be associated with an entry of type {entry.type}")
    kind, namespaces = scope.get("type"), list(scope.get("namespaces") or [])
    _check_scope(kind, namespaces)
    before = entry.policies.get(arn)
    made = PolicyAssociation(
        policy_arn=arn,
        scope=kind,
        namespaces=namespaces,
        associated_at=before.associated_at if before is not None else call.now,
        modified_at=call.now,
    )
    entry.policies[arn] = made
    return {
        "clusterName": cluster.name,
        "principalArn": entry.principal_arn,
        "associatedAccessPolicy": views.association(made),
    }


def _check_scope(kind: str | None, namespaces: list[str]) -> None:
    if kind is None:
        raise invalid_parameter("accessScope must have a type: cluster or namespace")
    if kind == "namespace" and not namespaces:
        raise invalid_parameter("accessScope of type namespace must name namespaces")
    if kind == "cluster" and namespaces:
        raise invalid_parameter("accessScope of type cluster takes no namespaces")
    for name in namespaces:
        if _NAMESPACE.fullmatch(name) is None:
            raise invalid_parameter(f"accessScope: {name} is not the name of a namespace")


def list_associated(call: Call) -> dict[str, Any]:
    """ListAssociatedAccessPolicies."""
    cluster = _cluster_with_entries(call)
    entry = _named(call, cluster)
    page = call.page(entry.policies, "associatedAccessPolicies")
    page["associatedAccessPolicies"] = [
        views.association(entry.policies[arn]) for arn in page["associatedAccessPolicies"]
    ]
    return page | {"clusterName": cluster.name, "principalArn": entry.principal_arn}


def disassociate(call: Call) -> dict[str, Any]:
    """DisassociateAccessPolicy."""
    cluster = _cluster_with_entries(call)
    entry = _named(call, cluster)
    if entry.policies.pop(call.get("policyArn"), None) is None:
        raise not_found(
            f"The access policy {call.get('policyArn')} is not associated with {entry.principal_arn}"
        )
    return {}
