"""`twinspan doctor`."""

from dataclasses import replace
from pathlib import Path

import click

from twinspan import extras
from twinspan.cli.options import env_argument, format_option, junit_option, place_options
from twinspan.cli.output import answers, print_json, print_whole, progress, step, write_junit
from twinspan.cloud.endpoints import Endpoints
from twinspan.doctor import machine
from twinspan.doctor.findings import Diagnosis
from twinspan.doctor.needs import Needs, needs_of
from twinspan.doctor.run import Accounts, diagnose
from twinspan.errors import HostError, TwinspanError
from twinspan.network.clouds import CLOUD_NAMES, Cloud
from twinspan.project.dry_plan import dry_plan
from twinspan.project.environment import Environment
from twinspan.project.plan import read_plan
from twinspan.results import Outcome
from twinspan.results.junit import as_junit
from twinspan.results.text import summary_of, tree_of
from twinspan.target.place import Place
from twinspan.verify.remote_state import state_in_s3


@click.command()
@env_argument
@place_options
@format_option
@junit_option
@click.option("--all", "every", is_flag=True, help="List what is well, too.")
def doctor(env: Path, place: Place, fmt: str, *, junit: Path | None, every: bool) -> None:
    """Say what is missing on this machine and in the accounts to build ENV, and what provides it.

    Changes nothing. Works with none, one or both clouds configured; on the twin it asks the twin's APIs.

    \b
    Example: twinspan doctor terraform/envs/dev --on cloud

    \b
    Exit codes: 0 nothing is missing, 1 something is, 2 bad input.
    """  # noqa: D301 - click needs the character itself
    environment = Environment.load(env)
    with step(f"Looking at this machine and the accounts for {environment.name}"):
        needs = _needs(environment, place)
        accounts = _accounts(place)
        region = (needs.region if needs else "") or environment.state.region
        accounts = replace(accounts, endpoints=accounts.endpoints.in_region(region))
        diagnosis = diagnose(
            host=machine.look_at(place.machine) if place.machine else (),
            accounts=accounts,
            needs=needs,
            built=_built(accounts.endpoints, environment),
        )
    if junit is not None:
        write_junit(junit, as_junit(diagnosis, command="doctor", duration_s=diagnosis.duration_s))
    _show(diagnosis, fmt=fmt, every=every)
    if not diagnosis.passed:
        raise click.exceptions.Exit(1)


def _show(diagnosis: Diagnosis, *, fmt: str, every: bool) -> None:
    if fmt == "json":
        print_json(diagnosis)
        return
    print_whole(tree_of(diagnosis, headline="what is needed", every=every))
    parts = ((diagnosis.count(Outcome.SKIPPED), "not looked at"),)
    answers.print(
        summary_of(diagnosis, duration_s=diagnosis.duration_s, parts=parts),
        style="bold green" if diagnosis.passed else "bold red",
    )


def _accounts(place: Place) -> Accounts:
    found: dict[Cloud, Endpoints] = {}
    reasons: dict[Cloud, str] = {}
    for cloud in CLOUD_NAMES:
        try:
            found[cloud] = place.account(cloud)
        except HostError as error:
            reasons[cloud] = str(error)
    aws, azure = found.get("aws"), found.get("azure")
    return Accounts(
        endpoints=Endpoints(aws=aws.aws if aws else None, azure=azure.azure if azure else None),
        aws_reason=reasons.get("aws", ""),
        azure_reason=reasons.get("azure", ""),
    )


def _needs(environment: Environment, place: Place) -> Needs | None:
    """Plan with the offline providers or, where those are not installed, with the real ones."""
    real = place.real and extras.missing("twin")
    try:
        plan = dry_plan(environment, providers="real" if real else "offline")
        return needs_of(read_plan(plan, where=f"plan of {environment.name}"))
    except TwinspanError as error:
        progress.print(
            f"warning: no plan, so what the accounts lack for it is not known: {error}", markup=False
        )
        return None


def _built(endpoints: Endpoints, environment: Environment) -> bool:
    """Return whether the environment's state has outputs; without an answer it counts as not built."""
    if endpoints.aws is None:
        return False
    try:
        return bool(state_in_s3(endpoints.aws, environment.state).outputs)
    except TwinspanError:
        return False
