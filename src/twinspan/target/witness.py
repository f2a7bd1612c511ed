"""What the clouds' APIs show, as the witness of a drill."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from twinspan.network.links import TunnelLink
from twinspan.target.api_events import ApiEvents
from twinspan.target.pace import CLOUD, Pace
from twinspan.target.place import Witness

_HOLD_PROFILE = "fixed"
"""No API shows what a gateway does: the longer of both possibilities is what an outage is held against."""


@contextmanager
def api_witness(links: Callable[[], Sequence[TunnelLink]], *, pace: Pace | None = None) -> Iterator[Witness]:
    """Watch the clouds' telemetry while the block runs.

    Args:
        links: Reads all tunnels.
        pace: How long the clouds may take; None for what they take in reality.

    Raises:
        CloudError: A cloud cannot be asked.
    """
    own = pace or CLOUD
    with ApiEvents(links, poll_s=own.poll_s) as events:
        yield Witness(events=events, hold_profile=_HOLD_PROFILE, pace=own, stop_reason=events.stop_reason)
