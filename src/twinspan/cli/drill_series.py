"""Runs of drills as `twinspan drill run` makes, keeps and shows them."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import click
from rich.table import Table

from twinspan.cli.bench import Sender, Senders
from twinspan.cli.output import answers, print_json, print_whole, progress, step
from twinspan.drill.bench import Bench
from twinspan.drill.definition import Drill, Place
from twinspan.drill.document import RunDocument
from twinspan.drill.recording import prepare, record
from twinspan.drill.report import DrillReport, Moment
from twinspan.drill.run import run_drill
from twinspan.drill.series import Series, Spread
from twinspan.errors import DesignError, HostError

_USE: Mapping[bool | None, str] = {
    True: ", which carried the traffic from AWS",
    False: ", which AWS was not using",
    None: "",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How drills are to be run; see `twinspan drill run --help`."""

    tunnel: str
    repeat: int
    limit_s: float | None
    force: bool
    out: Path | None


def sends(drill: Drill, sender: Sender) -> bool:
    """Return whether what a drill counts can be counted by `hosts`, `pods` or `none`: by the APIs alone."""
    if sender == "none":
        return "cloud" in drill.places
    return sender == "hosts" or drill.measures == "packets"


def countable(senders: Senders, *, repeat: int | None, limit_s: float | None, out: Path | None) -> None:
    """Refuse to repeat, limit or keep what nobody counts.

    Raises:
        DesignError: Nobody sends, and one of these was asked for.
    """
    given = {"--repeat": repeat, "--limit": limit_s, "--out": out, "--until-alert": senders.alerts_s}
    asked = [option for option, value in given.items() if value is not None]
    if senders.kind == "none" and asked:
        raise DesignError(
            where=", ".join(asked),
            problem="nobody sends packets, so none are counted",
            remedy="Add --from pods",
        )


def permitted(drill: Drill, place: Place, *, yes: bool, senders: Senders) -> None:
    """Refuse a drill that cannot run there, or must not without being told so.

    Args:
        drill: Which one.
        place: Where.
        yes: Whether the user has agreed to everything.
        senders: Who sends.

    Raises:
        DesignError: It is refused; says why.
    """
    sender = senders.kind
    if place not in drill.places:
        raise DesignError(
            where=f"drill run {drill.name} --on {place}",
            problem="the clouds' APIs cannot break this",
            remedy="Run it on a twin (--on twin)",
        )
    if place == "cloud" and sender == "hosts":
        raise DesignError(
            where="--from hosts",
            problem="twinspan attaches throw-away hosts to a twin only",
            remedy="Use --from pods, which sends between pods of both clusters, or --from none",
        )
    if not sends(drill, sender):
        why = "the clouds' APIs cannot break this" if sender == "none" else "it takes the pods' own nodes"
        raise DesignError(
            where=f"drill run {drill.name} --from {sender}",
            problem=why,
            remedy="Leave out --from, so that throw-away hosts of a twin send",
        )
    if senders.alerts_s is not None and not drill.breaks_tunnels:
        raise DesignError(
            where=f"drill run {drill.name} --until-alert",
            problem="no alert watches what it breaks",
            remedy="Leave out --until-alert",
        )
    if place == "cloud" and drill.destroys and not yes:
        raise DesignError(
            where=f"drill run {drill.name} --on cloud",
            problem="it changes or deletes what a real cloud needs minutes to build again",
            remedy="Add --yes if that is what you want",
        )


def agreed(drills: Sequence[Drill], *, yes: bool) -> None:
    """Ask before a real cloud is disturbed. Raises click.Abort if the answer is no."""
    for drill in drills:
        progress.print(f"{drill.name}: {drill.breaks}", markup=False)
    if not yes:
        click.confirm("Disturb the real cloud now?", abort=True, err=True)


def run_series(
    drill: Drill,
    bench_of: Callable[..., AbstractContextManager[Bench]],
    wanted: Wanted,
    reports: list[DrillReport],
    *,
    several: bool,
) -> None:
    """Run a drill as often as wanted; what was measured is kept even if a later run fails.

    Args:
        drill: Which one.
        bench_of: Makes what it works with.
        wanted: How.
        reports: Gets the report of each run as soon as it is there.
        several: Whether other drills share the folder.

    Raises:
        TwinspanError: The network is not whole, cannot be broken or measured, or the folder not be written.
    """
    folder = wanted.out and (wanted.out / drill.name if several else wanted.out)
    if folder:
        prepare(folder)
    try:
        with bench_of() as bench:
            for number in range(1, wanted.repeat + 1):
                with step(f"Drill {drill.name}, run {number} of {wanted.repeat}"):
                    run = run_drill(
                        drill,
                        bench,
                        tunnel=wanted.tunnel,
                        limit_s=wanted.limit_s,
                        force=wanted.force,
                        on_moment=show_moment,
                    )
                reports.append(run.report)
                if folder:
                    record(run, folder / f"run-{number:03}")
    finally:
        if folder and reports:
            _save(Series.of(reports), folder)


