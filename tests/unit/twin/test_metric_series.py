"""Series of metrics: grains, statistics, what is forgotten."""

import math
from datetime import UTC, datetime

import pytest

from twinspan.twin.aws.metric_math import Values, evaluate
from twinspan.twin.metrics.counters import Counters
from twinspan.twin.metrics.series import MetricStore, dimensions, merged

VPN = dimensions(VpnId="vpn-1", TunnelIpAddress="203.0.113.10")
OTHER = dimensions(VpnId="vpn-1", TunnelIpAddress="203.0.113.11")
AT = datetime(2026, 11, 22, tzinfo=UTC)


def points(store: MetricStore, metric: str, period_s: float = 10, **wanted: str) -> list[tuple[float, ...]]:
    periods = merged(store.series("here", metric, **wanted), start_s=0, end_s=1e9, period_s=period_s)
    return [(p.start_s, p.count, p.total, p.minimum, p.maximum) for p in periods]


def test_a_period_can_be_read_when_it_is_over() -> None:
    store = MetricStore(period_s=10)
    store.sample("here", "State", VPN, 1.0, 103)
    store.advance(109.9)
    assert points(store, "State") == []
    store.advance(110)
    assert points(store, "State") == [(100, 1, 1, 1, 1)]


def test_over_two_tunnels_the_minimum_tells_any_down_and_the_maximum_all_down() -> None:
    store = MetricStore(period_s=10)
    store.sample("here", "State", VPN, 1.0, 100)
    store.sample("here", "State", OTHER, 0.0, 101)
    store.advance(200)
    assert points(store, "State", VpnId="vpn-1") == [(100, 2, 1, 0, 1)]
    assert points(store, "State", TunnelIpAddress="203.0.113.11") == [(100, 1, 0, 0, 0)]
    assert points(store, "State", VpnId="vpn-2") == []


def test_bytes_are_one_sample_of_each_period_and_add_up_over_longer_ones() -> None:
    store = MetricStore(period_s=10)
    for at_s in range(100, 120):
        store.add("here", "Data", VPN, 5, at_s)
    store.advance(200)
    assert points(store, "Data") == [(100, 1, 50, 50, 50), (110, 1, 50, 50, 50)]
    assert points(store, "Data", period_s=1000) == [(0, 2, 100, 50, 50)]


def test_a_number_of_routes_is_the_last_one_and_not_their_sum() -> None:
    store = MetricStore(period_s=10)
    for at_s, value in ((100, 3), (105, 2)):
        store.put("here", "Routes", VPN, value, at_s)
    store.advance(200)
    assert points(store, "Routes") == [(100, 1, 2, 2, 2)]


def test_what_is_old_is_forgotten_with_its_series() -> None:
    store = MetricStore(period_s=10, retention_s=100)
    for at_s in range(1000):
        store.sample("here", "State", VPN, 1.0, at_s)
        store.advance(at_s)
    assert len(points(store, "State")) <= 100 / 10 + 1
    store.advance(2000)
    assert store.series("here") == ()
    assert not store._series


def test_another_region_or_gateway_has_its_own_series() -> None:
    store = MetricStore(period_s=10)
    store.sample("there", "State", VPN, 1.0, 100)
    store.advance(200)
    assert store.series("here") == ()


def test_a_counter_that_begins_again_never_shrinks() -> None:
    counters = Counters()
    grown = []
    for at_s, value in enumerate((100, 150, 20, 20)):
        with counters.turn(at_s):
            grown.append(counters.growth(("tunnel",), value))
    assert grown == [0, 50, 20, 0]


def test_throughput_is_computed_where_both_metrics_have_a_value() -> None:
    known: dict[str, Values] = {"a": {AT: 300.0, AT.replace(hour=1): 1.0}, "b": {AT: 300.0}}
    assert evaluate("(a + b) * 8 / 300", known) == {AT: 16.0}
    assert evaluate("a / (b - b)", known) == {}


@pytest.mark.parametrize(
    "expression", ["", "a +", "c", "1 + 2", "a ** 2", "__import__('os')", "a.b", "True * a", "[a]", "-a"]
)
def test_expressions_that_are_not_understood_are_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        evaluate(expression, {"a": {AT: 1.0}})


def test_an_empty_period_never_shows_as_infinite() -> None:
    store = MetricStore(period_s=10)
    store.add("here", "Data", VPN, 0, 100)
    store.advance(200)
    assert all(math.isfinite(value) for row in points(store, "Data") for value in row)
