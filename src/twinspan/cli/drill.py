"""`twinspan drill list|show|run|compare`."""

from functools import partial
from pathlib import Path

import click
from rich.table import Table

from twinspan.cli.drill_text import agreed, show_all, show_api, show_moment
from twinspan.cli.options import (
    env_argument,
    format_option,
    given,
    path_argument,
    place_options,
    sender_options,
)
from twinspan.cli.output import answers, print_json, print_whole, progress, step
from twinspan.drill.catalogue import DRILLS, named
from twinspan.drill.choice import Choice, choose_possible, countable, permitted, sends
from twinspan.drill.document import DrillDocument
from twinspan.drill.flows import MAX_RATE_HZ, RATE_HZ
from twinspan.drill.repeat import SeriesOptions, run_series
from twinspan.drill.report import DrillReport
from twinspan.drill.run import watch_drill
from twinspan.drill.senders import Sender, Senders
from twinspan.drill.series import Series, compare
from twinspan.drill.tunnel_names import names_of
from twinspan.errors import DesignError
from twinspan.faults.definition import Drill
from twinspan.project.source import Source
from twinspan.signals import undone_on_signals
from twinspan.target.clusters import PodChoice
from twinspan.target.place import Place
from twinspan.target.target import open_target

RUNS_OF_A_REPORT = 10
TUNNELS_SCHEMA = "twinspan/drill-tunnels/1"
"""Name and version of the JSON form of `drill tunnels`."""


@click.group()
def drill() -> None:
    """Break one thing on purpose, measure what it does to traffic, and repair it."""


@drill.command("list")
@format_option
def list_drills(fmt: str) -> None:
    """List the drills, a line for each; `drill show NAME` tells more.

    \b
    Example: twinspan drill list

    \b
    Exit codes: 0.
    """  # noqa: D301 - click needs the character itself
    if fmt == "json":
        print_json([DrillDocument.of(known_drill) for known_drill in DRILLS])
        return
    table = Table(box=None, pad_edge=False)
    for column in ("drill", "on", "AWS → Azure ends by", "Azure → AWS ends by", "label"):
        table.add_column(column)
    for known_drill in DRILLS:
        places = "both" if len(known_drill.places) > 1 else known_drill.places[0]
        ends = (known_drill.aws.ending.short, known_drill.azure.ending.short)
        table.add_row(
            known_drill.name, f"{places}{'*' * known_drill.destroys}", *ends, known_drill.label.value
        )
    print_whole(table)
    answers.print("* on a real cloud with --yes only", style="dim", markup=False)
    answers.print("What each breaks, and who says how long it takes: twinspan drill show NAME", style="dim")


@drill.command("show")
@click.argument("drill_name", metavar="NAME")
@format_option
def show_drill(*, drill_name: str, fmt: str) -> None:
    """Tell all about the drill NAME: what it breaks, where, what should end the outage, and who says so.

    \b
    Example: twinspan drill show tunnel-down

    \b
    Exit codes: 0, 2 there is no such drill.
    """  # noqa: D301 - click needs the character itself
    chosen_drill = named(drill_name)
    if fmt == "json":
        print_json(DrillDocument.of(chosen_drill))
        return
    answers.print(f"[bold]{chosen_drill.name}[/bold]  {chosen_drill.breaks}")
    answers.print(
        f"  on       {', '.join(chosen_drill.places)}{'; there with --yes only' * chosen_drill.destroys}"
    )
    answers.print(f"  aim      --tunnel {' | '.join(chosen_drill.targets)}")
    answers.print(f"  counts   {chosen_drill.measures}")
    for arrow, expected in (("AWS → Azure", chosen_drill.aws), ("Azure → AWS", chosen_drill.azure)):
        answers.print(f"  {arrow}  {expected.ending.formula} ({expected.label.value})")
        answers.print(f"               {expected.source}", style="dim", markup=False)


