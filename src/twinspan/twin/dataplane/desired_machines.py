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
    made = attempt(network.network_interfaces, interface, name=lambda each: each.id, problems=problems)
    known = {spec.key: spec for spec in made}

    def key(text: str) -> str:
        return text.lower() if side == "azure" else text

    def machine(each: Machine) -> MachineSpec | None:
        lost = [name for name in each.interface_ids if key(name) not in known]
        if lost:
            problems.append(f"{each.id}: its interface {', '.join(lost)} is not built")
        if lost or not each.interface_ids:
            return None
        return MachineSpec(
            key=key(each.id),
            side=side,
            name=each.name,
            running=each.state == RUNNING or each.state in COMING_STATES,
            interfaces=tuple(known[key(name)] for name in each.interface_ids),
        )

    specs = attempt(network.machines, machine, name=lambda each: each.id, problems=problems)
    machines = tuple(spec for spec in specs if spec is not None)
    attached = {spec.key for each in machines for spec in each.interfaces}
    return machines, tuple(spec for spec in made if spec.key not in attached)
