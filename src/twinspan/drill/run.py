"""Break one tunnel, measure both directions, heal, and see that all is whole again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from twinspan.drill.api_report import ApiReport
from twinspan.drill.detection import Detection, first_detection
from twinspan.drill.environment import DrillEnvironment, Timeline
from twinspan.drill.flows import Measurement, Progress
from twinspan.drill.in_use import azure_uses, carrying_key, choose, received_bytes
from twinspan.drill.recovery import must_be_whole, unheard, wait_until_quiet, wait_until_whole
from twinspan.drill.report import Course, DrillReport, Moment, compose
from twinspan.errors import DesignError, WaitTimeoutError
from twinspan.faults.definition import IN_USE, UNUSED, Drill
from twinspan.faults.endings import Ending
from twinspan.faults.timers import first_to_fire, timers_of
from twinspan.network.clouds import CLOUD_NAMES, Cloud
from twinspan.network.links import TunnelLink
from twinspan.protocols import Event, Fault
from twinspan.target.api_events import TELEMETRY_DOWN
from twinspan.wait import pause, wait_until

BASELINE_S = 0.5
"""Undisturbed traffic before the cut, at least, seconds."""
DETECTION_MARGIN_S = 15.0
"""How much later than its timer traffic may come back before the drill gives up, seconds."""
HEARD_WITHIN_S = 0.5
"""A flow counts as heard if its last packet is not older, seconds."""
BROKEN_AT_LEAST_S = 1.5
"""A flow that fell silent at the cut is sure to be missed after this time, seconds."""
RESTORE_WITHIN_S = 60.0
"""How long traffic may take to come back after the repair, seconds."""
SETTLE_S = 0.5
"""Traffic measured after it has come back, seconds."""
_POLL_S = 0.25
_STARTS = 3
"""Of sixteen flows over four tunnels none uses a certain one in 1 % of all starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What the cut did."""

    broke: str
    link: TunnelLink
    carries: bool | None
    links: Sequence[TunnelLink]
    measured: Measurement
    detections: Mapping[Cloud, Detection | None]
    stopped: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a drill.

    Attributes:
        report: What it found.
        measured: The flows, with their logs.
        events: What the daemons told, from the cut on, oldest first.
        cut_at_s: When it was broken, on the clock of both.
    """

    report: DrillReport
    measured: Measurement
    events: tuple[Event, ...]
    cut_at_s: float


def run_drill(
    drill: Drill,
    environment: DrillEnvironment,
    *,
    tunnel: str,
    limit_s: float | None = None,
    force: bool = False,
    on_moment: Callable[[Moment], None] = lambda _: None,
) -> Run:
    """Run a drill once and measure. Whatever happens, the fault is healed before this returns or raises.

    Args:
        drill: Which one.
        environment: What to run it on.
        tunnel: `in-use`, `unused` or a tunnel's key.
        limit_s: Longest outage allowed, seconds; None for the timer that should end it and a margin.
        force: Run even if the network is not whole at the start.
        on_moment: Called as things happen.

    Raises:
        HostError: The network is not whole at the start, or nothing crosses.
        DesignError: There is no such tunnel, or nobody sends.
        TwinspanError: The target cannot be asked or broken.
    """
    if not environment.counts:
        raise DesignError(
            where="drill", problem="nobody sends packets that can be counted", remedy="Use `watch_drill`"
        )
    course, measured = _course(drill, environment, tunnel, force=force, on_moment=on_moment)
    report = compose(drill, course, measured, hold_profile=environment.witness.hold_profile, limit_s=limit_s)
    return Run(report=report, measured=measured, events=tuple(course.events), cut_at_s=course.cut_at_s)


def watch_drill(
    drill: Drill,
    environment: DrillEnvironment,
    *,
    tunnel: str,
    force: bool = False,
    on_moment: Callable[[Moment], None] = lambda _: None,
) -> ApiReport:
    """Run a drill once that nobody sends packets in: what is reported is what the clouds' APIs show of it.

    Whatever happens, the fault is healed before this returns or raises. Arguments and errors are those of
    `run_drill`; without flows no tunnel is known to be in use, so the first one is as good.
    """
    course, _ = _course(drill, environment, tunnel, force=force, on_moment=on_moment)
    return ApiReport.of(drill, course)


