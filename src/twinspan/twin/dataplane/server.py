"""The agent's side of the socket: reads requests, answers each from a thread of its own."""

import json
import logging
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from twinspan.errors import (
    CommandError,
    DesignError,
    HostError,
    ItemsError,
    TwinspanError,
    WaitTimeoutError,
)
from twinspan.twin.attempts import attempt, words
from twinspan.twin.dataplane import wire
from twinspan.twin.dataplane.clusters import cgroups
from twinspan.twin.dataplane.clusters.fleet import Fleet
from twinspan.twin.dataplane.clusters.methods import cluster_methods
from twinspan.twin.dataplane.commands import run_inside
from twinspan.twin.dataplane.dialler import Dialler
from twinspan.twin.dataplane.events import LogHandler, log
from twinspan.twin.dataplane.faults import Faults
from twinspan.twin.dataplane.hosts import Hosts
from twinspan.twin.dataplane.interfaces import Interfaces
from twinspan.twin.dataplane.observe import Observer
from twinspan.twin.dataplane.plane import Plane
from twinspan.twin.dataplane.processes import HostProcesses
from twinspan.twin.dataplane.restarts import Restarter
from twinspan.twin.dataplane.wire import INTERNET, ApplyResult
from twinspan.twin.loops import Defects, Loop, failing_loops, start_task
from twinspan.twin.observed import Observed

_LOG = logging.getLogger(__name__)
_Params = dict[str, Any]


class Server:
    """Answers the requests of one client until it goes away.

    Args:
        sock: The client.
        folder: Private folder for daemons' files.
        host_processes: Descriptor of the host's /proc, to translate process ids.
    """

    def __init__(self, sock: socket.socket, *, folder: Path, host_processes: int) -> None:
        self._socket = sock
        self._send_lock = threading.Lock()
        self._routes_changed = threading.Event()
        self._plane = Plane(folder, on_routes=self._routes_changed.set)
        self._interfaces = Interfaces(self._plane)
        self._hosts = Hosts(self._plane, self._interfaces)
        self._fleet = Fleet(
            self._plane, self._interfaces, folder=folder, control_groups=cgroups.root_name(Path.cwd())
        )
        self._faults = Faults(self._plane)
        restarter = Restarter(self._plane)
        self._plane.on_end_restart = restarter.end_restarted
        self._plane.on_instance_restart = restarter.instance_restarted
        self._observer = Observer(self._plane, self._fleet)
        self._defects = Defects()
        self._processes = HostProcesses(host_processes)
        self._methods: dict[str, Callable[[_Params], object]] = {
            "apply": self._apply,
            "observe": lambda _: wire.OBSERVED.dump_python(self._observe(), mode="json"),
            "attach": self._attach,
            "detach": lambda params: self._hosts.detach(params["name"]),
            "hosts": lambda _: wire.HOST_INFOS.dump_python(self._hosts.infos(), mode="json"),
            "run": self._run,
            "inject": lambda params: self._faults.inject(wire.FAULT_SPEC.validate_python(params)),
            "heal": lambda params: self._faults.heal(wire.FAULT_SPEC.validate_python(params)),
            "heal_all": lambda _: self._faults.heal_all(),
            "events": self._events,
            "pids": lambda _: self._pids(),
            **cluster_methods(self._fleet),
        }

    def serve(self) -> None:
        """Work until the client's end closes, then end the process and all below it."""
        logging.basicConfig(handlers=[LogHandler()], level=logging.INFO)
        self._defects.install()
        Loop("routes", self._follow_routes).start()
        Dialler(self._plane).start()
        with self._socket.makefile("rb") as lines:
            try:
                for line in lines:
                    start_task("request", partial(self._handle, line))
            except OSError as error:
                log("agent", f"the client's end broke: {error}")
            finally:
                os._exit(0)

    def _handle(self, line: bytes) -> None:
        request = json.loads(line)
        answer: dict[str, object] = {"id": request["id"]}
        try:
            answer["result"] = self._method(request["method"])(request["params"])
        except TwinspanError as error:
            answer["error"] = _described(error)
        except Exception as error:  # noqa: BLE001 - the edge of the process: the client must get an answer
            _LOG.error("%s failed", request["method"], exc_info=error)
            answer["error"] = {"kind": type(error).__name__, "message": words(error), "fields": {}}
        data = json.dumps(answer).encode() + b"\n"
        with self._send_lock:
            self._socket.sendall(data)

    def _method(self, name: str) -> Callable[[_Params], object]:
        if name not in self._methods:
            raise HostError(
                problem=f"the agent has no method {name}",
                remedy="Start the agent again after installing another version",
            )
        return self._methods[name]

    def _apply(self, params: _Params) -> object:
        desired = wire.DESIRED.validate_python(params)
        problems: list[str] = []
        with self._plane.lock:
            problems += self._plane.apply(desired, before_removal=self._hosts.leave)
            problems += self._interfaces.refresh()
        attempt([desired.clusters], self._fleet.apply, name=lambda _: "clusters", problems=problems)
        result = ApplyResult(generation=desired.generation, problems=tuple(problems))
        return wire.APPLY_RESULT.dump_python(result, mode="json")

    def _observe(self) -> Observed:
        observed = self._observer.observe()
        return replace(observed, problems=(*failing_loops(), *self._defects.found, *observed.problems))

    def _attach(self, params: _Params) -> object:
        info = self._hosts.attach(wire.HOST_SPEC.validate_python(params))
        return wire.HOST_INFO.dump_python(info, mode="json")

    def _run(self, params: _Params) -> object:
        request = wire.RUN_REQUEST.validate_python(params)
        completed = run_inside(
            self._hosts.namespace(request.host),
            request.argv,
            timeout_s=request.timeout_s,
            stdin=request.stdin,
            capture=request.host == INTERNET,
        )
        return wire.COMPLETED.dump_python(completed, mode="json")

    def _events(self, params: _Params) -> object:
        return wire.EVENTS.dump_python(self._plane.journal.since(float(params["since_s"])), mode="json")

    def _pids(self) -> dict[str, int]:
        daemons = [
            *(end.charon.daemon for end in list(self._plane.ends.values())),
            *(gateway.bird.daemon for gateway in list(self._plane.gateways.values())),
            *(router.bird.daemon for router in list(self._plane.routers.values())),
            *self._fleet.daemons(),
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


def _described(error: TwinspanError) -> dict[str, object]:
    fields: dict[str, object] = {}
    if isinstance(error, DesignError):
        fields = {"where": error.where, "problem": error.problem, "remedy": error.remedy}
    elif isinstance(error, CommandError):
        fields = {"argv": list(error.argv), "returncode": error.returncode, "stderr": error.stderr}
    elif isinstance(error, WaitTimeoutError):
        fields = {"what": error.what, "timeout_s": error.timeout_s, "last": str(error.last)}
    elif isinstance(error, HostError):
        fields = {"problem": error.problem, "remedy": error.remedy}
    return {"kind": type(error).__name__, "message": str(error), "fields": fields}
