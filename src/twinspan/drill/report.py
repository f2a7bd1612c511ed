"""What a drill found: per direction, how long, how much, and who noticed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from twinspan.drill import flow_analysis
from twinspan.drill.alert_watch import FiredAlert
from twinspan.drill.detection import Detection
from twinspan.drill.flows import Measurement
from twinspan.drill.phases import BEFORE_MENDING, Phase, phases_of, power_phases_of
from twinspan.faults.definition import Drill
from twinspan.faults.timers import Label, Timer, first_to_fire, timers_of
from twinspan.network.clouds import CLOUD_NAMES, Cloud
from twinspan.network.links import TunnelLink
from twinspan.network.timers import HOLD_PROFILES
from twinspan.protocols import ON_PURPOSE, Event
from twinspan.results.document import Document, Thousandths
from twinspan.target.api_events import TELEMETRY_DOWN

Direction = Literal["aws->azure", "azure->aws"]
DIRECTIONS: tuple[Direction, ...] = ("aws->azure", "azure->aws")
SENDERS: Mapping[Direction, Cloud] = {"aws->azure": "aws", "azure->aws": "azure"}
"""Direction of a measurement -> the side that sends, and whose timer ends its outage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectionReport:
    """One direction of the traffic.

    Attributes:
        direction: `aws->azure` or `azure->aws`.
        measured: What its flows went through.
        recovered_after_s: From the cut until every flow got through again, seconds; None if nothing was lost
            or it did not.
        detection: What noticed on the sending side; None if nothing did.
        expected: The sender's timer that should fire first, or what else should end the outage.
        allowed_ms: The longest gap allowed, ms.
        label: Whether the figure holds in the clouds.
        phases: The parts of the outage, in order of time.
    """

    direction: Direction
    measured: flow_analysis.Direction
    recovered_after_s: float | None
    detection: Detection | None
    expected: Timer
    allowed_ms: float
    label: Label = Label.PROTOCOL
    phases: tuple[Phase, ...] = ()

    @property
    def longest_gap_ms(self) -> float:
        """The longest silence of any flow, ms; 0.0 if nothing was lost."""
        return self.measured.longest_gap_s * 1000

    @property
    def failure(self) -> str:
        """Why it failed, for a reader; empty if traffic came back by itself, in time."""
        if not self.measured.recovered:
            return f"{self.arrow}: not every flow got through again"
        if self.longest_gap_ms > self.allowed_ms:
            return (
                f"{self.arrow}: silent for {self.longest_gap_ms:,.0f} ms, allowed are {self.allowed_ms:,.0f}"
            )
        return ""

    @property
    def passed(self) -> bool:
        """Whether traffic came back by itself, in time."""
        return not self.failure

    @property
    def arrow(self) -> str:
        """The direction for a reader."""
        sender = SENDERS[self.direction]
        return f"{CLOUD_NAMES[sender]} → {CLOUD_NAMES['azure' if sender == 'aws' else 'aws']}"

    @property
    def found_by(self) -> str:
        """Who ended the silence, for a reader."""
        if self.measured.lost == 0:
            return "nothing was lost"
        if not self.measured.recovered:
            return "nobody: silent until healed"
        if any(phase.detail == BEFORE_MENDING for phase in self.phases):
            return BEFORE_MENDING
        if self.expected.name == "repair":
            return "nobody: until it was repaired"
        detection = self.detection
        if detection is None:
            return f"unknown: nothing told of a timer ({self.expected.name} was expected)"
        return self._noticed(detection)

    def _noticed(self, detection: Detection) -> str:
        whose, when = f"{CLOUD_NAMES[detection.side]}'s", f"{detection.after_s:.1f} s after the cut"
        if detection.kind == TELEMETRY_DOWN:
            return f"not told; {whose} telemetry showed it {when}"
        return f"{whose} {detection.by}, {when}"