def _course(
    drill: Drill,
    environment: DrillEnvironment,
    tunnel: str,
    *,
    force: bool,
    on_moment: Callable[[Moment], None],
) -> tuple[Course, Measurement]:
    if not force:
        must_be_whole(environment.verify)
    timeline = Timeline(events=environment.witness.events, tell=on_moment)
    outcome = _break_and_heal(drill, environment, timeline, tunnel)
    whole_again_s = wait_until_whole(environment, timeline)
    wait_until_quiet(environment, timeline)
    events = environment.witness.events.since(timeline.cut_at_s)
    course = Course(
        broke=outcome.broke,
        link=outcome.link,
        carries=outcome.carries,
        links=outcome.links,
        detections=outcome.detections,
        events=events,
        cut_at_s=timeline.cut_at_s,
        healed_at_s=timeline.healed_at_s,
        whole_again_s=whole_again_s,
        timeline=tuple(timeline.moments),
        stopped=outcome.stopped,
        alerts=environment.alerts.found(timeline.cut_at_s) if environment.alerts else (),
        unheard=unheard(environment.alerts),
    )
    return course, outcome.measured


def _break_and_heal(drill: Drill, environment: DrillEnvironment, timeline: Timeline, tunnel: str) -> _Outcome:
    try:
        if environment.alerts:
            environment.alerts.begin()
        carrying, link, links = _start_flows(drill, environment, tunnel)
        fault = environment.fault(drill, link, links)
        drill = drill.over(link, links)
        attempt = _Attempt(drill=drill, environment=environment, link=link, fault=fault, timeline=timeline)
        carries = link.key == carrying if carrying else None
        try:
            attempt.run(carries=carries is True)
        finally:
            attempt.heal()
        measured = attempt.measured or environment.meter.stop()
    finally:
        environment.meter.close()
    return _Outcome(
        broke=fault.description,
        link=link,
        carries=carries,
        links=links,
        measured=measured,
        detections=attempt.seen,
        stopped=attempt.stopped,
    )


def _start_flows(
    drill: Drill, environment: DrillEnvironment, requested_tunnel: str
) -> tuple[str, TunnelLink, Sequence[TunnelLink]]:
    """Start the flows; return the key of the tunnel that carries those from AWS, the one to break, and all.

    Flows of which none from Azure happens to use the tunnel to break would say nothing about its loss: then
    they start again, from other ports.
    """
    if not environment.counts:
        links = environment.links()
        return "", choose(links, requested_tunnel, carrying=""), links
    starts = 0
    while True:
        environment.meter.start()
        starts += 1
        before = environment.links()
        carrying, links = _in_use(environment, before, requested_tunnel)
        link = choose(links, requested_tunnel, carrying=carrying)
        if starts == _STARTS or not drill.breaks_tunnels or azure_uses(link.key, before, links):
            return carrying, link, links
        environment.meter.close()


def _in_use(
    environment: DrillEnvironment, known: Sequence[TunnelLink], requested_tunnel: str
) -> tuple[str, Sequence[TunnelLink]]:
    """Return the key of the tunnel that carries the flows from AWS, and all tunnels.

    No key if the counters do not tell and a tunnel was named.

    Raises:
        HostError: The counters do not tell, and no tunnel was named.
    """
    before = received_bytes(known)
    pause(BASELINE_S)
    try:
        links = wait_until(
            environment.links,
            lambda now: any(size > before.get(key, size) for key, size in received_bytes(now).items()),
            what="byte counter that moves",
            timeout_s=environment.witness.pace.counters_s,
            interval_s=environment.witness.pace.poll_s,
        )
    except WaitTimeoutError:
        links = environment.links()
        if requested_tunnel not in {IN_USE, UNUSED}:
            return "", links
    return carrying_key(before, received_bytes(links)), links


