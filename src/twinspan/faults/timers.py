"""The timers that end an outage, as configured, with where each number comes from."""

from dataclasses import dataclass
from enum import StrEnum

from twinspan.network.clouds import Cloud
from twinspan.network.links import TunnelLink
from twinspan.network.timers import AWS_BGP_HOLD_S, AZURE_BGP_HOLD_S, HOLD_PROFILES, KEEPALIVES_PER_HOLD

HOLD_JITTER = 0.25
"""By how much BIRD, the twin's BGP speaker, shortens a timer at random, at most; hold timers too.

RFC 4271, section 10, asks for that jitter on keepalives and reconnects, not on the hold timer.
Source: BIRD 2.0.12, proto/bgp/bgp.c, `bgp_start_timer`.
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
        caveat: In what the twin's timer differs from the clouds'; empty if in nothing.
    """

    name: str
    side: Cloud
    seconds: float
    source: str
    caveat: str = ""


def timers_of(link: "TunnelLink", *, hold_profile: str) -> tuple[Timer, ...]:
    """Return the timers at both ends of a tunnel; with static routes there is no BGP to notice anything.

    Args:
        link: A tunnel that both clouds know.
        hold_profile: A key of `HOLD_PROFILES`.
    """
    hold = HOLD_PROFILES[hold_profile]
    how = f"BGP hold {AWS_BGP_HOLD_S} s at AWS, {AZURE_BGP_HOLD_S} s at Azure, {hold_profile}"
    caveat = _hold_caveat(hold)
    timers = [
        Timer(name="BGP hold timer", side=side, seconds=hold, source=how, caveat=caveat)
        for side in ("aws", "azure")
        if not link.static
    ]
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


def hold_fires_after_s(hold_s: float, *, jitter: float) -> tuple[float, float]:
    """Return the soonest and the latest a hold timer fires after a path is cut, in seconds.

    It counts from the peer's last message, which is up to a keepalive interval older than the cut.

    Args:
        hold_s: The negotiated hold time, seconds.
        jitter: The largest part of it, 0 to 1, by which a speaker shortens it at random.
    """
    return hold_s * (1 - jitter) - hold_s / KEEPALIVES_PER_HOLD, hold_s


def _hold_caveat(hold_s: float) -> str:
    here, latest = hold_fires_after_s(hold_s, jitter=HOLD_JITTER)
    elsewhere, _ = hold_fires_after_s(hold_s, jitter=0.0)
    return (
        f"a BGP hold timer of {hold_s:g} s fires {here:g} to {latest:g} s after the cut here: BIRD shortens "
        f"it at random, by up to {HOLD_JITTER:.0%}; as RFC 4271 has it, {elsewhere:g} to {latest:g} s"
    )


def first_to_fire(timers: tuple[Timer, ...], side: Cloud) -> Timer:
    """Return the timer of a side that notices first.

    Raises:
        ValueError: The side has no timer.
    """
    return min((timer for timer in timers if timer.side == side), key=lambda timer: timer.seconds)
