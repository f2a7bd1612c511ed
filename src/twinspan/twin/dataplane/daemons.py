"""Daemons that must live: started in a namespace, watched, started again when they die."""

import os
import select
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from twinspan.protocols import ON_PURPOSE
from twinspan.twin.attempts import attempt, raise_any
from twinspan.twin.dataplane.events import Journal
from twinspan.twin.dataplane.namespaces import inside_argv
from twinspan.twin.loops import LAST, Loop
from twinspan.wait import pause

_RESTART_AFTER_S, _RESTART_AT_MOST_S = 0.2, 10.0
"""Pause before it is started again: twice as long each time that it has ended soon after its start."""
_SOON_S = 10.0
_FAILING_AFTER = 3
_STOP_WITHIN_S = 5.0
_READ_BYTES = 65536
_SHOWN = 60


class Output:
    """What a process writes, line by line, each handed over once and in order.

    Args:
        descriptor: The reading end of its pipe; closed at the end.
        on_line: Called with each line, without its end.
    """

    def __init__(self, descriptor: int, on_line: Callable[[str], None]) -> None:
        self._descriptor = descriptor
        self._on_line = on_line
        self._lock = threading.Lock()
        self._rest = b""
        self._ended = False
        self._problems: list[str] = []

    def follow(self) -> float | None:
        """Wait for lines and hand them over; a turn of a loop, until the process closes its end.

        Raises:
            ItemsError: Some could not be handled; the others were.
        """
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        poll.poll()
        self.drain()
        if self._ended:
            os.close(self._descriptor)
            return LAST
        problems, self._problems = self._problems, []
        raise_any(problems)
        return None

    def drain(self) -> None:
        """Hand over now what has been written so far; `follow` reports lines that cannot be handled."""
        poll = select.poll()
        with self._lock:
            if self._ended:
                return
            poll.register(self._descriptor, select.POLLIN)
            while not self._ended and poll.poll(0):
                self._take(os.read(self._descriptor, _READ_BYTES))

    def _take(self, data: bytes) -> None:
        if not data:
            self._ended = True
            data = b"\n" if self._rest else b""
        *lines, self._rest = (self._rest + data).split(b"\n")
        attempt(
            [line.decode(errors="replace") for line in lines],
            self._on_line,
            name=lambda line: f"line {line[:_SHOWN]!r}",
            problems=self._problems,
        )


class Daemon:
    """One process in a namespace. If it ends by itself it is started again, after longer and longer if soon.

    `before_start` is called before each start, `on_start` after it. `umask`: its own; -1: the agent's.

    Attributes:
        role: What it is, e.g. `charon vpn-0a.../203.0.113.1`.
    """

    def __init__(
        self,
        *,
        role: str,
        namespace: str,
        argv: Sequence[str],
        environment: Mapping[str, str],
        journal: Journal,
        on_line: Callable[[str], None],
        before_start: Callable[[], None],
        on_start: Callable[[], None],
        umask: int = -1,
    ) -> None:
        self.role = role
        self._umask = umask
        self._argv = inside_argv(namespace, argv)
        self._environment = dict(environment)
        self._journal = journal
        self._on_line = on_line
        self._before_start = before_start
        self._on_start = on_start
        self._lock = threading.Lock()
        self._mourned: subprocess.Popen[bytes] | None = None
        self._started_s = 0.0
        self._soon_ended = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._output: Output | None = None

    @property
    def pid(self) -> int | None:
        """Its process id in the agent's namespace; None if it is not running."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    @property
    def failing(self) -> bool:
        """Whether it has ended soon after each of its last starts, and has not run for longer since."""
        lives = self.pid is not None and time.monotonic() - self._started_s >= _SOON_S
        return self._soon_ended >= _FAILING_AFTER and not lives

    def start(self) -> None:
        """Start it and call `on_start`; if that fails, it does not run."""
        process = self._spawn()
        try:
            self._on_start()
        except BaseException:
            self.stop()
            raise
        Loop(self.role, partial(self._watch, [process]), retry_s=_RESTART_AFTER_S).start()

    def stop(self, *, politely: bool = True) -> None:
        """End it until `start`; `politely` lets it take leave of its peers, as a power cut does not."""
        with self._lock:
            process, self._process = self._process, None
        if process is None:
            return
        if not politely:
            self._journal.add("daemon-died", self.role, ON_PURPOSE)
            process.kill()
        process.terminate()
        try:
            process.wait(timeout=_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def drain(self) -> None:
        """Hand over to `on_line` all that it has written so far."""
        if self._output is not None:
            self._output.drain()

    def _spawn(self) -> subprocess.Popen[bytes]:
        self._before_start()
        reader, writer = os.pipe2(os.O_CLOEXEC)
        try:
            process = subprocess.Popen(
                self._argv,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=writer,
                umask=self._umask,
            )
        except OSError:
            os.close(reader)
            raise
        finally:
            os.close(writer)
        self._process = process
        self._started_s = time.monotonic()
        self._output = Output(reader, self._on_line)
        Loop(f"{self.role} log", self._output.follow, retry_s=_RESTART_AFTER_S).start()
        return process

    def _watch(self, watched: list[subprocess.Popen[bytes]]) -> float | None:
        """Wait until the process ends, and start it again unless it was stopped; a turn of a loop."""
        process = watched[0]
        status = process.wait()
        if self._process is not process:
            return LAST
        if self._mourned is not process:
            self._mourned = process
            self._soon_ended = self._soon_ended + 1 if time.monotonic() - self._started_s < _SOON_S else 1
            self._journal.add("daemon-died", self.role, f"exit status {status}")
        pause(min(_RESTART_AFTER_S * 2 ** (self._soon_ended - 1), _RESTART_AT_MOST_S))
        with self._lock:
            if self._process is not process:
                return LAST
            watched[0] = self._spawn()
        try:
            self._on_start()
        except BaseException:
            watched[0].kill()
            raise
        self._journal.add("daemon-restarted", self.role, f"process {watched[0].pid}")
        return None
