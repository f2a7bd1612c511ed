"""The plugin process: warning, start, end, and the mirror it is started from."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
from provider_workspace import Workspace

from twinspan.errors import HostError
from twinspan.host import architecture
from twinspan.twin.providers.mirror import write_mirror
from twinspan.twin.providers.versions import KNOWN
from twinspan.wait import wait_until

_CONFIGURATION = 'provider "aws" {\n  region = "eu-west-1"\n}\ndata "aws_caller_identity" "this" {}\n'


def test_the_user_is_warned_that_no_real_provider_is_at_work(workspace: Workspace) -> None:
    workspace.write(_CONFIGURATION)
    workspace.init()

    shown = workspace.terraform("plan", "-no-color").stdout

    assert "Warning: offline provider for hashicorp/aws 6.25.0" in shown
    assert "not the real one" in " ".join(shown.split())


def test_by_another_versions_name_it_says_whose_schema_it_has(workspace: Workspace) -> None:
    pinned = 'required_providers {\n  aws = { source = "hashicorp/aws", version = "~> 5.0" }\n}'
    workspace.write(f"terraform {{\n{pinned}\n}}\n{_CONFIGURATION}")
    workspace.init()

    shown = " ".join(workspace.terraform("plan", "-no-color").stdout.split())

    assert "Warning: offline provider for hashicorp/aws 5.100.0" in shown
    assert "the schema of 6.25.0" in shown


def test_another_provider_is_taken_from_where_terraform_looks_by_itself(
    workspace: Workspace, tmp_path: Path
) -> None:
    workspace.write(f'{_CONFIGURATION}resource "random_id" "one" {{ byte_length = 4 }}\n')
    package = tmp_path / ".terraform.d/plugins/registry.terraform.io/hashicorp/random/3.7.2"
    program = package / f"linux_{architecture().name}" / "terraform-provider-random_v3.7.2"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path))
        config = write_mirror(tmp_path / "mirror")
    installed = workspace.terraform("init", HOME=str(tmp_path), TF_CLI_CONFIG_FILE=str(config)).stdout

    assert "hashicorp/random v3.7.2" in installed


def test_it_runs_with_an_empty_home_from_any_folder(workspace: Workspace) -> None:
    workspace.write(_CONFIGURATION)
    workspace.init()

    done = workspace.terraform("validate", HOME="/nonexistent", PYTHONPATH=None)

    assert "valid" in done.stdout


def test_it_runs_with_a_temporary_folder_too_deep_for_a_socket(workspace: Workspace, tmp_path: Path) -> None:
    deep = tmp_path / ("deep" * 30)
    deep.mkdir()
    workspace.write(_CONFIGURATION)
    workspace.init()

    done = workspace.terraform("validate", TMPDIR=str(deep))

    assert "valid" in done.stdout
    assert list(deep.iterdir()) == []


def test_a_mirror_is_private_and_can_be_written_twice(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    config = write_mirror(folder)
    wrappers = sorted(folder.glob("mirror/*/*/*/*/*/terraform-provider-*"))
    first = [wrapper.read_bytes() for wrapper in wrappers]

    assert write_mirror(folder) == config
    assert [wrapper.name for wrapper in wrappers] == [
        f"terraform-provider-{name}_v{version}" for name in sorted(KNOWN) for version in sorted(KNOWN[name])
    ]
    assert [wrapper.read_bytes() for wrapper in wrappers] == first
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "plugin.pem").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("machine", "expected"), [("x86_64", "linux_amd64"), ("aarch64", "linux_arm64")])
def test_a_mirror_is_for_the_machines_own_architecture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine: str, expected: str
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    write_mirror(tmp_path)
    assert {path.name for path in tmp_path.glob("mirror/*/*/*/*/*")} == {expected}


def test_no_mirror_is_written_for_an_unknown_architecture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(HostError, match="riscv64"):
        write_mirror(tmp_path / "providers")
    assert not (tmp_path / "providers").exists()


def test_started_by_hand_it_says_who_starts_it(tmp_path: Path) -> None:
    write_mirror(tmp_path)
    wrapper = next(tmp_path.glob("mirror/*/*/aws/*/*/terraform-provider-aws*"))

    done = subprocess.run([str(wrapper)], capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "Run `terraform`" in done.stderr


def test_it_ends_when_whoever_started_it_dies(tmp_path: Path) -> None:
    """A Terraform that is killed says no Shutdown."""
    write_mirror(tmp_path)
    wrapper = next(tmp_path.glob("mirror/*/*/aws/*/*/terraform-provider-aws*"))
    starter = (
        "import subprocess, sys, os\n"
        "plugin = subprocess.Popen([sys.argv[1]], stdout=subprocess.PIPE, text=True)\n"
        "line = plugin.stdout.readline()\n"
        "print(plugin.pid, line, flush=True)\n"
        "os._exit(0)\n"
    )
    cookie = {"TF_PLUGIN_MAGIC_COOKIE": "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"}

    done = subprocess.run(
        [sys.executable, "-c", starter, str(wrapper)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **cookie},
    )

    pid, handshake = done.stdout.split(maxsplit=1)
    assert handshake.startswith("1|6|unix|/")
    socket_path = Path(handshake.split("|")[3])
    wait_until(
        lambda: Path(f"/proc/{pid}").exists() or socket_path.exists(),
        lambda alive: not alive,
        what=f"end of plugin {pid}",
        timeout_s=15,
    )


@pytest.mark.parametrize("version", ["5.99.0", "7.0.0"])
def test_another_version_is_not_offered(workspace: Workspace, version: str) -> None:
    workspace.write(
        "terraform {\n  required_providers {\n"
        f'    aws = {{\n      source  = "hashicorp/aws"\n      version = "{version}"\n    }}\n  }}\n}}\n'
    )

    assert "no available releases match" in workspace.refused("init")
