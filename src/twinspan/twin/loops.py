"""Threads of the control process and of the agent: no exception ends one that has more to do.

Every thread of both processes is made here; a test of the source sees to that. What goes on until it is
stopped is a `Loop`. What has an end, such as one connection or one request, is started by `start_task`.
"""

import logging
import math
import threading
from collections.abc import Callable

from twinspan.twin.attempts import words

RETRY_S = 1.0
"""Pause after a turn that failed, in seconds."""
LAST = math.inf
"""Returned by a turn after which there is no other."""
_DEFECTS_KEPT = 20

_LOG = logging.getLogger(__name__)


class Loop(threading.Thread):
    """Takes turns until it is stopped, whatever a turn raises.

    A failure is logged once, with its traceback, and again only if it changes; until a turn succeeds
    `failing_loops` names it.

    Args:
        name: What it does, in words for `problems`.
        turn: Takes one turn. Returns the pause before the next one in seconds, None for the usual one, or
            `LAST`. May wait for its own work.
        every_s: The usual pause, in seconds; also before the first turn.
        retry_s: Pause after a turn that failed, in seconds.
    """

    def __init__(
        self, name: str, turn: Callable[[], float | None], *, every_s: float = 0.0, retry_s: float = RETRY_S
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.failure = ""
        self._turn = turn
        self._every_s = every_s
        self._retry_s = retry_s
        self._ending = threading.Event()

    @property
    def ending(self) -> bool:
        """Whether `end` has been called."""
        return self._ending.is_set()

    def end(self) -> None:
        """Take no more turns; returns at once. What a turn under way raises from now on is not logged."""
        self._ending.set()

    def stop(self) -> None:
        """End it and wait for the turn under way; nothing happens if it was never started."""
        self.end()
        if self.ident is not None:
            self.join()

    def run(self) -> None:
        """Take turns; called by `start`."""
        pause_s = self._every_s
        while pause_s != LAST and not self._ending.wait(pause_s):
            try:
                asked_s = self._turn()
            except BaseException as error:  # noqa: BLE001 - whatever it is, the next turn may succeed
                self._failed(error)
                pause_s = self._retry_s
            else:
                self._succeeded()
                pause_s = self._every_s if asked_s is None else asked_s

    def _failed(self, error: BaseException) -> None:
        failure = f"{self.name}: {words(error)}"
        if failure != self.failure and not self.ending:
            _LOG.error("%s; trying again every %g s", failure, self._retry_s, exc_info=error)
        self.failure = failure

    def _succeeded(self) -> None:
        if self.failure:
            _LOG.warning("%s: it works again", self.name)
            self.failure = ""


def failing_loops() -> tuple[str, ...]:
    """Return the name and failure of each loop of this process whose last turn failed."""
    loops = [thread for thread in threading.enumerate() if isinstance(thread, Loop)]
    return tuple(sorted(loop.failure for loop in loops if loop.failure))


def start_task(name: str, work: Callable[[], object]) -> threading.Thread:
    """Run something that ends by itself on a thread of its own; what it raises is for `Defects`."""
    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    return thread


class Defects:
    """Keeps what ended tasks; each a defect of ours, which `status` must show."""

    def __init__(self) -> None:
        self._found: dict[str, None] = {}

    def install(self) -> None:
        """Note whatever ends a thread of this process from now on."""
        threading.excepthook = self._note

    @property
    def found(self) -> tuple[str, ...]:
        """Each once, the oldest first, and no more than the first few."""
        return tuple(self._found)

    def _note(self, failed: threading.ExceptHookArgs) -> None:
        name = failed.thread.name if failed.thread else "a thread"
        error = failed.exc_value or failed.exc_type()
        defect = f"defect: {name} ended with {words(error)}"
        if defect not in self._found and len(self._found) < _DEFECTS_KEPT:
            self._found[defect] = None
            _LOG.critical("%s", defect, exc_info=error)
