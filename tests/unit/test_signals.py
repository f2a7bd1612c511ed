"""A signal does its work at once, whichever thread it is given to."""

import signal
import threading
from queue import SimpleQueue

import pytest

from twinspan.signals import ending_on_signals, undone_on_signals


def give_to_another_thread(number: signal.Signals) -> None:
    """Do to this process what the kernel may do with a signal that is sent to it."""
    threading.Timer(0.3, lambda: signal.pthread_kill(threading.get_ident(), number)).start()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_waiting_ends_whichever_thread_the_signal_is_given_to(number: signal.Signals) -> None:
    with ending_on_signals() as ending:
        give_to_another_thread(number)
        assert ending.wait(60)


def test_other_signals_are_handled_meanwhile_and_do_not_end_it() -> None:
    handled = SimpleQueue[int]()
    before = signal.signal(signal.SIGUSR1, lambda number, _frame: handled.put(number))
    try:
        with ending_on_signals() as ending:
            give_to_another_thread(signal.SIGUSR1)
            assert handled.get(timeout=60) == signal.SIGUSR1
            assert not ending.is_set()
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_what_must_be_undone_is_interrupted_whichever_thread_the_signal_is_given_to() -> None:
    late = threading.Event()
    timer = threading.Timer(60, late.set)
    timer.start()
    give_to_another_thread(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), undone_on_signals():
        late.wait()
    timer.cancel()
    assert not late.is_set()


def test_everything_is_as_before_afterwards() -> None:
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGURG)]
    with ending_on_signals():
        pass
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGURG)] == handlers
    assert signal.set_wakeup_fd(-1) == -1
    assert "signals" not in {thread.name for thread in threading.enumerate()}
