"""What `doctor` answers about the machine, the tools and the accounts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from twinspan.errors import CloudRefusedError, CloudUnreachableError
from twinspan.results import CheckResult, Finding, Outcome, Verdict
from twinspan.results.document import Thousandths
from twinspan.results.support import Need

MACHINE, TOOLS, AWS, AZURE = "This machine", "Tools", "AWS account", "Azure subscription"


class Diagnosis(Verdict):
    """The output of `twinspan doctor --format json`: everything that it found at one moment."""

    schema_: Literal["twinspan/doctor/1"] = Field(default="twinspan/doctor/1", alias="schema")
    needs: tuple[Need, ...] = Field(
        default=(), description="What the configuration asks for and what a twin has of it; refused first."
    )
    duration_s: Thousandths = Field(ge=0, description="How long looking took.")


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
