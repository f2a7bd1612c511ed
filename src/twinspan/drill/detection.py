"""Who noticed the dead tunnel, and by what."""

from collections.abc import Sequence
from dataclasses import dataclass

from twinspan.network.clouds import Cloud
from twinspan.network.links import TunnelLink
from twinspan.protocols import Event
from twinspan.target.api_events import TELEMETRY_DOWN

CAUSES = {
    "dpd-timeout": "dead peer detection",
    "bgp-hold-expired": "BGP hold timer",
    "ike-down": "IKE closed",
    "child-down": "IPsec closed",
    "bgp-down": "BGP closed",
    TELEMETRY_DOWN: "telemetry",
}
"""Event kind -> what noticed, for a reader; the two timers are named first."""
_TIMERS = ("dpd-timeout", "bgp-hold-expired")
_LAST_EFFECT = "bgp-down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """The moment one side noticed.

    Attributes:
        side: Which side.
        by: What noticed, in the words of `CAUSES`.
        after_s: Seconds after the cut.
        detail: The daemon's own words.
        kind: The event's kind, a key of `CAUSES`.
    """

    side: Cloud
    by: str
    after_s: float
    detail: str
    kind: str = ""


def side_of(event: Event, link: TunnelLink) -> Cloud | None:
    """Return which end of the tunnel an event is about; None if it is about something else.

    Subjects are `VPN connection id/outside address` and `Azure connection id/instance's public address`; the
    other instance's end of the same connection never comes up and must not count.
    """
    owner, _, address = event.subject.lower().rpartition("/")
    if link.azure_connection and owner == link.azure_connection.id.lower():
        public = link.instance.public_ip_address if link.instance else None
        return "azure" if public is None or address == str(public) else None
    if link.vpn_connection and link.tunnel and owner == link.vpn_connection.id:
        return "aws" if address == str(link.tunnel.outside_ip_address) else None
    return None


def first_detection(
    events: Sequence[Event], link: TunnelLink, side: Cloud, *, cut_at_s: float
) -> Detection | None:
    """Return what first noticed the cut on one side; None if nothing has.

    A side's BGP session ends last: by its own hold timer, or because IPsec went, which dead peer detection
    or the peer ended. So the cause is the side's own timer that fired first, if it fired before the session
    ended; a timer that fired later only found what was known. Without a timer it is whatever closed first.

    Args:
        events: Oldest first, of all tunnels.
        link: The tunnel that was cut.
        side: The side that may have noticed.
        cut_at_s: When it was cut, on the events' clock.
    """
    own = [e for e in events if e.at_s >= cut_at_s and e.kind in CAUSES and side_of(e, link) == side]
    if not own:
        return None
    end = next((index for index, event in enumerate(own) if event.kind == _LAST_EFFECT), len(own))
    cause = next((event for event in own[:end] if event.kind in _TIMERS), own[0])
    return Detection(
        side=side,
        by=CAUSES[cause.kind],
        after_s=cause.at_s - cut_at_s,
        detail=cause.detail,
        kind=cause.kind,
    )
