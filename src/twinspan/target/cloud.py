"""Real accounts, with the user's own credentials."""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import ClassVar

from twinspan.cloud.aws.commands import run_on_instance
from twinspan.cloud.endpoints import Endpoints
from twinspan.command import Completed
from twinspan.errors import DesignError, HostError
from twinspan.network.clouds import Cloud
from twinspan.network.links import TunnelLink
from twinspan.project.accounts import cloud_environment
from twinspan.protocols import Fault
from twinspan.rules.observed.expectation import Expectation
from twinspan.target.machines import FoundMachine
from twinspan.target.pace import Pace
from twinspan.target.place import HostLeases, PlaceName, Witness
from twinspan.target.witness import api_witness


@dataclass(frozen=True, slots=True)
class CloudPlace:
    """Real accounts; a `place.Place`."""

    on: ClassVar[PlaceName] = "cloud"
    label: ClassVar[str] = "real accounts"
    real: ClassVar[bool] = True
    attaches_hosts: ClassVar[bool] = False
    machine: ClassVar[None] = None
    serves: ClassVar[None] = None
    states: ClassVar[None] = None

    @property
    def programs(self) -> Mapping[str, Sequence[str]]:
        """None of this machine's."""
        return {}

    def endpoints(self) -> Endpoints:
        """Find both clouds."""
        return Endpoints.from_environment()

    def account(self, cloud: Cloud) -> Endpoints:
        """Find one cloud."""
        return Endpoints.of_one(cloud)

    def terraform_environment(self) -> dict[str, str]:
        """Return the user's own environment."""
        return cloud_environment(os.environ)

    def host_leases(self) -> HostLeases:
        """Refuse: there are no throw-away hosts."""
        raise HostError(
            problem="twinspan attaches throw-away hosts to a twin only",
            remedy="Add --from pods, which sends from pods of the EKS and AKS clusters; or use --on twin",
        )

    def execute(self, machine: FoundMachine, argv: Sequence[str], *, timeout_s: float) -> Completed:
        """Run a command by AWS Systems Manager."""
        endpoint = self.account(machine.side).aws
        if endpoint is None:
            raise HostError(
                problem=f"twinspan runs no commands on {machine.id}: it does so in AWS only",
                remedy="Use `az vm run-command invoke`, or --on twin",
            )
        return run_on_instance(endpoint, machine.id, argv, timeout_s=timeout_s)

    def tunnel_bytes(self, expected: Expectation | None) -> None:  # noqa: ARG002 - the protocol's
        """Return None: the clouds count every five minutes."""
        return

    def witness(
        self, links: Callable[[], Sequence[TunnelLink]], *, pace: Pace | None = None
    ) -> AbstractContextManager[Witness]:
        """Watch the clouds' telemetry."""
        return api_witness(links, pace=pace)

    def data_plane_fault(
        self,
        kind: str,
        ends: tuple[IPv4Address, IPv4Address],  # noqa: ARG002 - the protocol's
        *,
        description: str,  # noqa: ARG002 - as above
        settings: Mapping[str, float],  # noqa: ARG002 - as above
    ) -> Fault:
        """Refuse."""
        raise _unbreakable(kind)

    def power_cut(
        self,
        side: Cloud,
        cluster: str,
        *,
        node: str | None,  # noqa: ARG002 - the protocol's
        description: Callable[[int], str],  # noqa: ARG002 - as above
    ) -> Fault:
        """Refuse."""
        raise _unbreakable(f"power of {side} {cluster}")


def _unbreakable(what: str) -> DesignError:
    return DesignError(
        where=f"fault {what}",
        problem="the clouds' APIs cannot break this",
        remedy="Run it on a twin (--on twin)",
    )
