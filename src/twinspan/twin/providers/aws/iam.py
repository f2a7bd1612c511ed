# ruff: noqa: ARG002 - the arguments are those of Resource, needed or not
# ruff: noqa: ANN401 - values of Terraform and of the APIs have no static type
"""IAM roles and the policies attached to them."""

import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from twinspan.errors import CloudRefusedError
from twinspan.twin.providers.aws.base import (
    AwsResource,
    Tags,
    differs,
    gone_is_fine,
    is_gone,
    retry_while,
    tags_of,
)
from twinspan.twin.providers.aws.cloud import AwsCloud
from twinspan.twin.providers.engine import Facts, State
from twinspan.twin.providers.resource import Change, Record, between, matches
from twinspan.twin.providers.values import Value

_ARN = matches(r"arn:aws[a-z-]*:iam::(aws|\d{12}):.+", "the ARN of a policy")


def same_json(answered: Value, known: Value) -> str:
    """Return a document as text, as `known` has it where both mean the same.

    AWS gives documents back in its own spelling; the real provider ignores such differences too.
    """
    value = json.loads(answered) if isinstance(answered, str) and answered else answered
    if isinstance(known, str) and known:
        try:
            if json.loads(known) == value:
                return known
        except ValueError:
            pass
    return answered if isinstance(answered, str) else json.dumps(value)


def keep_same_json(change: Change, planned: State, name: str) -> State:
    """Return the plan with a document as it is, if the configuration only spells it in another way."""
    prior = change.prior[name] if change.prior is not None else None
    planned_document = planned[name]
    if (
        isinstance(prior, str)
        and isinstance(planned_document, str)
        and same_json(planned_document, prior) == prior
    ):
        return {**planned, name: prior}
    return planned


