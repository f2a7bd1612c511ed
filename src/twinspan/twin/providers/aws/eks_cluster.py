"""The EKS cluster, as a resource and as a data source."""

from collections.abc import Iterator
from typing import ClassVar

from twinspan.errors import CloudRefusedError
from twinspan.twin.providers.aws.base import differs, gone_is_fine, retry_while
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
from twinspan.twin.providers.aws.iam import timestamp
from twinspan.twin.providers.engine import Facts, State
from twinspan.twin.providers.resource import DataSource, Problem, Record, matches, one_of
from twinspan.twin.providers.values import Value

_UNSUPPORTED = (
    "compute_config",
    "control_plane_scaling_config",
    "encryption_config",
    "outpost_config",
    "remote_network_config",
    "storage_config",
    "zonal_shift_config",
)
NAME = matches(r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}", "1 to 100 letters, digits, hyphens and underscores")
"""Source: EKS API, CreateCluster, name."""


def find_cluster(cloud: AwsCloud, name: str) -> Document | None:
    """Return a cluster as DescribeCluster gives it, None if there is none."""
    return describe(cloud, "describe_cluster", "cluster", name=name)


class EksClusterResource(EksResource):
    """`aws_eks_cluster`, without Auto Mode, Outposts, hybrid nodes and key encryption."""

    type_name = "aws_eks_cluster"
    facts = Facts(
        defaults={
            "bootstrap_self_managed_addons": True,
            "vpc_config.endpoint_private_access": False,
            "vpc_config.endpoint_public_access": True,
        },
        force_new=frozenset(
            {"region", "name", "role_arn", "bootstrap_self_managed_addons"}
            | {"access_config.bootstrap_cluster_creator_admin_permissions"}
            | {"kubernetes_network_config.ip_family", "kubernetes_network_config.service_ipv4_cidr"}
        ),
        computed_blocks=frozenset(
            {"access_config", "kubernetes_network_config", "upgrade_policy"}
            | {"kubernetes_network_config.elastic_load_balancing"}
        ),
    )
    rules: ClassVar = {
        "name": NAME,
        "access_config.authentication_mode": one_of("API", "API_AND_CONFIG_MAP", "CONFIG_MAP"),
        "kubernetes_network_config.ip_family": one_of("ipv4", "ipv6"),
        "upgrade_policy.support_type": one_of("STANDARD", "EXTENDED"),
    }

    def validate(self, config: State) -> Iterator[Problem]:
        """Refuse what this offline provider cannot build."""
        for name in _UNSUPPORTED:
            if config.get(name):
                detail = (
                    f"The offline provider builds no cluster with {name}; leave it out or use the real one."
                )
                yield Problem(summary=f"{name} is not supported offline", detail=detail, path=name)

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """CreateCluster, and wait until it is active."""
        name: str = planned["name"]
        deletion = planned["deletion_protection"]
        cloud.call(
            "eks",
            "create_cluster",
            name=name,
            roleArn=planned["role_arn"],
            version=text(planned["version"]),
            resourcesVpcConfig=_network(planned["vpc_config"][0]),
            kubernetesNetworkConfig=_services(planned["kubernetes_network_config"]),
            accessConfig=_access(planned["access_config"]),
            upgradePolicy=_upgrade(planned["upgrade_policy"]),
            logging=_logging(planned["enabled_cluster_log_types"], []),
            bootstrapSelfManagedAddons=planned["bootstrap_self_managed_addons"],
            deletionProtection=deletion if isinstance(deletion, bool) else None,
            tags=planned["tags_all"] or None,
        )
        record(name)
        wait_for(
            lambda: find_cluster(cloud, name),
            what=f"EKS cluster {name}",
            desired_state="ACTIVE",
            failed={"FAILED", "DELETING"},
        )
        return name

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """DescribeCluster."""
        cluster = find_cluster(cloud, state["id"])
        if cluster is None or cluster["status"] == "DELETING":
            return None
        known = state.get("access_config")
        block = known[0] if isinstance(known, list) and known else {}
        return {
            **_attributes(cluster),
            "access_config": _access_state(cluster, block.get("bootstrap_cluster_creator_admin_permissions")),
            "deletion_protection": cluster.get("deletionProtection", False),
            "name": cluster["name"],
            "region": cloud.region,
            **self.tag_state(cloud, cluster.get("tags") or {}, state),
        }

    def update(self, cloud: AwsCloud, prior: State, planned: State) -> State:
        """Version, then every setting by an update of its own, as EKS takes one at a time."""
        name = prior["id"]
        if differs(prior, planned, "version") and text(planned["version"]):
            forced = {"force": True} if planned["force_update_version"] else {}
            version = planned["version"]
            change(
                cloud, "update_cluster_version", about={"name": name}, name=name, version=version, **forced
            )
        for parameters in config_changes(prior, planned):
            change(cloud, "update_cluster_config", about={"name": name}, name=name, **parameters)
        self.update_eks_tags(cloud, prior["arn"], prior, planned)
        return {}

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """DeleteCluster, waiting for node groups that are still being deleted, and until it is gone."""
        name = state["id"]
        with gone_is_fine():
            retry_while(
                "ResourceInUseException",
                lambda: cloud.call("eks", "delete_cluster", name=name),
                what=f"EKS cluster {name} unused",
            )
        wait_gone(lambda: find_cluster(cloud, name), what=f"EKS cluster {name}", failed={"FAILED"})


