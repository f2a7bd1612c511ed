"""The loop that tells others what the data plane's journal says."""

import threading
import time
from collections.abc import Callable, Sequence

from twinspan.errors import TwinspanError
from twinspan.protocols import Event

TICK_S = 1.0
"""Pause between two looks, in seconds."""

Sink = Callable[[Event, float], None]
"""Told of an event, and of when it was in seconds since 1970."""


class JournalLoop:
    """Reads what is new in the journal and tells every sink of it, once.

    Args:
        events: Returns the journal's events since a moment of the monotonic clock, in seconds.
        sinks: Who is told, in this order.
    """

    def __init__(self, events: Callable[[float], tuple[Event, ...]], sinks: Sequence[Sink]) -> None:
        self._events = events
        self._sinks = sinks
        self._last_s = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    def start(self) -> None:
        """Start the loop."""
        self._thread.start()

    def stop(self) -> None:
        """End the loop and wait for it."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def follow(self) -> None:
        """Tell what has happened since the last call."""
        boot_s = time.time() - time.monotonic()
        for event in self._events(self._last_s):
            if event.at_s > self._last_s:
                self._last_s = event.at_s
                for sink in self._sinks:
                    sink(event, boot_s + event.at_s)

    def _run(self) -> None:
        while not self._stopping.wait(TICK_S):
            try:
                self.follow()
            except TwinspanError:
                continue  # the agent is being replaced
