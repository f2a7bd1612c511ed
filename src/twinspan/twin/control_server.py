"""The control process's Unix socket. Its folder is the user's alone, and so is the socket."""

import os
import socket
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from twinspan.twin import rpc
from twinspan.twin.loops import Loop, start_task
from twinspan.twin.rundir import short_path


class ControlServer:
    """Answers requests; each connection has a thread of its own, so a long call holds up nobody else.

    Args:
        path: Where the socket is made; one that is left there is replaced.
        offers: Name of a call -> who answers it.
    """

    def __init__(self, path: Path, offers: Mapping[str, rpc.Offer]) -> None:
        self._path = path
        self._offers = offers
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
        rpc.serve(client, self._offers)


def _peer_uid(client: socket.socket) -> int:
    """Return the user at the other end. Source: unix(7), SO_PEERCRED (pid, uid, gid)."""
    credentials = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int.from_bytes(credentials[4:8], "little")
