"""The rows of every workspace, in memory and bounded: no log is part of a twin's saved state."""

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

_KEPT = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One row.

    Attributes:
        at_s: `TimeGenerated`, seconds since 1970.
        columns: The others; a column that is absent is empty.
    """

    at_s: float
    columns: Mapping[str, str]


class LogTable:
    """AzureDiagnostics of all workspaces, by their id in lower case. Thread safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[str, deque[Stored]] = {}

    def add(self, workspace: str, row: Stored) -> None:
        """Keep a row."""
        with self._lock:
            self._rows.setdefault(workspace.lower(), deque(maxlen=_KEPT)).append(row)

    def rows(self, workspace: str) -> tuple[Stored, ...]:
        """Return a workspace's rows, oldest first."""
        with self._lock:
            return tuple(self._rows.get(workspace.lower(), ()))
