"""Systems Manager of the twin: moto's parameters, and commands that really run, on the data plane's machines.

Sources: Systems Manager API, SendCommand, GetCommandInvocation, ListCommandInvocations,
DescribeInstanceInformation; User Guide, "AWS-RunShellScript" and "Understanding command statuses". What is
said of an instance that does not run: gravitational/teleport issue 24176.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import moto.ssm.urls
from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.ssm.exceptions import SSMException
from moto.ssm.models import Parameter, ParameterDict, SimpleSystemManagerBackend
from moto.ssm.responses import SimpleSystemManagerResponse

from twinspan.network.limits import COMMAND_TIMEOUT_S
from twinspan.network.machines import RUNNING
from twinspan.twin.aws.ec2 import BOARD_KEY
from twinspan.twin.aws.ec2.filters import select
from twinspan.twin.aws.ec2.images import CANONICAL, canonical_parameters
from twinspan.twin.aws.ec2.instance_views import INSTANCES, InstanceView
from twinspan.twin.aws.ec2.machines import MachineBackend
from twinspan.twin.aws.eks import SETTLED_KEY
from twinspan.twin.aws.shell_commands import (
    PLUGIN,
    SHELL_SCRIPT,
    Execute,
    Invocation,
    ShellCommand,
    checked_timeout_s,
    invocation_view,
    plugin_view,
    start_script,
)
from twinspan.twin.observed import ObservedState

EXECUTE_KEY = "twinspan.execute"
"""Where the server puts what runs a command on a machine into a request's environment."""
_OUTPUT_CHARACTERS, _ERROR_CHARACTERS = 24_000, 8_000
"""Source: Systems Manager API, GetCommandInvocation."""
_PUBLIC = "/aws/"
_NAME = re.compile(r"[a-zA-Z0-9_.\-/]{1,1011}")
"""Source: Systems Manager API, PutParameter."""
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_AGENT_VERSION = "3.3.3050.0"


class _Parameters(ParameterDict):
    """Moto's parameters, which know how to be written to a file."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _Parameters, (self.account_id, self.region_name), self.__dict__, None, iter(self.items())


class TwinSsmBackend(SimpleSystemManagerBackend):
    """Systems Manager's state of one region of the twin."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._parameters = _Parameters(account_id, region_name)
        self._resource_tags = defaultdict(partial(defaultdict, dict))  # moto's cannot be written to a file
        self.shell_commands: dict[str, ShellCommand] = {}
        for name, value in canonical_parameters(region_name).items():
            self._parameters[name] = [_public_parameter(account_id, name, value)]

    def describe_parameters(self, *args: Any, **kwargs: Any) -> list[Parameter]:  # noqa: ANN401 - moto's own
        """Return the account's own parameters: public ones are read by their names and paths."""
        parameters = super().describe_parameters(*args, **kwargs)
        return [parameter for parameter in parameters if not parameter.name.startswith(_PUBLIC)]

    def command(self, command_id: str) -> ShellCommand:
        """Return a command. InvalidCommandId: there is none."""
        if command_id not in self.shell_commands:
            raise SSMException("InvalidCommandId", "The command ID does not exist.")
        return self.shell_commands[command_id]

    @property
    def _url_module(self) -> SimpleNamespace:
        """Moto looks for its URLs beside the class; ours lead to our own response class."""
        return SimpleNamespace(
            url_bases=moto.ssm.urls.url_bases, url_paths={"{0}/$": TwinSsmResponse.dispatch}
        )


