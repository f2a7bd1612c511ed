"""CloudWatch of the twin: moto's, and the metrics of the VPN as AWS would publish them."""

import base64
import binascii
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import moto.cloudwatch.urls
from moto.cloudwatch.exceptions import InvalidParameterCombination, InvalidParameterValue, ValidationError
from moto.cloudwatch.models import (
    Alarm,
    CloudWatchBackend,
    MetricAggregatedDatum,
    MetricDatum,
    MetricDatumBase,
)
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult

from twinspan.twin.aws.alarms.engine import STATISTICS
from twinspan.twin.aws.alarms.evaluation import COMPARISONS
from twinspan.twin.aws.metric_math import Values, evaluate
from twinspan.twin.metrics.aws import NAMESPACE, UNITS
from twinspan.twin.metrics.series import MetricStore, Series, StatisticSet, merged

METRICS_KEY = "twinspan.metrics"
"""Where the server puts AWS's series into a request's environment."""

POINTS_LIMIT = 1440
"""Data points that GetMetricStatistics returns at most. Source: CloudWatch API."""
PAGE_LIMIT = 100_800
"""Data points that GetMetricData returns at once at most. Source: CloudWatch API."""
_OF_AWS = "AWS/"
"""What no user's namespace begins with."""
_LARGEST_VALUE = 2.0**360
"""Either side of zero. Source: CloudWatch API, MetricDatum."""
_SHORT_PERIODS = frozenset({1, 5, 10, 20, 30})
_MINUTE = 60
_SHOWN = (("VpnId", "TunnelIpAddress"), ("VpnId",), ("TunnelIpAddress",))
"""Sets of dimensions under which each metric is published."""


