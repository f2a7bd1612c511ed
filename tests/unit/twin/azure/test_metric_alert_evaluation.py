"""What metric alerts find in series, against a second formulation made from the raw samples."""

import random
from collections.abc import Callable
from statistics import mean
from typing import Any

import pytest

from twinspan.twin.azure.alerts.book import Alert, AlertBook
from twinspan.twin.azure.alerts.engine import HEALTHY_CHECKS, AlertEngine
from twinspan.twin.azure.alerts.rule import Rule, evaluate, rules_of
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.store import Resource
from twinspan.twin.metrics.clock import CLOUD_GRAIN_S, Clock
from twinspan.twin.metrics.series import MetricStore, dimensions

PERIOD_S = 10
BEGIN_S = 1_000_000
GROUP = "/subscriptions/s/resourceGroups/g/providers"
GATEWAY = f"{GROUP}/Microsoft.Network/virtualNetworkGateways/gw"
OPERATORS = {
    "Equals": lambda value: value == 0.5,
    "GreaterThan": lambda value: value > 0.5,
    "GreaterThanOrEqual": lambda value: value >= 0.5,
    "LessThan": lambda value: value < 0.5,
    "LessThanOrEqual": lambda value: value <= 0.5,
}
AGGREGATIONS: dict[str, Callable[[list[float]], float]] = {
    "Average": mean,
    "Count": len,
    "Maximum": max,
    "Minimum": min,
    "Total": sum,
}


def criterion(**changes: Any) -> dict[str, Any]:
    return {
        "criterionType": "StaticThresholdCriterion",
        "name": "one",
        "metricName": "BgpPeerStatus",
        "operator": "LessThan",
        "threshold": 1.0,
        "timeAggregation": "Maximum",
        "dimensions": [],
        **changes,
    }


def split_by(name: str, *values: str, operator: str = "Include") -> dict[str, Any]:
    return {"name": name, "operator": operator, "values": list(values)}


def rule(*criteria: dict[str, Any], **changes: Any) -> Rule:
    body: dict[str, Any] = {
        "location": "global",
        "properties": {
            "severity": 1,
            "enabled": True,
            "scopes": [GATEWAY],
            "evaluationFrequency": "PT1M",
            "windowSize": "PT5M",
            "criteria": {
                "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
                "allOf": list(criteria),
            },
            **changes,
        },
    }
    identity = ResourceId.parse(f"{GROUP}/Microsoft.Insights/metricAlerts/rule")
    return rules_of(Resource(id=identity, body=body))[0]


class Book:
    """Samples of sessions, kept raw and given to a store."""

    def __init__(self) -> None:
        self.store = MetricStore(period_s=PERIOD_S)
        self.raw: list[tuple[int, str, str, float]] = []

    def sample(self, at_s: int, peer: str, value: float, instance: str = "IN_0") -> None:
        self.raw.append((at_s, peer, instance, value))
        dims = dimensions(BgpPeerAddress=peer, Instance=instance)
        self.store.sample(GATEWAY.lower(), "BgpPeerStatus", dims, value, BEGIN_S + at_s)

    def advance(self, now_s: float) -> None:
        self.store.advance(BEGIN_S + now_s)


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize(("window", "periods"), [("PT5M", 1), ("PT15M", 3)])
def test_it_finds_what_the_raw_samples_say(
    aggregation: str, operator: str, window: str, periods: int
) -> None:
    chance = random.Random(f"{aggregation}{operator}{window}")
    book = Book()
    for at_s in range(60):
        for peer in ("a", "b"):
            book.sample(at_s, peer, chance.choice([0, 0.5, 1]))
    book.advance(57)
    end_s, start_s = 50, 50 - periods * PERIOD_S
    expected_results: dict[str, tuple[Any, bool]] = {}
    for peer in ("a", "b"):
        values = [value for at_s, own, _, value in book.raw if own == peer and start_s <= at_s < end_s]
        value = float(AGGREGATIONS[aggregation](values))
        expected_results[peer] = (pytest.approx(value), OPERATORS[operator](value))
    asked = criterion(
        timeAggregation=aggregation,
        operator=operator,
        threshold=0.5,
        dimensions=[split_by("BgpPeerAddress", "*")],
    )
    evaluations = evaluate(rule(asked, windowSize=window), book.store)
    assert {
        dict(evaluation.dimensions)["BgpPeerAddress"]: (evaluation.values[0], evaluation.met)
        for evaluation in evaluations
    } == expected_results


def test_without_dimensions_all_series_are_one() -> None:
    book = Book()
    for at_s in range(20):
        book.sample(at_s, "a", 0)
        book.sample(at_s, "b", 1)
    book.advance(20)
    (evaluation,) = evaluate(rule(criterion()), book.store)
    assert (evaluation.dimensions, evaluation.values, evaluation.met) == ((), (1,), False)


