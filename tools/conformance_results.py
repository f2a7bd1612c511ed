"""How upstream's tests ended, read from their JUnit file and judged by the list of expected failures."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from twinspan.errors import DesignError

CLUSTERS = ("eks", "aks")
_SEPARATOR = " :: "
_NOT_RUN = {"skipped", "pending"}
_KIND = "[It] "
"""Before the name of each test; what prepares or ends a run has another word there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A line of the list.

    Attributes:
        clusters: On which clusters it fails: of `CLUSTERS`.
        test: Full name, or a regular expression that is found in it.
        reason: Why it cannot pass.
    """

    clusters: frozenset[str]
    test: str
    reason: str

    def fits(self, name: str) -> bool:
        """Whether it speaks of a test."""
        return self.test == name or re.search(self.test, name) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How the tests of one cluster ended.

    Attributes:
        cluster: Of `CLUSTERS`.
        run: How many ran.
        passed: How many passed.
        listed: Names of those that failed and are in the list.
        problems: Why the run is a failure, each in one line; none if it is a success.
        took_s: Duration of the tests, in seconds.
    """

    cluster: str
    run: int
    passed: int
    listed: tuple[str, ...]
    problems: tuple[str, ...]
    took_s: float

    @property
    def line(self) -> str:
        """The figures."""
        counted = f"{self.run} run, {self.passed} passed, {len(self.listed)} failed as listed"
        return f"{self.cluster}: {counted}, {len(self.problems)} problems, {self.took_s / 60:.1f} minutes"


def read_expected(path: Path) -> tuple[Expected, ...]:
    """Read the list: `clusters :: test :: reason` a line; empty lines and those with `#` are passed over.

    Raises:
        DesignError: A line is of another form.
    """
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
    entries = ((number, line) for number, line in lines if line.strip() and not line.startswith("#"))
    return tuple(_expected(line, where=f"{path} line {number}") for number, line in entries)


def _expected(line: str, *, where: str) -> Expected:
    parts = [part.strip() for part in line.split(_SEPARATOR)]
    clusters = frozenset(parts[0].replace(" ", "").split(","))
    if len(parts) != len(("clusters", "test", "reason")) or not all(parts) or not clusters <= set(CLUSTERS):
        raise DesignError(
            where=where,
            problem=f"{line!r} is not of the form clusters{_SEPARATOR}test{_SEPARATOR}reason",
            remedy=f"Name clusters of {', '.join(CLUSTERS)}, a test and a reason",
        )
    try:
        re.compile(parts[1])
    except re.error as error:
        raise DesignError(
            where=where,
            problem=f"{parts[1]!r} is no regular expression: {error}",
            remedy="Put a backslash before each of its signs that stands for itself",
        ) from error
    return Expected(clusters=clusters, test=parts[1], reason=parts[2])


def read_junit(path: Path) -> Mapping[str, str]:
    """Return full name -> how it ended (`passed`, `failed`, `timedout`, ...) of the tests that ran.

    What prepares a run or ends it is among them if it did not pass.

    Raises:
        OSError: The file is not there: the tests never began.
        ElementTree.ParseError: It is not whole.
    """
    ended: dict[str, str] = {}
    for case in ET.parse(path).iter("testcase"):  # noqa: S314 - our own run wrote it
        name, status = case.get("name", ""), case.get("status", "")
        if status in _NOT_RUN or (not name.startswith(_KIND) and status == "passed"):
            continue
        ended[name.removeprefix(_KIND)] = status
    return ended


def judge(
    cluster: str, ended: Mapping[str, str], expected: Sequence[Expected], *, whole: bool, took_s: float
) -> Verdict:
    """Compare how tests ended with the list.

    Args:
        cluster: Of `CLUSTERS`.
        ended: Full name -> how it ended.
        expected: The list.
        whole: All tests were to run, so that a line that fits none is of no use.
        took_s: Duration of the tests, in seconds.
    """
    here = [one for one in expected if cluster in one.clusters]
    listed = {name for name in ended if any(one.fits(name) for one in here)}
    failed = {name for name, status in ended.items() if status != "passed"}
    problems = [f"{ended[name]}: {name}" for name in sorted(failed - listed)]
    problems += [f"passed, though it is listed: {name}" for name in sorted(listed - failed)]
    problems += _useless(here, ended) if whole else []
    problems += [] if ended else ["no test ran"]
    return Verdict(
        cluster=cluster,
        run=len(ended),
        passed=len(ended) - len(failed),
        listed=tuple(sorted(listed & failed)),
        problems=tuple(problems),
        took_s=took_s,
    )


def _useless(expected: Iterable[Expected], ended: Mapping[str, str]) -> list[str]:
    return [
        f"listed, though no such test ran: {one.test}"
        for one in expected
        if not any(one.fits(name) for name in ended)
    ]


def by_reason(verdict: Verdict, expected: Sequence[Expected]) -> Mapping[str, int]:
    """Return reason -> how many of the listed failures have it."""
    here = [one for one in expected if verdict.cluster in one.clusters]
    return Counter(next(one.reason for one in here if one.fits(name)) for name in verdict.listed)