def _network(block: State) -> Document:
    request: Document = {
        "subnetIds": block["subnet_ids"],
        "securityGroupIds": block["security_group_ids"] or None,
        "endpointPublicAccess": block["endpoint_public_access"],
        "endpointPrivateAccess": block["endpoint_private_access"],
        "publicAccessCidrs": _ranges(block),
    }
    return {key: value for key, value in request.items() if value is not None}


def _ranges(block: State) -> list[str] | None:
    ranges = block["public_access_cidrs"]
    return ranges if isinstance(ranges, list) and ranges else None


def _services(blocks: Value) -> Document | None:
    if not isinstance(blocks, list) or not blocks:
        return None
    members = {"serviceIpv4Cidr": "service_ipv4_cidr", "ipFamily": "ip_family"}
    return {member: value for member, name in members.items() if (value := text(blocks[0][name]))} or None


def _access(blocks: Value) -> Document | None:
    if not isinstance(blocks, list) or not blocks:
        return None
    mode, admin = (
        blocks[0]["authentication_mode"],
        blocks[0]["bootstrap_cluster_creator_admin_permissions"],
    )
    request: Document = {"authenticationMode": mode} if text(mode) else {}
    return request | ({"bootstrapClusterCreatorAdminPermissions": admin} if isinstance(admin, bool) else {})


def _upgrade(blocks: Value) -> Document | None:
    support = blocks[0]["support_type"] if isinstance(blocks, list) and blocks else None
    return {"supportType": support} if text(support) else None


def _logging(planned_types: Value, before: Value) -> Document | None:
    on = sorted(planned_types or [])
    off = sorted(set(before or []) - set(on))
    setups = [{"types": types, "enabled": enabled} for types, enabled in ((on, True), (off, False)) if types]
    return {"clusterLogging": setups} if setups else None


def config_changes(prior: State, planned: State) -> Iterator[Document]:
    """Yield the parameters of each UpdateClusterConfig that is needed."""
    mode = [_first(state["access_config"], "authentication_mode") for state in (prior, planned)]
    if mode[1] and mode[0] != mode[1]:
        yield {"accessConfig": {"authenticationMode": mode[1]}}
    if differs(prior, planned, "enabled_cluster_log_types"):
        logs = _logging(planned["enabled_cluster_log_types"], prior["enabled_cluster_log_types"])
        if logs:
            yield {"logging": logs}
    if differs(prior, planned, "upgrade_policy") and _upgrade(planned["upgrade_policy"]):
        yield {"upgradePolicy": _upgrade(planned["upgrade_policy"])}
    if differs(prior, planned, "deletion_protection") and isinstance(planned["deletion_protection"], bool):
        yield {"deletionProtection": planned["deletion_protection"]}
    old, new = prior["vpc_config"][0], planned["vpc_config"][0]
    before, after = _network(old), _network(new)
    endpoint = ("endpointPublicAccess", "endpointPrivateAccess", "publicAccessCidrs")
    for names in (endpoint, ("subnetIds", "securityGroupIds")):
        if any(before.get(name) != after.get(name) for name in names if name in after):
            yield {"resourcesVpcConfig": {name: after[name] for name in names if name in after}}


