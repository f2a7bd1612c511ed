"""The agent's journal and log: what daemons did, and when, on the monotonic clock."""

import logging
import os
import re
import stat
import threading
import time
from collections import deque

from twinspan.protocols import Event

_KEPT = 20_000
_LOG_LIMIT_BYTES = 4_000_000
_COPY_BYTES = 1 << 20
_KINDS_OF_LINES = 400
_VARYING = re.compile(r"\d+(?:\.\d+){3}|(?P<varies>\b[0-9a-f]{8}(?:_[io])?\b|\d+)")
"""Addresses, which stay; numbers and security parameter indexes, which do not count."""


class Journal:
    """Keeps the newest events and writes each to the twin's log."""

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


class CappedLog:
    """A log file that does not grow for ever.

    When it is full its text replaces that of a second file, and it starts again, empty. Both are given
    as open descriptors: the agent need not see the folder, and the files stay their owner's.

    Args:
        current: Descriptor to write to, opened for reading and appending.
        older: Descriptor of the second file; if either is no regular file, nothing is ever moved.
        limit_bytes: When `current` is full.
    """

    def __init__(self, *, current: int, older: int, limit_bytes: int = _LOG_LIMIT_BYTES) -> None:
        self._current = current
        self._older = older
        self._limit = limit_bytes
        self._lock = threading.Lock()

    def write(self, line: str) -> None:
        """Append a line, whose end is added."""
        with self._lock:
            if self._full():
                self._rotate()
            os.write(self._current, f"{line}\n".encode(errors="replace"))

    def _full(self) -> bool:
        now, older = os.fstat(self._current), os.fstat(self._older)
        distinct = (now.st_dev, now.st_ino) != (older.st_dev, older.st_ino)
        files = stat.S_ISREG(now.st_mode) and stat.S_ISREG(older.st_mode)
        return files and distinct and now.st_size >= self._limit

    def _rotate(self) -> None:
        os.ftruncate(self._older, 0)
        offset = 0
        while text := os.pread(self._current, _COPY_BYTES, offset):
            os.write(self._older, text)
            offset += len(text)
        os.ftruncate(self._current, 0)


class DaemonLines:
    """A daemon's lines in the twin's log: one that comes again and again is written once.

    Daemons that dial for ever would say the same every few seconds. Lines that differ in numbers only are
    the same. `fresh` makes all of them new, when something has happened to which they may belong.
    """

    def __init__(self, subject: str) -> None:
        self._subject = subject
        self._lock = threading.Lock()
        self._seen: set[str] = set()
        self._left_out = 0

    def add(self, text: str) -> None:
        """Write a line, unless one like it was written since the last `fresh`."""
        kind = _VARYING.sub(lambda match: "#" if match["varies"] else match[0], text)
        with self._lock:
            if kind in self._seen:
                self._left_out += 1
                return
            if len(self._seen) < _KINDS_OF_LINES:
                self._seen.add(kind)
        log(self._subject, text)

    def fresh(self) -> None:
        """Write all lines again, once each."""
        with self._lock:
            left_out, self._left_out = self._left_out, 0
            self._seen.clear()
        if left_out:
            log(self._subject, f"({left_out} lines like those before left out)")


_LOG = CappedLog(current=2, older=1)
"""The agent's standard error is the twin's log, its standard output the log's older part."""


class LogHandler(logging.Handler):
    """Writes what a module logs to the twin's log, too."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        log(record.name, self.format(record))


def log(subject: str, text: str) -> None:
    """Write a line to the twin's log."""
    _LOG.write(f"{time.monotonic():.3f} {subject}: {text}")
