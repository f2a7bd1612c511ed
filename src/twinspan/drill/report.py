"""What a drill found: per direction, how long, how much, and who noticed."""

from dataclasses import dataclass
from typing import Literal

from twinspan.drill.catalogue import Drill
from twinspan.drill.detection import Detection
from twinspan.drill.timers import Timer

SCHEMA = "twinspan/drill/1"
"""Name and version of the JSON form."""

Direction = Literal["aws-to-azure", "azure-to-aws"]
ARROWS = {"aws-to-azure": "AWS → Azure", "azure-to-aws": "Azure → AWS"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectionReport:
    """One direction of the traffic.

    Attributes:
        direction: From which cloud to which.
        flows: Flows that ran.
        flows_hit: Flows that lost anything.
        sent: Packets sent over all flows.
        lost: Packets that never arrived.
        longest_gap_ms: Longest silence of any flow, ms; 0.0 if nothing was lost.
        recovered: Whether every flow was heard again before the tunnel was healed.
        detection: What noticed on the sending side; None if nothing did.
        expected: The sender's timer that should fire first.
        allowed_ms: The longest gap allowed, ms.
    """

    direction: Direction
    flows: int
    flows_hit: int
    sent: int
    lost: int
    longest_gap_ms: float
    recovered: bool
    detection: Detection | None
    expected: Timer
    allowed_ms: float

    @property
    def passed(self) -> bool:
        """Whether traffic came back by itself, in time."""
        return self.recovered and self.sent > 0 and self.longest_gap_ms <= self.allowed_ms

    @property
    def found_by(self) -> str:
        """Who ended the silence, for a reader."""
        if self.lost == 0:
            return "not touched"
        if not self.recovered:
            return "nothing: it stayed silent until healed"
        if self.detection is None:
            return "unknown: the daemons told of no timer"
        side = {"aws": "AWS", "azure": "Azure"}[self.detection.side]
        return f"{side}, {self.detection.by}, after {self.detection.after_s:.1f} s"

    def as_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        detection = self.detection
        return {
            "direction": self.direction,
            "passed": self.passed,
            "flows": self.flows,
            "flows_hit": self.flows_hit,
            "sent": self.sent,
            "lost": self.lost,
            "longest_gap_ms": round(self.longest_gap_ms, 1),
            "recovered": self.recovered,
            "found_by": detection.by if detection else None,
            "found_side": detection.side if detection else None,
            "found_after_s": round(detection.after_s, 3) if detection else None,
            "found_detail": detection.detail if detection else None,
            "expected_timer": self.expected.name,
            "expected_at_most_s": self.expected.seconds,
            "expected_source": self.expected.source,
            "allowed_ms": self.allowed_ms,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One line of the timeline; `at_s` counts from the cut, seconds."""

    at_s: float
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillReport:
    """The whole drill.

    Attributes:
        drill: Which one.
        target: What was broken, e.g. `tunnel3 (203.0.113.3)`.
        carried_aws_traffic: Whether it was the tunnel AWS was using.
        directions: Both directions.
        whole_again_s: Seconds from healing to a green `verify`; None if it never was.
        timeline: What happened when.
        other_profile: What to expect where Azure's hold time is not what it is here.
    """

    drill: Drill
    target: str
    carried_aws_traffic: bool
    directions: tuple[DirectionReport, ...]
    whole_again_s: float | None
    timeline: tuple[Moment, ...]
    other_profile: str

    @property
    def passed(self) -> bool:
        """Whether traffic came back in time both ways and the network is whole again."""
        return self.whole_again_s is not None and all(direction.passed for direction in self.directions)

    def direction(self, name: Direction) -> DirectionReport:
        """Return one direction."""
        return next(direction for direction in self.directions if direction.direction == name)

    def as_dict(self) -> dict[str, object]:
        """Return the versioned JSON form."""
        return {
            "schema": SCHEMA,
            "drill": self.drill.name,
            "label": self.drill.label.value,
            "passed": self.passed,
            "target": self.target,
            "carried_aws_traffic": self.carried_aws_traffic,
            "directions": [direction.as_dict() for direction in self.directions],
            "whole_again_s": None if self.whole_again_s is None else round(self.whole_again_s, 3),
            "timeline": [{"at_s": round(moment.at_s, 3), "what": moment.what} for moment in self.timeline],
            "other_profile": self.other_profile,
        }
