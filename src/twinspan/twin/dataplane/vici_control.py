"""Talk to one charon over its vici socket: strongSwan's own control protocol, typed at the edge."""

import socket
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import vici
from vici.exception import CommandException, SessionException

from twinspan.errors import CommandError, HostError
from twinspan.wait import wait_until

Section = dict[str, Any]
"""A vici message with its bytes decoded: text, lists of text and sections within sections."""

_READY_WITHIN_S = 30.0
_ANSWER_WITHIN_S = 10.0
_EVENTS = ("ike-updown", "ike-rekey", "child-updown")


class Control:
    """Commands to one charon, one at a time.

    If charon does not answer in time, as on a busy machine, the next command connects again.

    Args:
        path: Its socket.
        answer_within_s: How long to wait for an answer, in seconds.
    """

    def __init__(self, path: Path, *, answer_within_s: float = _ANSWER_WITHIN_S) -> None:
        self._path = path
        self._answer_within_s = answer_within_s
        self._closed = True
        self._lock = threading.Lock()
        self._session: Any = None
        self._socket: socket.socket | None = None

    def connect(self) -> None:
        """Wait until charon answers. Raises WaitTimeoutError if it does not within 30 s."""
        with self._lock:
            self._drop()
            self._closed = False
            sock = wait_until(
                lambda: _connected(self._path),
                lambda connected_sock: connected_sock is not None,
                what=f"answer of charon at {self._path}",
                timeout_s=_READY_WITHIN_S,
                interval_s=0.005,
            )
            if sock is None:
                raise AssertionError("wait_until accepts only a socket")
            self._adopt(sock)
        self.command("version", {})

    def command(self, name: str, message: Mapping[str, object]) -> Section:
        """Send a command and return the answer.

        Raises:
            CommandError: charon refused it.
            HostError: charon is not there.
        """
        with self._lock:
            try:
                return decoded(self._live().request(name, dict(message)))
            except CommandException as error:
                raise CommandError(["vici", name], 1, str(error)) from error
            except (OSError, SessionException) as error:
                self._drop()
                raise _absent(self._path) from error

    def list_sas(self, *, wait: bool = False) -> list[Section]:
        """Return the IKE SAs; those that are busy are left out, unless this may `wait` for them."""
        with self._lock:
            try:
                answers = list(self._live().list_sas({} if wait else {"noblock": "yes"}))
            except (OSError, SessionException, CommandException) as error:
                self._drop()
                raise _absent(self._path) from error
        return [decoded(sa) for answer in answers for sa in answer.values()]

    def close(self) -> None:
        """Close the connection until `connect`."""
        with self._lock:
            self._closed = True
            self._drop()

    def events(self) -> Iterator[tuple[str, Section]]:
        """Yield charon's events over a connection of its own until charon ends."""
        sock = _connected(self._path)
        if sock is None:
            return
        try:
            for kind, message in vici.Session(sock).listen(list(_EVENTS)):
                yield kind.decode() if isinstance(kind, bytes) else kind, decoded(message)
        except (OSError, SessionException):
            return
        finally:
            sock.close()

    def _live(self) -> Any:  # noqa: ANN401 - the vici package ships no types
        if self._session is None and not self._closed:
            sock = _connected(self._path)
            if sock is not None:
                self._adopt(sock)
        if self._session is None:
            raise _absent(self._path)
        return self._session

    def _adopt(self, sock: socket.socket) -> None:
        sock.settimeout(self._answer_within_s)
        self._socket, self._session = sock, vici.Session(sock)

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = self._session = None


def decoded(message: Mapping[str, Any]) -> Section:
    """Return a vici message with text instead of bytes."""
    return {key: _value(value) for key, value in message.items()}


def _value(value: object) -> object:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, list):
        return [_value(item) for item in value]
    if isinstance(value, dict):
        return decoded(value)
    return value


def _connected(path: Path) -> socket.socket | None:
    sock = socket.socket(socket.AF_UNIX)
    try:
        sock.connect(str(path))
    except OSError:
        sock.close()
        return None
    return sock


def _absent(path: Path) -> HostError:
    return HostError(
        problem=f"charon does not answer at {path}",
        remedy="Look at `twinspan twin logs`; it is started again by itself",
    )
