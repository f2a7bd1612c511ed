# ruff: noqa: ARG002 - the arguments are those of Resource, needed or not
"""Azure Monitor: action groups, metric alerts, workspaces and workbooks."""

import json
from collections.abc import Iterator
from typing import Any, ClassVar

from twinspan.twin.providers.azurerm.base import ArmResource, given, without_nones
from twinspan.twin.providers.azurerm.cloud import ArmCloud, Document
from twinspan.twin.providers.azurerm.network import NAMED
from twinspan.twin.providers.engine import Facts, State
from twinspan.twin.providers.resource import Problem, between, matches, one_of
from twinspan.twin.providers.values import Value

_UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_FREQUENCIES = ("PT1M", "PT5M", "PT15M", "PT30M", "PT1H")
_OPERATORS = ("Equals", "GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual")
_SINGLE = "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"
_MULTIPLE = "Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria"


class ActionGroup(ArmResource):
    """`azurerm_monitor_action_group` with e-mail and webhook receivers."""

    type_name = "azurerm_monitor_action_group"
    facts = Facts(defaults={"enabled": True, "location": "global"}, force_new=NAMED)
    rules: ClassVar = {
        "location": one_of("global", "Global"),
        "short_name": matches(r".{1,12}", "1 to 12 characters"),
        "webhook_receiver.service_uri": matches(r"https?://\S+", "a URL of http or https"),
    }
    _provider = "Microsoft.Insights"
    _segments = (("actionGroups", "name"),)

    def validate(self, config: State) -> Iterator[Problem]:
        """Refuse receivers that this offline provider does not make."""
        for name, value in config.items():
            if name.endswith("_receiver") and name not in {"email_receiver", "webhook_receiver"} and value:
                detail = "The offline provider makes e-mail and webhook receivers only."
                yield Problem(summary=f"{name} is not supported offline", detail=detail, path=name)

    def body(self, cloud: ArmCloud, planned: State, existing: Document) -> Document:
        """Return who is told."""
        return {
            "groupShortName": planned["short_name"],
            "enabled": planned["enabled"],
            "emailReceivers": [
                {
                    "name": receiver["name"],
                    "emailAddress": receiver["email_address"],
                    "useCommonAlertSchema": bool(receiver["use_common_alert_schema"]),
                }
                for receiver in planned["email_receiver"]
            ],
            "webhookReceivers": [
                {
                    "name": receiver["name"],
                    "serviceUri": receiver["service_uri"],
                    "useCommonAlertSchema": bool(receiver["use_common_alert_schema"]),
                }
                for receiver in planned["webhook_receiver"]
            ],
        }

    def flatten(self, cloud: ArmCloud, document: Document, state: State) -> State:
        """Return who is told."""
        properties = document["properties"]
        return {
            "short_name": properties["groupShortName"],
            "enabled": properties.get("enabled", True),
            "email_receiver": [
                {
                    "name": receiver["name"],
                    "email_address": receiver["emailAddress"],
                    "use_common_alert_schema": receiver.get("useCommonAlertSchema", False),
                }
                for receiver in properties.get("emailReceivers", [])
            ],
            "webhook_receiver": [
                {
                    "name": receiver["name"],
                    "service_uri": receiver["serviceUri"],
                    "use_common_alert_schema": receiver.get("useCommonAlertSchema", False),
                    "aad_auth": [],
                }
                for receiver in properties.get("webhookReceivers", [])
            ],
        }


