"""Nothing of twinspan is bound to one architecture or to one distribution's folders."""

import os
import platform
import re
from pathlib import Path

import pytest

from twinspan import host
from twinspan.errors import HostError
from twinspan.host import SYSTEM_PATH, architecture, find_program, search_path

ROOT = Path(__file__).parents[2]

ARCHITECTURE = re.compile(r"x86[_-]64|amd64|aarch64|arm64|armhf|\bi[3-6]86\b")
ARCHITECTURES_ALLOWED = {
    "src/twinspan/host.py": "the one mapping",
    "src/twinspan/twin/aws/ec2/images.py": "names and architectures of public images",
    "src/twinspan/twin/azure/images.py": "names and architectures of public images",
    "src/twinspan/twin/aws/eks/addons.py": "a field of EKS's answers",
    "src/twinspan/twin/aws/eks/nodegroups.py": "the name of one of EKS's images",
}

PLACE = re.compile(r"(?<![\w.*}-])/(?:usr/(?:local/)?)?(?:s?bin|lib(?:64|exec)?)/(?!sh\b|env\b)\w[\w.-]*")
PLACES_ALLOWED = {
    "src/twinspan/doctor/machine.py": "where the kernel looks for its modules",
    "src/twinspan/twin/kubernetes/host_files.py": "inside of container images",
    "src/twinspan/twin/kubernetes/images.py": "inside of container images",
    "src/twinspan/twin/kubernetes/programs.py": "the folders in which distributions keep CNI plug-ins",
    "src/twinspan/twin/requirements.py": "the folders in which distributions keep strongSwan's plug-ins",
    "scripts/install-host": "where Debian's policy has maintainer scripts look, and its unit files are",
}


def lines() -> list[tuple[str, str]]:
    """Every line of what runs, with its file; first lines that name an interpreter are left out."""
    files = [ROOT / "Makefile", *(ROOT / ".ci").iterdir(), *(ROOT / "scripts").iterdir()]
    files += [file for folder in ("src", "tools", "benchmarks") for file in (ROOT / folder).rglob("*.py")]
    return [
        (str(file.relative_to(ROOT)), line)
        for file in files
        for line in file.read_text().splitlines()
        if not line.startswith("#!")
    ]


@pytest.mark.parametrize(
    ("pattern", "allowed"),
    [(ARCHITECTURE, ARCHITECTURES_ALLOWED), (PLACE, PLACES_ALLOWED)],
    ids=["architecture", "folder"],
)
def test_what_differs_between_machines_is_named_in_one_place(
    pattern: re.Pattern[str], allowed: dict[str, str]
) -> None:
    hits = [(file, line.strip()) for file, line in lines() if pattern.search(line)]
    assert [hit for hit in hits if hit[0] not in allowed] == []
    assert {file for file, _ in hits} == set(allowed), "a file in the list of exceptions needs none"


@pytest.mark.parametrize(
    ("line", "bound"),
    [
        ('_PROGRAM = "/usr/sbin/bird"', True),
        ('"/usr/bin/etcd",', True),
        ('folders = ["/usr/lib/ipsec/plugins"]', True),
        ("exec /usr/local/bin/terraform", True),
        ('Path("/usr/bin")', False),
        ("tests/bin/tool", False),
    ],
)
def test_the_search_for_folders_finds_them(line: str, *, bound: bool) -> None:
    assert bool(PLACE.search(line)) is bound


@pytest.mark.parametrize(("machine", "name"), [("x86_64", "amd64"), ("aarch64", "arm64")])
def test_the_kernels_word_for_an_architecture_becomes_everybody_elses(
    monkeypatch: pytest.MonkeyPatch, machine: str, name: str
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert architecture().name == name


@pytest.mark.parametrize("machine", ["riscv64", "armv7l", ""])
def test_an_unknown_architecture_is_named_with_the_known_ones(
    monkeypatch: pytest.MonkeyPatch, machine: str
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    with pytest.raises(HostError, match=rf"{machine or 'unknown'}.*x86_64, aarch64"):
        architecture()


@pytest.fixture
def own_bird(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A BIRD in a folder that is on PATH."""
    program = tmp_path / "bird"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return program


def test_a_program_on_roots_own_path_comes_first(own_bird: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert find_program("bird") == str(own_bird)


def test_a_program_of_a_users_own_is_not_one_that_root_will_find(
    own_bird: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert find_program("bird") != str(own_bird)
    assert search_path() == SYSTEM_PATH


def test_system_folders_count_when_path_lacks_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "ip").write_text("#!/bin/sh\n")
    (tmp_path / "ip").chmod(0o755)
    monkeypatch.setattr(host, "SYSTEM_PATH", str(tmp_path))
    monkeypatch.setenv("PATH", "/nonexistent")
    assert find_program("ip") == str(tmp_path / "ip")
    assert find_program("no-such-program") is None
