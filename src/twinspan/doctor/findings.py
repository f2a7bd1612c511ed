"""What `doctor` answers: the same findings as `verify`, over the machine, the tools and the accounts."""

from collections.abc import Callable
from dataclasses import dataclass

from twinspan.errors import CloudRefusedError, CloudUnreachableError
from twinspan.verify.findings import CheckResult, Finding, Outcome

SCHEMA = "twinspan/doctor/1"
"""Name and version of the JSON form; the number rises when a reader of the old form would break."""

MACHINE, TOOLS, AWS, AZURE = "This machine", "Tools", "AWS account", "Azure subscription"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Everything `doctor` found at one moment.

    Attributes:
        results: In the order of the catalogue.
        duration_s: How long looking took, seconds.
    """

    results: tuple[CheckResult, ...]
    duration_s: float

    @property
    def passed(self) -> bool:
        """Whether nothing is missing and nothing stayed open."""
        return not any(finding.bad for result in self.results for finding in result.findings)

    def result(self, check_id: str) -> CheckResult:
        """Return one check's result. Raises KeyError if there is no such check."""
        for result in self.results:
            if result.id == check_id:
                return result
        raise KeyError(check_id)

    def as_dict(self) -> dict[str, object]:
        """Return the versioned JSON form."""
        return {
            "schema": SCHEMA,
            "passed": self.passed,
            "duration_s": round(self.duration_s, 3),
            "checks": [result.as_dict() for result in self.results],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that is looked at.

    Attributes:
        id: Stable id, e.g. `AWS-03`.
        title: What must be true, in one phrase.
        section: Where it is shown.
        source: What it rests on.
    """

    id: str
    title: str
    section: str
    source: str

    def of(self, *findings: Finding) -> CheckResult:
        """Return the result that holds these findings."""
        return CheckResult(id=self.id, title=self.title, section=self.section, findings=findings)

    def skipped(self, reason: str) -> CheckResult:
        """Return the result of a check that was not made."""
        return self.of(Finding(subject="not looked at", outcome=Outcome.SKIPPED, evidence=reason))

    def guarded(self, look: Callable[[], tuple[Finding, ...]], *, command: str, remedy: str) -> CheckResult:
        """Return what `look` finds; an API that refuses or is silent is a finding too.

        Args:
            look: Asks.
            command: Which command shows the same.
            remedy: What to do if the API refuses.
        """
        try:
            return self.of(*look())
        except CloudRefusedError as error:
            outcome, text = Outcome.INCONCLUSIVE, str(error)
        except CloudUnreachableError as error:
            outcome, text = Outcome.FAIL, str(error)
            remedy = "Check the network, the proxy settings and the endpoint"
        return self.of(
            Finding(subject=self.title, outcome=outcome, evidence=text, command=command, remedy=remedy)
        )


def good(subject: str, evidence: str, *, command: str = "") -> Finding:
    """Return a finding that is as it must be."""
    return Finding(subject=subject, outcome=Outcome.PASS, evidence=evidence, command=command)


def bad(subject: str, evidence: str, *, remedy: str, command: str = "") -> Finding:
    """Return a finding that must be put right; `remedy` is the command that does."""
    return Finding(subject=subject, outcome=Outcome.FAIL, evidence=evidence, command=command, remedy=remedy)


def unneeded(subject: str, evidence: str) -> Finding:
    """Return a finding about something that is not there and need not be."""
    return Finding(subject=subject, outcome=Outcome.SKIPPED, evidence=evidence)
