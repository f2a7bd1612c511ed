"""Daemons that must live: started in a namespace, watched, started again when they die."""

import os
import select
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence

from twinspan.errors import TwinspanError
from twinspan.protocols import ON_PURPOSE
from twinspan.twin.dataplane.events import Journal, log
from twinspan.twin.dataplane.namespaces import inside_argv
from twinspan.wait import pause

_RESTART_AFTER_S = 0.2
_STOP_WITHIN_S = 1.0
_READ_BYTES = 65536


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

    def follow(self) -> None:
        """Hand lines over until the process closes its end."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        while not self._ended:
            poll.poll()
            self.drain()
        os.close(self._descriptor)

    def drain(self) -> None:
        """Hand over now what has been written so far."""
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
        for line in lines:
            self._on_line(line.decode(errors="replace"))


class Daemon:
    """One process in a namespace. If it ends by itself it is started again.

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
        self._wanted = False
        self._process: subprocess.Popen[bytes] | None = None
        self._output: Output | None = None

    @property
    def pid(self) -> int | None:
        """Its process id in the agent's namespace; None if it is not running."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        """Start it and call `on_start`."""
        self._wanted = True
        process = self._spawn()
        self._on_start()
        threading.Thread(target=self._watch, args=(process,), name=self.role, daemon=True).start()

    def stop(self, *, politely: bool = True) -> None:
        """End it until `start`; `politely` lets it take leave of its peers, as a power cut does not."""
        with self._lock:
            self._wanted = False
            process = self._process
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
        self._output = Output(reader, self._on_line)
        threading.Thread(target=self._output.follow, name=f"{self.role} log", daemon=True).start()
        return process

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        while True:
            status = process.wait()
            if not self._wanted:
                return
            self._journal.add("daemon-died", self.role, f"exit status {status}")
            pause(_RESTART_AFTER_S)
            again = self._again()
            if again is None:
                return
            process = again

    def _again(self) -> subprocess.Popen[bytes] | None:
        """Start it once more; None if it is not wanted any longer."""
        with self._lock:
            if not self._wanted:
                return None
            process = self._spawn()
        try:
            self._on_start()
        except (TwinspanError, OSError) as error:
            log(self.role, f"did not come back: {error}")
            process.kill()
        else:
            self._journal.add("daemon-restarted", self.role, f"process {process.pid}")
        return process
