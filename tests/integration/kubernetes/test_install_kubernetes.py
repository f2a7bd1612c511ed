"""scripts/install-kubernetes, with programs and APT sources of the test's own; the long build is not run."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from twinspan.twin.kubernetes.programs import NAMES

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "scripts" / "install-kubernetes"
needs_apt = pytest.mark.skipif(shutil.which("apt-config") is None, reason="APT is not on this machine")


class Machine:
    """A user with an empty cache, programs on PATH and an APT configuration."""

    def __init__(self, folder: Path) -> None:
        self.programs = folder / "programs"
        self.calls = folder / "calls"
        self.cache = folder / "cache"
        self.sources = folder / "sources.list.d"
        self.kubernetes = self.cache / "twinspan" / "kubernetes"
        for made in (self.programs, self.sources):
            made.mkdir()
        configuration = folder / "apt.conf"
        configuration.write_text(
            f'Dir::Etc::sourcelist "/dev/null";\nDir::Etc::sourceparts "{self.sources}";\n'
        )
        self.environment = {
            **os.environ,
            "PATH": f"{self.programs}:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": str(folder),
            "XDG_CACHE_HOME": str(self.cache),
            "APT_CONFIG": str(configuration),
        }

    def put_on_path(self, *names: str, version: str) -> None:
        for name in names:
            said = f"Client Version: v{version}" if name == "kubectl" else f"Kubernetes v{version}"
            program = self.programs / name
            program.write_text(f"#!/bin/sh\necho {name} >>{self.calls}\necho '{said}'\n")
            program.chmod(0o755)

    def start(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [str(SCRIPT), sys.executable],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def install(self) -> "subprocess.CompletedProcess[str]":
        with self.start() as process:
            out, err = process.communicate(timeout=100)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    @property
    def left(self) -> set[str]:
        return {path.name for path in self.kubernetes.iterdir()}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_programs_of_the_right_version_on_path_are_used(machine: Machine) -> None:
    machine.put_on_path(*NAMES, version="1.20.15")
    done = machine.install()
    assert (done.returncode, done.stderr) == (0, "")
    assert "on PATH, version 1.20.15" in done.stdout
    current = machine.kubernetes / "current"
    assert {name: (current / name).resolve() for name in NAMES} == {
        name: machine.programs / name for name in NAMES
    }
    assert (current / "version").read_text() == "1.20.15\n"
    assert machine.left == {"current", "lock", "path-1.20"}


def test_a_second_run_says_nothing_and_runs_nothing(machine: Machine) -> None:
    machine.put_on_path(*NAMES, version="1.20.2")
    assert machine.install().returncode == 0
    machine.calls.unlink()
    done = machine.install()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not machine.calls.exists()


def test_a_program_that_was_upgraded_is_checked_again(machine: Machine) -> None:
    machine.put_on_path(*NAMES, version="1.20.2")
    assert machine.install().returncode == 0
    machine.put_on_path(*NAMES, version="1.20.15")
    assert "version 1.20.15" in machine.install().stdout
    assert (machine.kubernetes / "current" / "version").read_text() == "1.20.15\n"


def test_two_runs_at_once_do_the_work_once_and_both_succeed(machine: Machine) -> None:
    machine.put_on_path(*NAMES, version="1.20.2")
    with machine.start() as first, machine.start() as second:
        outputs = [process.communicate(timeout=100) for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), outputs
    said = "".join(out for out, _ in outputs)
    assert said.count("Using the Kubernetes programs on PATH") == 1
    assert machine.left == {"current", "lock", "path-1.20"}


def test_what_a_killed_run_left_is_removed(machine: Machine) -> None:
    half = machine.kubernetes / "build.aBcDeF" / "path" / "src"
    half.mkdir(parents=True)
    machine.put_on_path(*NAMES, version="1.20.2")
    assert machine.install().returncode == 0
    assert machine.left == {"current", "lock", "path-1.20"}


def test_a_cache_that_cannot_be_written_is_an_error_with_a_remedy(machine: Machine) -> None:
    machine.cache.write_text("a file, not a folder")
    done = machine.install()
    assert done.returncode == 3
    assert "XDG_CACHE_HOME" in done.stderr


@needs_apt
@pytest.mark.parametrize("names", [(), NAMES[:-1], NAMES], ids=["none", "not all", "another version"])
def test_without_a_source_package_it_ends_with_3_and_the_remedy(
    machine: Machine, names: tuple[str, ...]
) -> None:
    machine.put_on_path(*names, version="1.30.4" if names == NAMES else "1.20.2")
    done = machine.install()
    assert done.returncode == 3
    assert "offer no source package kubernetes 1.20.5+really1.20.2" in done.stderr
    assert "deb-src" in done.stderr
    assert "on PATH" in done.stderr
    assert machine.left == {"lock"}


@needs_apt
def test_a_mirror_that_does_not_answer_is_told_from_one_without_the_package(
    machine: Machine, tmp_path: Path
) -> None:
    (machine.sources / "own.list").write_text(f"deb [trusted=yes] file:{tmp_path}/nowhere ./\n")
    done = machine.install()
    assert done.returncode == 3
    assert f"{tmp_path}/nowhere" in done.stderr
    assert "could not all be read" in done.stderr
    assert "bookworm" not in done.stderr


@needs_apt
def test_source_packages_with_other_content_are_refused(machine: Machine, tmp_path: Path) -> None:
    if shutil.disk_usage(tmp_path).free < 5 << 30:
        pytest.skip("the script asks for 4.5 GB of disk before it downloads")
    repository = tmp_path / "repository"
    repository.mkdir()
    wanted = {"kubernetes": "1.20.5+really1.20.2", "golang-github-modern-go-reflect2": "1.0.2"}
    (repository / "Sources").write_text(
        "\n".join(stanza(repository, package, version) for package, version in wanted.items())
    )
    (machine.sources / "own.list").write_text(f"deb [trusted=yes] file:{repository} ./\n")
    done = machine.install()
    assert done.returncode == 3
    assert "not the expected ones (SHA-256)" in done.stderr
    assert machine.left == {"lock"}


def stanza(repository: Path, package: str, version: str) -> str:
    """Write a source package that is none, and describe it as APT's index does."""
    sums = []
    for name in (f"{package}_{version}.orig.tar.gz", f"{package}_{version}-1.dsc"):
        content = f"not {name}".encode()
        (repository / name).write_bytes(content)
        sums.append(f" {hashlib.sha256(content).hexdigest()} {len(content)} {name}\n")
    return (
        f"Package: {package}\nBinary: {package}\nVersion: {version}-1\nArchitecture: any\n"
        f"Format: 3.0 (quilt)\nDirectory: .\nChecksums-Sha256:\n{''.join(sums)}"
    )
