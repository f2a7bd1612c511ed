"""The wheel by itself, in an environment that holds nothing but what the core asks for."""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import dev_network
import pytest

from twinspan.cloud.endpoints import Endpoints
from twinspan.project.starter import write_project

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
PLAN = ROOT / "tests" / "golden" / "check" / "base.json"
UV = Path(sys.executable).with_name("uv")
_NOT_OURS = ("AWS_", "ARM_", "AZURE_", "TF_", "TWINSPAN_", "PYTHON", "VIRTUAL_ENV")

AS_IF_REAL = """
import json, pathlib, sys
from dataclasses import replace
from twinspan.cli.main import main
from twinspan.cloud.aws import AwsEndpoint
from twinspan.cloud.azure import AzureEndpoint
from twinspan.cloud.endpoints import Endpoints

def given(cloud):
    members = accounts[cloud].items()
    return {name: tuple(value) if isinstance(value, list) else value for name, value in members}


accounts = json.loads(sys.argv.pop(1))
azure = {**given("azure"), "ca_certificate": pathlib.Path(accounts["azure"]["ca_certificate"])}
both = Endpoints(aws=AwsEndpoint(**given("aws")), azure=AzureEndpoint(**azure))
Endpoints.from_environment = lambda: both
Endpoints.of_one = lambda which: replace(both, **{"azure" if which == "aws" else "aws": None})
main()
"""
"""The command line with other accounts than those of this shell, which may be nobody's."""


def uv(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([UV, *arguments], capture_output=True, text=True, check=False, cwd=ROOT)


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the wheel; packages come from uv's cache, or the index."""
    if not UV.exists():
        pytest.skip(f"no uv beside {sys.executable}; run `make .venv/.dev`")
    folder = tmp_path_factory.mktemp("core")
    isolated = ("--no-build-isolation", "--offline", "--python", sys.executable)
    for made in (
        uv("build", "--wheel", *isolated, "--out-dir", folder, "."),
        uv("venv", "--offline", "--python", sys.executable, folder / "env"),
    ):
        assert made.returncode == 0, made.stderr
    python = folder / "env" / "bin" / "python"
    wheel = next(folder.glob("*.whl"))
    install = ("pip", "install", "--python", python, "--constraints", "requirements.txt", wheel)
    if uv(*install, "--offline").returncode != 0:
        done = uv(*install)
        if done.returncode != 0:
            pytest.skip(f"the core's packages are neither in uv's cache nor to be had: {done.stderr[-300:]}")
    return python


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Nobody's: without accounts, twins, or a registry of providers."""
    home = tmp_path_factory.mktemp("home")
    (home / "none").mkdir()
    config = f'provider_installation {{\n  filesystem_mirror {{\n    path = "{home / "none"}"\n  }}\n}}\n'
    (home / "terraformrc").write_text(config)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_OURS)}
    return {**kept, "HOME": str(home), "TF_CLI_CONFIG_FILE": str(home / "terraformrc")}


@pytest.fixture(scope="module")
def project(core: Path, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project's folder, written by the installed program."""
    folder = tmp_path_factory.mktemp("user")
    done = run(core, "init", "project", cwd=folder, environment=environment)
    assert done.returncode == 0, done.stderr
    return folder / "project"


def run(
    python: Path, *arguments: str, cwd: Path, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python.with_name("twinspan"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=environment,
    )


def test_the_core_brings_no_package_of_an_extra(core: Path) -> None:
    installed = {
        entry["name"] for entry in json.loads(uv("pip", "list", "--format", "json", "--python", core).stdout)
    }
    assert "botocore" in installed
    assert installed & {"moto", "grpcio", "matplotlib", "jinja2", "starlette", "vici"} == set()
    assert uv("pip", "check", "--python", core).returncode == 0


def test_check_judges_a_plan(core: Path, environment: dict[str, str], tmp_path: Path) -> None:
    done = run(core, "check", "--plan", str(PLAN), "--format", "json", cwd=tmp_path, environment=environment)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["passed"] is True


def test_init_writes_what_the_clone_has(project: Path, tmp_path: Path) -> None:
    write_project(tmp_path)
    written, expected = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (project, tmp_path)
    )
    assert written == expected


@pytest.mark.parametrize(
    ("command", "extra"),
    [
        ("verify envs/dev", "twin"),
        ("check envs/dev", "twin"),
        ("twin up", "twin"),
        ("demo envs/dev", "twin"),
        ("report envs/dev --on cloud", "report"),
        ("report envs/dev --on cloud --format json --plots plots", "report"),
    ],
)
def test_a_command_that_needs_more_says_which_extra_has_it(
    core: Path, environment: dict[str, str], project: Path, command: str, extra: str
) -> None:
    done = run(core, *command.split(), cwd=project, environment=environment)
    assert done.returncode == 3
    (error,) = [line for line in done.stderr.splitlines() if not line.startswith("...")]
    assert f"pip install 'twinspan[{extra}]'" in error


def test_help_lists_every_command_without_any_extra(
    core: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    done = run(core, "--help", cwd=tmp_path, environment=environment)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def accounts(endpoints: Endpoints) -> str:
    """Both clouds with a network in them, as JSON."""
    dev_network.build(endpoints)
    return json.dumps(asdict(endpoints), default=str)


@pytest.mark.parametrize("command", ["verify", "doctor", "monitor show --once"])
def test_commands_read_real_accounts_without_any_extra(
    core: Path, environment: dict[str, str], project: Path, accounts: str, command: str
) -> None:
    arguments = [*command.split(), "envs/dev", "--on", "cloud", "--format", "json"]
    done = subprocess.run(
        [core, "-c", AS_IF_REAL, accounts, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=project,
        env=environment,
    )
    assert done.returncode in {0, 1}, done.stderr  # good, or not; anything else is not read
    assert json.loads(done.stdout)
