"""Everything that is measured between the hosts of both sides, pair by pair and both ways."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from twinspan.probe.iperf import PORT, IperfResult, iperf
from twinspan.probe.ping import PingResult, ping_matrix
from twinspan.probe.sizes import LARGE_BYTES, SizeResult, large_packets
from twinspan.probe.source import SourceSeen, source_seen
from twinspan.protocols import Host

_AT_ONCE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """What was measured.

    Attributes:
        pings: Round trips of each pair, both ways.
        packets: What became of packets larger than a tunnel carries, both ways.
        sources: Which address each sees of the other.
        iperf: Throughput of each pair, both ways; empty if it was not asked for.
    """

    pings: tuple[PingResult, ...]
    packets: tuple[SizeResult, ...]
    sources: tuple[SourceSeen, ...]
    iperf: tuple[IperfResult, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "pings": [ping.as_dict() for ping in self.pings],
            "packets": [packet.as_dict() for packet in self.packets],
            "sources": [source.as_dict() for source in self.sources],
            "iperf": [measurement.as_dict() for measurement in self.iperf],
        }


def cross(
    aws: Sequence[Host],
    azure: Sequence[Host],
    *,
    count: int = 10,
    interval_s: float = 0.2,
    packet_bytes: int = LARGE_BYTES,
    iperf_seconds: int = 0,
    port: int = PORT,
) -> Crossing:
    """Measure every pair of a host of one side and one of the other, both ways.

    Round trips are taken first, while nothing else is sent; throughput last, one pair after the other.

    Args:
        aws: Hosts of one side.
        azure: Hosts of the other.
        count: Echo requests of each pair and way.
        interval_s: Between two of them, seconds.
        packet_bytes: Size of the large packets.
        iperf_seconds: Length of each way's throughput test; 0: none.
        port: TCP port of the hosts that are connected to.

    Raises:
        TwinspanError: A host cannot be reached, or lacks a program.
    """
    pings = ping_matrix(aws, azure, count=count, interval_s=interval_s)
    ways = [way for a in aws for b in azure for way in ((a, b), (b, a))]
    with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="packets") as pool:
        runs = [pool.submit(large_packets, a, b, packet_bytes=packet_bytes) for a, b in ways]
        packets = tuple(result for run in runs for result in run.result())
    return Crossing(
        pings=pings,
        packets=packets,
        # One after the other: a host has one port for it.
        sources=tuple(source_seen(a, b, port=port) for a, b in ways),
        iperf=tuple(
            iperf(a, b, seconds=iperf_seconds, port=port) for a in aws for b in azure if iperf_seconds
        ),
    )
