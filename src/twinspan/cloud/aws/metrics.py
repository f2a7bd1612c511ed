"""Read CloudWatch's metrics of VPN tunnels; the same for a real account and for the twin.

Source: AWS Site-to-Site VPN User Guide, "Monitor AWS Site-to-Site VPN tunnels using Amazon CloudWatch";
CloudWatch API, GetMetricData.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address
from typing import Any

from twinspan.cloud.aws.client import service_client, translated
from twinspan.cloud.aws.endpoint import AwsEndpoint

QUERIES_LIMIT = 500
"""Queries of one request at most. Source: CloudWatch API, GetMetricData."""
_SHORT_PERIODS_S = (1, 5, 10, 20, 30)
_STATISTICS = {"TunnelState": "Minimum", "TunnelDataIn": "Sum", "TunnelDataOut": "Sum"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsTunnelMetrics:
    """The newest values of one tunnel; None where CloudWatch has none.

    Attributes:
        vpn_connection_id: Its connection.
        outside_ip_address: AWS's end.
        at: Begin of the period of the newest value, UTC.
        period_s: Length of a period, in seconds.
        state: Lowest `TunnelState` of the period: below 1, it was down for some of it.
        bytes_in: `TunnelDataIn` of the period, in bytes. No sign of life: keepalives count.
        bytes_out: `TunnelDataOut` of the period, in bytes.
    """

    vpn_connection_id: str
    outside_ip_address: IPv4Address
    at: datetime | None
    period_s: int
    state: float | None
    bytes_in: float | None
    bytes_out: float | None


def read_tunnel_metrics(
    endpoint: AwsEndpoint,
    tunnels: Sequence[tuple[str, IPv4Address]],
    *,
    period_s: int,
    start: datetime,
    end: datetime,
) -> tuple[AwsTunnelMetrics, ...]:
    """Read the newest values of tunnels.

    Args:
        endpoint: Account and region.
        tunnels: VPN connection id and outside address of each.
        period_s: Grain, in seconds; rounded up to one that CloudWatch takes.
        start: From when.
        end: Until when.

    Raises:
        CloudRefusedError: AWS said no.
        CloudUnreachableError: AWS did not answer in time.
    """
    period_s = usable_period(period_s)
    queries = [
        _query(f"q{number}_{metric.lower()}", metric, vpn, outside, period_s)
        for number, (vpn, outside) in enumerate(tunnels)
        for metric in _STATISTICS
    ]
    newest: dict[str, tuple[datetime, float]] = {}
    client = service_client(endpoint, "cloudwatch")
    for first in range(0, len(queries), QUERIES_LIMIT):
        chosen = queries[first : first + QUERIES_LIMIT]
        with translated(endpoint, "get the metrics of VPN tunnels"):
            for page in client.get_paginator("get_metric_data").paginate(
                MetricDataQueries=chosen, StartTime=start, EndTime=end, ScanBy="TimestampDescending"
            ):
                _keep_newest(newest, page)
    return tuple(
        _metrics(f"q{number}", vpn, outside, period_s, newest)
        for number, (vpn, outside) in enumerate(tunnels)
    )


def usable_period(period_s: int) -> int:
    """Return the shortest period that CloudWatch takes and that is not shorter than `period_s` seconds."""
    return next((short for short in _SHORT_PERIODS_S if short >= period_s), -(-period_s // 60) * 60)


def _query(name: str, metric: str, vpn: str, outside: IPv4Address, period_s: int) -> dict[str, Any]:
    dimensions = [{"Name": "VpnId", "Value": vpn}, {"Name": "TunnelIpAddress", "Value": str(outside)}]
    return {
        "Id": name,
        "MetricStat": {
            "Metric": {"Namespace": "AWS/VPN", "MetricName": metric, "Dimensions": dimensions},
            "Period": period_s,
            "Stat": _STATISTICS[metric],
        },
    }


def _keep_newest(newest: dict[str, tuple[datetime, float]], page: dict[str, Any]) -> None:
    for result in page["MetricDataResults"]:
        for at, value in zip(result["Timestamps"], result["Values"], strict=True):
            if result["Id"] not in newest or newest[result["Id"]][0] < at:
                newest[result["Id"]] = (at, value)


def _metrics(
    name: str, vpn: str, outside: IPv4Address, period_s: int, newest: dict[str, tuple[datetime, float]]
) -> AwsTunnelMetrics:
    state, into, out = (newest.get(f"{name}_{metric.lower()}") for metric in _STATISTICS)
    return AwsTunnelMetrics(
        vpn_connection_id=vpn,
        outside_ip_address=outside,
        at=max((measurement[0] for measurement in (state, into, out) if measurement), default=None),
        period_s=period_s,
        state=state[1] if state else None,
        bytes_in=into[1] if into else None,
        bytes_out=out[1] if out else None,
    )
