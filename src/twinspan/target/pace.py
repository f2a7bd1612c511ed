"""How long a target may take to do and to tell what it does: seconds on a twin, minutes in the clouds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Limits of one target; all in seconds.

    Attributes:
        counters_s: Until the clouds' byte counters move.
        shown_s: Until the target shows what it was asked to break; 0 where breaking is immediate.
        whole_s: Until everything is whole again after the repair.
        poll_s: Pause between two looks at the APIs.
    """

    counters_s: float
    shown_s: float
    whole_s: float
    poll_s: float


TWIN = Pace(counters_s=30.0, shown_s=0.0, whole_s=90.0, poll_s=0.25)
CLOUD = Pace(counters_s=360.0, shown_s=300.0, whole_s=1800.0, poll_s=2.0)
"""Source: both clouds measure VPNs every five minutes (AWS Site-to-Site VPN User Guide, CloudWatch metrics;
Azure Monitor, virtualNetworkGateways). How long an endpoint takes to be replaced, or a gateway's instance to
start, is not published.
"""
