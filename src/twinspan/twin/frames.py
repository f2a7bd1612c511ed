"""Frames on a local stream socket: one JSON object a line, of a bounded length."""

import math
import os
import select
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from pydantic_core import to_json

from twinspan.errors import HostError

FRAME_BYTES = 64_000_000
"""The longest request or answer, in bytes."""
WRITE_WITHIN_S = 60.0
"""How long a peer may leave unread what is sent to it, in seconds."""
_CHUNK_BYTES = 1 << 16


class FrameStream:
    """One end of a connection. One thread reads at a time; any may write."""

    def __init__(self, sock: socket.socket, *, takes_descriptors: bool = False) -> None:
        sock.settimeout(WRITE_WITHIN_S)
        self.descriptors: list[int] = []
        self._socket = sock
        self._takes_descriptors = takes_descriptors
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)
        self._writing = threading.Lock()
        self._buffer = bytearray()

    def write(self, frame: Mapping[str, object], descriptors: Sequence[int] = ()) -> None:
        """Send a frame.

        Raises:
            OSError: The peer is gone, or reads nothing.
            HostError: The frame is too long.
            ValueError: It holds what JSON cannot.
        """
        data = to_json(frame) + b"\n"
        if len(data) > FRAME_BYTES:
            raise HostError(
                problem=f"a message of {len(data)} bytes is too long: {FRAME_BYTES} can be sent",
                remedy="Ask for less at a time",
            )
        with self._writing:
            if descriptors:
                data = data[socket.send_fds(self._socket, [data], descriptors) :]
            self._socket.sendall(data)

    def read(self, deadline_s: float = math.inf) -> bytes:
        """Wait for a frame until `deadline_s` of the monotonic clock; what has come by then is kept.

        Raises:
            EOFError: The peer has closed, perhaps in the middle of a frame.
            TimeoutError: It has sent none in time.
            ValueError: It sends one that is too long.
        """
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > FRAME_BYTES:
                raise ValueError(f"a frame has more than {FRAME_BYTES} bytes")
            self._buffer += self._receive(deadline_s)
        frame = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return frame

    def shutdown(self) -> None:
        """End both directions, which wakes whoever reads or writes."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close it, once nobody writes any more."""
        self.shutdown()
        with self._writing:
            self._socket.close()

    def _receive(self, deadline_s: float) -> bytes:
        wait_ms = None if deadline_s == math.inf else max(0.0, 1000 * (deadline_s - time.monotonic()))
        if not self._poll.poll(wait_ms):
            raise TimeoutError
        if self._takes_descriptors:
            data, descriptors, _, _ = socket.recv_fds(self._socket, _CHUNK_BYTES, 1)
            for descriptor in descriptors:
                os.set_inheritable(descriptor, False)
            self.descriptors += descriptors
        else:
            data = self._socket.recv(_CHUNK_BYTES)
        if not data:
            raise EOFError
        return data
