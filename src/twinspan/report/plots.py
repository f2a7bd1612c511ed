"""Charts: drawn once by matplotlib, written as PNG or as SVG for the page."""

import io
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import get_font_names

from twinspan.drill.report import DIRECTIONS, Direction
from twinspan.errors import HostError
from twinspan.probe.percentiles import percentile
from twinspan.report.document import (
    AlertTime,
    DrillPart,
    Latency,
    ReportDocument,
    Throughput,
)
from twinspan.report.marks import marks_of
from twinspan.report.words import ARROWS

WIDE_IN, NARROW_IN = 10.2, 4.1
"""Widths of a chart in inches; on the page 1 inch is 72 px at least."""
COLOURS = {
    "#b14c06": "var(--aws)",
    "#1667c7": "var(--azure)",
    "#16202c": "var(--ink)",
    "#5b6877": "var(--muted)",
    "#d9dee5": "var(--line)",
    "#c8201d": "var(--bad)",
}
"""Colour of a PNG -> what stands for it on the page, in light and in dark."""
AWS, AZURE, INK, MUTED, LINE, BAD = COLOURS
OF: Mapping[Direction, str] = {"aws->azure": AWS, "azure->aws": AZURE}
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "twinspan",
    "text.parse_math": False,
    # matplotlib complains, for each text again, of a font that is not installed.
    "font.family": [name for name in ("Inter", "DejaVu Sans") if name in get_font_names()],
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "legend.frameon": False,
}
_PERCENT = 100
_MEGA = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A chart.

    Attributes:
        name: Of its file, without ending.
        title: In a few words.
        text: What it shows, for who cannot see it.
        draw: Draws it in a figure of a width in inches.
    """

    name: str
    title: str
    text: str
    draw: Callable[[float], Figure]


def plots_of(report: ReportDocument) -> Iterator[Plot]:
    """Yield every chart that the report has figures for."""
    if any(measurement.times_ms for measurement in report.latency):
        yield latency_plot(report.latency)
    if report.throughput:
        yield throughput_plot(report.throughput)
    for number, drill in enumerate(report.drills):
        if drill.loss:
            yield timeline_plot(drill, number)
        yield spread_plot(drill, number)
    if report.alerts:
        yield alerts_plot(report.alerts)


def latency_plot(latency: Sequence[Latency]) -> Plot:
    """Return histograms of the round-trip times, one direction above the other."""
    times = {
        name: [ms for measurement in latency if measurement.direction == name for ms in measurement.times_ms]
        for name in DIRECTIONS
    }
    every = [ms for own in times.values() for ms in own]
    low, high = min(every), max(percentile(every, 95) * 1.4, min(every) + 0.1)
    beyond = sum(ms > high for ms in every)

    def draw(width: float) -> Figure:
        figure, rows = _figure(width, 3.4, rows=2)
        for axes, name in zip(rows, DIRECTIONS, strict=True):
            own = times[name]
            axes.hist([min(ms, high) for ms in own], bins=48, range=(low, high), color=OF[name])
            _head(axes, name)
            axes.set_ylabel("answers")
            if own:
                median = percentile(own, 50)
                axes.axvline(median, color=INK, linewidth=1.2, linestyle=(0, (4, 2)))
                axes.annotate(
                    f"median {median:.2f} ms",
                    (median, 0.9),
                    xycoords=("data", "axes fraction"),
                    xytext=(6, 0),
                    textcoords="offset points",
                    va="top",
                )
        _foot(rows[1], "round trip, ms" + (f" ({beyond} longer, in the last bar)" if beyond else ""), width)
        return figure

    summary = "; ".join(
        f"{ARROWS[name]}: {len(own)} answers, median {percentile(own, 50):.2f} ms, 99 of 100 within "
        f"{percentile(own, 99):.2f} ms"
        for name, own in times.items()
        if own
    )
    return Plot(name="latency", title="Round-trip times", text=summary, draw=draw)


def throughput_plot(throughput: Sequence[Throughput]) -> Plot:
    """Return a bar for each direction."""

    def draw(width: float) -> Figure:
        figure, (axes,) = _figure(width, 1.7)
        for row, measurement in enumerate(reversed(throughput)):
            mbit = measurement.bits_per_s / _MEGA
            axes.barh(row, mbit, height=0.56, color=OF[measurement.direction])
            axes.annotate(
                f"{mbit:,.0f} Mbit/s",
                (mbit, row),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                weight="bold",
            )
        axes.set_yticks(
            range(len(throughput)), [ARROWS[measurement.direction] for measurement in reversed(throughput)]
        )
        axes.tick_params(axis="y", labelcolor=INK)
        axes.set_xlim(0, max(measurement.bits_per_s for measurement in throughput) / _MEGA * 1.3 or 1)
        axes.grid(visible=False)
        axes.grid(visible=True, axis="x")
        _foot(axes, "TCP payload that arrived, Mbit/s", width)
        return figure

    summary = "; ".join(
        f"{ARROWS[measurement.direction]}: {measurement.bits_per_s / _MEGA:.0f} Mbit/s"
        for measurement in throughput
    )
    return Plot(name="throughput", title="TCP throughput", text=summary, draw=draw)


def timeline_plot(drill: DrillPart, number: int) -> Plot:
    """Return the loss over time, one direction above the other, with the events marked by number."""
    marks = marks_of(drill.events)

    def draw(width: float) -> Figure:
        figure, rows = _figure(width, 3.6, rows=len(drill.loss))
        for row, (axes, loss) in enumerate(zip(rows, drill.loss, strict=True)):
            at = [loss.from_s + n * loss.bin_s for n in range(len(loss.sent))]
            share = [
                _PERCENT * lost / sent if sent else 0.0
                for lost, sent in zip(loss.lost, loss.sent, strict=True)
            ]
            axes.fill_between(at, share, step="post", color=OF[loss.direction], alpha=0.28, linewidth=0)
            axes.step(at, share, where="post", color=OF[loss.direction], linewidth=1.4)
            _head(axes, loss.direction, pad=6 if row else 24)
            axes.set_ylim(0, _PERCENT * 1.04)
            axes.set_yticks([0, 50, _PERCENT], ["0", "50", "100 %"])
            axes.set_ylabel("lost")
            axes.margins(x=0)
            for mark in marks:
                axes.axvline(mark.at_s, color=INK, linewidth=0.9, linestyle=(0, (2, 2)))
        _number(rows[0], [(mark.at_s, str(mark.number)) for mark in marks], width)
        _foot(rows[-1], "seconds from the cut", width)
        return figure

    summary = "; ".join(
        f"{ARROWS[direction_loss.direction]}: {sum(direction_loss.lost)} of {sum(direction_loss.sent)} lost"
        for direction_loss in drill.loss
    )
    events = ", ".join(f"{mark.number}: {mark.at_s:.1f} s {mark.what}" for mark in marks)
    return Plot(
        name=drill_plot_name(drill, number, "timeline"),
        title=f"{drill.drill}: loss over time",
        text=f"{summary}. Events: {events}",
        draw=draw,
    )


def _head(axes: Axes, direction: Direction, *, pad: float = 6) -> None:
    """Write a direction above its chart, `pad` points away: the first one leaves room for numbers."""
    axes.set_title(ARROWS[direction], loc="left", fontsize=10, color=OF[direction], weight="bold", pad=pad)


def _foot(axes: Axes, text: str, width: float) -> None:
    """Write what the axis counts, on as many lines as a width in inches needs."""
    axes.set_xlabel("\n".join(textwrap.wrap(text, int(width * 11))))


def _number(axes: Axes, labels: Sequence[tuple[float, str]], width: float) -> None:
    """Write numbers above the marks, on two heights where they would touch."""
    low, high = axes.get_xlim()
    apart = (high - low) * 0.22 / width
    last, raised = float("-inf"), False
    for at_s, text in labels:
        raised = at_s - last < apart and not raised
        last = at_s
        axes.annotate(
            text,
            (at_s, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 15 if raised else 3),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=9,
            weight="bold",
            annotation_clip=False,
        )


def spread_plot(drill: DrillPart, number: int) -> Plot:
    """Return a dot for each run and direction, with median and 90th percentile."""
    spreads = [(name, drill.gaps_ms[name]) for name in DIRECTIONS if name in drill.gaps_ms]

    def draw(width: float) -> Figure:
        figure, (axes,) = _figure(width, 0.8 + 0.55 * len(spreads))
        for row, (name, spread) in enumerate(reversed(spreads)):
            seconds = [ms / 1000 for ms in spread.values]
            lift = [row + 0.12 * ((n % 3) - 1) for n in range(len(seconds))]
            axes.plot(seconds, lift, "o", color=OF[name], alpha=0.7, markersize=7, markeredgewidth=0)
            for value, style in ((spread.median, "-"), (spread.p90, ":")):
                axes.plot([value / 1000] * 2, [row - 0.34, row + 0.34], style, color=INK, linewidth=2)
        axes.set_yticks(range(len(spreads)), [ARROWS[name] for name, _ in reversed(spreads)])
        axes.tick_params(axis="y", labelcolor=INK)
        axes.set_ylim(-0.6, len(spreads) - 0.4)
        axes.set_xlim(left=0, right=max(spread.max for _, spread in spreads) / 1000 * 1.08 or 1)
        axes.grid(visible=False)
        axes.grid(visible=True, axis="x")
        _foot(axes, "longest silence of any flow, s (line: median, dotted: p90)", width)
        return figure

    summary = "; ".join(
        f"{ARROWS[name]}: median {spread.median / 1000:.2f} s, p90 {spread.p90 / 1000:.2f} s, "
        f"longest {spread.max / 1000:.2f} s"
        for name, spread in spreads
    )
    return Plot(
        name=drill_plot_name(drill, number, "spread"),
        title=f"{drill.drill}: outage over {len(drill.runs)} runs",
        text=summary,
        draw=draw,
    )


def alerts_plot(alerts: Sequence[AlertTime]) -> Plot:
    """Return a bar for each alert, numbered as in the table."""

    def draw(width: float) -> Figure:
        figure, (axes,) = _figure(width, 0.8 + 0.34 * len(alerts))
        rows = range(len(alerts) - 1, -1, -1)
        for row, alert in zip(rows, alerts, strict=True):
            axes.barh(row, alert.seconds, height=0.56, color=BAD)
            axes.annotate(
                f"{alert.seconds:.1f} s",
                (alert.seconds, row),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                weight="bold",
            )
        axes.set_yticks(list(rows), [str(number) for number in range(1, len(alerts) + 1)])
        axes.set_xlim(0, max(alert.seconds for alert in alerts) * 1.2 or 1)
        axes.grid(visible=False)
        axes.grid(visible=True, axis="x")
        _foot(axes, "from breaking until the alert fired, s", width)
        return figure

    summary = "; ".join(f"{alert.name}: {alert.seconds:.1f} s" for alert in alerts)
    return Plot(name="alerts", title="Time to alert", text=summary, draw=draw)


def save(plots: Sequence[Plot], folder: Path) -> tuple[Path, ...]:
    """Write each chart as PNG; return the files.

    Raises:
        HostError: The folder cannot be written to.
    """
    files = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for plot in plots:
            file = folder / f"{plot.name}.png"
            with mpl.rc_context(_STYLE):
                plot.draw(WIDE_IN).savefig(file, dpi=144, facecolor="white")
            files.append(file)
    except OSError as error:
        raise HostError(
            problem=f"the plots cannot be written to {folder}: {error.strerror or error}",
            remedy="Name another folder with --plots",
        ) from error
    return tuple(files)


def as_svg(plot: Plot, *, width: float, prefix: str) -> str:
    """Return a chart as an SVG element whose colours follow the page's.

    Args:
        plot: Which.
        width: In inches.
        prefix: Of every id in it, unique in the page.
    """
    text = io.StringIO()
    with mpl.rc_context(_STYLE):
        # matplotlib escapes the text of a chart; a name from a cloud cannot leave its element.
        plot.draw(width).savefig(text, format="svg", transparent=True, metadata={"Date": None})
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}-", svg)
    # The page says how large; the picture only how wide for its height.
    svg = re.sub(r'(<svg\b[^>]*?) width="[^"]*"', r"\1", svg)
    svg = re.sub(r'(<svg\b[^>]*?) height="[^"]*"', r"\1", svg)
    for colour, variable in COLOURS.items():
        svg = svg.replace(colour, variable)
    return svg.replace("<svg ", '<svg aria-hidden="true" ', 1)


def _figure(width: float, height: float, *, rows: int = 1) -> tuple[Figure, tuple[Axes, ...]]:
    figure = Figure(figsize=(width, height), layout="constrained")
    grid = figure.subplots(rows, 1, sharex=True, squeeze=False)
    return figure, tuple(grid[:, 0])


def drill_plot_name(drill: DrillPart, number: int, kind: str) -> str:
    """Return the name of a drill's chart: unique in a report, and fit for a file."""
    slug = re.sub(r"[^a-z0-9]+", "-", drill.drill.lower()).strip("-")[:40]
    return f"drill-{number + 1}-{slug}-{kind}"
