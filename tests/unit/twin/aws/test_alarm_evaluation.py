"""What state points put an alarm in, against AWS's own words, written down a second time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinspan.twin.aws.alarms.evaluation import COMPARISONS, AlarmState, MissingData, judge
from twinspan.twin.aws.metric_math import evaluate

POINTS = st.lists(st.sampled_from([0.0, 0.5, 1.0, None]), min_size=1, max_size=5)


def by_the_book(points: list[float | None], to_alarm: int, missing: MissingData) -> AlarmState | None:
    """Less than 1 breaches. Every period gets a letter, and the letters are counted.

    Source: CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data".
    """
    letters = "".join("-" if point is None else "X" if point < 1 else "0" for point in points)
    if missing == "breaching":
        return "ALARM" if letters.replace("-", "X").count("X") >= to_alarm else "OK"
    if missing == "notBreaching":
        return "ALARM" if letters.count("X") >= to_alarm else "OK"
    if letters.count("X") >= to_alarm:
        return "ALARM"
    if set(letters) == {"-"}:
        return "INSUFFICIENT_DATA" if missing == "missing" else None
    could = letters.replace("-", "X").count("X") >= to_alarm
    return None if missing == "ignore" and could else "OK"


@given(
    points=POINTS,
    share=st.floats(0, 1),
    missing=st.sampled_from(["missing", "breaching", "notBreaching", "ignore"]),
)
def test_states_are_those_of_the_book(points: list[float | None], share: float, missing: MissingData) -> None:
    to_alarm = max(1, round(share * len(points)))
    state = judge(points, comparison="LessThanThreshold", threshold=1, to_alarm=to_alarm, missing=missing)
    assert state == by_the_book(points, to_alarm, missing)


@pytest.mark.parametrize(
    ("comparison", "alarms"),
    [
        ("LessThanThreshold", [True, False, False]),
        ("LessThanOrEqualToThreshold", [True, True, False]),
        ("GreaterThanThreshold", [False, False, True]),
        ("GreaterThanOrEqualToThreshold", [False, True, True]),
    ],
)
def test_comparisons(comparison: str, alarms: list[bool]) -> None:
    assert comparison in COMPARISONS
    states = [
        judge([point], comparison=comparison, threshold=1, to_alarm=1, missing="missing") == "ALARM"
        for point in (0.0, 1.0, 2.0)
    ]
    assert states == alarms


def test_fill_puts_a_number_where_a_metric_is_silent() -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    times = [noon, noon + timedelta(minutes=5), noon + timedelta(minutes=10)]
    known = {"a": {times[0]: 1.0}, "b": {times[0]: 1.0, times[1]: 1.0}}
    assert evaluate("FILL(a, 0) + FILL(b, 0)", known, times=times) == {
        times[0]: 2.0,
        times[1]: 1.0,
        times[2]: 0.0,
    }
    assert evaluate("a + b", known, times=times) == {times[0]: 2.0}


@pytest.mark.parametrize("expression", ["FILL(a)", "FILL(1, 0)", "FILL(a, b)", "SUM(a)", "FILL(a, 0, 1)"])
def test_other_functions_and_arguments_are_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="FILL"):
        evaluate(expression, {"a": {}, "b": {}})
