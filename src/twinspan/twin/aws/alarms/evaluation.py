"""What state an alarm's data points put it in. Pure.

Source: Amazon CloudWatch User Guide, "Alarm evaluation" and "Configuring how CloudWatch alarms treat missing
data". Simplified: the evaluation range is as long as the evaluation periods; CloudWatch looks back a little
further for points that came late, and the twin has none that do.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

AlarmState = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
MissingData = Literal["missing", "breaching", "notBreaching", "ignore"]

COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanOrEqualToThreshold": operator.le,
    "LessThanThreshold": operator.lt,
}
"""Source: CloudWatch API, PutMetricAlarm; those for anomaly detection are not modelled."""


def judge(
    points: Sequence[float | None],
    *,
    comparison: str,
    threshold: float,
    to_alarm: int,
    missing: MissingData,
) -> AlarmState | None:
    """Return the state that the points of the evaluation periods make.

    Args:
        points: One per period, oldest first; None where there was no data.
        comparison: One of `COMPARISONS`.
        threshold: What points are compared with.
        to_alarm: How many points must breach.
        missing: What a period without data counts as.

    Returns:
        None if the alarm keeps its state.
    """
    breaches = COMPARISONS[comparison]
    known = [breaches(point, threshold) for point in points if point is not None]
    absent = len(points) - len(known)
    sure = sum(known)
    if missing == "breaching":
        return "ALARM" if sure + absent >= to_alarm else "OK"
    if missing == "notBreaching":
        return "ALARM" if sure >= to_alarm else "OK"
    if sure >= to_alarm:
        return "ALARM"
    if not known:
        return None if missing == "ignore" else "INSUFFICIENT_DATA"
    if missing == "ignore" and sure + absent >= to_alarm:
        return None
    return "OK"
