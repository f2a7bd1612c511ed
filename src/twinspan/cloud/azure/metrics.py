"""Read Azure Monitor's metrics of VPN gateways; the same for a real subscription and for the twin.

Source: Azure Monitor REST API, Metrics - List, Metric Definitions - List; supported metrics for
Microsoft.Network/virtualNetworkGateways.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from twinspan.cloud.azure.endpoint import AzureEndpoint
from twinspan.cloud.azure.rest import Document, get, get_all
from twinspan.errors import CloudRefusedError

API_VERSION = "2023-10-01"
SERIES_LIMIT = 100
"""Time series of one metric that are asked for."""
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureMetric:
    """The newest value of one metric of one thing.

    Attributes:
        name: REST name, e.g. `TunnelIngressBytes`.
        dimensions: Name in small letters -> value.
        at: Begin of its interval, UTC.
        interval_s: Length of the interval, in seconds.
        value: By the metric's own aggregation, in its own unit.
    """

    name: str
    dimensions: Mapping[str, str]
    at: datetime
    interval_s: int
    value: float


def read_grain(endpoint: AzureEndpoint, gateway_id: str) -> int:
    """Return the shortest interval that all of a gateway's metrics have, in seconds. Raises as `get`."""
    path = f"{gateway_id}/providers/Microsoft.Insights/metricDefinitions"
    grains = [
        min(seconds(availability["timeGrain"]) for availability in definition["metricAvailabilities"])
        for definition in get_all(endpoint, path, api_version=API_VERSION)
        if definition.get("metricAvailabilities")
    ]
    return max(grains, default=300)


def read_gateway_metrics(
    endpoint: AzureEndpoint,
    gateway_id: str,
    *,
    metrics: Mapping[str, Sequence[str]],
    interval: str,
    start: datetime,
    end: datetime,
) -> tuple[AzureMetric, ...]:
    """Read the newest values of a gateway's metrics.

    Args:
        endpoint: The subscription.
        gateway_id: Resource id of the gateway.
        metrics: REST name -> dimensions to split by; those with the same dimensions go in one request.
        interval: ISO 8601, one that the metrics have, e.g. `PT5M`.
        start: From when.
        end: Until when.

    Raises:
        CloudRefusedError: Azure said no, or not what its documentation says.
        CloudUnreachableError: Azure did not answer in time.
    """
    readings: list[AzureMetric] = []
    for split in dict.fromkeys(tuple(dimensions) for dimensions in metrics.values()):
        params = {
            "metricnames": ",".join(name for name, dims in metrics.items() if tuple(dims) == split),
            "interval": interval,
            "timespan": f"{_iso(start)}/{_iso(end)}",
            "top": str(SERIES_LIMIT),
        }
        if split:
            params["$filter"] = " and ".join(f"{name} eq '*'" for name in split)
        path = f"{gateway_id}/providers/Microsoft.Insights/metrics"
        document = get(endpoint, path, api_version=API_VERSION, params=params)
        try:
            readings += _values(document, seconds(document.get("interval", interval)))
        except (KeyError, TypeError, ValueError) as error:
            raise CloudRefusedError(
                operation=f"GET {path}",
                code="InvalidResponse",
                message=f"not an answer of Azure Monitor: {error!r}",
            ) from error
    return tuple(readings)


def seconds(duration: str) -> int:
    """Return the length of an ISO 8601 duration in seconds. Raises ValueError if it is none."""
    match = _DURATION.fullmatch(duration)
    if match is None or not any(match.groups()):
        raise ValueError(f"{duration!r} is not a duration")
    return sum(int(n or 0) * unit for n, unit in zip(match.groups(), (86400, 3600, 60, 1), strict=True))


def written(interval_s: int) -> str:
    """Write a number of seconds as ISO 8601 has it."""
    return f"PT{interval_s // 60}M" if interval_s % 60 == 0 else f"PT{interval_s}S"


def _values(document: Document, interval_s: int) -> list[AzureMetric]:
    metrics = []
    for metric in document["value"]:
        for series in metric["timeseries"]:
            dimensions = {
                dimension["name"]["value"].lower(): dimension["value"]
                for dimension in series["metadatavalues"]
            }
            points = [
                (datetime.fromisoformat(point["timeStamp"]), value)
                for point in series["data"]
                for key, value in point.items()
                if key != "timeStamp" and value is not None
            ]
            if points:
                at, value = max(points)
                metrics.append(
                    AzureMetric(
                        name=metric["name"]["value"],
                        dimensions=dimensions,
                        at=at,
                        interval_s=interval_s,
                        value=float(value),
                    )
                )
    return metrics


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
