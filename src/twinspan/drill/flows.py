"""Numbered UDP packets in many flows, both ways at once, while something is broken.

Equal-cost routing keeps a flow on one tunnel, so one flow says nothing of the others: 16 flows with source
ports of their own spread over all of them. The programs on the two hosts are `flow_agent`; this module
starts them through `Host.run`, and hands their logs to `flow_analysis`.
"""

import contextlib
import secrets
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from twinspan.drill import flow_agent
from twinspan.drill.flow_analysis import Arrival, Direction, DirectionLog, analyse
from twinspan.drill.flow_end import RUN_S, SCRIPT, AgentLog, End, failed
from twinspan.errors import TwinspanError
from twinspan.protocols import Host
from twinspan.wait import pause, wait_until

FLOWS = 16
RATE_HZ = 1000.0
"""Packets per second and direction. Two Python processes keep 1 ms apart with room to spare."""
MAX_RATE_HZ = 20_000.0
MAX_FLOWS = 1024
_INSTALL = """
command -v python3 >/dev/null || { echo 'there is no python3' >&2; exit 127; }
mkdir -p "$0" && cat >"$0/$1"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How a direction is doing at this moment.

    Attributes:
        received: Packets arrived so far, over all flows.
        silent_s: Flow -> seconds since its last packet arrived; a flow never heard of is missing.
    """

    received: int
    silent_s: dict[int, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """Both directions; keys are `aws->azure` and `azure->aws`. `logs`: every packet of each."""

    directions: dict[str, Direction]
    logs: dict[str, DirectionLog] = field(default_factory=dict)


class FlowMeter:
    """A running measurement between two hosts; a context manager, for use beside an injected fault.

    Args:
        a: A host on one side.
        b: A host on the other.
        flows: Flows in each direction, each with a source port of its own.
        rate_hz: Packets per second in each direction, over all flows.
        max_s: After this many seconds the agents end by themselves, whatever becomes of us.
        port: UDP port that both hosts receive on; 0 lets each choose a free one.
        python: The interpreter on the hosts, 3.11 or newer.
        folder: Where the agents' programs are on the hosts; `install` puts them elsewhere than here.

    Raises:
        ValueError: A number out of range, or both hosts on one side.
    """

    script: ClassVar[Path] = SCRIPT
    """What runs on both hosts."""
    drain_s: ClassVar[float] = 0.5
    """How long after the last packet was sent one may still arrive, seconds."""
    lease_s: ClassVar[float] = 60.0
    """How long the agents go on when we have gone without a word, seconds."""

    def __init__(
        self,
        a: Host,
        b: Host,
        *,
        flows: int = FLOWS,
        rate_hz: float = RATE_HZ,
        max_s: float = 900.0,
        port: int = 0,
        python: str = sys.executable,
        folder: Path = SCRIPT.parent,
    ) -> None:
        if a.side == b.side:
            raise ValueError(f"both hosts are on side {a.side}")
        if not (1 <= flows <= MAX_FLOWS and 0 < rate_hz <= MAX_RATE_HZ and max_s > 0):
            raise ValueError(f"flows={flows}, rate_hz={rate_hz:g} or max_s={max_s:g} is out of range")
        self._flows = flows
        self._rate_hz = rate_hz
        self._max_s = max_s
        self._port = port
        program = folder / self.script.name
        self._ends = (End(a, python, program), End(b, python, program))
        self._pool = _new_pool()
        self._closed = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start both agents and return when both are sending.

        Raises:
            TwinspanError: A host cannot be reached or cannot run the agent.
        """
        token = secrets.token_hex(8)
        self._pool = _new_pool()  # `close` has ended that of an earlier run
        self._closed = threading.Event()
        try:
            for end in self._ends:
                end.serve(self._pool, token, lifetime_s=self._max_s, port=self._port, lease_s=self.lease_s)
            ports = [end.greet() for end in self._ends]
            # Nobody sends before both listen, or the first packets would count as lost.
            for sender, receiver, port in zip(self._ends, reversed(self._ends), reversed(ports), strict=True):
                address, number = self.destination(receiver.host, port)
                sender.ask(
                    "send",
                    address=str(address),
                    port=number,
                    rate_hz=self._rate_hz,
                    flows=self._flows,
                )
            for end in self._ends:
                self._pool.submit(self._renew, end, self._closed)
        except BaseException:
            self.close()
            raise

    def progress(self) -> dict[str, Progress]:
        """Return how both directions are doing now, e.g. to wait until every flow is heard again.

        Raises:
            TwinspanError: A host cannot be reached, or its agent has ended.
        """
        progress = {}
        for sender, receiver in (self._ends, self._ends[::-1]):
            answer = self.witness(sender, receiver).ask("progress")
            silent = {flow: answer.now_ns / 1e9 - last / 1e6 for flow, last in answer.last_us.items()}
            progress[_name(sender, receiver)] = Progress(received=answer.received, silent_s=silent)
        return progress

    def stop(self) -> Measurement:
        """Stop sending, wait for what is under way, and return what was measured.

        Raises:
            TwinspanError: A host cannot be reached, or its agent has failed.
        """
        try:
            for end in self._ends:
                if end.serving:
                    end.ask("hush")
            pause(self.drain_s)
            for end in self._ends:
                end.end()
            log_a, log_b = (end.log() for end in self._ends)
        finally:
            self.close()
        a, b = self._ends
        kept = {id(a): log_a, id(b): log_b}
        logs = {}
        for sender, receiver in ((a, b), (b, a)):
            witness = self.witness(sender, receiver)
            logs[_name(sender, receiver)] = self._direction(
                sender, kept[id(sender)], witness, kept[id(witness)]
            )
        return Measurement(directions={name: analyse(log) for name, log in logs.items()}, logs=logs)

    def destination(self, receiver: Host, port: int) -> tuple[IPv4Address, int]:
        """Return where a direction's packets go: to the port that the far agent receives on."""
        return receiver.address, port

    def witness(self, _sender: End, receiver: End) -> End:
        """Return which end knows what has arrived: the receiving one."""
        return receiver

    def close(self) -> None:
        """End the agents, also twice. What `stop` has not returned by now is lost."""
        self._closed.set()
        for end in self._ends:
            with contextlib.suppress(TwinspanError):  # a host that is gone has no agent either
                end.end()
        # Not waited for: a host that hangs may keep its thread until the agent's lifetime is over.
        self._pool.shutdown(wait=False)

    def _renew(self, end: End, closed: threading.Event) -> None:
        """Keep an agent going, each from a thread of its own: a host that hangs must not cost the other."""
        while not closed.wait(self.lease_s / 4):
            with contextlib.suppress(TwinspanError):  # the next time, or who waits for it learns why
                if end.serving:
                    end.ask("ready")

    def _direction(self, sender: End, sent: AgentLog, receiver: End, received: AgentLog) -> DirectionLog:
        arrivals = zip(
            flow_agent.unpack(received.arrived_flow),
            flow_agent.unpack(received.arrived_sequence),
            flow_agent.unpack(received.arrived_us),
            strict=True,
        )
        return DirectionLog(
            flows=self._flows,
            rate_hz=self._rate_hz,
            sent_s=[at / 1e6 - sender.offset_s for at in flow_agent.unpack(sent.sent_us)],
            refused=flow_agent.unpack(sent.refused),
            arrivals=[
                Arrival(flow=flow, sequence=sequence, at_s=at / 1e6 - receiver.offset_s)
                for flow, sequence, at in arrivals
            ],
            clocks_shared=sender.clock_shared and receiver.clock_shared,
            ports=sent.ports,
        )


def install(host: Host, folder: Path) -> None:
    """Put the agent's program into a folder of a host that does not see this machine's files, e.g. a pod.

    Raises:
        CommandError: It cannot be written, or there is no Python there.
        TwinspanError: The host cannot be reached.
    """
    argv = ("sh", "-c", _INSTALL, str(folder), SCRIPT.name)
    done = host.run(argv, timeout_s=RUN_S, stdin=SCRIPT.read_text())
    if done.returncode != 0:
        raise failed(host, done)


def measure(
    a: Host,
    b: Host,
    *,
    flows: int = FLOWS,
    rate_hz: float = RATE_HZ,
    duration_s: float | None = None,
    stop: Callable[[], bool] | None = None,
    max_s: float = 900.0,
) -> Measurement:
    """Measure both directions between two hosts for a time, or until something is true.

    Args:
        a: A host on one side.
        b: A host on the other.
        flows: Flows in each direction.
        rate_hz: Packets per second in each direction, over all flows.
        duration_s: How long, in seconds.
        stop: Asked every 50 ms instead; the measurement ends when it says True.
        max_s: Limit in seconds.

    Raises:
        ValueError: Neither or both of `duration_s` and `stop`, or a number out of range.
        WaitTimeoutError: `stop` has not become true within `max_s`.
        TwinspanError: A host cannot be reached or cannot run the agent.
    """
    if (duration_s is None) == (stop is None):
        raise ValueError("give either duration_s or stop")
    limit_s = max_s if duration_s is None else duration_s
    with FlowMeter(a, b, flows=flows, rate_hz=rate_hz, max_s=limit_s + 2 * RUN_S) as meter:
        if stop is None:
            pause(limit_s)
        else:
            wait_until(stop, bool, what="end of the measurement", timeout_s=limit_s)
        return meter.stop()


def _new_pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=4, thread_name_prefix="flows")


def _name(sender: End, receiver: End) -> str:
    return f"{sender.host.side}->{receiver.host.side}"
