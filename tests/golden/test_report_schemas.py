"""docs/schemas is what the commands print, and the examples of docs/reports.md run."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from twinspan.check.document import ReportDocument
from twinspan.check.findings import SCHEMA as CHECK_SCHEMA
from twinspan.check.run import check
from twinspan.project.plan import load_plan
from twinspan.report.document import SCHEMA as REPORT_SCHEMA
from twinspan.report.document import ReportDocument as WholeReport
from twinspan.verify.document import VerificationDocument
from twinspan.verify.findings import SCHEMA as VERIFY_SCHEMA

DOCS = Path(__file__).parents[2] / "docs"
PLAN = Path(__file__).parent / "check" / "base.json"


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (ReportDocument, CHECK_SCHEMA),
        (VerificationDocument, VERIFY_SCHEMA),
        (WholeReport, REPORT_SCHEMA),
    ],
    ids=["check", "verify", "report"],
)
def test_the_schema_in_the_docs_is_that_of_the_model(
    model: type[BaseModel], name: str, request: pytest.FixtureRequest
) -> None:
    _, command, version = name.split("/")
    file = DOCS / "schemas" / f"{command}-{version}.json"
    text = json.dumps({"$id": name, **schema_of(model)}, indent=2) + "\n"
    if request.config.getoption("--update-golden", default=False):
        file.write_text(text)
    assert file.read_text() == text, "run pytest tests/golden --update-golden"


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}


def test_a_report_of_check_fits_the_schema() -> None:
    report = check(load_plan(PLAN.read_text(), where="plan"), source="plan")

    read = ReportDocument.model_validate_json(json.dumps(report.as_dict()))

    assert read.passed
    assert len(read.checks) == len(report.results)


def test_the_example_of_check_runs(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(PLAN.read_text())
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / "reports.md").read_text(), flags=re.DOTALL)
    example = next(block for block in blocks if "twinspan.check" in block)

    done = subprocess.run(
        [sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "good"
