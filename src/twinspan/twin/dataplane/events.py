"""The agent's journal: what daemons did, and when, on the monotonic clock."""

import os
import stat
import sys
import threading
import time
from collections import deque
from pathlib import Path

from twinspan.protocols import Event

_KEPT = 20_000

LOG_LIMIT_BYTES = 8 * 1024 * 1024
"""How long the log may get; then its older half goes."""

_WRITING = threading.Lock()


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
    with _WRITING:
        sys.stderr.write(f"{time.monotonic():.3f} {subject}: {text}\n")
        sys.stderr.flush()
        shorten(sys.stderr.fileno(), LOG_LIMIT_BYTES)


def shorten(log_file: int, limit_bytes: int) -> None:
    """Drop the older half of a log that has outgrown its limit; nothing happens to a pipe or a terminal.

    Args:
        log_file: A descriptor that appends.
        limit_bytes: What it may hold, in bytes.
    """
    if not stat.S_ISREG(os.fstat(log_file).st_mode) or os.fstat(log_file).st_size <= limit_bytes:
        return
    with Path(f"/proc/self/fd/{log_file}").open("rb") as whole:
        whole.seek(-limit_bytes // 2, os.SEEK_END)
        whole.readline()
        kept = whole.read()
    os.ftruncate(log_file, 0)
    os.write(log_file, kept)
