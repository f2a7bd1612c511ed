"""Talk to one BIRD over its control socket, and read what it answers."""

import re
import socket
import threading
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from twinspan.errors import CommandError, HostError
from twinspan.wait import wait_until

_READY_WITHIN_S = 30.0
_ANSWER_WITHIN_S = 10.0
_REPLY_END = re.compile(rb"^(?:\d{4} [^\n]*\n)\Z|\n(?:\d{4} [^\n]*\n)\Z")
_SYNTAX_ERRORS = "89"
_NO_TABLE = "No valid tables"
"""What BIRD answers to `show route export NAME` while that session has no table: it is down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionState:
    """A BGP session as `show protocols all` shows it."""

    name: str
    state: str
    """`Idle`, `Connect`, `Active`, `OpenSent`, `OpenConfirm` or `Established`; `Idle` if down."""
    last_error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BirdRoute:
    """A route as `show route all` shows it."""

    network: IPv4Network
    protocol: str
    """Name of the protocol it came from."""
    best: bool
    next_hop: IPv4Address | None
    device: str
    as_path: tuple[int, ...]


class BirdControl:
    """Commands to one BIRD, one at a time.

    If BIRD does not answer in time, as on a busy machine, the next command connects again.

    Args:
        path: Its socket.
        answer_within_s: How long to wait for an answer, in seconds.
    """

    def __init__(self, path: Path, *, answer_within_s: float = _ANSWER_WITHIN_S) -> None:
        self._path = path
        self._answer_within_s = answer_within_s
        self._closed = True
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None

    def connect(self) -> None:
        """Wait until BIRD answers. Raises WaitTimeoutError if it does not within 30 s."""
        with self._lock:
            self._drop()
            self._closed = False
            self._socket = wait_until(
                self._greeted,
                lambda sock: sock is not None,
                what=f"answer of BIRD at {self._path}",
                timeout_s=_READY_WITHIN_S,
                interval_s=0.005,
            )

    def command(self, text: str) -> str:
        """Send a command and return its answer without the reply codes.

        Raises:
            CommandError: BIRD refused it.
            HostError: BIRD is not there.
        """
        with self._lock:
            if self._socket is None and not self._closed:
                self._socket = self._greeted()
            if self._socket is None:
                raise self._absent()
            try:
                self._socket.sendall(text.encode() + b"\n")
                reply = _read_reply(self._socket)
            except OSError as error:
                self._drop()
                raise self._absent() from error
        if reply.splitlines() and reply.splitlines()[-1][:1] in _SYNTAX_ERRORS:
            raise CommandError(["birdc", *text.split()], 1, reply)
        return "\n".join(_without_code(line) for line in reply.splitlines())

    def routes(self, what: str = "") -> tuple[BirdRoute, ...]:
        """Return routes, e.g. of `export NAME`; all of the main table by default.

        A session that is down exports none.

        Raises:
            CommandError: There is no such session.
            HostError: BIRD is not there.
        """
        try:
            return parse_routes(self.command(f"show route {what} all".replace("  ", " ")))
        except CommandError as error:
            if what and _NO_TABLE in error.stderr:
                return ()
            raise

    def close(self) -> None:
        """Close the connection until `connect`."""
        with self._lock:
            self._closed = True
            self._drop()

    def _greeted(self) -> socket.socket | None:
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(self._answer_within_s)
        try:
            sock.connect(str(self._path))
            _read_reply(sock)
        except OSError:
            sock.close()
            return None
        return sock

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _absent(self) -> HostError:
        return HostError(
            problem=f"BIRD does not answer at {self._path}",
            remedy="Look at `twinspan twin logs`; it is started again by itself",
        )


def _read_reply(sock: socket.socket) -> str:
    data = b""
    while not _REPLY_END.search(data):
        more = sock.recv(65536)
        if not more:
            raise ConnectionError("BIRD closed the connection")
        data += more
    return data.decode(errors="replace")


def _without_code(line: str) -> str:
    return line[5:] if re.match(r"\d{4}[ -]", line) else line[1:]


_PROTOCOL = re.compile(r"^(\S+)\s+BGP\s")


def parse_sessions(text: str) -> dict[str, SessionState]:
    """Read the BGP sessions of `show protocols all`."""
    sessions: dict[str, SessionState] = {}
    name = ""
    for line in text.splitlines():
        head = _PROTOCOL.match(line)
        if head:
            name = head.group(1)
            sessions[name] = SessionState(name=name, state="Idle", last_error="")
        elif line and not line[0].isspace():
            name = ""
        elif name:
            sessions[name] = _detail(sessions[name], line.strip())
    return sessions


def _detail(session: SessionState, line: str) -> SessionState:
    label, _, value = line.partition(":")
    state, error = session.state, session.last_error
    if label == "BGP state":
        state = value.strip() if value.strip() not in {"Down", "Close", "Passive"} else "Idle"
        state = "Active" if value.strip() == "Passive" else state
    elif label == "Last error":
        error = value.strip()
    return SessionState(name=session.name, state=state, last_error=error)


_ROUTE = re.compile(r"^(\d\S+/\d+)?\s+(?:unicast|blackhole|unreachable)\s+\[(\S+) [^\]]*\](\s+\*)?")
_VIA = re.compile(r"^\s+via (\S+) on (\S+)")
_DEVICE = re.compile(r"^\s+dev (\S+)")


def parse_routes(text: str) -> tuple[BirdRoute, ...]:
    """Read `show route all`; of several next hops the first is kept."""
    routes: list[BirdRoute] = []
    network = IPv4Network("0.0.0.0/32")
    for line in text.splitlines():
        head = _ROUTE.match(line)
        if head:
            network = IPv4Network(head.group(1)) if head.group(1) else network
            routes.append(
                BirdRoute(
                    network=network,
                    protocol=head.group(2),
                    best=bool(head.group(3)),
                    next_hop=None,
                    device="",
                    as_path=(),
                )
            )
        elif routes:
            routes[-1] = _attribute(routes[-1], line)
    return tuple(routes)


def _attribute(route: BirdRoute, line: str) -> BirdRoute:
    next_hop, device, as_path = route.next_hop, route.device, route.as_path
    via, direct = _VIA.match(line), _DEVICE.match(line)
    if via and next_hop is None:
        next_hop, device = IPv4Address(via.group(1)), via.group(2)
    elif direct and not device:
        device = direct.group(1)
    elif line.strip().startswith("BGP.as_path:"):
        numbers = line.partition(":")[2].split()
        as_path = tuple(int(number) for number in numbers if number.isdigit())
    return BirdRoute(
        network=route.network,
        protocol=route.protocol,
        best=route.best,
        next_hop=next_hop,
        device=device,
        as_path=as_path,
    )
