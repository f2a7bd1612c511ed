"""Plain `terraform` in a shell of `twinspan twin env`, and what `twinspan apply` tells on the way there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from twinspan.twin import lifecycle

pytestmark = [
    pytest.mark.root,
    pytest.mark.long,
    pytest.mark.skipif(
        shutil.which("terraform") is None, reason="terraform is not on PATH; run `make install`"
    ),
]
TWINSPAN = f"{sys.executable} -m twinspan.cli.main"
TREE = Path(__file__).parents[3] / "terraform"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the Terraform tree without what earlier runs may have left."""
    left = shutil.ignore_patterns(".terraform", ".terraform.lock.hcl")
    return shutil.copytree(TREE, tmp_path / "terraform", symlinks=True, ignore=left)


def bash(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euc", script], env={**os.environ}, capture_output=True, text=True, timeout=110, check=False
    )


def test_plain_terraform_plans_what_apply_has_built(name: str, tree: Path) -> None:
    lifecycle.up(name)
    dev = tree / "envs" / "dev"

    applied = bash(f"{TWINSPAN} apply {dev} --name {name} --providers offline")
    planned = bash(
        f'eval "$({TWINSPAN} twin env --no-az --providers offline --name {name})"; cd {dev};'
        " terraform init -input=false -no-color -backend-config=backend.hcl;"
        " terraform plan -input=false -no-color -detailed-exitcode"
    )
    again = bash(
        f'eval "$({TWINSPAN} twin env --no-az --providers offline --name {name})";'
        f" {TWINSPAN} plan {dev} --name {name}"
    )

    assert applied.returncode == 0, applied.stderr
    warnings = [line for line in applied.stderr.splitlines() if "offline provider" in line]
    assert len(warnings) == 1
    assert warnings[0].startswith("warning: offline provider for hashicorp/aws and hashicorp/azurerm in use")
    done = re.findall(r"^ *(\d+)/(\d+)  created +[\d.]+ s  \S+$", applied.stderr, re.MULTILINE)
    assert [int(number) for number, _ in done] == list(range(1, int(done[0][1]) + 1))
    assert len({line.index("created") for line in applied.stderr.splitlines() if "  created " in line}) == 1

    assert planned.returncode == 0, planned.stderr + planned.stdout
    assert "No changes." in planned.stdout
    assert "warning: terraform in this shell uses twinspan's offline providers" in planned.stderr

    assert again.returncode == 0, again.stderr
    assert "\nplan: 0 to add, 0 to change, 0 to destroy" in again.stdout
    assert not (TREE / "envs" / "dev" / ".terraform.lock.hcl").exists()


def test_the_real_providers_leave_the_user_s_own_settings_alone(name: str) -> None:
    lifecycle.up(name)
    done = bash(
        "export TF_CLI_CONFIG_FILE=/etc/mine;"
        f' eval "$({TWINSPAN} twin env --no-az --providers real --name {name})";'
        ' echo "$TF_CLI_CONFIG_FILE"'
    )
    assert (done.returncode, done.stdout.strip()) == (0, "/etc/mine")
    assert "warning" not in done.stderr
