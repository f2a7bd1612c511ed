"""Calls between the processes of a twin, over real sockets."""

import ast
import contextlib
import inspect
import json
import logging
import socket
import threading
import typing
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from twinspan import errors
from twinspan.errors import (
    HostError,
    InternalError,
    TwinspanError,
    WaitTimeoutError,
)
from twinspan.twin import frames, rpc
from twinspan.twin.calls import TwinCalls
from twinspan.twin.client import TwinClient
from twinspan.twin.dataplane.client import AgentClient
from twinspan.twin.error_codec import pack_error, unpack_error
from twinspan.wait import wait_until

SRC = Path(inspect.getfile(errors)).parent
SECRET = "never-to-be-shown"
LIMIT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tunnel:
    """A record with an address in it, and with a secret."""

    address: IPv4Address
    pre_shared_key: str = field(repr=False, default="")
    lengths: tuple[int, ...] = ()


class Calls(rpc.Interface):
    """What these tests ask."""

    def same(self, tunnel: Tunnel) -> Tunnel:
        raise NotImplementedError

    def join(self, words: Sequence[str], *, last: str = "end") -> str:
        raise NotImplementedError

    def meet(self, *, timeout_s: float = 0.0) -> str:
        raise NotImplementedError

    def many(self, number: int) -> tuple[str, ...]:
        raise NotImplementedError

    def fail(self) -> None:
        raise NotImplementedError

    def hold(self, name: str) -> AbstractContextManager[str]:
        raise NotImplementedError

    def pipe(self) -> socket.socket:
        raise NotImplementedError


@dataclass
class Answerer(Calls):
    """Answers them."""

    raises: Exception = field(default_factory=lambda: TwinspanError("no"))
    barrier: threading.Barrier = field(default_factory=lambda: threading.Barrier(2))
    held: list[str] = field(default_factory=list)

    @override
    def same(self, tunnel: Tunnel) -> Tunnel:
        return tunnel

    @override
    def join(self, words: Sequence[str], *, last: str = "end") -> str:
        return " ".join([*words, last])

    @override
    def meet(self, *, timeout_s: float = 0.0) -> str:
        self.barrier.wait(LIMIT_S)
        return "met"

    @override
    def many(self, number: int) -> tuple[str, ...]:
        return ("x" * 1000,) * number

    @override
    def fail(self) -> None:
        raise self.raises

    @override
    @contextmanager
    def hold(self, name: str) -> Iterator[str]:
        self.held.append(name)
        try:
            yield f"held {name}"
        finally:
            self.held.remove(name)
            if name == "stuck":
                raise HostError(problem="it is stuck", remedy="Pull harder")

    @override
    def pipe(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with ours:
            ours.sendall(b"through a passed socket")
        return theirs

    def other(self) -> str:
        return "the interface does not declare it"


class Client(Calls, rpc.Stub):
    """Asks them over one connection."""

    def __init__(self, sock: socket.socket, *, answer_within_s: float = LIMIT_S) -> None:
        peer = rpc.Peer(name="the answerer", restart="Start it again", answer_within_s=answer_within_s)
        self.only = rpc.Connection(sock, peer, takes_descriptors=True)

    @override
    def connection(self) -> AbstractContextManager[rpc.Connection]:
        return nullcontext(self.only)


@contextmanager
def served(answerer: Calls) -> Iterator[socket.socket]:
    """Yield a socket at whose other end the answerer answers, until the one here is closed."""
    near, far = socket.socketpair()
    server = threading.Thread(target=rpc.serve, args=(far, rpc.offer(Calls, lambda: answerer)))
    server.start()
    with near:
        yield near
    server.join(LIMIT_S)
    assert not server.is_alive()


@contextmanager
def connected(answerer: Calls) -> Iterator[Client]:
    with served(answerer) as sock:
        client = Client(sock)
        with closing(client.only):
            yield client


def asked(sock: socket.socket, *lines: bytes) -> list[Any]:
    """Send lines as they are, close half, and return the answers until the peer closes."""
    sock.settimeout(LIMIT_S)
    sock.sendall(b"".join(line + b"\n" for line in lines))
    with sock.makefile("rb") as stream:
        return [json.loads(stream.readline()) for _ in lines]


# Errors


def kinds() -> list[type[TwinspanError]]:
    return [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, TwinspanError)
    ]


