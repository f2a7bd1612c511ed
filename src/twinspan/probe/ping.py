"""Round trips between two hosts, measured by the `ping` of the host itself."""

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Address

from twinspan.errors import CommandError
from twinspan.probe.percentiles import percentile
from twinspan.protocols import Host

MAX_PAYLOAD_BYTES = 65507
_REPLY = re.compile(r"^\d+ bytes from .*icmp_seq=(\d+) .*time=([\d.]+) ms(.*)$", re.MULTILINE)
_SUMMARY = re.compile(r"^(\d+) packets transmitted, (\d+) received", re.MULTILINE)
_NO_REPLY = 1
_AT_ONCE = 8
"""Pairs of a matrix measured at the same time; more would measure each other's load."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PingResult:
    """Echo requests from one host to another.

    Attributes:
        source: Name of the sending host.
        source_side: `aws` or `azure`.
        destination: Name of the host that answers.
        destination_side: `aws` or `azure`.
        address: The address asked.
        sent: Requests sent.
        times_ms: Round-trip time of each request that was answered, in the order of the answers, ms.
        duplicates: Answers beyond the first to a request.
    """

    source: str
    source_side: str
    destination: str
    destination_side: str
    address: IPv4Address
    sent: int
    times_ms: tuple[float, ...]
    duplicates: int = 0

    @property
    def received(self) -> int:
        """Requests that were answered."""
        return len(self.times_ms)

    @property
    def loss_ratio(self) -> float:
        """Share of the requests without an answer, 0.0 to 1.0."""
        return 1 - self.received / self.sent

    def percentile_ms(self, percent: int) -> float | None:
        """Return a percentile of the round-trip times, in ms; None without any answer."""
        return percentile(self.times_ms, percent) if self.times_ms else None

    def as_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "source": self.source,
            "source_side": self.source_side,
            "destination": self.destination,
            "destination_side": self.destination_side,
            "address": str(self.address),
            "sent": self.sent,
            "received": self.received,
            "duplicates": self.duplicates,
            "loss_ratio": round(self.loss_ratio, 6),
            "min_ms": min(self.times_ms, default=None),
            "p50_ms": self.percentile_ms(50),
            "p90_ms": self.percentile_ms(90),
            "p99_ms": self.percentile_ms(99),
            "max_ms": max(self.times_ms, default=None),
            "times_ms": list(self.times_ms),
        }


def ping(
    source: Host,
    destination: Host,
    *,
    count: int = 10,
    interval_s: float = 0.2,
    payload_bytes: int = 56,
    reply_within_s: int = 1,
) -> PingResult:
    """Send echo requests and wait for the answers. Names are not resolved.

    Args:
        source: Who asks.
        destination: Who is asked.
        count: Requests.
        interval_s: Time between two requests, in seconds.
        payload_bytes: Data in each; 8 bytes of ICMP and 20 of IP come on top.
        reply_within_s: How long to wait for the last answers, in seconds.

    Raises:
        ValueError: A number out of range.
        CommandError: `ping` itself failed, e.g. without a route.
        TwinspanError: The source cannot be reached, or has no `ping`.
    """
    if count < 1 or interval_s <= 0 or not 0 <= payload_bytes <= MAX_PAYLOAD_BYTES or reply_within_s < 1:
        raise ValueError(
            f"count={count}, interval_s={interval_s:g}, payload_bytes={payload_bytes} or"
            f" reply_within_s={reply_within_s} is out of range"
        )
    # The words of the output depend on the locale.
    argv = ["env", "LC_ALL=C", "ping", "-n", "-c", str(count), "-i", f"{interval_s:g}"]
    argv += ["-W", str(reply_within_s), "-s", str(payload_bytes), str(destination.address)]
    done = source.run(argv, timeout_s=count * interval_s + reply_within_s + 20)
    if done.returncode not in {0, _NO_REPLY}:
        raise CommandError(argv, done.returncode, f"on {source.name}: {done.stderr or done.stdout}")
    try:
        sent, times_ms, duplicates = parse_ping(done.stdout)
    except ValueError as error:
        raise CommandError(argv, done.returncode, f"on {source.name}: {error}: {done.stderr}") from error
    return PingResult(
        source=source.name,
        source_side=source.side,
        destination=destination.name,
        destination_side=destination.side,
        address=destination.address,
        sent=sent,
        times_ms=times_ms,
        duplicates=duplicates,
    )


def parse_ping(text: str) -> tuple[int, tuple[float, ...], int]:
    """Return (requests sent, times of the first answer to each in ms, further answers) from iputils' output.

    Raises:
        ValueError: The text is not the output of a finished `ping -n`.
    """
    summary = _SUMMARY.search(text)
    if summary is None or int(summary[1]) < 1:
        raise ValueError("ping printed no summary of packets sent")
    times_ms: dict[int, float] = {}
    duplicates = 0
    for sequence, time_ms, _ in _REPLY.findall(text):
        duplicates += int(sequence) in times_ms
        times_ms.setdefault(int(sequence), float(time_ms))
    if len(times_ms) != int(summary[2]):
        raise ValueError(f"ping speaks of {summary[2]} answers but lists {len(times_ms)}")
    return int(summary[1]), tuple(times_ms.values()), duplicates


def ping_matrix(
    sources: Sequence[Host],
    destinations: Sequence[Host],
    *,
    count: int = 5,
    interval_s: float = 0.2,
) -> tuple[PingResult, ...]:
    """Ping between every source and every destination, both ways, up to eight pairs at the same time.

    Args:
        sources: Hosts of one side.
        destinations: Hosts of the other.
        count: Requests of each pair and direction.
        interval_s: Time between two requests of a pair, in seconds.

    Returns:
        For each pair the way there and the way back, in the order of the arguments.

    Raises:
        TwinspanError: As `ping`.
    """
    ways = [way for a in sources for b in destinations for way in ((a, b), (b, a))]
    with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="ping") as pool:
        runs = [pool.submit(ping, a, b, count=count, interval_s=interval_s) for a, b in ways]
        return tuple(run.result() for run in runs)