@drill.command("run")
@click.argument("drill_name", metavar="[NAME]", required=False)
@path_argument
@place_options
@format_option
@click.option("--all", "every", is_flag=True, help="Run every drill that the network can have.")
@click.option("--tunnel", default="in-use", show_default=True, help="in-use, unused, or a name.")
@click.option(
    "--repeat",
    type=click.IntRange(1, 1000),
    default=None,
    help="Runs of each; default 10 if --out keeps them for a report, else 1.",
)
@click.option("--limit-s", "--limit", type=click.FloatRange(min=0), default=None, help="Longest outage, s.")
@click.option(
    "--out", type=click.Path(path_type=Path), default=None, help="Keep all raw data in this folder."
)
@sender_options(
    "Who sends: throw-away hosts (the default, twin only), test pods of both clusters, or nobody "
    "(the default on real accounts): then the APIs tell how long tunnels were down."
)
@click.option(
    "--until-alert",
    "alerts_s",
    type=click.FloatRange(min=1),
    metavar="SECONDS",
    help="Repair only when an alert of each cloud has rung, or after so long; tells how long they took.",
)
@click.option("--rate-hz", type=click.FloatRange(1, MAX_RATE_HZ), default=RATE_HZ, show_default=True)
@click.option("--force", is_flag=True, help="Run even if the network is not whole.")
@click.option("--yes", is_flag=True, help="Do not ask before a real cloud is disturbed.")
def run_drills(
    *,
    drill_name: str | None,
    env: Path | None,
    place: Place,
    fmt: str,
    every: bool,
    tunnel: str,
    repeat: int | None,
    limit_s: float | None,
    out: Path | None,
    source: Sender | None,
    image: str,
    aws_cluster: str | None,
    azure_cluster: str | None,
    alerts_s: float | None,
    rate_hz: float,
    force: bool,
    yes: bool,
) -> None:
    """Run the drill NAME on ENV: break, measure both directions, repair, see that all is whole again.

    --tunnel takes every name that `twinspan drill tunnels` lists: Terraform's, and those of both clouds.

    Without --limit an outage may last as long as the timer that must end it, and five seconds more.
    --all takes ENV as its only argument.

    \b
    Examples: twinspan drill run tunnel-down terraform/envs/dev --limit 40
              twinspan drill run tunnel-down --repeat 10 --out results/dpd30
              twinspan drill run --all
              twinspan drill run endpoint-replaced --on cloud --from pods
              twinspan drill run tunnel-down --until-alert 120 --out results/alerts

    \b
    Exit codes: 0 within the limit and whole again, 1 not, 2 bad input, 3 an endpoint is not ready.
    """  # noqa: D301 - click needs the character itself
    chosen, folder = _chosen(drill_name, env, every=every)
    senders = Senders(
        kind=source or ("hosts" if place.attaches_hosts else "none"),
        rate_hz=rate_hz,
        pods=PodChoice(image=image, aws_cluster=aws_cluster, azure_cluster=azure_cluster),
        alerts_s=alerts_s,
        tunnel=tunnel,
    )
    if every:
        chosen = tuple(
            chosen_drill
            for chosen_drill in chosen
            if place.on in chosen_drill.places and sends(chosen_drill, senders.kind)
        )
    countable(senders, repeat=repeat, limit_s=limit_s, out=out)
    for chosen_drill in chosen:
        permitted(chosen_drill, place, yes=yes, senders=senders)
    target = open_target(given(folder, fmt=fmt), place)
    choice = choose_possible(chosen, target, tunnel=tunnel) if every else Choice(drills=chosen)
    for left_out, reason in choice.left_out.items():
        progress.print(f"left out: {left_out}: {reason}", markup=False)
    if place.real:
        agreed(choice.drills, yes=yes)
    if senders.kind == "none":
        with undone_on_signals():
            reports = []
            for chosen_drill in choice.drills:
                with (
                    step(f"Drill {chosen_drill.name}"),
                    senders.environment(chosen_drill, target) as environment,
                ):
                    reports.append(
                        watch_drill(
                            chosen_drill, environment, tunnel=tunnel, force=force, on_moment=show_moment
                        )
                    )
        show_api(reports, fmt=fmt)
        return
    options = SeriesOptions(
        tunnel=tunnel,
        repeat=repeat or (RUNS_OF_A_REPORT if out else 1),
        limit_s=limit_s,
        force=force,
        out=out,
    )
    drill_reports: list[list[DrillReport]] = []
    try:
        with undone_on_signals():
            for chosen_drill in choice.drills:
                drill_reports.append([])
                run_series(
                    chosen_drill,
                    partial(senders.environment, chosen_drill, target),
                    options,
                    drill_reports[-1],
                    several=len(choice.drills) > 1,
                    step=step,
                    on_moment=show_moment,
                )
    finally:
        # Also if a run or its recording has failed: what was measured is shown before the error is.
        show_all(
            [reports for reports in drill_reports if reports], fmt=fmt, out=out, left_out=choice.left_out
        )
    if not all(report.passed for reports in drill_reports for report in reports):
        raise click.exceptions.Exit(1)


@drill.command("tunnels")
@env_argument
@place_options
@format_option
def list_tunnels(*, env: Source, place: Place, fmt: str) -> None:
    """List the tunnels of ENV with every name that `drill run --tunnel` takes.

    \b
    Example: twinspan drill tunnels terraform/envs/dev

    \b
    Exit codes: 0, 2 bad input, 3 an endpoint is not ready.
    """  # noqa: D301 - click needs the character itself
    links = open_target(env, place).links()
    if fmt == "json":
        tunnels = [{"name": link.key, "names": names_of(link), "joined": link.joined} for link in links]
        print_json({"schema": TUNNELS_SCHEMA, "tunnels": tunnels})
        return
    for link in links:
        name, *others = names_of(link)
        answers.print(name, style="bold", markup=False, highlight=False)
        for other in others:
            answers.print(f"  {other}", markup=False, highlight=False, soft_wrap=True)


@drill.command("compare")
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@format_option
def compare_series(*, first: Path, second: Path, fmt: str) -> None:
    """Show two series of the same drill, FIRST and SECOND, side by side: what differs, which is shorter.

    \b
    Example: twinspan drill compare results/dpd30 results/dpd10

    \b
    Exit codes: 0, 2 not two series of one drill.
    """  # noqa: D301 - click needs the character itself
    comparison = compare(Series.load(first), Series.load(second))
    if fmt == "json":
        print_json(comparison)
        return
    for setting, (one, other) in comparison.settings.items():
        answers.print(f"{setting}: {one} → {other}", markup=False)
    table = Table(box=None, pad_edge=False)
    for column in ("figure", "first", "second", "change"):
        table.add_column(column, justify="left" if column == "figure" else "right")
    for figure in comparison.figures:
        values = (figure.first, figure.second, figure.change)
        table.add_row(figure.what, *("-" if value is None else f"{value:,.3f}" for value in values))
    print_whole(table)
    answers.print(f"shorter outage: {comparison.shorter}", style="bold")


def _chosen(
    drill_name: str | None, env: Path | None, *, every: bool
) -> tuple[tuple[Drill, ...], Path | None]:
    """Return the drills meant, and the environment: with --all the one argument is the environment."""
    if every:
        return tuple(DRILLS), Path(drill_name) if drill_name else env
    if drill_name is None:
        raise DesignError(
            where="drill run",
            problem="no drill is named",
            remedy=f"Name one of {', '.join(known_drill.name for known_drill in DRILLS)}, or use --all",
        )
    return (named(drill_name),), env
