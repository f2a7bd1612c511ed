"""`twinspan check`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinspan.check.catalogue import CATALOGUE, check_of
from twinspan.check.findings import Report
from twinspan.check.run import check as run_check
from twinspan.check.text import explain, summary
from twinspan.check.waivers import WAIVERS_FILE, Waiver, load_waivers
from twinspan.cli.options import env_argument, format_option, junit_option
from twinspan.cli.output import answers, print_json, step, write_junit
from twinspan.errors import DesignError
from twinspan.project.dry_plan import DryProviders, dry_plan
from twinspan.project.environment import Environment
from twinspan.project.plan import Plan, load_plan, read_plan
from twinspan.results import Severity
from twinspan.results.junit import as_junit
from twinspan.results.text import lines_of

if TYPE_CHECKING:
    from twinspan.check.design import Manifests


@click.command()
@env_argument
@format_option
@click.option(
    "--plan",
    "plan_file",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="`terraform show -json` of a plan, instead of planning ENV; - is standard input.",
)
@click.option(
    "--providers",
    type=click.Choice(["offline", "real"]),
    default="offline",
    show_default=True,
    help="Plan ENV with twinspan's own Terraform providers, or the real ones and your credentials.",
)
@click.option(
    "--fail-on",
    type=click.Choice([severity.value for severity in Severity]),
    default="error",
    show_default=True,
    help="From which severity on a finding fails the check.",
)
@click.option("--allow-inconclusive", is_flag=True, help="Let pass what the plan does not tell.")
@click.option(
    "--waivers",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"Findings to live with, each with a reason; {WAIVERS_FILE} of ENV if it is there.",
)
@click.option(
    "--app",
    type=click.Path(path_type=Path, file_okay=False),
    help="The application of `twinspan deploy`, whose network policies are checked too.",
)
@junit_option
@click.option("--all", "every", is_flag=True, help="Name the checks that hold, too.")
@click.option("--explain", "explain_id", metavar="ID", help="Say what a check is about, e.g. ADDR-01.")
def check(
    *,
    env: Path,
    fmt: str,
    plan_file: Path | None,
    providers: DryProviders,
    fail_on: str,
    waivers: Path | None,
    app: Path | None,
    junit: Path | None,
    explain_id: str | None,
    allow_inconclusive: bool,
    every: bool,
) -> None:
    """Say what is wrong with the plan of ENV, before anything exists.

    Plans in a copy: neither a twin nor an account is needed, and no state is read or written.

    \b
    Example: twinspan check terraform/envs/dev

    \b
    Exit codes: 0 good, 1 a check failed, 2 bad input, 3 Terraform or a provider is missing.
    """  # noqa: D301 - click needs the character itself
    if explain_id is not None:
        _explain(explain_id, fmt=fmt)
        return
    accepted = _waivers(waivers, env=None if plan_file else env)
    plan, source = _given(plan_file) if plan_file else _planned(env, providers)
    report = run_check(
        plan,
        source=source,
        waivers=accepted,
        fail_on=Severity(fail_on),
        allow_inconclusive=allow_inconclusive,
        manifests=_manifests(app) if app else None,
    )
    if junit is not None:
        write_junit(junit, as_junit(report, command="check"))
    _show(report, fmt=fmt, every=every)
    if not report.passed:
        raise click.exceptions.Exit(1)


def _show(report: Report, *, fmt: str, every: bool) -> None:
    if fmt == "json":
        print_json(report)
        return
    for line in (*lines_of(report, every=every), *(f"note: {note}" for note in report.notes)):
        answers.print(line, markup=False)
    answers.print(summary(report), style="bold green" if report.passed else "bold red", markup=False)


def _explain(check_id: str, *, fmt: str) -> None:
    found = check_of(check_id)
    if found is None:
        raise DesignError(
            where="--explain",
            problem=f"there is no check {check_id}",
            remedy=f"Choose one of: {', '.join(each.id for each in CATALOGUE)}",
        )
    if fmt == "json":
        print_json(
            {
                "id": found.id,
                "title": found.title,
                "severity": found.severity,
                "explanation": found.explanation,
                "source": found.source,
            }
        )
    else:
        click.echo(explain(found), nl=False)


def _manifests(app: Path) -> "Manifests":
    from twinspan.deploy.source import load_app  # noqa: PLC0415 - loads the Kubernetes client, which is slow
    from twinspan.target.kubectl import kubectl  # noqa: PLC0415 - only here

    return dict(load_app(app, kubectl=kubectl()).items())


def _waivers(file: Path | None, *, env: Path | None) -> tuple[Waiver, ...]:
    if file is not None:
        return load_waivers(file)
    found = env / WAIVERS_FILE if env is not None else None
    return load_waivers(found) if found is not None and found.is_file() else ()


def _planned(env: Path, providers: DryProviders) -> tuple[Plan, str]:
    environment = Environment.load(env)
    with step(f"Planning {environment.name} in a copy"):
        document = dry_plan(environment, providers=providers)
    source = f"plan of {environment.name}"
    return read_plan(document, where=source), source


def _given(file: Path) -> tuple[Plan, str]:
    source = "standard input" if str(file) == "-" else str(file)
    remedy = "Give the output of `terraform show -json FILE`"
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text()
    except UnicodeDecodeError as error:
        remedy = "Give the output of `terraform show -json FILE`, not FILE itself"
        raise DesignError(where=source, problem="this is no text", remedy=remedy) from error
    except OSError as error:
        raise DesignError(where=source, problem=f"cannot be read: {error.strerror}", remedy=remedy) from error
    return load_plan(text, where=source), source
