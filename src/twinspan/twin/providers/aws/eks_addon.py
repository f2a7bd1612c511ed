# ruff: noqa: ARG002 - the arguments are those of Resource, needed or not
"""The managed add-on of an EKS cluster."""

from collections.abc import Iterator
from typing import ClassVar

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
from twinspan.twin.providers.aws.iam import keep_same_json, same_json, timestamp
from twinspan.twin.providers.engine import Facts, State
from twinspan.twin.providers.resource import Change, Problem, Record, one_of


class Addon(EksResource):
    """`aws_eks_addon`, without pod identity."""

    type_name = "aws_eks_addon"
    facts = Facts(force_new=frozenset({"region", "addon_name", "cluster_name"}))
    rules: ClassVar = {
        "resolve_conflicts_on_create": one_of("NONE", "OVERWRITE"),
        "resolve_conflicts_on_update": one_of("NONE", "OVERWRITE", "PRESERVE"),
    }

    def validate(self, config: State) -> Iterator[Problem]:
        """Refuse what this offline provider cannot build."""
        if config["pod_identity_association"]:
            name = "pod_identity_association"
            detail = "The offline provider makes no pod identities; leave it out or use the real one."
            yield Problem(summary=f"{name} is not supported offline", detail=detail, path=name)

    def adjust(self, cloud: AwsCloud, change: Change) -> State:
        """Plan no change for settings that are only spelled differently."""
        return keep_same_json(change, super().adjust(cloud, change), "configuration_values")

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """CreateAddon, and wait until it is active; a degraded one may still become so."""
        cluster, name = planned["cluster_name"], planned["addon_name"]
        cloud.call(
            "eks",
            "create_addon",
            clusterName=cluster,
            addonName=name,
            addonVersion=text(planned["addon_version"]),
            configurationValues=text(planned["configuration_values"]),
            resolveConflicts=planned["resolve_conflicts_on_create"],
            serviceAccountRoleArn=text(planned["service_account_role_arn"]),
            tags=planned["tags_all"] or None,
        )
        identity = f"{cluster}:{name}"
        record(identity)
        wait_for(
            lambda: _find(cloud, identity),
            what=f"EKS add-on {identity}",
            desired_state="ACTIVE",
            failed={"CREATE_FAILED", "DELETING", "DELETE_FAILED"},
        )
        return identity

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """DescribeAddon."""
        addon = _find(cloud, state["id"])
        if addon is None or addon["status"] == "DELETING":
            return None
        values = addon.get("configurationValues") or ""
        return {
            "addon_name": addon["addonName"],
            "addon_version": addon.get("addonVersion", ""),
            "arn": addon["addonArn"],
            "cluster_name": addon["clusterName"],
            "configuration_values": same_json(values, state.get("configuration_values")) if values else "",
            "created_at": timestamp(addon.get("createdAt")),
            "modified_at": timestamp(addon.get("modifiedAt")),
            "region": cloud.region,
            "service_account_role_arn": addon.get("serviceAccountRoleArn", ""),
            **self.tag_state(cloud, addon.get("tags") or {}, state),
        }

    def update(self, cloud: AwsCloud, prior: State, planned: State) -> State:
        """UpdateAddon, and wait for its end."""
        cluster, _, name = prior["id"].partition(":")
        if differs(prior, planned, "addon_version", "configuration_values", "service_account_role_arn"):
            change(
                cloud,
                "update_addon",
                about={"name": cluster, "addonName": name},
                clusterName=cluster,
                addonName=name,
                addonVersion=text(planned["addon_version"]),
                configurationValues=text(planned["configuration_values"]),
                resolveConflicts=planned["resolve_conflicts_on_update"],
                serviceAccountRoleArn=text(planned["service_account_role_arn"]),
            )
        self.update_eks_tags(cloud, prior["arn"], prior, planned)
        return {}

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """DeleteAddon, and wait until it is gone."""
        identity = state["id"]
        cluster, _, name = identity.partition(":")
        with gone_is_fine():
            preserve = True if state["preserve"] else None
            cloud.call("eks", "delete_addon", clusterName=cluster, addonName=name, preserve=preserve)
        wait_gone(lambda: _find(cloud, identity), what=f"EKS add-on {identity}", failed={"DELETE_FAILED"})

    def import_state(self, cloud: AwsCloud, import_id: str) -> State:
        """Read `CLUSTER:ADD-ON`."""
        if import_id.count(":") != 1 or not all(import_id.split(":")):
            raise ValueError("expected CLUSTER:ADD-ON")
        return {"id": import_id}


def _find(cloud: AwsCloud, identity: str) -> Document | None:
    cluster, _, name = identity.partition(":")
    return describe(cloud, "describe_addon", "addon", clusterName=cluster, addonName=name)
