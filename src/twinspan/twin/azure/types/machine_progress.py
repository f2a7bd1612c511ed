"""What is being done with virtual machines, and what they are: the data plane decides both.

A machine is `Creating` until its namespace is there with all its interfaces, and `Deleting` until it is gone.
Source: ARM, InstanceViewStatus (`PowerState/starting`, `running`, `stopping`, `stopped`, `deallocating`,
`deallocated`) and provisioningState (Creating, Updating, Deleting, Succeeded).
"""

from twinspan.twin.azure.documents import JsonObject, number, objects, text
from twinspan.twin.azure.errors import ArmError
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.types.base import Context
from twinspan.twin.azure.types.machine_disks import disks_of
from twinspan.twin.azure.types.progress import DELETING, FAILED, SUCCEEDED, UPDATING, begin, state_of

MACHINE = "Microsoft.Compute/virtualMachines"
SCALE_SET = "Microsoft.Compute/virtualMachineScaleSets"
INSTANCE = f"{SCALE_SET}/virtualMachines"
RUNNING, STOPPED, DEALLOCATED = "running", "stopped", "deallocated"
_COMING = {RUNNING: "starting"}
_GOING = {STOPPED: "stopping", DEALLOCATED: "deallocating"}
FAILURE = "NetworkingInternalOperationError"
"""The code of a machine that the data plane cannot build."""


def restart(context: Context, machine: ResourceId) -> None:
    """Have a running machine begin again; it is over when the data plane has built it again."""
    context.store.resets[machine.key] = context.store.resets.get(machine.key, 0) + 1
    begin(context, machine, UPDATING)
    context.store.pending[machine.key]["restart"] = True


def set_power(context: Context, machine: ResourceId, power: str) -> None:
    """Have a machine run, stop, or stop and leave its place."""
    if power == RUNNING:
        context.store.power.pop(machine.key, None)
    else:
        context.store.power[machine.key] = power
    begin(context, machine, UPDATING)


def power_of(context: Context, machine: ResourceId) -> str:
    """Return the power state of a machine, the code after `PowerState/`."""
    power = context.store.power.get(machine.key, RUNNING)
    if context.machines is None or context.board.runs(machine.key) == (power == RUNNING):
        return power
    return _COMING.get(power) or _GOING[power]


def refuse_while_busy(context: Context, machine: ResourceId) -> None:
    """Refuse to change a machine while it is being made, started, stopped or deleted.

    Raises:
        ArmError: 409 `Conflict`. Source: terraform-provider-azurerm, reports of concurrent requests.
    """
    state = state_of(context, machine)
    if state not in {SUCCEEDED, FAILED}:
        raise ArmError(
            409,
            "Conflict",
            f"The request failed due to conflict with a concurrent request ({state}) on {machine}. To "
            "resolve "
            "it, please refer to https://aka.ms/activitylog to get more details on the conflicting requests.",
        )


def refuse_unless_running(context: Context, machine: ResourceId) -> None:
    """Refuse what needs a machine that runs.

    Raises:
        ArmError: 409 `OperationNotAllowed`. Source: Azure/azure-cli, reports of that code and message.
    """
    if power_of(context, machine) != RUNNING:
        raise ArmError(
            409,
            "OperationNotAllowed",
            "The operation requires the VM to be running (or set to run).",
        )


def settle(context: Context) -> bool:
    """Bring the states of all machines up to date; return whether one is different from before."""
    store = context.store
    waiting = [
        machine.id
        for kind in (MACHINE, INSTANCE)
        for machine in store.of_type(kind)
        if machine.id.key in store.pending
    ]
    finished = [machine for machine in waiting if _done(context, machine)]
    failed = [machine for machine in waiting if machine not in finished and _fail(context, machine)]
    for machine in finished:
        if state_of(context, machine) == DELETING:
            _remove(context, machine)
        else:
            del store.pending[machine.key]
    settled = [scale_set for scale_set in store.of_type(SCALE_SET) if _settled(context, scale_set.id)]
    for scale_set in settled:
        if state_of(context, scale_set.id) == DELETING:
            store.remove(scale_set.id)
        else:
            del store.pending[scale_set.id.key]
    return bool(finished or failed or settled)


def _fail(context: Context, machine: ResourceId) -> bool:
    """Note why the data plane cannot build a machine; return whether there is something new to note."""
    pending = context.store.pending[machine.key]
    problems = [line for line in context.unbuilt() if line.startswith(f"{machine.key}: ")]
    newer = context.board.latest().generation > (number(pending, "generation") or 0)
    if not problems or not newer or state_of(context, machine) in {DELETING, FAILED}:
        return False
    pending.update({"state": FAILED, "problem": problems[0].removeprefix(f"{machine.key}: ")})
    return True


def _settled(context: Context, scale_set: ResourceId) -> bool:
    """Whether something was being done with a scale set, and nothing is with its instances."""
    if scale_set.key not in context.store.pending:
        return False
    states = {
        state_of(context, instance.id) for instance in context.store.children(scale_set, "virtualMachines")
    }
    return states <= {SUCCEEDED, FAILED} and not (states and state_of(context, scale_set) == DELETING)


def _remove(context: Context, identity: ResourceId) -> None:
    """Forget a machine that is gone, with the disks and interfaces that go with it."""
    store = context.store
    machine = store.get(identity)
    if machine is None:
        return
    interfaces = objects(machine.body, "properties", "networkProfile", "networkInterfaces")
    with_it = [text(interface, "id") or "" for interface in interfaces if _goes(interface)]
    with_it += [key for key, disk in disks_of(machine) if text(disk, "deleteOption") == "Delete"]
    store.remove(identity)
    for resource in filter(None, map(store.get, with_it)):
        store.remove(resource.id)


def _goes(interface: JsonObject) -> bool:
    return text(interface, "properties", "deleteOption") == "Delete"


def _done(context: Context, machine: ResourceId) -> bool:
    if context.machines is None:
        return True
    pending = context.store.pending[machine.key]
    there = context.board.runs(machine.key)
    if state_of(context, machine) == DELETING:
        return not there
    newer = context.board.latest().generation > (number(pending, "generation") or 0)
    if pending.get("restart") is True and not newer:
        return False
    return there == (context.store.power.get(machine.key, RUNNING) == RUNNING)


def statuses(context: Context, machine: ResourceId) -> list[JsonObject]:
    """Return the statuses of an instance view. Source: ARM, VirtualMachineInstanceView."""
    state, power = state_of(context, machine), power_of(context, machine)
    return [
        {
            "code": f"ProvisioningState/{state.lower()}",
            "level": "Info",
            "displayStatus": "Provisioning succeeded" if state == SUCCEEDED else state,
        },
        {"code": f"PowerState/{power}", "level": "Info", "displayStatus": f"VM {power}"},
    ]
