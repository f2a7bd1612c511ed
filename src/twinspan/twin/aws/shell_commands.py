"""Commands that Systems Manager runs on machines by AWS-RunShellScript, and what became of them.

Sources: Systems Manager API, SendCommand, CommandPlugin, CommandInvocation; User Guide, "AWS-RunShellScript"
and "Understanding command statuses".
"""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Protocol

from moto.ssm.exceptions import SSMException

from twinspan.command import Completed
from twinspan.errors import CommandError, HostError, TwinspanError
from twinspan.network.limits import COMMAND_TIMEOUT_S, LONGEST_COMMAND_S
from twinspan.twin.loops import start_task

SHELL_SCRIPT = "AWS-RunShellScript"
PLUGIN = "aws:runShellScript"
_UNKNOWN_CODE = -1
_DETAILS = {"InProgress": "In Progress", "TimedOut": "Execution Timed Out"}
_LISTED_CHARACTERS = 2_500
"""Source: Systems Manager API, CommandPlugin, Output."""


class Execute(Protocol):
    """Runs a command on a machine; see `dataplane.wire.MachineCalls`."""

    def __call__(
        self, machine: str, argv: Sequence[str], *, timeout_s: float, stdin: str | None = None
    ) -> Completed:
        """Run a command to its end."""
        ...


def no_machine(machine: str, argv: Sequence[str], *, timeout_s: float, stdin: str | None = None) -> Completed:
    """Refuse: an API without a data plane has no machines."""
    del argv, timeout_s, stdin
    raise HostError(problem=f"{machine} does not run: there is no data plane", remedy="Start the twin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """What became of a command on one instance."""

    instance_id: str
    started_at: datetime
    ended_at: datetime | None = None
    status: str = "InProgress"
    response_code: int = _UNKNOWN_CODE
    output: str = ""
    error: str = ""


@dataclass(slots=True, kw_only=True)
class ShellCommand:
    """A SendCommand.

    Attributes:
        invocations: Instance id -> what became of it there.
    """

    command_id: str
    comment: str
    parameters: Mapping[str, Sequence[str]]
    targets: Sequence[Mapping[str, Any]]
    requested_at: datetime
    timeout_s: int
    invocations: dict[str, Invocation]

    @property
    def script(self) -> str:
        """The script that it runs."""
        folder = "".join(self.parameters.get("workingDirectory", ()))
        lines = [f"cd {shlex.quote(folder)} || exit", *self.parameters["commands"]]
        return "\n".join(lines[0 if folder else 1 :])

    @property
    def status(self) -> str:
        """Return the status of the whole: the worst of all instances."""
        statuses = {invocation.status for invocation in self.invocations.values()}
        order = ("InProgress", "Failed", "TimedOut", "Success")
        return next((status for status in order if status in statuses), "Success")

    def wire(self) -> dict[str, object]:
        """Return it in the shape of `Command`."""
        ended = [invocation for invocation in self.invocations.values() if invocation.ended_at is not None]
        return {
            "CommandId": self.command_id,
            "DocumentName": SHELL_SCRIPT,
            "DocumentVersion": "$DEFAULT",
            "Comment": self.comment,
            "ExpiresAfter": self.requested_at + timedelta(seconds=self.timeout_s),
            "Parameters": self.parameters,
            "InstanceIds": list(self.invocations),
            "Targets": self.targets,
            "RequestedDateTime": self.requested_at,
            "Status": self.status,
            "StatusDetails": _DETAILS.get(self.status, self.status),
            "MaxConcurrency": "50",
            "MaxErrors": "0",
            "TargetCount": len(self.invocations),
            "CompletedCount": len(ended),
            "ErrorCount": sum(invocation.status != "Success" for invocation in ended),
            "DeliveryTimedOutCount": 0,
            "TimeoutSeconds": self.timeout_s,
        }


def start_script(
    command: ShellCommand, instance_id: str, execute: Execute, *, timeout_s: int, settled: Callable[[], None]
) -> None:
    """Run a command on a machine in the background; note what became of it, and call `settled` then."""
    start_task(
        "ssm", partial(_run_script, command, instance_id, execute, timeout_s=timeout_s, settled=settled)
    )


def _run_script(
    command: ShellCommand, instance_id: str, execute: Execute, *, timeout_s: int, settled: Callable[[], None]
) -> None:
    started = command.invocations[instance_id]
    shell = (
        "bash" if command.script.startswith("#!") and "bash" in command.script.partition("\n")[0] else "sh"
    )
    argv = [shell, "-c", 'eval "$(cat)"']
    try:
        done = execute(instance_id, argv, timeout_s=timeout_s, stdin=command.script)
    except CommandError:
        ended = replace(started, status="TimedOut")
    except TwinspanError as error:
        ended = replace(started, status="Failed", error=str(error))
    else:
        ended = replace(
            started,
            status="Failed" if done.returncode else "Success",
            response_code=done.returncode,
            output=done.stdout,
            error=done.stderr,
        )
    command.invocations[instance_id] = replace(ended, ended_at=datetime.now(UTC))
    settled()


def checked_timeout_s(parameters: Mapping[str, Sequence[str]]) -> int:
    """Return how long a script may run, in seconds. InvalidParameters: it is not a script's."""
    unknown = set(parameters) - {"commands", "workingDirectory", "executionTimeout"}
    timeout = "".join(parameters.get("executionTimeout", (str(COMMAND_TIMEOUT_S),)))
    if unknown or not parameters.get("commands"):
        raise SSMException(
            "InvalidParameters", f"{SHELL_SCRIPT} takes commands, workingDirectory, executionTimeout"
        )
    if not timeout.isdecimal() or not 1 <= int(timeout) <= LONGEST_COMMAND_S:
        raise SSMException(
            "InvalidParameters", f"executionTimeout must be a number of seconds, 1 to {LONGEST_COMMAND_S}"
        )
    return int(timeout)


def invocation_view(command: ShellCommand, invocation: Invocation) -> dict[str, object]:
    """Return it in the shape that `CommandInvocation` and the answer of GetCommandInvocation share."""
    return {
        "CommandId": command.command_id,
        "InstanceId": invocation.instance_id,
        "Comment": command.comment,
        "DocumentName": SHELL_SCRIPT,
        "DocumentVersion": "$DEFAULT",
        "Status": invocation.status,
        "StatusDetails": _DETAILS.get(invocation.status, invocation.status),
    }


def plugin_view(invocation: Invocation) -> dict[str, object]:
    """Return it in the shape of `CommandPlugin`."""
    errors = f"\n----------ERROR-------\n{invocation.error}" if invocation.error else ""
    return {
        "Name": PLUGIN,
        "Status": invocation.status,
        "StatusDetails": _DETAILS.get(invocation.status, invocation.status),
        "ResponseCode": invocation.response_code,
        "ResponseStartDateTime": invocation.started_at,
        "ResponseFinishDateTime": invocation.ended_at,
        "Output": (invocation.output + errors)[:_LISTED_CHARACTERS],
    }
