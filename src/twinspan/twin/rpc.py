"""Calls from one process of a twin to another, over a local stream socket.

A subclass of `Interface` declares calls once, with their types. A `Stub` of it asks for them, and `serve`
answers them with whatever `offer` names, which may be a stub of a third process: no call is written again on
its way. One JSON object a line crosses: `{"id", "method", "params"}`, answered by `{"id"}` with `result`,
`error`, or `misfit` if the two processes are of different versions.

No library does this: gRPC for Python takes no inherited socket and passes no descriptors, the standard
library's managers pickle, which would let the agent's client run code as root, and Varlink's keeps its
declarations in files of their own.
"""

import functools
import inspect
import itertools
import logging
import socket
import threading
import time
import typing
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from twinspan.errors import HostError, TwinspanError
from twinspan.twin.attempts import words
from twinspan.twin.error_codec import ErrorDocument, pack_error, unpack_error
from twinspan.twin.frames import FrameStream
from twinspan.twin.loops import start_task

_CLOSED_WITHIN_S = 5.0

_LOG = logging.getLogger(__name__)


class Interface:
    """What one process may ask of another: each public method of a subclass is a call.

    A subclass only declares; its methods raise NotImplementedError. Parameters and results are what pydantic
    can write as JSON, but for two kinds of results: an `AbstractContextManager` is held until the connection
    that asked for it ends, however it ends, and a socket is passed as a descriptor. A parameter `timeout_s`
    adds to the time that the answer may take.
    """


InterfaceT = TypeVar("InterfaceT", bound=Interface)


@dataclass(frozen=True, slots=True)
class Offer:
    """A call that is answered: its declaration, and who answers it at the time."""

    declaration: Callable[..., object]
    find: Callable[[], Interface]


def offer(interface: type[InterfaceT], find: Callable[[], InterfaceT]) -> dict[str, Offer]:
    """Return name -> offer of all calls of an interface.

    Args:
        interface: What is offered; other methods of the object are not.
        find: Returns who answers, for each call again; may raise a TwinspanError instead.
    """
    return {name: Offer(function, find) for name, function in _declared(interface).items()}


