# ruff: noqa: ARG002 - the arguments are those of Resource, needed or not
"""CloudWatch alarms and dashboards."""

from collections.abc import Mapping
from typing import Any, ClassVar

from twinspan.errors import CloudRefusedError
from twinspan.twin.providers.aws.base import AwsResource, Tags, gone_is_fine
from twinspan.twin.providers.aws.cloud import AwsCloud
from twinspan.twin.providers.aws.iam import keep_same_json, same_json
from twinspan.twin.providers.engine import Facts, State
from twinspan.twin.providers.resource import Change, Record, matches, one_of

_COMPARISONS = (
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
)
_MEMBERS: Mapping[str, str] = {
    "actions_enabled": "ActionsEnabled",
    "alarm_actions": "AlarmActions",
    "alarm_description": "AlarmDescription",
    "alarm_name": "AlarmName",
    "comparison_operator": "ComparisonOperator",
    "datapoints_to_alarm": "DatapointsToAlarm",
    "evaluation_periods": "EvaluationPeriods",
    "insufficient_data_actions": "InsufficientDataActions",
    "metric_name": "MetricName",
    "namespace": "Namespace",
    "ok_actions": "OKActions",
    "period": "Period",
    "statistic": "Statistic",
    "threshold": "Threshold",
    "treat_missing_data": "TreatMissingData",
    "unit": "Unit",
}
"""Terraform's name -> CloudWatch's."""
_NUMBERS = frozenset({"datapoints_to_alarm", "evaluation_periods", "period", "threshold"})
_SETS = frozenset({"alarm_actions", "insufficient_data_actions", "ok_actions"})


class MetricAlarm(AwsResource):
    """`aws_cloudwatch_metric_alarm`, on one metric or on an expression of metrics."""

    type_name = "aws_cloudwatch_metric_alarm"
    facts = Facts(
        defaults={"actions_enabled": True, "treat_missing_data": "missing"},
        force_new=frozenset({"region", "alarm_name"}),
    )
    rules: ClassVar = {
        "alarm_name": matches(r".{1,255}", "1 to 255 characters"),
        "comparison_operator": one_of(*_COMPARISONS),
        "statistic": one_of("SampleCount", "Average", "Sum", "Minimum", "Maximum"),
        "treat_missing_data": one_of("breaching", "notBreaching", "ignore", "missing"),
    }

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """PutMetricAlarm."""
        self._put(cloud, planned)
        name: str = planned["alarm_name"]
        record(name)
        return name

    def _put(self, cloud: AwsCloud, planned: State) -> None:
        members = {
            member: value
            for name, member in _MEMBERS.items()
            if (value := planned[name]) not in (None, "", [])
            and not (name in _NUMBERS - {"threshold"} and not value)
        }
        dimensions = [{"Name": key, "Value": value} for key, value in (planned["dimensions"] or {}).items()]
        tags = [{"Key": key, "Value": value} for key, value in (planned["tags_all"] or {}).items()]
        cloud.call(
            "cloudwatch",
            "put_metric_alarm",
            **members,
            Dimensions=dimensions or None,
            Metrics=[_query_request(query) for query in planned["metric_query"]] or None,
            Tags=tags or None,
        )

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """DescribeAlarms and ListTagsForResource."""
        name = state["id"]
        alarms = cloud.call("cloudwatch", "describe_alarms", AlarmNames=[name])["MetricAlarms"]
        if not alarms:
            return None
        alarm = alarms[0]
        listed = cloud.call("cloudwatch", "list_tags_for_resource", ResourceARN=alarm["AlarmArn"])
        tags: Tags = {tag["Key"]: tag["Value"] for tag in listed.get("Tags", [])}
        return {
            "arn": alarm["AlarmArn"],
            "region": cloud.region,
            "dimensions": {
                dimension["Name"]: dimension["Value"] for dimension in alarm.get("Dimensions", [])
            },
            "evaluate_low_sample_count_percentiles": alarm.get("EvaluateLowSampleCountPercentile", ""),
            "metric_query": [_query_state(query) for query in alarm.get("Metrics", [])],
            **{attribute: _shown(attribute, alarm.get(member)) for attribute, member in _MEMBERS.items()},
            **self.tag_state(cloud, tags, state),
        }

    def update(self, cloud: AwsCloud, prior: State, planned: State) -> State:
        """PutMetricAlarm again; tags."""
        self._put(cloud, planned)
        old, new = prior["tags_all"] or {}, planned["tags_all"] or {}
        if removed := [key for key in old if key not in new]:
            cloud.call("cloudwatch", "untag_resource", ResourceARN=prior["arn"], TagKeys=removed)
        if changed := [{"Key": key, "Value": value} for key, value in new.items() if old.get(key) != value]:
            cloud.call("cloudwatch", "tag_resource", ResourceARN=prior["arn"], Tags=changed)
        return {}

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """DeleteAlarms."""
        with gone_is_fine():
            cloud.call("cloudwatch", "delete_alarms", AlarmNames=[state["id"]])


