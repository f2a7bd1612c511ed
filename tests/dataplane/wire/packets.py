"""Real packets, made byte by byte, sent into namespaces in batches, and read behind filters."""

import os
import select
import socket
import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from wire_hosts import NamespaceHost

from twinspan.network.filters import ICMP, TCP, UDP
from twinspan.twin.dataplane.namespaces import inside

TTL = 99
"""Of these packets alone: whatever a kernel sends by itself has another."""
_SYN, _SYN_ACK = 0x02, 0x12
_SEQUENCE = 1000
_NETFILTER = 12
"""Netlink protocol that the module `socket` has no name for."""
_IPV4, _MARK = 0x0800, 0x88B5
"""Ethernet types; the second, for local experiments, is no IP, so no filter of ours sees it."""
_FLUSH = struct.pack("=LHHLLBBH", 20, 0x0102, 0x05, 1, 0, socket.AF_INET, 0, 0)
"""Netlink: forget all flows (CTNETLINK, IPCTNL_MSG_CT_DELETE), and acknowledge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """One IPv4 packet; `first` and `second` are its ports or, of ICMP, its type and code."""

    protocol: int
    source: IPv4Address
    destination: IPv4Address
    first: int = 0
    second: int = 0
    answers: bool = False

    @property
    def flow(self) -> frozenset[object]:
        """What it has in common with every packet that the kernel could take for one of the same flow."""
        ports = {self.first, self.second} if self.protocol in {TCP, UDP} else set()
        return frozenset({("protocol", self.protocol), self.source, self.destination, *ports})

    def answer(self) -> "Packet | None":
        """Return the packet that answers it; None if none does."""
        back = replace(self, source=self.destination, destination=self.source, answers=True)
        if self.protocol in {TCP, UDP}:
            return replace(back, first=self.second, second=self.first)
        if self.protocol != ICMP:
            return back
        return replace(back, first=0) if (self.first, self.second) == (8, 0) else None

    def wire(self, number: int) -> bytes:
        """Return it as it is on the wire, with a number to know it by."""
        payload = self._payload()
        ends = self.source.packed + self.destination.packed
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), number, 0, TTL, self.protocol, 0) + ends
        return head[:10] + _checksum(head) + head[12:] + payload

    def _payload(self) -> bytes:
        if self.protocol == ICMP:
            text = struct.pack("!BBHHH", self.first, self.second, 0, 7, 7) + bytes(8)
            return text[:2] + _checksum(text) + text[4:]
        if self.protocol == UDP:
            return struct.pack("!HHHH", self.first, self.second, 16, 0) + bytes(8)
        if self.protocol != TCP:
            return bytes(16)
        numbers = (_SEQUENCE, _SEQUENCE + 1, _SYN_ACK) if self.answers else (_SEQUENCE, 0, _SYN)
        text = struct.pack("!HHLLBBHHH", self.first, self.second, *numbers[:2], 0x50, numbers[2], 8192, 0, 0)
        ends = self.source.packed + self.destination.packed
        return text[:16] + _checksum(ends + struct.pack("!HH", TCP, len(text)) + text) + text[18:]


def _checksum(text: bytes) -> bytes:
    total = sum(struct.unpack(f"!{len(text) // 2}H", text))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack("!H", ~total & 0xFFFF)


def identity(packet: bytes) -> bytes:
    """Return what a packet is known by on its whole way: number, protocol, source and destination."""
    return packet[4:6] + packet[9:10] + packet[12:20]


def arrived(sockets: Iterable[socket.socket]) -> set[bytes]:
    """Take the packets that wait in some sockets, which yield IPv4 packets, and return their identities."""
    identities = set()
    for sock in sockets:
        while select.select([sock], [], [], 0)[0]:
            identities.add(identity(sock.recv(2048)))
    return identities


class Sockets:
    """Sockets in namespaces; all are closed with the stack."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def open(self, host: NamespaceHost, *arguments: int) -> socket.socket:
        """Return a socket that lives in a namespace."""
        made = inside(host.name, lambda: socket.socket(*arguments))
        self._stack.callback(made.close)
        made.settimeout(20)
        return made

    def link(self, host: NamespaceHost, device: str, kind: int = 0) -> socket.socket:
        """Return a socket for frames of a device, of an Ethernet type; of none, to send only."""
        made = self.open(host, socket.AF_PACKET, socket.SOCK_RAW if kind != _IPV4 else socket.SOCK_DGRAM)
        made.bind((device, kind))
        return made

    def seen(self, host: NamespaceHost, device: str) -> socket.socket:
        """Return a socket that yields the IPv4 packets which arrive at a device, before any filter."""
        return self.link(host, device, _IPV4)


class Path:
    """One way over a wire: frames go in at one end and have been dealt with once `send` returns."""

    def __init__(
        self, sockets: Sockets, near: NamespaceHost, near_device: str, far: NamespaceHost, far_device: str
    ) -> None:
        self._near = sockets.link(near, near_device)
        self._far = sockets.link(far, far_device, _MARK)
        self._head = _address(far, far_device) + _address(near, near_device)
        self._marks = 0

    def send(self, packets: Sequence[bytes]) -> None:
        """Send packets and wait until the other end has dealt with the last."""
        for packet in packets:
            self._near.send(self._head + _IPV4.to_bytes(2) + packet)
        self.settle()

    def settle(self) -> None:
        """Wait until the other end has dealt with whatever has been sent to it: it does so in order."""
        self._marks += 1
        mark = self._head + _MARK.to_bytes(2) + self._marks.to_bytes(46)
        self._near.send(mark)
        while self._far.recv(2048) != mark:
            continue


def _address(host: NamespaceHost, device: str) -> bytes:
    shown = host.run(("cat", f"/sys/class/net/{device}/address"), timeout_s=10).stdout
    return bytes.fromhex(shown.strip().replace(":", ""))


class Flows:
    """The kernel's memory of flows in one namespace."""

    def __init__(self, sockets: Sockets, host: NamespaceHost) -> None:
        self._socket = sockets.open(host, socket.AF_NETLINK, socket.SOCK_RAW, _NETFILTER)

    def forget(self) -> None:
        """Take every packet for the first of its flow."""
        self._socket.send(_FLUSH)
        kind, code = struct.unpack_from("=HxxxxxxxxxxI", self._socket.recv(1024), 4)
        assert (kind, code) == (2, 0)


@contextmanager
def one_processor() -> Iterator[None]:
    """Stay on one processor, whose queue of received frames is in order."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
