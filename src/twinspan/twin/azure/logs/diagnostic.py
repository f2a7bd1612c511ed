"""Diagnostic logs of the gateway: what the data plane's journal says, where diagnostic settings send it."""

from collections.abc import Callable

from twinspan.network.model import AzureNetwork
from twinspan.protocols import Event
from twinspan.twin.azure.logs.rows import line_of
from twinspan.twin.azure.logs.table import LogTable, Stored

_SAME_CAUSE_S = 5.0
"""A tunnel that goes down within this time of a dead peer's detection went down because of it."""

Destinations = Callable[[str, str], tuple[str, ...]]


class DiagnosticLogs:
    """Writes rows for events; what happened before there was a setting is not logged later, as in the cloud.

    Args:
        table: Where rows go.
        network: Says what Azure has; None while that is not known.
        destinations: Returns the workspaces that a gateway's category goes to.
    """

    def __init__(
        self,
        table: LogTable,
        *,
        network: Callable[[], AzureNetwork | None],
        destinations: Destinations,
    ) -> None:
        self._table = table
        self._network = network
        self._destinations = destinations
        self._timeouts: dict[str, float] = {}

    def note(self, event: Event, at_s: float) -> None:
        """Log an event that was at `at_s`, seconds since 1970."""
        if event.kind == "dpd-timeout":
            self._timeouts[event.subject] = event.at_s
        azure = self._network()
        line = line_of(event, azure, reason=self._reason(event)) if azure is not None else None
        if line is None:
            return
        for workspace in self._destinations(line.gateway_id, line.category):
            self._table.add(workspace, Stored(at_s=at_s, columns=line.columns))

    def _reason(self, event: Event) -> str:
        timeout_s = self._timeouts.get(event.subject)
        recent = timeout_s is not None and event.at_s - timeout_s < _SAME_CAUSE_S
        return "DPD timed out" if event.kind == "child-down" and recent else ""
