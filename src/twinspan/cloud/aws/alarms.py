"""Read CloudWatch's alarms of VPN tunnels that ring; the same for a real account and for the twin.

Source: CloudWatch API, DescribeAlarms.
"""

from collections.abc import Mapping
from typing import Any

from twinspan.cloud.aws.client import service_client, translated
from twinspan.cloud.aws.endpoint import AwsEndpoint

NAMESPACE = "AWS/VPN"


def read_ringing_alarms(endpoint: AwsEndpoint) -> tuple[str, ...]:
    """Return the names of the alarms on VPN metrics that are in the state ALARM, of all regions in use.

    Raises:
        CloudRefusedError: AWS said no.
        CloudUnreachableError: AWS did not answer in time.
    """
    return tuple(name for place in endpoint.each_region() for name in _ringing_in(place))


def _ringing_in(endpoint: AwsEndpoint) -> tuple[str, ...]:
    client = service_client(endpoint, "cloudwatch")
    with translated(endpoint, "describe alarms"):
        pages = client.get_paginator("describe_alarms").paginate(
            StateValue="ALARM", AlarmTypes=["MetricAlarm"]
        )
        return tuple(
            alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"] if _is_of_vpn(alarm)
        )


def _is_of_vpn(alarm: Mapping[str, Any]) -> bool:
    parts = [query.get("MetricStat", {}).get("Metric", {}) for query in alarm.get("Metrics", [])]
    return NAMESPACE in {alarm.get("Namespace"), *(part.get("Namespace") for part in parts)}
