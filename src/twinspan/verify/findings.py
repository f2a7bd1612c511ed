"""What `verify` answers: findings, grouped by check, and the verdict over all of them."""

from dataclasses import dataclass
from enum import StrEnum

SCHEMA = "twinspan/verify/1"
"""Name and version of the JSON form; the number rises when a reader of the old form would break."""

DRIFT_SECTION = "Drift"
"""Of checks that compare with the plan: what they find may be why something else is broken, or harmless."""


class Outcome(StrEnum):
    """How one check of one object ended."""

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    """The cloud did not say, so nothing is proven; counts as failed."""
    SKIPPED = "skipped"
    """Not judged, with the reason as evidence: an earlier link is broken, or the means are missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check of one object.

    Attributes:
        subject: The object, by the name or id that the user's tools know.
        outcome: How it ended.
        evidence: What the cloud said, or why it was skipped.
        command: The aws, az or shell command that shows the same; empty if there is none.
        remedy: What to do; empty when passed.
        fault: The word that the clouds' own tools or Batfish have for it, e.g. `PeerReachability`; empty if
            there is none.
        branch: What the finding stands on: a tunnel's key, a route table's or subnet's id; empty for
            the network as a whole. A broken link stops later checks on its own branch only.
        needs: Further branches it stands on.
    """

    subject: str
    outcome: Outcome
    evidence: str
    command: str = ""
    remedy: str = ""
    fault: str = ""
    branch: str = ""
    needs: frozenset[str] = frozenset()

    @property
    def bad(self) -> bool:
        """Whether it keeps the whole from being green by itself."""
        return self.outcome in {Outcome.FAIL, Outcome.INCONCLUSIVE}

    def as_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "subject": self.subject,
            "outcome": self.outcome.value,
            "evidence": self.evidence,
            "command": self.command,
            "remedy": self.remedy,
            "fault": self.fault,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One check over all of its objects.

    Attributes:
        id: Stable id, e.g. `VPN-03`.
        title: What must be true, in one phrase.
        section: The layer it belongs to.
        findings: One per object; never empty.
        notes: What looks wrong in the clouds' answers but is as it must be.
    """

    id: str
    title: str
    section: str
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The worst of its findings."""
        order = (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.SKIPPED)
        seen = {finding.outcome for finding in self.findings}
        return next((outcome for outcome in order if outcome in seen), Outcome.PASS)

    @property
    def passed_count(self) -> int:
        """How many of its objects passed."""
        return sum(finding.outcome is Outcome.PASS for finding in self.findings)

    def as_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "id": self.id,
            "title": self.title,
            "section": self.section,
            "outcome": self.outcome.value,
            "passed": self.passed_count,
            "total": len(self.findings),
            "findings": [finding.as_dict() for finding in self.findings],
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Everything `verify` found at one moment.

    Attributes:
        expected_from: Where the expectation comes from, e.g. `Terraform outputs`.
        results: In the order of the catalogue.
        duration_s: How long reading and probing took, seconds.
    """

    expected_from: str
    results: tuple[CheckResult, ...]
    duration_s: float

    @property
    def passed(self) -> bool:
        """Whether nothing failed and nothing stayed open."""
        return bool(self.results) and not self.failures

    @property
    def failures(self) -> tuple[tuple[CheckResult, Finding], ...]:
        """Every failed or inconclusive finding with its check; the first is the first broken link.

        What follows from an earlier one is not among them: it is skipped.
        """
        return tuple(
            (result, finding) for result in self.results for finding in result.findings if finding.bad
        )

    @property
    def root_causes(self) -> tuple[tuple[CheckResult, Finding], ...]:
        """The failures of what exists, without what merely differs from the plan."""
        return tuple(pair for pair in self.failures if pair[0].section != DRIFT_SECTION)

    @property
    def drift(self) -> tuple[tuple[CheckResult, Finding], ...]:
        """What differs from the plan."""
        return tuple(pair for pair in self.failures if pair[0].section == DRIFT_SECTION)

    def result(self, check_id: str) -> CheckResult:
        """Return one check's result.

        Raises:
            KeyError: The catalogue has no such check.
        """
        for result in self.results:
            if result.id == check_id:
                return result
        raise KeyError(check_id)

    def as_dict(self) -> dict[str, object]:
        """Return the versioned JSON form."""
        return {
            "schema": SCHEMA,
            "passed": self.passed,
            "expected_from": self.expected_from,
            "duration_s": round(self.duration_s, 3),
            "root_causes": [_named(*pair) for pair in self.root_causes],
            "drift": [_named(*pair) for pair in self.drift],
            "checks": [result.as_dict() for result in self.results],
        }


def _named(result: CheckResult, finding: Finding) -> dict[str, str]:
    return {"check": result.id, "subject": finding.subject}
