"""One host's flow agent, spoken to through `Host.run`."""

import json
import math
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from twinspan.command import Completed
from twinspan.drill import flow_agent
from twinspan.errors import CloudUnreachableError, CommandError, HostError, TwinspanError
from twinspan.protocols import Host

RUN_S = 15.0
"""Seconds that a command on a host may take, besides what the agent itself is to do."""
SCRIPT = Path(flow_agent.__file__)
_ASK_S = 1.0
_ASK_TIMES = 10
_LOST_TIMES = 3
_GREETINGS = 5


class Answer(BaseModel):
    """What an agent answers to a request. `last_us`: flow -> when its last packet arrived."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    now_ns: int
    port: int = 0
    received: int = 0
    last_us: dict[int, int] = {}
    refused: str = ""


class AgentLog(BaseModel):
    """What an agent prints when it ends; times in microseconds, packed by `flow_agent.pack`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ports: list[int]
    sent_us: str
    refused: str
    arrived_flow: str
    arrived_sequence: str
    arrived_us: str


_Read = TypeVar("_Read", Answer, AgentLog)


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

    def serve(
        self, pool: ThreadPoolExecutor, token: str, *, lifetime_s: float, port: int, lease_s: float
    ) -> None:
        """Start the agent in a thread; it ends by itself when it has not been asked for `lease_s` seconds."""
        self._token = token
        numbers = (str(lifetime_s), str(port), str(lease_s))
        argv = (*self._python, str(self._script), "serve", token, *numbers)
        self._served = pool.submit(self.host.run, argv, timeout_s=lifetime_s + RUN_S)

    def ask(self, what: str, **details: object) -> Answer:
        """Pass a request to the agent and return its answer.

        Answers are lost at times: a command in a pod goes through an API server and a kubelet, which may
        hang or break while the agent measures on. It is asked again then; a request repeated changes nothing.
        """
        argv = (*self._python, str(self._asker), "ask", self._token, str(_ASK_S))
        request = json.dumps({"what": what, **details})
        lost = 0
        for _ in range(_ASK_TIMES):
            try:
                done = self.host.run(argv, timeout_s=RUN_S, stdin=request)
            except (CommandError, CloudUnreachableError):
                lost += 1
                if lost == _LOST_TIMES:
                    raise
                continue
            if done.returncode == 0:
                break
            if not self.serving:
                self.log()  # raises what ended the agent, which tells more than that nobody answered
                raise failed(self.host, done)
        else:
            raise failed(self.host, done)
        answer = _parse(Answer, done, self.host)
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

    def log(self) -> AgentLog:
        """Wait for the agent's end and return its log."""
        if self._served is None:
            raise HostError(problem="the flows are not running", remedy="Call start() first")
        done = self._served.result()
        if done.returncode != 0:
            raise failed(self.host, done)
        return _parse(AgentLog, done, self.host)


def failed(host: Host, done: Completed) -> CommandError:
    """Return the error that says why a command on a host failed."""
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
