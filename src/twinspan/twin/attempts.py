"""Handle objects one by one, so that one which nobody foresaw keeps none of the others from its turn."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from twinspan.errors import ItemsError, TwinspanError

T = TypeVar("T")
R = TypeVar("R")


def words(error: BaseException) -> str:
    """Return an exception in words; one that was not raised on purpose with its kind and its place."""
    if isinstance(error, TwinspanError):
        return str(error)
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" ({Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno})" if trace else ""
    return f"{type(error).__name__}: {error}{place}"


def named(name: str, reason: str) -> str:
    """Return a problem that begins with the object's name, once."""
    return reason if reason.startswith(f"{name}: ") else f"{name}: {reason}"


def attempt(
    items: Iterable[T], act: Callable[[T], R], *, name: Callable[[T], str], problems: list[str]
) -> list[R]:
    """Act on each item and return what came of those that did not fail.

    Args:
        items: What to act on.
        act: Acts on one.
        name: How one is called in a problem.
        problems: Gets a line for each that failed.
    """
    done = []
    for item in items:
        try:
            done.append(act(item))
        except Exception as error:  # noqa: BLE001 - whatever one object does, the others have their turn
            problems.append(named(name(item), words(error)))
    return done


def for_each(items: Iterable[T], act: Callable[[T], object], *, name: Callable[[T], str]) -> None:
    """Act on each item, also if some fail.

    Raises:
        ItemsError: After the last one, if any failed; names them.
    """
    problems: list[str] = []
    attempt(items, act, name=name, problems=problems)
    raise_any(problems)


def in_turn(*steps: Callable[[], object]) -> None:
    """Take each step, also after one that failed.

    Raises:
        ItemsError: After the last one, if any failed.
    """
    problems: list[str] = []
    for step in steps:
        try:
            step()
        except Exception as error:  # noqa: BLE001 - the others are taken all the same
            problems.append(words(error))
    raise_any(problems)


@contextmanager
def undone_on_failure(*steps: Callable[[], object]) -> Iterator[None]:
    """Take each step if the block fails, so that it can be tried again; the block's own failure is raised.

    What was never made cannot be removed: a step that fails changes nothing.
    """
    try:
        yield
    except BaseException:
        for step in steps:
            with suppress(Exception):
                step()
        raise


def raise_any(problems: Iterable[str]) -> None:
    """Raise ItemsError if there are any problems."""
    if problems := tuple(problems):
        raise ItemsError(problems)
