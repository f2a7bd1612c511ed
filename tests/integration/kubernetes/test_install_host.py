"""scripts/install-host leaves alone what is there from elsewhere; nothing is installed by these tests."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "scripts" / "install-host"


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A machine on which dpkg knows no package, and on which apt would install nothing."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("dpkg-query", "sudo", "apt-get"):
        put(folder, name, "exit 1")
    return folder


def put(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def install(programs: Path, *packages: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(SCRIPT), *packages],
        env={**os.environ, "PATH": f"{programs}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_containerd_and_runc_of_docker_are_not_replaced_by_debians(programs: Path) -> None:
    put(programs, "containerd", "exit 0")
    put(programs, "runc", "exit 0")
    done = install(programs, "containerd", "runc")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_packages_that_dpkg_has_are_not_installed_again(programs: Path) -> None:
    put(programs, "dpkg-query", "echo install ok installed")
    done = install(programs, "etcd-server", "iptables")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.skipif(not Path("/usr/sbin/policy-rc.d").exists(), reason="the script would make that file")
def test_packages_that_apt_does_not_have_end_with_3_and_their_names(programs: Path) -> None:
    done = install(programs, "no-such-package")
    assert done.returncode == 3
    assert "apt cannot install: no-such-package" in done.stderr
