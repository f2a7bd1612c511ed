"""Packets larger than what a tunnel carries: with leave to be taken apart, and without."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Literal

from twinspan.errors import CommandError
from twinspan.probe.ping import parse_ping
from twinspan.protocols import Host

LARGE_BYTES = 1500
"""More than any tunnel of the two clouds carries. Source: AWS Site-to-Site VPN, quotas (MTU 1446)."""
_HEADERS_BYTES = 28
_COUNT = 3
_INTERVAL_S = 0.2
_IP_WITHIN_S = 20.0
_MTU = re.compile(r"\bmtu ?[= ] ?(\d+)")
_TOO_LONG = re.compile(r"message too long", re.IGNORECASE)
_DEVICE = re.compile(r" dev (\S+)")
_COMPLAINT = re.compile(r"^(?:ping: local error: |From .*?: ?|ping: )(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeResult:
    """Echo requests of one size from one host to another.

    Attributes:
        source: Name of the sending host.
        source_side: `aws` or `azure`.
        destination: Name of the host that answers.
        destination_side: `aws` or `azure`.
        address: The address asked.
        packet_bytes: Size of each IP packet, with its headers.
        dont_fragment: Whether they forbid being taken apart on the way.
        sent: Requests.
        received: Answers.
        path_mtu_bytes: What the sender knows that the path carries; None if nothing was too large for it.
        said: `ping`'s own words about it; empty if there was nothing to say.
    """

    source: str
    source_side: str
    destination: str
    destination_side: str
    address: IPv4Address
    packet_bytes: int
    dont_fragment: bool
    sent: int
    received: int
    path_mtu_bytes: int | None
    said: str

    def as_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "source": self.source,
            "source_side": self.source_side,
            "destination": self.destination,
            "destination_side": self.destination_side,
            "address": str(self.address),
            "packet_bytes": self.packet_bytes,
            "dont_fragment": self.dont_fragment,
            "sent": self.sent,
            "received": self.received,
            "path_mtu_bytes": self.path_mtu_bytes,
            "said": self.said,
        }


def large_packets(
    source: Host, destination: Host, *, packet_bytes: int = LARGE_BYTES
) -> tuple[SizeResult, SizeResult]:
    """Send packets of one size that may be taken apart on the way, then such that may not.

    Raises:
        ValueError: The size is no packet's.
        CommandError: `ping` itself failed.
        TwinspanError: The source cannot be reached, or has no `ping`.
    """
    if not _HEADERS_BYTES <= packet_bytes <= 65535:  # noqa: PLR2004 - IP's limit
        raise ValueError(f"packet_bytes={packet_bytes} is out of range")
    return (
        _send(source, destination, packet_bytes, "dont"),
        _send(source, destination, packet_bytes, "do"),
    )


def _send(source: Host, destination: Host, packet_bytes: int, fragment: Literal["do", "dont"]) -> SizeResult:
    argv = ["env", "LC_ALL=C", "ping", "-n", "-c", str(_COUNT), "-i", f"{_INTERVAL_S:g}", "-W", "1"]
    argv += ["-M", fragment, "-s", str(packet_bytes - _HEADERS_BYTES), str(destination.address)]
    done = source.run(argv, timeout_s=_COUNT * _INTERVAL_S + 20)
    text = f"{done.stdout}\n{done.stderr}"
    try:
        sent, times_ms, _ = parse_ping(done.stdout)
    except ValueError as error:
        raise CommandError(argv, done.returncode, f"on {source.name}: {error}: {done.stderr}") from error
    complaint = _COMPLAINT.search(text)
    return SizeResult(
        source=source.name,
        source_side=source.side,
        destination=destination.name,
        destination_side=destination.side,
        address=destination.address,
        packet_bytes=packet_bytes,
        dont_fragment=fragment == "do",
        sent=sent,
        received=len(times_ms),
        path_mtu_bytes=_path_mtu(text, source, destination.address),
        said=complaint[1].strip() if complaint else "",
    )


def _path_mtu(text: str, source: Host, address: IPv4Address) -> int | None:
    """Return the path MTU that `ping` printed or, where it gives no number, the one that its kernel used.

    iputils 20221126 prints the kernel's number with "message too long", 20240905 does not.
    """
    printed = _MTU.search(text)
    if printed is None and _TOO_LONG.search(text):
        route = source.run(["ip", "-o", "route", "get", str(address)], timeout_s=_IP_WITHIN_S).stdout
        printed = _MTU.search(route)
        device = _DEVICE.search(route)
        if printed is None and device is not None:
            link = source.run(["ip", "-o", "link", "show", "dev", device[1]], timeout_s=_IP_WITHIN_S)
            printed = _MTU.search(link.stdout)
    return int(printed[1]) if printed else None
