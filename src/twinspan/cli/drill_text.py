"""What `twinspan drill` prints."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from rich.table import Table

from twinspan.cli.output import answers, print_json, print_whole, progress
from twinspan.drill.api_report import ApiReport
from twinspan.drill.document import ApiRunDocument, RunDocument
from twinspan.drill.report import DrillReport, Moment
from twinspan.drill.series import Series, Spread
from twinspan.faults.definition import Drill

_USE: Mapping[bool | None, str] = {
    True: ", which carried the traffic from AWS",
    False: ", which AWS was not using",
    None: "",
}


def agreed(drills: Sequence[Drill], *, yes: bool) -> None:
    """Ask before a real cloud is disturbed. Raises click.Abort if the answer is no."""
    for drill in drills:
        progress.print(f"{drill.name}: {drill.breaks}", markup=False)
    if not yes:
        click.confirm("Disturb the real cloud now?", abort=True, err=True)


def show_all(
    drill_reports: Sequence[Sequence[DrillReport]], *, fmt: str, out: Path | None, left_out: Mapping[str, str]
) -> None:
    """Print what all runs found: one report, or the spread of each drill; nothing if there are none.

    Args:
        drill_reports: The reports of each drill.
        fmt: `text` or `json`.
        out: Where the raw data are.
        left_out: Name of a drill that was not run -> why; part of the JSON form.
    """
    if not drill_reports:
        return
    single = len(drill_reports) == 1 and len(drill_reports[0]) == 1
    if fmt == "json":
        series = [Series.of(reports) for reports in drill_reports]
        several = {"series": series} | ({"left_out": dict(left_out)} if left_out else {})
        print_json(RunDocument.of(drill_reports[0][0]) if single and not left_out else several)
        return
    for reports in drill_reports:
        if len(reports) == 1:
            show(reports[0])
        else:
            show_spread(Series.of(reports))
    if out:
        answers.print(f"raw data: {out}", style="dim", markup=False)


def show_spread(series: Series) -> None:
    """Print median, 90th percentile and maximum of several runs."""
    answers.print(f"[bold]{series.drill}[/bold]: {series.passed} of {series.runs} runs passed")
    table = Table(box=None, pad_edge=False)
    for column in ("direction", "figure", "median", "p90", "max"):
        table.add_column(column, justify="left" if column in {"direction", "figure"} else "right")
    for name, direction in series.directions.items():
        figures: list[tuple[str, Spread | None]] = [
            ("longest silence, ms", direction.longest_gap_ms),
            ("lost", direction.lost),
            ("detect, s", direction.detect_s),
            ("converge, s", direction.converge_s),
            ("restore, s", direction.restore_s),
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
    for direction in report.directions:
        table.add_row(
            direction.arrow,
            f"{direction.longest_gap_ms:,.0f} ms",
            f"{direction.allowed_ms:,.0f} ms",
            f"{direction.measured.lost:,} of {direction.measured.sent:,}",
            f"{direction.measured.flows_hit} of {len(direction.measured.flows)}",
            direction.found_by,
            style=None if direction.passed else "red",
        )
    print_whole(table)
    for direction in report.directions:
        for phase in direction.phases:
            ended = f", ended by {phase.ended_by}" if phase.ended_by else ""
            span = f"{phase.from_s:,.3f} to {phase.to_s:,.3f} s"
            answers.print(f"{direction.arrow}  {phase.name:8} {span}{ended}", style="dim", markup=False)
    for direction in report.directions:
        delays = direction.measured.delays
        jitter = f"jitter {delays.jitter_p99_s * 1000:,.2f} ms (p99), " if delays and packets else ""
        late = direction.measured.pacing_error_max_s * 1000
        answers.print(
            f"{direction.arrow}  {direction.measured.reordered} reordered, "
            f"{direction.measured.duplicated} duplicated, {jitter}sender late by {late:,.1f} ms at most",
            style="dim",
            markup=False,
        )
    whole = report.whole_again_s
    answers.print("not whole again" if whole is None else f"whole again {whole:.1f} s after the repair")
    other = f"; {report.other_profile}" if packets else ""
    answers.print(f"label: {report.drill.label.value}{other}", style="dim")
    for alert in report.alerts:
        cleared_s = alert.cleared_after_s
        cleared = "not cleared" if cleared_s is None else f"cleared after {cleared_s:,.1f} s"
        message = f"{alert.words} rang {alert.rang_after_s:,.1f} s after the cut, {cleared}"
        answers.print(message, style="dim", markup=False)
    if report.unheard:
        answers.print(f"alerts: {report.unheard}", style="red", markup=False)
    for disturbed in report.disturbed:
        answers.print(f"disturbed: {disturbed}: the figures are not those of the drill alone", style="red")
    for caveat in report.caveats:
        answers.print(f"note: {caveat}", style="dim")
    why = "; ".join(report.failures)
    answers.print(
        f"failed: {why}" if why else "passed", style=f"bold {'red' if why else 'green'}", markup=False
    )


def show_api(reports: Sequence[ApiReport], *, fmt: str) -> None:
    """Print what the APIs alone have shown. Raises click's Exit(1) unless all have passed."""
    if fmt == "json":
        documents = [ApiRunDocument.of(report) for report in reports]
        print_json(documents[0] if len(documents) == 1 else {"drills": documents})
    else:
        for report in reports:
            answers.print(f"[bold]{report.drill.name}[/bold]: {report.target}")
            for key, seconds in report.down_s.items():
                answers.print(f"  {key} was down for {seconds:,.1f} s as AWS reports it", markup=False)
            whole = report.whole_again_s
            answers.print("not whole again" if whole is None else f"whole again after {whole:,.1f} s")
            if report.stopped:
                answers.print(f"broken off: {report.stopped}", style="red", markup=False)
        answers.print(
            "note: packets were not counted; --from pods counts them between both clusters", style="dim"
        )
    if not all(report.passed for report in reports):
        raise click.exceptions.Exit(1)
