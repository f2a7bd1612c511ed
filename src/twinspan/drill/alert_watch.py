"""Which alerts of both clouds ring while something is broken, and when they clear."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from pydantic import Field

from twinspan.errors import CloudError
from twinspan.network.clouds import CLOUD_NAMES, Cloud
from twinspan.results.document import Document, Thousandths

Key = tuple[Cloud, str, str]
"""Cloud, name, and what it rings for; empty if for nothing in particular."""


class FiredAlert(Document):
    """One alert of a run; seconds from the cut, as the look that saw it."""

    cloud: Cloud
    name: str = Field(description="Of the alarm or the rule.")
    about: str = Field(description="What it fired for where one rule watches several things; else empty.")
    rang_after_s: Thousandths
    cleared_after_s: Thousandths | None = Field(description="When it cleared; null if that was not seen.")

    @property
    def words(self) -> str:
        """Whose it is and what it rang for, for a reader."""
        about = f" ({self.about})" if self.about else ""
        return f"{CLOUD_NAMES[self.cloud]}'s {self.name}{about}"


class AlertWatch:
    """Looks at the alerts in a thread of its own; a context manager.

    What rings before the cut is none of the drill's, until it has been quiet once.

    Args:
        read: Returns the alerts that ring now.
        within_s: How long to wait for them, and for them to clear, seconds.
        poll_s: Pause between two looks, seconds.
    """

    def __init__(self, read: Callable[[], frozenset[Key]], *, within_s: float, poll_s: float) -> None:
        self.within_s = within_s
        self._read = read
        self._poll_s = poll_s
        self._lock = threading.Lock()
        self._before: frozenset[Key] = frozenset()
        self._rang_s: dict[Key, float] = {}
        self._cleared_s: dict[Key, float] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)

    def __enter__(self) -> Self:
        self.begin()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()

    def begin(self) -> None:
        """Forget earlier runs: what rings now is not of the next one.

        Raises:
            CloudError: A cloud cannot be asked.
        """
        ringing = self._read()
        with self._lock:
            self._before, self._rang_s, self._cleared_s = ringing, {}, {}

    def look(self) -> None:
        """Look once. Raises CloudError: a cloud cannot be asked."""
        ringing, now_s = self._read(), time.monotonic()
        with self._lock:
            self._before &= ringing
            for key in ringing - self._before:
                self._rang_s.setdefault(key, now_s)
                self._cleared_s.pop(key, None)
            for key in self._rang_s.keys() - ringing:
                self._cleared_s.setdefault(key, now_s)

    @property
    def both_rang(self) -> bool:
        """Whether an alert of each cloud has rung since `begin`."""
        with self._lock:
            return {cloud for cloud, _, _ in self._rang_s} == set(CLOUD_NAMES)

    @property
    def quiet(self) -> bool:
        """Whether every alert that has rung since `begin` is quiet again."""
        with self._lock:
            return self._rang_s.keys() == self._cleared_s.keys()

    def found(self, cut_at_s: float) -> tuple[FiredAlert, ...]:
        """Return what rang since `begin`, the first first."""
        with self._lock:
            return tuple(
                FiredAlert(
                    cloud=cloud,
                    name=name,
                    about=about,
                    rang_after_s=rang_s - cut_at_s,
                    cleared_after_s=cleared_s and cleared_s - cut_at_s,
                )
                for (cloud, name, about), rang_s in sorted(self._rang_s.items(), key=lambda item: item[1])
                for cleared_s in (self._cleared_s.get((cloud, name, about)),)
            )

    def _run(self) -> None:
        while not self._stopping.wait(self._poll_s):
            try:
                self.look()
            except CloudError:
                continue  # the next look tells; one that never can leaves the alerts unheard