def _save(series: Series, folder: Path) -> None:
    try:
        series.save(folder)
    except OSError as error:
        raise HostError(
            problem=f"the series cannot be written to {folder}: {error.strerror or error}",
            remedy="Free some space there, or choose another folder with --out",
        ) from error


def show_all(
    found: Sequence[Sequence[DrillReport]], *, fmt: str, wanted: Wanted, left_out: Mapping[str, str]
) -> None:
    """Print what all runs found: one report, or the spread of each drill; nothing if there are none.

    Args:
        found: The reports of each drill.
        fmt: `text` or `json`.
        wanted: How they were run.
        left_out: Name of a drill that was not run -> why; part of the JSON form.
    """
    if not found:
        return
    single = len(found) == 1 and len(found[0]) == 1
    if fmt == "json":
        series = [Series.of(reports) for reports in found]
        several = {"series": series} | ({"left_out": dict(left_out)} if left_out else {})
        print_json(RunDocument.of(found[0][0]) if single and not left_out else several)
        return
    for reports in found:
        if len(reports) == 1:
            show(reports[0])
        else:
            show_spread(Series.of(reports))
    if wanted.out:
        answers.print(f"raw data: {wanted.out}", style="dim", markup=False)


def show_spread(series: Series) -> None:
    """Print median, 90th percentile and maximum of several runs."""
    answers.print(f"[bold]{series.drill}[/bold]: {series.passed} of {series.runs} runs passed")
    table = Table(box=None, pad_edge=False)
    for column in ("direction", "figure", "median", "p90", "max"):
        table.add_column(column, justify="left" if column in {"direction", "figure"} else "right")
    for name, each in series.directions.items():
        figures: list[tuple[str, Spread | None]] = [
            ("longest silence, ms", each.longest_gap_ms),
            ("lost", each.lost),
            ("detect, s", each.detect_s),
            ("converge, s", each.converge_s),
            ("restore, s", each.restore_s),
        ]
        for figure, spread in figures:
            if spread:
                values = (spread.median, spread.p90, spread.max)
                table.add_row(name, figure, *(f"{value:,.3f}" for value in values))
    print_whole(table)


def show_moment(moment: Moment) -> None:
    """Print one line of the timeline as it happens."""
    progress.print(f"  {moment.at_s:+7.2f} s  {moment.what}", markup=False)


def show(report: DrillReport) -> None:
    """Print a report for a reader."""
    packets = report.drill.measures == "packets"
    use = _USE[report.carried_aws_traffic] if packets else ""
    answers.print(f"[bold]{report.drill.name}[/bold]: {report.target}{use}")
    table = Table(box=None, pad_edge=False)
    lost = f"{report.drill.measures} lost"
    for column in ("direction", "longest silence", "allowed", lost, "flows hit", "found by"):
        table.add_column(column, justify="left" if column in {"direction", "found by"} else "right")
    for each in report.directions:
        table.add_row(
            each.arrow,
            f"{each.longest_gap_ms:,.0f} ms",
            f"{each.allowed_ms:,.0f} ms",
            f"{each.measured.lost:,} of {each.measured.sent:,}",
            f"{each.measured.flows_hit} of {len(each.measured.flows)}",
            each.found_by,
            style=None if each.passed else "red",
        )
    print_whole(table)
    for each in report.directions:
        for phase in each.phases:
            ended = f", ended by {phase.ended_by}" if phase.ended_by else ""
            span = f"{phase.from_s:,.3f} to {phase.to_s:,.3f} s"
            answers.print(f"{each.arrow}  {phase.name:8} {span}{ended}", style="dim", markup=False)
    for each in report.directions:
        delays = each.measured.delays
        jitter = f"jitter {delays.jitter_p99_s * 1000:,.2f} ms (p99), " if delays and packets else ""
        late = each.measured.pacing_error_max_s * 1000
        answers.print(
            f"{each.arrow}  {each.measured.reordered} reordered, {each.measured.duplicated} duplicated, "
            f"{jitter}sender late by {late:,.1f} ms at most",
            style="dim",
            markup=False,
        )
    whole = report.whole_again_s
    answers.print("not whole again" if whole is None else f"whole again {whole:.1f} s after mending")
    other = f"; {report.other_profile}" if packets else ""
    answers.print(f"label: {report.drill.label.value}{other}", style="dim")
    for alert in report.alerts:
        cleared_s = alert.cleared_after_s
        cleared = "not cleared" if cleared_s is None else f"cleared after {cleared_s:,.1f} s"
        told = f"{alert.words} rang {alert.rang_after_s:,.1f} s after the cut, {cleared}"
        answers.print(told, style="dim", markup=False)
    if report.unheard:
        answers.print(f"alerts: {report.unheard}", style="red", markup=False)
    for disturbed in report.disturbed:
        answers.print(f"disturbed: {disturbed}: the figures are not those of the drill alone", style="red")
    for caveat in report.caveats:
        answers.print(f"note: {caveat}", style="dim")
    answers.print(
        "passed" if report.passed else "failed", style="bold green" if report.passed else "bold red"
    )
