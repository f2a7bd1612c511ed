"""What `verify` answers."""

from typing import Annotated, Literal

from pydantic import Field, PlainSerializer

from twinspan.results import CheckResult, Finding, Verdict
from twinspan.results.document import Document, Thousandths, derived

DRIFT_SECTION = "Drift"
"""Of checks that compare with the plan: what they find may be why something else is broken, or harmless."""


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
    expected_from: str = Field(description="Where the expectation comes from, e.g. `Terraform outputs`.")
    duration_s: Thousandths = Field(ge=0, description="How long reading and probing took.")

    @property
    def failures(self) -> tuple[FindingOfCheck, ...]:
        """Every failed or inconclusive finding with its check; the first is the first broken link.

        What follows from an earlier one is not among them: it is skipped.
        """
        return tuple(
            (result, finding) for result in self.results for finding in result.findings if finding.bad
        )

    @derived
    def root_causes(self) -> tuple[FindingOfCheck, ...]:
        """What to mend, most basic first: failures of what exists, without what differs from the plan."""
        return tuple(pair for pair in self.failures if pair[0].section != DRIFT_SECTION)

    @derived
    def drift(self) -> tuple[FindingOfCheck, ...]:
        """What differs from Terraform's state."""
        return tuple(pair for pair in self.failures if pair[0].section == DRIFT_SECTION)