class Moment(Document):
    """One line of the timeline; `at_s` counts from the cut, seconds."""

    at_s: Thousandths
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillReport:
    """The whole drill.

    Attributes:
        drill: Which one.
        target: What was broken, e.g. `tunnel3 (203.0.113.3)`.
        carried_aws_traffic: Whether it was the tunnel AWS was using; None if no counter told.
        directions: Both directions.
        whole_again_s: Seconds from healing to a green `verify`; None if it never was.
        timeline: What happened when.
        other_profile: What to expect where Azure's hold time is not what it is here.
        settings: What the outage depends on, as configured: timers in seconds, number of tunnels.
        disturbed: What else broke meanwhile, so that the figures are not those of the drill alone.
        alerts: The clouds' alerts that rang, the first first; empty if nobody waited for them.
        unheard: Why alerts that were waited for are missing; empty if none is.
    """

    drill: Drill
    target: str
    carried_aws_traffic: bool | None
    directions: tuple[DirectionReport, ...]
    whole_again_s: float | None
    timeline: tuple[Moment, ...]
    other_profile: str
    settings: Mapping[str, str | float | int] = field(default_factory=dict)
    disturbed: tuple[str, ...] = ()
    alerts: tuple[FiredAlert, ...] = ()
    unheard: str = ""

    @property
    def failures(self) -> tuple[str, ...]:
        """Why it failed, for a reader."""
        parts = (
            *(direction.failure for direction in self.directions),
            "not whole again" if self.whole_again_s is None else "",
            *(f"disturbed: {other}" for other in self.disturbed),
            f"alerts: {self.unheard}" if self.unheard else "",
        )
        return tuple(part for part in parts if part)

    @property
    def passed(self) -> bool:
        """Whether traffic came back in time, all is whole again, nothing disturbed it and alerts fired."""
        return not self.failures

    @property
    def caveats(self) -> tuple[str, ...]:
        """In what the timers that end these outages differ from the clouds', for a reader."""
        caveats = (direction.expected.caveat for direction in self.directions)
        return tuple(dict.fromkeys(caveat for caveat in caveats if caveat))

    def direction(self, name: str) -> DirectionReport:
        """Return one direction: `aws->azure` or `azure->aws`."""
        return next(direction for direction in self.directions if direction.direction == name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What was broken and when, for a report.

    Attributes:
        broke: What was broken, in words.
        link: The tunnel that was broken, or, where none was, the one in use.
        carries: Whether it was the tunnel AWS was using; None if no counter told.
        links: All tunnels, as they were before.
        detections: What noticed, on each side.
        events: All events from the cut until the network was whole again, oldest first.
        cut_at_s: When it was broken, on the events' clock.
        healed_at_s: When it was repaired.
        whole_again_s: Seconds from the repair to a green `verify`; None if it never was.
        timeline: What happened when.
        stopped: Why it was broken off; empty if it was not.
        alerts: The clouds' alerts that rang.
        unheard: Why alerts that were waited for are missing.
    """

    broke: str
    link: TunnelLink
    carries: bool | None
    links: Sequence[TunnelLink]
    detections: Mapping[Cloud, Detection | None]
    events: Sequence[Event]
    cut_at_s: float
    healed_at_s: float | None
    whole_again_s: float | None
    timeline: tuple[Moment, ...]
    stopped: str = ""
    alerts: tuple[FiredAlert, ...] = ()
    unheard: str = ""


def compose(
    drill: Drill, course: Course, measured: Measurement, *, hold_profile: str, limit_s: float | None
) -> DrillReport:
    """Put a report together from what happened and what was measured."""
    link, detections, drill = course.link, course.detections, drill.over(course.link, course.links)
    directions = []
    for name, sender in SENDERS.items():
        flows = measured.directions[name]
        expectation = drill.expectation(sender)
        expected = expectation.timer(link, sender, hold_profile=hold_profile, broken_s=drill.broken_s)
        allowed_s = expected.seconds + expectation.allowance_s if limit_s is None else limit_s
        directions.append(
            DirectionReport(
                direction=name,
                measured=flows,
                recovered_after_s=None if flows.recovery_s is None else flows.recovery_s - course.cut_at_s,
                detection=detections.get(sender),
                expected=expected,
                allowed_ms=allowed_s * 1000,
                label=expectation.label,
                phases=_phases(drill, course, sender, flows),
            )
        )
    return DrillReport(
        drill=drill,
        target=link.label if drill.measures == "packets" else course.broke,
        carried_aws_traffic=course.carries,
        directions=tuple(directions),
        whole_again_s=course.whole_again_s,
        timeline=course.timeline,
        other_profile=_other_profile(link, hold_profile),
        settings=_settings(course, hold_profile),
        disturbed=(
            *((f"broken off: {course.stopped}",) if course.stopped else ()),
            *_deaths(course),
        ),
        alerts=course.alerts,
        unheard=course.unheard,
    )


def _deaths(course: Course) -> tuple[str, ...]:
    return tuple(
        f"{event.subject} died {event.at_s - course.cut_at_s:.1f} s after the cut ({event.detail})"
        for event in course.events
        if event.kind == "daemon-died" and event.detail != ON_PURPOSE
    )


def _phases(drill: Drill, course: Course, sender: Cloud, flows: flow_analysis.Direction) -> tuple[Phase, ...]:
    if drill.measures == "requests":
        return power_phases_of(
            course.events,
            cut_at_s=course.cut_at_s,
            healed_at_s=course.healed_at_s,
            recovered_at_s=flows.recovery_s,
        )
    return phases_of(
        course.events,
        course.link,
        sender,
        cut_at_s=course.cut_at_s,
        healed_at_s=course.healed_at_s,
        recovered_at_s=flows.recovery_s,
        detection=course.detections.get(sender),
    )


def _settings(course: Course, hold_profile: str) -> dict[str, str | float | int]:
    timers = timers_of(course.link, hold_profile=hold_profile)
    timer_settings = {
        f"{timer.side} {timer.name} s": timer.seconds for timer in sorted(timers, key=lambda t: t.side)
    }
    tunnels = sum(link.tunnel is not None and link.azure_connection is not None for link in course.links)
    return {"tunnels": tunnels, "hold profile": hold_profile, **timer_settings}


def _other_profile(link: TunnelLink, hold_profile: str) -> str:
    if link.static:
        return "static routes: there is no BGP hold time, only dead peer detection notices"
    other = next(name for name in HOLD_PROFILES if name != hold_profile)
    timers = timers_of(link, hold_profile=other)
    both = [(CLOUD_NAMES[side], first_to_fire(timers, side)) for side in SENDERS.values()]
    words = "; ".join(f"{side} after {timer.seconds:g} s ({timer.name})" for side, timer in both)
    return f"with a {other} BGP hold time of {HOLD_PROFILES[other]} s the longest would be: {words}"
