"""Ctrl-C and SIGTERM during something that must be undone."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from twinspan.signals import handled_at_once


@contextmanager
def undone_on_signals() -> Iterator[None]:
    """Turn the first SIGINT, SIGTERM or SIGHUP into KeyboardInterrupt, and ignore the rest.

    So `finally` blocks run, and an impatient second Ctrl-C does not cut them short.
    """
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        with handled_at_once():
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