@dataclass(slots=True, kw_only=True)
class _Attempt:
    """One thing broken once, while the flows run."""

    drill: Drill
    environment: DrillEnvironment
    link: TunnelLink
    fault: Fault
    timeline: Timeline
    seen: dict[Cloud, Detection | None] = field(default_factory=dict)
    measured: Measurement | None = None
    stopped: str = ""

    def run(self, *, carries: bool) -> None:
        """Break it and measure until the traffic is back, or until it is clear that it is not coming back."""
        timeline = self.timeline
        timeline.cut_at_s = self.environment.witness.events.now_s()
        self.fault.inject()
        timeline.note(f"broken: {self.fault.description}", at_s=timeline.cut_at_s)
        if self.drill.timed or not self.environment.counts:
            margin_s = DETECTION_MARGIN_S + self.environment.witness.pace.shown_s
            self._until(self._held_long_enough, within_s=self.drill.broken_s + margin_s)
            self._until_alerts()
            self.heal()
            if self.environment.counts:
                self._until_heard()
        else:
            self._until(lambda: self._recovered(carries=carries), within_s=self._patience_s())
            self._until_alerts()
        self.measured = self.environment.meter.stop()

    def _until_heard(self) -> None:
        restore_s = max(self.drill.aws.restore_s, self.drill.azure.restore_s)
        patience_s = max(RESTORE_WITHIN_S, restore_s, self.environment.witness.pace.shown_s)
        self._until(lambda: _all_heard(self.environment.meter.progress()), within_s=patience_s)

    def heal(self) -> None:
        """Repair it, also twice."""
        self.fault.heal()
        if self.timeline.healed_at_s is None:
            self.timeline.healed_at_s = self.environment.witness.events.now_s()
            self.timeline.note("healed", at_s=self.timeline.healed_at_s)

    def _until(self, done: Callable[[], bool], *, within_s: float) -> None:
        def look() -> bool:
            self._note_detections()
            self.stopped = self.stopped or self.environment.witness.stop_reason()
            return bool(self.stopped and self.timeline.healed_at_s is None) or done()

        try:
            wait_until(look, bool, what="traffic again", timeout_s=within_s, interval_s=_POLL_S)
        except WaitTimeoutError:
            # Traffic that does not come back is what the report is for.
            self.timeline.note("gave up waiting")
            return
        if self.stopped and self.timeline.healed_at_s is None:
            self.timeline.note(f"broken off: {self.stopped}")
            return
        if self.environment.counts and (not self.drill.timed or self.timeline.healed_at_s is not None):
            self.timeline.note("every flow is heard")
            pause(SETTLE_S)

    def _until_alerts(self) -> None:
        alerts = self.environment.alerts
        if alerts is None or self.stopped:
            return

        def done() -> bool:
            self._note_detections()
            self.stopped = self.stopped or self.environment.witness.stop_reason()
            return alerts.both_rang or bool(self.stopped)

        try:
            wait_until(done, bool, what="alert of each cloud", timeout_s=alerts.within_s, interval_s=_POLL_S)
        except WaitTimeoutError:
            self.timeline.note("gave up waiting for alerts")
        for alert in alerts.found(self.timeline.cut_at_s):
            self.timeline.note(f"{alert.words} rings", at_s=self.timeline.cut_at_s + alert.rang_after_s)

    def _recovered(self, *, carries: bool) -> bool:
        return (
            self._held_long_enough()
            and all(self.seen.get(side) for side in self._noticing(carries=carries))
            and _all_heard(self.environment.meter.progress())
        )

    def _held_long_enough(self) -> bool:
        broken_s = self.environment.witness.events.now_s() - self.timeline.cut_at_s
        shown = bool(self.seen.get("aws") or self.seen.get("azure")) or not self.drill.breaks_tunnels
        return broken_s >= max(self.drill.broken_s, BROKEN_AT_LEAST_S) and (
            shown or broken_s >= self.environment.witness.pace.shown_s
        )

    def _noticing(self, *, carries: bool) -> tuple[Cloud, ...]:
        """AWS sends over one tunnel, Azure over all of them: only who sends into the hole has to notice."""
        senders: tuple[Cloud, ...] = ("aws", "azure") if carries else ("azure",)
        return tuple(s for s in senders if self.drill.expectation(s).ending is Ending.TIMERS)

    def _patience_s(self) -> float:
        timers = timers_of(self.link, hold_profile=self.environment.witness.hold_profile)
        slowest = max(
            (first_to_fire(timers, side).seconds for side in self._noticing(carries=True)), default=0.0
        )
        return slowest + DETECTION_MARGIN_S + self.environment.witness.pace.shown_s

    def _note_detections(self) -> None:
        timeline = self.timeline
        events = self.environment.witness.events.since(timeline.cut_at_s)
        for side in CLOUD_NAMES:
            if self.seen.get(side) is None:
                detection = first_detection(events, self.link, side, cut_at_s=timeline.cut_at_s)
                self.seen[side] = detection
                if detection:
                    note = f"{CLOUD_NAMES[side]} noticed: {detection.by}"
                    if detection.kind == TELEMETRY_DOWN:
                        note = f"{CLOUD_NAMES[side]}'s telemetry shows it"
                    timeline.note(note, at_s=timeline.cut_at_s + detection.after_s)


def _all_heard(progress: Mapping[str, Progress]) -> bool:
    return bool(progress) and all(
        direction.silent_s and max(direction.silent_s.values()) < HEARD_WITHIN_S
        for direction in progress.values()
    )
