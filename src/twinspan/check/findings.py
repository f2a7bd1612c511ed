"""What `check` answers: findings, grouped by check, and the verdict over all of them."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

SCHEMA = "twinspan/check/1"
"""Name and version of the JSON form; the number rises when a reader of the old form would break."""


class Severity(IntEnum):
    """How bad it is if a check does not hold; ordered."""

    INFO = 1
    """Worth knowing; nothing is wrong."""
    WARNING = 2
    """It will work, but worse than it could."""
    ERROR = 3
    """It cannot be built, or will not carry traffic."""

    @property
    def word(self) -> str:
        """The name in small letters."""
        return self.name.lower()


class Outcome(StrEnum):
    """How a check, or one finding of it, ended."""

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    """The plan does not say, so nothing is proven; fails unless it is allowed."""
    WAIVED = "waived"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that does not hold, or cannot be told.

    Attributes:
        where: Terraform address, and argument if there is one.
        problem: What is wrong, with the offending value in it.
        remedy: What to write instead; empty for pure information.
        outcome: `FAIL` or `INCONCLUSIVE`; `WAIVED` once a waiver has met it.
        waiver: The reason given in the waiver.
    """

    where: str
    problem: str
    remedy: str = ""
    outcome: Outcome = Outcome.FAIL
    waiver: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the JSON form."""
        return {
            "where": self.where,
            "problem": self.problem,
            "remedy": self.remedy,
            "outcome": self.outcome.value,
            "waiver": self.waiver,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One check of the whole plan.

    Attributes:
        id: Stable id, e.g. `ADDR-01`.
        title: What must be true, in one phrase.
        severity: How bad it is.
        findings: Empty if it holds.
    """

    id: str
    title: str
    severity: Severity
    findings: tuple[Finding, ...]

    @property
    def outcome(self) -> Outcome:
        """The worst of its findings."""
        seen = {finding.outcome for finding in self.findings}
        order = (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.WAIVED)
        return next((outcome for outcome in order if outcome in seen), Outcome.PASS)

    def as_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "id": self.id,
            "title": self.title,
            "severity": self.severity.word,
            "outcome": self.outcome.value,
            "findings": [finding.as_dict() for finding in self.findings],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything `check` found in one plan.

    Attributes:
        source: The plan's name.
        results: Every check, in the order of the catalogue.
        fail_on: From which severity on a finding fails the whole.
        allow_inconclusive: Whether what the plan does not tell is let pass.
        notes: About the waivers: unused or expired ones.
    """

    source: str
    results: tuple[CheckResult, ...]
    fail_on: Severity = Severity.ERROR
    allow_inconclusive: bool = False
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing that counts was found."""
        return bool(self.results) and not any(self.counts(result) for result in self.results)

    def counts(self, result: CheckResult) -> bool:
        """Whether this result fails the whole."""
        if result.outcome is Outcome.FAIL and result.severity >= self.fail_on:
            return True
        unclear = any(finding.outcome is Outcome.INCONCLUSIVE for finding in result.findings)
        return unclear and not self.allow_inconclusive

    def total(self, severity: Severity) -> int:
        """Return how many findings of a severity failed."""
        return sum(
            finding.outcome is Outcome.FAIL
            for result in self.results
            if result.severity is severity
            for finding in result.findings
        )

    @property
    def inconclusive(self) -> int:
        """How many findings could not be told."""
        return sum(
            finding.outcome is Outcome.INCONCLUSIVE for result in self.results for finding in result.findings
        )

    def as_dict(self) -> dict[str, object]:
        """Return the versioned JSON form."""
        return {
            "schema": SCHEMA,
            "passed": self.passed,
            "plan": self.source,
            "fail_on": self.fail_on.word,
            "allow_inconclusive": self.allow_inconclusive,
            "errors": self.total(Severity.ERROR),
            "warnings": self.total(Severity.WARNING),
            "inconclusive": self.inconclusive,
            "checks": [result.as_dict() for result in self.results],
            "notes": list(self.notes),
        }


def unclear(where: str, problem: str) -> Finding:
    """Return the finding that the plan does not tell something."""
    return Finding(
        where=where,
        problem=problem,
        remedy="Write the value where a plan can see it, or plan again once what it depends on exists",
        outcome=Outcome.INCONCLUSIVE,
    )