def _shown(attribute: str, value: Any) -> Any:  # noqa: ANN401 - as the API has it
    if attribute in _SETS:
        return value or []
    if attribute in _NUMBERS:
        return 0 if value is None else value
    if attribute == "treat_missing_data":
        return value or "missing"
    return "" if value is None else value


def _query_request(query: State) -> dict[str, Any]:
    request: dict[str, Any] = {"Id": query["id"], "ReturnData": query["return_data"] is True}
    request |= {m: query[n] for n, m in (("expression", "Expression"), ("label", "Label")) if query[n]}
    for metric in query["metric"]:
        named = {"Namespace": metric["namespace"], "MetricName": metric["metric_name"]}
        dimensions = [{"Name": key, "Value": value} for key, value in (metric["dimensions"] or {}).items()]
        request["MetricStat"] = {
            "Metric": {**named, "Dimensions": dimensions},
            "Period": metric["period"],
            "Stat": metric["stat"],
        }
    return request


def _query_state(query: Mapping[str, Any]) -> State:
    stat = query.get("MetricStat")
    metrics = []
    if stat:
        metric = stat["Metric"]
        metrics.append(
            {
                "dimensions": {
                    dimension["Name"]: dimension["Value"] for dimension in metric.get("Dimensions", [])
                },
                "metric_name": metric["MetricName"],
                "namespace": metric.get("Namespace", ""),
                "period": stat["Period"],
                "stat": stat["Stat"],
                "unit": stat.get("Unit"),
            }
        )
    return {
        "account_id": query.get("AccountId"),
        "expression": query.get("Expression"),
        "id": query["Id"],
        "label": query.get("Label"),
        "metric": metrics,
        "period": query.get("Period"),
        "return_data": query.get("ReturnData", False),
    }


class Dashboard(AwsResource):
    """`aws_cloudwatch_dashboard`."""

    type_name = "aws_cloudwatch_dashboard"
    facts = Facts(force_new=frozenset({"region", "dashboard_name"}))
    rules: ClassVar = {"dashboard_name": matches(r"[A-Za-z0-9_-]{1,255}", "letters, digits, _ and -")}

    def adjust(self, cloud: AwsCloud, change: Change) -> State:
        """A body that only is spelled in another way is no change."""
        return keep_same_json(change, super().adjust(cloud, change), "dashboard_body")

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """PutDashboard."""
        self.update(cloud, {}, planned)
        name: str = planned["dashboard_name"]
        record(name)
        return name

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """GetDashboard."""
        try:
            dashboard = cloud.call("cloudwatch", "get_dashboard", DashboardName=state["id"])
        except CloudRefusedError as error:
            if error.code in {"ResourceNotFound", "DashboardNotFoundError"}:
                return None
            raise
        return {
            "dashboard_arn": dashboard["DashboardArn"],
            "dashboard_body": same_json(dashboard["DashboardBody"], state.get("dashboard_body")),
            "dashboard_name": state["id"],
            "region": cloud.region,
        }

    def update(self, cloud: AwsCloud, prior: State, planned: State) -> State:
        """PutDashboard."""
        cloud.call(
            "cloudwatch",
            "put_dashboard",
            DashboardName=planned["dashboard_name"],
            DashboardBody=planned["dashboard_body"],
        )
        return {}

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """DeleteDashboards."""
        with gone_is_fine():
            cloud.call("cloudwatch", "delete_dashboards", DashboardNames=[state["id"]])
