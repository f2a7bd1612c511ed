"""Where a network runs: a twin on this machine, or real accounts. Nothing else tells the two apart."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Literal, Protocol

from twinspan.cloud.endpoints import Endpoints
from twinspan.command import Completed
from twinspan.network.clouds import Cloud
from twinspan.network.links import TunnelLink
from twinspan.probe.iperf import TunnelBytes
from twinspan.protocols import Events, Fault, Host
from twinspan.results.support import Support
from twinspan.rules.observed.expectation import Expectation
from twinspan.target.machines import FoundMachine
from twinspan.target.pace import Pace

PlaceName = Literal["twin", "cloud"]
"""As in `--on`, and in documents."""


class HostLeases(Protocol):
    """Throw-away hosts that last until `close`, or until this process ends."""

    def attach(self, side: Cloud, subnet_id: str, *, security_group_ids: Sequence[str] = ()) -> Host:
        """Attach a host to a subnet; from the moment that it may exist, `close` removes it.

        Raises:
            DesignError: No such subnet or group.
            HostError: The twin is not up.
        """
        ...

    def detach(self) -> None:
        """Detach all; when this returns they are gone."""
        ...

    def close(self) -> None:
        """Let go of all, which detaches them; idempotent."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """What shows a drill what it does.

    Attributes:
        events: Of the daemons, or of the clouds' telemetry.
        hold_profile: How Azure's gateway sets its BGP hold time; a key of `network.timers.HOLD_PROFILES`.
        pace: How long the place may take.
        stop_reason: Asked while something is broken: why to restore it at once; empty to go on.
    """

    events: Events
    hold_profile: str
    pace: Pace
    stop_reason: Callable[[], str] = str


class Serves(Protocol):
    """What a place has behind the types of Terraform's providers."""

    def support_of(self, mode: str, type_name: str) -> Support:
        """Return what is behind a resource (`managed`) or a data source (`data`)."""
        ...

    def refused_arguments(self, type_name: str, values: Mapping[str, Any]) -> Mapping[str, str]:
        """Return the arguments that are set and refused -> what the place is without."""
        ...


class Machine(Protocol):
    """This machine, as far as a network runs on it. What is missing raises HostError with the remedy."""

    @property
    def state(self) -> Path:
        """The folder of all twins."""
        ...

    @property
    def cache(self) -> Path:
        """The folder of the Kubernetes programs."""
        ...

    @property
    def up(self) -> bool:
        """Whether the twin runs."""
        ...

    def check_packages(self) -> None:
        """Look for the programs of the data plane."""
        ...

    def check_kubernetes(self) -> None:
        """Look for the programs of the clusters."""
        ...

    def taken_ports(self) -> Sequence[tuple[int, str]]:
        """Return the twin's ports that something else has, with what is known of it."""
        ...


class Place(Protocol):
    """A twin, or real accounts; `TwinPlace` and `CloudPlace`."""

    @property
    def on(self) -> PlaceName:
        """Its name in `--on` and in documents."""
        ...

    @property
    def label(self) -> str:
        """Its name for a reader, e.g. `twin default`."""
        ...

    @property
    def real(self) -> bool:
        """Whether it is somebody's accounts, so that changes are confirmed."""
        ...

    @property
    def attaches_hosts(self) -> bool:
        """Whether `host_leases` can attach hosts."""
        ...

    @property
    def machine(self) -> Machine | None:
        """This machine; None if the network does not run on it."""
        ...

    @property
    def programs(self) -> Mapping[str, Sequence[str]]:
        """Program that makes the network, for a reader -> command that prints its version."""
        ...

    @property
    def serves(self) -> Serves | None:
        """What it has of both clouds; None for the clouds themselves."""
        ...

    @property
    def states(self) -> Path | None:
        """Where states of users' own root modules are kept; None: in their backends."""
        ...

    def endpoints(self) -> Endpoints:
        """Find both clouds, without asking them anything.

        Raises:
            HostError: The twin is not up, or credentials are missing.
        """
        ...

    def account(self, cloud: Cloud) -> Endpoints:
        """Find one cloud; the other one is None.

        Raises:
            HostError: The twin is not up, or credentials are missing.
        """
        ...

    def terraform_environment(self) -> dict[str, str]:
        """Return the environment of Terraform's process.

        Raises:
            HostError: The twin is not up, or credentials are missing.
        """
        ...

    def host_leases(self) -> HostLeases:
        """Return what attaches throw-away hosts; none is attached yet.

        Raises:
            HostError: There are none at this place.
        """
        ...

    def execute(self, machine: FoundMachine, argv: Sequence[str], *, timeout_s: float) -> Completed:
        """Run a command on a machine to its end; a non-zero status is returned, not raised.

        Raises:
            CloudError: The cloud said no, e.g. as the machine does not run.
            CommandError: It did not end in `timeout_s` seconds (status -9).
            DesignError: The machine does not run.
            HostError: The twin is not up, or there is no such program.
        """
        ...

    def tunnel_bytes(self, expected: Expectation | None) -> TunnelBytes | None:
        """Return a reader of how much each tunnel has carried; None if nothing counts in time."""
        ...

    def witness(
        self, links: Callable[[], Sequence[TunnelLink]], *, pace: Pace | None = None
    ) -> AbstractContextManager[Witness]:
        """Watch while the block runs.

        Args:
            links: Reads all tunnels.
            pace: How long the place may take; None for its own.

        Raises:
            CloudError: A cloud cannot be asked.
            HostError: The twin is not up.
        """
        ...

    def data_plane_fault(
        self,
        kind: str,
        ends: tuple[IPv4Address, IPv4Address],
        *,
        description: str,
        settings: Mapping[str, float],
    ) -> Fault:
        """Return a fault of the daemons or of the wires between them.

        Args:
            kind: Id of the fault.
            ends: The tunnel's public addresses at AWS and at Azure.
            description: What it breaks, for a reader.
            settings: Further values of `twin.dataplane.wire.FaultSpec`.

        Raises:
            DesignError: No API of this place can break it.
        """
        ...

    def power_cut(
        self, side: Cloud, cluster: str, *, node: str | None, description: Callable[[int], str]
    ) -> Fault:
        """Return the loss of a cluster's power, or of one node's.

        Args:
            side: Whose cluster.
            cluster: Its name.
            node: Name of the node; None for the whole cluster.
            description: Number of the cluster's nodes -> what it breaks, for a reader.

        Raises:
            DesignError: No API of this place can break it.
        """
        ...
