"""Room for the packets that arrive while a daemon waits for a processor.

strongSwan has no setting for the size of its sockets, whose usual 208 KiB are full after 250 small packets:
a tenth of a second of a measurement, which a busy machine may be late. Source: strongswan.conf(5),
socket-default; socket(7), SO_RCVBUFFORCE; pidfd_getfd(2).
"""

import ctypes
import os
import socket
from pathlib import Path

BUFFER_BYTES = 4 << 20
"""What is asked for; the kernel counts twice as much, for what it keeps beside the packets."""
_SO_RCVBUFFORCE = 33  # asm-generic/socket.h; the socket module lacks it
_PIDFD_GETFD = 438
"""The number of the system call, the same on every architecture of these years."""
_LIBC = ctypes.CDLL(None, use_errno=True)


def widen_receive_buffers(pid: int) -> None:
    """Give all UDP sockets of a process larger buffers.

    Args:
        pid: The process; this one must be allowed to trace it.

    Raises:
        OSError: The process is gone, or the kernel does not allow it.
    """
    process = os.pidfd_open(pid)
    try:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            if str(link.readlink()).startswith("socket:"):
                _widen(process, int(link.name))
    finally:
        os.close(process)


def _widen(process: int, number: int) -> None:
    copied = _LIBC.syscall(_PIDFD_GETFD, process, number, 0)
    if copied < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    with socket.socket(fileno=copied) as same:
        if same.type == socket.SOCK_DGRAM and same.family in {socket.AF_INET, socket.AF_INET6}:
            same.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, BUFFER_BYTES)
