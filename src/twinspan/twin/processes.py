"""Which process is ours: a pid alone does not say, since pids are used again."""

import json
import os
import signal
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from twinspan.errors import WaitTimeoutError
from twinspan.wait import wait_until

_STATE, _START_TIME = 0, 19
"""Places in /proc/PID/stat after the command's closing parenthesis. Source: proc_pid_stat(5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process of one boot of this machine.

    Attributes:
        pid: Its pid.
        start_time: When it started, in clock ticks since boot.
        boot_id: Which boot.
    """

    pid: int
    start_time: int
    boot_id: str

    @classmethod
    def of(cls, pid: int) -> Self | None:
        """Return the running process with that pid; None if there is none (a zombie runs no more)."""
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        if fields[_STATE] in "ZX":
            return None
        return cls(pid=pid, start_time=int(fields[_START_TIME]), boot_id=_boot_id())

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """Read what `save` wrote; None if there is nothing usable."""
        try:
            record = json.loads(path.read_text())
            return cls(
                pid=int(record["pid"]),
                start_time=int(record["start_time"]),
                boot_id=str(record["boot_id"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def save(self, path: Path) -> None:
        """Write it down."""
        path.write_text(json.dumps(asdict(self)))

    @property
    def alive(self) -> bool:
        """Whether this very process still runs."""
        return Process.of(self.pid) == self

    def end(self, *, grace_s: float) -> None:
        """Ask it to end, and kill it if it has not after `grace_s` seconds. Does nothing if it is gone.

        A pidfd keeps the signal from reaching another process that got the same pid meanwhile.

        Raises:
            WaitTimeoutError: It survives even SIGKILL.
        """
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return
        try:
            if not self.alive:
                return
            signal.pidfd_send_signal(handle, signal.SIGTERM)
            try:
                self._wait_for_end(grace_s)
            except WaitTimeoutError:
                signal.pidfd_send_signal(handle, signal.SIGKILL)
                self._wait_for_end(grace_s)
        except ProcessLookupError:
            return
        finally:
            os.close(handle)
            with suppress(ChildProcessError):
                os.waitpid(self.pid, os.WNOHANG)

    def _wait_for_end(self, limit_s: float) -> None:
        wait_until(
            lambda: self.alive,
            lambda alive: not alive,
            what=f"end of process {self.pid}",
            timeout_s=limit_s,
            interval_s=0.01,
        )


def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
