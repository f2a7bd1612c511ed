"""Machines of either cloud in the desired data plane."""

from collections.abc import Callable

from twinspan.network.clouds import Cloud
from twinspan.network.machines import COMING_STATES, RUNNING
from twinspan.network.model import AwsNetwork, AzureNetwork, Machine, NetworkInterface
from twinspan.twin.attempts import attempt
from twinspan.twin.dataplane.spec import InterfaceSpec, MachineSpec


def machine_specs(
    side: Cloud,
    network: AwsNetwork | AzureNetwork,
    interface: Callable[[NetworkInterface], InterfaceSpec],
    problems: list[str],
) -> tuple[tuple[MachineSpec, ...], tuple[InterfaceSpec, ...]]:
    """Return the machines, and the interfaces of none.

    A machine that is about to run is built as one that runs: it runs when it is there. One without any
    interface, as it is while it is being terminated, is not there.

    Args:
        side: Which cloud.
        network: What exists in it.
        interface: Makes what is desired of an interface; its key is the id as `side` compares ids.
        problems: Gets a line for each that cannot be built.
    """
    made = attempt(
        network.network_interfaces, interface, name=lambda resource: resource.id, problems=problems
    )
    known = {spec.key: spec for spec in made}

    def key(text: str) -> str:
        return text.lower() if side == "azure" else text

    def machine(cloud_machine: Machine) -> MachineSpec | None:
        lost = [name for name in cloud_machine.interface_ids if key(name) not in known]
        if lost:
            problems.append(f"{cloud_machine.id}: its interface {', '.join(lost)} is not built")
        if lost or not cloud_machine.interface_ids:
            return None
        return MachineSpec(
            key=key(cloud_machine.id),
            side=side,
            name=cloud_machine.name,
            running=cloud_machine.state == RUNNING or cloud_machine.state in COMING_STATES,
            interfaces=tuple(known[key(name)] for name in cloud_machine.interface_ids),
        )

    specs = attempt(network.machines, machine, name=lambda resource: resource.id, problems=problems)
    machines = tuple(spec for spec in specs if spec is not None)
    attached = {spec.key for machine_spec in machines for spec in machine_spec.interfaces}
    return machines, tuple(spec for spec in made if spec.key not in attached)
