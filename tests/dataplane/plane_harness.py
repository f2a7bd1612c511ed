"""A running data plane below its own agent, and short words for what tests say often."""

import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from reference_network import AWS_PRIVATE, AZURE_ROUTED, GROUP

from twinspan.network.model import Network, Secrets
from twinspan.protocols import Event
from twinspan.twin.dataplane.client import AgentClient
from twinspan.twin.dataplane.desired import Timers, desired_state
from twinspan.twin.dataplane.launch import launch_agent
from twinspan.twin.dataplane.namespaces import short_name
from twinspan.twin.dataplane.spec import EndSpec
from twinspan.twin.dataplane.wire import ApplyResult, FaultSpec, HostSpec
from twinspan.twin.observed import AwsTunnelEnd, Observed
from twinspan.wait import wait_until

QUICK = Timers()


@dataclass(slots=True)
class Plane:
    """An agent and short words for what tests say often."""

    client: AgentClient
    pid: int
    log_file: Path
    generation: int = 0

    def apply(self, network: Network, secrets: Secrets, timers: Timers = QUICK) -> ApplyResult:
        self.generation += 1
        return self.client.apply(desired_state(network, secrets, generation=self.generation, timers=timers))

    def apply_ends(
        self, network: Network, secrets: Secrets, change: Callable[[EndSpec], EndSpec]
    ) -> ApplyResult:
        """Apply with tunnel ends changed beyond what the APIs allow, e.g. lifetimes of seconds."""
        self.generation += 1
        desired = desired_state(network, secrets, generation=self.generation, timers=QUICK)
        return self.client.apply(replace(desired, ends=tuple(change(end) for end in desired.ends)))

    def swanctl(self, key: str, *arguments: str) -> str:
        """Ask or command the IKE daemon of a tunnel end directly."""
        argv = ["swanctl", *arguments, "--uri", f"unix:///run/twinspan/{short_name('end', key)}.vici"]
        return self.client.run("internet", argv, timeout_s=10).stdout

    def ike_sas(self, key: str) -> list[str]:
        """Return the states of an end's IKE SAs."""
        return re.findall(r"^tunnel: #\d+, (\w+)", self.swanctl(key, "--list-sas"), re.MULTILINE)

    def events_of(self, key: str, since_s: float = 0.0) -> list[Event]:
        """Return an end's own events."""
        return [event for event in self.client.events(since_s) if event.subject == key]

    def until_event(self, key: str, kind: str, *, since_s: float = 0.0, timeout_s: float = 15.0) -> Event:
        """Wait for an event of an end and return the first."""
        return wait_until(
            lambda: [event for event in self.events_of(key, since_s) if event.kind == kind],
            bool,
            what=f"{kind} of {key}",
            timeout_s=timeout_s,
        )[0]

    def until(self, accept: Callable[[Observed], bool], what: str, timeout_s: float = 15.0) -> Observed:
        return wait_until(self.client.observe, accept, what=what, timeout_s=timeout_s)

    def until_established(self, count: int, timeout_s: float = 15.0) -> Observed:
        """Wait until so many sessions have routes at both ends: a silent death is not noticed at once."""
        return self.until(
            lambda seen: all(
                sum(end.bgp_state == "Established" and bool(end.accepted_routes) for end in ends) == count
                for ends in (seen.aws_tunnels, seen.azure_tunnels)
            ),
            what=f"{count} BGP sessions",
            timeout_s=timeout_s,
        )

    @contextmanager
    def faulty(self, fault: FaultSpec) -> Iterator[None]:
        """Break something while the block runs."""
        self.client.inject(fault)
        try:
            yield
        finally:
            self.client.heal(fault)

    def attach_pair(self) -> tuple[str, str]:
        """Attach one host on each side; return their addresses."""
        first = self.client.attach(
            HostSpec(name="aws-host", side="aws", subnet_id=AWS_PRIVATE, security_group_ids=(GROUP,))
        )
        second = self.client.attach(HostSpec(name="azure-host", side="azure", subnet_id=AZURE_ROUTED))
        return str(first.address), str(second.address)

    def reaches(self, host: str, address: str) -> bool:
        """Whether three pings of one second find the address."""
        argv = ["ping", "-c", "3", "-i", "0.2", "-W", "1", address]
        return self.client.run(host, argv, timeout_s=10).returncode == 0

    def until_reaches(self, host: str, address: str) -> None:
        """Routers learn a little after the tunnels' sessions."""
        wait_until(
            lambda: self.reaches(host, address),
            lambda answer: answer,
            what=f"answer of {address} to {host}",
            timeout_s=10,
        )


def inside(plane: Plane, *argv: str) -> None:
    """Run a command as root in the agent's own namespaces."""
    done = run_inside(plane, *argv)
    assert done.returncode == 0, done.stderr


def run_inside(plane: Plane, *argv: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command as root in the agent's own namespaces, also one that fails."""
    agent = str(plane.client.pids()["agent"])
    return subprocess.run(
        ["nsenter", "-t", agent, "-m", "-n", "--", *argv],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextmanager
def taken(plane: Plane, namespace: str) -> Iterator[None]:
    """Have a namespace's name taken by something that is none and cannot be removed as one."""
    inside(plane, "mkdir", f"/run/netns/{namespace}")
    try:
        yield
    finally:
        inside(plane, "rmdir", f"/run/netns/{namespace}")


def established(seen: Observed) -> int:
    return sum(end.bgp_state == "Established" for end in seen.aws_tunnels)


def aws_end(seen: Observed, outside: object) -> AwsTunnelEnd:
    return next(end for end in seen.aws_tunnels if end.outside_ip_address == outside)


def running(folder: Path) -> Iterator[Plane]:
    log_file = folder / "agent.log"
    process, sock = launch_agent(folder, log_file=log_file)
    client = AgentClient(sock)
    yield Plane(client=client, pid=process.pid, log_file=log_file)
    client.close()
    process.wait(timeout=10)
