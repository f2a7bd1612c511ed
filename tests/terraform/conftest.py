"""A private copy of the Terraform tree, and where providers come from."""

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from terraform_tree import ROOT, RunTerraform

from twinspan.command import Completed, environment, run
from twinspan.twin.providers.mirror import write_mirror

NOBODY: dict[str, str | None] = {
    "TWINSPAN_PLAN_ONLY": "1",
    "AWS_PROFILE": None,
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nobody",
    "ARM_SUBSCRIPTION_ID": "00000000-0000-0000-0000-000000000000",
    "ARM_TENANT_ID": "00000000-0000-0000-0000-000000000000",
    "ARM_CLIENT_ID": "00000000-0000-0000-0000-000000000000",
    "ARM_CLIENT_SECRET": "nobody",
}
"""Credentials of no account: the offline providers plan without asking a cloud."""


def real_mirrors() -> list[Path]:
    """Filesystem mirrors on this machine that hold a real hashicorp/aws."""
    named = os.environ.get("TWINSPAN_TERRAFORM_MIRROR")
    candidates = [Path(named)] if named else []
    candidates += [Path.home() / ".terraform.d" / "plugins", Path("/usr/local/share/terraform/plugins")]
    candidates += sorted(Path("/opt").glob("*"))
    aws = Path("registry.terraform.io") / "hashicorp" / "aws"
    return [folder for folder in candidates if (folder / aws).is_dir()]


@pytest.fixture(scope="session")
def offline_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_mirror(tmp_path_factory.mktemp("providers"))


@pytest.fixture(scope="session")
def real_aws_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    mirrors = real_mirrors()
    if not mirrors:
        pytest.skip("no filesystem mirror with the real hashicorp/aws; name one in TWINSPAN_TERRAFORM_MIRROR")
    config = tmp_path_factory.mktemp("real") / "terraformrc"
    config.write_text(
        "disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n"
        f'    path = "{mirrors[0]}"\n    include = ["registry.terraform.io/hashicorp/*"]\n  }}\n}}\n'
    )
    return config


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of `terraform/` without anything that Terraform left there."""
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not on PATH; run `make install`")
    copy = tmp_path / "terraform"
    ignored = shutil.ignore_patterns(".terraform", "*.tfstate*", ".terraform.lock.hcl")
    shutil.copytree(ROOT / "terraform", copy, symlinks=True, ignore=ignored)
    return copy


@pytest.fixture
def terraform(tree: Path, tmp_path: Path) -> Callable[[Path], RunTerraform]:
    """Give a provider configuration, get a function that runs Terraform in a folder of the copied tree."""

    def configured(config: Path) -> RunTerraform:
        variables = environment(
            TF_CLI_CONFIG_FILE=str(config),
            TF_DATA_DIR=str(tmp_path / "data"),
            TF_PLUGIN_CACHE_DIR=None,
            CHECKPOINT_DISABLE="1",
            AWS_ENDPOINT_URL="http://127.0.0.1:9",
            **NOBODY,
        )

        def run_terraform(folder: str, arguments: Sequence[str]) -> Completed:
            return run(
                ["terraform", *arguments], cwd=tree / folder, env=variables, check=False, timeout_s=500
            )

        return run_terraform

    return configured
