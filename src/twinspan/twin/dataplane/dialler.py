"""Who starts a negotiation, and when again."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from twinspan.twin.attempts import for_each
from twinspan.twin.dataplane.endpoint import Endpoint
from twinspan.twin.dataplane.tunnels import Tunnels
from twinspan.twin.loops import Loop

_TICK_S = 0.05
_REFUSED_AGAIN_AFTER_S = 2.0
_SILENT_AGAIN_AFTER_S = 4.0
"""Neither cloud publishes how often it tries; a tunnel in the twin is back this soon after a cut."""
_SPARE_AFTER_S = 1.0
"""How long AWS's end may take to close the tunnel beside the one that it keeps."""


class Dialler:
    """Dials for every end that dials and has no tunnel.

    If both ends of a tunnel would dial, AWS's does: two negotiations at once would leave two tunnels.
    Azure's does if AWS's still believes in a tunnel that Azure's end has lost; it stops when AWS's begins. If
    both get through all the same, AWS's end keeps one, and Azure's forgets what AWS's no longer knows.

    Args:
        tunnels: Whose ends initiate.
        building: Returns whether any of them may still be built or changed.
    """

    def __init__(self, tunnels: Tunnels, *, building: Callable[[], bool]) -> None:
        self._tunnels = tunnels
        self._building = building
        self._next_s: dict[str, float] = {}

    def start(self) -> None:
        """Work for ever."""
        Loop("dialler", self.tick, every_s=_TICK_S).start()

    def tick(self) -> None:
        """Look at every end once; while ends are being built none dials, or the peer is not ready.

        Raises:
            ItemsError: Some ends cannot be handled; the others were.
        """
        if self._building():
            return
        now = time.monotonic()
        ends = list(self._tunnels.ends.values())
        for_each(ends, lambda end: self._look(end, ends, now), name=lambda end: end.spec.key)

    def _look(self, end: Endpoint, ends: list[Endpoint], now: float) -> None:
        key = end.spec.key
        if end.charon.child_up:
            self._next_s[key] = now
            end.charon.keep_one(after_s=0.0 if end.spec.side == "aws" else _SPARE_AFTER_S)
        elif self._left_to_peer(end, ends):
            end.charon.hang_up()
        elif self._due(end, now):
            self._next_s[key] = now + _REFUSED_AGAIN_AFTER_S
            end.charon.dial(give_up_after_s=_SILENT_AGAIN_AFTER_S)

    def _due(self, end: Endpoint, now: float) -> bool:
        return end.charon.ready and self._dials(end) and now >= self._next_s.get(end.spec.key, 0.0)

    def _dials(self, end: Endpoint) -> bool:
        charon = end.charon
        if charon.given_up:
            return end.spec.ike.dead_peer.action == "restart"
        return end.spec.ike.dials

    def _left_to_peer(self, end: Endpoint, ends: list[Endpoint]) -> bool:
        if end.spec.side == "aws":
            return False
        return any(
            other.spec.side == "aws"
            and other.spec.local_address == end.spec.remote_address
            and other.spec.remote_address == end.spec.local_address
            and self._dials(other)
            and not _long_up(other)
            for other in ends
        )


def _long_up(end: Endpoint) -> bool:
    """Return whether an end believes in its tunnel; longer than the two ends' news are apart."""
    since = end.charon.child_since
    if not end.charon.child_up or since is None:
        return False
    return (datetime.now(UTC) - since).total_seconds() > _REFUSED_AGAIN_AFTER_S
