"""The alerts of both clouds that ring, in the same words."""

from dataclasses import dataclass

from twinspan.cloud.endpoints import Endpoints
from twinspan.network.clouds import Cloud


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Ringing:
    """One alert that rings.

    Attributes:
        cloud: Whose it is.
        name: Of the alarm or the rule.
        about: What it rings for where one rule watches several things, e.g. a connection; else empty.
    """

    cloud: Cloud
    name: str
    about: str = ""


def read_ringing(endpoints: Endpoints) -> frozenset[Ringing]:
    """Return the alerts on VPN metrics that ring now.

    Raises:
        CloudError: A cloud cannot be asked.
    """
    alerts: set[Ringing] = set()
    if endpoints.aws:
        from twinspan.cloud.aws.alarms import read_ringing_alarms  # noqa: PLC0415 - the SDK is slow to load

        alerts |= {Ringing(cloud="aws", name=name) for name in read_ringing_alarms(endpoints.aws)}
    if endpoints.azure:
        from twinspan.cloud.azure.alerts import read_ringing_alerts  # noqa: PLC0415 - as above

        alerts |= {
            Ringing(cloud="azure", name=name, about=about)
            for name, about in read_ringing_alerts(endpoints.azure)
        }
    return frozenset(alerts)
