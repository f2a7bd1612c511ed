"""Read Azure Monitor's alerts of VPN gateways that ring; the same for a real subscription and for the twin.

Source: Alerts Management REST API, Alerts - Get All.
"""

from collections.abc import Mapping
from typing import Any

from twinspan.cloud.azure.endpoint import AzureEndpoint
from twinspan.cloud.azure.rest import get_all

API_VERSION = "2019-05-05-preview"
GATEWAYS = "microsoft.network/virtualnetworkgateways"


def read_ringing_alerts(endpoint: AzureEndpoint) -> tuple[tuple[str, str], ...]:
    """Return the alerts of gateways that are fired: the rule's name, the values of dimensions it rings for.

    Raises:
        CloudRefusedError: ARM said no.
        CloudUnreachableError: It did not answer.
    """
    params = {"monitorCondition": "Fired", "includeContext": "true"}
    alerts = [
        alert
        for place in endpoint.each_subscription()
        for alert in get_all(
            place,
            f"/subscriptions/{place.subscription_id}/providers/Microsoft.AlertsManagement/alerts",
            api_version=API_VERSION,
            params=params,
        )
    ]
    return tuple((ringing["name"], _about(ringing)) for ringing in alerts if _is_of_gateway(ringing))


def _is_of_gateway(alert: Mapping[str, Any]) -> bool:
    return str(alert["properties"]["essentials"].get("targetResourceType", "")).lower() == GATEWAYS


def _about(alert: Mapping[str, Any]) -> str:
    context = (alert["properties"].get("context") or {}).get("context") or {}
    criteria = (context.get("condition") or {}).get("allOf") or []
    values = [dimension["value"] for criterion in criteria for dimension in criterion.get("dimensions") or []]
    return ", ".join(dict.fromkeys(values))
