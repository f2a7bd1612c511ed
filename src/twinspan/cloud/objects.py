"""Read what an API shows object by object, so that one that nobody foresaw hides none of the others."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from twinspan.errors import CloudError

T = TypeVar("T")
R = TypeVar("R")

Unreadable = Callable[[str], None]
"""Gets a line for each object that cannot be understood."""


def refuse(problem: str) -> None:
    """Have nothing left out: for whoever has to judge all of what is there.

    Raises:
        CloudError: Always.
    """
    raise CloudError(problem)


def read_each(
    raw: Iterable[T], read: Callable[[T], R], *, name: Callable[[T], object], unreadable: Unreadable
) -> tuple[R, ...]:
    """Return what was read of each object that could be understood.

    Args:
        raw: As the API's client gave it.
        read: Reads one.
        name: How one is called.
        unreadable: Gets what cannot be understood, and why.
    """
    objects = []
    for item in raw:
        try:
            objects.append(read(item))
        except CloudError:
            raise  # the API has failed, not this object
        except Exception as error:  # noqa: BLE001 - whatever an API shows, the rest of it is read
            unreadable(f"{name(item)}: cannot be understood ({type(error).__name__}: {error})")
    return tuple(objects)
