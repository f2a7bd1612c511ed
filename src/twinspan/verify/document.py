"""The JSON form of a verification, as a model; `docs/schemas` holds its JSON Schema."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from twinspan.verify.findings import Outcome


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FindingDocument(_Part):
    """One check of one object."""

    subject: str = Field(description="The object, by the name or id that the user's tools know.")
    outcome: Outcome
    evidence: str = Field(description="What the cloud said, or why it was skipped.")
    command: str = Field(description="The aws, az or shell command that shows the same; may be empty.")
    remedy: str = Field(description="What to do; empty when passed.")
    fault: str = Field(description="Batfish's or Network Watcher's word for it; may be empty.")


class CheckDocument(_Part):
    """One check over all of its objects."""

    id: str = Field(pattern=r"^[A-Z]{2,4}-\d{2}$")
    title: str
    section: str = Field(description="The layer it belongs to.")
    outcome: Outcome = Field(description="The worst of its findings.")
    passed: int = Field(ge=0)
    total: int = Field(ge=1)
    findings: list[FindingDocument] = Field(min_length=1)
    notes: list[str] = Field(description="What looks wrong in the clouds' answers but is as it must be.")


class ReferenceDocument(_Part):
    """A finding, by its check and subject."""

    check: str
    subject: str


class VerificationDocument(_Part):
    """The output of `twinspan verify --format json`."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    schema_: Literal["twinspan/verify/1"] = Field(alias="schema")
    passed: bool = Field(description="Nothing failed, nothing stayed open, nothing differs from the plan.")
    expected_from: str
    duration_s: float = Field(ge=0)
    root_causes: list[ReferenceDocument] = Field(description="What to mend, most basic first.")
    drift: list[ReferenceDocument] = Field(description="What differs from Terraform's state.")
    checks: list[CheckDocument]
