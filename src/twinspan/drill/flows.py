"""Numbered UDP packets in many flows, both ways at once, while something is broken.

Equal-cost routing keeps a flow on one tunnel, so one flow says nothing of the others: 16 flows with source
ports of their own spread over all of them. The programs on the two hosts are `flow_agent`; this module
starts them through `Host.run`, and hands their logs to `flow_analysis`.
"""

import contextlib
import json
import math
import secrets
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from twinspan.command import Completed
from twinspan.drill import flow_agent
from twinspan.drill.flow_analysis import Arrival, Direction, DirectionLog, analyse
from twinspan.errors import CloudUnreachableError, CommandError, HostError, TwinspanError
from twinspan.protocols import Host
from twinspan.wait import pause, wait_until

FLOWS = 16
RATE_HZ = 1000.0
"""Packets per second and direction. Two Python processes keep 1 ms apart with room to spare."""
MAX_RATE_HZ = 20_000.0
MAX_FLOWS = 1024
_ASK_S = 1.0
_ASK_TIMES = 10
_LOST_TIMES = 3
_RUN_S = 15.0
_GREETINGS = 5
_INSTALL = """
command -v python3 >/dev/null || { echo 'there is no python3' >&2; exit 127; }
mkdir -p "$0" && cat >"$0/$1"
"""
SCRIPT = Path(flow_agent.__file__)


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

    def as_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {name: direction.as_dict() for name, direction in self.directions.items()}


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    now_ns: int
    port: int = 0
    received: int = 0
    last_us: dict[int, int] = {}
    refused: str = ""


class _Log(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    ports: list[int]
    sent_us: str
    refused: str
    arrived_flow: str
    arrived_sequence: str
    arrived_us: str


_Read = TypeVar("_Read", _Answer, _Log)


class End:
    """One host with its agent, and how its clock lies to ours."""

    def __init__(self, host: Host, python: str, script: Path) -> None:
        self.host = host
        self.offset_s = 0.0
        self.clock_shared = True
        self._python = (python, "-I")
        self._script = script
        self._asker = script.parent / SCRIPT.name
        self._token = ""
        self._served: Future[Completed] | None = None

    @property
    def serving(self) -> bool:
        """Whether its agent has been started and has not ended."""
        return self._served is not None and not self._served.done()

    def serve(self, pool: ThreadPoolExecutor, token: str, lifetime_s: float, port: int) -> None:
        """Start the agent in a thread."""
        self._token = token
        argv = (*self._python, str(self._script), "serve", token, str(lifetime_s), str(port))
        self._served = pool.submit(self.host.run, argv, timeout_s=lifetime_s + _RUN_S)

    def ask(self, what: str, **details: object) -> _Answer:
        """Pass a request to the agent and return its answer.

        Answers are lost at times: a command in a pod goes through an API server and a kubelet, which may
        hang or break while the agent measures on. It is asked again then; a request repeated changes nothing.
        """
        argv = (*self._python, str(self._asker), "ask", self._token, str(_ASK_S))
        request = json.dumps({"what": what, **details})
        lost = 0
        for _ in range(_ASK_TIMES):
            try:
                done = self.host.run(argv, timeout_s=_RUN_S, stdin=request)
            except (CommandError, CloudUnreachableError):
                lost += 1
                if lost == _LOST_TIMES:
                    raise
                continue
            if done.returncode == 0:
                break
            if not self.serving:
                self.log()  # raises what ended the agent, which tells more than that nobody answered
                raise _failed(self.host, done)
        else:
            raise _failed(self.host, done)
        answer = _parse(_Answer, done, self.host)
        if answer.refused:
            raise HostError(
                problem=f"the flow agent on {self.host.name} {answer.refused}",
                remedy="Start a new measurement",
            )
        return answer

    def end(self) -> None:
        """Have the agent end, if it has not."""
        try:
            if self.serving:
                self.ask("end")
        except TwinspanError:
            if self.serving:  # or it has ended, and only its answer was lost
                raise

    def greet(self) -> int:
        """Wait for the agent, compare clocks, and return the port it receives on.

        A clock that is not ours is off by half of the shortest of some round trips at most.
        """
        shortest_s = math.inf
        for _ in range(_GREETINGS):
            before_s = time.monotonic()
            answer = self.ask("ready")
            after_s, now_s = time.monotonic(), answer.now_ns / 1e9
            self.clock_shared = before_s <= now_s <= after_s
            if self.clock_shared:
                self.offset_s = 0.0
                break
            if after_s - before_s < shortest_s:
                shortest_s = after_s - before_s
                self.offset_s = now_s - (before_s + after_s) / 2
        return answer.port

    def log(self) -> _Log:
        """Wait for the agent's end and return its log."""
        if self._served is None:
            raise HostError(problem="the flows are not running", remedy="Call start() first")
        done = self._served.result()
        if done.returncode != 0:
            raise _failed(self.host, done)
        return _parse(_Log, done, self.host)


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
        try:
            for end in self._ends:
                end.serve(self._pool, token, self._max_s, self._port)
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
        except BaseException:
            self.close()
            raise

    def progress(self) -> dict[str, Progress]:
        """Return how both directions are doing now, e.g. to wait until every flow is heard again.

        Raises:
            TwinspanError: A host cannot be reached, or its agent has ended.
        """
        found = {}
        for sender, receiver in (self._ends, self._ends[::-1]):
            answer = self.witness(sender, receiver).ask("progress")
            silent = {flow: answer.now_ns / 1e9 - last / 1e6 for flow, last in answer.last_us.items()}
            found[_name(sender, receiver)] = Progress(received=answer.received, silent_s=silent)
        return found

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
        for end in self._ends:
            with contextlib.suppress(TwinspanError):  # a host that is gone has no agent either
                end.end()
        # Not waited for: a host that hangs may keep its thread until the agent's lifetime is over.
        self._pool.shutdown(wait=False)

    def _direction(self, sender: End, sent: _Log, receiver: End, received: _Log) -> DirectionLog:
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
    done = host.run(argv, timeout_s=_RUN_S, stdin=SCRIPT.read_text())
    if done.returncode != 0:
        raise _failed(host, done)


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
    with FlowMeter(a, b, flows=flows, rate_hz=rate_hz, max_s=limit_s + 2 * _RUN_S) as meter:
        if stop is None:
            pause(limit_s)
        else:
            wait_until(stop, bool, what="end of the measurement", timeout_s=limit_s)
        return meter.stop()


def _new_pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=2, thread_name_prefix="flows")


def _name(sender: End, receiver: End) -> str:
    return f"{sender.host.side}->{receiver.host.side}"


def _failed(host: Host, done: Completed) -> CommandError:
    lines = (done.stderr or done.stdout).strip().splitlines()
    # A Python traceback says what happened in its last line.
    return CommandError(done.argv, done.returncode, f"on {host.name}: {lines[-1] if lines else 'no word'}")


def _parse(kind: type[_Read], done: Completed, host: Host) -> _Read:
    try:
        return kind.model_validate_json(done.stdout)
    except ValidationError as error:
        raise CommandError(
            done.argv, done.returncode, f"on {host.name}: unreadable answer: {error}"
        ) from error
