"""A finding: what a check says of one object; and a check's findings together."""

from pydantic import Field

from twinspan.results.document import Document, derived
from twinspan.results.outcome import Outcome, Severity


class Finding(Document):
    """What a check says of one object."""

    subject: str = Field(
        description="The object, by the name or id that the user's tools know; "
        "in a plan, Terraform's address, and the argument if there is one."
    )
    outcome: Outcome = Outcome.FAIL
    evidence: str = Field(description="What is wrong, what the cloud said, or why it was skipped.")
    command: str = Field(default="", description="What shows the same in a shell; may be empty.")
    remedy: str = Field(default="", description="What to do; empty if there is nothing to do.")
    fault: str = Field(default="", description="Batfish's or Network Watcher's word for it; may be empty.")
    waiver: str = Field(default="", description="The reason given in the waiver; empty if there is none.")
    branch: str = Field(
        default="",
        exclude=True,
        description="What it stands on: a tunnel's key, a route table's or subnet's id; empty for the network"
        " as a whole. A failure stops later checks on its own branch only.",
    )
    needs: frozenset[str] = Field(
        default=frozenset(), exclude=True, description="Further branches it stands on."
    )

    @property
    def bad(self) -> bool:
        """Whether it keeps the whole from being good by itself."""
        return self.outcome.bad


def unclear(subject: str, evidence: str) -> Finding:
    """Return the finding that the plan does not tell something."""
    return Finding(
        subject=subject,
        evidence=evidence,
        remedy="Write the value where a plan can see it, or plan again once what it depends on exists",
        outcome=Outcome.INCONCLUSIVE,
    )


class CheckResult(Document):
    """One check over all of its objects."""

    id: str = Field(pattern=r"^[A-Z]{2,4}-\d{2}$", description="Stable, e.g. `VPN-03`.")
    title: str = Field(description="What must be true, in one phrase.")
    section: str = Field(default="", description="The layer it belongs to; empty if it has none.")
    severity: Severity = Field(default=Severity.ERROR, description="How bad it is if it does not hold.")
    findings: tuple[Finding, ...] = Field(
        description="`check` lists only what does not hold; `verify` and `doctor` every object."
    )
    notes: tuple[str, ...] = Field(
        default=(), description="What looks wrong in the clouds' answers but is as it must be."
    )

    @derived
    def outcome(self) -> Outcome:
        """The worst of its findings."""
        order = (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.WAIVED, Outcome.SKIPPED)
        return next((outcome for outcome in order if self.count(outcome)), Outcome.PASS)

    @derived
    def passed(self) -> int:
        """How many of the listed objects passed."""
        return self.count(Outcome.PASS)

    @derived
    def total(self) -> int:
        """How many objects are listed."""
        return len(self.findings)

    @property
    def quiet(self) -> bool:
        """Whether there is nothing to do about it: it lists only what does not hold, or is information."""
        return not self.findings or (self.severity is Severity.INFO and not self.count(Outcome.INCONCLUSIVE))

    def count(self, outcome: Outcome) -> int:
        """Return how many of its findings ended so."""
        return sum(finding.outcome is outcome for finding in self.findings)