EXAMPLES: dict[object, object] = {
    str: "two\nlines",
    int: -9,
    float: 2.5,
    object: "the last state",
    Sequence[str]: ("ping", "-c", "1"),
    Iterable[str]: ("one", "two"),
    tuple[str, ...]: ("one", "two"),
}


def example(kind: type[TwinspanError]) -> TwinspanError:
    """Make one; a parameter of a new type needs a value above."""
    named = [
        parameter.name
        for parameter in inspect.signature(kind.__init__).parameters.values()
        if parameter.kind in {parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD}
    ]
    hints = typing.get_type_hints(kind.__init__)
    given = {name: EXAMPLES[hints[name]] for name in named if name != "self"}
    return kind(**given) if given else kind("some words")


def test_every_error_of_ours_is_defined_in_one_module_where_the_codec_finds_it() -> None:
    error_names = {kind.__name__ for kind in kinds()}
    elsewhere = [
        f"{path.relative_to(SRC)}: {node.name}"
        for path in SRC.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and path.name != "errors.py"
        if error_names & {ast.unparse(base).rpartition(".")[2] for base in node.bases}
    ]
    assert elsewhere == []


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_an_error_of_ours_arrives_whole(kind: type[TwinspanError]) -> None:
    answerer = Answerer(raises=example(kind))
    with connected(answerer) as client, pytest.raises(TwinspanError) as arrived:
        client.fail()
    assert type(arrived.value) is kind
    assert (str(arrived.value), arrived.value.exit_code) == (str(answerer.raises), kind.exit_code)
    assert vars(arrived.value) == vars(answerer.raises)


def test_the_state_that_was_seen_last_arrives_in_words_that_hide_what_its_repr_hides() -> None:
    last = Tunnel(address=IPv4Address("10.0.0.1"), pre_shared_key=SECRET)
    error = WaitTimeoutError(what="tunnel", timeout_s=3, last=last)
    document = pack_error(error, operation="status")
    arrived = unpack_error(document)
    assert isinstance(arrived, WaitTimeoutError)
    assert (arrived.what, arrived.timeout_s, arrived.last) == ("tunnel", 3, str(last))
    assert SECRET not in json.dumps(document)


def test_any_other_exception_arrives_as_a_defect_with_its_type_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with (
        connected(Answerer(raises=ZeroDivisionError("by nought"))) as client,
        caplog.at_level(logging.ERROR),
        pytest.raises(InternalError) as arrived,
    ):
        client.fail()
    assert (arrived.value.operation, arrived.value.kind) == ("fail", "ZeroDivisionError")
    assert arrived.value.problem.startswith("ZeroDivisionError: by nought (test_rpc.py:")
    assert [record.exc_info is not None for record in caplog.records] == [True]


def test_a_class_that_only_the_other_version_has_is_still_an_error_of_ours() -> None:
    arrived = unpack_error({"kind": "NewError", "message": "something new", "fields": {"code": 3}})
    assert (type(arrived), str(arrived), vars(arrived)) == (TwinspanError, "something new", {"code": 3})


# Calls


def test_records_sequences_and_defaults_arrive_as_they_were_given() -> None:
    tunnel = Tunnel(address=IPv4Address("10.0.0.1"), pre_shared_key=SECRET, lengths=(1, 2))
    with connected(Answerer()) as client:
        assert client.same(tunnel) == tunnel
        assert client.join(["a", "b"]) == "a b end"
        assert client.join(words=("a",), last="z") == "a z"


def test_two_calls_run_at_the_same_time_over_one_connection() -> None:
    with connected(Answerer()) as client:
        answers: list[str] = []
        threads = [threading.Thread(target=lambda: answers.append(client.meet())) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT_S)
    assert answers == ["met", "met"]


def test_a_call_that_is_slow_holds_up_no_other() -> None:
    answerer = Answerer()
    with connected(answerer) as client:
        slow = threading.Thread(target=client.meet)
        slow.start()
        wait_until(lambda: answerer.barrier.n_waiting, bool, what="slow call", timeout_s=LIMIT_S)
        assert client.join(["a"]) == "a end"
        answerer.barrier.wait(LIMIT_S)
        slow.join(LIMIT_S)
    assert not slow.is_alive()


