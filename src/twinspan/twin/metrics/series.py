"""Time series of both clouds, in memory and bounded: no metric is part of a twin's saved state."""

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

RETENTION_S = 3 * 3600.0
"""How long a value is kept, in seconds."""

DEFAULT_PERIOD_S = 10
"""Grain of the twin's metrics, in seconds; the clouds' VPN metrics have 300."""

Dimensions = tuple[tuple[str, str], ...]


def dimensions(**values: str) -> Dimensions:
    """Return dimensions in the order that series are kept by."""
    return tuple(sorted(values.items()))


@dataclass(slots=True, kw_only=True)
class StatisticSet:
    """What was measured in one period.

    Source: CloudWatch API, StatisticSet; Azure Monitor's average, total, minimum, maximum and count.
    """

    start_s: float
    """Begin of the period, seconds since 1970."""
    count: int
    total: float
    minimum: float
    maximum: float

    @property
    def at(self) -> datetime:
        """Begin of the period, UTC."""
        return datetime.fromtimestamp(self.start_s, UTC)

    @property
    def average(self) -> float:
        """Mean of the samples."""
        return self.total / self.count

    def merge(self, other: "StatisticSet") -> None:
        """Add the samples of another set."""
        self.count += other.count
        self.total += other.total
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One metric of one thing; `points` are whole periods, oldest first."""

    scope: str
    metric: str
    dimensions: Dimensions
    points: deque[StatisticSet] = field(default_factory=deque)

    def matches(self, dimensions: Mapping[str, str]) -> bool:
        """Whether it has these dimensions, among others; names and values are compared without case."""
        own = {name.lower(): value.lower() for name, value in self.dimensions}
        return all(own.get(name.lower()) == value.lower() for name, value in dimensions.items())


class MetricStore:
    """Series of one cloud. Samples are gathered for a period, which is readable when it is over.

    Args:
        period_s: The grain, in seconds.
        retention_s: How long a value is kept, in seconds.
    """

    def __init__(self, *, period_s: int = DEFAULT_PERIOD_S, retention_s: float = RETENTION_S) -> None:
        self.period_s = period_s
        self._retention_s = retention_s
        self._lock = threading.Lock()
        self._series: dict[tuple[str, str, Dimensions], Series] = {}
        self._now_s = 0.0

    @property
    def now_s(self) -> float:
        """Until when it has been told, seconds since 1970."""
        return self._now_s

    def sample(self, scope: str, metric: str, dims: Dimensions, value: float, at_s: float) -> None:
        """Add one of many samples of a period, e.g. a state."""
        with self._lock:
            point = self._open(scope, metric, dims, at_s)
            point.merge(StatisticSet(start_s=0, count=1, total=value, minimum=value, maximum=value))

    def add(self, scope: str, metric: str, dims: Dimensions, value: float, at_s: float) -> None:
        """Add to the one sample of a period, e.g. bytes since the last call."""
        with self._lock:
            point = self._open(scope, metric, dims, at_s)
            self._set(point, point.total + value)

    def put(self, scope: str, metric: str, dims: Dimensions, value: float, at_s: float) -> None:
        """Replace the one sample of a period, e.g. a number of routes."""
        with self._lock:
            self._set(self._open(scope, metric, dims, at_s), value)

    def advance(self, now_s: float) -> None:
        """Let it be `now_s`, in seconds since 1970: older periods are readable, too old ones are gone."""
        with self._lock:
            self._now_s = now_s
            for key, series in list(self._series.items()):
                while series.points and series.points[0].start_s < now_s - self._retention_s:
                    series.points.popleft()
                if not series.points:
                    del self._series[key]

    def series(self, scope: str, metric: str | None = None, **wanted: str) -> tuple[Series, ...]:
        """Return the series of a region or gateway, with only their whole periods."""
        with self._lock:
            return tuple(
                Series(
                    scope=series.scope,
                    metric=series.metric,
                    dimensions=series.dimensions,
                    points=deque(p for p in series.points if p.start_s + self.period_s <= self._now_s),
                )
                for series in self._series.values()
                if series.scope == scope and metric in {None, series.metric} and series.matches(wanted)
            )

    def _open(self, scope: str, metric: str, dims: Dimensions, at_s: float) -> StatisticSet:
        """Return the period that `at_s` falls in, empty if it is new."""
        key = (scope, metric, dims)
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = Series(scope=scope, metric=metric, dimensions=dims)
        start_s = at_s - at_s % self.period_s
        if not series.points or series.points[-1].start_s < start_s:
            series.points.append(
                StatisticSet(start_s=start_s, count=0, total=0.0, minimum=float("inf"), maximum=float("-inf"))
            )
        return series.points[-1]

    @staticmethod
    def _set(point: StatisticSet, value: float) -> None:
        point.count, point.total, point.minimum, point.maximum = 1, value, value, value


def merged(
    all_series: Iterable[Series], *, start_s: float, end_s: float, period_s: float
) -> Iterator[StatisticSet]:
    """Merge series into periods that begin at `start_s`, oldest first; periods without data are left out.

    Args:
        all_series: The series.
        start_s: From when, seconds since 1970, included.
        end_s: Until when, excluded.
        period_s: Length of a period, in seconds.
    """
    periods: dict[float, StatisticSet] = {}
    for series in all_series:
        for point in series.points:
            if not start_s <= point.start_s < end_s or not point.count:
                continue
            begin_s = start_s + (point.start_s - start_s) // period_s * period_s
            known = periods.setdefault(
                begin_s,
                StatisticSet(
                    start_s=begin_s, count=0, total=0.0, minimum=float("inf"), maximum=float("-inf")
                ),
            )
            known.merge(point)
    for begin_s in sorted(periods):
        yield periods[begin_s]
