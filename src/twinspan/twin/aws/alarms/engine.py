"""The loop that evaluates alarms at the end of each of their periods, and tells SNS what changed."""

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import get_args

from moto.cloudwatch.models import Alarm, CloudWatchBackend, cloudwatch_backends
from moto.core.exceptions import ServiceException
from moto.sns.models import sns_backends

from twinspan.twin.aws.alarms.evaluation import AlarmState, MissingData, judge
from twinspan.twin.aws.alarms.rule import parse
from twinspan.twin.metrics.aws import NAMESPACE
from twinspan.twin.metrics.clock import Clock
from twinspan.twin.metrics.series import MetricStore, StatisticSet, merged

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


class AlarmEngine:
    """Evaluates the metric alarms of `AWS/VPN` and every composite alarm.

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
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alarms", daemon=True)

    def start(self) -> None:
        """Start the loop."""
        self._thread.start()

    def stop(self) -> None:
        """End the loop and wait for it."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def tick(self) -> None:
        """Evaluate what has had a whole period since it was last evaluated."""
        changed = False
        with self._lock:
            for account, region, backend in cloudwatch_backends.iter_backends():
                if not isinstance(backend, CloudWatchBackend):
                    continue
                for alarm in list(backend.alarms.values()):
                    changed |= alarm.rule is None and self._judge(alarm, account, region)
                # Composite alarms may look at each other: what one has changed the next tick sees.
                for alarm in list(backend.alarms.values()):
                    changed |= alarm.rule is not None and self._compose(alarm, backend, account, region)
        if changed:
            self._on_change()

    def _judge(self, alarm: Alarm, account: str, region: str) -> bool:
        if alarm.namespace != NAMESPACE or alarm.statistic not in STATISTICS:
            return False
        period_s = self._clock.twin_s(float(alarm.period))
        end_s = self._metrics.now_s - self._metrics.now_s % period_s
        # A new or changed alarm waits for a period that began after it.
        since_s = alarm.configuration_updated_timestamp.replace(tzinfo=UTC).timestamp()
        if end_s <= max(self._judged.get(alarm.alarm_arn, 0.0), since_s):
            return False
        self._judged[alarm.alarm_arn] = end_s
        points = list(self._points(alarm, region, end_s, period_s))
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

    def _points(self, alarm: Alarm, region: str, end_s: float, period_s: float) -> Iterator[float | None]:
        dims = {each.name: each.value for each in alarm.dimensions if each.name and each.value}
        found = self._metrics.series(region, alarm.metric_name, **dims)
        for number in range(int(alarm.evaluation_periods), 0, -1):
            start_s = end_s - number * period_s
            whole = list(
                merged(found, start_s=start_s, end_s=start_s + period_s, period_s=int(period_s) or 1)
            )
            total = whole[0] if whole else None
            for other in whole[1:]:
                whole[0].merge(other)
            yield STATISTICS[alarm.statistic](total) if total else None

    def _compose(self, alarm: Alarm, backend: CloudWatchBackend, account: str, region: str) -> bool:
        states: dict[str, AlarmState] = {
            name: _state(other.state_value) for name, other in backend.alarms.items()
        }
        state: AlarmState = "ALARM" if parse(str(alarm.rule)).holds(states) else "OK"
        if state == alarm.state_value:
            return False
        _change(alarm, state, f"The rule {alarm.rule} is {str(state == 'ALARM').lower()}", account, region)
        return True

    def _run(self) -> None:
        while not self._stopping.wait(_TICK_S):
            self.tick()


def _missing(given: str | None) -> MissingData:
    return next((each for each in get_args(MissingData) if each == given), "missing")


def _state(word: str) -> AlarmState:
    return next((each for each in get_args(AlarmState) if each == word), "INSUFFICIENT_DATA")


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
        "Dimensions": [{"name": each.name, "value": each.value} for each in alarm.dimensions],
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
        **({"AlarmRule": alarm.rule} if alarm.rule is not None else {"Trigger": trigger}),
    }
