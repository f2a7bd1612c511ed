"""`twinspan drill list|run`."""

from pathlib import Path

import click
from rich.table import Table

from twinspan.cli.bench import bench_of
from twinspan.cli.output import (
    answers,
    env_argument,
    format_option,
    name_option,
    on_option,
    print_json,
    print_whole,
    progress,
    step,
)
from twinspan.cli.signals import undone_on_signals
from twinspan.cli.target import open_target
from twinspan.drill.catalogue import DRILLS, named
from twinspan.drill.report import DrillReport, Moment
from twinspan.drill.run import run_drill


@click.group()
def drill() -> None:
    """Break one thing on purpose, measure what it does to traffic, and mend it."""


@drill.command("list")
@format_option
def list_drills(fmt: str) -> None:
    """List the drills.

    \b
    Example: twinspan drill list

    \b
    Exit codes: 0.
    """  # noqa: D301 - click needs the character itself
    if fmt == "json":
        print_json([each.as_dict() for each in DRILLS])
        return
    for each in DRILLS:
        answers.print(f"[bold]{each.name}[/bold]  {each.breaks}")
        answers.print(f"  aim     --tunnel {' | '.join(each.targets)}")
        answers.print(f"  ends    {each.ended_by}")
        answers.print(f"  figures {each.label.value}")


@drill.command("run")
@click.argument("drill_name", metavar="NAME")
@env_argument
@on_option
@name_option
@format_option
@click.option("--tunnel", default="in-use", show_default=True, help="in-use, unused, or a tunnel's key.")
@click.option("--limit-s", type=click.FloatRange(min=0), default=None, help="Longest outage allowed, s.")
@click.option("--force", is_flag=True, help="Run even if the network is not whole.")
def run_one(
    *,
    drill_name: str,
    env: Path,
    on: str,
    name: str,
    fmt: str,
    tunnel: str,
    limit_s: float | None,
    force: bool,
) -> None:
    """Run the drill NAME on ENV: break, measure both directions, mend, see that all is whole again.

    Without --limit-s an outage may last as long as the timer that must end it, and five seconds more.

    \b
    Example: twinspan drill run tunnel-down terraform/envs/dev --limit-s 40

    \b
    Exit codes: 0 within the limit and whole again, 1 not, 2 bad input, 3 an endpoint is not ready.
    """  # noqa: D301 - click needs the character itself
    chosen = named(drill_name)
    target = open_target(env, on=on, name=name)
    with undone_on_signals(), bench_of(target) as bench, step(f"Drill {chosen.name}"):
        report = run_drill(
            chosen, bench, tunnel=tunnel, limit_s=limit_s, force=force, on_moment=show_moment
        ).report
    show(report, fmt=fmt)
    if not report.passed:
        raise click.exceptions.Exit(1)


def show_moment(moment: Moment) -> None:
    """Print one line of the timeline as it happens."""
    progress.print(f"  {moment.at_s:+7.2f} s  {moment.what}", markup=False)


def show(report: DrillReport, *, fmt: str) -> None:
    """Print a report in the wanted form."""
    if fmt == "json":
        print_json(report.as_dict())
        return
    use = "which carried the traffic from AWS" if report.carried_aws_traffic else "which AWS was not using"
    answers.print(f"[bold]{report.drill.name}[/bold]: {report.target}, {use}")
    table = Table(box=None, pad_edge=False)
    for column in ("direction", "longest silence", "allowed", "packets lost", "flows hit", "found by"):
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
    whole = report.whole_again_s
    answers.print("not whole again" if whole is None else f"whole again {whole:.1f} s after mending")
    answers.print(f"label: {report.drill.label.value}; {report.other_profile}", style="dim")
    for caveat in report.caveats:
        answers.print(f"note: {caveat}", style="dim")
    answers.print(
        "passed" if report.passed else "failed", style="bold green" if report.passed else "bold red"
    )
