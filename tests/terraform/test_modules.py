"""Every module and environment: formatted, valid, and its own tests pass, without any network."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from terraform_tree import ROOT, RunTerraform

from twinspan.command import run

Terraform = Callable[[Path], RunTerraform]
AWS = [
    "modules/aws/customer_gateway",
    "modules/aws/eks",
    "modules/aws/monitoring",
    "modules/aws/vpc",
    "modules/aws/vpn",
    "bootstrap",
]
OTHERS = [
    "modules/azure/aks",
    "modules/azure/monitoring",
    "modules/azure/vnet",
    "modules/azure/vpn_gateway",
    "modules/ipsec_policy",
]
ENVIRONMENTS = ["envs/dev", "envs/prod"]
SECONDS = {"modules/aws/customer_gateway", "modules/aws/vpn", "modules/ipsec_policy", "bootstrap"}
"""Tested by `make test`; the others take ten seconds or more each and wait for `make test-slow`."""
TESTED = [
    pytest.param(folder, marks=() if folder in SECONDS else pytest.mark.slow)
    for folder in (*AWS, *OTHERS, *ENVIRONMENTS)
]
_PASSED = re.compile(r"Success! (\d+) passed, 0 failed")


def check(terraform: RunTerraform, folder: str) -> None:
    """init, validate and test; a folder whose tests are not found is a failure too."""
    init = terraform(folder, ["init", "-backend=false", "-input=false", "-no-color"])
    assert init.returncode == 0, init.stdout + init.stderr
    valid = terraform(folder, ["validate", "-no-color"])
    assert valid.returncode == 0, valid.stdout + valid.stderr
    tested = terraform(folder, ["test", "-no-color"])
    passed = _PASSED.search(tested.stdout)
    assert passed is not None, tested.stdout + tested.stderr
    assert int(passed[1]) >= 2


def test_everything_is_formatted() -> None:
    done = run(["terraform", "fmt", "-check", "-recursive", str(ROOT / "terraform")], check=False)
    assert done.stdout == ""
    assert done.returncode == 0


@pytest.mark.parametrize("folder", TESTED)
def test_it_is_valid_and_passes_its_tests_offline(
    folder: str, terraform: Terraform, offline_config: Path
) -> None:
    check(terraform(offline_config), folder)


@pytest.mark.slow
@pytest.mark.parametrize("folder", AWS)
def test_it_is_valid_and_passes_its_tests_with_the_real_aws_provider(
    folder: str, terraform: Terraform, real_aws_config: Path
) -> None:
    check(terraform(real_aws_config), folder)


def test_a_misspelt_argument_fails_validation_offline(
    tree: Path, terraform: Terraform, offline_config: Path
) -> None:
    file = tree / "modules/azure/vpn_gateway/main.tf"
    file.write_text(file.read_text().replace("bgp_enabled ", "enable_bgp  "))
    runs = terraform(offline_config)
    runs("modules/azure/vpn_gateway", ["init", "-backend=false", "-input=false"])
    done = runs("modules/azure/vpn_gateway", ["validate", "-no-color"])
    assert done.returncode == 1
    assert 'An argument named "enable_bgp" is not expected here' in done.stderr


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("name", ["providers", "backend", "variables", "outputs"])
def test_environments_share_the_root_files_through_relative_links(environment: str, name: str) -> None:
    link = ROOT / "terraform" / environment / f"{name}.tf"
    assert link.is_symlink()
    assert str(link.readlink()) == f"../../{name}.tf"


@pytest.mark.parametrize("folder", [*AWS, *OTHERS])
def test_every_module_has_its_readme_and_its_inputs_in_it(folder: str) -> None:
    module = ROOT / "terraform" / folder
    readme = (module / "README.md").read_text()
    inputs = re.findall(r'^variable "([a-z_]+)"', (module / "variables.tf").read_text(), re.MULTILINE)
    outputs = re.findall(r'^output "([a-z_]+)"', (module / "outputs.tf").read_text(), re.MULTILINE)
    assert [name for name in (*inputs, *outputs) if f"`{name}`" not in readme] == []
    assert inputs == sorted(inputs)
    assert outputs == sorted(outputs)


def test_no_other_provider_is_asked_for() -> None:
    sources = {
        source
        for file in (ROOT / "terraform").rglob("*.tf")
        for source in re.findall(r'source\s*=\s*"(hashicorp/[a-z]+)"', file.read_text())
    }
    assert sources == {"hashicorp/aws", "hashicorp/azurerm"}
