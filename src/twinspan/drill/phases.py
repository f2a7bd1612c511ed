"""An outage split in three: until somebody noticed, until traffic flowed again, until all was as before."""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from twinspan.drill.detection import Detection, side_of
from twinspan.network.clouds import Cloud
from twinspan.network.links import TunnelLink
from twinspan.protocols import Event
from twinspan.results.document import Document, Thousandths
from twinspan.target.api_events import TELEMETRY_DOWN

_ROUTES = frozenset({"route-added", "route-removed", "bgp-down", "bgp-up"})
_RESTORED = frozenset({"bgp-up", "telemetry-up"})
_RESTORED_STATIC = frozenset({"child-up", "telemetry-up"})
_POWER = frozenset({"node-restored", "cluster-restored", "node-ready"})
BEFORE_MENDING = "Kubernetes moved the traffic before the power was back"
_LATE_S = 0.25
"""A daemon tells of a route after it has put it in force, by this much at most, seconds."""


class Phase(Document):
    """One part of an outage; times count from the cut, in seconds."""

    name: Literal["detect", "converge", "restore"] = Field(
        description="`detect`: nobody knew. `converge`: known, but traffic still lost. `restore`: from"
        " the repair until the tunnel exchanges routes again, or is up again if its routes are static."
    )
    from_s: Thousandths
    to_s: Thousandths
    ended_by: str = Field(default="", description="Kind of the event that ended it; may be empty.")
    subject: str = Field(default="", description="What the event is about.")
    detail: str = Field(default="", description="The daemon's own words.")


def phases_of(
    events: Sequence[Event],
    link: TunnelLink,
    side: Cloud,
    *,
    cut_at_s: float,
    healed_at_s: float | None,
    recovered_at_s: float | None,
    detection: Detection | None,
) -> tuple[Phase, ...]:
    """Return the phases of the outage of what one side sends; those that did not happen are left out.

    Args:
        events: Oldest first, of everything, from the cut until the network was whole again.
        link: The tunnel that was broken.
        side: Who sends.
        cut_at_s: When it was broken, on the events' clock.
        healed_at_s: When it was repaired.
        recovered_at_s: From when on everything arrived again; None if nothing was lost or it never did.
        detection: What noticed on the sending side.
    """
    phases = []
    # Telemetry is late by minutes: it tells that somebody has noticed, not when.
    noticed = detection is not None and detection.kind != TELEMETRY_DOWN
    known_s = detection.after_s if detection and noticed else 0.0
    if detection and noticed:
        phases.append(
            Phase(name="detect", from_s=0.0, to_s=known_s, ended_by=detection.kind, detail=detection.detail)
        )
    if recovered_at_s is not None:
        phases.append(_converge(events, side, known_s, cut_at_s=cut_at_s, recovered_at_s=recovered_at_s))
    back = healed_at_s is not None and _last_back(events, link, healed_at_s)
    if back and healed_at_s is not None:
        phases.append(
            Phase(
                name="restore",
                from_s=healed_at_s - cut_at_s,
                to_s=back.at_s - cut_at_s,
                ended_by=back.kind,
                subject=back.subject,
                detail=back.detail,
            )
        )
    return tuple(phases)


def power_phases_of(
    events: Sequence[Event], *, cut_at_s: float, healed_at_s: float | None, recovered_at_s: float | None
) -> tuple[Phase, ...]:
    """Return the phases of the outage of a service whose node or cluster has lost its power.

    Traffic that came back before the repair was moved by Kubernetes: `converge`. Else its return is
    `restore`, which the last node that became ready ended.

    Args:
        events: Oldest first, of everything, from the cut on.
        cut_at_s: When the power was cut, on the events' clock.
        healed_at_s: When it came back.
        recovered_at_s: From when on every request was answered; None if none was lost or it never was.
    """
    if recovered_at_s is None:
        return ()
    recovered_s = recovered_at_s - cut_at_s
    if healed_at_s is None or recovered_at_s < healed_at_s:
        return (Phase(name="converge", from_s=0.0, to_s=recovered_s, detail=BEFORE_MENDING),)
    back = next(
        (e for e in reversed(events) if e.kind in _POWER and healed_at_s <= e.at_s <= recovered_at_s), None
    )
    return (
        Phase(
            name="restore",
            from_s=healed_at_s - cut_at_s,
            to_s=recovered_s,
            ended_by=back.kind if back else "",
            subject=back.subject if back else "",
        ),
    )


def _converge(
    events: Sequence[Event], side: Cloud, known_s: float, *, cut_at_s: float, recovered_at_s: float
) -> Phase:
    last = next(
        (
            event
            for event in reversed(events)
            if event.kind in _ROUTES
            and cut_at_s <= event.at_s <= recovered_at_s + _LATE_S
            and event.subject.startswith("/") == (side == "azure")
        ),
        None,
    )
    to_s = recovered_at_s - cut_at_s
    return Phase(
        name="converge",
        from_s=min(known_s, to_s),
        to_s=to_s,
        ended_by=last.kind if last else "",
        subject=last.subject if last else "",
        detail=last.detail if last else "",
    )


def _last_back(events: Sequence[Event], link: TunnelLink, healed_at_s: float) -> Event | None:
    restored = _RESTORED_STATIC if link.static else _RESTORED
    own = [
        event
        for event in events
        if event.kind in restored and event.at_s >= healed_at_s and side_of(event, link) is not None
    ]
    first = {side_of(event, link): event for event in reversed(own)}
    return max(first.values(), key=lambda event: event.at_s, default=None)
