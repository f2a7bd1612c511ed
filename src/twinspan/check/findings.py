"""What `check` answers."""

from typing import Literal

from pydantic import Field

from twinspan.results import CheckResult, Finding, Outcome, Severity, Verdict
from twinspan.results.document import derived


class Report(Verdict):
    """The output of `twinspan check --format json`: everything that it found in one plan."""

    schema_: Literal["twinspan/check/2"] = Field(default="twinspan/check/2", alias="schema")
    plan: str = Field(description="The plan's name.")
    fail_on: Severity = Field(
        default=Severity.ERROR, description="From which severity on a finding fails the whole."
    )
    allow_inconclusive: bool = Field(default=False, description="Let pass what the plan does not tell.")
    notes: tuple[str, ...] = Field(default=(), description="About the waivers: unused or expired ones.")

    def counts(self, result: CheckResult) -> bool:
        """Whether this result fails the whole."""
        if result.outcome is Outcome.FAIL and result.severity.at_least(self.fail_on):
            return True
        return result.count(Outcome.INCONCLUSIVE) > 0 and not self.allow_inconclusive

    def findings(self, outcome: Outcome, *severities: Severity) -> int:
        """Return how many findings of all checks, or of those of these severities, ended so."""
        return sum(
            result.count(outcome)
            for result in self.results
            if not severities or result.severity in severities
        )

    @derived
    def errors(self) -> int:
        """How many findings are errors."""
        return self.findings(Outcome.FAIL, Severity.ERROR)

    @derived
    def warnings(self) -> int:
        """How many findings are warnings."""
        return self.findings(Outcome.FAIL, Severity.WARNING)

    @derived
    def inconclusive(self) -> int:
        """How many findings the plan leaves open."""
        return self.findings(Outcome.INCONCLUSIVE)


def unclear(subject: str, evidence: str) -> Finding:
    """Return the finding that the plan does not tell something."""
    return Finding(
        subject=subject,
        evidence=evidence,
        remedy="Write the value where a plan can see it, or plan again once what it depends on exists",
        outcome=Outcome.INCONCLUSIVE,
    )
