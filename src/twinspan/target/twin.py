"""A twin on this machine, behind the protocol of every place."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import ClassVar

from twinspan import command, extras
from twinspan.cloud.endpoints import Endpoints
from twinspan.home import home
from twinspan.network.clouds import Cloud
from twinspan.network.links import TunnelLink
from twinspan.probe.iperf import TunnelBytes
from twinspan.protocols import Fault
from twinspan.rules.observed.expectation import Expectation
from twinspan.target.machines import FoundMachine
from twinspan.target.pace import TWIN, Pace
from twinspan.target.place import HostLeases, PlaceName, Serves, Witness
from twinspan.twin import lifecycle, requirements
from twinspan.twin.client import PowerCut, TwinClient, TwinEvents, TwinFault, twin_endpoints
from twinspan.twin.dataplane.wire import FAULT_SPEC
from twinspan.twin.kubernetes.programs import cache_folder, find_programs
from twinspan.twin.rundir import RunDir
from twinspan.twin.settings import TwinSettings
from twinspan.twin.terraform_providers import own_config


@dataclass(frozen=True, slots=True)
class TwinPlace:
    """The twin `name`; a `place.Place`.

    Raises:
        HostError: The extra `twin` is not installed.
    """

    name: str = "default"
    on: ClassVar[PlaceName] = "twin"
    real: ClassVar[bool] = False
    attaches_hosts: ClassVar[bool] = True

    def __post_init__(self) -> None:
        extras.require("twin", by="the twin", otherwise="work on real accounts with --on cloud")

    @property
    def label(self) -> str:
        """Its name for a reader."""
        return f"twin {self.name}"

    @property
    def machine(self) -> "TwinMachine":
        """This machine."""
        return TwinMachine(self.name)

    @property
    def programs(self) -> Mapping[str, Sequence[str]]:
        """The daemons and tools that carry the packets and build the network."""
        return {
            "strongSwan": ("swanctl", "--version"),
            "BIRD": ("bird", "--version"),
            "iperf3": ("iperf3", "--version"),
            "Terraform": ("terraform", "version"),
        }

    @property
    def serves(self) -> Serves:
        """What its two APIs serve."""
        from twinspan.twin import support  # noqa: PLC0415 - loads all that the APIs are made of

        return support

    @property
    def states(self) -> Path:
        """A folder of the twin, closed to others."""
        return RunDir(self.name).states

    def endpoints(self) -> Endpoints:
        """Find both clouds."""
        return twin_endpoints(self.name)

    def account(self, cloud: Cloud) -> Endpoints:
        """Find one cloud."""
        both = twin_endpoints(self.name)
        return replace(both, azure=None) if cloud == "aws" else replace(both, aws=None)

    def terraform_environment(self) -> dict[str, str]:
        """Return what points Terraform at the twin.

        In a shell of `twin env` the configuration may be the twin's, which the user did not choose.
        """
        return command.environment(**lifecycle.environment(self.name), TF_CLI_CONFIG_FILE=own_config())

    def host_leases(self) -> HostLeases:
        """Return what attaches throw-away hosts."""
        return TwinClient(self.name).host_leases()

    def execute(self, machine: FoundMachine, argv: Sequence[str], *, timeout_s: float) -> command.Completed:
        """Run a command on a machine of the data plane."""
        return TwinClient(self.name).execute(machine.id, argv, timeout_s=timeout_s)

    def tunnel_bytes(self, expected: Expectation | None) -> TunnelBytes:
        """Return a reader of the daemons' counters."""
        client = TwinClient(self.name)
        tunnels = expected.tunnels if expected else ()
        by_address = {tunnel.outside_ip_address: tunnel.key for tunnel in tunnels}
        by_connection = {tunnel.azure_connection_id.lower(): tunnel.key for tunnel in tunnels}

        def read(side: str) -> Mapping[str, int]:
            counts: dict[str, int] = {}
            observed = client.observe()
            if side == "aws":
                ends = [
                    (by_address.get(end.outside_ip_address, str(end.outside_ip_address)), end.bytes_out)
                    for end in observed.aws_tunnels
                ]
            else:
                ends = [
                    (by_connection.get(end.connection_id.lower(), end.connection_id), end.bytes_out)
                    for end in observed.azure_tunnels
                ]
            # A connection has an end at every instance of the gateway; one of them carries the tunnel.
            for key, count in ends:
                counts[key] = counts.get(key, 0) + count
            return counts

        return read

    @contextmanager
    def witness(
        self,
        links: Callable[[], Sequence[TunnelLink]],  # noqa: ARG002 - the protocol's
        *,
        pace: Pace | None = None,
    ) -> Iterator[Witness]:
        """Watch the daemons."""
        yield Witness(
            events=TwinEvents(TwinClient(self.name)),
            hold_profile=lifecycle.status(self.name).azure_bgp_hold,
            pace=pace or TWIN,
        )

    def data_plane_fault(
        self,
        kind: str,
        ends: tuple[IPv4Address, IPv4Address],
        *,
        description: str,
        settings: Mapping[str, float],
    ) -> Fault:
        """Return a fault that lasts as long as this process at most."""
        outside, public = ends
        values = {"kind": kind, "outside_ip_address": outside, "public_ip_address": public, **settings}
        return TwinFault(TwinClient(self.name), FAULT_SPEC.validate_python(values), description)

    def power_cut(
        self, side: Cloud, cluster: str, *, node: str | None, description: Callable[[int], str]
    ) -> Fault:
        """Return a loss of power that lasts as long as this process at most."""
        client = TwinClient(self.name)
        # EKS clusters go by their ARN, AKS clusters by their resource id.
        health = next(
            observed_cluster
            for observed_cluster in client.observe().clusters
            if observed_cluster.key.startswith("arn:") == (side == "aws")
            and observed_cluster.key.lower().endswith(f"/{cluster.lower()}")
        )
        return PowerCut(
            client=client,
            description=description(len(health.nodes)),
            cluster_key=health.key,
            node_key=next(cluster_node.key for cluster_node in health.nodes if cluster_node.name == node)
            if node
            else None,
        )


@dataclass(frozen=True, slots=True)
class TwinMachine:
    """This machine, and the twin `name` on it; a `place.Machine`."""

    name: str

    @property
    def state(self) -> Path:
        """The folder of all twins."""
        return home()

    @property
    def cache(self) -> Path:
        """The folder of the Kubernetes programs."""
        return cache_folder()

    @property
    def up(self) -> bool:
        """Whether the twin runs."""
        return lifecycle.status(self.name).state != "down"

    def check_packages(self) -> None:
        """Look for the programs of the data plane."""
        requirements.check_packages()

    def check_kubernetes(self) -> None:
        """Look for the programs of the clusters."""
        find_programs()

    def taken_ports(self) -> Sequence[tuple[int, str]]:
        """Return the twin's ports that something else has."""
        settings = TwinSettings.load(RunDir(self.name).settings)
        ports = (settings.aws_port, settings.azure_port) if settings else ()
        problems = [(port, requirements.port_problem(port)) for port in ports if port]
        return [(port, why) for port, why in problems if why]
