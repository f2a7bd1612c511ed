"""Plans without a cloud: the example of each module, and an environment that an older tree built."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from terraform_tree import ROOT, RunTerraform

from twinspan.command import Completed

Terraform = Callable[[Path], RunTerraform]
SECONDS = {"modules/aws/customer_gateway", "modules/aws/vpn", "modules/ipsec_policy"}
"""Planned by `make test`; the others take longer and wait for `make test-slow`."""
MODULES = [
    pytest.param(module, marks=() if module in SECONDS else pytest.mark.slow)
    for module in sorted(
        str(file.parent.relative_to(ROOT / "terraform"))
        for file in (ROOT / "terraform" / "modules").rglob("main.tf")
        if "examples" not in file.parts
    )
]
STATE = Path(__file__).parent / "state_before_one_module.json"
"""What the environment dev of before had in its state, without what a plan does not read; keys are made up.

It was applied with the offline providers when `main.tf` called each module by itself.
"""
_NO_ACCOUNT = """
provider "aws" {
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}
"""
_LOCAL_STATE = 'terraform {\n  backend "local" {}\n}\n'
_CHANGES = 2
"""Exit code of `terraform plan -detailed-exitcode` if there is something to do."""


def planned(run: RunTerraform, tree: Path, folder: str, *arguments: str, override: str = "") -> Completed:
    text = "".join(file.read_text() for file in (tree / folder).glob("*.tf"))
    no_account = _NO_ACCOUNT if 'provider "aws"' in text else ""
    (tree / folder / "offline_override.tf").write_text(override + no_account)
    init = run(folder, ["init", "-input=false", "-no-color"])
    assert init.returncode == 0, init.stdout + init.stderr
    return run(folder, ["plan", "-input=false", "-no-color", "-detailed-exitcode", *arguments])


@pytest.mark.parametrize("module", MODULES)
def test_the_example_of_a_module_can_be_planned(
    module: str, tree: Path, terraform: Terraform, offline_config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "TF_VAR_pre_shared_keys", json.dumps({"tunnel1": "key_of_one", "tunnel2": "key_of_two"})
    )
    done = planned(terraform(offline_config), tree, f"{module}/examples/basic")
    assert done.returncode == _CHANGES, done.stdout + done.stderr
    assert re.search(r"Plan: [1-9]\d* to add, 0 to change, 0 to destroy|Changes to Outputs", done.stdout)


@pytest.mark.slow
def test_what_an_older_tree_built_is_moved_and_not_built_again(
    tree: Path, terraform: Terraform, offline_config: Path
) -> None:
    folder = "envs/dev"
    shutil.copy(STATE, tree / folder / "terraform.tfstate")
    run = terraform(offline_config)
    done = planned(run, tree, folder, "-refresh=false", "-out=saved", override=_LOCAL_STATE)
    assert done.returncode == _CHANGES, done.stdout + done.stderr
    plan = json.loads(run(folder, ["show", "-json", "saved"]).stdout)
    assert {tuple(change["change"]["actions"]) for change in plan["resource_changes"]} == {("no-op",)}
    assert {change["previous_address"] for change in plan["resource_changes"]} == addresses()
    assert {tuple(change["actions"]) for change in plan["output_changes"].values()} == {("no-op",)}


def addresses() -> set[str]:
    """Return the addresses in the older state."""
    return {
        f"{resource['module'] + '.' if 'module' in resource else ''}{resource['type']}.{resource['name']}"
        + (f"[{json.dumps(instance['index_key'])}]" if "index_key" in instance else "")
        for resource in json.loads(STATE.read_text())["resources"]
        for instance in resource["instances"]
    }