def _first(blocks: Value, name: str) -> str | None:
    return text(blocks[0][name]) if isinstance(blocks, list) and blocks else None


def _access_state(cluster: Document, admin: Value) -> list[State]:
    """Return how the cluster is entered; whether its creator may, EKS does not tell again."""
    access = cluster.get("accessConfig")
    if not access:
        return []
    said = access.get("bootstrapClusterCreatorAdminPermissions")
    return [
        {
            "authentication_mode": access.get("authenticationMode", ""),
            "bootstrap_cluster_creator_admin_permissions": admin if isinstance(admin, bool) else said,
        }
    ]


def _attributes(cluster: Document) -> State:
    """Return what resource and data source have in common."""
    network, services = cluster["resourcesVpcConfig"], cluster.get("kubernetesNetworkConfig") or {}
    authority = (cluster.get("certificateAuthority") or {}).get("data")
    issuer = ((cluster.get("identity") or {}).get("oidc") or {}).get("issuer")
    setups = (cluster.get("logging") or {}).get("clusterLogging") or []
    balancing = services.get("elasticLoadBalancing")
    upgrade = (cluster.get("upgradePolicy") or {}).get("supportType")
    return {
        "arn": cluster["arn"],
        "certificate_authority": [{"data": authority}] if authority else [],
        "cluster_id": cluster.get("id", ""),
        "created_at": timestamp(cluster.get("createdAt")),
        "enabled_cluster_log_types": [
            kind for setup in setups if setup.get("enabled") for kind in setup.get("types", [])
        ],
        "endpoint": cluster.get("endpoint", ""),
        "identity": [{"oidc": [{"issuer": issuer}]}] if issuer else [],
        "kubernetes_network_config": [
            {
                "elastic_load_balancing": [{"enabled": bool(balancing.get("enabled"))}] if balancing else [],
                "ip_family": services.get("ipFamily", "ipv4"),
                "service_ipv4_cidr": services.get("serviceIpv4Cidr", ""),
                "service_ipv6_cidr": services.get("serviceIpv6Cidr", ""),
            }
        ],
        "platform_version": cluster.get("platformVersion", ""),
        "role_arn": cluster["roleArn"],
        "status": cluster["status"],
        "upgrade_policy": [{"support_type": upgrade}] if upgrade else [],
        "version": cluster["version"],
        "vpc_config": [
            {
                "cluster_security_group_id": network.get("clusterSecurityGroupId", ""),
                "endpoint_private_access": network.get("endpointPrivateAccess", False),
                "endpoint_public_access": network.get("endpointPublicAccess", True),
                "public_access_cidrs": network.get("publicAccessCidrs", []),
                "security_group_ids": network.get("securityGroupIds", []),
                "subnet_ids": network["subnetIds"],
                "vpc_id": network.get("vpcId", ""),
            }
        ],
    }


class ClusterData(DataSource[AwsCloud]):
    """`aws_eks_cluster`, the data source."""

    type_name = "aws_eks_cluster"

    def read(self, cloud: AwsCloud, config: State) -> State:
        """DescribeCluster."""
        name = config["name"]
        cluster = find_cluster(cloud, name)
        if cluster is None:
            raise CloudRefusedError(
                operation="eks:DescribeCluster",
                code="ResourceNotFoundException",
                message=f"there is no EKS cluster {name} in {cloud.region}",
            )
        return {
            **_attributes(cluster),
            "access_config": _access_state(cluster, None),
            "deletion_protection": cluster.get("deletionProtection", False),
            "id": name,
            "region": cloud.region,
            "tags": cluster.get("tags") or {},
            **{name: [] for name in _NOT_IN_DATA},
        }


_NOT_IN_DATA = tuple(name for name in _UNSUPPORTED if name != "encryption_config")
"""Blocks that a cluster built offline never has; the data source has no `encryption_config`."""