class TwinCloudWatchResponse(CloudWatchResponse):
    """CloudWatch's actions; those that read answer for `AWS/VPN` from the data plane."""

    def get_metric_statistics(self) -> ActionResult:
        """Answer with statistics of one metric. Source: CloudWatch API, GetMetricStatistics."""
        metric, statistics = str(self._get_param("MetricName")), self._get_param("Statistics", [])
        if not statistics:
            raise InvalidParameterCombination("Must specify either Statistics or ExtendedStatistics")
        start_s, end_s = _seconds(self._get_param("StartTime")), _seconds(self._get_param("EndTime"))
        period_s = self._get_int_param("Period")
        _check_times(start_s, end_s, period_s)
        if (end_s - start_s) / period_s > POINTS_LIMIT:
            raise InvalidParameterCombination(
                f"You have requested up to {int((end_s - start_s) / period_s)} datapoints, which exceeds the "
                f"limit of {POINTS_LIMIT}. You may reduce the datapoints requested by increasing Period, or "
                "decreasing the time range."
            )
        dims = _dimensions(self._get_param("Dimensions", []))
        asked = _Metric(str(self._get_param("Namespace")), metric, dims, self._get_param("Unit"))
        unit, points = self._points(asked, start_s, end_s, period_s)
        rows = [
            {"Timestamp": point.at, "Unit": unit, **{name: STATISTICS[name](point) for name in statistics}}
            for point in points
        ]
        return ActionResult({"Label": metric, "Datapoints": rows})

    def get_metric_data(self) -> ActionResult:
        """Answer several queries at once, in pages. Source: CloudWatch API, GetMetricData."""
        params = self._get_params()
        queries: Sequence[Mapping[str, Any]] = params.get("MetricDataQueries", [])
        _check_metrics(queries)
        start_s, end_s = _seconds(params["StartTime"]), _seconds(params["EndTime"])
        known: dict[str, Values] = {}
        for query in (metric_query for metric_query in queries if "MetricStat" in metric_query):
            known[query["Id"]] = self._query(query["MetricStat"], start_s, end_s)
        for query in (metric_query for metric_query in queries if "Expression" in metric_query):
            try:
                known[query["Id"]] = evaluate(query["Expression"], known)
            except ValueError as error:
                raise ValidationError(
                    f"Error in expression '{query['Id']}' [{query['Expression']}]: {error}"
                ) from error
        ascending = params.get("ScanBy") == "TimestampAscending"
        rows = [
            (query, sorted(known[query["Id"]].items(), reverse=not ascending))
            for query in queries
            if query.get("ReturnData", True)
        ]
        return ActionResult(
            _page(rows, limit=int(params.get("MaxDatapoints") or PAGE_LIMIT), token=params.get("NextToken"))
        )

    def list_metrics(self) -> ActionResult:
        """Name the metrics that have data. Source: CloudWatch API, ListMetrics."""
        if self._get_param("Namespace") not in {None, NAMESPACE} or self._get_param("NextToken"):
            return super().list_metrics()
        requested_dimensions = self._get_param("Dimensions", [])
        metric = self._get_param("MetricName")
        metrics = {
            (series.metric, tuple((name, dict(series.dimensions)[name]) for name in names))
            for series in self._store.series(self.region, metric)
            for names in _SHOWN
        }
        own = [
            {
                "Namespace": NAMESPACE,
                "MetricName": name,
                "Dimensions": [{"Name": key, "Value": value} for key, value in dims],
            }
            for name, dims in sorted(metrics)
            if all(
                (d["Name"], d.get("Value", dict(dims).get(d["Name"]))) in dims for d in requested_dimensions
            )
        ]
        token, others = self.cloudwatch_backend.list_metrics(
            None, self._get_param("Namespace"), metric or "", requested_dimensions
        )
        return ActionResult({"Metrics": [*own, *others], "NextToken": token})

    def put_metric_alarm(self) -> ActionResult:
        """Make or change an alarm. Source: CloudWatch API, PutMetricAlarm."""
        comparison = self._get_param("ComparisonOperator")
        if comparison not in COMPARISONS:
            raise ValidationError(
                f"The twin compares by {', '.join(COMPARISONS)} only; ComparisonOperator is {comparison}"
            )
        _check_alarm(self._get_params())
        _check_metrics(self._get_param("Metrics", []))
        _check_queries(self._get_param("Metrics", []))
        # A new alarm knows nothing yet, a changed one keeps its state.
        name = self._get_param("AlarmName")
        before = self.cloudwatch_backend.alarms.get(name)
        answer = super().put_metric_alarm()
        alarm = self.cloudwatch_backend.alarms[name]
        alarm.state_value = before.state_value if before else "INSUFFICIENT_DATA"
        if before:
            alarm.history, alarm.state_reason = before.history, before.state_reason
            alarm.state_updated_timestamp = before.state_updated_timestamp
        return answer

    def describe_alarm_history(self) -> ActionResult:
        """Show how alarms changed, newest first. Source: CloudWatch API, DescribeAlarmHistory."""
        alarm_name = self._get_param("AlarmName")
        items = [
            item
            for name, alarm in self.cloudwatch_backend.alarms.items()
            if alarm_name in {None, name}
            for item in _history(alarm)
        ]
        items.sort(key=lambda item: item["Timestamp"], reverse=True)
        return ActionResult({"AlarmHistoryItems": items[: self._get_param("MaxRecords") or 100]})

    @property
    def _store(self) -> MetricStore:
        store = self.normalized_request.environ.get(METRICS_KEY)
        return store if isinstance(store, MetricStore) else MetricStore()

    def _query(self, stat: Mapping[str, Any], start_s: float, end_s: float) -> Values:
        metric, period_s = stat["Metric"], int(stat["Period"])
        _check_times(start_s, end_s, period_s)
        if stat["Stat"] not in STATISTICS:
            raise ValidationError(
                f"The value {stat['Stat']} for parameter MetricDataQueries.member.1.MetricStat.Stat "
                "is not supported."
            )
        dims = _dimensions(metric.get("Dimensions", []))
        asked = _Metric(metric["Namespace"], metric["MetricName"], dims, stat.get("Unit"))
        _, points = self._points(asked, start_s, end_s, period_s)
        return {point.at: STATISTICS[stat["Stat"]](point) for point in points}

    def _points(
        self, asked: "_Metric", start_s: float, end_s: float, period_s: int
    ) -> tuple[str, list[StatisticSet]]:
        """Return a metric's unit, and its periods that have data: moto would go through all the others."""
        begin_s = start_s
        if asked.namespace == NAMESPACE:
            begin_s -= start_s % min(period_s, _MINUTE)
            unit, series = self._of_the_vpn(asked)
        else:
            unit, series = self._stored(asked)
        return unit, list(merged(series, start_s=begin_s, end_s=end_s, period_s=period_s))

    def _of_the_vpn(self, asked: "_Metric") -> tuple[str, Sequence[Series]]:
        unit = UNITS.get(asked.name, "None")
        published = tuple(sorted(asked.dimensions)) in {tuple(sorted(names)) for names in _SHOWN}
        if asked.unit not in {None, unit} or not published:
            return unit, ()  # AWS publishes nothing without dimensions, and matches them as a whole
        return unit, self._store.series(self.region, asked.name, **asked.dimensions)

    def _stored(self, asked: "_Metric") -> tuple[str, Sequence[Series]]:
        """Return what PutMetricData has been given."""
        own = [
            datum
            for datum in self.cloudwatch_backend.get_all_metrics()
            if (datum.namespace, datum.name) == (asked.namespace, asked.name)
            and {dimension.name: dimension.value for dimension in datum.dimensions} == asked.dimensions
            and asked.unit in {None, datum.unit}
        ]
        unit = str((own[0].unit if own else asked.unit) or "None")
        points = deque(_statistic_set(datum) for datum in own)
        return unit, [Series(scope=self.region, metric=asked.name, dimensions=(), points=points)]


