"""`Microsoft.AlertsManagement/alerts`, and the status of a rule."""

import re

from twinspan.twin.azure.alerts.book import Alert, AlertBook, stamp
from twinspan.twin.azure.documents import Json, JsonObject
from twinspan.twin.azure.errors import ArmError, bad_request
from twinspan.twin.azure.http import Answer, Request
from twinspan.twin.azure.resource_id import ResourceId

_CONDITIONS = {"fired": "Fired", "resolved": "Resolved"}
_SEVERITY = re.compile(r"Sev[0-4]", re.IGNORECASE)


def in_provider(book: AlertBook, request: Request, lower: list[str], subscription: str) -> Answer | None:
    """Answer a GET below `/subscriptions/{id}/providers/Microsoft.AlertsManagement`; None if it is another.

    Args:
        book: The alerts.
        request: What was asked.
        lower: The path from the namespace on, in small letters.
        subscription: `/subscriptions/{id}`.

    Raises:
        ArmError: There is no such alert, or a filter makes no sense.
    """
    match request.method, lower:
        case "GET", ["microsoft.alertsmanagement", "alerts"]:
            own = [alert for alert in book.alerts() if alert.subscription.lower() == subscription.lower()]
            shown = [rule.render() for rule in own if _wanted(rule, request)]
            return Answer(document={"value": list[Json](shown)})
        case "GET", ["microsoft.alertsmanagement", "alerts", name]:
            return Answer(document=_one(book, name).render())
        case "GET", ["microsoft.alertsmanagement", "alerts", name, "history"]:
            return Answer(document=_history(_one(book, name)))
        case _:
            return None


def status_of(book: AlertBook, rule: ResourceId) -> JsonObject:
    """Return what a rule last said. Source: Azure Monitor REST API, Metric Alerts Status - List."""
    return {
        "value": [
            {
                "id": f"{rule}/status/{index}",
                "name": str(index),
                "type": "Microsoft.Insights/metricAlerts/status",
                "properties": {
                    "dimensions": dict(health.dimensions),
                    "status": "Healthy" if health.healthy else "Unhealthy",
                    "timestamp": stamp(health.at_s),
                },
            }
            for index, health in enumerate(book.health(str(rule)))
        ]
    }


def _one(book: AlertBook, name: str) -> Alert:
    for alert in book.alerts():
        if alert.id == name:
            return alert
    raise ArmError(404, "NotFound", f"The alert {name} was not found.")


def _history(alert: Alert) -> JsonObject:
    identity = alert.instance_id
    return {
        "id": f"{identity}/history/default",
        "type": "Microsoft.AlertsManagement/alerts/history",
        "name": "History",
        "properties": {
            "alertId": identity,
            "modifications": [
                {
                    "modificationEvent": change.event,
                    "oldValue": change.before,
                    "newValue": change.after,
                    "modifiedAt": stamp(change.at_s),
                    "modifiedBy": "System",
                    "comments": "",
                    "description": change.detail,
                }
                for change in alert.history
            ],
        },
    }


def _wanted(alert: Alert, request: Request) -> bool:
    """Whether an alert passes the request's filters.

    Raises:
        ArmError: One has a value that there is not.
    """
    query = request.query
    condition, severity = query.get("monitorcondition"), query.get("severity")
    if condition is not None and condition.lower() not in _CONDITIONS:
        raise bad_request("BadRequest", f"monitorCondition {condition} must be Fired or Resolved.")
    if severity is not None and not _SEVERITY.fullmatch(severity):
        raise bad_request("BadRequest", f"severity {severity} must be Sev0, Sev1, Sev2, Sev3 or Sev4.")
    pairs = (
        (condition, alert.condition),
        (severity, f"Sev{alert.rule.severity}"),
        (query.get("alertrule"), alert.rule.id),
        (query.get("targetresource"), alert.rule.scope),
        (query.get("targetresourcegroup"), ResourceId.parse(alert.rule.scope).resource_group),
    )
    return all(
        requested_value is None or requested_value.lower() == own.lower() for requested_value, own in pairs
    )
