"""Run the catalogue over facts; stop every branch at its first broken link. Pure."""

from collections.abc import Mapping, Sequence

from twinspan.results import CheckResult, Finding, Outcome
from twinspan.verify.catalogue import CATALOGUE
from twinspan.verify.check import Check
from twinspan.verify.facts import Facts


def evaluate(facts: Facts, *, catalogue: Sequence[Check] = CATALOGUE) -> tuple[CheckResult, ...]:
    """Judge every check, in order.

    A failure that an earlier failure on the same branch explains is reported as skipped, with the earlier one
    named, so that what remains is what to mend. What passes stays passed: it was seen.
    """
    raw: dict[str, tuple[Finding, ...]] = {}
    results = []
    known = {check.id: check for check in catalogue}
    for check in catalogue:
        if not check.applies(facts):
            continue
        ancestors = _ancestors(check, known)
        earlier = {identifier: raw[identifier] for identifier in raw if identifier in ancestors}
        raw[check.id] = tuple(check.examine(facts)) or (_nothing(),)
        findings = tuple(_explained(finding, earlier) for finding in raw[check.id])
        results.append(
            CheckResult(
                id=check.id,
                title=check.title,
                section=check.section,
                findings=findings,
                notes=tuple(check.notes(facts)),
            )
        )
    return tuple(results)


def _nothing() -> Finding:
    # A check without an object has proven nothing, so it must not be green.
    return Finding(
        subject="none",
        outcome=Outcome.INCONCLUSIVE,
        evidence="there is nothing of this kind to check",
        remedy="Build the network with `twinspan apply`, or name the environment that was built",
    )


def _ancestors(check: Check, by_id: Mapping[str, Check]) -> frozenset[str]:
    found: set[str] = set()
    waiting = list(check.after)
    while waiting:
        identifier = waiting.pop()
        if identifier not in found:
            found.add(identifier)
            waiting += by_id[identifier].after
    return frozenset(found)


def _explained(finding: Finding, earlier: Mapping[str, tuple[Finding, ...]]) -> Finding:
    if not finding.bad:
        return finding
    own = [(i, c) for i, found in earlier.items() for c in found if c.bad and _same_branch(finding, c)]
    whole = [(i, found[0]) for i, found in earlier.items() if all(cause.bad for cause in found)]
    for identifier, cause in [*own, *whole]:
        evidence = f"not judged: {identifier} failed for {cause.subject}"
        return finding.model_copy(update={"outcome": Outcome.SKIPPED, "evidence": evidence, "remedy": ""})
    return finding


def _same_branch(finding: Finding, cause: Finding) -> bool:
    return cause.branch != "" and cause.branch in {finding.branch, *finding.needs}
