"""What ENV turns out to be, and what is said where it is nothing."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from twinspan.command import environment, run
from twinspan.errors import DesignError
from twinspan.project.source import THERE, existing_state, source_of

ROOT = Path(__file__).parents[3]
PLAN = ROOT / "tests" / "golden" / "check" / "base.json"
STATE = ROOT / "tests" / "terraform" / "state_before_one_module.json"
needs_terraform = pytest.mark.skipif(
    shutil.which("terraform") is None, reason="terraform is not on PATH; run `make install`"
)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (ROOT / "terraform" / "envs" / "dev", "environment"),
        (ROOT / "examples" / "as-in-the-document", "root module"),
        (PLAN, "plan"),
        (STATE, "state"),
        (None, "network"),
    ],
)
def test_what_it_is_is_said_in_one_line(path: Path | None, kind: str) -> None:
    source = source_of(path)
    assert source.kind == kind
    assert source.line == f"{kind}: {path or 'what is there'}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "neither a plan nor a state"),
        ("resource {}", "neither a plan nor a state"),
        ("[]", "neither a plan nor a state"),
        ('{"a": 1}', "neither a plan nor a state"),
        ('{"format_version": "2.0"}', "format 2.0 is not understood"),
        ('{"format_version": "1.2", "values": {}}', "this is a state: planned_values missing"),
        ('{"version": 5, "resources": []}', "this state is of version 5, not 4"),
        ('{"version": 4, "resources": [1]}', "this is no Terraform state"),
        ('{"format_version": "1.2", "errored": true, "planned_values": {}}', "could not finish this plan"),
    ],
)
def test_a_file_that_is_nothing_of_it_is_bad_input(tmp_path: Path, text: str, problem: str) -> None:
    file = tmp_path / "given"
    file.write_text(text)
    with pytest.raises(DesignError) as refused:
        source_of(file)
    assert problem in refused.value.problem
    assert refused.value.remedy


def test_what_is_no_text_is_bad_input(tmp_path: Path) -> None:
    file = tmp_path / "given"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DesignError, match="neither a plan nor a state"):
        source_of(file)


def plan_of(**members: Any) -> dict[str, Any]:
    return {"format_version": "1.2", "planned_values": {"root_module": {}}, **members}


def written(folder: Path, document: Mapping[str, Any]) -> Path:
    file = folder / "plan.json"
    file.write_text(json.dumps(document))
    return file


def test_a_plan_that_destroys_all_is_bad_input(tmp_path: Path) -> None:
    gone = {"address": "aws_vpc.x", "change": {"actions": ["delete"], "before": {"id": "vpc-1"}}}
    with pytest.raises(DesignError, match="this plan destroys all that there is"):
        source_of(written(tmp_path, plan_of(resource_changes=[gone])))


def test_a_plan_knows_what_was_there_before_it(tmp_path: Path) -> None:
    vpc = {"address": "module.m.aws_vpc.x", "mode": "managed", "type": "aws_vpc", "values": {"id": "vpc-1"}}
    data = {"address": "data.aws_ami.x", "mode": "data", "type": "aws_ami", "values": {}}
    root = {"resources": [data], "child_modules": [{"resources": [vpc]}]}
    source = source_of(written(tmp_path, plan_of(prior_state={"values": {"root_module": root}})))
    (resource,) = existing_state(source).resources
    assert (resource.address, resource.values["id"]) == ("module.m.aws_vpc.x", "vpc-1")


@pytest.mark.parametrize("prior", [{}, {"prior_state": None}, {"prior_state": {"values": {}}}])
def test_of_a_plan_from_nothing_nothing_is_there(tmp_path: Path, prior: Mapping[str, Any]) -> None:
    with pytest.raises(DesignError, match="nothing of this plan exists yet"):
        existing_state(source_of(written(tmp_path, plan_of(**prior))))


def test_terraform_is_not_run_on_a_file() -> None:
    with pytest.raises(DesignError, match="this is a plan, and apply needs Terraform files"):
        source_of(PLAN).folder("apply")
    with pytest.raises(DesignError, match="this is a network, and apply needs Terraform files"):
        THERE.folder("apply")


@needs_terraform
def test_a_saved_plan_is_read_where_it_was_made_and_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, elsewhere = tmp_path / "folder", tmp_path / "elsewhere"
    for root_folder in (folder, elsewhere):
        root_folder.mkdir()
    (folder / "main.tf").write_text('resource "terraform_data" "x" {\n input = "x"\n}\n')
    variables = environment(CHECKPOINT_DISABLE="1")
    run(["terraform", "init"], cwd=folder, env=variables)
    run(["terraform", "plan", "-out=saved"], cwd=folder, env=variables)
    before = sorted(path.name for path in folder.rglob("*"))

    assert source_of(folder / "saved").kind == "plan"
    assert sorted(path.name for path in folder.rglob("*")) == before

    monkeypatch.chdir(elsewhere)
    torn = elsewhere / "torn"
    torn.write_bytes((folder / "saved").read_bytes()[:200])
    with pytest.raises(DesignError) as refused:
        source_of(torn)
    assert "Terraform cannot read this saved plan here" in refused.value.problem
    assert "`terraform show -json torn` prints there" in refused.value.remedy