class MisfitError(Exception):
    """A request or an answer is none of this version of twinspan. It shows no values: one may be a secret."""

    def __init__(self, what: str, error: ValidationError) -> None:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        super().__init__(
            f"{what} does not fit at {'.'.join(map(str, first['loc'])) or 'all'}: {first['type']}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    id: int
    method: str
    params: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Response:
    id: int
    result: Any = None
    error: ErrorDocument | None = None
    misfit: str = ""


_REQUEST = TypeAdapter(_Request)
_RESPONSE = TypeAdapter(_Response)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """A declared call, and the forms of its parameters and its result."""

    name: str
    signature: inspect.Signature
    params: Mapping[str, TypeAdapter[Any]]
    result: TypeAdapter[Any]
    held: bool

    def bound(self, params: Mapping[str, object]) -> inspect.BoundArguments:
        """Return a request's parameters as they are declared. Raises MisfitError or TypeError."""
        bound = self.signature.bind(None, **params)
        try:
            for name, value in params.items():
                bound.arguments[name] = self.params[name].validate_python(value)
        except ValidationError as error:
            raise MisfitError(f"a parameter of `{self.name}`", error) from None
        return bound


@functools.cache
def _call(function: Callable[..., object]) -> _Call:
    hints = typing.get_type_hints(function)
    result = hints.pop("return")
    held = typing.get_origin(result) is AbstractContextManager
    if held:
        (result,) = typing.get_args(result)
    return _Call(
        name=function.__name__,
        signature=inspect.signature(function),
        params={name: TypeAdapter(hint) for name, hint in hints.items()},
        result=TypeAdapter(None if result is socket.socket else result),
        held=held,
    )


def _declared(interface: type[Interface]) -> dict[str, Callable[..., object]]:
    """Return name -> declaration of the calls of an interface, its bases' too."""
    bases = [base for base in interface.__mro__ if issubclass(base, Interface) and not issubclass(base, Stub)]
    return {
        name: member
        for base in reversed(bases)
        for name, member in vars(base).items()
        if inspect.isfunction(member) and not name.startswith("_")
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Who is asked, in words for errors.

    Attributes:
        name: E.g. `the data-plane agent`.
        restart: The instruction that starts it again.
        answer_within_s: How long an answer may take, besides the call's own `timeout_s`, in seconds.
    """

    name: str
    restart: str
    answer_within_s: float

    def error(self, problem: str) -> HostError:
        """Return an error that has a restart as its remedy."""
        return HostError(problem=f"{self.name} {problem}", remedy=self.restart)


class Connection:
    """The asking end. Calls from several threads run at the same time; it starts no thread itself.

    Args:
        sock: Connected to the peer; closed by `close`.
        peer: Who that is.
        takes_descriptors: Whether results may be sockets.
    """

    def __init__(self, sock: socket.socket, peer: Peer, *, takes_descriptors: bool = False) -> None:
        self._stream = FrameStream(sock, takes_descriptors=takes_descriptors)
        self._peer = peer
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()
        self._responses: dict[int, _Response | None] = {}
        """Number of each call under way -> its response; None: it has not come."""
        self._reader: int | None = None
        """The thread that reads. One that was interrupted may stay here; it waits for itself no more."""
        self._ended = False

    @property
    def ended(self) -> bool:
        """Whether the peer is known to be gone."""
        return self._ended

    def ask(self, declaration: Callable[..., object], arguments: Mapping[str, object]) -> object:
        """Ask for a declared call and return its result.

        Raises:
            TwinspanError: Whatever the peer met.
            HostError: It is gone, does not answer in time, or is of another version.
        """
        call, own_s = _call(declaration), arguments.get("timeout_s", 0.0)
        limit_s = self._peer.answer_within_s + (own_s if isinstance(own_s, float | int) else 0.0)
        number = next(self._numbers)
        try:
            self._send(number, call.name, arguments)
            response = self._response(number, time.monotonic() + limit_s)
        except TimeoutError as error:
            raise self._peer.error(f"did not answer `{call.name}` within {limit_s:g} s") from error
        finally:
            with self._changed:
                self._responses.pop(number, None)
        if response.error is not None:
            raise unpack_error(response.error)
        if response.misfit:
            raise self._other_version(response.misfit)
        if self._stream.descriptors:
            return socket.socket(fileno=self._stream.descriptors.pop())
        try:
            return call.result.validate_python(response.result)
        except ValidationError as error:
            raise self._other_version(MisfitError(f"the answer to `{call.name}`", error)) from None

    def close(self) -> None:
        """Close it; whoever waits for an answer is told that the peer has ended."""
        self._end()
        with self._changed:
            self._changed.wait_for(lambda: not self._another_reads, _CLOSED_WITHIN_S)
        self._stream.close()

    @property
    def _another_reads(self) -> bool:
        return self._reader not in {None, threading.get_ident()}

    def _send(self, number: int, name: str, arguments: Mapping[str, object]) -> None:
        with self._changed:
            if self._ended:
                raise self._peer.error("has ended")
            self._responses[number] = None
        try:
            self._stream.write({"id": number, "method": name, "params": arguments})
        except OSError as error:
            self._end()
            raise self._peer.error("has ended") from error

    def _response(self, number: int, deadline_s: float) -> _Response:
        """Wait for a response; of all that wait, one reads for the others."""
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._responses[number] or self._ended or not self._another_reads,
                    max(0.0, deadline_s - time.monotonic()),
                )
                response = self._responses[number]
                if response is not None:
                    return response
                if self._ended:
                    raise self._peer.error("has ended")
                if self._another_reads:
                    raise TimeoutError
                self._reader = threading.get_ident()
            try:
                self._read(deadline_s)
            finally:
                with self._changed:
                    self._reader = None
                    self._changed.notify_all()

    def _read(self, deadline_s: float) -> None:
        try:
            response = _RESPONSE.validate_json(self._stream.read(deadline_s))
        except TimeoutError:
            raise
        except (EOFError, OSError, ValueError):  # from now on nothing that it sends can be understood
            self._end()
            return
        with self._changed:
            if response.id in self._responses:  # else it comes too late
                self._responses[response.id] = response

    def _end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._stream.shutdown()

    def _other_version(self, why: object) -> HostError:
        return self._peer.error(f"was started by another version of twinspan: {why}")


class Stub(Interface):
    """Asks another process for every call of the interfaces that a subclass inherits."""

    def __init_subclass__(cls) -> None:
        """Give the subclass a method for each call that it does not define itself."""
        super().__init_subclass__()
        for name, declaration in _declared(cls).items():
            if name not in vars(cls):
                setattr(cls, name, _asking(declaration))

    def connection(self) -> AbstractContextManager[Connection]:
        """Return the connection for one call, which is left when its result is there, or held no longer."""
        raise NotImplementedError


def _asking(declaration: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(declaration)
    def ask(stub: Stub, *args: object, **kwargs: object) -> object:
        call = _call(declaration)
        _, *given = call.signature.bind(stub, *args, **kwargs).arguments.items()
        if call.held:
            return _Held(stub, declaration, dict(given))
        with stub.connection() as connection:
            return connection.ask(declaration, dict(given))

    return ask


class _Held(AbstractContextManager[object]):
    """The result of a call that is held while the block runs. `__exit__` is idempotent, entered or not."""

    def __init__(
        self, stub: Stub, declaration: Callable[..., object], arguments: Mapping[str, object]
    ) -> None:
        self._stub = stub
        self._declaration = declaration
        self._arguments = arguments
        self._connection = ExitStack()

    def __enter__(self) -> object:
        try:
            connection = self._connection.enter_context(self._stub.connection())
            return connection.ask(self._declaration, self._arguments)
        except BaseException:
            self._connection.close()
            raise

    def __exit__(self, *_: object) -> None:
        self._connection.close()


def serve(sock: socket.socket, offers: Mapping[str, Offer]) -> None:
    """Answer a peer until it closes or sends what is no request; then leave all that was held for it.

    Each call has a thread of its own, so a long one holds up no other.

    Args:
        sock: Connected to the peer; closed in the end.
        offers: Name of a call -> who answers it.
    """
    held = ExitStack()
    with closing(FrameStream(sock)) as stream:
        answering = _Answering(stream, offers, held)
        try:
            while True:
                answering.begin(_REQUEST.validate_json(stream.read()))
        except EOFError:
            return
        except ValidationError as error:
            _LOG.warning("a client is cut off: %s", MisfitError("what it sent", error))
        except (OSError, ValueError) as error:
            _LOG.warning("a client is cut off: %s", words(error))
        finally:
            _leave(held)


def _leave(held: ExitStack) -> None:
    try:
        held.close()
    except Exception as error:  # noqa: BLE001 - the client, whom it would concern, has gone
        _LOG.warning("what a client left behind cannot be undone: %s", words(error))


@dataclass(frozen=True, slots=True)
class _Answering:
    """Answers the requests of one peer."""

    stream: FrameStream
    offers: Mapping[str, Offer]
    held: ExitStack

    def begin(self, request: _Request) -> None:
        """Answer a request on a thread of its own; what is held at once, or it could be left before."""
        chosen = self.offers.get(request.method)
        if chosen is None:
            self._send(request, {"misfit": f"there is no call `{request.method}`"})
        elif _call(chosen.declaration).held:
            self._answer(chosen, request)
        else:
            start_task("call", functools.partial(self._answer, chosen, request))

    def _answer(self, chosen: Offer, request: _Request) -> None:
        call = _call(chosen.declaration)
        try:
            bound = call.bound(request.params)
        except (MisfitError, TypeError) as error:
            return self._send(request, {"misfit": str(error)})
        try:
            result = getattr(chosen.find(), call.name)(*bound.args[1:], **bound.kwargs)
            if call.held:
                result = self.held.enter_context(result)
        except Exception as error:  # noqa: BLE001 - whatever it is, the peer must get an answer
            if not isinstance(error, TwinspanError):
                _LOG.error("%s failed", call.name, exc_info=error)
            return self._send(request, {"error": pack_error(error, operation=call.name)})
        if not isinstance(result, socket.socket):
            return self._send(request, {"result": result})
        with result:
            return self._send(request, {}, [result.fileno()])

    def _send(self, request: _Request, answer: Mapping[str, object], descriptors: Sequence[int] = ()) -> None:
        try:
            self.stream.write({"id": request.id, **answer}, descriptors)
        except OSError as error:
            _LOG.debug("a client went before the answer to %s: %s", request.method, words(error))
            self.stream.shutdown()
        except (HostError, ValueError) as error:  # of its content: another answer can be sent
            self._send(request, {"error": pack_error(error, operation=request.method)})
