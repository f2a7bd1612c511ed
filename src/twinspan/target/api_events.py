"""What the clouds' APIs tell of their tunnels, as events: the only witness where no daemon can be asked.

An event's time is that of the look that saw it. Telemetry is late by what the cloud takes to refresh it:
it tells that a tunnel went down and came back, and when at the latest, not how long packets were lost.
"""

import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from twinspan.errors import CloudError
from twinspan.network.azure import CONNECTED
from twinspan.network.links import TunnelLink
from twinspan.network.model import TelemetryStatus
from twinspan.protocols import Event

TELEMETRY_DOWN, TELEMETRY_UP = "telemetry-down", "telemetry-up"
"""Kinds of events of a cloud's API: late, and not what ended an outage."""


class ApiEvents:
    """Looks at the telemetry in a thread of its own; a context manager, and an `Events`.

    Args:
        links: Reads all tunnels.
        poll_s: Pause between two looks, seconds.
    """

    def __init__(self, links: Callable[[], Sequence[TunnelLink]], *, poll_s: float) -> None:
        self._links = links
        self._poll_s = poll_s
        self._lock = threading.Lock()
        self._events: list[Event] = []
        self._states: dict[str, bool] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="telemetry", daemon=True)

    def __enter__(self) -> Self:
        self.look()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()

    def now_s(self) -> float:
        """Return this machine's monotonic clock, seconds."""
        return time.monotonic()

    def since(self, at_s: float) -> Sequence[Event]:
        """Return the events from `at_s` on, oldest first."""
        with self._lock:
            return tuple(event for event in self._events if event.at_s >= at_s)

    def stop_reason(self) -> str:
        """Return why a drill must be broken off: AWS says that no tunnel is up any longer; else nothing."""
        with self._lock:
            aws = [up for subject, up in self._states.items() if subject.startswith("vpn-")]
        return "no tunnel was up any longer" if aws and not any(aws) else ""

    def look(self) -> None:
        """Look once, and note what has changed.

        Raises:
            CloudError: A cloud cannot be asked.
        """
        states, words = {}, {}
        for link in self._links():
            for subject, up, detail in _states(link):
                states[subject], words[subject] = up, detail
        now_s = self.now_s()
        with self._lock:
            for subject, up in states.items():
                if self._states.get(subject, up) != up:
                    kind = TELEMETRY_UP if up else TELEMETRY_DOWN
                    self._events.append(Event(at_s=now_s, kind=kind, subject=subject, detail=words[subject]))
            self._states = states

    def _run(self) -> None:
        while not self._stopping.wait(self._poll_s):
            try:
                self.look()
            except CloudError as error:
                with self._lock:
                    self._events.append(
                        Event(at_s=self.now_s(), kind="cloud-silent", subject="", detail=str(error))
                    )


def _states(link: TunnelLink) -> Sequence[tuple[str, bool, str]]:
    """Return subject, state and the cloud's words for each end that tells one."""
    states = []
    if link.vpn_connection and link.tunnel:
        telemetry = link.tunnel.telemetry
        up = telemetry is not None and telemetry.status is TelemetryStatus.UP
        words = (
            f"{telemetry.status.value} {telemetry.status_message}".strip() if telemetry else "no telemetry"
        )
        states.append((f"{link.vpn_connection.id}/{link.tunnel.outside_ip_address}", up, words))
    if link.azure_connection:
        status = link.azure_connection.connection_status
        public = link.instance.public_ip_address if link.instance else ""
        states.append((f"{link.azure_connection.id}/{public}", status == CONNECTED, status))
    return states
