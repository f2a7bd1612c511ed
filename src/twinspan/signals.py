"""Signals are handled at once, whichever thread the kernel gives them to."""

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_NUDGE = signal.SIGURG  # ignored by default, so that one too many harms nobody
_AGAIN_AFTER_S = 0.05


@contextmanager
def handled_at_once() -> Iterator[None]:
    """Wake the main thread whenever a signal has come. Only the main thread may use this.

    Python runs handlers in the main thread, but the kernel may give a signal that was sent to the process
    to any of its threads. Then nothing wakes a main thread that waits for a lock or reads a socket, and the
    handler does not run before that wait has ended: "Signals and threads" in
    https://docs.python.org/3/library/signal.html.
    """
    main = threading.get_ident()
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    awake = threading.Event()

    def wake() -> None:
        while numbers := reader.recv(64):
            if set(numbers) == {_NUDGE}:
                continue
            awake.clear()
            while not awake.is_set():
                signal.pthread_kill(main, _NUDGE)
                awake.wait(_AGAIN_AFTER_S)

    waker = threading.Thread(target=wake, name="signals", daemon=True)
    handler_before = signal.signal(_NUDGE, lambda _number, _frame: awake.set())
    fd_before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    waker.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(fd_before)
        awake.set()
        writer.close()
        waker.join()
        reader.close()
        signal.signal(_NUDGE, handler_before)


@contextmanager
def ending_on_signals() -> Iterator[threading.Event]:
    """Give an event that SIGINT and SIGTERM set. Only the main thread may use this."""
    ending = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)
    with handled_at_once():
        before = {number: signal.signal(number, lambda _number, _frame: ending.set()) for number in numbers}
        try:
            yield ending
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
