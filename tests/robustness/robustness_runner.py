"""Sends an API whatever its generators make up, and reports what no API may do.

An API may refuse anything. It may not answer 5xx, keep a client waiting, or close a connection before it has
answered. Requests are sent over sockets of our own, since no HTTP library sends what is malformed.
"""

import ipaddress
import random
import socket
import ssl
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol

PATIENCE_S = 60.0
"""How long an answer may take, in seconds; with twenty programs on two cores, the slowest one took eleven."""
CLIENTS = 4
"""Clients that ask at the same time."""
MOST_FAULTS = 50
"""Faults that are kept whole; the others are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One request.

    Attributes:
        target: Path and query as they stand in the request line, already encoded.
        headers: Without `Host` and `Content-Length`, which the runner adds.
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer; header names in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Client(Protocol):
    """Makes up the requests of one client, from a seed."""

    def next(self) -> Sent:
        """Return the next request."""
        ...

    def heard(self, sent: Sent, reply: Reply) -> None:
        """Take note of an answer, so that later requests are about what is there."""
        ...


class Api(Protocol):
    """A running API.

    Attributes:
        name: `aws` or `azure`.
        port: Its port on 127.0.0.1.
        tls: How to speak TLS with it; None for plain HTTP.
    """

    @property
    def name(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def tls(self) -> ssl.SSLContext | None: ...

    def client(self, seed: int) -> Client:
        """Return a client of its own."""
        ...

    def problem(self, sent: Sent, reply: Reply) -> str | None:
        """Return what is wrong with an answer's form, e.g. a refusal without a code; None if nothing is."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An answer that no request may get."""

    problem: str
    sent: Sent

    def __str__(self) -> str:
        return f"{self.problem}\n  {self.sent.method} {self.sent.target}\n  {self.sent.body[:2000]!r}"


@dataclass(slots=True, kw_only=True)
class Report:
    """What a run saw.

    Attributes:
        seed: Repeats the requests of a run, client by client.
        kinds: Problem -> how often it was seen.
        slowest_s: The longest wait for an answer.
    """

    api: str
    seed: int
    requests: int = 0
    duration_s: float = 0.0
    slowest_s: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)

    def add(self, other: "Report") -> None:
        """Add what another run saw, of the same API."""
        self.requests += other.requests
        self.duration_s += other.duration_s
        self.slowest_s = max(self.slowest_s, other.slowest_s)
        self.statuses += other.statuses
        self.kinds += other.kinds
        self.faults = (self.faults + other.faults)[:MOST_FAULTS]

    def __str__(self) -> str:
        answers = ", ".join(f"{status}: {count}" for status, count in sorted(self.statuses.items()))
        rate = self.requests / self.duration_s if self.duration_s else 0.0
        lines = [
            f"{self.api}: {self.requests} requests, seed {self.seed}, {self.duration_s:.0f} s, {rate:.0f}/s",
            f"  statuses {answers}; slowest answer {self.slowest_s:.2f} s",
            f"  faults {self.kinds.total()}",
            *(f"  {count} x {kind}" for kind, count in self.kinds.most_common()),
        ]
        return "\n".join(lines)


def run_in_parts(
    api: Api, *, requests: int, seed: int, part: int, progress: Callable[[Report], None]
) -> Report:
    """Run so many requests in parts, each with new clients, and report after each what was seen so far.

    Args:
        api: The API.
        requests: How many in all.
        seed: Of the first part; the next one has the next seed.
        part: Requests of a part.
        progress: Called after each part.
    """
    total = Report(api=api.name, seed=seed)
    for place, done in enumerate(range(0, requests, part)):
        total.add(run(api, requests=min(part, requests - done), seed=seed + place))
        progress(total)
    return total


class ConnectionLostError(Exception):
    """The API closed the connection before it had answered."""


