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
                    "name": each["name"],
                    "emailAddress": each["email_address"],
                    "useCommonAlertSchema": bool(each["use_common_alert_schema"]),
                }
                for each in planned["email_receiver"]
            ],
            "webhookReceivers": [
                {
                    "name": each["name"],
                    "serviceUri": each["service_uri"],
                    "useCommonAlertSchema": bool(each["use_common_alert_schema"]),
                }
                for each in planned["webhook_receiver"]
            ],
        }

    def flatten(self, cloud: ArmCloud, document: Document, state: State) -> State:
        """Return who is told."""
        told = document["properties"]
        return {
            "short_name": told["groupShortName"],
            "enabled": told.get("enabled", True),
            "email_receiver": [
                {
                    "name": each["name"],
                    "email_address": each["emailAddress"],
                    "use_common_alert_schema": each.get("useCommonAlertSchema", False),
                }
                for each in told.get("emailReceivers", [])
            ],
            "webhook_receiver": [
                {
                    "name": each["name"],
                    "service_uri": each["serviceUri"],
                    "use_common_alert_schema": each.get("useCommonAlertSchema", False),
                    "aad_auth": [],
                }
                for each in told.get("webhookReceivers", [])
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
                "allOf": [_criterion(index, each) for index, each in enumerate(planned["criteria"])],
            },
            "actions": [
                without_nones(
                    {
                        "actionGroupId": each["action_group_id"],
                        "webHookProperties": given(each["webhook_properties"]),
                    }
                )
                for each in planned["action"]
            ],
        }

    def flatten(self, cloud: ArmCloud, document: Document, state: State) -> State:
        """Return the rule."""
        told = document["properties"]
        return {
            "description": told.get("description", ""),
            "severity": told["severity"],
            "enabled": told["enabled"],
            "scopes": told["scopes"],
            "frequency": told["evaluationFrequency"],
            "window_size": told["windowSize"],
            "target_resource_type": told.get("targetResourceType", ""),
            "target_resource_location": told.get("targetResourceRegion", ""),
            "auto_mitigate": told.get("autoMitigate", True),
            "criteria": [_criterion_state(each) for each in told["criteria"]["allOf"]],
            "action": [
                {
                    "action_group_id": each["actionGroupId"],
                    "webhook_properties": each.get("webHookProperties", {}),
                }
                for each in told.get("actions", [])
            ],
        }


def _criterion(index: int, each: State) -> Document:
    return {
        "criterionType": "StaticThresholdCriterion",
        "name": f"Metric{index + 1}",
        "metricName": each["metric_name"],
        "metricNamespace": each["metric_namespace"],
        "operator": each["operator"],
        "threshold": float(each["threshold"]),
        "timeAggregation": each["aggregation"],
        "skipMetricValidation": bool(each["skip_metric_validation"]),
        "dimensions": [
            {"name": one["name"], "operator": one["operator"], "values": one["values"]}
            for one in each["dimension"]
        ],
    }


def _criterion_state(each: Document) -> State:
    threshold: float = each["threshold"]
    return {
        "aggregation": each["timeAggregation"],
        "metric_name": each["metricName"],
        "metric_namespace": each["metricNamespace"],
        "operator": each["operator"],
        "threshold": int(threshold) if threshold == int(threshold) else threshold,
        "skip_metric_validation": each.get("skipMetricValidation", False),
        "dimension": [
            {"name": one["name"], "operator": one["operator"], "values": one["values"]}
            for one in each.get("dimensions", [])
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
        told = document["properties"]
        features = told.get("features", {})
        quota = told.get("workspaceCapping", {}).get("dailyQuotaGb", -1)
        return {
            "allow_resource_only_permissions": features.get(
                "enableLogAccessUsingOnlyResourcePermissions", True
            ),
            "daily_quota_gb": int(quota) if quota == int(quota) else quota,
            "internet_ingestion_access_type": told.get("publicNetworkAccessForIngestion", "Enabled"),
            "internet_query_access_type": told.get("publicNetworkAccessForQuery", "Enabled"),
            "local_authentication_enabled": not features.get("disableLocalAuth", False),
            "primary_shared_key": "",
            "retention_in_days": told["retentionInDays"],
            "secondary_shared_key": "",
            "sku": told["sku"]["name"],
            "workspace_id": told["customerId"],
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
        told = document["properties"]
        return {
            "category": told["category"],
            "data_json": _same_json(told["serializedData"], state.get("data_json")),
            "description": told.get("description", ""),
            "display_name": told["displayName"],
            "source_id": told.get("sourceId", "azure monitor"),
        }


def _same_json(told: str, known: Value) -> Any:  # noqa: ANN401 - values of Terraform have no static type
    """Return `known` if it means the same as `told`, else `told`."""
    if not isinstance(known, str):
        return told
    try:
        return known if json.loads(known) == json.loads(told) else told
    except ValueError:
        return told