class TwinCloudWatchBackend(CloudWatchBackend):
    """CloudWatch's state of one region of the twin; the VPN's data is not in it."""

    def put_metric_data(self, namespace: str, metric_data: list[dict[str, Any]]) -> None:
        """Keep what users measure; a value that counts n times as one statistic set, and not n times.

        Sources: CloudWatch API, PutMetricData and MetricDatum; boto/boto3 1847 (AWS's namespaces). What is
        said of numbers out of range is UNCONFIRMED.
        """
        if namespace.startswith(_OF_AWS):
            raise InvalidParameterValue(f"The value {_OF_AWS} for parameter Namespace is invalid.")
        for number, datum in enumerate(metric_data, start=1):
            for name, value in _numbers(datum):
                if abs(value) > _LARGEST_VALUE:
                    raise InvalidParameterValue(
                        f"The value {value} for parameter MetricData.member.{number}.{name} is invalid."
                    )
            self._validate_parameters_put_metric_data(datum, number)
        super().put_metric_data(namespace, [entry for datum in metric_data for entry in _counted(datum)])

    @property
    def _url_module(self) -> SimpleNamespace:
        """Moto looks for its URLs beside the class; ours lead to our own response class."""
        return SimpleNamespace(
            url_bases=moto.cloudwatch.urls.url_bases, url_paths={"{0}/$": TwinCloudWatchResponse.dispatch}
        )


