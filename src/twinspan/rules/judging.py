"""A rule over one or several networks that no tunnel joins."""

from collections.abc import Sequence
from typing import TypeVar

from twinspan.results import CheckResult, Finding, Severity
from twinspan.rules.rule import Rule

T = TypeVar("T")


def examined(rule: Rule[T], whole: T, parts: Sequence[T]) -> tuple[Finding, ...]:
    """Return what a rule finds in each network, or in the whole; what several networks share, once.

    Args:
        rule: Of configuration or of what is observed.
        whole: Everything.
        parts: The networks in it; often the whole alone.
    """
    findings = [finding for of in ((whole,) if rule.whole else parts) for finding in rule.examine(of)]
    return tuple(findings) if len(parts) == 1 else tuple(dict.fromkeys(findings))


def merged(parts: Sequence[tuple[CheckResult, ...]]) -> tuple[CheckResult, ...]:
    """Return the results of several networks as one: what they share once, and of a severity the worst."""
    if len(parts) == 1:
        return parts[0]
    together: dict[str, CheckResult] = {}
    for result in (result for part in parts for result in part):
        before = together.get(result.id)
        together[result.id] = _both(before, result) if before else result
    return tuple(together.values())


def _both(one: CheckResult, other: CheckResult) -> CheckResult:
    return one.model_copy(
        update={
            "severity": Severity.ERROR if Severity.ERROR in {one.severity, other.severity} else one.severity,
            "findings": tuple(dict.fromkeys((*one.findings, *other.findings))),
            "notes": tuple(dict.fromkeys((*one.notes, *other.notes))),
        }
    )
