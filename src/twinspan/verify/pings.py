"""Ping between two hosts, as the user would."""

from dataclasses import dataclass

from twinspan.errors import TwinspanError
from twinspan.probe.ping import ping as probe_ping
from twinspan.protocols import Host
from twinspan.verify.facts import Ping

COUNT = 3
"""Echo requests per direction: enough to tell a loss from a path that is closed, within a second."""
INTERVAL_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class HostInSubnet:
    """A host and the subnet it is in, so that a failed ping can be explained by that subnet's routes."""

    host: Host
    subnet_id: str


def ping(source: HostInSubnet, destination: HostInSubnet) -> Ping:
    """Send `COUNT` echo requests and say how many came back; what goes wrong is in the answer."""
    address = str(destination.host.address)
    received, median_ms, error = 0, None, ""
    try:
        result = probe_ping(source.host, destination.host, count=COUNT, interval_s=INTERVAL_S)
        received, median_ms = result.received, result.percentile_ms(50)
    except TwinspanError as problem:
        error = str(problem)
    return Ping(
        source=f"{source.host.name} ({source.host.address})",
        destination=f"{destination.host.name} ({address})",
        towards=destination.host.side,
        sent=COUNT,
        received=received,
        median_ms=median_ms,
        command=f"on {source.host.name}: ping -n -c {COUNT} -i {INTERVAL_S} {address}",
        error=error,
        subnet_ids=frozenset({source.subnet_id, destination.subnet_id}),
    )
