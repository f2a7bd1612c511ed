"""The control process's Unix socket. Its folder is the user's alone, and so is the socket."""

import json
import logging
import os
import socket
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from twinspan.errors import TwinspanError
from twinspan.twin import control_wire
from twinspan.twin.attempts import attempt, words
from twinspan.twin.loops import Loop, start_task
from twinspan.twin.rundir import short_path

Method = Callable[[dict[str, Any]], object]
"""Takes a request's params, returns what JSON can carry; raises TwinspanError to refuse."""

Lease = Callable[[dict[str, Any]], Callable[[], None]]
"""Takes a request's params, does something, and returns what undoes it when its connection ends."""

_LOG = logging.getLogger(__name__)


class ControlServer:
    """Answers requests; each connection has a thread of its own, so a long call holds up nobody else.

    Args:
        path: Where the socket is made; one that is left there is replaced.
        methods: Name -> what answers it.
        leases: Name -> what answers it and is undone when the connection that asked ends, however it ends.
    """

    def __init__(
        self, path: Path, methods: Mapping[str, Method], *, leases: Mapping[str, Lease] | None = None
    ) -> None:
        self._path = path
        self._methods = methods
        self._leases = leases or {}
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._loop = Loop("control-socket", self._accept)

    def start(self) -> None:
        """Listen."""
        self._path.unlink(missing_ok=True)
        with short_path(self._path) as path:
            self._listener.bind(path)
        self._path.chmod(0o600)
        self._listener.listen(64)
        self._loop.start()

    def stop(self) -> None:
        """Take no more requests and remove the socket."""
        self._loop.end()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._loop.stop()
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        if _peer_uid(client) in {os.geteuid(), 0}:
            start_task("control-client", partial(self._serve, client))
        else:
            client.close()

    def _serve(self, client: socket.socket) -> None:
        held: list[Callable[[], None]] = []
        try:
            with client, client.makefile("rwb") as stream:
                for line in stream:
                    stream.write(json.dumps(self._answer(line, held)).encode() + b"\n")
                    stream.flush()
        except (BrokenPipeError, ConnectionResetError):  # also from closing, which writes what is left
            _LOG.debug("a client of the control socket went before its answer")
        finally:
            _undo(held)

    def _answer(self, line: bytes, held: list[Callable[[], None]]) -> dict[str, object]:
        try:
            request = control_wire.REQUEST.validate_json(line)
        except ValidationError as error:
            return _refusal(0, f"not a request: {error.error_count()} problems")
        method = self._methods.get(request.method)
        lease = self._leases.get(request.method)
        if method is None and lease is None:
            return _refusal(request.id, f"there is no method {request.method!r}")
        try:
            if lease is not None:
                held.append(lease(request.params))
            return {"id": request.id, "result": method(request.params) if method else None}
        except TwinspanError as error:
            return {"id": request.id, "error": control_wire.error_document(error)}
        except (ValidationError, KeyError) as error:
            return _refusal(request.id, f"params of {request.method} do not fit: {error}")
        except Exception as error:  # noqa: BLE001 - whatever it is, the client must get an answer
            _LOG.error("%s failed", request.method, exc_info=error)
            return _refusal(request.id, f"{request.method} failed: {words(error)}")


def _undo(held: list[Callable[[], None]]) -> None:
    problems: list[str] = []
    attempt(
        reversed(held),
        lambda undo: undo(),
        name=lambda _: "what a client of the control socket left behind cannot be undone",
        problems=problems,
    )
    for problem in problems:
        _LOG.warning("%s", problem)


def _refusal(number: int, message: str) -> dict[str, object]:
    return {"id": number, "error": {"kind": "TwinspanError", "message": message, "fields": {}}}


def _peer_uid(client: socket.socket) -> int:
    """Return the user at the other end. Source: unix(7), SO_PEERCRED (pid, uid, gid)."""
    credentials = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int.from_bytes(credentials[4:8], "little")
