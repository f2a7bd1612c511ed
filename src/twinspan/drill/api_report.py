"""What the clouds' APIs alone show of a drill, where no host is known to send from.

How long packets were lost is not measured here. What is shown is how long AWS's own telemetry called a tunnel
down, which both clouds refresh late and rarely: an upper bound of little worth, except that it ended.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from twinspan.drill.detection import side_of
from twinspan.drill.report import Course, Moment
from twinspan.faults.definition import Drill
from twinspan.target.api_events import TELEMETRY_DOWN, TELEMETRY_UP


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiReport:
    """What the APIs showed.

    Attributes:
        drill: Which one.
        target: What was broken.
        down_s: Tunnel -> how long its telemetry was not UP, seconds; those that stayed up are missing.
        stopped: Why the drill was broken off; empty if it was not.
        whole_again_s: From breaking to a green `verify`, seconds; None if it never was.
        timeline: What happened when.
    """

    drill: Drill
    target: str
    down_s: Mapping[str, float]
    stopped: str
    whole_again_s: float | None
    timeline: tuple[Moment, ...]

    @classmethod
    def of(cls, drill: Drill, course: Course) -> Self:
        """Return the report of a run."""
        whole_at_s = _whole_at_s(course)
        return cls(
            drill=drill,
            target=course.link.label,
            down_s=_down_s(course, whole_at_s),
            stopped=course.stopped,
            whole_again_s=None if whole_at_s is None else whole_at_s - course.cut_at_s,
            timeline=course.timeline,
        )

    @property
    def passed(self) -> bool:
        """Whether everything is whole again, and was never all down."""
        return self.whole_again_s is not None and not self.stopped


def _whole_at_s(course: Course) -> float | None:
    if course.healed_at_s is None or course.whole_again_s is None:
        return None
    return course.healed_at_s + course.whole_again_s


def _down_s(course: Course, whole_at_s: float | None) -> dict[str, float]:
    """Add up how long each tunnel was down, as far as it came up again: when all was whole, at the latest."""
    down_s: dict[str, float] = {}
    for link in course.links:
        since_s: float | None = None
        for event in course.events:
            if side_of(event, link) != "aws":
                continue
            if event.kind == TELEMETRY_DOWN:
                since_s = event.at_s
            elif event.kind == TELEMETRY_UP and since_s is not None:
                down_s[link.key] = down_s.get(link.key, 0.0) + event.at_s - since_s
                since_s = None
        if since_s is not None and whole_at_s is not None:
            down_s[link.key] = down_s.get(link.key, 0.0) + whole_at_s - since_s
    return down_s
