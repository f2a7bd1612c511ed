"""docs/schemas is what the commands print, and the examples of docs/reports.md run."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from twinspan.check import Report
from twinspan.cli.explain import explain, explanations
from twinspan.doctor.findings import Diagnosis
from twinspan.drill.document import ApiRunDocument, RunDocument
from twinspan.drill.series import Comparison, Series
from twinspan.errors import DesignError
from twinspan.report.document import ReportDocument
from twinspan.results.document import Answer
from twinspan.rotate.document import Rotation
from twinspan.verify import Verification

DOCS = Path(__file__).parents[2] / "docs"
PLAN = Path(__file__).parent / "check" / "base.json"
ANSWERS: tuple[type[Answer], ...] = (
    Report,
    Verification,
    Diagnosis,
    ReportDocument,
    RunDocument,
    Series,
    Comparison,
    ApiRunDocument,
    Rotation,
)


@pytest.mark.parametrize("answer", ANSWERS)
def test_the_schema_in_the_docs_is_that_of_the_model(
    answer: type[Answer], request: pytest.FixtureRequest
) -> None:
    name: str = answer.model_fields["schema_"].default
    _, command, version = name.split("/")
    file = DOCS / "schemas" / f"{command}-{version}.json"
    head = {"$id": name, "$schema": "https://json-schema.org/draft/2020-12/schema"}
    text = json.dumps(head | answer.model_json_schema(mode="serialization"), indent=2) + "\n"
    if request.config.getoption("--update-golden", default=False):
        file.write_text(text)
    assert file.read_text() == text, "run pytest tests/golden --update-golden"
    assert f"({file.relative_to(DOCS)})" in (DOCS / "reports.md").read_text()


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

    assert json.loads(explained.stdout)["command"] == "check, verify"
    assert all(explanation["title"] and explanation["source"] for explanation in explanations())
    ids = [explanation["id"] for explanation in explanations()]
    assert len(ids) == len(set(ids))
    unknown = CliRunner().invoke(explain, ["XX-99"])
    assert isinstance(unknown.exception, DesignError)
    assert "HOST-01" in str(unknown.exception)
