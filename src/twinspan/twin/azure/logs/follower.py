"""The loop that turns the data plane's journal into diagnostic logs."""

import threading
import time
from collections.abc import Callable

from twinspan.errors import TwinspanError
from twinspan.network.model import AzureNetwork
from twinspan.protocols import Event
from twinspan.twin.azure.logs.rows import line_of
from twinspan.twin.azure.logs.table import LogTable, Stored

_TICK_S = 1.0
_SAME_CAUSE_S = 5.0
"""A tunnel that goes down within this time of a dead peer's detection went down because of it."""

Destinations = Callable[[str, str], tuple[str, ...]]


class LogFollower:
    """Reads what is new in the journal and writes it where diagnostic settings say.

    What happened before there was a setting is not logged later, as in the cloud.

    Args:
        table: Where rows go.
        events: Returns the journal's events since a moment of the monotonic clock, in seconds.
        network: Says what Azure has; None while that is not known.
        destinations: Returns the workspaces that a gateway's category goes to.
    """

    def __init__(
        self,
        table: LogTable,
        *,
        events: Callable[[float], tuple[Event, ...]],
        network: Callable[[], AzureNetwork | None],
        destinations: Destinations,
    ) -> None:
        self._table = table
        self._events = events
        self._network = network
        self._destinations = destinations
        self._last_s = 0.0
        self._timeouts: dict[str, float] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="vpn-logs", daemon=True)

    def start(self) -> None:
        """Start the loop."""
        self._thread.start()

    def stop(self) -> None:
        """End the loop and wait for it."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def follow(self) -> None:
        """Log what has happened since the last call."""
        azure = self._network()
        if azure is None:
            return
        boot_s = time.time() - time.monotonic()
        for event in self._events(self._last_s):
            if event.at_s <= self._last_s:
                continue
            self._last_s = event.at_s
            if event.kind == "dpd-timeout":
                self._timeouts[event.subject] = event.at_s
            line = line_of(event, azure, reason=self._reason(event))
            if line is None:
                continue
            for workspace in self._destinations(line.gateway_id, line.category):
                self._table.add(workspace, Stored(at_s=boot_s + event.at_s, columns=line.columns))

    def _reason(self, event: Event) -> str:
        timeout_s = self._timeouts.get(event.subject)
        recent = timeout_s is not None and event.at_s - timeout_s < _SAME_CAUSE_S
        return "DPD timed out" if event.kind == "child-down" and recent else ""

    def _run(self) -> None:
        while not self._stopping.wait(_TICK_S):
            try:
                self.follow()
            except TwinspanError:
                continue  # the agent is being replaced; its journal begins anew
