"""The events of a drill, for a reader: what happened at the same time is one mark."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from twinspan.report.document import EventPart

TOGETHER_S = 0.3
"""Daemons at both ends tell of the same thing within this time, in seconds."""
_WORDS: Mapping[str, str] = {
    "fault-injected": "broken",
    "fault-healed": "repaired",
    "dpd-timeout": "dead peer detected",
    "bgp-hold-expired": "BGP hold timer expired",
    "bgp-down": "BGP down",
    "bgp-up": "BGP up",
    "ike-down": "IKE down",
    "ike-up": "IKE up",
    "child-down": "IPsec down",
    "child-up": "IPsec up",
    "route-added": "route added",
    "route-removed": "route removed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One or more events at one time.

    Attributes:
        number: As written beside its line in the chart, from 1.
        at_s: Of the first of them, seconds from the cut.
        what: What happened, each with the sides that told it.
        details: The daemons' own words.
    """

    number: int
    at_s: float
    what: str
    details: tuple[str, ...]


def marks_of(events: Sequence[EventPart]) -> tuple[Mark, ...]:
    """Return the events as marks, in order of time."""
    groups: list[list[EventPart]] = []
    for event in sorted(events, key=lambda event_part: event_part.at_s):
        if groups and event.at_s - groups[-1][0].at_s <= TOGETHER_S:
            groups[-1].append(event)
        else:
            groups.append([event])
    return tuple(_mark(number, group) for number, group in enumerate(groups, start=1))


def _mark(number: int, group: Sequence[EventPart]) -> Mark:
    sides: dict[str, list[str]] = {}
    for event in sorted(group, key=lambda event_part: not event_part.kind.startswith("fault-")):
        clouds = sides.setdefault(_WORDS.get(event.kind, event.kind), [])
        side = _side(event.subject)
        if side and side not in clouds:
            clouds.append(side)
    what = "; ".join(f"{word} ({' and '.join(clouds)})" if clouds else word for word, clouds in sides.items())
    details = dict.fromkeys(event_part.detail for event_part in group if event_part.detail)
    return Mark(number=number, at_s=group[0].at_s, what=what, details=tuple(details))


def _side(subject: str) -> str:
    if subject.startswith("/subscriptions/"):
        return "Azure"
    return "AWS" if subject.startswith("vpn-") else ""
