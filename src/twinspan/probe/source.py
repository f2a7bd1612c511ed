"""Which address the remote side sees: a connection is made, and the host that takes it says from where."""

from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address

from twinspan.errors import HostError
from twinspan.probe.iperf import PORT, one_test, parse_report
from twinspan.protocols import Host

_LIMIT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSeen:
    """What one host sees of another.

    Attributes:
        source: Name of the host that connects.
        source_side: `aws` or `azure`.
        destination: Name of the host that is connected to.
        destination_side: `aws` or `azure`.
        own_address: The address that the connecting host has.
        seen_address: The address that the other host says the connection came from.
    """

    source: str
    source_side: str
    destination: str
    destination_side: str
    own_address: IPv4Address
    seen_address: IPv4Address

    @property
    def kept(self) -> bool:
        """Whether nothing on the way has changed it."""
        return self.own_address == self.seen_address

    def as_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "source": self.source,
            "source_side": self.source_side,
            "destination": self.destination,
            "destination_side": self.destination_side,
            "own_address": str(self.own_address),
            "seen_address": str(self.seen_address),
            "kept": self.kept,
        }


def source_seen(source: Host, destination: Host, *, port: int = PORT) -> SourceSeen:
    """Connect by TCP and return the address that the other end reports.

    Raises:
        HostError: No connection comes about.
        CommandError: iperf3 failed otherwise.
    """
    # One block of one kilobyte: the connection is what counts. The server's account says who connected.
    _, served = one_test(source, destination, ("-n", "1K", "-l", "1K"), port=port, limit_s=_LIMIT_S)
    accepted = parse_report(destination, served).start.accepted_connection
    if accepted is None:
        raise HostError(
            problem=f"iperf3 on {destination.name} does not say who connected to it",
            remedy="Use an image with iperf3 3.1 or later",
        )
    seen = ip_address(accepted.host.rpartition("%")[0] or accepted.host)
    mapped = seen if isinstance(seen, IPv4Address) else seen.ipv4_mapped
    if mapped is None:
        raise HostError(
            problem=f"the connection to {destination.name} came by IPv6, from {seen}",
            remedy="Give the hosts IPv4 addresses",
        )
    return SourceSeen(
        source=source.name,
        source_side=source.side,
        destination=destination.name,
        destination_side=destination.side,
        own_address=source.address,
        seen_address=mapped,
    )