class TwinSsmResponse(SimpleSystemManagerResponse):
    """The actions of Systems Manager that the twin does itself."""

    @property
    def backend(self) -> TwinSsmBackend:
        """The state of the region that was asked."""
        backend = self.ssm_backend
        if not isinstance(backend, TwinSsmBackend):
            raise TypeError(f"the SSM backend is a {type(backend).__name__}, not the twin's")
        return backend

    def put_parameter(self) -> ActionResult:
        """PutParameter."""
        if _NAME.fullmatch(self._get_param("Name")) is None:
            raise SSMException(
                "ValidationException",
                "Parameter name: only letters, digits and the symbols . - _ / are allowed",
            )
        return super().put_parameter()

    def describe_parameters(self) -> ActionResult:
        """DescribeParameters."""
        self._check_token()
        return super().describe_parameters()

    def get_parameter_history(self) -> ActionResult:
        """GetParameterHistory."""
        self._check_token()
        return super().get_parameter_history()

    def get_parameters_by_path(self) -> ActionResult:
        """GetParametersByPath."""
        self._check_token()
        return super().get_parameters_by_path()

    def _check_token(self) -> None:
        """InvalidNextToken: a page is asked for by what no answer has given."""
        if not str(self._get_param("NextToken", "0")).isdecimal():
            raise SSMException("InvalidNextToken", "The specified token is not valid.")

    def send_command(self) -> ActionResult:
        """SendCommand: the script is running on each instance when this returns."""
        if self._get_param("DocumentName") != SHELL_SCRIPT:
            raise SSMException("InvalidDocument", f"The twin has the document {SHELL_SCRIPT} only.")
        parameters: Mapping[str, Sequence[str]] = self._get_param("Parameters", {})
        timeout_s = checked_timeout_s(parameters)
        now = datetime.now(UTC)
        command = ShellCommand(
            command_id=str(uuid4()),
            comment=self._get_param("Comment", ""),
            parameters=parameters,
            targets=self._get_param("Targets", []),
            requested_at=now,
            timeout_s=self._get_param("TimeoutSeconds", COMMAND_TIMEOUT_S),
            invocations={
                name: Invocation(instance_id=name, started_at=now) for name in self._chosen_instances()
            },
        )
        self.backend.shell_commands[command.command_id] = command
        execute: Execute = self._environment(EXECUTE_KEY)
        settled: Callable[[], None] = self._environment(SETTLED_KEY)
        answer = ActionResult({"Command": command.wire()})
        for name in command.invocations:
            start_script(command, name, execute, timeout_s=timeout_s, settled=settled)
        return answer

    def get_command_invocation(self) -> ActionResult:
        """GetCommandInvocation."""
        command = self.backend.command(self._get_param("CommandId"))
        invocation = command.invocations.get(self._get_param("InstanceId"))
        if invocation is None or self._get_param("PluginName") not in {None, PLUGIN}:
            raise SSMException("InvocationDoesNotExist", "The command was not sent to that instance.")
        ended = invocation.ended_at
        return ActionResult(
            {
                **invocation_view(command, invocation),
                "PluginName": PLUGIN,
                "ResponseCode": invocation.response_code,
                "ExecutionStartDateTime": invocation.started_at.strftime(_TIME),
                "ExecutionElapsedTime": f"PT{(ended - invocation.started_at).seconds}S" if ended else None,
                "ExecutionEndDateTime": ended.strftime(_TIME) if ended else None,
                "StandardOutputContent": invocation.output[:_OUTPUT_CHARACTERS],
                "StandardOutputUrl": "",
                "StandardErrorContent": invocation.error[:_ERROR_CHARACTERS],
                "StandardErrorUrl": "",
            }
        )

    def list_command_invocations(self) -> ActionResult:
        """ListCommandInvocations, with what was printed if `Details` are asked for."""
        details = self._get_param("Details", False)
        invocations = [
            {
                **invocation_view(command, invocation),
                "InstanceName": "",
                "RequestedDateTime": command.requested_at,
                "CommandPlugins": [plugin_view(invocation)] if details else [],
            }
            for command, invocation in self._listed()
        ]
        return ActionResult({"CommandInvocations": invocations})

    def list_commands(self) -> ActionResult:
        """ListCommands."""
        commands = {command.command_id: command.wire() for command, _ in self._listed()}
        return ActionResult({"Commands": list(commands.values())})

    def describe_instance_information(self) -> ActionResult:
        """DescribeInstanceInformation: every instance that runs is managed, whatever its role."""
        instance_ids: set[str] | None = None
        for condition in (
            *self._get_param("Filters", []),
            *(
                {"Key": old["key"], "Values": old["valueSet"]}
                for old in self._get_param("InstanceInformationFilterList", [])
            ),
        ):
            if condition["Key"] != "InstanceIds":
                raise SSMException(
                    "InvalidInstanceInformationFilterValue", f"The twin has no filter {condition['Key']}"
                )
            instance_ids = set(condition["Values"])
        shown = [view for view in self._running() if instance_ids is None or view.instance.id in instance_ids]
        return ActionResult({"InstanceInformationList": [_information(view) for view in shown]})

    def _environment(self, key: str) -> Any:  # noqa: ANN401 - what the server put there
        return self.normalized_request.environ[key]

    def _running(self) -> list[InstanceView]:
        backend = ec2_backends[self.current_account][self.region]
        board: ObservedState = self._environment(BOARD_KEY)
        if not isinstance(backend, MachineBackend):
            raise TypeError(f"the EC2 backend is a {type(backend).__name__}, not the twin's")
        views = [
            InstanceView(instance=instance, reservation=reservation, board=board)
            for instance, reservation in backend.placed_instances()
        ]
        return [view for view in views if view.state == RUNNING]

    def _chosen_instances(self) -> list[str]:
        """Return the instances that a command is for. InvalidInstanceId: one, or all, do not run."""
        running = {view.instance.id: view for view in self._running()}
        named: list[str] = self._get_param("InstanceIds", [])
        filters = []
        for target in self._get_param("Targets", []):
            key, values = target.get("Key", ""), target.get("Values", [])
            if key.lower() == "instanceids":
                named = [*named, *values]
            elif key.startswith("tag:"):
                filters.append({"Name": key, "Values": values})
            else:
                raise SSMException("InvalidTarget", f"The twin has no targets of the kind {key}.")
        lost = [name for name in named if name not in running]
        if lost:
            raise SSMException(
                "InvalidInstanceId",
                f"Instances [[{', '.join(lost)}]] not in a valid state for account {self.current_account}",
            )
        chosen = (
            [view.instance.id for view in select(INSTANCES, running.values(), filters)] if filters else []
        )
        if not named and not chosen:
            raise SSMException("InvalidInstanceId", "The command is for no instance that runs.")
        return list(dict.fromkeys([*named, *chosen]))

    def _listed(self) -> Iterator[tuple[ShellCommand, Invocation]]:
        command_id, instance_id = self._get_param("CommandId"), self._get_param("InstanceId")
        commands = [self.backend.command(command_id)] if command_id else self.backend.shell_commands.values()
        for command in commands:
            for invocation in command.invocations.values():
                if instance_id in {None, invocation.instance_id}:
                    yield command, invocation


def _information(view: InstanceView) -> dict[str, object]:
    """Return an instance in the shape of `InstanceInformation`."""
    place, canonical = view.place(), view.instance.image.owner_id == CANONICAL
    return {
        "InstanceId": view.instance.id,
        "PingStatus": "Online",
        "LastPingDateTime": datetime.now(UTC),
        "AgentVersion": _AGENT_VERSION,
        "IsLatestVersion": True,
        "PlatformType": "Linux",
        "PlatformName": "Ubuntu" if canonical else "Amazon Linux",
        "ResourceType": "EC2Instance",
        "IPAddress": place["PrivateIpAddress"],
        "ComputerName": place["PrivateDnsName"],
    }


def _public_parameter(account_id: str, name: str, value: str) -> Parameter:
    return Parameter(  # type: ignore[abstract]  # what is abstract is for CloudFormation
        account_id=account_id,
        name=name,
        value=value,
        parameter_type="String",
        description=None,
        allowed_pattern=None,
        keyid=None,
        last_modified_date=datetime(2026, 10, 15, tzinfo=UTC),
        version=1,
        data_type="aws:ec2:image",
    )
