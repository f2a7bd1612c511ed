"""The JSON form of a report, as a model; `docs/schemas` holds its JSON Schema."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from twinspan.check.findings import Outcome

SeverityWord = Literal["info", "warning", "error"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FindingDocument(_Part):
    """One thing that does not hold, or cannot be told."""

    where: str = Field(description="Terraform address, and argument if there is one.")
    problem: str
    remedy: str
    outcome: Outcome
    waiver: str = Field(description="The reason given in the waiver; empty if there is none.")


class CheckDocument(_Part):
    """One check of the whole plan."""

    id: str = Field(pattern=r"^[A-Z]{2,4}-\d{2}$")
    title: str
    severity: SeverityWord
    outcome: Outcome = Field(description="The worst of its findings.")
    findings: list[FindingDocument] = Field(description="Empty if the check holds.")


class ReportDocument(_Part):
    """The output of `twinspan check --format json`."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    schema_: Literal["twinspan/check/1"] = Field(alias="schema")
    passed: bool = Field(description="Nothing that counts was found.")
    plan: str
    fail_on: SeverityWord
    allow_inconclusive: bool
    errors: int = Field(ge=0)
    warnings: int = Field(ge=0)
    inconclusive: int = Field(ge=0)
    checks: list[CheckDocument]
    notes: list[str] = Field(description="About the waivers: unused or expired ones.")
