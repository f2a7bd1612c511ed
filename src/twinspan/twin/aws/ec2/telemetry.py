"""What AWS says of a tunnel, from what the data plane says of it.

Source: EC2 API, VgwTelemetry; AWS Site-to-Site VPN User Guide, "Monitor tunnels" (with BGP, up means
that the session is established). The words of `StatusMessage` are as users report them; AWS does not
document them.
"""

from dataclasses import dataclass
from datetime import datetime

from twinspan.network.model import TelemetryStatus
from twinspan.twin.observed import AwsTunnelEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """One entry of `VgwTelemetry`."""

    status: TelemetryStatus
    status_message: str
    accepted_route_count: int
    last_status_change: datetime


def telemetry(end: AwsTunnelEnd | None, *, static_routes: int | None, created_at: datetime) -> Telemetry:
    """Return what AWS would say of a tunnel.

    Args:
        end: What the data plane says; None if it has no such tunnel.
        static_routes: How many static routes the connection has; None if it uses BGP.
        created_at: When the connection was made: what never changed has been so since then.
    """
    if end is None or not end.ipsec_up:
        since = end.since if end is not None else None
        return _down("IPSEC IS DOWN", since or created_at)
    ipsec_since = end.since or created_at
    if static_routes is not None:
        return Telemetry(
            status=TelemetryStatus.UP,
            status_message="IPSEC IS UP",
            accepted_route_count=static_routes,
            last_status_change=ipsec_since,
        )
    if end.bgp_state != "Established":
        return _down("IPSEC IS UP", end.bgp_since or ipsec_since)
    count = len(end.accepted_routes)
    return Telemetry(
        status=TelemetryStatus.UP,
        status_message=f"{count} BGP ROUTES",
        accepted_route_count=count,
        last_status_change=end.bgp_since or ipsec_since,
    )


def _down(message: str, since: datetime) -> Telemetry:
    return Telemetry(
        status=TelemetryStatus.DOWN,
        status_message=message,
        accepted_route_count=0,
        last_status_change=since,
    )
