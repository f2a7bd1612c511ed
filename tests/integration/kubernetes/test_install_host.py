"""What the installing scripts do on machines that lack something; nothing is installed by these tests."""

import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
NO_INVOCATION = pytest.mark.skipif(
    not Path("/usr/sbin/policy-rc.d").exists(), reason="the script would make that file"
)
UNITS_THAT_STAY_OFF = {"nftables.service"}
"""Source: Debian's nftables, README.Debian: whoever wants the rules of /etc/nftables.conf enables it."""
UNITS_OF_EVERY_DEBIAN = {"fstrim.service", "fstrim.timer"}
"""Of util-linux, which is on every Debian before we come."""
PYTHONS = ("python3.13", "python3.12", "python3.11", "python3")


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
    return run_script(programs, "install-host", *packages)


def run_script(programs: Path, script: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(ROOT / "scripts" / script), *arguments],
        cwd=ROOT,
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


@NO_INVOCATION
def test_packages_that_apt_does_not_have_end_with_3_and_their_names(programs: Path) -> None:
    done = install(programs, "no-such-package")
    assert done.returncode == 3
    assert "apt cannot install: no-such-package" in done.stderr


@pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="not a Debian")
def test_every_unit_that_our_packages_bring_is_masked_by_the_script_or_known_to_stay_off() -> None:
    script = (ROOT / "scripts" / "install-host").read_text()
    masked = {unit for units in re.findall(r'units="([^"]+)"', script) for unit in units.split()}
    makefile = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    lists = re.findall(r"^(?:\w+_)?PACKAGES := (.*)$", makefile, re.MULTILINE)
    packages = {word for words in lists for word in words.split() if "$" not in word}
    assert {"charon-systemd", "etcd-server", "prometheus"} <= packages

    listed = subprocess.run(["dpkg-query", "-L", *packages], capture_output=True, text=True, check=False)
    units = set(re.findall(r"^\S*/lib/systemd/system/([\w@-]+\.[a-z]+)$", listed.stdout, re.MULTILINE))
    assert "bird.service" in units
    assert units - masked <= {*UNITS_THAT_STAY_OFF, *UNITS_OF_EVERY_DEBIAN}


@pytest.fixture
def bare(programs: Path) -> Path:
    """A machine whose Pythons cannot make environments until apt has installed the file `installed`."""
    for name in PYTHONS:
        put(
            programs,
            name,
            f"""[ -e "{programs}/installed" ] || exit 1
[ "$1" = -m ] || exit 0
mkdir -p "$3/bin"
for name in pip uv; do echo '#!/bin/sh' >"$3/bin/$name"; chmod 755 "$3/bin/$name"; done""",
        )
    return programs


@NO_INVOCATION
def test_a_python_that_lacks_venv_gets_it_from_apt(bare: Path, tmp_path: Path) -> None:
    put(bare, "apt-get", f'echo "$@" >"{bare}/installed"')
    done = run_script(bare, "install-python", str(tmp_path / "venv"), "requirements.txt")
    assert done.returncode == 0, done.stderr
    assert (bare / "installed").read_text().split()[-1] == "python3-venv"
    assert (tmp_path / "venv" / "bin" / "uv").exists()


@NO_INVOCATION
@pytest.mark.parametrize("apt", ["exit 1", "exit 0"], ids=["apt-fails", "python-too-old"])
def test_without_a_fit_python_the_remedy_is_named(bare: Path, tmp_path: Path, apt: str) -> None:
    put(bare, "apt-get", apt)
    done = run_script(bare, "install-python", str(tmp_path / "venv"), "requirements.txt")
    assert done.returncode == 3
    assert "python3" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_where_pypi_has_no_terraform_the_error_names_what_to_bring(programs: Path, tmp_path: Path) -> None:
    uv = tmp_path / "venv" / "bin"
    uv.mkdir(parents=True)
    put(uv, "uv", "echo 'no wheels with a matching platform tag' >&2; exit 1")
    for tool in ("sh", "dirname", "uname"):
        (programs / tool).symlink_to(str(shutil.which(tool)))
    done = subprocess.run(
        [str(ROOT / "scripts" / "install-terraform"), str(tmp_path / "terraform"), str(tmp_path / "venv")],
        cwd=ROOT,
        env={"PATH": str(programs)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 3
    assert f"({platform.system()} {platform.machine()})" in done.stderr
    assert "Put terraform 1.11 or later on PATH" in done.stderr
    assert not (tmp_path / "terraform").exists()