def test_a_result_may_be_a_socket() -> None:
    with connected(Answerer()) as client, client.pipe() as passed:
        assert passed.recv(100) == b"through a passed socket"
        assert not passed.get_inheritable()


def test_what_is_held_is_left_when_the_asker_has_gone_however_it_went() -> None:
    answerer = Answerer()
    with connected(answerer) as client, client.hold("a") as held:
        assert held == "held a"
        assert answerer.held == ["a"]
    assert answerer.held == []


def test_what_cannot_be_left_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), connected(Answerer()) as client, client.hold("stuck"):
        pass
    assert "it is stuck" in caplog.text


def test_only_what_the_interface_declares_is_offered() -> None:
    offers = rpc.offer(Calls, Answerer)
    assert offers.keys() == {"same", "join", "meet", "many", "fail", "hold", "pipe"}


@pytest.mark.parametrize("stub", [TwinClient, AgentClient])
def test_a_stub_leaves_no_call_undone(stub: type[rpc.Stub]) -> None:
    undone = [
        name
        for name, member in inspect.getmembers(stub, inspect.isfunction)
        if "NotImplementedError" in member.__code__.co_names
    ]
    assert undone == []


def test_no_user_may_ask_for_what_is_the_control_process_alone() -> None:
    assert {"apply", "attach"}.isdisjoint(rpc.offer(TwinCalls, TwinCalls))


# Peers that end, are silent, or are of another version


def test_a_peer_that_ends_in_the_middle_of_calls_ends_them_all() -> None:
    near, far = socket.socketpair()
    client = Client(near)
    ended: list[str] = []

    def ask() -> None:
        with pytest.raises(HostError) as error:
            client.meet()
        ended.append(error.value.problem)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    with far, far.makefile("rb") as stream:
        assert [json.loads(stream.readline())["method"] for _ in threads] == ["meet", "meet"]
        far.sendall(b'{"id": 1, "res')  # torn
    for thread in threads:
        thread.join(LIMIT_S)
    assert ended == ["the answerer has ended"] * 2
    with pytest.raises(HostError, match="the answerer has ended"):
        client.meet()
    assert client.only.ended
    client.only.close()


def test_a_connection_that_is_closed_here_ends_the_calls_under_way() -> None:
    near, far = socket.socketpair()
    client = Client(near)
    ended: list[str] = []

    def ask() -> None:
        with pytest.raises(HostError) as error:
            client.meet()
        ended.append(error.value.problem)

    thread = threading.Thread(target=ask)
    thread.start()
    with far:
        assert far.recv(10_000)
        client.only.close()
        thread.join(LIMIT_S)
    assert ended == ["the answerer has ended"]


def test_an_answer_that_is_late_is_named_and_hurts_no_later_call() -> None:
    answerer = Answerer()
    with served(answerer) as sock:
        client = Client(sock, answer_within_s=0.05)
        with pytest.raises(HostError, match=r"did not answer `meet` within 0\.1 s"):
            client.meet(timeout_s=0.05)
        answerer.barrier.wait(LIMIT_S)
        patient = rpc.Peer(name="the answerer", restart="Start it again", answer_within_s=LIMIT_S)
        client.only._peer = patient
        assert client.join(["a"]) == "a end"
        client.only.close()


def test_a_client_that_closes_half_way_is_forgotten_without_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answerer = Answerer()
    with caplog.at_level(logging.INFO), served(answerer) as sock:
        sock.sendall(b'{"id": 1, "method": "hold", "params": {"name": "a"}}\n{"id": 2, "meth')
        sock.recv(10_000)
    assert (answerer.held, caplog.records) == ([], [])


def test_a_client_that_goes_before_its_answer_is_no_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", ended.append)
    answerer = Answerer()
    with served(answerer) as sock:
        sock.sendall(b'{"id": 1, "method": "meet", "params": {}}\n')
        wait_until(lambda: answerer.barrier.n_waiting, bool, what="call", timeout_s=LIMIT_S)
    calls = [thread for thread in threading.enumerate() if thread.name == "call"]
    answerer.barrier.wait(LIMIT_S)
    for thread in calls:
        thread.join(LIMIT_S)
    assert ended == []


