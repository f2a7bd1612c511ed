# ruff: noqa: ARG002 - the arguments are those of Resource, needed or not
"""Who may use an EKS cluster: access entries, and AWS's policies associated with them."""

from typing import ClassVar

from twinspan.errors import CloudRefusedError
from twinspan.twin.providers.aws.base import differs, gone_is_fine, is_gone
from twinspan.twin.providers.aws.cloud import AwsCloud
from twinspan.twin.providers.aws.eks import Document, EksResource, describe, text
from twinspan.twin.providers.aws.iam import timestamp
from twinspan.twin.providers.engine import Facts, State
from twinspan.twin.providers.resource import Record, one_of

_TYPES = one_of(
    "STANDARD", "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "EC2", "HYBRID_LINUX", "HYPERPOD_LINUX"
)

_PARTS = 3
"""An association's id: cluster, principal, policy."""


class AccessEntry(EksResource):
    """`aws_eks_access_entry`."""

    type_name = "aws_eks_access_entry"
    facts = Facts(
        defaults={"type": "STANDARD"},
        force_new=frozenset({"region", "cluster_name", "principal_arn", "type"}),
    )
    rules: ClassVar = {"type": _TYPES}

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """CreateAccessEntry."""
        cluster, principal = planned["cluster_name"], planned["principal_arn"]
        groups = planned["kubernetes_groups"]
        cloud.call(
            "eks",
            "create_access_entry",
            clusterName=cluster,
            principalArn=principal,
            kubernetesGroups=groups if isinstance(groups, list) and groups else None,
            type=planned["type"],
            username=text(planned["user_name"]),
            tags=planned["tags_all"] or None,
        )
        identity = f"{cluster}:{principal}"
        record(identity)
        return identity

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """DescribeAccessEntry."""
        cluster, _, principal = state["id"].partition(":")
        entry = describe(
            cloud, "describe_access_entry", "accessEntry", clusterName=cluster, principalArn=principal
        )
        if entry is None:
            return None
        return {
            "access_entry_arn": entry["accessEntryArn"],
            "cluster_name": cluster,
            "created_at": timestamp(entry.get("createdAt")),
            "kubernetes_groups": entry.get("kubernetesGroups") or [],
            "modified_at": timestamp(entry.get("modifiedAt")),
            "principal_arn": principal,
            "region": cloud.region,
            "type": entry.get("type", "STANDARD"),
            "user_name": entry.get("username", ""),
            **self.tag_state(cloud, entry.get("tags") or {}, state),
        }

    def update(self, cloud: AwsCloud, prior: State, planned: State) -> State:
        """UpdateAccessEntry, and tags."""
        if differs(prior, planned, "kubernetes_groups", "user_name"):
            cloud.call(
                "eks",
                "update_access_entry",
                clusterName=prior["cluster_name"],
                principalArn=prior["principal_arn"],
                kubernetesGroups=planned["kubernetes_groups"] or [],
                username=text(planned["user_name"]),
            )
        self.update_eks_tags(cloud, prior["access_entry_arn"], prior, planned)
        return {}

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """DeleteAccessEntry."""
        cluster, principal = state["cluster_name"], state["principal_arn"]
        with gone_is_fine():
            cloud.call("eks", "delete_access_entry", clusterName=cluster, principalArn=principal)

    def import_state(self, cloud: AwsCloud, import_id: str) -> State:
        """Read `CLUSTER:PRINCIPAL-ARN`."""
        cluster, separator, principal = import_id.partition(":")
        if not separator or not cluster or not principal.startswith("arn:"):
            raise ValueError("expected CLUSTER:PRINCIPAL-ARN")
        return {"id": import_id}


class AccessPolicyAssociation(EksResource):
    """`aws_eks_access_policy_association`."""

    type_name = "aws_eks_access_policy_association"
    facts = Facts(
        force_new=frozenset({"region", "cluster_name", "principal_arn", "policy_arn", "access_scope"})
    )
    rules: ClassVar = {"access_scope.type": one_of("cluster", "namespace")}

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """AssociateAccessPolicy."""
        scope = planned["access_scope"][0]
        namespaces = {"namespaces": scope["namespaces"]} if scope["namespaces"] else {}
        cloud.call(
            "eks",
            "associate_access_policy",
            clusterName=planned["cluster_name"],
            principalArn=planned["principal_arn"],
            policyArn=planned["policy_arn"],
            accessScope={"type": scope["type"], **namespaces},
        )
        identity = "#".join(planned[name] for name in ("cluster_name", "principal_arn", "policy_arn"))
        record(identity)
        return identity

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """ListAssociatedAccessPolicies."""
        cluster, principal, policy = state["id"].split("#")
        association = _association(cloud, cluster, principal, policy)
        if association is None:
            return None
        scope = association.get("accessScope") or {}
        return {
            "access_scope": [
                {"type": scope.get("type", "cluster"), "namespaces": scope.get("namespaces") or []}
            ],
            "associated_at": timestamp(association.get("associatedAt")),
            "cluster_name": cluster,
            "modified_at": timestamp(association.get("modifiedAt")),
            "policy_arn": policy,
            "principal_arn": principal,
            "region": cloud.region,
        }

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """DisassociateAccessPolicy."""
        with gone_is_fine():
            cloud.call(
                "eks",
                "disassociate_access_policy",
                clusterName=state["cluster_name"],
                principalArn=state["principal_arn"],
                policyArn=state["policy_arn"],
            )

    def import_state(self, cloud: AwsCloud, import_id: str) -> State:
        """Read `CLUSTER#PRINCIPAL-ARN#POLICY-ARN`."""
        if len(import_id.split("#")) != _PARTS:
            raise ValueError("expected CLUSTER#PRINCIPAL-ARN#POLICY-ARN")
        return {"id": import_id}


def _association(cloud: AwsCloud, cluster: str, principal: str, policy: str) -> Document | None:
    try:
        answer = cloud.call(
            "eks", "list_associated_access_policies", clusterName=cluster, principalArn=principal
        )
    except CloudRefusedError as error:
        if is_gone(error):
            return None
        raise
    associations = [item for item in answer["associatedAccessPolicies"] if item["policyArn"] == policy]
    return associations[0] if associations else None
