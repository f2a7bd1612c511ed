"""Every module and environment: formatted, valid, and its own tests pass, without any network."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hcl_reader import read, read_folder
from terraform_tree import ROOT, RunTerraform

from twinspan.command import run

sys.path.append(str(ROOT / "tools"))

from module_readmes import documented, modules

Terraform = Callable[[Path], RunTerraform]
AWS = [
    "modules/aws/customer_gateway",
    "modules/aws/eks",
    "modules/aws/monitoring",
    "modules/aws/vpc",
    "modules/aws/vpn",
    "bootstrap",
]
NETWORK = "modules/aws_azure_network"
OTHERS = [
    NETWORK,
    "modules/azure/aks",
    "modules/azure/monitoring",
    "modules/azure/vnet",
    "modules/azure/vpn_gateway",
    "modules/ipsec_policy",
]
ENVIRONMENTS = ["envs/dev", "envs/prod"]
FOLDERS = [ROOT / "terraform" / environment for environment in ENVIRONMENTS]
SECONDS = {"modules/aws/customer_gateway", "modules/aws/vpn", "modules/ipsec_policy", "bootstrap"}
"""Tested by `make test`; the others take ten seconds or more each and wait for `make test-long`."""
TESTED = [
    pytest.param(folder, marks=() if folder in SECONDS else pytest.mark.long)
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


@pytest.mark.long
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


def test_the_environments_differ_in_their_values_alone() -> None:
    dev, prod = ({file.name: file.read_text() for file in folder.glob("*.tf")} for folder in FOLDERS)
    assert dev == prod
    assert dev.keys() >= {"backend.tf", "main.tf", "moved.tf", "outputs.tf", "providers.tf", "variables.tf"}
    assert len(dev["main.tf"].splitlines()) < 40


def test_an_environment_hands_every_input_and_output_of_the_network_on() -> None:
    network = read_folder(ROOT / "terraform" / NETWORK)
    environment = read_folder(FOLDERS[0])
    (call,) = (block for block in environment if block.type == "module")
    for kind in ("variable", "output"):
        names = {block.labels for block in network if block.type == kind}
        assert {block.labels for block in environment if block.type == kind} == names
    inputs = {block.labels[0] for block in network if block.type == "variable"}
    assert {name: value for name, value in call.arguments.items() if name != "source"} == {
        name: f"var.{name}" for name in inputs
    }


@pytest.mark.parametrize("folder", modules(), ids=lambda folder: str(folder.relative_to(ROOT)))
def test_the_readme_of_a_module_says_what_its_hcl_says(folder: Path) -> None:
    assert (folder / "README.md").read_text() == documented(folder), "run tools/module_readmes.py"


@pytest.mark.parametrize("folder", modules(), ids=lambda folder: str(folder.relative_to(ROOT)))
def test_inputs_and_outputs_of_a_module_are_in_order(folder: Path) -> None:
    for kind in ("variable", "output"):
        names = [block.labels for block in read((folder / f"{kind}s.tf").read_text())]
        assert names == sorted(names)


def test_no_other_provider_is_asked_for() -> None:
    sources = {
        source
        for file in (ROOT / "terraform").rglob("*.tf")
        for source in re.findall(r'source\s*=\s*"(hashicorp/[a-z]+)"', file.read_text())
    }
    assert sources == {"hashicorp/aws", "hashicorp/azurerm"}
