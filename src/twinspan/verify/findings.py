"""What `verify` answers."""

from typing import Annotated, Literal

from pydantic import Field, PlainSerializer

from twinspan.results import CheckResult, Finding, Outcome, Severity, Verdict
from twinspan.results.document import Document, Thousandths, derived
from twinspan.rules.sections import Section


class Reference(Document):
    """A finding, by its check and subject."""

    check: str
    subject: str


def _reference(pair: tuple[CheckResult, Finding]) -> Reference:
    result, finding = pair
    return Reference(check=result.id, subject=finding.subject)


FindingOfCheck = Annotated[tuple[CheckResult, Finding], PlainSerializer(_reference)]
"""A finding with its check; in JSON, a reference to it."""


class Verification(Verdict):
    """The output of `twinspan verify --format json`: everything that it found at one moment."""

    schema_: Literal["twinspan/verify/1"] = Field(default="twinspan/verify/1", alias="schema")
    expected_from: str = Field(description="Where the expectation comes from, e.g. `Terraform state of dev`.")
    duration_s: Thousandths = Field(ge=0, description="How long reading and probing took.")

    def counts(self, result: CheckResult) -> bool:
        """Whether this result fails the whole: packets flow in spite of warnings."""
        return result.outcome.bad and result.severity is Severity.ERROR

    @property
    def tunnels(self) -> CheckResult:
        """The rule that counts the tunnels which carry traffic: with routes, or without BGP with IPsec up.

        Raises:
            KeyError: Neither was judged.
        """
        with_routes = self.result("BGP-13")
        return (
            with_routes if any(finding.branch for finding in with_routes.findings) else self.result("VPN-03")
        )

    @property
    def failures(self) -> tuple[FindingOfCheck, ...]:
        """Every failed or inconclusive finding with its check; the first is the first broken link.

        What follows from an earlier one is not among them: it is skipped.
        """
        return tuple(
            (result, finding)
            for result in self.results
            if self.counts(result)
            for finding in result.findings
            if finding.bad
        )

    @derived
    def warnings(self) -> int:
        """How many findings are warnings."""
        return sum(
            result.count(Outcome.FAIL) for result in self.results if result.severity is Severity.WARNING
        )

    @derived
    def root_causes(self) -> tuple[FindingOfCheck, ...]:
        """What to repair, most basic first: failures of what exists, without what differs from the plan."""
        return tuple(pair for pair in self.failures if pair[0].section != Section.DRIFT)

    @derived
    def drift(self) -> tuple[FindingOfCheck, ...]:
        """What differs from Terraform's state."""
        return tuple(pair for pair in self.failures if pair[0].section == Section.DRIFT)
