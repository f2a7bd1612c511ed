"""What `doctor` lists of a configuration, for a plan, a state, and a folder."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from twinspan.command import environment
from twinspan.doctor.on_twin import needs_on_twin, served, wanted_by_plan
from twinspan.project.graph import Wanted
from twinspan.project.plan import read_plan
from twinspan.results import Outcome
from twinspan.twin import support

ROOT = Path(__file__).parents[3]
PLAN = ROOT / "tests" / "golden" / "check" / "base.json"
STATE = ROOT / "tests" / "terraform" / "state_before_one_module.json"
DESIGNS = ROOT / "tests" / "designs"
needs_terraform = pytest.mark.skipif(
    shutil.which("terraform") is None, reason="terraform is not on PATH; run `make install`"
)


def wanted(*types: str, mode: str = "managed") -> list[Wanted]:
    return [Wanted(mode=mode, type=resource_type, address=f"{resource_type}.x") for resource_type in types]


def test_refused_ones_come_first_with_their_addresses() -> None:
    needs = needs_on_twin(support, wanted("aws_vpc", "aws_dynamodb_table", "aws_eip"))
    assert [(need.support.level, need.name, need.addresses) for need in needs] == [
        ("refused", "aws_dynamodb_table", ("aws_dynamodb_table.x",)),
        ("objects only", "aws_eip", ("aws_eip.x",)),
        ("packets", "aws_vpc", ("aws_vpc.x",)),
    ]
    result = served(needs)
    assert result.outcome is Outcome.FAIL
    assert [finding.subject for finding in result.findings] == ["aws_dynamodb_table"]


def test_of_what_is_all_there_the_check_is_passed() -> None:
    assert served(needs_on_twin(support, wanted("aws_vpc"))).outcome is Outcome.PASS


def test_providers_that_could_leave_are_refused_with_what_is_theirs() -> None:
    needs = needs_on_twin(
        support, wanted("datadog_monitor"), providers=["registry.terraform.io/datadog/datadog"]
    )
    assert [(need.kind, need.name, need.support.level) for need in needs] == [
        ("provider", "datadog/datadog", "refused"),
        ("resource", "datadog_monitor", "refused"),
    ]


def test_a_reader_of_states_is_refused() -> None:
    (need,) = needs_on_twin(support, wanted("terraform_remote_state", mode="data"))
    assert (need.kind, need.support.level) == ("data", "refused")


def test_arguments_of_a_plan_are_listed_with_what_the_twin_lacks() -> None:
    vpc = {
        "address": "aws_vpc.x",
        "type": "aws_vpc",
        "name": "x",
        "values": {"assign_generated_ipv6_cidr_block": True, "ipv6_cidr_block": "as AWS has chosen"},
    }
    written = {
        "address": "aws_vpc.x",
        "mode": "managed",
        "type": "aws_vpc",
        "expressions": {"assign_generated_ipv6_cidr_block": {"constant_value": True}},
    }
    document: dict[str, Any] = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": [vpc]}},
        "configuration": {"root_module": {"resources": [written]}},
    }
    needs = needs_on_twin(support, wanted_by_plan(document), plan=read_plan(document, where="plan"))
    assert [(need.kind, need.name, need.support.reason) for need in needs] == [
        ("argument", "aws_vpc.assign_generated_ipv6_cidr_block", "the twin has no IPv6"),
        ("resource", "aws_vpc", ""),
    ]


def doctor(env: Path, home: Path, *words: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "twinspan.cli.main", "doctor", str(env), "--format", "json", *words],
        env=environment(TWINSPAN_HOME=str(home)),
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize(("env", "kind"), [(PLAN, "plan"), (STATE, "state")])
def test_a_plan_and_a_state_are_looked_at_without_terraform(tmp_path: Path, env: Path, kind: str) -> None:
    answer = doctor(env, tmp_path)
    assert answer["env"] == {"kind": kind, "name": str(env)}
    levels = {need["support"]["level"] for need in answer["needs"]}
    assert levels == {"packets", "objects only"}


@needs_terraform
def test_a_folder_is_looked_at_before_anything_is_built(tmp_path: Path) -> None:
    answer = doctor(DESIGNS / "one-static", tmp_path)
    assert answer["env"]["kind"] == "root module"
    assert {need["name"] for need in answer["needs"]} >= {"aws_vpn_connection", "azurerm_subnet"}
    assert list(tmp_path.iterdir()) == []


@needs_terraform
def test_types_that_no_offline_provider_knows_are_listed_all_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "all.tf").write_text(
        'variable "needed" {}\nresource "aws_dynamodb_table" "k" {}\n'
        'data "aws_vpc" "v" {\n id = var.needed\n}\n'
        'resource "aws_subnet" "s" {\n vpc_id = data.aws_vpc.v.id\n cidr_block = "10.0.0.0/24"\n}\n'
    )
    answer = doctor(folder, tmp_path / "home")
    assert [(need["support"]["level"], need["kind"], need["name"]) for need in answer["needs"]] == [
        ("refused", "resource", "aws_dynamodb_table"),
        ("packets", "data", "aws_vpc"),
        ("packets", "resource", "aws_subnet"),
    ]
    assert answer["passed"] is False


@pytest.mark.parametrize("env", [PLAN, STATE])
def test_variables_are_refused_where_nothing_is_planned(env: Path) -> None:
    argv = [sys.executable, "-m", "twinspan.cli.main", "doctor", str(env), "--var", "region=eu-central-1"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 2
    assert "--var" in done.stderr