class Connection:
    """One kept-alive HTTP/1.1 connection; opened again when the API says that it closes it."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._socket: socket.socket | None = None
        self._buffer = b""

    def ask(self, sent: Sent) -> Reply:
        """Send a request and return its answer.

        Raises:
            TimeoutError: None came in time.
            ConnectionLostError: The connection was closed before.
        """
        scheme = f"127.0.0.1:{self._api.port}"
        lines = [f"{sent.method} {sent.target} HTTP/1.1", f"Host: {sent.headers.get('Host', scheme)}"]
        lines += [f"{name}: {value}" for name, value in sent.headers.items() if name != "Host"]
        lines.append(f"Content-Length: {len(sent.body)}")
        head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
        return self.exchange(head + sent.body, method=sent.method)

    def exchange(self, raw: bytes, *, method: str = "GET") -> Reply:
        """Send bytes and return the answer to them; raises as `ask`."""
        try:
            opened = self._open()
            opened.sendall(raw)
            reply = self._answer(method)
        except (ConnectionError, ssl.SSLError) as error:
            self.close()
            raise ConnectionLostError(str(error)) from error
        except (TimeoutError, ConnectionLostError):
            self.close()
            raise
        if reply.headers.get("connection", "").lower() == "close":
            self.close()
        return reply

    def close(self) -> None:
        """Close the connection; the next request opens another one."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._buffer = None, b""

    def _open(self) -> socket.socket:
        if self._socket is None:
            plain = socket.create_connection(("127.0.0.1", self._api.port), timeout=PATIENCE_S)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            tls = self._api.tls
            self._socket = plain if tls is None else tls.wrap_socket(plain, server_hostname="localhost")
        return self._socket

    def _answer(self, method: str) -> Reply:
        head = self._until(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
        }
        status = int(first.split(" ")[1])
        if method == "HEAD" or status in {204, 304}:
            return Reply(status=status, headers=headers, body=b"")
        return Reply(status=status, headers=headers, body=self._body(headers))

    def _body(self, headers: Mapping[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = b""
            while size := int(self._until(b"\r\n").split(b";")[0], 16):
                body += self._exactly(size + 2)[:-2]
            self._until(b"\r\n")
            return body
        if "content-length" in headers:
            return self._exactly(int(headers["content-length"]))
        while self._more():
            pass
        body, self._buffer = self._buffer, b""
        self.close()
        return body

    def _until(self, end: bytes) -> bytes:
        while end not in self._buffer:
            if not self._more():
                raise ConnectionLostError(f"closed after {self._buffer[:200]!r}")
        content, _, self._buffer = self._buffer.partition(end)
        return content

    def _exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            if not self._more():
                raise ConnectionLostError(f"closed in an answer of {size} bytes")
        content, self._buffer = self._buffer[:size], self._buffer[size:]
        return content

    def _more(self) -> bool:
        part = self._open().recv(65536)
        self._buffer += part
        return bool(part)


@contextmanager
def connection(api: Api) -> Iterator[Connection]:
    """Yield a connection that is closed at the end."""
    made = Connection(api)
    try:
        yield made
    finally:
        made.close()


def run(api: Api, *, requests: int, seed: int, clients: int = CLIENTS) -> Report:
    """Send so many requests by several clients at once, and return what was seen."""
    report, lock = Report(api=api.name, seed=seed), threading.Lock()
    outside = _connections_elsewhere()
    outside.clear()
    seeds = [random.Random(f"{seed}/{number}").getrandbits(32) for number in range(clients)]
    shares = [requests // clients + (number < requests % clients) for number in range(clients)]
    threads = [
        threading.Thread(target=_drive, args=(api, api.client(own), share, report, lock))
        for own, share in zip(seeds, shares, strict=True)
    ]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report.duration_s = time.monotonic() - began
    report.kinds.update(f"connects to {address}" for address in outside)
    return report


@cache
def _connections_elsewhere() -> list[str]:
    """Return where this process connects to from now on that is not this machine; the list grows."""
    addresses: list[str] = []

    def look(event: str, arguments: tuple[object, ...]) -> None:
        address = arguments[1] if event == "socket.connect" else None
        if isinstance(address, tuple) and not _is_here(str(address[0])):
            addresses.append(str(address))

    sys.addaudithook(look)
    return addresses


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _drive(api: Api, client: Client, share: int, report: Report, lock: threading.Lock) -> None:
    """Send one client's share of the requests."""
    with connection(api) as opened:
        for _ in range(share):
            sent = client.next()
            began = time.monotonic()
            problem, reply = _outcome(api, opened, sent)
            waited = time.monotonic() - began
            if reply is not None:
                client.heard(sent, reply)
            with lock:
                _note(report, sent, problem, reply, waited)


def _outcome(api: Api, opened: Connection, sent: Sent) -> tuple[str | None, Reply | None]:
    """Return what is wrong with the answer to a request, and the answer."""
    try:
        reply = opened.ask(sent)
    except TimeoutError:
        return f"no answer within {PATIENCE_S:.0f} s", None
    except ConnectionLostError as error:
        return f"closed without an answer ({error})", None
    if reply.status >= 500:
        return f"{reply.status}: {reply.body[:300]!r}", reply
    return api.problem(sent, reply), reply


def _note(report: Report, sent: Sent, problem: str | None, reply: Reply | None, waited_s: float) -> None:
    """Add one exchange to a report."""
    report.requests += 1
    report.slowest_s = max(report.slowest_s, waited_s)
    if reply is not None:
        report.statuses[reply.status] += 1
    if problem is not None:
        report.kinds[problem] += 1
        if len(report.faults) < MOST_FAULTS:
            report.faults.append(Fault(problem=problem, sent=sent))