MALFORMED = {
    "no JSON": b"hello",
    "no object": b"[1]",
    "no number": b'{"method": "fail", "params": {}}',
    "no name": b'{"id": 1, "params": {}}',
    "no params": b'{"id": 1, "method": "fail", "params": [1]}',
    "too deep": b"[" * 100_000,
    "no text": b"\xff\xfe",
    "with a secret": b'{"id": 1, "method": 5, "params": {"key": "%s"}}' % SECRET.encode(),
}


@pytest.mark.parametrize("line", MALFORMED.values(), ids=MALFORMED)
def test_a_client_that_sends_what_is_no_request_is_cut_off(
    line: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), served(Answerer()) as sock:
        sock.settimeout(LIMIT_S)
        sock.sendall(line + b"\n")
        assert sock.recv(1) == b""
    assert "a client is cut off: what it sent does not fit" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    "request_line",
    [
        b'{"id": 1, "method": "newer", "params": {}}',
        b'{"id": 1, "method": "other", "params": {}}',
        b'{"id": 1, "method": "same", "params": {}}',
        b'{"id": 1, "method": "same", "params": {"tunnel": {"address": "x"}, "more": 1}}',
        b'{"id": 1, "method": "same", "params": {"self": 1, "tunnel": {"address": "10.0.0.1"}}}',
        b'{"id": 1, "method": "same", "params": {"tunnel": {"address": "x", "pre_shared_key": "%s"}}}'
        % SECRET.encode(),
        b'{"id": 1, "method": "same", "params": {"tunnel": {"pre_shared_key": ["%s"]}}}' % SECRET.encode(),
    ],
)
def test_a_request_of_another_version_is_answered_so_without_its_values(request_line: bytes) -> None:
    with served(Answerer()) as sock:
        (answer,) = asked(sock, request_line)
    assert answer.keys() == {"id", "misfit"}
    assert SECRET not in answer["misfit"]


@pytest.mark.parametrize(
    "answer",
    [{"misfit": "there is no call `same`"}, {"result": {"address": "x", "pre_shared_key": SECRET}}],
)
def test_an_answer_of_another_version_says_to_start_the_peer_again(answer: dict[str, object]) -> None:
    near, far = socket.socketpair()
    client = Client(near)
    with far, closing(client.only):
        far.sendall(json.dumps({"id": 1, **answer}).encode() + b"\n")
        with pytest.raises(HostError, match="another version of twinspan") as error:
            client.same(Tunnel(address=IPv4Address("10.0.0.1")))
    assert error.value.remedy == "Start it again"
    assert error.value.__cause__ is None
    assert SECRET not in str(error.value)


# Lengths


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "FRAME_BYTES", 200_000)


@pytest.mark.usefixtures("short")
def test_a_request_without_an_end_is_cut_off(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), served(Answerer()) as sock:
        sock.settimeout(LIMIT_S)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(100):
                sock.sendall(b"x" * 10_000)
        with contextlib.suppress(ConnectionResetError):
            assert sock.recv(1) == b""
    assert "a frame has more than 200000 bytes" in caplog.text


@pytest.mark.usefixtures("short")
def test_a_request_or_answer_that_is_too_long_is_refused_and_the_connection_goes_on() -> None:
    with connected(Answerer()) as client:
        with pytest.raises(HostError, match="is too long"):
            client.join(["x" * 200_001])
        with pytest.raises(HostError, match="is too long"):
            client.many(201)
        assert client.join(["a"]) == "a end"


def test_a_client_that_does_not_read_its_answers_holds_up_no_other_and_is_cut_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(frames, "WRITE_WITHIN_S", 0.2)
    answerer = Answerer()
    with served(answerer) as unread, connected(answerer) as client:
        for number in range(3):
            unread.sendall(b'{"id": %d, "method": "many", "params": {"number": 5000}}\n' % number)
        assert client.join(["a"]) == "a end"
        wait_until(
            lambda: [thread for thread in threading.enumerate() if thread.name == "call"],
            lambda left: not left,
            what="end of what is sent to nobody",
            timeout_s=LIMIT_S,
        )
        assert client.many(5000) == ("x" * 1000,) * 5000
