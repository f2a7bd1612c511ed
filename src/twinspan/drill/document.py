"""The JSON forms of drills and of what they found; `docs/schemas` holds their JSON Schemas."""

from typing import Literal, Self

from pydantic import Field

from twinspan.drill import flow_analysis
from twinspan.drill.alert_watch import FiredAlert
from twinspan.drill.api_report import ApiReport
from twinspan.drill.phases import Phase
from twinspan.drill.report import DIRECTIONS, Direction, DirectionReport, DrillReport, Moment
from twinspan.faults.definition import Drill
from twinspan.network.clouds import Cloud
from twinspan.results.document import Answer, Document, Thousandths

Settings = dict[str, str | float | int]


class ExpectedEnd(Document):
    """What should end the outage of one direction."""

    ending: str
    label: str = Field(description="`protocol`: its time holds in the clouds; else `infrastructure`.")
    source: str


class DrillDocument(Document):
    """A drill, as `twinspan drill list` and `drill show` print it with `--format json`."""

    name: str
    breaks: str = Field(description="What it breaks, in one sentence.")
    places: tuple[str, ...]
    targets: tuple[str, ...]
    measures: str
    broken_at_least_s: float
    ended_by: str
    expected: dict[Direction, ExpectedEnd]
    label: str
    destroys: bool = Field(description="A cloud must build something again.")

    @classmethod
    def of(cls, drill: Drill) -> Self:
        """Return the JSON form of a drill."""
        return cls(
            name=drill.name,
            breaks=drill.breaks,
            places=drill.places,
            targets=drill.targets,
            measures=drill.measures,
            broken_at_least_s=drill.broken_s,
            ended_by=drill.ended_by,
            expected={
                name: ExpectedEnd(
                    ending=expectation.ending.value, label=expectation.label.value, source=expectation.source
                )
                for name, expectation in zip(DIRECTIONS, (drill.aws, drill.azure), strict=True)
            },
            label=drill.label.value,
            destroys=drill.destroys,
        )


class MeasuredFlows(Document):
    """What the flows of one direction went through; moments are seconds of the measurement's clock."""

    flows: int
    flows_hit: int = Field(description="Flows that lost anything.")
    sent: int
    lost: int
    refused: int
    duplicated: int
    reordered: int
    longest_gap_ms: Thousandths
    longest_whole_gap_ms: Thousandths = Field(description="The longest time in which no flow got through.")
    flow_gaps_ms: tuple[Thousandths, ...] = Field(description="The longest outage of each flow, ascending.")
    resolution_ms: Thousandths
    first_loss_s: float | None
    recovered: bool
    recovery_s: float | None
    started_s: float
    ended_s: float
    pacing_error_max_ms: Thousandths
    delay_p50_ms: Thousandths | None
    delay_p99_ms: Thousandths | None
    delay_max_ms: Thousandths | None
    jitter_p99_ms: Thousandths | None

    @classmethod
    def of(cls, measured: flow_analysis.Direction) -> Self:
        """Return the JSON form of a measurement."""
        delays = measured.delays
        return cls(
            flows=len(measured.flows),
            flows_hit=measured.flows_hit,
            sent=measured.sent,
            lost=measured.lost,
            refused=measured.refused,
            duplicated=measured.duplicated,
            reordered=measured.reordered,
            longest_gap_ms=measured.longest_gap_s * 1000,
            longest_whole_gap_ms=measured.longest_whole_gap_s * 1000,
            flow_gaps_ms=tuple(gap_s * 1000 for gap_s in measured.flow_gaps_s),
            resolution_ms=measured.interval_s * 1000,
            first_loss_s=measured.first_loss_s,
            recovered=measured.recovered,
            recovery_s=measured.recovery_s,
            started_s=measured.started_s,
            ended_s=measured.ended_s,
            pacing_error_max_ms=measured.pacing_error_max_s * 1000,
            delay_p50_ms=delays.p50_s * 1000 if delays else None,
            delay_p99_ms=delays.p99_s * 1000 if delays else None,
            delay_max_ms=delays.max_s * 1000 if delays else None,
            jitter_p99_ms=delays.jitter_p99_s * 1000 if delays else None,
        )


