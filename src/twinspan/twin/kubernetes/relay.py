"""Carry byte streams from a listening socket to another socket, without looking into them."""

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from twinspan.twin.loops import Loop, start_task
from twinspan.twin.rundir import short_path

_CHUNK_BYTES = 65536
_CONNECT_WITHIN_S = 5.0

Target = Callable[[socket.socket], socket.socket]
"""Opens the far end of one accepted connection, of which it may read; OSError if nobody listens there."""


@dataclass(frozen=True, slots=True)
class UnixTarget:
    """A Unix socket in the file system, however long its path is."""

    path: Path

    def __call__(self, _near: socket.socket) -> socket.socket:
        """Connect to it."""
        far = socket.socket(socket.AF_UNIX)
        far.settimeout(_CONNECT_WITHIN_S)
        try:
            with short_path(self.path) as name:
                far.connect(name)
        except OSError:
            far.close()
            raise
        return far


class Relay:
    """Accepts connections and carries each to a fresh connection of its target, both ways.

    If the target cannot be reached the accepted connection is closed at once, as by a server that is down.

    Args:
        listener: A listening socket, which belongs to the relay from now on.
        target: Opens the far end.
    """

    def __init__(self, listener: socket.socket, target: Target) -> None:
        self._listener = listener
        self._target = target
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._stopped = False
        self._loop = Loop("relay", self._accept)

    def start(self) -> None:
        """Accept connections from now on."""
        self._loop.start()

    def stop(self) -> None:
        """Close the listener and every connection."""
        self._loop.end()
        with self._lock:
            self._stopped = True
            ends = [self._listener, *self._open]
            self._open.clear()
        for end in ends:
            _shut(end)
            end.close()

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        start_task("relay", partial(self._carry, near))

    def _carry(self, near: socket.socket) -> None:
        try:
            far = self._target(near)
        except BaseException as error:
            near.close()
            if isinstance(error, OSError):
                return
            raise
        far.settimeout(None)  # the limit was for connecting: an `exec` or a watch may be silent for hours
        with self._lock:
            if not self._stopped:
                self._open |= {near, far}
        if self._stopped:
            near.close()
            far.close()
            return
        back = start_task("relay", partial(_pump, far, near))
        _pump(near, far)
        back.join()
        with self._lock:
            self._open -= {near, far}
        near.close()
        far.close()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    """Carry one direction until its end, then pass the end on."""
    try:
        while data := source.recv(_CHUNK_BYTES):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        _shut(source)
        _shut(sink)


def _shut(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
