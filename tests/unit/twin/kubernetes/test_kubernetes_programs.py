"""Finding the programs that clusters are made of, and saying what is missing."""

import os
import pwd
import re
import time
from pathlib import Path

import pytest

from twinspan.errors import HostError
from twinspan.twin.kubernetes import programs
from twinspan.twin.kubernetes.programs import (
    KUBERNETES_MINOR,
    NAMES,
    cache_folder,
    find_programs,
    missing_host_programs,
    record,
)

VERSION = f"{KUBERNETES_MINOR}.4"


@pytest.fixture(autouse=True)
def host_with_all_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    plugins = tmp_path / "cni"
    plugins.mkdir()
    for name in ("loopback", "ptp", "host-local", "portmap"):
        (plugins / name).touch()
    monkeypatch.setattr(programs, "_HOST_PROGRAMS", {"sh": "dash", "env": "coreutils"})
    monkeypatch.setattr(programs, "_CNI_FOLDERS", (str(plugins),))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("SUDO_UID", raising=False)


def install(folder: Path, *, version: str = VERSION) -> Path:
    """Make a folder as `make kubernetes` leaves it."""
    folder.mkdir(parents=True)
    for name in NAMES:
        program = folder / name
        program.write_text(f"#!/bin/sh\necho Kubernetes v{version}\n")
        program.chmod(0o755)
    record(folder, version)
    return folder


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    cache = tmp_path / "cache" / "twinspan" / "kubernetes"
    folder = install(cache / "build")
    (cache / "current").symlink_to("build")
    return folder


def test_the_folder_that_current_points_to_is_found_with_its_version(installed: Path) -> None:
    current_programs = find_programs()
    assert current_programs.folder == installed
    assert current_programs.version == VERSION


def test_the_cache_is_in_the_home_folder_when_nothing_else_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "twinspan" / "kubernetes"


def test_root_by_sudo_uses_the_programs_of_the_caller(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    user = next(entry for entry in pwd.getpwall() if entry.pw_uid != 0)
    home = tmp_path / "home"
    folder = install(home / ".cache" / "twinspan" / "kubernetes" / "current")
    fields = list(user)
    fields[5] = str(home)
    monkeypatch.setattr(pwd, "getpwuid", {user.pw_uid: pwd.struct_passwd(fields)}.get)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("SUDO_UID", str(user.pw_uid))
    assert find_programs().folder == folder


def test_without_programs_the_error_names_them_and_the_remedy() -> None:
    with pytest.raises(HostError) as error:
        find_programs()
    assert all(name in error.value.problem for name in NAMES)
    assert "make kubernetes" in error.value.remedy


@pytest.mark.usefixtures("installed")
def test_missing_packages_of_the_host_are_named_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        programs, "_HOST_PROGRAMS", {"sh": "dash", "no-such-etcd": "etcd-server", "no-such-runc": "runc"}
    )
    assert missing_host_programs() == {"no-such-etcd": "etcd-server", "no-such-runc": "runc"}
    with pytest.raises(
        HostError, match=r"no-such-etcd \(package etcd-server\), no-such-runc \(package runc\)"
    ):
        find_programs()


@pytest.mark.usefixtures("installed")
def test_a_missing_network_plug_in_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(programs, "_CNI_FOLDERS", (str(tmp_path / "nowhere"),))
    with pytest.raises(HostError, match=r"CNI plug-in loopback \(package containernetworking-plugins\)"):
        find_programs()


@pytest.mark.parametrize("version", ["1.30.4", "1.3.0", f"{KUBERNETES_MINOR}0.1", ""])
def test_programs_of_another_version_are_refused(tmp_path: Path, version: str) -> None:
    install(tmp_path / "cache" / "twinspan" / "kubernetes" / "current", version=version)
    with pytest.raises(HostError, match=rf"Kubernetes {re.escape(KUBERNETES_MINOR)} "):
        find_programs()


def test_a_missing_program_is_named(installed: Path) -> None:
    (installed / "kubelet").unlink()
    with pytest.raises(HostError, match=f"{installed}/kubelet"):
        find_programs()


def test_a_program_that_cannot_be_run_is_named(installed: Path) -> None:
    (installed / "kube-proxy").chmod(0o644)
    with pytest.raises(HostError, match=f"{installed}/kube-proxy"):
        find_programs()


def test_a_program_exchanged_since_it_was_checked_is_refused(installed: Path) -> None:
    (installed / "kube-scheduler").write_text("#!/bin/sh\necho Kubernetes v1.31.0 of another make\n")
    with pytest.raises(HostError, match="kube-scheduler as it was"):
        find_programs()


@pytest.mark.parametrize("name", ["version", "stamps"])
def test_a_folder_without_its_records_is_refused(installed: Path, name: str) -> None:
    (installed / name).unlink()
    with pytest.raises(HostError, match="make kubernetes"):
        find_programs()


def test_records_that_make_no_sense_are_refused_without_a_crash(installed: Path) -> None:
    (installed / "stamps").write_text("kubelet\nkubectl one two\n\n")
    with pytest.raises(HostError, match="make kubernetes"):
        find_programs()


@pytest.mark.usefixtures("installed")
def test_finding_is_quick() -> None:
    began = time.process_time()
    find_programs()
    assert time.process_time() - began < 0.05