class DirectionDocument(Document):
    """One direction of one run; seconds count from the cut."""

    direction: Direction
    passed: bool
    longest_gap_ms: float
    lost: int
    sent: int
    recovered: bool
    recovered_after_s: Thousandths | None
    found_by: str | None = Field(description="What noticed on the sending side; null if nothing did.")
    found_side: Cloud | None
    found_after_s: Thousandths | None
    found_detail: str | None
    label: str
    phases: tuple[Phase, ...]
    expected_timer: str
    expected_at_most_s: float
    expected_source: str
    expected_caveat: str = Field(description="In what the timer differs from the clouds'; may be empty.")
    allowed_ms: float
    measured: MeasuredFlows

    @classmethod
    def of(cls, report: DirectionReport) -> Self:
        """Return the JSON form of one direction."""
        detection, expected = report.detection, report.expected
        return cls(
            direction=report.direction,
            passed=report.passed,
            longest_gap_ms=round(report.longest_gap_ms, 1),
            lost=report.measured.lost,
            sent=report.measured.sent,
            recovered=report.measured.recovered,
            recovered_after_s=report.recovered_after_s,
            found_by=detection.by if detection else None,
            found_side=detection.side if detection else None,
            found_after_s=detection.after_s if detection else None,
            found_detail=detection.detail if detection else None,
            label=report.label.value,
            phases=report.phases,
            expected_timer=expected.name,
            expected_at_most_s=expected.seconds,
            expected_source=expected.source,
            expected_caveat=expected.caveat,
            allowed_ms=report.allowed_ms,
            measured=MeasuredFlows.of(report.measured),
        )


class RunDocument(Answer):
    """One run of a drill: what `twinspan drill run --format json` prints and `--out` keeps."""

    schema_: Literal["twinspan/drill/1"] = Field(default="twinspan/drill/1", alias="schema")
    drill: str
    label: str
    passed: bool
    target: str
    carried_aws_traffic: bool | None
    directions: tuple[DirectionDocument, ...]
    whole_again_s: Thousandths | None
    timeline: tuple[Moment, ...]
    other_profile: str
    settings: Settings
    disturbed: tuple[str, ...]
    alerts: tuple[FiredAlert, ...]
    unheard: str

    @classmethod
    def of(cls, report: DrillReport) -> Self:
        """Return the JSON form of a report."""
        return cls(
            drill=report.drill.name,
            label=report.drill.label.value,
            passed=report.passed,
            target=report.target,
            carried_aws_traffic=report.carried_aws_traffic,
            directions=tuple(map(DirectionDocument.of, report.directions)),
            whole_again_s=report.whole_again_s,
            timeline=report.timeline,
            other_profile=report.other_profile,
            settings=dict(report.settings),
            disturbed=report.disturbed,
            alerts=report.alerts,
            unheard=report.unheard,
        )


class ApiRunDocument(Answer):
    """One run of a drill that nobody sent packets in, as `drill run --from none --format json` prints it."""

    schema_: Literal["twinspan/drill-api/1"] = Field(default="twinspan/drill-api/1", alias="schema")
    drill: str
    passed: bool
    target: str
    down_s: dict[str, Thousandths] = Field(description="Tunnel -> how long its telemetry was not UP.")
    stopped: str
    whole_again_s: float | None
    timeline: tuple[Moment, ...]

    @classmethod
    def of(cls, report: ApiReport) -> Self:
        """Return the JSON form of a report."""
        return cls(
            drill=report.drill.name,
            passed=report.passed,
            target=report.target,
            down_s=dict(report.down_s),
            stopped=report.stopped,
            whole_again_s=report.whole_again_s,
            timeline=report.timeline,
        )
