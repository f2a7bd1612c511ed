"""The page: one HTML file that asks nobody for anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from twinspan.drill.report import DIRECTIONS
from twinspan.network.clouds import CLOUD_NAMES
from twinspan.probe.percentiles import percentile
from twinspan.report.diagram import narrow, wide
from twinspan.report.document import ReportDocument
from twinspan.report.marks import marks_of
from twinspan.report.plots import NARROW_IN, WIDE_IN, Plot, as_svg, drill_plot_name, plots_of
from twinspan.report.words import ARROWS, DASH, STATES, kilobits, megabits, milliseconds, seconds
from twinspan.results import CheckResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One figure of the summary.

    Attributes:
        name: What it is.
        value: The figure; a dash if it is not known.
        note: What it is of.
        state: `good`, `bad`, or empty where a figure is neither.
        part: The section that tells more, as its anchor.
    """

    name: str
    value: str
    note: str
    state: str
    part: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart of the page, once for wide and once for narrow windows."""

    name: str
    title: str
    text: str
    wide: Markup
    narrow: Markup


def as_html(report: ReportDocument, *, plots: Sequence[Plot] | None = None) -> str:
    """Return the page.

    Every text of the report is escaped by the template; the style sheet and the charts are our own.

    Args:
        report: What it shows.
        plots: Its charts, if they have been drawn up already.
    """
    environment = _environment()
    charts = {plot.name: _chart(plot) for plot in (plots_of(report) if plots is None else plots)}
    topology = report.topology
    return environment.get_template("page.html.j2").render(
        report=report,
        css=Markup(_source(environment, "style.css")),  # noqa: S704 - our own file
        tiles=tiles_of(report),
        diagrams=[("wide", wide(topology)), ("narrow", narrow(topology))] if topology else [],
        charts=charts,
        sections=_sections(report),
        settings=[
            (name, list(rows)) for name, rows in groupby(report.settings, key=lambda setting: setting.group)
        ],
        marks=[marks_of(drill.events) for drill in report.drills],
        names=[
            {kind: drill_plot_name(drill, number, kind) for kind in ("timeline", "spread")}
            for number, drill in enumerate(report.drills)
        ],
        arrows=ARROWS,
        clouds=CLOUD_NAMES,
        states=STATES,
        directions=DIRECTIONS,
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("twinspan.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "kilobits": kilobits,
        "megabits": megabits,
        "seconds": seconds,
        "ms": milliseconds,
    }
    return environment


def _source(environment: Environment, name: str) -> str:
    assert environment.loader  # noqa: S101 - given above
    return environment.loader.get_source(environment, name)[0]


def _chart(plot: Plot) -> Chart:
    # as_svg is our own markup; matplotlib has escaped the texts in it.
    return Chart(
        name=plot.name,
        title=plot.title,
        text=plot.text,
        wide=Markup(as_svg(plot, width=WIDE_IN, prefix=f"{plot.name}-w")),  # noqa: S704
        narrow=Markup(as_svg(plot, width=NARROW_IN, prefix=f"{plot.name}-n")),  # noqa: S704
    )


def tiles_of(report: ReportDocument) -> tuple[Tile, ...]:
    """Return the summary: tunnels, checks, round trip, throughput, outage."""
    return (_tunnels(report), _checks(report), _latency(report), _throughput(report), _outage(report))


def _tunnels(report: ReportDocument) -> Tile:
    topology = report.topology
    tunnels = topology.tunnels if topology else ()
    up = topology.up if topology else 0
    good = bool(tunnels) and up == len(tunnels)
    kind = "up at both ends, static routes" if topology and topology.without_bgp else "BGP up at both ends"
    return Tile(
        name="Tunnels up",
        value=f"{up} of {len(tunnels)}" if topology else DASH,
        note=kind if topology else "not read",
        state=("good" if good else "bad") if topology else "",
        part="topology",
    )


def _checks(report: ReportDocument) -> Tile:
    verification = report.verification
    if verification is None:
        return Tile(name="Checks passed", value=DASH, note="not verified", state="", part="verify")
    causes = len(verification.root_causes)
    notes = [f"{causes} root cause{'s' * (causes != 1)}"] if causes else []
    notes += [f"{len(verification.drift)} drifted"] if verification.drift else []
    return Tile(
        name="Checks passed",
        value=f"{verification.held} of {len(verification.results)}",
        note=", ".join(notes) or "as Terraform built it",
        state="good" if verification.passed else "bad",
        part="verify",
    )


def _latency(report: ReportDocument) -> Tile:
    times = [ms for measurement in report.latency for ms in measurement.times_ms]
    sent, lost = (
        sum(measurement.sent for measurement in report.latency),
        sum(measurement.lost for measurement in report.latency),
    )
    return Tile(
        name="Round trip",
        value=f"{percentile(times, 50):.2f} ms" if times else DASH,
        note=f"median of {sent:,}, {lost:,} lost" if sent else "not measured",
        state="bad" if lost else "",
        part="latency",
    )


def _throughput(report: ReportDocument) -> Tile:
    ways = sorted(report.throughput, key=lambda measurement: measurement.bits_per_s)
    slow = ways[0] if ways else None
    return Tile(
        name="Throughput",
        value=f"{megabits(slow.bits_per_s)} Mbit/s" if slow else DASH,
        note=f"{ARROWS[slow.direction]}, the slower way" if slow else "not measured",
        state="",
        part="throughput",
    )


def _outage(report: ReportDocument) -> Tile:
    worst = max(
        (drill for drill in report.drills if drill.gaps_ms),
        key=lambda drill: drill.median_gap_s,
        default=None,
    )
    runs = len(worst.runs) if worst else 0
    return Tile(
        name="Longest outage",
        value=seconds(worst.median_gap_s) if worst else DASH,
        note=f"{worst.drill}, median of {runs} run{'s' * (runs != 1)}" if worst else "no drill recorded",
        state="bad" if any(drill.passed < len(drill.runs) for drill in report.drills) else "",
        part="drills",
    )


def _sections(report: ReportDocument) -> list[tuple[str, list[CheckResult], int]]:
    """Return each layer with the checks that have something to say, and how many others hold."""
    checks = report.verification.results if report.verification else []
    groups = [(name, list(group)) for name, group in groupby(checks, key=lambda check: check.section)]
    return [
        (name, [result for result in group if not result.quiet], sum(result.quiet for result in group))
        for name, group in groups
    ]
