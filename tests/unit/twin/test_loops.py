"""No exception ends a thread that has more to do, and what fails is named."""

import ast
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Never

import pytest

from twinspan.network.model import Network, Secrets
from twinspan.protocols import Event
from twinspan.twin.agents import AgentSlot
from twinspan.twin.azure.alerts.book import AlertBook
from twinspan.twin.azure.alerts.engine import AlertEngine
from twinspan.twin.dataplane.daemons import Output
from twinspan.twin.dataplane.spec import Timers
from twinspan.twin.journal import JournalLoop
from twinspan.twin.kubernetes.relay import Relay
from twinspan.twin.loops import LAST, Defects, Loop, failing_loops, start_task
from twinspan.twin.metrics.collector import Collector
from twinspan.twin.metrics.series import MetricStore
from twinspan.twin.observed import Observed, ObservedState
from twinspan.twin.reconciler import Observer, Reconciler
from twinspan.wait import wait_until

TWIN = Path(__file__).parents[3] / "src" / "twinspan" / "twin"


class Unforeseen(BaseException):
    """Nothing that any code could have named."""


class Flaky:
    """Fails for as long as it is told to, and counts its calls."""

    def __init__(self, answer: object = None) -> None:
        self.failing = True
        self.calls = 0
        self._answer = answer

    def __call__(self, *_: object, **__: object) -> Any:
        self.calls += 1
        if self.failing:
            raise Unforeseen("nobody thought of this")
        return self._answer


def until(read: Callable[[], object], what: str) -> None:
    wait_until(read, bool, what=what, timeout_s=30)


@contextmanager
def running(loop: Any) -> Iterator[None]:
    loop.start()
    try:
        yield
    finally:
        loop.stop()


def test_a_turn_that_fails_is_named_logged_once_and_followed_by_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    turn = Flaky()
    loop = Loop("works", turn, retry_s=0.001)

    with caplog.at_level(logging.INFO), running(loop):
        until(lambda: turn.calls > 3, "fourth turn")
        named = failing_loops()
        turn.failing = False
        until(lambda: not failing_loops(), "turn that succeeds")

    (failure,) = named
    assert failure.startswith("works: Unforeseen: nobody thought of this (test_loops.py:")
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    assert caplog.records[0].exc_info is not None


def test_a_loop_ends_with_its_last_turn_or_when_it_is_stopped() -> None:
    last = Loop("last", lambda: LAST)
    last.start()
    last.join(timeout=10)
    slow = Loop("slow", lambda: None, every_s=3600)
    slow.start()

    slow.stop()

    assert not last.is_alive()
    assert not slow.is_alive()


def test_what_ends_a_task_is_kept_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)  # put back at the end
    defects = Defects()
    defects.install()

    for _ in range(2):
        start_task("a request", Flaky()).join()

    (defect,) = defects.found
    assert defect.startswith("defect: a request ended with Unforeseen: nobody thought of this (")


def _reconciler(broken: Flaky) -> Any:
    network = Network(aws=None, azure=None)
    return Reconciler(
        lambda: broken() or (network, Secrets(), ()),
        AgentSlot(lambda: pytest.fail("nobody asked"), on_replaced=lambda: None),
        timers=Timers(),
        restarts=dict,
    )


def _observer(broken: Flaky) -> Any:
    class Agents(AgentSlot):
        @property
        def client(self) -> Any:
            broken()
            return self

        def observe(self) -> Observed:
            return Observed(generation=1)

    return Observer(Agents(lambda: pytest.fail("nobody asked"), on_replaced=lambda: None), ObservedState())


def _collector(broken: Flaky) -> Any:
    network = Network(aws=None, azure=None)
    stores = MetricStore(period_s=1), MetricStore(period_s=1)
    return Collector(ObservedState(), network=lambda: broken() or network, aws=stores[0], azure=stores[1])


def _alerts(broken: Flaky) -> Any:
    return AlertEngine(
        MetricStore(period_s=1),
        AlertBook(),
        rules=lambda: broken() or (),
        group_of=lambda _: None,
    )


def _journal(broken: Flaky) -> Any:
    return JournalLoop(lambda _: broken() or (), ())


