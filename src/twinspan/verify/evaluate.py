"""Judge every rule by facts; stop every branch at its first broken link. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TypeVar

from twinspan.results import CheckResult, Finding, Outcome, Severity
from twinspan.rules.catalogue import CATALOGUE, CONFIGURATION
from twinspan.rules.judging import merged
from twinspan.rules.observed.catalogue import OBSERVED
from twinspan.rules.observed.facts import Facts
from twinspan.rules.rule import Depth, Rule
from twinspan.rules.waivers import Waiver, apply_waivers

T = TypeVar("T")

_RULES = {rule.id: rule for rule in CATALOGUE}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cause:
    """A finding that explains another one, and its rule."""

    rule: str
    finding: Finding

    def skip(self, finding: Finding) -> Finding:
        """Return the finding that it explains, as not judged."""
        evidence = f"not judged: {self.rule} failed for {self.finding.subject}"
        return finding.model_copy(update={"outcome": Outcome.SKIPPED, "evidence": evidence, "remedy": ""})


def evaluate(
    facts: Facts, *, waivers: Sequence[Waiver] = (), today: date | None = None
) -> tuple[CheckResult, ...]:
    """Judge all rules, in the order of the catalogue.

    A failure that an earlier failure on the same branch explains is reported as skipped, with the earlier one
    named, so that what remains is what to repair. What passes stays passed: it was seen. A warning that
    explains a failure is an error: packets are lost by it. A waiver that meets nothing is not mentioned: it
    may be about a plan.
    """
    day = today or datetime.now(UTC).date()
    return merged([_evaluated(part, facts, waivers, day) for part in facts.parts])


def _evaluated(facts: Facts, whole: Facts, waivers: Sequence[Waiver], today: date) -> tuple[CheckResult, ...]:
    """Judge one network; `whole` is all of them."""
    waived = apply_waivers(_judged(facts, whole), waivers, today=today)
    results = {result.id: result for result in waived.results}
    causes = {
        identifier: [_cause(finding, _ancestors(identifier), results) for finding in result.findings]
        for identifier, result in results.items()
    }
    grave = {
        cause.rule
        for identifier, rule_causes in causes.items()
        for cause in rule_causes
        if cause and results[identifier].severity is Severity.ERROR
    }
    return tuple(
        result.model_copy(
            update={
                "severity": Severity.ERROR if identifier in grave else result.severity,
                "findings": tuple(
                    cause.skip(finding) if cause else finding
                    for finding, cause in zip(result.findings, causes[identifier], strict=True)
                ),
            }
        )
        for identifier, result in results.items()
    )


def _judged(facts: Facts, whole: Facts) -> tuple[CheckResult, ...]:
    results = {
        **{rule.id: _result(rule, (whole if rule.whole else facts).design) for rule in CONFIGURATION},
        **{
            rule.id: _result(rule, whole if rule.whole else facts, otherwise=(_NOTHING,))
            for rule in OBSERVED
            if rule.applies(facts)
        },
    }
    return tuple(results[rule.id] for rule in CATALOGUE if rule.id in results)


def _result(rule: Rule[T], of: T, *, otherwise: tuple[Finding, ...] = ()) -> CheckResult:
    return CheckResult(
        id=rule.id,
        title=rule.title,
        section=rule.section,
        severity=rule.severity,
        findings=tuple(rule.examine(of)) or otherwise,
        notes=tuple(rule.notes(of)),
    )


_NOTHING = Finding(
    subject="none",
    outcome=Outcome.INCONCLUSIVE,
    evidence="there is nothing of this kind to check",
    remedy="Build the network with `twinspan apply`, or name the environment that was built",
)
"""Of a rule about what is observed, without an object: nothing is proven, so it must not be green."""


def _ancestors(rule_id: str) -> frozenset[str]:
    ancestors: set[str] = set()
    waiting = list(_RULES[rule_id].after)
    while waiting:
        identifier = waiting.pop()
        if identifier not in ancestors:
            ancestors.add(identifier)
            waiting += _RULES[identifier].after
    return frozenset(ancestors)


def _cause(finding: Finding, ancestors: frozenset[str], results: Mapping[str, CheckResult]) -> _Cause | None:
    """Return the first failure that explains one: on its own branch, else that of the network as a whole."""
    if not finding.bad:
        return None
    before = [result for identifier, result in results.items() if identifier in ancestors]
    own = (
        _Cause(rule=result.id, finding=cause)
        for result in before
        for cause in result.findings
        if cause.bad and _same_branch(finding, cause)
    )
    return next(own, None) or next(_of_the_whole(before), None)


def _of_the_whole(before: Sequence[CheckResult]) -> Iterator[_Cause]:
    for result in before:
        observed = _RULES[result.id].needs is not Depth.CONFIGURATION
        if observed and all(cause.bad for cause in result.findings):
            yield _Cause(rule=result.id, finding=result.findings[0])


def _same_branch(finding: Finding, cause: Finding) -> bool:
    return cause.branch != "" and cause.branch in {finding.branch, *finding.needs}
