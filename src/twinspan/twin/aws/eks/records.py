"""What the twin keeps of EKS. Changed in place by the actions and pickled with the API's state.

Only what was asked for is here; how things are is worked out from the data plane when somebody asks.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(slots=True, kw_only=True)
class Update:
    """An update. Source: EKS API, Update."""

    id: str
    type: str
    params: dict[str, str]
    created_at: datetime
    nodegroup: str = ""
    addon: str = ""
    done: bool = False


@dataclass(slots=True, kw_only=True)
class Nodegroup:
    """A managed node group. Source: EKS API, Nodegroup."""

    name: str
    arn: str
    node_role: str
    subnets: list[str]
    scaling: dict[str, int]
    instance_types: list[str]
    capacity_type: str
    ami_type: str
    disk_size: int
    labels: dict[str, str]
    taints: list[dict[str, str]]
    update_config: dict[str, Any]
    version: str
    release_version: str
    created_at: datetime
    modified_at: datetime
    tags: dict[str, str]
    token: str = ""
    settled: bool = False
    """Its wanted nodes have all been ready once since it was made."""
    deleting: bool = False


@dataclass(slots=True, kw_only=True)
class Addon:
    """A managed add-on. Source: EKS API, Addon."""

    name: str
    arn: str
    version: str
    configuration_values: str
    service_account_role_arn: str
    created_at: datetime
    modified_at: datetime
    tags: dict[str, str]
    token: str = ""
    settled: bool = False
    """It has been active once."""


@dataclass(slots=True, kw_only=True)
class PolicyAssociation:
    """An access policy of an access entry. Source: EKS API, AssociatedAccessPolicy."""

    policy_arn: str
    scope: str
    namespaces: list[str]
    associated_at: datetime
    modified_at: datetime


@dataclass(slots=True, kw_only=True)
class AccessEntry:
    """Who may use a cluster. Source: EKS API, AccessEntry."""

    principal_arn: str
    arn: str
    type: str
    username: str
    groups: list[str]
    created_at: datetime
    modified_at: datetime
    tags: dict[str, str]
    token: str = ""
    policies: dict[str, PolicyAssociation] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class EksClusterRecord:
    """A cluster. Source: EKS API, Cluster."""

    name: str
    arn: str
    version: str
    role_arn: str
    vpc_id: str
    subnet_ids: list[str]
    security_group_ids: list[str]
    cluster_security_group_id: str
    endpoint_public_access: bool
    endpoint_private_access: bool
    public_access_cidrs: list[str]
    service_ipv4_cidr: str
    log_types: list[str]
    authentication_mode: str
    creator_is_admin: bool
    support_type: str
    deletion_protection: bool
    oidc_id: str
    created_at: datetime
    tags: dict[str, str]
    token: str = ""
    settled: bool = False
    """Its API server has been ready once since it was made."""
    deleting: bool = False
    nodegroups: dict[str, Nodegroup] = field(default_factory=dict)
    addons: dict[str, Addon] = field(default_factory=dict)
    entries: dict[str, AccessEntry] = field(default_factory=dict)
    updates: dict[str, Update] = field(default_factory=dict)
