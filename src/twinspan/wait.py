"""The only module that may sleep."""

import time
from collections.abc import Callable
from typing import TypeVar

from twinspan.errors import WaitTimeoutError

T = TypeVar("T")


def wait_until(
    read: Callable[[], T],
    accept: Callable[[T], bool],
    *,
    what: str,
    timeout_s: float,
    interval_s: float = 0.05,
) -> T:
    """Call `read` until `accept` is true of its answer and return that answer.

    Args:
        read: Reads the state; called at least once. Its exceptions are not caught.
        accept: Whether the state is the wanted one.
        what: The wanted state in words, for the error.
        timeout_s: Limit in seconds.
        interval_s: Pause between two reads, in seconds.

    Raises:
        WaitTimeoutError: The limit passed; carries the last state seen.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        state = read()
        if accept(state):
            return state
        if time.monotonic() >= deadline:
            raise WaitTimeoutError(what=what, timeout_s=timeout_s, last=state)
        time.sleep(interval_s)


def pause(seconds: float) -> None:
    """Sleep; for pacing (a refresh rate, a measuring window), never for hoping."""
    time.sleep(seconds)