LOOPS = {
    "reconciler": _reconciler,
    "observer": _observer,
    "metrics": _collector,
    "metric-alerts": _alerts,
    "journal": _journal,
}


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_of_the_control_process_goes_on_whatever_is_raised(name: str) -> None:
    broken = Flaky()
    with running(LOOPS[name](broken)):
        until(lambda: any(failure.startswith(f"{name}: Unforeseen") for failure in failing_loops()), name)
        first = broken.calls
        broken.failing = False
        until(lambda: broken.calls > first, "next turn")
        if name != "reconciler":  # it has no agent here
            until(lambda: not failing_loops(), "end of the failure")


def test_every_sink_hears_of_every_event_also_if_one_fails() -> None:
    event = Event(at_s=1.0, kind="ike-up", subject="a", detail="")
    second = Event(at_s=2.0, kind="ike-down", subject="a", detail="")
    heard: list[str] = []

    def fails(heard_event: Event, _at_s: float) -> Never:
        raise KeyError(heard_event.kind)

    loop = JournalLoop(
        lambda _: (event, second), (fails, lambda heard_event, _: heard.append(heard_event.kind))
    )
    with pytest.raises(Exception, match=r"ike-up of a: KeyError.*ike-down of a"):
        loop.follow()
    loop.follow()

    assert heard == ["ike-up", "ike-down"]


def test_a_line_that_cannot_be_handled_is_named_and_the_others_are_handled() -> None:
    import os  # noqa: PLC0415 - this test alone needs a pipe

    handled: list[str] = []

    def handle(line: str) -> None:
        if line == "bad":
            raise ZeroDivisionError
        handled.append(line)

    reader, writer = os.pipe()
    os.write(writer, b"one\nbad\ntwo\n")
    output = Output(reader, handle)

    with pytest.raises(Exception, match="line 'bad': ZeroDivisionError"):
        output.follow()

    os.close(writer)
    assert output.follow() == LAST
    assert handled == ["one", "two"]


def test_a_relay_goes_on_accepting_after_a_connection_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", Defects()._note)
    target = Flaky()
    listener = socket.create_server(("127.0.0.1", 0))
    near, far = socket.socketpair()
    target._answer = near
    with running(Relay(listener, target)):
        with socket.create_connection(listener.getsockname()):
            until(lambda: target.calls, "first connection")
        target.failing = False
        with socket.create_connection(listener.getsockname()) as client:
            client.sendall(b"x")
            assert far.recv(1) == b"x"
    far.close()


THREADS = {"Thread", "Timer", "start_new_thread"}
ENDS_WITH_ITS_CONNECTION = {"_pump", "_serve", "_carry"}
"""Tasks with a loop inside: each over what one connection brings."""
SOURCES = {path: ast.parse(path.read_text()) for path in sorted(TWIN.rglob("*.py"))}


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Call) and _name(node.func) == "partial":
        return _name(node.args[0])
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def calls(tree: ast.AST, names: set[str]) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node.func) in names]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(TWIN)))
def test_every_thread_is_a_loop_or_a_task(path: Path) -> None:
    if path.name != "loops.py":
        assert [call.lineno for call in calls(SOURCES[path], THREADS)] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(TWIN)))
def test_what_goes_on_for_ever_is_no_task(path: Path) -> None:
    functions = {node.name: node for node in ast.walk(SOURCES[path]) if isinstance(node, ast.FunctionDef)}
    for call in calls(SOURCES[path], {"start_task"}) if path.name != "loops.py" else []:
        name = _name(call.args[1])
        assert name, f"line {call.lineno}: name the function, so that this test finds it"
        loops = [node.lineno for node in ast.walk(functions[name]) if isinstance(node, ast.While)]
        assert not loops or name in ENDS_WITH_ITS_CONNECTION, f"{name} is a Loop"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(TWIN)))
def test_what_a_pool_was_given_is_asked_how_it_went(path: Path) -> None:
    """A future that nobody keeps swallows what it raises."""
    lost = [
        node.lineno
        for node in ast.walk(SOURCES[path])
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and _name(node.value.func) == "submit"
        and _name(node.value.args[0]) != "_deliver"  # notes whatever it raises in the alert's history
    ]
    assert lost == []
