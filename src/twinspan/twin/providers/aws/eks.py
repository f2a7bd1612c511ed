# ruff: noqa: ANN401 - values of Terraform and of the APIs have no static type
"""What the EKS resource types share: asking, waiting for a state, updates, tags."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from twinspan.errors import CloudRefusedError
from twinspan.twin.providers.aws.base import AwsResource, is_gone
from twinspan.twin.providers.aws.cloud import AwsCloud
from twinspan.twin.providers.engine import State
from twinspan.wait import wait_until

TIMEOUT_S = 30 * 60.0
"""Source: hashicorp/aws, default timeouts of `aws_eks_cluster` and `aws_eks_addon` (20 to 60 minutes)."""
POLL_S = 0.2
_NONE = "gone"

Document = dict[str, Any]


def describe(cloud: AwsCloud, operation: str, member: str, **parameters: Any) -> Document | None:
    """Return the object that an EKS Describe call answers with, None if there is none."""
    try:
        document: Document = cloud.call("eks", operation, **parameters)[member]
    except CloudRefusedError as error:
        if is_gone(error):
            return None
        raise
    return document


def issues_of(document: Mapping[str, Any]) -> str:
    """Return what EKS says is wrong with a cluster, node group or add-on; empty if nothing is."""
    issues = (document.get("health") or {}).get("issues") or []
    return "; ".join(f"{issue.get('code', 'Unknown')}: {issue.get('message', '')}" for issue in issues)


def wait_for(
    find: Callable[[], Document | None], *, what: str, desired_state: str, failed: Collection[str]
) -> None:
    """Wait until an object has a status.

    Args:
        find: Asks for it.
        what: It in words, e.g. `EKS cluster blue`.
        desired_state: The status, or `gone`.
        failed: Statuses that no waiting leaves.

    Raises:
        CloudRefusedError: It failed; carries what the API says is wrong.
        WaitTimeoutError: The time is over; carries the last status and what is wrong.
    """

    def status() -> str:
        document = find()
        if document is None:
            return _NONE
        state, issues = str(document["status"]), issues_of(document)
        if state in failed:
            raise CloudRefusedError(
                operation=f"waiting for {what} to be {desired_state}",
                code=state,
                message=issues or "EKS gives no reason",
            )
        return f"{state} ({issues})" if issues and state != desired_state else state

    wait_until(
        status,
        lambda state: state in {desired_state, _NONE},
        what=f"{what} {desired_state}",
        timeout_s=TIMEOUT_S,
        interval_s=POLL_S,
    )


def wait_gone(find: Callable[[], Document | None], *, what: str, failed: Collection[str]) -> None:
    """Wait until an object is gone; see `wait_for`."""
    wait_for(find, what=what, desired_state=_NONE, failed=failed)


def change(cloud: AwsCloud, operation: str, *, about: Mapping[str, str], **parameters: Any) -> None:
    """Call an Update operation and wait for what it begins.

    Args:
        cloud: The client.
        operation: E.g. `update_nodegroup_config`.
        about: What is updated, in DescribeUpdate's words: `name`, and `nodegroupName` or `addonName`.
        parameters: Of the operation.

    Raises:
        CloudRefusedError: The update was refused or failed; carries the API's reasons.
    """
    update = cloud.call("eks", operation, **parameters)["update"]

    def ended() -> Document:
        answer: Document = cloud.call("eks", "describe_update", updateId=update["id"], **about)["update"]
        return answer

    finished_update = wait_until(
        ended,
        lambda answer: answer["status"] != "InProgress",
        what=f"end of {operation} of {'/'.join(about.values())}",
        timeout_s=TIMEOUT_S,
        interval_s=POLL_S,
    )
    if finished_update["status"] != "Successful":
        errors = finished_update.get("errors") or []
        raise CloudRefusedError(
            operation=f"eks:{operation}",
            code=str(errors[0].get("errorCode", finished_update["status"]))
            if errors
            else str(finished_update["status"]),
            message="; ".join(str(error.get("errorMessage", "")) for error in errors) or "no reason given",
        )


def text(value: Any) -> str | None:
    """Return a text that is known and set, else None."""
    return value if isinstance(value, str) and value else None


class EksResource(AwsResource):
    """An EKS resource type: its tags are changed by its ARN."""

    def update_eks_tags(self, cloud: AwsCloud, arn: str, prior: State, planned: State) -> None:
        """Bring an object's tags from one state to the other."""
        old, new = prior["tags_all"] or {}, planned["tags_all"] or {}
        if removed := [key for key in old if key not in new]:
            cloud.call("eks", "untag_resource", resourceArn=arn, tagKeys=removed)
        if changed := {key: value for key, value in new.items() if old.get(key) != value}:
            cloud.call("eks", "tag_resource", resourceArn=arn, tags=changed)
