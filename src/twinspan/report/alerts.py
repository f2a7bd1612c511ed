"""How long alerts took: in the drills that waited for them, and in the tests that make them ring."""

import statistics
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from pathlib import Path

from twinspan.errors import DesignError
from twinspan.report.document import AlertTime, DrillPart

PROPERTY = "time_to_alert_s"
"""What `tests/e2e/test_monitor_alerts.py` records of each alert."""


def read_alerts(file: Path) -> tuple[AlertTime, ...]:
    """Return the times to alert of a JUnit XML file, in its order.

    Raises:
        DesignError: It cannot be read, or has none.
    """
    try:
        cases = ET.parse(file).iter("testcase")  # noqa: S314 - the user's own file, and expat limits entities
        alert_times = tuple(
            AlertTime(name=_sentence(case.get("name", "")), seconds=float(test_property.get("value", "")))
            for case in cases
            for test_property in case.iter("property")
            if test_property.get("name") == PROPERTY
        )
    except (OSError, ET.ParseError, ValueError) as error:
        raise DesignError(
            where=f"--alerts {file}", problem=f"it cannot be read: {error}", remedy="Name a JUnit XML file"
        ) from error
    if not alert_times:
        raise DesignError(
            where=f"--alerts {file}",
            problem=f"no test in it has the property {PROPERTY}",
            remedy="Write it with `pytest tests/e2e/test_monitor_alerts.py --junit-xml FILE`",
        )
    return alert_times


def alerts_of(drills: Sequence[DrillPart]) -> tuple[AlertTime, ...]:
    """Return the times to alert of recorded drills, each drill's own from the quickest on."""
    return tuple(time for drill in drills for time in sorted(_times(drill), key=lambda alert: alert.seconds))


def _times(drill: DrillPart) -> Iterator[AlertTime]:
    waited = [run for run in drill.runs if run.alerts]
    rang: dict[str, list[float]] = {}
    for run in waited:
        for alert in run.alerts:
            rang.setdefault(alert.words, []).append(alert.rang_after_s)
    for words, seconds in rang.items():
        yield AlertTime(
            name=f"{drill.drill}: {words}",
            seconds=statistics.median(seconds),
            measured_by="drill",
            rang_in=len(seconds),
            runs=len(waited),
        )


def _sentence(name: str) -> str:
    return name.removeprefix("test_").replace("_", " ")
