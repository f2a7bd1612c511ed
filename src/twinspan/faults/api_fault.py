"""A fault made through a cloud's API, with a process beside it that undoes it if the drill dies."""

import contextlib
import subprocess
import sys
from dataclasses import dataclass
from typing import Self

from twinspan.cloud.endpoints import Endpoints
from twinspan.errors import HostError
from twinspan.faults.api_changes import CHANGE, ENDPOINTS, ApiChange, perform
from twinspan.faults.undo_watchdog import DONE
from twinspan.network.links import TunnelLink
from twinspan.network.model import VpnConnection

_ENDS_WITHIN_S = 10.0


class UndoWatchdog:
    """The drill's side of `faults.undo_watchdog`; a context manager.

    Args:
        endpoints: Where changes are undone.
        ends_within_s: How long the process may take to end once it has nothing to undo, in seconds.

    Raises:
        HostError: The process cannot be started, or has ended: nothing may be broken without it.
    """

    def __init__(self, endpoints: Endpoints, *, ends_within_s: float = _ENDS_WITHIN_S) -> None:
        self._ends_within_s = ends_within_s
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "twinspan.faults.undo_watchdog"],
                stdin=subprocess.PIPE,
                bufsize=0,  # what cannot be written must not wait to be written again at the end
                start_new_session=True,  # a Ctrl-C at the terminal must not end it too
            )
        except OSError as error:
            raise _absent(error) from error
        self._need(ENDPOINTS.dump_json(endpoints).decode())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def register(self, undo: ApiChange) -> None:
        """Have a change made if this process dies; call it before what it undoes.

        Raises:
            HostError: The process has ended.
        """
        self._need(CHANGE.dump_json(undo).decode())

    def release(self) -> None:
        """Let it go: everything has been undone. Never raises; a process that does not end is killed."""
        stdin = self._process.stdin
        if stdin and not stdin.closed:
            with contextlib.suppress(OSError):  # it has ended already
                self._tell(DONE)
            stdin.close()
        try:
            self._process.wait(timeout=self._ends_within_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _need(self, line: str) -> None:
        try:
            self._tell(line)
        except OSError as error:
            self.release()
            raise _absent(error) from error

    def _tell(self, line: str) -> None:
        if self._process.stdin:
            self._process.stdin.write(f"{line}\n".encode())


def _absent(error: OSError) -> HostError:
    return HostError(
        problem=f"the process that would undo the fault if the drill died is not there ({error})",
        remedy="Run the drill again; nothing has been broken",
    )


@dataclass(slots=True)
class ApiFault:
    """Breaks something through a cloud's API, and takes it back; a `protocols.Fault`.

    Attributes:
        endpoints: Both clouds.
        description: What it breaks.
        breaks: What to ask for, in this order.
        undoes: What undoes it, in this order; empty if it undoes itself.
    """

    endpoints: Endpoints
    description: str
    breaks: tuple[ApiChange, ...]
    undoes: tuple[ApiChange, ...] = ()
    watchdog: UndoWatchdog | None = None

    def inject(self) -> None:
        """Break it."""
        if self.undoes:
            self.watchdog = UndoWatchdog(self.endpoints)
            for change in reversed(self.undoes):
                self.watchdog.register(change)
        for change in self.breaks:
            perform(change, self.endpoints)

    def heal(self) -> None:
        """Undo it."""
        if self.watchdog is None:
            return
        for change in self.undoes:
            perform(change, self.endpoints)
        self.watchdog.release()
        self.watchdog = None


def vpn_connection(link: TunnelLink) -> VpnConnection:
    """Return a tunnel's VPN connection. Raises HostError: AWS does not know it."""
    if link.vpn_connection is None:
        raise HostError(problem=f"AWS does not know {link.label}", remedy="Run `twinspan verify`")
    return link.vpn_connection
