"""What `doctor` says of this machine and of the tools, with what is missing really missing."""

from pathlib import Path

import pytest

from twinspan.doctor import machine
from twinspan.doctor.rights import AWS_ACTIONS, AZURE_ACTIONS, denied_by_azure
from twinspan.doctor.tools import tools
from twinspan.errors import HostError
from twinspan.results import Outcome


def _program(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def _which(folder: Path, name: str) -> str | None:
    path = folder / name
    return str(path) if path.exists() else None


def test_without_terraform_the_remedy_is_named_and_the_clouds_tools_are_not_demanded(tmp_path: Path) -> None:
    terraform, others = tools(lambda name: _which(tmp_path, name))

    (finding,) = terraform.findings
    assert finding.outcome is Outcome.FAIL
    assert "make install" in finding.remedy
    assert others.outcome is Outcome.SKIPPED
    assert "get" in next(
        tool_finding.evidence for tool_finding in others.findings if tool_finding.subject == "aws"
    )


@pytest.mark.parametrize(
    ("output", "outcome"),
    [
        ("echo Terraform v1.9.8", Outcome.FAIL),
        ("echo Terraform v1.10.0", Outcome.PASS),
        ("echo Terraform v1.15.5", Outcome.PASS),
        ("exit 1", Outcome.FAIL),
        ("echo no version", Outcome.FAIL),
    ],
)
def test_terraform_must_know_the_state_lock(tmp_path: Path, output: str, outcome: Outcome) -> None:
    _program(tmp_path, "terraform", output)

    terraform, _ = tools(lambda name: _which(tmp_path, name))

    assert terraform.outcome is outcome


def test_a_tool_that_does_not_run_is_found(tmp_path: Path) -> None:
    _program(tmp_path, "kubectl", "exit 3")
    _program(tmp_path, "aws", "echo aws-cli/2.31.2 Python/3.13")

    _, others = tools(lambda name: _which(tmp_path, name))

    by_name = {finding.subject: finding for finding in others.findings}
    assert by_name["kubectl"].outcome is Outcome.FAIL
    assert by_name["aws"].evidence == "2.31.2"


def test_a_missing_package_is_named_with_the_command_that_installs_it() -> None:
    def missing() -> None:
        raise HostError(problem="the twin needs bird, not installed here", remedy="Run `make install`")

    assert machine.packages(lambda: None).outcome is Outcome.PASS
    result = machine.packages(missing)
    assert result.outcome is Outcome.FAIL
    assert result.findings[-1].remedy == "Run `make install`"
    assert machine.kubernetes(missing).outcome is Outcome.FAIL


def test_a_full_disk_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "not" / "there" / "yet"
    assert machine.room(state=folder, cache=folder, built=False).outcome is Outcome.PASS
    monkeypatch.setattr(machine, "_DISK_BYTES", 2**60)

    result = machine.room(state=folder, cache=folder, built=True)

    assert [finding.outcome for finding in result.findings] == [Outcome.PASS, Outcome.FAIL, Outcome.FAIL]
    assert str(tmp_path) in result.findings[1].evidence
    assert "TWINSPAN_HOME" in result.findings[1].remedy


def test_ports_that_another_program_has_are_told_but_are_no_failure() -> None:
    assert machine.ports([], up=False).outcome is Outcome.PASS
    assert machine.ports([(4566, "in use")], up=True).outcome is Outcome.PASS
    result = machine.ports([(4566, "in use")], up=False)
    assert result.outcome is Outcome.SKIPPED
    assert result.findings[0].subject == "port 4566"


OWNER = {"actions": ["*"], "notActions": list[str]()}
CONTRIBUTOR = {
    "actions": ["*"],
    "notActions": ["Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"],
}
NETWORK = {"actions": ["Microsoft.Network/*", "*/read"], "notActions": list[str]()}


@pytest.mark.parametrize(
    ("permissions", "action", "denied"),
    [
        ([], "Microsoft.Network/connections/write", True),
        ([OWNER], "Microsoft.Authorization/roleAssignments/write", False),
        ([CONTRIBUTOR], "Microsoft.Authorization/roleAssignments/write", True),
        ([CONTRIBUTOR, OWNER], "Microsoft.Authorization/roleAssignments/write", False),
        ([CONTRIBUTOR], "Microsoft.Network/connections/write", False),
        ([NETWORK], "microsoft.network/connections/WRITE", False),
        ([NETWORK], "Microsoft.ContainerService/managedClusters/write", True),
        ([NETWORK], "Microsoft.ContainerService/managedClusters/read", False),
        ([{"actions": ["Microsoft.Network/*/read"], "notActions": []}], "Microsoft.Network/a/b/read", False),
        ([{"actions": ["Microsoft.Network/*/read"], "notActions": []}], "Microsoft.Network/read", True),
        ([{"actions": ["A/b"], "notActions": []}], "A/bc", True),
    ],
)
def test_azure_permissions_are_matched_as_azure_does(
    permissions: list[dict[str, list[str]]], action: str, denied: bool
) -> None:
    assert denied_by_azure(permissions, action) is denied


def test_rights_are_named_once_and_in_the_clouds_words() -> None:
    aws = [action for actions in AWS_ACTIONS.values() for action in actions]
    azure = [action for actions in AZURE_ACTIONS.values() for action in actions]
    assert len(aws) == len(set(aws))
    assert all(
        action.split(":")[0] in {"cloudwatch", "ec2", "eks", "iam", "logs", "s3", "sns"} for action in aws
    )
    assert all(action.startswith("Microsoft.") and action.rpartition("/")[2] for action in azure)
