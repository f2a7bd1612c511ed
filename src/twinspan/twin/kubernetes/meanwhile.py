"""Gets the Kubernetes programs while something else goes on."""

import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

import twinspan
from twinspan.errors import HostError
from twinspan.twin.loops import start_task
from twinspan.wait import pause

_LAST_OF_ALL = ("setpriv", "--pdeathsig", "KILL", "--", "nice", "-n", "19")
_LOOK_S = 0.5
_STOP_WITHIN_S = 10.0


class ProgramsMeanwhile:
    """Runs what `make kubernetes` runs, after everything else on this machine; ends with this process.

    Use it as a context manager: what is not done at its end is stopped, and goes on there the next time.

    Raises:
        HostError: There is no clone, which has the Go modules.
    """

    def __init__(self, clone: Path | None = None) -> None:
        clone = clone or Path(twinspan.__file__).parents[2]
        parts = [str(clone / part) for part in ("kubernetes", "coredns", "requirements-go.txt")]
        if not (clone / "kubernetes" / "go.mod").exists():
            raise HostError(
                problem=f"the Go modules of the Kubernetes programs are not in {clone}",
                remedy="Run it in a clone of twinspan, or let TWINSPAN_KUBERNETES name the programs",
            )
        self.last_line = ""
        self._process = subprocess.Popen(
            [*_LAST_OF_ALL, sys.executable, "-m", "twinspan.twin.kubernetes.install", *parts],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        # `nice` counts within a session only; this is the session's own. Source: sched(7), autogroup.
        with suppress(OSError):  # the kernel has none
            Path(f"/proc/{self._process.pid}/autogroup").write_text("19")
        self._reader = start_task("kubernetes programs", self._read)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it if it is not done."""
        self._process.terminate()
        try:
            self._process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(_STOP_WITHIN_S)

    def wait(self, tell: Callable[[str], None]) -> None:
        """Wait until it is done; `tell` is called twice a second with how far it is."""
        while self._process.poll() is None:
            tell(self.last_line)
            pause(_LOOK_S)
        self._reader.join(_STOP_WITHIN_S)

    @property
    def problem(self) -> str:
        """Why it failed, in its own words; empty if it did not, or goes on."""
        return self.last_line.removeprefix("error: ") if self._process.poll() else ""

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - asked for above
        with self._process.stdout as lines:
            for line in lines:
                self.last_line = line.strip() or self.last_line
