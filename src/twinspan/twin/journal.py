"""The loop that tells others what the data plane's journal says."""

import time
from collections.abc import Callable, Iterable, Sequence

from twinspan.errors import TwinspanError
from twinspan.protocols import Event
from twinspan.twin.attempts import for_each
from twinspan.twin.loops import Loop

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
        self._loop = Loop("journal", self._turn, every_s=TICK_S)

    def start(self) -> None:
        """Start the loop."""
        self._loop.start()

    def stop(self) -> None:
        """End the loop and wait for it."""
        self._loop.stop()

    def follow(self) -> None:
        """Tell what has happened since the last call."""
        self._tell(self._events(self._last_s))

    def _tell(self, events: Iterable[Event]) -> None:
        """Tell every sink of each new event, also if one of them fails."""
        boot_s, last_s = time.time() - time.monotonic(), self._last_s
        deliveries = [(event, sink) for event in events if event.at_s > last_s for sink in self._sinks]
        self._last_s = max((event.at_s for event, _ in deliveries), default=last_s)
        for_each(
            deliveries,
            lambda pair: pair[1](pair[0], boot_s + pair[0].at_s),
            name=lambda pair: f"{pair[0].kind} of {pair[0].subject}",
        )

    def _turn(self) -> None:
        try:
            events = self._events(self._last_s)
        except TwinspanError:
            return  # the agent is being replaced
        self._tell(events)