def _numbers(datum: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield every number of a datum with the name of its parameter."""
    yield "Value", float(datum.get("Value", 0.0))
    for name in ("Values", "Counts"):
        yield from ((name, float(value)) for value in datum.get(name) or ())
    for name, value in (datum.get("StatisticValues") or {}).items():
        yield f"StatisticValues.{name}", float(value)


def _counted(datum: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a statistic set for each value of a datum with several, else the datum."""
    values = datum.get("Values")
    if not values:
        yield dict(datum)
        return
    plain = {name: value for name, value in datum.items() if name not in {"Values", "Counts"}}
    for value, count in zip(values, datum.get("Counts") or [1.0] * len(values), strict=True):
        if count > 0:
            statistic_values = {
                "Sum": value * count,
                "Minimum": value,
                "Maximum": value,
                "SampleCount": count,
            }
            yield {**plain, "StatisticValues": statistic_values}


def _check_alarm(asked: Mapping[str, Any]) -> None:
    """Refuse an alarm that says twice, or not at all, what is compared with what.

    Source: CloudWatch API, PutMetricAlarm; the texts as reported in aws-cloudformation/cfn-lint 771 and 1306
    and cloudtools/troposphere 1276. Those for other members than these reports name are UNCONFIRMED.
    """
    of_one_metric = ("MetricName", "Namespace", "Period")
    if asked.get("Metrics"):
        for name in (*of_one_metric, "Dimensions", "Statistic", "ExtendedStatistic", "Unit"):
            if asked.get(name):
                raise ValidationError(f"{name} should not be set if list of Metrics is set")
    elif ("Statistic" in asked) == ("ExtendedStatistic" in asked):
        raise ValidationError("Exactly one of them must be set: either Statistic or ExtendedStatistic")
    if {"Threshold", "ThresholdMetricId"} <= asked.keys():
        raise ValidationError("Threshold and ThresholdMetricId cannot both be set")
    for name in ("Threshold", *(() if asked.get("Metrics") else of_one_metric)):
        if asked.get(name) is None:
            raise ValidationError(f"{name} must not be null")


def _check_metrics(queries: Sequence[Mapping[str, Any]]) -> None:
    """Refuse queries for nothing, or for no metric by name. Source: CloudWatch API, MetricDataQuery."""
    for query in queries:
        if ("MetricStat" in query) == ("Expression" in query):
            raise ValidationError(f"Query {query['Id']} must have either an Expression or a MetricStat")
        metric = query.get("MetricStat", {}).get("Metric", {})
        if "MetricStat" in query and not {"Namespace", "MetricName"} <= metric.keys():
            raise ValidationError(f"The metric of query {query['Id']} needs a Namespace and a MetricName")


def _check_queries(queries: Sequence[Mapping[str, Any]]) -> None:
    """Refuse queries of an alarm that could never be evaluated."""
    if queries and sum(bool(query.get("ReturnData", True)) for query in queries) != 1:
        raise ValidationError("Exactly one element of the metrics list should return data.")
    known: dict[str, Values] = {query["Id"]: {} for query in queries}
    for query in queries:
        try:
            if "Expression" in query:
                evaluate(query["Expression"], known)
        except ValueError as error:
            raise ValidationError(
                f"Error in expression '{query['Id']}' [{query['Expression']}]: {error}"
            ) from error


def _history(alarm: Alarm) -> list[dict[str, Any]]:
    """Return an alarm's changes of state; moto keeps the state before each."""
    states = [(state, at) for _, _, _, state, at in alarm.history]
    states.append((alarm.state_value, alarm.state_updated_timestamp))
    return [
        {
            "AlarmName": alarm.name,
            "AlarmType": "MetricAlarm",
            "Timestamp": at,
            "HistoryItemType": "StateUpdate",
            "HistorySummary": f"Alarm updated from {before} to {state}",
        }
        for (before, _), (state, at) in pairwise(states)
    ]


@dataclass(frozen=True, slots=True)
class _Metric:
    """A metric that is asked for; `unit` None: whatever it has."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    unit: str | None


def _statistic_set(datum: MetricDatumBase) -> StatisticSet:
    at_s = _seconds(datum.timestamp)
    if isinstance(datum, MetricAggregatedDatum):
        return StatisticSet(
            start_s=at_s,
            count=int(datum.sample_count),
            total=float(datum.sum),
            minimum=float(datum.min),
            maximum=float(datum.max),
        )
    value = float(datum.value) if isinstance(datum, MetricDatum) else 0.0
    return StatisticSet(start_s=at_s, count=1, total=value, minimum=value, maximum=value)


def _dimensions(given: Sequence[Mapping[str, str]]) -> dict[str, str]:
    return {dimension["Name"]: dimension["Value"] for dimension in given}


def _seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _check_times(start_s: float, end_s: float, period_s: int) -> None:
    if start_s >= end_s:
        raise InvalidParameterValue("The parameter StartTime must be less than the parameter EndTime.")
    if period_s not in _SHORT_PERIODS and (period_s <= 0 or period_s % _MINUTE):
        raise InvalidParameterValue("The parameter Period must be 1, 5, 10, 20, 30, or a multiple of 60.")


def _page(
    rows: Sequence[tuple[Mapping[str, Any], list[tuple[datetime, float]]]], *, limit: int, token: str | None
) -> dict[str, Any]:
    """Return the next `limit` data points, over all queries together, and where to go on."""
    begin = _offset(token)
    end, place, results = begin + limit, 0, []
    for query, points in rows:
        first, last = max(begin - place, 0), max(end - place, 0)
        shown = points[first:last]
        results.append(
            {
                "Id": query["Id"],
                "Label": query.get("Label") or _label(query),
                "Timestamps": [at for at, _ in shown],
                "Values": [value for _, value in shown],
                "StatusCode": "Complete" if last >= len(points) else "PartialData",
            }
        )
        place += len(points)
    more = end < place
    return {"MetricDataResults": results, **({"NextToken": _token(end)} if more else {})}


def _label(query: Mapping[str, Any]) -> str:
    return str(query["MetricStat"]["Metric"]["MetricName"] if "MetricStat" in query else query["Id"])


def _token(offset: int) -> str:
    return base64.b64encode(str(offset).encode()).decode()


def _offset(token: str | None) -> int:
    try:
        return int(base64.b64decode(token, validate=True)) if token else 0
    except (binascii.Error, ValueError) as error:
        raise InvalidParameterValue("The parameter NextToken is invalid.") from error
