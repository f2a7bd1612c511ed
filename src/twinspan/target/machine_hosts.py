"""Machines that exist, as hosts to send from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from twinspan.command import Completed
from twinspan.errors import DesignError
from twinspan.network.aws import AwsNetwork
from twinspan.network.azure import AzureNetwork
from twinspan.network.clouds import Cloud
from twinspan.network.machines import RUNNING
from twinspan.network.workloads import machines_in
from twinspan.target.machines import FoundMachine, found_machine
from twinspan.target.place import Place
from twinspan.verify.pings import HostInSubnet


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineHost:
    """A machine that runs; a `protocols.Host`."""

    place: Place = field(repr=False)
    machine: FoundMachine
    address: IPv4Address

    @property
    def name(self) -> str:
        """Its name, or its id."""
        return self.machine.name or self.machine.id

    @property
    def side(self) -> str:
        """`aws` or `azure`."""
        return self.machine.side

    def run(self, argv: Sequence[str], *, timeout_s: float, stdin: str | None = None) -> Completed:
        """Run a command there to its end.

        Raises:
            DesignError: It should read `stdin`, which no cloud can hand to a machine.
            TwinspanError: The machine cannot be reached.
        """
        if stdin is not None:
            raise DesignError(
                where=f"machine {self.name}",
                problem="a command on a machine reads no standard input",
                remedy="Give what it needs as arguments",
            )
        return self.place.execute(self.machine, argv, timeout_s=timeout_s)


def machine_in(
    place: Place, side: Cloud, network: AwsNetwork | AzureNetwork | None, subnet_id: str
) -> HostInSubnet | None:
    """Return the first machine that runs in a subnet by its primary interface; None if there is none.

    By which interface a machine answers at the address of another one, its operating system decides.
    """
    for placed in machines_in(network, subnet_id) if network else ():
        if placed.machine.state == RUNNING and placed.primary:
            host = MachineHost(
                place=place, machine=found_machine(side, placed.machine), address=placed.address
            )
            return HostInSubnet(host=host, subnet_id=subnet_id)
    return None
