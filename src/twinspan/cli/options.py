"""Options that commands share."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from twinspan.target.places import place_of

Command = TypeVar("Command", bound=Callable[..., Any])
DEFAULT_ENV = Path("terraform/envs/dev")


def format_option(command: Command) -> Command:
    """Add `--format text|json` (parameter `fmt`)."""
    return click.option(
        "--format",
        "fmt",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="How the answer is written to standard output.",
    )(command)


def place_options(command: Command) -> Command:
    """Add `--on twin|cloud`, never `cloud` by default, and `--name NAME` (both as the parameter `place`)."""

    @click.option(
        "--on",
        type=click.Choice(["twin", "cloud"]),
        default="twin",
        show_default=True,
        help="The local twin, or real accounts with your own credentials.",
    )
    @name_option
    @wraps(command)
    def with_place(on: str, name: str, **options: object) -> object:
        return command(place=place_of(on, name), **options)

    return cast("Command", with_place)


def name_option(command: Command) -> Command:
    """Add `--name NAME` of the twin (parameter `name`), also from TWINSPAN_NAME."""
    return click.option(
        "--name",
        default="default",
        show_default=True,
        envvar="TWINSPAN_NAME",
        help="Which twin; several run side by side.",
    )(command)


def env_argument(command: Command) -> Command:
    """Add the argument ENV, an environment folder (parameter `env`)."""
    return click.argument(
        "env",
        type=click.Path(path_type=Path),
        default=DEFAULT_ENV,
        required=False,
    )(command)


def junit_option(command: Command) -> Command:
    """Add `--junit FILE` (parameter `junit`)."""
    return click.option(
        "--junit",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Write JUnit XML there, too.",
    )(command)


def cluster_options(command: Command) -> Command:
    """Add `--aws-cluster NAME` and `--azure-cluster NAME` (parameters of the same names)."""
    for side, word in (("azure", "AKS"), ("aws", "EKS")):
        command = click.option(
            f"--{side}-cluster",
            f"{side}_cluster",
            metavar="NAME",
            help=f"The {word} cluster; the one of the Terraform outputs, or the only one, if not given.",
        )(command)
    return command
