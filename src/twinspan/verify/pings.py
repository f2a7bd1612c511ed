"""Ping between two hosts, as the user would: small packets, and the largest the tunnels carry."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from twinspan.errors import TwinspanError
from twinspan.network.limits import AZURE_TUNNEL_MTU
from twinspan.probe.percentiles import percentile
from twinspan.probe.ping import parse_ping
from twinspan.protocols import Host
from twinspan.rules.observed.ping_facts import Ping

COUNT = 3
"""Echo requests per direction: enough to tell a loss from a path that is closed, within a second."""
INTERVAL_S = 0.1
HEADERS_BYTES = 28
"""IPv4 and ICMP. Source: RFC 791, RFC 792."""
SMALL_BYTES = 84
LARGE_BYTES = AZURE_TUNNEL_MTU
"""What both clouds' tunnels carry. Source: Azure, "About VPN devices" (TCP MSS 1350 or MTU 1400)."""
MINIMUM_BYTES = 576
"""What every host must take. Source: RFC 791."""
PRECISION_BYTES = 8
_NO_REPLY = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class HostInSubnet:
    """A host and the subnet it is in, so that a failed ping can be explained by that subnet's routes."""

    host: Host
    subnet_id: str


def ping(source: HostInSubnet, destination: HostInSubnet) -> Ping:
    """Send `COUNT` small echo requests and say how many came back; what goes wrong is in the answer.

    If some are lost, they are sent once more, and the receiver counts how many arrive.
    """
    answer = _ping(source, destination, SMALL_BYTES)
    if answer.error or answer.received == answer.sent:
        return answer
    before = _echoes(destination.host)
    again = _ping(source, destination, SMALL_BYTES)
    after = _echoes(destination.host)
    arrived = None if before is None or after is None else min(after - before, again.sent)
    return replace(again, arrived=arrived)


def large_ping(source: HostInSubnet, destination: HostInSubnet) -> Ping:
    """Send echo requests of `LARGE_BYTES`, not to be fragmented; if all are lost, look for the limit.

    If some are lost, they are sent once more.
    """
    answer = _ping(source, destination, LARGE_BYTES)
    if 0 < answer.received < answer.sent:
        answer = _ping(source, destination, LARGE_BYTES)
    if answer.error or answer.received > 0:
        return answer
    passing, lost = 0, LARGE_BYTES
    if _ping(source, destination, MINIMUM_BYTES).received:
        passing = MINIMUM_BYTES
        while lost - passing > PRECISION_BYTES:
            middle = (lost + passing) // 2
            if _ping(source, destination, middle, count=1).received:
                passing = middle
            else:
                lost = middle
    return replace(answer, largest_bytes=passing or None)


def _ping(source: HostInSubnet, destination: HostInSubnet, size_bytes: int, *, count: int = COUNT) -> Ping:
    argv = _argv(str(destination.host.address), size_bytes, count)
    received, median_ms, error = 0, None, ""
    try:
        done = source.host.run(["env", "LC_ALL=C", *argv], timeout_s=count * INTERVAL_S + 20)
        if done.returncode in {0, _NO_REPLY}:
            _, times_ms, _ = parse_ping(done.stdout)
            received, median_ms = len(times_ms), percentile(times_ms, 50) if times_ms else None
        else:
            error = (done.stderr or done.stdout).strip()
    except (TwinspanError, ValueError) as problem:
        error = str(problem)
    return Ping(
        source=f"{source.host.name} ({source.host.address})",
        destination=f"{destination.host.name} ({destination.host.address})",
        towards=destination.host.side,
        sent=count,
        received=received,
        median_ms=median_ms,
        command=f"on {source.host.name}: {' '.join(argv)}",
        error=error,
        size_bytes=size_bytes,
        subnet_ids=frozenset({source.subnet_id, destination.subnet_id}),
    )


def _argv(address: str, size_bytes: int, count: int) -> Sequence[str]:
    size = ["-M", "do", "-s", str(size_bytes - HEADERS_BYTES)] if size_bytes != SMALL_BYTES else []
    return ["ping", "-n", "-c", str(count), "-i", str(INTERVAL_S), "-W", "1", *size, address]


def _echoes(host: Host) -> int | None:
    """Return how many echo requests a Linux host has received since it started; None if it does not tell."""
    try:
        done = host.run(["cat", "/proc/net/snmp"], timeout_s=10)
    except TwinspanError:
        return None
    rows = [line.split() for line in done.stdout.splitlines() if line.startswith("Icmp:")]
    if len(rows) != 2 or "InEchos" not in rows[0]:  # noqa: PLR2004 - a row of names, a row of values
        return None
    return int(rows[1][rows[0].index("InEchos")])
