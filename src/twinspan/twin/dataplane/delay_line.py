"""A line that holds packets for a while: a program of its own, run as `python -I delay_line.py DEVICE MS`.

It needs nothing but Python's standard library. What is routed into the TUN device comes out of it again
that much later, in the same order. Many kernels lack `netem`; this works on all.
"""

import fcntl
import os
import select
import struct
import sys
import time
from collections import deque

TUNSETIFF = 0x400454CA
"""Source: linux/if_tun.h."""
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
_LONGEST_PACKET = 65535
_HELD_AT_MOST = 20_000
"""Packets; more are dropped, as a router's full queue does."""


def open_device(name: str) -> int:
    """Attach to a TUN device that exists; return its descriptor."""
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return descriptor


def hold(descriptor: int, delay_s: float) -> None:
    """Give back what comes, later, for ever."""
    held: deque[tuple[float, bytes]] = deque()
    while True:
        wait_s = max(0.0, held[0][0] - time.monotonic()) if held else None
        # `select` and not `poll`: it waits for less than a millisecond.
        readable, _, _ = select.select([descriptor], [], [], wait_s)
        if readable and len(held) < _HELD_AT_MOST:
            held.append((time.monotonic() + delay_s, os.read(descriptor, _LONGEST_PACKET)))
        elif readable:
            os.read(descriptor, _LONGEST_PACKET)
        while held and held[0][0] <= time.monotonic():
            os.write(descriptor, held.popleft()[1])


if __name__ == "__main__":
    hold(open_device(sys.argv[1]), float(sys.argv[2]) / 1000)
