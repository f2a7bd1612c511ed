"""Drills without anybody who sends: broken and watched through the clouds' APIs."""

import time
from collections.abc import Sequence
from functools import partial

import click

from twinspan.cli.drill_series import show_moment
from twinspan.cli.faults import fault_of
from twinspan.cli.output import answers, print_json, step
from twinspan.cli.signals import undone_on_signals
from twinspan.cli.target import Target
from twinspan.drill.api_run import ApiReport, Watch, run_on_apis
from twinspan.drill.definition import Drill
from twinspan.drill.document import ApiRunDocument
from twinspan.verify.run import read_facts, verify


def run_on_apis_of(
    target: Target, drill: Drill, *, tunnel: str, force: bool, poll_s: float = 2.0
) -> ApiReport:
    """Run a drill through the APIs of `target`, which may be a twin's: nothing here knows the difference.

    Raises:
        TwinspanError: The network is not whole, or a cloud said no.
    """
    watch = Watch(
        links=lambda: read_facts(target.endpoints, expected=target.expected).links(),
        verify=lambda: verify(target.endpoints, hosts=(), expected=target.expected),
        fault=partial(fault_of, target),
        now_s=time.monotonic,
        poll_s=poll_s,
    )
    with undone_on_signals(), step(f"Drill {drill.name}"):
        return run_on_apis(drill, watch, tunnel=tunnel, force=force, on_moment=show_moment)


def show_api(reports: Sequence[ApiReport], *, fmt: str) -> None:
    """Print the reports. Raises click's Exit(1) unless all have passed."""
    if fmt == "json":
        documents = [ApiRunDocument.of(report) for report in reports]
        print_json(documents[0] if len(documents) == 1 else {"drills": documents})
    else:
        for report in reports:
            answers.print(f"[bold]{report.drill.name}[/bold]: {report.target}")
            for key, seconds in report.down_s.items():
                answers.print(f"  {key} was down for {seconds:,.1f} s as AWS told it", markup=False)
            whole = report.whole_again_s
            answers.print("not whole again" if whole is None else f"whole again after {whole:,.1f} s")
            if report.stopped:
                answers.print(f"broken off: {report.stopped}", style="red", markup=False)
        answers.print(
            "note: packets were not counted; --from pods counts them between both clusters", style="dim"
        )
    if not all(report.passed for report in reports):
        raise click.exceptions.Exit(1)
