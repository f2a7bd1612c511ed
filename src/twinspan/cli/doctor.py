"""`twinspan doctor`."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
from rich.markup import escape
from rich.table import Table

from twinspan import extras
from twinspan.cli.options import (
    env_argument,
    format_option,
    inputs_of,
    junit_option,
    place_options,
    variable_options,
)
from twinspan.cli.output import answers, print_json, print_whole, progress, step, write_junit
from twinspan.cli.tables import TableOfNames
from twinspan.cloud.endpoints import Endpoints
from twinspan.doctor import machine
from twinspan.doctor.configuration import Configuration, look_at
from twinspan.doctor.findings import Diagnosis
from twinspan.doctor.needs import Needs, needs_of
from twinspan.doctor.on_twin import needs_on_twin
from twinspan.doctor.run import Accounts, diagnose
from twinspan.errors import HostError, TwinspanError
from twinspan.network.clouds import CLOUD_NAMES, Cloud
from twinspan.project.dry_plan import DryProviders
from twinspan.project.source import Source
from twinspan.results import Outcome
from twinspan.results.junit import as_junit
from twinspan.results.support import Need
from twinspan.results.text import summary_of, tree_of
from twinspan.target.place import Place
from twinspan.target.target import open_target


@click.command()
@env_argument
@place_options
@format_option
@variable_options
@click.option(
    "--providers",
    type=click.Choice(["auto", "offline", "real"]),
    default="auto",
    show_default=True,
    help="Which Terraform providers plan ENV; auto: twinspan's offline ones where they are installed.",
)
@junit_option
@click.option("--all", "every", is_flag=True, help="List what is well, too.")
def doctor(
    env: Source,
    place: Place,
    fmt: str,
    *,
    variables: dict[str, str],
    var_files: tuple[Path, ...],
    providers: str,
    junit: Path | None,
    every: bool,
) -> None:
    """Say what is missing on this machine, in the accounts and on the twin to build ENV.

    Changes nothing. Works with none, one or both clouds configured; on the twin it asks the twin's APIs, if
    it is up. For the twin each resource type, data source and argument of ENV is listed with what is behind
    it: packets, objects only, or that it is refused. ENV may be a plan or a state, too.

    \b
    Example: twinspan doctor terraform/envs/dev --on cloud

    \b
    Exit codes: 0 nothing is missing, 1 something is, 2 bad input.
    """  # noqa: D301 - click needs the character itself
    inputs = inputs_of(variables, var_files, planned=env.environment is not None)
    with step(f"Looking at this machine and the accounts for {env.name}"):
        configuration = look_at(env, providers=_dry(providers, place), inputs=inputs)
        if configuration.problem:
            progress.print(
                f"warning: no plan, so what is lacking for it is not known: {configuration.problem}",
                markup=False,
            )
        needs = needs_of(configuration.plan) if configuration.plan else None
        accounts = _accounts(place)
        if region := _region(env, needs):
            accounts = replace(accounts, endpoints=accounts.endpoints.in_region(region))
        diagnosis = diagnose(
            host=machine.look_at(place.machine) if place.machine else (),
            accounts=accounts,
            needs=needs,
            built=_built(env, place),
            twin_needs=_wanted(configuration, place),
        )
    if junit is not None:
        write_junit(junit, as_junit(diagnosis, command="doctor", duration_s=diagnosis.duration_s))
    _show(diagnosis, fmt=fmt, every=every)
    if not diagnosis.passed:
        raise click.exceptions.Exit(1)


def _dry(providers: str, place: Place) -> DryProviders:
    """Return which providers plan: those asked for; else the offline ones, unless they are not installed."""
    if providers == "auto":
        return "real" if place.real and extras.missing("twin") else "offline"
    return "real" if providers == "real" else "offline"


def _region(env: Source, needs: Needs | None) -> str:
    kept = env.environment.state if env.environment else None
    return (needs.region if needs else "") or (kept.region if kept else "")


def _wanted(configuration: Configuration, place: Place) -> tuple[Need, ...] | None:
    if place.serves is None or configuration.wanted is None:
        return None
    return needs_on_twin(
        place.serves, configuration.wanted, plan=configuration.plan, providers=configuration.providers
    )


def _show(diagnosis: Diagnosis, *, fmt: str, every: bool) -> None:
    if fmt == "json":
        print_json(diagnosis)
        return
    print_whole(tree_of(diagnosis, headline="what is needed", every=every))
    if diagnosis.needs:
        print_whole(_needs_table(diagnosis.needs))
    parts = ((diagnosis.count(Outcome.SKIPPED), "not looked at"),)
    answers.print(
        summary_of(diagnosis, duration_s=diagnosis.duration_s, parts=parts),
        style="bold green" if diagnosis.passed else "bold red",
    )


def _needs_table(needs: Sequence[Need]) -> Table:
    table = TableOfNames(
        "on the twin", "kind", "name", "how many", "why", names=("name",), right=("how many",)
    )
    for need in needs:
        count = str(len(need.addresses)) if need.addresses else ""
        table.add_row(need.support.level, need.kind, need.name, count, escape(need.support.reason))
    return table


def _accounts(place: Place) -> Accounts:
    accounts: dict[Cloud, Endpoints] = {}
    reasons: dict[Cloud, str] = {}
    for cloud in CLOUD_NAMES:
        try:
            accounts[cloud] = place.account(cloud)
        except HostError as error:
            reasons[cloud] = str(error)
    aws, azure = accounts.get("aws"), accounts.get("azure")
    return Accounts(
        endpoints=Endpoints(aws=aws.aws if aws else None, azure=azure.azure if azure else None),
        aws_reason=reasons.get("aws", ""),
        azure_reason=reasons.get("azure", ""),
    )


def _built(env: Source, place: Place) -> bool:
    """Return whether the state of ENV has resources; without an answer it counts as not built."""
    try:
        return open_target(env, place).planned is not None
    except TwinspanError:
        return False
