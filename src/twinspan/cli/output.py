"""How answers and progress are printed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import click
from rich.console import Console, RenderableType

from twinspan.errors import DesignError
from twinspan.results.document import Answer, Env, as_json

_ENV, _LINE = "twinspan.env", "twinspan.env.line"
"""Where a command keeps what its ENV is. Source: click, `Context.meta`."""
_WHOLE_LINES = 4000
"""Columns off a terminal: what a reader greps for, or a script reads, must not be broken."""


class _Console(Console):
    """A console that leaves it to `cli.main` what happens when its reader has gone."""

    def on_broken_pipe(self) -> None:
        """Raise the error again, which is being handled."""
        raise  # noqa: PLE0704 - rich calls this where it has caught the error


def console_for(
    *,
    stderr: bool = False,
    file: IO[str] | None = None,
    soft_wrap: bool = False,
    kind: type[Console] = _Console,
) -> Console:
    """Return a console that wraps at a terminal's edge, and never elsewhere.

    Args:
        stderr: Write to standard error instead of standard output.
        file: Write there instead.
        soft_wrap: Leave wrapping to the terminal, so that a command that is printed can be copied whole.
        kind: Its class.
    """
    console = kind(stderr=stderr, file=file, highlight=False, soft_wrap=soft_wrap)
    if not console.is_terminal:
        console.soft_wrap = True
        console.width = _WHOLE_LINES
    return console


class _Answers(_Console):
    """Standard output: before the first answer of a command it says what ENV is."""

    def print(self, *objects: Any, **options: Any) -> None:  # noqa: ANN401 - as rich's own
        """Print, as rich does."""
        context = click.get_current_context(silent=True)
        line = context.meta.pop(_LINE, None) if context else None
        if line is not None:
            super().print(line, markup=False, soft_wrap=True)
        super().print(*objects, **options)


progress = console_for(stderr=True)
"""Progress and errors: standard error."""

answers = console_for(soft_wrap=True, kind=_Answers)
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


def looked_at(env: Env, *, line: str, fmt: str) -> None:
    """Say what ENV of this command is: the first line of an answer in text, a member of one in JSON."""
    meta = click.get_current_context().meta
    meta[_ENV] = env
    if fmt == "text":
        meta[_LINE] = line


def print_json(value: object) -> None:
    """Write one JSON document to standard output; addresses and times become text."""
    context = click.get_current_context(silent=True)
    env = context.meta.get(_ENV) if context else None
    if env is not None and isinstance(value, Answer):
        value = value.model_copy(update={"env": env})
    elif env is not None and isinstance(value, dict):
        value = {**value, "env": env}
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