class MetricAlert(ArmResource):
    """`azurerm_monitor_metric_alert` with fixed thresholds."""

    type_name = "azurerm_monitor_metric_alert"
    facts = Facts(
        defaults={
            "auto_mitigate": True,
            "criteria.skip_metric_validation": False,
            "enabled": True,
            "frequency": "PT1M",
            "severity": 3,
            "window_size": "PT5M",
        },
        force_new=frozenset({"name", "resource_group_name"}),
    )
    rules: ClassVar = {
        "criteria.aggregation": one_of("Average", "Count", "Minimum", "Maximum", "Total"),
        "criteria.dimension.operator": one_of("Include", "Exclude", "StartsWith"),
        "criteria.operator": one_of(*_OPERATORS),
        "frequency": one_of(*_FREQUENCIES),
        "severity": between(0, 4),
        "window_size": one_of(*_FREQUENCIES, "PT6H", "PT12H", "P1D"),
    }
    _provider = "Microsoft.Insights"
    _segments = (("metricAlerts", "name"),)

    def validate(self, config: State) -> Iterator[Problem]:
        """Refuse criteria that this offline provider does not make."""
        for name in ("dynamic_criteria", "application_insights_web_test_location_availability_criteria"):
            if config[name]:
                detail = "The offline provider makes criteria with fixed thresholds only."
                yield Problem(summary=f"{name} is not supported offline", detail=detail, path=name)

    def extras(self, planned: State) -> Document:
        """Return the location: rules are in no region."""
        return {"location": "global"}

    def body(self, cloud: ArmCloud, planned: State, existing: Document) -> Document:
        """Return the rule."""
        scopes = planned["scopes"]
        return {
            "description": given(planned["description"]),
            "severity": planned["severity"],
            "enabled": planned["enabled"],
            "scopes": scopes,
            "evaluationFrequency": planned["frequency"],
            "windowSize": planned["window_size"],
            "targetResourceType": given(planned["target_resource_type"]),
            "targetResourceRegion": given(planned["target_resource_location"]),
            "autoMitigate": planned["auto_mitigate"],
            "criteria": {
                "odata.type": _SINGLE if len(scopes) == 1 else _MULTIPLE,
                "allOf": [
                    _criterion(index, criterion) for index, criterion in enumerate(planned["criteria"])
                ],
            },
            "actions": [
                without_nones(
                    {
                        "actionGroupId": action["action_group_id"],
                        "webHookProperties": given(action["webhook_properties"]),
                    }
                )
                for action in planned["action"]
            ],
        }

    def flatten(self, cloud: ArmCloud, document: Document, state: State) -> State:
        """Return the rule."""
        properties = document["properties"]
        return {
            "description": properties.get("description", ""),
            "severity": properties["severity"],
            "enabled": properties["enabled"],
            "scopes": properties["scopes"],
            "frequency": properties["evaluationFrequency"],
            "window_size": properties["windowSize"],
            "target_resource_type": properties.get("targetResourceType", ""),
            "target_resource_location": properties.get("targetResourceRegion", ""),
            "auto_mitigate": properties.get("autoMitigate", True),
            "criteria": [_criterion_state(criterion) for criterion in properties["criteria"]["allOf"]],
            "action": [
                {
                    "action_group_id": action["actionGroupId"],
                    "webhook_properties": action.get("webHookProperties", {}),
                }
                for action in properties.get("actions", [])
            ],
        }


def _criterion(index: int, criterion: State) -> Document:
    return {
        "criterionType": "StaticThresholdCriterion",
        "name": f"Metric{index + 1}",
        "metricName": criterion["metric_name"],
        "metricNamespace": criterion["metric_namespace"],
        "operator": criterion["operator"],
        "threshold": float(criterion["threshold"]),
        "timeAggregation": criterion["aggregation"],
        "skipMetricValidation": bool(criterion["skip_metric_validation"]),
        "dimensions": [
            {"name": one["name"], "operator": one["operator"], "values": one["values"]}
            for one in criterion["dimension"]
        ],
    }


def _criterion_state(criterion: Document) -> State:
    threshold: float = criterion["threshold"]
    return {
        "aggregation": criterion["timeAggregation"],
        "metric_name": criterion["metricName"],
        "metric_namespace": criterion["metricNamespace"],
        "operator": criterion["operator"],
        "threshold": int(threshold) if threshold == int(threshold) else threshold,
        "skip_metric_validation": criterion.get("skipMetricValidation", False),
        "dimension": [
            {"name": one["name"], "operator": one["operator"], "values": one["values"]}
            for one in criterion.get("dimensions", [])
        ],
    }


