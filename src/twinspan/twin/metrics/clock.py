"""How long the clouds' minutes last in a twin.

The clouds measure VPNs every five minutes and their alarms look back over as much; waiting that long shows
nothing that a shorter wait would not. A twin therefore has a grain of its own, the setting `--metrics-period`
(10 seconds if not said otherwise), and everything that is said in the clouds' minutes - windows, frequencies,
periods of alarms - runs shortened by the same factor. Wherever a time to an alert is told it is the shortened
one. IKE and BGP are not shortened: their part of such a time is the cloud's, the waiting for metrics is not.
"""

from dataclasses import dataclass

CLOUD_GRAIN_S = 300
"""Grain of both clouds' VPN metrics, in seconds.

Source: AWS Site-to-Site VPN User Guide, CloudWatch metrics; Azure Monitor, supported metrics for
Microsoft.Network/virtualNetworkGateways.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Turns the clouds' seconds into a twin's and back.

    Attributes:
        period_s: Grain of the twin's metrics, in seconds; 300 is the clouds' own pace.
    """

    period_s: int

    @property
    def factor(self) -> float:
        """How many times faster than the clouds this twin's metrics and alarms run."""
        return CLOUD_GRAIN_S / self.period_s

    def twin_s(self, cloud_s: float) -> float:
        """Return how long a span of the cloud's lasts here, in seconds."""
        return cloud_s / self.factor

    def cloud_s(self, twin_s: float) -> float:
        """Return how long a span of this twin's would last in the cloud, in seconds."""
        return twin_s * self.factor
