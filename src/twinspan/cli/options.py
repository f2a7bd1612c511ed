"""Options that commands share."""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from twinspan.cli.output import looked_at
from twinspan.kubernetes import TOOLS_IMAGE
from twinspan.project.dry_plan import Inputs
from twinspan.project.environment import is_root_module
from twinspan.project.source import Source, source_of
from twinspan.results.document import Env
from twinspan.rules.waivers import WAIVERS_FILE
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
    """Add the argument ENV (parameter `env`, a `Source`); the command also has `format_option`."""

    @path_argument
    @wraps(command)
    def with_source(env: Path | None, **options: object) -> object:
        return command(env=given(env, fmt=str(options["fmt"])), **options)

    return cast("Command", with_source)


def path_argument(command: Command) -> Command:
    """Add the argument ENV as a path (parameter `env`); None if it is left out."""
    return click.argument("env", type=click.Path(path_type=Path), required=False)(command)


def root_module_argument(command: Command) -> Command:
    """Add the argument ENV of a command that runs Terraform (parameter `env`, a `Source`).

    If it is left out: the current folder if it has a root module, else the environment dev.
    """

    @path_argument
    @wraps(command)
    def with_source(env: Path | None, **options: object) -> object:
        here = Path.cwd() if is_root_module(Path.cwd()) else DEFAULT_ENV
        return command(env=given(env or here, fmt=str(options["fmt"])), **options)

    return cast("Command", with_source)


def given(env: Path | None, *, fmt: str) -> Source:
    """Return what ENV is, and say so.

    Raises:
        DesignError: It is nothing that a command can look at.
    """
    source = source_of(env)
    say(source, fmt=fmt)
    return source


def say(source: Source, *, fmt: str) -> None:
    """Say what ENV is, in the command's answer."""
    env = Env(kind=source.kind, name=str(source.path or source.name))
    looked_at(env, line=source.line, fmt=fmt)


def variable_options(command: Command) -> Command:
    """Add `--var NAME=VALUE` and `--var-file FILE` (parameters `variables` and `var_files`)."""
    command = click.option(
        "--var-file",
        "var_files",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        metavar="FILE",
        multiple=True,
        help="A file with variables' values, besides those that Terraform reads by itself; can be repeated.",
    )(command)
    return click.option(
        "--var",
        "variables",
        metavar="NAME=VALUE",
        multiple=True,
        callback=_variables,
        help="A variable's value that wins over all files; can be repeated. Not for secrets.",
    )(command)


def _variables(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = [value.partition("=") for value in values]
    wrong = [name or value for (name, sign, value) in pairs if not sign or not name.isidentifier()]
    if wrong:
        raise click.BadParameter(f"{wrong[0]!r} is not of the form NAME=VALUE")
    return {name: value for name, _, value in pairs}


def inputs_of(variables: Mapping[str, str], var_files: Sequence[Path], *, planned: bool) -> Inputs:
    """Return what a plan is made with.

    Raises:
        click.UsageError: Variables were given where nothing is planned.
    """
    if (variables or var_files) and not planned:
        raise click.UsageError("--var and --var-file are for a root module that is planned.")
    return Inputs(variables=variables, var_files=var_files)


def allow_option(command: Command) -> Command:
    """Add `--allow-provider NAME` (parameter `allowed`)."""
    return click.option(
        "--allow-provider",
        "allowed",
        metavar="NAME",
        multiple=True,
        help="Let a provider, a provisioner (local-exec...) or terraform_remote_state of a root module run on"
        " the twin, though it may leave this machine; can be repeated.",
    )(command)


def junit_option(command: Command) -> Command:
    """Add `--junit FILE` (parameter `junit`)."""
    return click.option(
        "--junit",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Write JUnit XML there, too.",
    )(command)


def waivers_option(command: Command) -> Command:
    """Add `--waivers FILE` (parameter `waivers`)."""
    return click.option(
        "--waivers",
        type=click.Path(path_type=Path, dir_okay=False),
        help=f"Findings to live with, each with a reason; {WAIVERS_FILE} of ENV if it is there.",
    )(command)


def sender_options(who: str) -> Callable[[Command], Command]:
    """Add `--from hosts|pods|none` (parameter `source`), `--image`, and the clusters of the pods.

    Args:
        who: What `--from` says in the help.
    """

    def add(command: Command) -> Command:
        command = click.option(
            "--image", default=TOOLS_IMAGE, show_default=True, help="For --from pods; needs Python 3."
        )(cluster_options(command))
        chosen = click.Choice(["hosts", "pods", "none"])
        return click.option("--from", "source", type=chosen, default=None, help=who)(command)

    return add


def cluster_options(command: Command) -> Command:
    """Add `--aws-cluster NAME` and `--azure-cluster NAME` (parameters of the same names)."""
    for side, word in (("azure", "AKS"), ("aws", "EKS")):
        command = click.option(
            f"--{side}-cluster",
            f"{side}_cluster",
            metavar="NAME",
            help=f"The {word} cluster; the one of Terraform's state, or the only one, if not given.",
        )(command)
    return command
