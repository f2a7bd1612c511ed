"""How answers and progress are printed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click
from rich.console import Console, RenderableType

from twinspan.errors import DesignError
from twinspan.results.document import as_json

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
