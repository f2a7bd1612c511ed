import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
NEEDS_TERRAFORM = pytest.mark.skipif(
    shutil.which("terraform") is None, reason="terraform is not on PATH; run `make install`"
)
_OURS = ("AWS_", "ARM_", "TF_", "TWINSPAN_")

pytestmark = [NEEDS_TERRAFORM, pytest.mark.slow]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    copied = tmp_path / "terraform"
    shutil.copytree(ROOT / "terraform", copied, symlinks=True, ignore=shutil.ignore_patterns(".terraform*"))
    return copied


def run(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run the command as somebody without any account, twin or setting."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return subprocess.run(
        [sys.executable, "-m", "twinspan.cli.main", "check", *arguments],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        env={**environment, "TWINSPAN_HOME": str(home), "HOME": str(home)},
    )


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_our_environments_are_good_and_planning_leaves_nothing_behind(
    name: str, tree: Path, tmp_path: Path
) -> None:
    before = sorted(tree.rglob("*"))
    done = run(str(tree / "envs" / name), "--format", "json", "--fail-on", "warning", home=tmp_path / "home")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["passed"] is True
    assert (report["errors"], report["warnings"], report["inconclusive"]) == (0, 0, 0)
    assert sorted(tree.rglob("*")) == before


def test_a_change_of_the_design_is_found_before_anything_exists(tree: Path, tmp_path: Path) -> None:
    main = tree / "modules" / "azure" / "vpn_gateway" / "main.tf"
    text = main.read_text()
    begin, end = text.index("  custom_bgp_addresses {"), text.index("  ipsec_policy {")
    main.write_text(text[:begin] + text[end:])
    done = run(str(tree / "envs" / "dev"), home=tmp_path / "home")
    assert done.returncode == 1, done.stdout + done.stderr
    error_lines = [line for line in done.stdout.splitlines() if line.startswith("error ")]
    # The first address of each instance is what Azure takes by itself; the second tunnels are lost.
    assert [line.split(":")[0].split('"')[1] for line in error_lines] == ["tunnel2", "tunnel4"]
    assert all(line.startswith("error BGP-02 ") for line in error_lines)


def test_a_waivers_file_of_the_environment_is_read(tree: Path, tmp_path: Path) -> None:
    folder = tree / "envs" / "dev"
    (folder / "checks.toml").write_text('[[waiver]]\nid = "GW-03"\nreason = "not needed any more"\n')
    done = run(str(folder), home=tmp_path / "home")
    assert done.returncode == 0, done.stderr
    assert "note: the waiver of GW-03 for * meets nothing; remove it" in done.stdout


def test_malformed_settings_are_bad_input(tree: Path, tmp_path: Path) -> None:
    folder = tree / "envs" / "dev"
    (folder / "terraform.tfvars").write_text("name = \n")
    done = run(str(folder), home=tmp_path / "home")
    assert done.returncode == 2, done.stderr
    assert "terraform.tfvars line 1" in " ".join(done.stderr.split())


def test_an_unknown_environment_names_the_known_ones(tree: Path, tmp_path: Path) -> None:
    done = run(str(tree / "envs" / "nowhere"), home=tmp_path / "home")
    assert done.returncode == 2
    assert "envs/dev" in "".join(done.stderr.split())
