"""Signals are handled at once, whichever thread the kernel gives them to."""

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from types import FrameType

_NUDGE = signal.SIGURG  # ignored by default, so that one too many harms nobody
_AGAIN_AFTER_S = 0.05


@contextmanager
def handled_at_once(first: Callable[[int], None] = lambda _number: None) -> Iterator[None]:
    """Wake the main thread whenever a signal has come. Only the main thread may use this.

    Python runs handlers in the main thread, but the kernel may give a signal that was sent to the process
    to any of its threads. Then nothing wakes a main thread that waits for a lock or reads a socket, and the
    handler does not run before that wait has ended: "Signals and threads" in
    https://docs.python.org/3/library/signal.html.

    This starts a thread, so it comes after `capabilities.drop_all`.

    Args:
        first: Called with each signal that has come, in that thread. Unlike a handler it may use locks.
    """
    main = threading.get_ident()
    awake = SimpleQueue[None]()  # a handler may put, whatever it interrupts; it must not set an Event
    over = False

    def wake(number: int) -> None:
        while not awake.empty():
            awake.get()
        while number != _NUDGE and not over:
            signal.pthread_kill(main, _NUDGE)
            with suppress(Empty):
                awake.get(timeout=_AGAIN_AFTER_S)
                return

    def react(number: int) -> None:
        first(number)
        wake(number)

    handler_before = signal.signal(_NUDGE, lambda _number, _frame: awake.put(None))
    try:
        with _noticed(react):
            try:
                yield
            finally:
                over = True
    finally:
        signal.signal(_NUDGE, handler_before)


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


@contextmanager
def ending_on_signals() -> Iterator[threading.Event]:
    """Give an event that SIGINT and SIGTERM set. Only the main thread may use this."""
    ending = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)

    def end(number: int) -> None:
        if number in numbers:
            ending.set()

    before = {number: signal.signal(number, lambda _number, _frame: None) for number in numbers}
    try:
        with handled_at_once(end):
            yield ending
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _noticed(react: Callable[[int], None]) -> Iterator[None]:
    """Call `react` with every signal that comes, in a thread of its own."""
    reader, writer = socket.socketpair()
    writer.setblocking(False)

    def read() -> None:
        while numbers := reader.recv(64):
            for number in set(numbers):
                react(number)

    thread = threading.Thread(target=read, name="signals", daemon=True)
    before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    thread.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        writer.close()
        thread.join()
        reader.close()
