"""Scripts that the API runs on machines.

Source: ARM, Virtual Machines - Run Command (RunCommandInput, RunCommandResult); Azure/azure-cli issues 14425
and 32286 for the form of the result. A script that fails is a success with its standard error, and its exit
status is nowhere.
"""

import re
import shlex
from collections.abc import Callable

from twinspan.errors import CommandError
from twinspan.twin.azure import schema
from twinspan.twin.azure.background import in_background
from twinspan.twin.azure.documents import Json, JsonObject, objects, text, texts
from twinspan.twin.azure.errors import ArmError, bad_request
from twinspan.twin.azure.operations import Asked
from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types import machine_progress
from twinspan.twin.azure.types.base import Context
from twinspan.twin.dataplane.wire import MachineCalls

SHELL = "RunShellScript"
LIMIT_S = 90 * 60.0
"""Source: Azure, "Run scripts in your Linux VM by using action Run Commands": 90 minutes at most."""
_SHOWN = 4096
"""Characters of each stream that the answer holds, the last ones. Source: as above."""
_WHOLE = 'script=$(cat); exec </dev/null; eval "$script"'
"""Reads the script to its end, so that nothing that it starts can read it; it is in no process's "
"arguments."""
_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def run(context: Context, machine: Resource, body: JsonObject) -> Asked:
    """Begin to run a script on a machine.

    Raises:
        ArmError: The machine does not run, or the command is not one that the twin has.
    """
    command = schema.clean("compute.RunCommandInput", body)
    given = text(command, "commandId") or ""
    if given.lower() != SHELL.lower():
        raise bad_request(
            "InvalidParameter",
            f"The entity was not found in this Azure location (commandId {given}): the machines of the "
            "twin run "
            f"{SHELL} alone, since they are Linux whatever their image.",
        )
    machines = context.machines
    if machines is None:
        raise ArmError(404, "NotFound", f"The twin has no data plane on which {machine.id} could run.")
    script = "\n".join(texts(command, "script"))
    if not script.strip():
        raise bad_request("InvalidParameter", "Required parameter 'script' is missing (null).")
    machine_progress.refuse_unless_running(context, machine.id)
    shell = "bash" if script.startswith("#!") and "bash" in script.partition("\n")[0] else "sh"
    text_in = _parameters(command) + script + "\n"
    return in_background(lambda: _result(machines, machine.id.key, [shell, "-c", _WHOLE], text_in))


def _parameters(command: JsonObject) -> str:
    """Return lines that set a script's parameters, by name and by position: both forms are in az's examples.

    Raises:
        ArmError: A name is none of a variable.
    """
    named = [
        (text(parameter, "name") or "", text(parameter, "value") or "")
        for parameter in objects(command, "parameters")
    ]
    for name, _ in named:
        if not _PARAMETER.fullmatch(name):
            raise bad_request("InvalidParameter", f"'{name}' is no name of a parameter (parameters.name).")
    lines = [f"export {name}={shlex.quote(value)}" for name, value in named]
    values = " ".join(shlex.quote(value) for _, value in named)
    return "\n".join([*lines, f"set -- {values}", ""]) if named else ""


def _result(machines: Callable[[], MachineCalls], machine: str, argv: list[str], script: str) -> Json:
    try:
        done = machines().execute(machine, argv, timeout_s=LIMIT_S, stdin=script)
    except CommandError as error:
        raise ArmError(409, "VMExtensionProvisioningTimeout", str(error)) from error
    message = f"Enable succeeded: \n[stdout]\n{done.stdout[-_SHOWN:]}\n[stderr]\n{done.stderr[-_SHOWN:]}"
    return {
        "value": [
            {
                "code": "ProvisioningState/succeeded",
                "level": "Info",
                "displayStatus": "Provisioning succeeded",
                "message": message,
            }
        ]
    }
