"""docs/schemas is what the commands print, and the examples of docs/reports.md run."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pydantic import BaseModel

from twinspan.check.document import ReportDocument
from twinspan.check.findings import SCHEMA as CHECK_SCHEMA
from twinspan.check.run import check
from twinspan.cli.explain import explain, explanations
from twinspan.doctor.document import DiagnosisDocument
from twinspan.doctor.findings import SCHEMA as DOCTOR_SCHEMA
from twinspan.errors import DesignError
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
        (DiagnosisDocument, DOCTOR_SCHEMA),
        (WholeReport, REPORT_SCHEMA),
    ],
    ids=["check", "verify", "doctor", "report"],
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


def example_of(package: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the example of docs/reports.md that imports a package."""
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / "reports.md").read_text(), flags=re.DOTALL)
    example = next(block for block in blocks if package in block)
    return subprocess.run(
        [sys.executable, "-c", example], cwd=folder, capture_output=True, text=True, check=False
    )


def test_the_example_of_check_runs(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(PLAN.read_text())

    done = example_of("twinspan.check", tmp_path)

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "good"


def test_the_example_of_doctor_runs(tmp_path: Path) -> None:
    done = example_of("twinspan.doctor", tmp_path)

    assert done.returncode == 0, done.stderr
    assert "AWS-01" in done.stdout


def test_every_id_is_explained() -> None:
    explained = CliRunner().invoke(explain, ["gw-01", "--format", "json"])

    assert [each["command"] for each in json.loads(explained.stdout)] == ["check", "verify"]
    assert all(each["title"] and each["source"] for each in explanations())
    unknown = CliRunner().invoke(explain, ["XX-99"])
    assert isinstance(unknown.exception, DesignError)
    assert "HOST-01" in str(unknown.exception)