def timestamp(moment: Any) -> str:
    """Return a moment as Terraform's AWS provider writes it (RFC 3339)."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(moment, datetime) else ""


def _role(cloud: AwsCloud, name: str) -> dict[str, Any] | None:
    try:
        role: dict[str, Any] = cloud.call("iam", "get_role", RoleName=name)["Role"]
    except CloudRefusedError as error:
        if is_gone(error):
            return None
        raise
    return role


def _attached(cloud: AwsCloud, role: str) -> list[str]:
    try:
        answer = cloud.call("iam", "list_attached_role_policies", RoleName=role)
    except CloudRefusedError as error:
        if is_gone(error):
            return []
        raise
    return [policy["PolicyArn"] for policy in answer["AttachedPolicies"]]


def _tag_list(tags: Mapping[str, str] | None) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in (tags or {}).items()]


class IamRole(AwsResource):
    """`aws_iam_role`."""

    type_name = "aws_iam_role"
    facts = Facts(
        defaults={"force_detach_policies": False, "max_session_duration": 3600, "path": "/"},
        force_new=frozenset({"name", "name_prefix", "path"}),
        computed_blocks=frozenset({"inline_policy"}),
    )
    rules: ClassVar = {
        "name": matches(r"[\w+=,.@-]{1,64}", "1 to 64 letters, digits and _ + = , . @ -"),
        "max_session_duration": between(3600, 43200),
    }

    def adjust(self, cloud: AwsCloud, change: Change) -> State:
        """Plan no change for a trust policy that is only spelled differently."""
        return keep_same_json(change, super().adjust(cloud, change), "assume_role_policy")

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """CreateRole, then the policies written inside it."""
        name = planned["name"]
        if not isinstance(name, str):
            prefix = planned["name_prefix"] if isinstance(planned["name_prefix"], str) else "terraform-"
            name = f"{prefix}{secrets.token_hex(13)}"
        cloud.call(
            "iam",
            "create_role",
            RoleName=name,
            Path=planned["path"],
            AssumeRolePolicyDocument=planned["assume_role_policy"],
            Description=planned["description"] or None,
            MaxSessionDuration=planned["max_session_duration"],
            PermissionsBoundary=planned["permissions_boundary"] or None,
            Tags=_tag_list(planned["tags_all"]) or None,
        )
        record(name)
        self._set_inline(cloud, name, [], planned["inline_policy"])
        arns = planned["managed_policy_arns"]
        for arn in arns if isinstance(arns, list) else []:
            cloud.call("iam", "attach_role_policy", RoleName=name, PolicyArn=arn)
        return name

    def _set_inline(self, cloud: AwsCloud, role: str, old: Value, new: Value) -> None:
        if not isinstance(new, list):
            return
        before = {block["name"]: block["policy"] for block in old or []}
        after = {block["name"]: block["policy"] for block in new if block["name"]}
        for name in before.keys() - after.keys():
            cloud.call("iam", "delete_role_policy", RoleName=role, PolicyName=name)
        for name, policy in after.items():
            if before.get(name) != policy:
                cloud.call("iam", "put_role_policy", RoleName=role, PolicyName=name, PolicyDocument=policy)

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """GetRole and its policies."""
        name = state["id"]
        role = _role(cloud, name)
        if role is None:
            return None
        tags: Tags = tags_of(role)
        prefix = state.get("name_prefix")
        return {
            "arn": role["Arn"],
            "assume_role_policy": same_json(
                role["AssumeRolePolicyDocument"], state.get("assume_role_policy")
            ),
            "create_date": timestamp(role["CreateDate"]),
            "description": role.get("Description", ""),
            "inline_policy": _inline(cloud, name, state.get("inline_policy")),
            "managed_policy_arns": _attached(cloud, name),
            "max_session_duration": role.get("MaxSessionDuration", 3600),
            "name": name,
            "name_prefix": prefix if isinstance(prefix, str) else "",
            "path": role["Path"],
            "permissions_boundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""),
            "unique_id": role["RoleId"],
            **self.tag_state(cloud, tags, state),
        }

    def update(self, cloud: AwsCloud, prior: State, planned: State) -> State:
        """Trust, description, boundary, policies and tags, each by its own call."""
        name = prior["id"]
        if differs(prior, planned, "assume_role_policy"):
            document = planned["assume_role_policy"]
            cloud.call("iam", "update_assume_role_policy", RoleName=name, PolicyDocument=document)
        if differs(prior, planned, "description", "max_session_duration"):
            cloud.call(
                "iam",
                "update_role",
                RoleName=name,
                Description=planned["description"] or "",
                MaxSessionDuration=planned["max_session_duration"],
            )
        if differs(prior, planned, "permissions_boundary"):
            self._set_boundary(cloud, name, planned["permissions_boundary"])
        self._set_inline(cloud, name, prior["inline_policy"], planned["inline_policy"])
        self._set_attached(cloud, name, prior["managed_policy_arns"], planned["managed_policy_arns"])
        old, new = prior["tags_all"] or {}, planned["tags_all"] or {}
        if removed := [key for key in old if key not in new]:
            cloud.call("iam", "untag_role", RoleName=name, TagKeys=removed)
        if changed := {key: value for key, value in new.items() if old.get(key) != value}:
            cloud.call("iam", "tag_role", RoleName=name, Tags=_tag_list(changed))
        return {}

    def _set_boundary(self, cloud: AwsCloud, role: str, arn: Value) -> None:
        if arn:
            cloud.call("iam", "put_role_permissions_boundary", RoleName=role, PermissionsBoundary=arn)
        else:
            cloud.call("iam", "delete_role_permissions_boundary", RoleName=role)

    def _set_attached(self, cloud: AwsCloud, role: str, old: Value, new: Value) -> None:
        if not isinstance(new, list):
            return
        for arn in set(old or []) - set(new):
            cloud.call("iam", "detach_role_policy", RoleName=role, PolicyArn=arn)
        for arn in set(new) - set(old or []):
            cloud.call("iam", "attach_role_policy", RoleName=role, PolicyArn=arn)

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """DeleteRole; with `force_detach_policies` after taking every policy off it."""
        name = state["id"]
        self._set_inline(cloud, name, _inline(cloud, name, None), [])
        if state["force_detach_policies"]:
            self._set_attached(cloud, name, _attached(cloud, name), [])
        with gone_is_fine():
            retry_while(
                "DeleteConflict",
                lambda: cloud.call("iam", "delete_role", RoleName=name),
                what=f"role {name} without policies",
            )


def _inline(cloud: AwsCloud, role: str, known: Value) -> list[State]:
    try:
        names = cloud.call("iam", "list_role_policies", RoleName=role)["PolicyNames"]
    except CloudRefusedError as error:
        if is_gone(error):
            return []
        raise
    texts = {block["name"]: block["policy"] for block in known or []} if isinstance(known, list) else {}
    policies = []
    for name in names:
        answer = cloud.call("iam", "get_role_policy", RoleName=role, PolicyName=name)
        policies.append({"name": name, "policy": same_json(answer["PolicyDocument"], texts.get(name))})
    return policies


class IamRolePolicyAttachment(AwsResource):
    """`aws_iam_role_policy_attachment`."""

    type_name = "aws_iam_role_policy_attachment"
    facts = Facts(force_new=frozenset({"role", "policy_arn"}))
    rules: ClassVar = {"policy_arn": _ARN}

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """AttachRolePolicy."""
        role, arn = planned["role"], planned["policy_arn"]
        cloud.call("iam", "attach_role_policy", RoleName=role, PolicyArn=arn)
        identity = f"{role}-{arn}"
        record(identity)
        return identity

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """ListAttachedRolePolicies."""
        return {} if state["policy_arn"] in _attached(cloud, state["role"]) else None

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """DetachRolePolicy."""
        with gone_is_fine():
            cloud.call("iam", "detach_role_policy", RoleName=state["role"], PolicyArn=state["policy_arn"])

    def import_state(self, cloud: AwsCloud, import_id: str) -> State:
        """Read `ROLE/POLICY-ARN`."""
        role, separator, arn = import_id.partition("/")
        if not separator or _ARN(arn):
            raise ValueError("expected ROLE/POLICY-ARN")
        return {"id": f"{role}-{arn}", "role": role, "policy_arn": arn}
