"""The agent proper: builds the data plane, and answers what can be asked of it."""

import logging
import os
import socket
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

from typing_extensions import override

from twinspan.errors import ItemsError
from twinspan.protocols import Event
from twinspan.twin import rpc
from twinspan.twin.attempts import attempt, in_turn
from twinspan.twin.dataplane.clusters import cgroups
from twinspan.twin.dataplane.clusters.cluster_manager import ClusterManager
from twinspan.twin.dataplane.dialler import Dialler
from twinspan.twin.dataplane.events import Journal, LogHandler
from twinspan.twin.dataplane.faults import Faults
from twinspan.twin.dataplane.hosts import Hosts
from twinspan.twin.dataplane.interfaces import Interfaces
from twinspan.twin.dataplane.machines import Machines
from twinspan.twin.dataplane.observe import Observer
from twinspan.twin.dataplane.plane import Plane
from twinspan.twin.dataplane.processes import HostProcesses
from twinspan.twin.dataplane.restarts import Restarter
from twinspan.twin.dataplane.spec import Desired
from twinspan.twin.dataplane.subnets import Subnets
from twinspan.twin.dataplane.tunnels import Tunnels
from twinspan.twin.dataplane.wire import (
    ApplyResult,
    BuildCalls,
    FaultCalls,
    HostCalls,
    HostInfo,
    HostSpec,
    MachineCalls,
    PowerCalls,
    WatchCalls,
)
from twinspan.twin.loops import Defects, Loop, failing_loops
from twinspan.twin.observed import Observed


class Agent(BuildCalls, WatchCalls):
    """Has all parts of the data plane, and answers one client until it goes away.

    Args:
        folder: Private folder for daemons' files.
        host_processes: Descriptor of the host's /proc, to translate process ids.
    """

    def __init__(self, *, folder: Path, host_processes: int) -> None:
        self._routes_changed = threading.Event()
        self._building = threading.RLock()
        self._journal = Journal()
        self._subnets = Subnets(lock=self._building)
        self._tunnels = Tunnels(lock=self._building)
        self._plane = Plane(
            folder,
            subnets=self._subnets,
            tunnels=self._tunnels,
            journal=self._journal,
            on_routes=self._routes_changed.set,
            restarter=Restarter(self._tunnels),
        )
        self._interfaces = Interfaces(building=self._building)
        self._hosts = Hosts(self._subnets, self._interfaces)
        self._machines = Machines(self._subnets, self._interfaces)
        self._clusters = ClusterManager(
            self._subnets,
            self._interfaces,
            self._journal,
            folder=folder,
            control_groups=cgroups.root_name(Path.cwd()),
        )
        self._faults = Faults(self._tunnels, self._journal)
        self._observer = Observer(
            self._tunnels,
            clusters=self._clusters.health,
            machines=self._machines,
            generation=lambda: self._plane.generation,
        )
        self._defects = Defects()
        self._processes = HostProcesses(host_processes)

    def serve(self, client: socket.socket) -> None:
        """Work until the client's end closes, then end the process and all below it."""
        logging.basicConfig(handlers=[LogHandler()], level=logging.INFO)
        self._defects.install()
        Loop("routes", self._follow_routes).start()
        Dialler(self._tunnels, building=lambda: self._plane.building).start()
        offers = {
            **rpc.offer(BuildCalls, lambda: self),
            **rpc.offer(WatchCalls, lambda: self),
            **rpc.offer(HostCalls, lambda: self._hosts),
            **rpc.offer(MachineCalls, lambda: self._machines),
            **rpc.offer(FaultCalls, lambda: self._faults),
            **rpc.offer(PowerCalls, lambda: self._clusters),
        }
        try:
            rpc.serve(client, offers)
        finally:
            os._exit(0)

    @override
    def apply(self, desired: Desired) -> ApplyResult:
        problems: list[str] = []
        with self._building:
            problems += self._plane.apply(desired, before_removal=self._leave)
            problems += self._machines.apply(desired)
            problems += self._interfaces.refresh()
        attempt([desired.clusters], self._clusters.apply, name=lambda _: "clusters", problems=problems)
        return ApplyResult(generation=desired.generation, problems=tuple(problems))

    def _leave(self, desired: Desired) -> None:
        in_turn(partial(self._machines.leave, desired), partial(self._hosts.leave, desired))

    @override
    def attach(self, spec: HostSpec) -> HostInfo:
        return self._hosts.attach(spec)

    @override
    def observe(self) -> Observed:
        observed = self._observer.observe()
        return replace(observed, problems=(*failing_loops(), *self._defects.found, *observed.problems))

    @override
    def events(self, since_s: float) -> tuple[Event, ...]:
        return self._journal.since(since_s)

    @override
    def pids(self) -> dict[str, int]:
        daemons = [
            *(end.charon.daemon for end in list(self._tunnels.ends.values())),
            *(gateway.bird.daemon for gateway in list(self._tunnels.gateways.values())),
            *(router.bird.daemon for router in list(self._subnets.routers.values())),
            *self._clusters.daemons(),
        ]
        inner = {daemon.role: daemon.pid for daemon in daemons}
        inner |= {"agent": os.getpid(), "init": 1}
        return self._processes.translate({role: pid for role, pid in inner.items() if pid is not None})

    def _follow_routes(self) -> None:
        """Load filters again when BGP brought or took a prefix: NSG tags follow it."""
        self._routes_changed.wait()
        self._routes_changed.clear()
        try:
            problems = self._interfaces.refresh()
        except BaseException:
            self._routes_changed.set()
            raise
        if problems:
            self._routes_changed.set()
            raise ItemsError(problems)
