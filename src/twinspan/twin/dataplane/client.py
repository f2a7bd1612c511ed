"""The agent's other side: typed calls over its socket."""

import itertools
import json
import socket
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from twinspan.command import Completed
from twinspan.errors import CommandError, DesignError, HostError, TwinspanError, WaitTimeoutError
from twinspan.protocols import Event
from twinspan.twin.dataplane import wire
from twinspan.twin.dataplane.spec import Desired
from twinspan.twin.dataplane.wire import ApplyResult, FaultSpec, HostInfo, HostSpec, RunRequest
from twinspan.twin.loops import LAST, Loop
from twinspan.twin.observed import Observed

_ANSWER_WITHIN_S = 180.0


class AgentClient:
    """Commands one agent. Calls from several threads run at the same time.

    Every call raises HostError if the agent has ended, or does not answer in time, and whatever
    TwinspanError the agent met itself.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._numbers = itertools.count(1)
        self._send_lock = threading.Lock()
        self._waiting_lock = threading.Lock()
        self._waiting: dict[int, Future[Any]] = {}
        self._ended = False
        self._lines = sock.makefile("rb")
        self._reader = Loop("agent-client", self._read)
        self._reader.start()

    def apply(self, desired: Desired) -> ApplyResult:
        """Make the data plane as desired, changing only what differs."""
        answer = self._call("apply", wire.DESIRED.dump_python(desired, mode="json"))
        return wire.APPLY_RESULT.validate_python(answer)

    def observe(self) -> Observed:
        """Return what the daemons say now."""
        return wire.OBSERVED.validate_python(self._call("observe", {}))

    def attach(self, spec: HostSpec) -> HostInfo:
        """Attach a host to a subnet.

        Raises:
            DesignError: No such subnet or security group, the name or address is taken or impossible.
        """
        return wire.HOST_INFO.validate_python(
            self._call("attach", wire.HOST_SPEC.dump_python(spec, mode="json"))
        )

    def detach(self, name: str) -> None:
        """Remove a host; nothing happens if there is none of that name."""
        self._call("detach", {"name": name})

    def hosts(self) -> tuple[HostInfo, ...]:
        """Return the attached hosts."""
        return wire.HOST_INFOS.validate_python(self._call("hosts", {}))

    def run(self, host: str, argv: Sequence[str], *, timeout_s: float, stdin: str | None = None) -> Completed:
        """Run a command on a host, or in the namespace `internet`, to its end.

        Raises:
            CommandError: It did not end in time (status -9); it and its children have been killed.
            DesignError: No such host.
            HostError: No such program.
        """
        request = RunRequest(host=host, argv=tuple(argv), timeout_s=timeout_s, stdin=stdin)
        answer = self._call(
            "run",
            wire.RUN_REQUEST.dump_python(request, mode="json"),
            limit_s=timeout_s + _ANSWER_WITHIN_S,
        )
        return wire.COMPLETED.validate_python(answer)

    def inject(self, fault: FaultSpec) -> None:
        """Break something.

        Raises:
            DesignError: No tunnel has these two addresses.
        """
        self._call("inject", wire.FAULT_SPEC.dump_python(fault, mode="json"))

    def heal(self, fault: FaultSpec) -> None:
        """Mend it; also twice, also without `inject`."""
        self._call("heal", wire.FAULT_SPEC.dump_python(fault, mode="json"))

    def heal_all(self) -> None:
        """Mend everything that was broken on purpose."""
        self._call("heal_all", {})

    def events(self, since_s: float) -> tuple[Event, ...]:
        """Return the events from `since_s` on (`time.monotonic()`, seconds), oldest first."""
        return wire.EVENTS.validate_python(self._call("events", {"since_s": since_s}))

    def pids(self) -> dict[str, int]:
        """Return role -> process id as the host sees it: `agent`, `init`, `charon ...`, `bird ...`."""
        return wire.PIDS.validate_python(self._call("pids", {}))

    def lose_node(self, cluster_key: str, node_key: str) -> None:
        """Cut the power of a cluster's node. Raises DesignError: no such cluster or node."""
        self._call("lose_node", {"cluster": cluster_key, "node": node_key})

    def restore_node(self, cluster_key: str, node_key: str) -> None:
        """Give it its power back: the same address and name. Raises DesignError: no such cluster or node."""
        self._call("restore_node", {"cluster": cluster_key, "node": node_key})

    def lose_cluster(self, cluster_key: str) -> None:
        """Cut the power of a whole cluster. Raises DesignError: no such cluster."""
        self._call("lose_cluster", {"cluster": cluster_key})

    def restore_cluster(self, cluster_key: str) -> None:
        """Give it its power back; its objects are still there. Raises DesignError: no such cluster."""
        self._call("restore_cluster", {"cluster": cluster_key})

    def close(self) -> None:
        """Close the socket, which ends the agent and all it made."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            self._ended = True  # the agent went first
        self._reader.join(timeout=5)
        self._lines.close()
        self._socket.close()

    def _call(self, method: str, params: object, *, limit_s: float = _ANSWER_WITHIN_S) -> object:
        number = next(self._numbers)
        future: Future[Any] = Future()
        line = json.dumps({"id": number, "method": method, "params": params}).encode() + b"\n"
        with self._waiting_lock:
            if self._ended:
                raise _gone()
            self._waiting[number] = future
        try:
            with self._send_lock:
                self._socket.sendall(line)
            answer = future.result(timeout=limit_s)
        except TimeoutError as error:
            raise HostError(
                problem=f"the data-plane agent did not answer `{method}` within {limit_s:g} s",
                remedy="Look at `twinspan twin logs`, then run `twinspan twin down` and `twin up`",
            ) from error
        except OSError as error:
            raise _gone() from error
        finally:
            with self._waiting_lock:
                self._waiting.pop(number, None)
        if "error" in answer:
            raise _exception(answer["error"])
        return answer["result"]

    def _read(self) -> float | None:
        """Wait for one answer and hand it over; a turn of a loop, until the agent ends."""
        try:
            line = self._lines.readline()
        except OSError:
            line = b""
        if not line.endswith(b"\n"):  # nothing, or a torn line
            self._has_ended()
            return LAST
        answer = json.loads(line)
        with self._waiting_lock:
            future = self._waiting.get(answer["id"])
        if future is not None:
            future.set_result(answer)
        return None

    def _has_ended(self) -> None:
        with self._waiting_lock:
            self._ended = True
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(ConnectionError("the agent ended"))


def _gone() -> HostError:
    return HostError(
        problem="the data-plane agent has ended",
        remedy="Look at `twinspan twin logs`, then run `twinspan twin down` and `twin up`",
    )


def _exception(error: dict[str, Any]) -> TwinspanError:
    kind, message, fields = error["kind"], error["message"], error.get("fields", {})
    if kind == "DesignError":
        return DesignError(**fields)
    if kind == "CommandError":
        return CommandError(fields["argv"], fields["returncode"], fields["stderr"])
    if kind == "WaitTimeoutError":
        return WaitTimeoutError(**fields)
    if kind == "HostError" and fields:
        return HostError(**fields)
    return HostError(
        problem=f"the data-plane agent failed with {kind}: {message}", remedy="Look at `twinspan twin logs`"
    )