def test_values_choose_and_exclude() -> None:
    book = Book()
    for peer in ("a", "b", "c"):
        book.sample(1, peer, 0)
    book.advance(10)

    def peers(**how: Any) -> set[str]:
        asked = rule(criterion(dimensions=[split_by("BgpPeerAddress", "a", "B", **how)]))
        return {dict(evaluation.dimensions)["BgpPeerAddress"] for evaluation in evaluate(asked, book.store)}

    assert peers() == {"a", "b"}
    assert peers(operator="Exclude") == {"c"}


def test_of_several_criteria_all_must_hold() -> None:
    book = Book()
    for at_s in range(10):
        book.sample(at_s, "a", 0)
        book.sample(at_s, "b", 1)
    book.advance(10)
    down = criterion(name="down", dimensions=[split_by("BgpPeerAddress", "a")])
    other = criterion(name="other", dimensions=[split_by("BgpPeerAddress", "b")])
    up = {**other, "operator": "GreaterThanOrEqual"}
    assert [evaluation.met for evaluation in evaluate(rule(down, up), book.store)] == [True]
    assert [evaluation.met for evaluation in evaluate(rule(down, other), book.store)] == [False]
    missing = criterion(name="missing", dimensions=[split_by("BgpPeerAddress", "z")])
    assert evaluate(rule(down, missing), book.store) == ()


def test_a_rule_that_is_off_evaluates_nothing() -> None:
    on = rule(criterion())
    identity = ResourceId.parse(on.id)
    body: dict[str, Any] = {
        "location": "global",
        "properties": {
            "severity": 1,
            "enabled": False,
            "scopes": [GATEWAY],
            "evaluationFrequency": "PT1M",
            "windowSize": "PT5M",
            "criteria": {
                "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
                "allOf": [criterion()],
            },
        },
    }
    assert rules_of(Resource(id=identity, body=body)) == ()


def played(values: list[float | None], **changes: Any) -> tuple[tuple[Alert, ...], AlertBook, Rule]:
    """One value for each period; the rule is evaluated after each. None: no data in that period."""
    book, alerts = Book(), AlertBook()
    watched = rule(criterion(), evaluationFrequency="PT5M", **changes)
    engine = AlertEngine(book.store, alerts, rules=lambda: [watched], group_of=lambda _: None)
    for number, value in enumerate(values):
        if value is not None:
            book.sample(number * PERIOD_S, "a", value)
        book.advance((number + 1) * PERIOD_S)
        engine.tick(BEGIN_S + (number + 1) * PERIOD_S)
    engine.stop()
    return alerts.alerts(), alerts, watched


def test_it_fires_once_and_resolves_after_three_good_checks_in_a_row() -> None:
    assert HEALTHY_CHECKS == 3
    (alert,), _, _ = played([1, 0, 0, 1, 1, 0, 1, 1])
    assert alert.condition == "Fired"
    assert alert.fired_s == BEGIN_S + 2 * PERIOD_S
    (alert,), alerts, watched = played([1, 0, 0, 1, 1, 0, 1, 1, 1])
    assert alert.condition == "Resolved"
    assert alert.resolved_s == BEGIN_S + 9 * PERIOD_S
    assert [health_state.healthy for health_state in alerts.health(watched.id)] == [True]


def test_after_it_has_resolved_it_fires_anew() -> None:
    alerts, _, _ = played([0, 1, 1, 1, 0])
    assert [alert.condition for alert in alerts] == ["Fired", "Resolved"]


def test_missing_data_changes_nothing() -> None:
    assert played([None, None, None])[0] == ()
    (alert,), _, _ = played([0, None, None, None, None])
    assert alert.condition == "Fired"


def test_without_mitigation_it_fires_every_time_and_never_resolves() -> None:
    alerts, _, _ = played([0, 0, 1, 1, 1], autoMitigate=False)
    assert [alert.condition for alert in alerts] == ["Fired", "Fired"]


def test_the_notification_says_what_when_and_why() -> None:
    (alert,), _, _ = played([0])
    body: Any = alert.notification()
    essentials, context = body["data"]["essentials"], body["data"]["alertContext"]
    assert body["schemaId"] == "azureMonitorCommonAlertSchema"
    assert (essentials["severity"], essentials["monitorCondition"]) == ("Sev1", "Fired")
    assert essentials["alertTargetIDs"] == [GATEWAY.lower()]
    assert "resolvedDateTime" not in essentials
    assert context["conditionType"] == "SingleResourceMultipleMetricCriteria"
    assert context["condition"]["allOf"][0]["metricValue"] == 0


def test_a_twin_runs_faster_than_the_cloud_by_the_ratio_of_their_grains() -> None:
    clock = Clock(period_s=10)
    assert clock.twin_s(CLOUD_GRAIN_S) == 10
    assert clock.cloud_s(clock.twin_s(60)) == 60
    assert Clock(period_s=CLOUD_GRAIN_S).factor == 1
