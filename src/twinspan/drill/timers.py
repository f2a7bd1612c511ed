"""The timers that end an outage, as configured, with where each number comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from twinspan.verify.facts import TunnelLink

Side = Literal["aws", "azure"]

AWS_BGP_HOLD_S = 30
"""Source: AWS Site-to-Site VPN, sample customer gateway configuration (hold time 30, keepalive 10)."""
AZURE_BGP_HOLD_S = 180
"""Source: Azure VPN Gateway FAQ, BGP (keepalive 60 s, hold 180 s, not configurable)."""
HOLD_PROFILES: Mapping[str, int] = {
    "negotiated": min(AWS_BGP_HOLD_S, AZURE_BGP_HOLD_S),
    "fixed": AZURE_BGP_HOLD_S,
}
"""Azure's two possible behaviours -> hold time in force, seconds.

`negotiated`: the smaller of both, as RFC 4271 section 4.2 says. `fixed`: Azure keeps 180 s, as a Microsoft
author wrote in 2026; the sources contradict each other, so both are reported.
"""


class Label(StrEnum):
    """Whether a measured figure holds in the clouds."""

    PROTOCOL = "protocol"
    """Ended by a protocol's timer, with the same value there: the figure transfers."""
    INFRASTRUCTURE = "infrastructure"
    """Ended by something the twin only models: the figure does not transfer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """One timer that can notice a dead tunnel.

    Attributes:
        name: For a reader, e.g. `dead peer detection`.
        side: Who keeps it.
        seconds: After how long of silence it fires at the latest.
        source: Where the number comes from.
    """

    name: str
    side: Side
    seconds: float
    source: str


def timers_of(link: TunnelLink, *, hold_profile: str) -> tuple[Timer, ...]:
    """Return the timers at both ends of a tunnel.

    Args:
        link: A tunnel that both clouds know.
        hold_profile: A key of `HOLD_PROFILES`.
    """
    hold = HOLD_PROFILES[hold_profile]
    how = f"BGP hold {AWS_BGP_HOLD_S} s at AWS, {AZURE_BGP_HOLD_S} s at Azure, {hold_profile}"
    timers = [Timer(name="BGP hold timer", side=side, seconds=hold, source=how) for side in ("aws", "azure")]
    if link.tunnel:
        timers.append(
            Timer(
                name="dead peer detection",
                side="aws",
                seconds=link.tunnel.dpd_timeout_seconds,
                source="EC2, TunnelOption DpdTimeoutSeconds of this tunnel",
            )
        )
    if link.azure_connection:
        timers.append(
            Timer(
                name="dead peer detection",
                side="azure",
                seconds=link.azure_connection.dpd_timeout_seconds,
                source="ARM, dpdTimeoutSeconds of this connection",
            )
        )
    return tuple(timers)


def first_to_fire(timers: tuple[Timer, ...], side: Side) -> Timer:
    """Return the timer of a side that notices first.

    Raises:
        ValueError: The side has no timer.
    """
    return min((timer for timer in timers if timer.side == side), key=lambda timer: timer.seconds)
