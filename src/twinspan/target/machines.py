"""The machines that exist, by the names that users have for them."""

from dataclasses import dataclass
from pathlib import Path

from twinspan.errors import DesignError
from twinspan.network.clouds import Cloud
from twinspan.network.model import Machine, Network
from twinspan.network.unknown import Unknown
from twinspan.project.network import network_of
from twinspan.project.state import load_state

_STATE = "Name a Terraform state file"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMachine:
    """A machine of one cloud."""

    side: Cloud
    id: str
    name: str
    state: str


def find_machine(network: Network, name: str, *, state_file: Path | None = None) -> FoundMachine:
    """Return the machine that a name, an id or an address of Terraform means.

    Args:
        network: What exists.
        name: What the user calls it.
        state_file: A Terraform state, which knows addresses.

    Raises:
        DesignError: None is called so, or several are; or the file is no state.
    """
    identifier = _by_address(state_file, name) or name
    machines = [
        machine
        for machine in machines_of(network)
        if identifier.lower() == machine.id.lower() or name == machine.name
    ]
    if len(machines) == 1:
        return machines[0]
    known = ", ".join(f"{machine.name or '-'} ({machine.id})" for machine in machines_of(network))
    raise DesignError(
        where=f"machine {name}",
        problem=f"{len(machines)} machines are called so" if machines else "there is no machine of that name",
        remedy=f"Name one of: {known}" if known else "Make one first: there are none",
    )


def machines_of(network: Network) -> tuple[FoundMachine, ...]:
    """Return the machines of both clouds."""
    aws = network.aws.machines if network.aws else ()
    azure = network.azure.machines if network.azure else ()
    return (
        *(found_machine("aws", machine) for machine in aws),
        *(found_machine("azure", machine) for machine in azure),
    )


def found_machine(side: Cloud, machine: Machine) -> FoundMachine:
    """Return a machine as commands name it."""
    identifier = machine.id.lower() if side == "azure" else machine.id
    return FoundMachine(side=side, id=identifier, name=machine.name, state=machine.state)


def _by_address(state_file: Path | None, address: str) -> str:
    """Return the id of what has an address in a state; empty if nothing has it."""
    if state_file is None:
        return ""
    try:
        text = state_file.read_bytes()
    except OSError as error:
        raise DesignError(
            where=str(state_file), problem=f"cannot be read: {error.strerror}", remedy=_STATE
        ) from error
    network = network_of(load_state(text, where=str(state_file), remedy=_STATE).plan)
    sides: tuple[tuple[Machine[Unknown], ...], ...] = (
        network.aws.machines if network.aws else (),
        network.azure.machines if network.azure else (),
    )
    return next((machine.id for side in sides for machine in side if machine.address == address), "")
