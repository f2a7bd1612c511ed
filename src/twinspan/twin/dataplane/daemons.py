"""Daemons that must live: started in a namespace, watched, started again when they die."""

import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence

from twinspan.errors import TwinspanError
from twinspan.twin.dataplane.events import Journal, log
from twinspan.twin.dataplane.namespaces import inside_argv
from twinspan.wait import pause

_RESTART_AFTER_S = 0.2
_STOP_WITHIN_S = 1.0


class Daemon:
    """One process in a namespace. If it ends by itself it is started again.

    `before_start` is called before each start, `on_start` after it.

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
    ) -> None:
        self.role = role
        self._argv = inside_argv(namespace, argv)
        self._environment = dict(environment)
        self._journal = journal
        self._on_line = on_line
        self._before_start = before_start
        self._on_start = on_start
        self._lock = threading.Lock()
        self._wanted = False
        self._process: subprocess.Popen[str] | None = None

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

    def stop(self) -> None:
        """End it for good."""
        with self._lock:
            self._wanted = False
            process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout=_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _spawn(self) -> subprocess.Popen[str]:
        self._before_start()
        process = subprocess.Popen(
            self._argv,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        self._process = process
        threading.Thread(target=self._read, args=(process,), name=f"{self.role} log", daemon=True).start()
        return process

    def _read(self, process: subprocess.Popen[str]) -> None:
        if process.stderr is not None:
            for line in process.stderr:
                self._on_line(line.rstrip("\n"))

    def _watch(self, process: subprocess.Popen[str]) -> None:
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

    def _again(self) -> subprocess.Popen[str] | None:
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