class Workspace(ArmResource):
    """`azurerm_log_analytics_workspace`."""

    type_name = "azurerm_log_analytics_workspace"
    facts = Facts(
        defaults={
            "allow_resource_only_permissions": True,
            "daily_quota_gb": -1,
            "internet_ingestion_access_type": "Enabled",
            "internet_query_access_type": "Enabled",
            "local_authentication_enabled": True,
        },
        force_new=NAMED,
    )
    rules: ClassVar = {
        "internet_ingestion_access_type": one_of("Enabled", "Disabled"),
        "internet_query_access_type": one_of("Enabled", "Disabled"),
        "retention_in_days": between(7, 730),
    }
    _provider = "Microsoft.OperationalInsights"
    _segments = (("workspaces", "name"),)

    def body(self, cloud: ArmCloud, planned: State, existing: Document) -> Document:
        """Return what is kept for how long."""
        return {
            "sku": {"name": given(planned["sku"]) or "PerGB2018"},
            "retentionInDays": given(planned["retention_in_days"]),
            "workspaceCapping": {"dailyQuotaGb": planned["daily_quota_gb"]},
            "publicNetworkAccessForIngestion": planned["internet_ingestion_access_type"],
            "publicNetworkAccessForQuery": planned["internet_query_access_type"],
            "features": {
                "enableLogAccessUsingOnlyResourcePermissions": planned["allow_resource_only_permissions"],
                "disableLocalAuth": not planned["local_authentication_enabled"],
            },
        }

    def flatten(self, cloud: ArmCloud, document: Document, state: State) -> State:
        """Return what is kept for how long. The twin has no keys for agents: those are empty."""
        properties = document["properties"]
        features = properties.get("features", {})
        quota = properties.get("workspaceCapping", {}).get("dailyQuotaGb", -1)
        return {
            "allow_resource_only_permissions": features.get(
                "enableLogAccessUsingOnlyResourcePermissions", True
            ),
            "daily_quota_gb": int(quota) if quota == int(quota) else quota,
            "internet_ingestion_access_type": properties.get("publicNetworkAccessForIngestion", "Enabled"),
            "internet_query_access_type": properties.get("publicNetworkAccessForQuery", "Enabled"),
            "local_authentication_enabled": not features.get("disableLocalAuth", False),
            "primary_shared_key": "",
            "retention_in_days": properties["retentionInDays"],
            "secondary_shared_key": "",
            "sku": properties["sku"]["name"],
            "workspace_id": properties["customerId"],
        }


class Workbook(ArmResource):
    """`azurerm_application_insights_workbook`."""

    type_name = "azurerm_application_insights_workbook"
    facts = Facts(
        defaults={"category": "workbook", "source_id": "azure monitor"},
        force_new=NAMED | {"category", "source_id", "storage_container_id"},
    )
    rules: ClassVar = {
        "name": matches(_UUID, "a UUID"),
        "source_id": matches(r"[^A-Z]+", "small letters only"),
    }
    _provider = "Microsoft.Insights"
    _segments = (("workbooks", "name"),)

    def extras(self, planned: State) -> Document:
        """Return whose workbook it is: everybody's."""
        return {"kind": "shared"}

    def body(self, cloud: ArmCloud, planned: State, existing: Document) -> Document:
        """Return the page."""
        return {
            "displayName": planned["display_name"],
            "serializedData": planned["data_json"],
            "category": planned["category"],
            "sourceId": planned["source_id"],
            "description": given(planned["description"]),
        }

    def flatten(self, cloud: ArmCloud, document: Document, state: State) -> State:
        """Return the page; the same JSON in another layout is no change."""
        properties = document["properties"]
        return {
            "category": properties["category"],
            "data_json": _same_json(properties["serializedData"], state.get("data_json")),
            "description": properties.get("description", ""),
            "display_name": properties["displayName"],
            "source_id": properties.get("sourceId", "azure monitor"),
        }


def _same_json(text: str, known: Value) -> Any:  # noqa: ANN401 - values of Terraform have no static type
    """Return `known` if it means the same as `text`, else `text`."""
    if not isinstance(known, str):
        return text
    try:
        return known if json.loads(known) == json.loads(text) else text
    except ValueError:
        return text
