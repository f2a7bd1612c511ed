"""Options that every command shares, and how answers and progress are printed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeVar

import click
from rich.console import Console, RenderableType

from twinspan import extras
from twinspan.errors import DesignError
from twinspan.results.document import as_json

Command = TypeVar("Command", bound=Callable[..., Any])

_WHOLE_LINES = 4000
"""Columns off a terminal: what a reader greps for, or a script reads, must not be broken."""


class _Console(Console):
    """A console that leaves it to `cli.main` what happens when its reader has gone."""

    def on_broken_pipe(self) -> None:
        """Raise the error again, which is being handled."""
        raise  # noqa: PLE0704 - rich calls this where it has caught the error


def console_for(*, stderr: bool = False, file: IO[str] | None = None, soft_wrap: bool = False) -> Console:
    """Return a console that wraps at a terminal's edge, and never elsewhere.

    Args:
        stderr: Write to standard error instead of standard output.
        file: Write there instead.
        soft_wrap: Leave wrapping to the terminal, so that a command that is printed can be copied whole.
    """
    console = _Console(stderr=stderr, file=file, highlight=False, soft_wrap=soft_wrap)
    if not console.is_terminal:
        console.soft_wrap = True
        console.width = _WHOLE_LINES
    return console


progress = console_for(stderr=True)
"""Progress and errors: standard error."""

answers = console_for(soft_wrap=True)
"""Answers: standard output."""

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


def on_option(command: Command) -> Command:
    """Add `--on twin|cloud` (parameter `on`); the cloud is never implied."""
    return click.option(
        "--on",
        type=click.Choice(["twin", "cloud"]),
        default="twin",
        show_default=True,
        callback=_if_installed,
        help="The local twin, or real accounts with your own credentials.",
    )(command)


def _if_installed(_context: click.Context, _option: click.Parameter, on: str) -> str:
    if on == "twin":
        extras.require("twin", by="the twin", otherwise="work on real accounts with --on cloud")
    return on


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


def write_junit(file: Path, text: str) -> None:
    """Write the file of `--junit`.

    Raises:
        DesignError: It cannot be written.
    """
    try:
        file.write_text(text)
    except OSError as error:
        raise DesignError(
            where=f"--junit {file}",
            problem=f"cannot be written: {error.strerror}",
            remedy="Name another file",
        ) from error


def print_json(value: object) -> None:
    """Write one JSON document to standard output; addresses and times become text."""
    click.echo(as_json(value))


def print_whole(shown: RenderableType, *, console: Console = answers) -> None:
    """Print a table or a tree: folded at a terminal's edge, in whole lines elsewhere; nothing is cut off."""
    console.print(shown, soft_wrap=False)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Show a spinner with `title` on standard error while the block runs; off a terminal, one line."""
    if progress.is_terminal:
        with progress.status(title):
            yield
    else:
        progress.print(f"... {title}")
        yield
