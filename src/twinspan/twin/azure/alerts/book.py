"""The alerts that have fired, as `Microsoft.AlertsManagement/alerts` tells them; in memory only."""

import threading
import uuid
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import starmap

from twinspan.twin.azure.alerts.rule import Finding, Rule
from twinspan.twin.azure.documents import Json, JsonObject
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.metrics.series import Dimensions

_KEPT = 1000


def stamp(at_s: float) -> str:
    """Write a time as the alerts API does, UTC."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of an alert's history."""

    at_s: float
    event: str
    before: str
    after: str
    detail: str = ""


@dataclass(slots=True, kw_only=True)
class Alert:
    """One alert: a rule that rang for one combination of dimensions.

    Attributes:
        id: A GUID.
        finding: What rang, later what resolved it.
        fired_s: When, seconds since 1970.
        resolved_s: None while it is fired.
    """

    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    rule: Rule
    finding: Finding
    fired_s: float
    resolved_s: float | None = None
    history: list[Entry] = field(default_factory=list)

    @property
    def condition(self) -> str:
        """`Fired` or `Resolved`."""
        return "Fired" if self.resolved_s is None else "Resolved"

    def note(self, at_s: float, event: str, before: str, after: str, detail: str = "") -> None:
        """Add a line to the history."""
        self.history.append(Entry(at_s=at_s, event=event, before=before, after=after, detail=detail))

    @property
    def subscription(self) -> str:
        """The id of the subscription that its rule is in."""
        return "/".join(self.rule.id.split("/")[:3])

    @property
    def instance_id(self) -> str:
        """Its resource id."""
        return f"{self.subscription}/providers/Microsoft.AlertsManagement/alerts/{self.id}"

    def render(self) -> JsonObject:
        """Return it as the API tells it. Source: Alerts Management REST API, Alerts - Get By Id."""
        target = ResourceId.parse(self.rule.scope)
        newest_s = self.fired_s if self.resolved_s is None else self.resolved_s
        essentials: JsonObject = {
            "severity": f"Sev{self.rule.severity}",
            "signalType": "Metric",
            "alertState": "New",
            "monitorCondition": self.condition,
            "targetResource": self.rule.scope,
            "targetResourceName": target.name,
            "targetResourceGroup": target.resource_group,
            "targetResourceType": target.type.lower(),
            "monitorService": "Platform",
            "alertRule": self.rule.id,
            "sourceCreatedId": self.id,
            "startDateTime": stamp(self.fired_s),
            "lastModifiedDateTime": stamp(newest_s),
            "lastModifiedUserName": "System",
            "description": self.rule.description,
            "actionStatus": {"isSuppressed": False},
        }
        if self.resolved_s is not None:
            essentials["monitorConditionResolvedDateTime"] = stamp(self.resolved_s)
        return {
            "id": self.instance_id,
            "type": "Microsoft.AlertsManagement/alerts",
            "name": self.rule.name,
            "properties": {"essentials": essentials, "context": {"context": self.context()}},
        }

    def context(self) -> JsonObject:
        """Return what rang, as the common alert schema's `alertContext` has it."""
        return {
            "properties": None,
            "conditionType": self.rule.kind.rpartition(".")[2],
            "condition": {
                "windowSize": self.rule.window,
                "allOf": list(starmap(self._criterion, enumerate(self.finding.values))),
                "windowStartTime": stamp(self.finding.start_s),
                "windowEndTime": stamp(self.finding.end_s),
            },
        }

    def _criterion(self, index: int, value: float) -> Json:
        criterion = self.rule.criteria[index]
        own = {dimension.name.lower() for dimension in criterion.dimensions}
        return {
            "metricName": criterion.metric_name,
            "metricNamespace": criterion.metric_namespace or ResourceId.parse(self.rule.scope).type,
            "operator": criterion.operator,
            "threshold": f"{criterion.threshold:g}",
            "timeAggregation": criterion.time_aggregation,
            "dimensions": [
                {"name": name, "value": dimension_value}
                for name, dimension_value in self.finding.dimensions
                if name.lower() in own
            ],
            "metricValue": value,
            "webTestName": None,
        }

    def notification(self) -> JsonObject:
        """Return what a webhook is posted. Source: Azure Monitor, common alert schema definitions."""
        essentials: JsonObject = {
            "alertId": self.instance_id,
            "alertRule": self.rule.name,
            "severity": f"Sev{self.rule.severity}",
            "signalType": "Metric",
            "monitorCondition": self.condition,
            "monitoringService": "Platform",
            "alertTargetIDs": [self.rule.scope.lower()],
            "configurationItems": [ResourceId.parse(self.rule.scope).name],
            "originAlertId": self.id,
            "firedDateTime": stamp(self.fired_s),
            "description": self.rule.description,
            "essentialsVersion": "1.0",
            "alertContextVersion": "1.0",
        }
        if self.resolved_s is not None:
            essentials["resolvedDateTime"] = stamp(self.resolved_s)
        return {
            "schemaId": "azureMonitorCommonAlertSchema",
            "data": {"essentials": essentials, "alertContext": self.context()},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What a rule last said of one combination: `metricAlerts/{name}/status` tells it."""

    dimensions: Dimensions
    healthy: bool
    at_s: float


class AlertBook:
    """The newest alerts and each rule's last word. Thread safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._alerts: deque[Alert] = deque(maxlen=_KEPT)
        self._health: dict[str, dict[Dimensions, Health]] = {}

    def add(self, alert: Alert) -> None:
        """Keep a new alert."""
        with self._lock:
            self._alerts.append(alert)

    def alerts(self) -> tuple[Alert, ...]:
        """Return the alerts, newest first."""
        with self._lock:
            return tuple(reversed(self._alerts))

    def tell(self, rule_id: str, health: Health) -> None:
        """Note what a rule says of one combination."""
        with self._lock:
            self._health.setdefault(rule_id.lower(), {})[health.dimensions] = health

    def forget(self, kept: frozenset[str]) -> None:
        """Forget what rules said whose lower-case ids are not in `kept`; the alerts stay."""
        with self._lock:
            for gone in self._health.keys() - kept:
                del self._health[gone]

    def health(self, rule_id: str) -> tuple[Health, ...]:
        """Return what a rule last said, by combination."""
        with self._lock:
            return tuple(self._health.get(rule_id.lower(), {}).values())
