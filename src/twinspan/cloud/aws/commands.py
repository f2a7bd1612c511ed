"""Run a command on an instance by Systems Manager; the same for a real account and for the twin.

Nothing is installed: the instance must be managed already.

Source: Systems Manager API, SendCommand and GetCommandInvocation; User Guide, "AWS-RunShellScript".
"""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from twinspan.cloud.aws.client import service_client, translated
from twinspan.cloud.aws.endpoint import AwsEndpoint
from twinspan.command import Completed
from twinspan.errors import CommandError
from twinspan.wait import wait_until

_RUNNING = frozenset({"Pending", "InProgress", "Delayed", "Cancelling"})
_NEVER_RAN = -1
_DELIVERY_S = 60.0
"""How long a command may take to arrive, and its result to come back, in seconds."""


def run_on_instance(
    endpoint: AwsEndpoint, instance_id: str, argv: Sequence[str], *, timeout_s: float
) -> Completed:
    """Run a command on an instance to its end; a non-zero status is returned, not raised.

    Args:
        endpoint: The account and region.
        instance_id: Where.
        argv: What.
        timeout_s: Limit in seconds, at least one.

    Raises:
        CloudError: AWS said no, e.g. as the instance is not managed, or did not answer.
        CommandError: It did not end in time (status -9), or never ran (-1), e.g. as it was cancelled.
        WaitTimeoutError: Nothing came back.
    """
    ssm = service_client(endpoint, "ssm")
    with translated(endpoint, "ssm:SendCommand"):
        sent = ssm.send_command(
            InstanceIds=[instance_id],
            DocumentName="AWS-RunShellScript",
            Parameters={"commands": [shlex.join(argv)], "executionTimeout": [str(max(1, round(timeout_s)))]},
        )
    command_id = sent["Command"]["CommandId"]
    done = wait_until(
        lambda: _invocation(endpoint, ssm, command_id, instance_id),
        lambda seen: seen.get("Status", "Pending") not in _RUNNING,
        what=f"the end of a command on {instance_id}",
        timeout_s=timeout_s + _DELIVERY_S,
    )
    return completed(argv, done, timeout_s=timeout_s)


def completed(argv: Sequence[str], invocation: Mapping[str, Any], *, timeout_s: float) -> Completed:
    """Return what a command did by what GetCommandInvocation answers of its end.

    Raises:
        CommandError: It did not end in time (status -9), or never ran (-1).
    """
    if invocation["Status"] == "TimedOut":
        raise CommandError(argv, -9, f"no end within {timeout_s:g} s")
    if invocation["ResponseCode"] == _NEVER_RAN:
        raise CommandError(argv, _NEVER_RAN, f"it did not run: {invocation['StatusDetails']}")
    return Completed(
        argv=tuple(argv),
        returncode=invocation["ResponseCode"],
        stdout=invocation["StandardOutputContent"],
        stderr=invocation["StandardErrorContent"],
    )


def _invocation(endpoint: AwsEndpoint, ssm: Any, command_id: str, instance_id: str) -> Mapping[str, Any]:  # noqa: ANN401 - botocore's client
    """Return how a command is; nothing as long as AWS does not know it everywhere."""
    with translated(endpoint, "ssm:GetCommandInvocation"):
        try:
            invocation: Mapping[str, Any] = ssm.get_command_invocation(
                CommandId=command_id, InstanceId=instance_id
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "InvocationDoesNotExist":
                raise
            return {}
    return invocation
