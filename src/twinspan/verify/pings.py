"""Ping between two hosts, as the user would."""

import re
import statistics
from dataclasses import dataclass

from twinspan.errors import TwinspanError
from twinspan.protocols import Host
from twinspan.verify.facts import Ping

COUNT = 3
"""Echo requests per direction: enough to tell a loss from a path that is closed, within a second."""
_INTERVAL_S = 0.1
_REPLY_WITHIN_S = 1
_REPLY = re.compile(r"icmp_seq=\d+ .*time=(?P<ms>[\d.]+) ms")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostInSubnet:
    """A host and the subnet it is in, so that a failed ping can be explained by that subnet's routes."""

    host: Host
    subnet_id: str


def ping(source: HostInSubnet, destination: HostInSubnet) -> Ping:
    """Send `COUNT` echo requests and say how many came back; what goes wrong is in the answer."""
    address = str(destination.host.address)
    argv = ["ping", "-n", "-c", str(COUNT), "-i", str(_INTERVAL_S), "-W", str(_REPLY_WITHIN_S), address]
    error, times = "", []
    try:
        done = source.host.run(argv, timeout_s=COUNT * (_INTERVAL_S + _REPLY_WITHIN_S) + 5)
        times = [float(match["ms"]) for match in _REPLY.finditer(done.stdout)]
        # ping says 0 (all well) or 1 (no reply); anything else means that it did not run.
        if done.returncode not in {0, 1}:
            error = f"ping exited with {done.returncode}: {done.stderr.strip()}"
    except TwinspanError as problem:
        error = str(problem)
    return Ping(
        source=f"{source.host.name} ({source.host.address})",
        destination=f"{destination.host.name} ({address})",
        towards=destination.host.side,
        sent=COUNT,
        received=len(times),
        median_ms=statistics.median(times) if times else None,
        command=f"on {source.host.name}: {' '.join(argv)}",
        error=error,
        subnet_ids=frozenset({source.subnet_id, destination.subnet_id}),
    )
