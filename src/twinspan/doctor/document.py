"""The JSON form of a diagnosis, as a model; `docs/schemas` holds its JSON Schema."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from twinspan.verify.document import CheckDocument


class DiagnosisDocument(BaseModel):
    """The output of `twinspan doctor --format json`."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    schema_: Literal["twinspan/doctor/1"] = Field(alias="schema")
    passed: bool = Field(description="Nothing is missing, and nothing stayed open.")
    duration_s: float = Field(ge=0)
    checks: list[CheckDocument]
