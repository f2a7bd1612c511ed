"""A metric alert rule, and what it finds in the series.

Source: Azure Monitor, "Understand how metric alerts work" and "Metric alerts: dimensions".
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types.metric_alerts import SECONDS, Criterion, properties_of
from twinspan.twin.metrics.clock import Clock
from twinspan.twin.metrics.series import Dimensions, MetricStore, Series, StatisticSet, merged

AGGREGATIONS: Mapping[str, Callable[[StatisticSet], float]] = {
    "Average": lambda point: point.average,
    "Count": lambda point: float(point.count),
    "Maximum": lambda point: point.maximum,
    "Minimum": lambda point: point.minimum,
    "Total": lambda point: point.total,
}
_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "Equals": lambda value, threshold: value == threshold,
    "GreaterThan": lambda value, threshold: value > threshold,
    "GreaterThanOrEqual": lambda value, threshold: value >= threshold,
    "LessThan": lambda value, threshold: value < threshold,
    "LessThanOrEqual": lambda value, threshold: value <= threshold,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule as it is evaluated.

    Attributes:
        id: Its resource id.
        scope: Id of the gateway it looks at.
        window_s: How far it looks back, in the cloud's seconds.
        frequency_s: How often it looks, in the cloud's seconds.
        kind: The `odata.type` of its criteria.
        groups: Ids of the action groups that are told.
    """

    id: str
    name: str
    description: str
    severity: int
    scope: str
    window: str
    window_s: int
    frequency_s: int
    auto_mitigate: bool
    kind: str
    criteria: tuple[Criterion, ...]
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one combination of dimension values has come to in a window.

    Attributes:
        values: One for each criterion.
        met: Whether every criterion holds.
    """

    dimensions: Dimensions
    values: tuple[float, ...]
    met: bool
    start_s: float
    end_s: float


def rules_of(resource: Resource) -> tuple[Rule, ...]:
    """Return what a stored rule evaluates: itself once for each scope; nothing if it is switched off."""
    settings = properties_of(resource.body)
    if not settings.enabled:
        return ()
    return tuple(
        Rule(
            id=str(resource.id),
            name=resource.id.name,
            description=settings.description or "",
            severity=settings.severity,
            scope=scope,
            window=settings.window_size,
            window_s=SECONDS[settings.window_size],
            frequency_s=SECONDS[settings.evaluation_frequency],
            auto_mitigate=settings.auto_mitigate,
            kind=settings.criteria.kind,
            criteria=tuple(settings.criteria.all_of),
            groups=tuple(action.action_group_id for action in settings.actions),
        )
        for scope in settings.scopes
    )


def evaluate(rule: Rule, store: MetricStore) -> tuple[Finding, ...]:
    """Return what a rule finds in its newest window.

    Combinations without any data in the window are left out: nothing is known of them. With several
    criteria there is one combination, known only when all of them have data.
    """
    clock = Clock(period_s=store.period_s)
    end_s = store.now_s - store.now_s % store.period_s
    start_s = end_s - max(clock.twin_s(rule.window_s), store.period_s)
    measurements = [
        _measured(store, rule.scope.lower(), criterion, start_s, end_s) for criterion in rule.criteria
    ]
    if len(measurements) == 1:
        return tuple(
            _finding(rule, key, (value,), start_s, end_s) for key, value in sorted(measurements[0].items())
        )
    if not all(measurements):
        return ()
    merged_key: Dimensions = tuple(
        sorted({pair for measurement in measurements for key in measurement for pair in key})
    )
    values = tuple(next(iter(measurement.values())) for measurement in measurements)
    return (_finding(rule, merged_key, values, start_s, end_s),)


def _finding(rule: Rule, key: Dimensions, values: Sequence[float], start_s: float, end_s: float) -> Finding:
    met = all(
        _OPERATORS[criterion.operator](value, criterion.threshold)
        for criterion, value in zip(rule.criteria, values, strict=True)
    )
    return Finding(dimensions=key, values=tuple(values), met=met, start_s=start_s, end_s=end_s)


def _measured(
    store: MetricStore, scope: str, criterion: Criterion, start_s: float, end_s: float
) -> dict[Dimensions, float]:
    """Return a metric's aggregate over the window for each combination of the criterion's dimensions."""
    groups: dict[Dimensions, list[Series]] = {}
    for series in store.series(scope, criterion.metric_name):
        own = {name.lower(): (name, value) for name, value in series.dimensions}
        if _wanted(criterion, own):
            key = tuple(sorted(own[dimension.name.lower()] for dimension in criterion.dimensions))
            groups.setdefault(key, []).append(series)
    aggregates: dict[Dimensions, float] = {}
    for key, group in groups.items():
        points = list(merged(group, start_s=start_s, end_s=end_s, period_s=end_s - start_s))
        if points:
            aggregates[key] = AGGREGATIONS[criterion.time_aggregation](points[0])
    return aggregates


def _wanted(criterion: Criterion, own: Mapping[str, tuple[str, str]]) -> bool:
    """Whether a series has values that all of the criterion's dimensions take."""
    for dimension in criterion.dimensions:
        _, value = own[dimension.name.lower()]
        named = "*" in dimension.values or value.lower() in {
            dimension_value.lower() for dimension_value in dimension.values
        }
        if named != (dimension.operator == "Include"):
            return False
    return True
