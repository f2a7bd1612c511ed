"""The loop that evaluates alarms at the end of each of their periods, and tells SNS what changed."""

import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import get_args

from moto.cloudwatch.models import Alarm, CloudWatchBackend, cloudwatch_backends
from moto.core.exceptions import ServiceException
from moto.sns.models import sns_backends

from twinspan.twin.attempts import attempt, raise_any
from twinspan.twin.aws.alarms.evaluation import AlarmState, MissingData, judge
from twinspan.twin.aws.metric_math import Values, evaluate
from twinspan.twin.loops import Loop
from twinspan.twin.metrics.aws import NAMESPACE
from twinspan.twin.metrics.clock import Clock
from twinspan.twin.metrics.series import MetricStore, Series, StatisticSet, merged

STATISTICS: Mapping[str, Callable[[StatisticSet], float]] = {
    "Average": lambda point: point.average,
    "Maximum": lambda point: point.maximum,
    "Minimum": lambda point: point.minimum,
    "SampleCount": lambda point: float(point.count),
    "Sum": lambda point: point.total,
}
"""Source: CloudWatch API, Statistic."""

_TICK_S = 0.5
_LOG = logging.getLogger(__name__)
_ACTIONS = {"OK": "ok_actions", "ALARM": "alarm_actions", "INSUFFICIENT_DATA": "insufficient_data_actions"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    metric: str
    statistic: str
    dimensions: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What an alarm looks at: an expression of metrics; `period_s` in the cloud's seconds."""

    expression: str
    metrics: Mapping[str, _Source]
    period_s: float


class AlarmEngine:
    """Evaluates the alarms of `AWS/VPN`, on one metric or on an expression.

    Args:
        metrics: The series; their grain sets the pace: see `metrics.clock`.
        lock: Held while moto's state is read or changed.
        on_change: Called when an alarm has changed its state.
    """

    def __init__(self, metrics: MetricStore, *, lock: threading.RLock, on_change: Callable[[], None]) -> None:
        self._metrics = metrics
        self._lock = lock
        self._on_change = on_change
        self._clock = Clock(period_s=metrics.period_s)
        self._judged: dict[str, float] = {}
        self._loop = Loop("alarms", self.tick, every_s=_TICK_S)

    def start(self) -> None:
        """Start the loop."""
        self._loop.start()

    def stop(self) -> None:
        """End the loop and wait for it."""
        self._loop.stop()

    def tick(self) -> None:
        """Evaluate what has had a whole period since it was last evaluated.

        Raises:
            ItemsError: Some cannot be evaluated; the others were.
        """
        problems: list[str] = []
        with self._lock:
            alarms = [
                (alarm, account, region)
                for account, region, backend in cloudwatch_backends.iter_backends()
                if isinstance(backend, CloudWatchBackend)
                for alarm in list(backend.alarms.values())
            ]
            changed = attempt(
                alarms,
                lambda entry: self._judge(*entry),
                name=lambda entry: f"alarm {entry[0].name}",
                problems=problems,
            )
        if any(changed):
            self._on_change()
        raise_any(problems)

    def _judge(self, alarm: Alarm, account: str, region: str) -> bool:
        asked = _asked(alarm)
        if asked is None:
            return False
        period_s = self._clock.twin_s(asked.period_s)
        end_s = self._metrics.now_s - self._metrics.now_s % period_s
        # A new or changed alarm waits for a period that began after it.
        since_s = alarm.configuration_updated_timestamp.replace(tzinfo=UTC).timestamp()
        if end_s <= max(self._judged.get(alarm.alarm_arn, 0.0), since_s):
            return False
        self._judged[alarm.alarm_arn] = end_s
        times = [
            datetime.fromtimestamp(end_s - number * period_s, UTC)
            for number in range(int(alarm.evaluation_periods), 0, -1)
        ]
        values = self._values(asked, region, times, period_s)
        points = [values.get(at) for at in times]
        state = judge(
            points,
            comparison=alarm.comparison_operator,
            threshold=float(alarm.threshold),
            to_alarm=int(alarm.datapoints_to_alarm or alarm.evaluation_periods),
            missing=_missing(alarm.treat_missing_data),
        )
        if state is None or state == alarm.state_value:
            return False
        shown = ", ".join("missing" if point is None else f"{point:g}" for point in points)
        reason = (
            f"Threshold Crossed: [{shown}] of the last {len(points)} periods:"
            f" {alarm.comparison_operator} {float(alarm.threshold):g}"
        )
        _change(alarm, state, reason, account, region)
        return True

    def _values(self, asked: _Asked, region: str, times: Sequence[datetime], period_s: float) -> Values:
        known: dict[str, Values] = {}
        for name, source in asked.metrics.items():
            series = self._metrics.series(region, source.metric, **source.dimensions)
            known[name] = {
                at: STATISTICS[source.statistic](point)
                for at in times
                if (point := _point(series, at.timestamp(), period_s)) is not None
            }
        return evaluate(asked.expression, known, times=times)


def _asked(alarm: Alarm) -> _Asked | None:
    """Return what an alarm looks at; None if it is not the VPN."""
    if alarm.namespace == NAMESPACE and alarm.statistic in STATISTICS:
        dimensions = {
            dimension.name: dimension.value
            for dimension in alarm.dimensions
            if dimension.name and dimension.value
        }
        source = _Source(metric=alarm.metric_name, statistic=alarm.statistic, dimensions=dimensions)
        return _Asked(expression="m", metrics={"m": source}, period_s=float(alarm.period))
    stats = [(query.id, query.metric_stat) for query in alarm.metric_data_queries if query.metric_stat]
    if not stats or any(
        stat.metric.namespace != NAMESPACE or stat.stat not in STATISTICS for _, stat in stats
    ):
        return None
    (shown,) = [query for query in alarm.metric_data_queries if str(query.return_data) != "False"]
    return _Asked(
        expression=shown.expression or shown.id,
        metrics={
            name: _Source(
                metric=stat.metric.metric_name,
                statistic=stat.stat,
                dimensions={
                    dimension.name: dimension.value
                    for dimension in stat.metric.dimensions
                    if dimension.name and dimension.value
                },
            )
            for name, stat in stats
        },
        period_s=max(float(stat.period) for _, stat in stats),
    )


def _point(series: Sequence[Series], start_s: float, period_s: float) -> StatisticSet | None:
    """Return all samples of one period together; None without any."""
    whole = StatisticSet(start_s=start_s, count=0, total=0.0, minimum=float("inf"), maximum=float("-inf"))
    for point in merged(series, start_s=start_s, end_s=start_s + period_s, period_s=max(1, int(period_s))):
        whole.merge(point)
    return whole if whole.count else None


def _missing(given: str | None) -> MissingData:
    return next((choice for choice in get_args(MissingData) if choice == given), "missing")


def _change(alarm: Alarm, state: AlarmState, reason: str, account: str, region: str) -> None:
    before = alarm.state_value
    alarm.update_state(reason, "{}", state)
    _LOG.info("alarm %s: %s -> %s", alarm.name, before, state)
    if not alarm.actions_enabled:
        return
    message = json.dumps(_message(alarm, before, account, region))
    for arn in getattr(alarm, _ACTIONS[state]):
        try:
            sns_backends[account][region].publish(
                message=message, arn=arn, subject=f'{state}: "{alarm.name}" in {region}'[:100]
            )
        except ServiceException as error:
            _LOG.warning("alarm %s cannot tell %s: %s", alarm.name, arn, error)


def _message(alarm: Alarm, before: str, account: str, region: str) -> Mapping[str, object]:
    """Return what CloudWatch sends. Source: CloudWatch User Guide, "Using Amazon SNS alarm notifications"."""
    trigger: Mapping[str, object] = {
        "MetricName": alarm.metric_name,
        "Namespace": alarm.namespace,
        "Statistic": str(alarm.statistic).upper(),
        "Dimensions": [{"name": dimension.name, "value": dimension.value} for dimension in alarm.dimensions],
        "Period": alarm.period,
        "EvaluationPeriods": alarm.evaluation_periods,
        "ComparisonOperator": alarm.comparison_operator,
        "Threshold": alarm.threshold,
        "TreatMissingData": alarm.treat_missing_data or "missing",
    }
    return {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": account,
        "AlarmArn": alarm.alarm_arn,
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "OldStateValue": before,
        "StateChangeTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000",
        "Region": region,
        "Trigger": trigger,
    }
