"""What `check` answers."""

from typing import Literal

from pydantic import Field

from twinspan.results import CheckResult, Outcome, Severity, Verdict
from twinspan.results.document import derived


class Report(Verdict):
    """The output of `twinspan check --format json`: all that it found in a plan, a state or a network."""

    schema_: Literal["twinspan/check/2"] = Field(default="twinspan/check/2", alias="schema")
    plan: str = Field(description="What was looked at: the name of a plan, a state or a place.")
    fail_on: Severity = Field(
        default=Severity.ERROR, description="From which severity on a finding fails the whole."
    )
    allow_inconclusive: bool = Field(default=False, description="Let pass what is not known.")
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
        """How many findings are left open by what is not known."""
        return self.findings(Outcome.INCONCLUSIVE)
