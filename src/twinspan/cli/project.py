"""`twinspan plan|apply|destroy`: Terraform on the twin or on real accounts."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TypedDict, Unpack

import click

from twinspan.cli.options import (
    allow_option,
    format_option,
    place_options,
    root_module_argument,
    variable_options,
)
from twinspan.cli.output import answers, print_json, progress, step
from twinspan.errors import TwinspanError
from twinspan.project.environment import Environment
from twinspan.project.leftovers import leftovers
from twinspan.project.messages import Event, ResourceEvent, Summary
from twinspan.project.network import network_of
from twinspan.project.outcome import Outcome
from twinspan.project.source import Source
from twinspan.project.terraform import Choice, Terraform
from twinspan.target.place import Place
from twinspan.target.target import endpoints_of, open_endpoints

_DONE = {"create": "created", "update": "updated", "delete": "removed", "read": "read"}

_providers_option = click.option(
    "--providers",
    type=click.Choice(["auto", "real", "offline"]),
    default="auto",
    show_default=True,
    help="The real Terraform providers, twinspan's offline ones (twin only), or real if possible.",
)


_yes_option = click.option("--yes", is_flag=True, help="Do not ask before changing real accounts.")


class Settings(TypedDict):
    """How Terraform is to run; arguments of `Terraform`."""

    providers: Choice
    variables: dict[str, str]
    var_files: tuple[Path, ...]
    allowed: tuple[str, ...]


@click.command()
@root_module_argument
@place_options
@format_option
@_providers_option
@variable_options
@allow_option
def plan(env: Source, place: Place, fmt: str, **settings: Unpack[Settings]) -> None:
    """Show what `apply` would change.

    \b
    Example: twinspan plan terraform/envs/dev

    \b
    Exit codes: 0 planned, 2 bad input, 3 the machine, the state or an endpoint is not ready.
    """  # noqa: D301 - click needs the character itself
    environment = env.folder("plan")
    with _terraform(environment, place=place, settings=settings) as terraform:
        with step(f"Planning {environment.name} on {place.label}"):
            outcome = terraform.plan()
        _print(outcome, environment=environment, on=place.on, fmt=fmt)


@click.command()
@root_module_argument
@place_options
@format_option
@_providers_option
@variable_options
@allow_option
@_yes_option
def apply(env: Source, place: Place, fmt: str, *, yes: bool, **settings: Unpack[Settings]) -> None:
    """Build the environment, or change it into what its files say.

    On the twin the state bucket is made if it is missing; on real accounts you make it once.

    \b
    Example: twinspan apply terraform/envs/dev

    \b
    Exit codes: 0 built, 2 bad input, 3 the machine, the state or an endpoint is not ready.
    """  # noqa: D301 - click needs the character itself
    environment = env.folder("apply")
    _refuse_unasked("apply", place=place, yes=yes)
    with _terraform(environment, place=place, settings=settings) as terraform:
        outcome = _change(terraform, "apply", environment, place=place, yes=yes)
        outputs = terraform.outputs() if fmt == "json" else {}
        _print(outcome, environment=environment, on=place.on, fmt=fmt, outputs=outputs)


@click.command()
@root_module_argument
@place_options
@format_option
@_providers_option
@variable_options
@allow_option
@_yes_option
def destroy(env: Source, place: Place, fmt: str, *, yes: bool, **settings: Unpack[Settings]) -> None:
    """Remove everything that `apply` has built; the state bucket stays.

    What a resource group or VPC of it holds besides, and what removes that, is said first: a cloud removes
    neither before it is empty.

    \b
    Example: twinspan destroy terraform/envs/dev

    \b
    Exit codes: 0 removed, 2 bad input, 3 the machine, the state or an endpoint is not ready.
    """  # noqa: D301 - click needs the character itself
    environment = env.folder("destroy")
    _refuse_unasked("destroy", place=place, yes=yes)
    with _terraform(environment, place=place, settings=settings) as terraform:
        _warn_of_leftovers(terraform, env, place=place)
        outcome = _change(terraform, "destroy", environment, place=place, yes=yes)
        _print(outcome, environment=environment, on=place.on, fmt=fmt)


def _warn_of_leftovers(terraform: Terraform, source: Source, *, place: Place) -> None:
    """Name what a destroy leaves, and what to do with it; the cloud's refusal can take minutes."""
    state = terraform.state()
    try:
        endpoints = endpoints_of(network_of(state.plan), open_endpoints(source, place))
        unmanaged_objects = list(leftovers(state, endpoints))
    except TwinspanError as error:
        progress.print(
            f"warning: it cannot be seen whether something is left: {error}", style="yellow", markup=False
        )
        return
    for address, held in unmanaged_objects:
        progress.print(
            f"warning: {address} also holds the {held.kind} {held.id}, which Terraform's state lacks and so"
            f" does not remove. `{held.removal}` removes it, `terraform import` takes it into the state.",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )


