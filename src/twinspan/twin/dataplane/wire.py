"""What the data plane's agent can be asked, and the records that its calls take and return."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from pydantic import TypeAdapter

from twinspan.command import Completed
from twinspan.network.clouds import Cloud
from twinspan.protocols import Event
from twinspan.twin.dataplane.spec import Desired
from twinspan.twin.observed import Observed
from twinspan.twin.rpc import Interface

INTERNET = "internet"
"""Name under which `run` reaches the namespace between the clouds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyResult:
    """What `apply` achieved. `problems`: what was left out or failed, in words."""

    generation: int
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSpec:
    """A throw-away host to attach to a subnet; `address` None: the first free one.

    AWS: no `security_group_ids` means the VPC's group named `default`, as for EC2 instances.
    """

    name: str
    side: Cloud
    subnet_id: str
    security_group_ids: tuple[str, ...] = ()
    address: IPv4Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostInfo:
    """An attached host."""

    name: str
    side: Cloud
    subnet_id: str
    address: IPv4Address


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSpec:
    """One thing to break, on or around one tunnel.

    Attributes:
        kind: Id of a fault of `faults.data_plane`.
        outside_ip_address: AWS's end of the tunnel.
        public_ip_address: Azure's end of the tunnel.
        loss_ratio: `packet-loss`: share of the packets dropped each way, 0 to 1.
        delay_ms: `packet-delay`: how much longer each packet takes each way, milliseconds.
    """

    kind: str
    outside_ip_address: IPv4Address
    public_ip_address: IPv4Address
    loss_ratio: float = 0.0
    delay_ms: int = 0


FAULT_SPEC = TypeAdapter(FaultSpec)


class WatchCalls(Interface):
    """What tells how the data plane is."""

    def observe(self) -> Observed:
        """Return what the daemons say now."""
        raise NotImplementedError

    def events(self, since_s: float) -> tuple[Event, ...]:
        """Return the events from `since_s` on (`time.monotonic()`, seconds), oldest first."""
        raise NotImplementedError

    def pids(self) -> dict[str, int]:
        """Return role -> process id as the host sees it: `agent`, `init`, `charon ...`, `bird ...`."""
        raise NotImplementedError


class HostCalls(Interface):
    """What concerns throw-away hosts."""

    def hosts(self) -> tuple[HostInfo, ...]:
        """Return the attached hosts."""
        raise NotImplementedError

    def detach(self, name: str) -> None:
        """Remove a host and end what runs on it; nothing happens if there is none of that name."""
        raise NotImplementedError

    def run(self, host: str, argv: Sequence[str], *, timeout_s: float, stdin: str | None = None) -> Completed:
        """Run a command on a host, or in the namespace `internet`, to its end.

        Raises:
            CommandError: It did not end in `timeout_s` seconds (status -9); it and its children were killed.
            DesignError: No such host.
            HostError: No such program.
        """
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelRoute:
    """A route of a subnet's table.

    Attributes:
        destination: Where it leads.
        kind: `unicast`, `throw` (within the network), `blackhole` or `unreachable`.
        protocol: Who made it, e.g. `bird`, in iproute2's words.
        metric: The lowest one of a destination is in force.
        next_hops: Several of them share the traffic.
    """

    destination: IPv4Network
    kind: str
    protocol: str
    metric: int
    next_hops: tuple[IPv4Address, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedRule:
    """A rule of a network security group that is loaded at an interface.

    Attributes:
        at_interface: Of the interface's own group; else of the subnet's.
        direction: `Inbound` or `Outbound`.
        priority: As in the group.
        name: As in the group.
        allows: Whether it lets through what it matches.
        sources: The ranges that it names; none: any, or all but some.
        destinations: Likewise.
    """

    at_interface: bool
    direction: str
    priority: int
    name: str
    allows: bool
    sources: tuple[IPv4Network, ...]
    destinations: tuple[IPv4Network, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceState:
    """What is in force for an interface."""

    routes: tuple[KernelRoute, ...]
    rules: tuple[LoadedRule, ...]


class MachineCalls(Interface):
    """What concerns the clouds' machines."""

    def interface_state(self, interface: str) -> InterfaceState:
        """Return the routes and rules in force for an interface of an Azure machine (id in lower case).

        Raises:
            DesignError: No running machine has the interface.
        """
        raise NotImplementedError

    def execute(
        self, machine: str, argv: Sequence[str], *, timeout_s: float, stdin: str | None = None
    ) -> Completed:
        """Run a command on a machine to its end.

        Args:
            machine: Its id; Azure: in lower case.
            argv: The command; a shell script is `["sh", "-s"]` with the script as `stdin`.
            timeout_s: Limit in seconds.
            stdin: Text for its standard input.

        Raises:
            CommandError: It did not end in `timeout_s` seconds (status -9); it and its children were killed.
            DesignError: No such machine, or it is not running.
            HostError: No such program.
        """
        raise NotImplementedError


class FaultCalls(Interface):
    """What breaks tunnels and restores them."""

    def inject(self, fault: FaultSpec) -> None:
        """Break something; a second time changes nothing.

        Raises:
            DesignError: No tunnel has these two addresses, or it has not what the fault breaks.
        """
        raise NotImplementedError

    def heal(self, fault: FaultSpec) -> None:
        """Restore it; nothing happens if it is not broken."""
        raise NotImplementedError

    def heal_all(self) -> None:
        """Restore everything that was broken on purpose."""
        raise NotImplementedError


class PowerCalls(Interface):
    """What cuts the power of clusters. All raise DesignError if there is no such cluster or node."""

    def lose_node(self, cluster_key: str, node_key: str) -> None:
        """Cut the power of a cluster's node; returns when it is off."""
        raise NotImplementedError

    def restore_node(self, cluster_key: str, node_key: str) -> None:
        """Give it its power back: the same address and name. It is ready some seconds later."""
        raise NotImplementedError

    def lose_cluster(self, cluster_key: str) -> None:
        """Cut the power of a whole cluster; returns when it is off."""
        raise NotImplementedError

    def restore_cluster(self, cluster_key: str) -> None:
        """Give it its power back; its objects are still there."""
        raise NotImplementedError


class BuildCalls(Interface):
    """What changes the data plane as the two APIs ask; for the control process alone."""

    def apply(self, desired: Desired) -> ApplyResult:
        """Make the data plane as desired, changing only what differs."""
        raise NotImplementedError

    def attach(self, spec: HostSpec) -> HostInfo:
        """Attach a host to a subnet; its filters are in force when this returns.

        Raises:
            DesignError: No such subnet or security group, the name or address is taken or impossible.
        """
        raise NotImplementedError


class DataPlaneCalls(WatchCalls, HostCalls, MachineCalls, FaultCalls, PowerCalls):
    """What a user's process may ask of the agent, through the control process."""


class AgentCalls(BuildCalls, DataPlaneCalls):
    """Everything that the agent answers."""
