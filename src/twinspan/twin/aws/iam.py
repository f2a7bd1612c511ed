"""IAM of the twin: moto's, and the policy simulator that `doctor` asks."""

import json
from collections.abc import Mapping
from functools import cache
from types import SimpleNamespace
from typing import Any

import moto.iam.urls
from moto.core.responses import ActionResult
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.exceptions import DeleteConflictException, NotFoundException
from moto.iam.models import AWSManagedPolicy, IAMBackend, ManagedPolicy
from moto.iam.responses import IamResponse

AWS_POLICIES = frozenset(
    {
        "AmazonEC2ContainerRegistryPullOnly",
        "AmazonEC2ContainerRegistryReadOnly",
        "AmazonEKSClusterPolicy",
        "AmazonEKSServicePolicy",
        "AmazonEKSVPCResourceController",
        "AmazonEKSWorkerNodePolicy",
        "AmazonEKS_CNI_Policy",
        "AmazonSSMManagedInstanceCore",
    }
)
"""AWS's own policies that clusters and their nodes need, of the fifteen hundred that there are."""


class TwinIamResponse(IamResponse):
    """IAM's actions."""

    def list_instance_profile_tags(self) -> ActionResult:
        """Show the tags of an instance profile. Source: IAM API, ListInstanceProfileTags."""
        profile = self.backend.get_instance_profile(self._get_param("InstanceProfileName"))
        return ActionResult({"Tags": profile.tags, "IsTruncated": False})

    def simulate_principal_policy(self) -> ActionResult:
        """Tell what a principal's policies allow; the twin's own key may do everything.

        Source: IAM API, SimulatePrincipalPolicy. Simplified: conditions and boundaries are not looked at.
        """
        principal = self._get_param("PolicySourceArn")
        resource = (self._get_param("ResourceArns") or ["*"])[0]
        policies = self._policies_of(principal)
        results = [
            {
                "EvalActionName": action,
                "EvalResourceName": resource,
                "EvalDecision": "allowed" if policies is None else _decision(policies, action, resource),
                "MatchedStatements": [],
                "MissingContextValues": [],
            }
            for action in self._get_param("ActionNames", [])
        ]
        return ActionResult({"EvaluationResults": results, "IsTruncated": False})

    def _policies_of(self, arn: str) -> list[IAMPolicy] | None:
        """Return the policies of a user or role that was made in the twin; None for the twin's own key."""
        store = self.backend
        for role in store.roles.values():
            if role.arn == arn:
                names = store.list_role_policies(role.name)
                inline = [store.get_role_policy(role.name, name)[1] for name in names]
                return [IAMPolicy(policy) for policy in [*inline, *role.managed_policies.values()]]
        for user in store.users.values():
            if user.arn == arn:
                own = [store.get_user_policy(user.name, n) for n in store.list_user_policies(user.name)]
                return [IAMPolicy(policy) for policy in [*own, *user.managed_policies.values()]]
        return None


def _decision(policies: list[IAMPolicy], action: str, resource: str) -> str:
    results = {policy.is_action_permitted(action, resource) for policy in policies}
    if PermissionResult.DENIED in results:
        return "explicitDeny"
    return "allowed" if PermissionResult.PERMITTED in results else "implicitDeny"


@cache
def _aws_policies() -> Mapping[str, Any]:
    known: Mapping[str, Any] = json.loads(aws_managed_policies_data)
    return {name: known[name] for name in sorted(AWS_POLICIES)}


class TwinIamBackend(IAMBackend):
    """The IAM state of the twin."""

    def _init_aws_policies(self) -> list[ManagedPolicy]:
        """Make the few of AWS's own policies that a twin has a use for."""
        return [
            AWSManagedPolicy.from_data(name, self.account_id, self.region_name, policy)
            for name, policy in _aws_policies().items()
        ]

    def remove_role_from_instance_profile(self, profile_name: str, role_name: str) -> None:
        """Take a role out of a profile. Source: IAM API, RemoveRoleFromInstanceProfile, NoSuchEntity."""
        if self.get_role(role_name) not in self.get_instance_profile(profile_name).roles:
            raise NotFoundException(f"Role {role_name} is not in instance profile {profile_name}.")
        super().remove_role_from_instance_profile(profile_name, role_name)

    def delete_policy(self, policy_arn: str) -> None:
        """Delete a policy that nobody has. Source: IAM API, DeletePolicy; IAM user guide."""
        policy = self.get_policy(policy_arn)
        if policy.attachment_count:
            raise DeleteConflictException("Cannot delete a policy attached to entities.")
        if len(policy.versions) > 1:
            raise DeleteConflictException(
                "This policy has more than one version. Before you delete a policy, you must delete the"
                " policy's versions. The default version is deleted with the policy."
            )
        super().delete_policy(policy_arn)

    @property
    def _url_module(self) -> SimpleNamespace:
        """Moto looks for its URLs beside the class; ours lead to our own response class."""
        return SimpleNamespace(
            url_bases=moto.iam.urls.url_bases, url_paths={"{0}/$": TwinIamResponse.dispatch}
        )
