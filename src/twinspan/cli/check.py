"""`twinspan check`."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinspan.check.designs import applied_design, design_of
from twinspan.check.findings import Report
from twinspan.check.run import check as run_check
from twinspan.check.text import summary
from twinspan.cli.options import (
    format_option,
    given,
    inputs_of,
    junit_option,
    name_option,
    path_argument,
    say,
    variable_options,
    waivers_option,
)
from twinspan.cli.output import answers, print_json, step, write_junit
from twinspan.errors import DesignError
from twinspan.project.dry_plan import DryProviders, Inputs, dry_plan
from twinspan.project.environment import Environment
from twinspan.project.plan import load_plan, read_plan
from twinspan.project.source import Source, is_saved_plan
from twinspan.project.state import load_state
from twinspan.results import Severity
from twinspan.results.junit import as_junit
from twinspan.results.text import lines_of
from twinspan.rules.design import Design, existing_design
from twinspan.rules.waivers import waivers_of
from twinspan.target.place import Place
from twinspan.target.places import place_of

if TYPE_CHECKING:
    from twinspan.rules.design import Manifests

_DEFAULT_PLACE = "twin"
_STDIN = "standard input"
_REMEDY = "Give the output of `terraform show -json FILE`"


@click.command()
@path_argument
@format_option
@click.option(
    "--plan",
    "plan_file",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="`terraform show -json` of a plan, instead of planning ENV; - is standard input.",
)
@click.option(
    "--state",
    "state_file",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="A state, as `terraform state pull` gives it, instead of planning ENV; - is standard input.",
)
@click.option(
    "--on",
    type=click.Choice(["twin", "cloud"]),
    help="What exists on the twin, or in the accounts of ENV, instead of planning ENV; only reads.",
)
@name_option
@click.option(
    "--providers",
    type=click.Choice(["offline", "real"]),
    default="offline",
    show_default=True,
    help="Plan ENV with twinspan's own Terraform providers, or the real ones and your credentials.",
)
@variable_options
@click.option(
    "--fail-on",
    type=click.Choice([severity.value for severity in Severity]),
    default="error",
    show_default=True,
    help="From which severity on a finding fails the check.",
)
@click.option("--allow-inconclusive", is_flag=True, help="Let pass what is not known.")
@waivers_option
@click.option(
    "--app",
    type=click.Path(path_type=Path, file_okay=False),
    help="The application of `twinspan deploy`, whose network policies are checked too.",
)
@junit_option
@click.option("--all", "every", is_flag=True, help="Name the rules that hold, too.")
@click.option(
    "--max-key-age",
    metavar="DAYS",
    type=click.IntRange(1, 36_500),
    default=Design.max_key_age_days,
    show_default=True,
    help="How long a pre-shared key may be in use, where a tag says since when it is: KEY-06.",
)
def check(
    *,
    env: Path | None,
    fmt: str,
    plan_file: Path | None,
    state_file: Path | None,
    on: str | None,
    name: str,
    providers: DryProviders,
    variables: dict[str, str],
    var_files: tuple[Path, ...],
    fail_on: str,
    waivers: Path | None,
    app: Path | None,
    junit: Path | None,
    allow_inconclusive: bool,
    every: bool,
    max_key_age: int,
) -> None:
    """Say what is wrong with the plan of ENV, before anything exists; or with a state, or what exists.

    Plans in a copy: neither a twin nor an account is needed, and no state is read or written.

    \b
    Example: twinspan check terraform/envs/dev
    Example: terraform state pull | twinspan check --state -

    \b
    Exit codes: 0 good, 1 a check failed, 2 bad input, 3 Terraform, a provider or an endpoint is missing.
    """  # noqa: D301 - click needs the character itself
    if sum(alternative is not None for alternative in (plan_file, state_file, on)) > 1:
        raise click.UsageError("Give one of --plan, --state and --on.")
    manifests = _manifests(app) if app else {}
    if plan_file or state_file:
        inputs_of(variables, var_files, planned=False)
        looked, design, source = _file(plan_file, state_file, manifests, fmt=fmt)
    else:
        looked = given(env, fmt=fmt)
        planned = looked.environment is not None and not on
        inputs = inputs_of(variables, var_files, planned=planned)
        if on or looked.kind == "network":
            design, source = _existing(looked, place_of(on or _DEFAULT_PLACE, name), manifests)
        elif looked.environment:
            design, source = _planned(looked.environment, providers, inputs, manifests)
        else:
            design, source = _of_file(looked, manifests)
    accepted = waivers_of(waivers, env=looked.environment.folder if looked.environment else None)
    report = run_check(
        replace(design, max_key_age_days=max_key_age),
        source=source,
        waivers=accepted,
        fail_on=Severity(fail_on),
        allow_inconclusive=allow_inconclusive,
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


def _manifests(app: Path) -> "Manifests":
    from twinspan.deploy.source import load_app  # noqa: PLC0415 - loads the Kubernetes client, which is slow
    from twinspan.target.kubectl import kubectl  # noqa: PLC0415 - only here

    return dict(load_app(app, kubectl=kubectl()).items())


def _planned(
    env: Environment, providers: DryProviders, inputs: Inputs, manifests: "Manifests"
) -> tuple[Design, str]:
    with step(f"Planning {env.name} in a copy"):
        document = dry_plan(env, providers=providers, inputs=inputs)
    source = f"plan of {env.name}"
    return design_of(read_plan(document, where=source), manifests=manifests), source


def _file(
    plan_file: Path | None, state_file: Path | None, manifests: "Manifests", *, fmt: str
) -> tuple[Source, Design, str]:
    """Read what `--plan` or `--state` names; - is standard input."""
    if plan_file and str(plan_file) != "-" and is_saved_plan(plan_file):
        looked = given(plan_file, fmt=fmt)
        return looked, *_of_file(looked, manifests)
    if plan_file:
        text, name = _read(plan_file, remedy=_REMEDY)
        design = design_of(load_plan(text, where=name), manifests=manifests)
        looked = Source(kind="plan", name=name, path=None if name == _STDIN else plan_file.resolve())
    else:
        remedy = "Give the output of `terraform state pull`"
        text, name = _read(state_file or Path("-"), remedy=remedy)
        design = applied_design(load_state(text, where=name, remedy=remedy), manifests=manifests)
        looked = Source(kind="state", name=name)
    say(looked, fmt=fmt)
    return looked, design, name


def _of_file(looked: Source, manifests: "Manifests") -> tuple[Design, str]:
    if looked.state is not None:
        return applied_design(looked.state, manifests=manifests), looked.name
    return design_of(read_plan(looked.document, where=looked.name), manifests=manifests), looked.name


def _existing(env: Source, place: Place, manifests: "Manifests") -> tuple[Design, str]:
    from twinspan.cloud.reader import read_network  # noqa: PLC0415 - loads both SDKs, which is slow
    from twinspan.target.target import open_target  # noqa: PLC0415 - as above

    target = open_target(env, place)
    with step(f"Reading {env.name}"):
        network, secrets = read_network(target.endpoints)
    return existing_design(network, secrets, manifests=manifests), f"{env.name} on {place.label}"


def _read(file: Path, *, remedy: str) -> tuple[str, str]:
    """Return a file's text, and its name for messages."""
    source = _STDIN if str(file) == "-" else str(file)
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text()
    except UnicodeDecodeError as error:
        remedy = f"{remedy}, not FILE itself" if remedy == _REMEDY else remedy
        raise DesignError(where=source, problem="this is no text", remedy=remedy) from error
    except OSError as error:
        raise DesignError(where=source, problem=f"cannot be read: {error.strerror}", remedy=remedy) from error
    return text, source