def _refuse_unasked(operation: str, *, place: Place, yes: bool) -> None:
    if place.real and not yes and not sys.stdin.isatty():
        raise click.UsageError(
            f"{operation} --on {place.on} changes real accounts: say --yes, or run it in a terminal"
        )


def _change(
    terraform: Terraform, operation: str, environment: Environment, *, place: Place, yes: bool
) -> Outcome:
    if place.real and not yes:
        return _ask_then_change(terraform, operation, environment)
    doing = "Building" if operation == "apply" else "Removing"
    with step(f"{doing} {environment.name} on {place.label}"):
        return terraform.apply() if operation == "apply" else terraform.destroy()


def _ask_then_change(terraform: Terraform, operation: str, environment: Environment) -> Outcome:
    # A saved plan holds secrets in clear text: its folder is closed to others and goes when it is applied.
    with tempfile.TemporaryDirectory(prefix="twinspan-plan-") as folder:
        saved = Path(folder) / "plan"
        with step(f"Planning {operation} of {environment.name} on real accounts"):
            planned = terraform.plan(save=saved, destroy=operation == "destroy")
        _print_changes(planned, to_answers=False)
        click.confirm(f"{operation} this on real accounts?", abort=True, err=True)
        with step(f"{operation} {environment.name} on real accounts"):
            return terraform.apply(plan=saved)


@contextmanager
def _terraform(environment: Environment, *, place: Place, settings: Settings) -> Iterator[Terraform]:
    with Terraform(
        environment,
        process_environment=place.terraform_environment(),
        on_event=_Progress(),
        states=place.states,
        **settings,
    ) as terraform:
        with step("Getting Terraform ready"):
            terraform.init()
        if terraform.offline_providers:
            progress.print(
                f"warning: offline provider for {' and '.join(terraform.offline_providers)} in use, because"
                " the real provider cannot be installed here, or was not asked for. Its schema was checked"
                " against the real one's, but the real one's own checks are not in it.",
                style="yellow",
            )
        yield terraform


class _Progress:
    """Prints a line per finished resource, numbered once the plan has said how many there are."""

    def __init__(self) -> None:
        self._planned = 0
        self._ended = 0

    def __call__(self, event: Event) -> None:
        if isinstance(event, Summary):
            self._planned = event.added + event.changed + event.removed
        elif isinstance(event, ResourceEvent) and event.state == "done":
            self._ended += 1
            done = _DONE.get(event.action, event.action)
            count = f"{self._ended}/{max(self._planned, self._ended)}"
            _line(f"  {count:>7}  {done:<8} {event.elapsed_s:6.1f} s  {event.address}")
        elif isinstance(event, ResourceEvent) and event.state == "running":
            _line(f"           waiting  {event.elapsed_s:6.1f} s  {event.address}")


def _line(text: str) -> None:
    progress.print(text, markup=False, soft_wrap=True)


def _print_changes(outcome: Outcome, *, to_answers: bool) -> None:
    console = answers if to_answers else progress
    for change in outcome.changes:
        text = "changed outside Terraform:" if change.drift else f"{change.action:<8}"
        console.print(f"  {text} {change.address}", markup=False, soft_wrap=True)
    summary = outcome.summary
    console.print(f"plan: {summary.added} to add, {summary.changed} to change, {summary.removed} to destroy")


def _print(outcome: Outcome, *, environment: Environment, on: str, fmt: str, outputs: object = None) -> None:
    for warning in outcome.warnings:
        if "offline provider" not in warning:
            progress.print(f"warning: {warning}", style="yellow", markup=False)
    if fmt == "json":
        print_json({"environment": environment.name, "on": on, **asdict(outcome), "outputs": outputs or {}})
    elif outcome.operation == "plan":
        _print_changes(outcome, to_answers=True)
    else:
        summary = outcome.summary
        answers.print(
            f"{outcome.operation} of {environment.name} on {on}: {summary.added} added,"
            f" {summary.changed} changed, {summary.removed} destroyed in {outcome.duration_s:.1f} s"
        )
