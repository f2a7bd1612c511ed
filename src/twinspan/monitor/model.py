"""One snapshot of both clouds, in the same words for both."""

from dataclasses import asdict, dataclass
from datetime import datetime
from ipaddress import IPv4Address
from typing import Any

from twinspan.network.clouds import Cloud

PERIODS = 3
"""How many periods back the newest value is looked for: the last one may not be published yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tunnel:
    """One tunnel as one cloud sees it.

    Attributes:
        cloud: Whose view.
        name: The Azure connection's name where there is one, else the AWS outside address: in both views.
        connection: The cloud's own name of the connection: VPN connection id, or ARM name.
        aws_address: AWS's outside address.
        azure_address: Public address of Azure's gateway instance.
        up: Whether that cloud calls it up now; None if it did not say.
        reason: The cloud's own words for the state.
        bgp: Whether that cloud is set to speak BGP over it; if not, its routes are static.
        spare: Whether nobody uses it: Azure has a connection to AWS's other tunnel alone.
        since: When the state last changed, UTC.
        receive_bytes_per_s: Into that cloud, over the newest period. No sign of life: keepalives count.
        transmit_bytes_per_s: Out of that cloud.
        measured_at: Begin of the newest period, UTC.
    """

    cloud: Cloud
    name: str
    connection: str
    aws_address: IPv4Address | None
    azure_address: IPv4Address | None
    up: bool | None
    reason: str
    bgp: bool
    spare: bool = False
    since: datetime | None = None
    receive_bytes_per_s: float | None = None
    transmit_bytes_per_s: float | None = None
    measured_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One BGP session over a tunnel, as one cloud sees it.

    Attributes:
        cloud: Whose view.
        tunnel: Name of the tunnel it runs over.
        neighbor: The far end's address.
        up: Whether it is established.
        state: The cloud's own word.
        routes_learned: Routes accepted from the neighbour.
        routes_advertised: Routes sent to it; None where the cloud does not tell.
    """

    cloud: Cloud
    tunnel: str
    neighbor: IPv4Address
    up: bool
    state: str
    routes_learned: int
    routes_advertised: int | None = None


Part = tuple[tuple[Tunnel, ...], tuple[Session, ...]]
"""One cloud's tunnels and sessions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrip:
    """Echo requests from a host of one cloud to a host of the other.

    Attributes:
        cloud: Where they are sent from.
        towards: Where they are answered.
        source: Name of the sending host or pod.
        destination: Name of the one that answers.
        sent: Requests of this look.
        received: How many were answered.
        median_s: Of the round-trip times, in seconds; None without any answer.
        max_s: The longest, likewise.
    """

    cloud: Cloud
    towards: Cloud
    source: str
    destination: str
    sent: int
    received: int
    median_s: float | None
    max_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChange:
    """Something that another snapshot showed otherwise."""

    at: datetime
    cloud: Cloud
    subject: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Both clouds at one time.

    Attributes:
        at: When, UTC.
        read_s: How long it took to read, in seconds.
        period_s: Grain of the throughput, in seconds.
        answered: Cloud -> whether it could be read.
        tunnels: As AWS, then as Azure sees them.
        sessions: Likewise.
        round_trips: Between hosts of both sides; empty if there are none to send from.
        problems: What could not be read, in words.
        changes: The newest changes, newest first.
    """

    at: datetime
    read_s: float
    period_s: int
    answered: dict[Cloud, bool]
    tunnels: tuple[Tunnel, ...] = ()
    sessions: tuple[Session, ...] = ()
    round_trips: tuple[RoundTrip, ...] = ()
    problems: tuple[str, ...] = ()
    changes: tuple[StateChange, ...] = ()

    @property
    def without_bgp(self) -> bool:
        """Whether there are tunnels, and neither cloud is set to speak BGP over any of them."""
        return bool(self.tunnels) and not any(tunnel.bgp for tunnel in self.tunnels)

    @property
    def healthy(self) -> bool:
        """Whether all that was asked answered and all is up that is used; false for no tunnel at all."""
        return (
            bool(self.tunnels)
            and all(self.answered.values())
            and all(tunnel.up for tunnel in self.tunnels if not tunnel.spare)
            and all(session.up for session in self.sessions)
            and all(round_trip.received for round_trip in self.round_trips)
        )

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"healthy": self.healthy, **asdict(self)}


def changes_between(before: Snapshot, now: Snapshot) -> tuple[StateChange, ...]:
    """Return what differs: tunnels and sessions that rose, fell, came or went, clouds that fell silent."""
    changes: list[StateChange] = []

    def compare(cloud: Cloud, subject: str, old: str | None, new: str | None) -> None:
        if old != new:
            what = f"{old or 'not there'} -> {new or 'gone'}"
            changes.append(StateChange(at=now.at, cloud=cloud, subject=subject, what=what))

    for cloud, answered in now.answered.items():
        was = before.answered.get(cloud, answered)
        compare(cloud, "API", _word(was, "answers", "silent"), _word(answered, "answers", "silent"))
    old, new = _states(before), _states(now)
    for cloud, subject in dict.fromkeys((*old, *new)):
        if now.answered.get(cloud) and before.answered.get(cloud):
            compare(cloud, subject, old.get((cloud, subject)), new.get((cloud, subject)))
    return tuple(changes)


def _states(snapshot: Snapshot) -> dict[tuple[Cloud, str], str]:
    tunnels = {
        (tunnel.cloud, f"tunnel {tunnel.name}"): _word(tunnel.up, "up", "down") for tunnel in snapshot.tunnels
    }
    sessions = {(session.cloud, f"BGP {session.tunnel}"): session.state for session in snapshot.sessions}
    trips = {
        (round_trip.cloud, f"ping to {round_trip.towards}"): _word(
            bool(round_trip.received), "answered", "lost"
        )
        for round_trip in snapshot.round_trips
    }
    return tunnels | sessions | trips


def _word(value: bool | None, yes: str, no: str) -> str:
    return "unknown" if value is None else yes if value else no
