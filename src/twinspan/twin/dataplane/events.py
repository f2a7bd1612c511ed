"""The agent's journal: what daemons did, and when, on the monotonic clock."""

import sys
import threading
import time
from collections import deque

from twinspan.protocols import Event

_KEPT = 20_000


class Journal:
    """Keeps the newest events and writes each to standard error, which is the twin's log."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: deque[Event] = deque(maxlen=_KEPT)

    def add(self, kind: str, subject: str, detail: str = "") -> None:
        """Record an event now."""
        with self._lock:
            event = Event(at_s=time.monotonic(), kind=kind, subject=subject, detail=detail)
            self._events.append(event)
        log(subject, f"{kind}: {detail}" if detail else kind)

    def since(self, at_s: float) -> tuple[Event, ...]:
        """Return the events from `at_s` on, oldest first."""
        with self._lock:
            return tuple(event for event in self._events if event.at_s >= at_s)


def log(subject: str, text: str) -> None:
    """Write a line to the twin's log."""
    sys.stderr.write(f"{time.monotonic():.3f} {subject}: {text}\n")
    sys.stderr.flush()
