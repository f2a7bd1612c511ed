"""What `make kubernetes` runs, with programs, archives and a Go module of the test's own."""

import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from install_machine import DNS_VERSION, VERSION, Machine, contents

from twinspan.command import run
from twinspan.twin.kubernetes.build import Module, build
from twinspan.twin.kubernetes.programs import DNS_NAME, KUBERNETES_MINOR, KUBERNETES_NAMES, NAMES
from twinspan.wait import wait_until

needs_go = pytest.mark.skipif(shutil.which("go") is None, reason="there is no Go on PATH")
GIVEN = "TWINSPAN_KUBERNETES"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Go compiles of its own for the small module."""
    machine = Machine(tmp_path_factory.mktemp("objects"))
    argv = ["go", "build", "-trimpath", "-o", str(machine.folder / "program"), "."]
    settings = {"GOCACHE": str(machine.folder / "objects"), "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
    subprocess.run(argv, cwd=machine.module, env={**os.environ, **settings}, check=True)
    return machine.folder / "objects"


def test_programs_of_the_right_version_on_path_are_taken_into_the_cache(machine: Machine) -> None:
    machine.put_on_path(*NAMES, version=VERSION)
    expected = contents(machine.programs)
    done = machine.install()
    assert (done.returncode, done.stderr) == (0, "")
    shutil.rmtree(machine.programs)
    assert contents(machine.current.resolve()) == expected
    assert not any((machine.current / name).is_symlink() for name in NAMES)
    assert (machine.current / "version").read_text() == f"{VERSION}\n"
    assert machine.left == {"current", "lock", machine.current.resolve().name}


def test_a_file_of_several_names_is_taken_once(machine: Machine) -> None:
    machine.put(machine.folder / "elsewhere", "all", version=VERSION)
    for name in KUBERNETES_NAMES:
        (machine.programs / name).symlink_to(machine.folder / "elsewhere/all")
    machine.put_on_path(DNS_NAME, version=DNS_VERSION)
    assert machine.install().returncode == 0
    assert len({(machine.current / name).stat().st_ino for name in KUBERNETES_NAMES}) == 1


def test_a_second_run_says_nothing_and_runs_nothing(machine: Machine) -> None:
    machine.put_on_path(*NAMES, version=VERSION)
    assert machine.install().returncode == 0
    machine.calls.unlink()
    done = machine.install()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not machine.calls.exists()


def test_programs_that_have_gone_from_path_stay_in_use(machine: Machine) -> None:
    machine.put_on_path(*NAMES, version=VERSION)
    assert machine.install().returncode == 0
    shutil.rmtree(machine.programs)
    done = machine.install()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_program_that_was_upgraded_is_taken_again(machine: Machine) -> None:
    machine.put_on_path(*NAMES, version=f"{KUBERNETES_MINOR}.1")
    assert machine.install().returncode == 0
    for name in NAMES:
        (machine.programs / name).unlink()
    machine.put_on_path(*NAMES, version=f"{KUBERNETES_MINOR}.2")
    assert machine.install().returncode == 0
    assert (machine.current / "version").read_text() == f"{KUBERNETES_MINOR}.2\n"


def test_two_runs_at_once_do_the_work_once_and_both_succeed(machine: Machine) -> None:
    machine.put_on_path(*NAMES, version=VERSION)
    with machine.start() as first, machine.start() as second:
        outputs = [process.communicate(timeout=100) for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), outputs
    said = "".join(out for out, _ in outputs)
    assert said.count("is ready") == 1
    assert machine.left == {"current", "lock", machine.current.resolve().name}


def test_what_a_killed_run_left_is_removed(machine: Machine) -> None:
    for left in ("new.aBcDeF", "building/objects"):
        (machine.kubernetes / left).mkdir(parents=True)
    machine.put_on_path(*NAMES, version=VERSION)
    assert machine.install().returncode == 0
    assert machine.left == {"current", "lock", machine.current.resolve().name}


def test_a_cache_that_cannot_be_written_is_an_error_with_a_remedy(machine: Machine) -> None:
    machine.put_on_path(*NAMES, version=VERSION)
    machine.cache.write_text("a file, not a folder")
    done = machine.install()
    assert done.returncode == 3
    assert "XDG_CACHE_HOME" in done.stderr


def test_a_given_folder_goes_before_path(machine: Machine) -> None:
    machine.put_on_path(*NAMES, version=VERSION)
    given = machine.folder / "given"
    machine.put(given, *NAMES, version=f"{KUBERNETES_MINOR}.3")
    machine.environment[GIVEN] = str(given)
    assert machine.install().returncode == 0
    assert contents(machine.current) == contents(given)


def test_a_given_folder_that_lacks_a_program_is_refused_by_its_name(machine: Machine) -> None:
    given = machine.folder / "given"
    machine.put(given, *KUBERNETES_NAMES[:-1], version=VERSION)
    machine.environment[GIVEN] = str(given)
    machine.assert_refused(str(given), GIVEN, KUBERNETES_NAMES[-1])


def test_given_programs_of_another_version_are_refused(machine: Machine) -> None:
    given = machine.folder / "given"
    machine.put(given, *NAMES, version=VERSION)
    machine.put(given, "kubelet", version="1.30.4")
    machine.environment[GIVEN] = str(given)
    machine.assert_refused("kubelet 1.30.4", f"version {KUBERNETES_MINOR}", GIVEN)


def test_given_programs_of_another_architecture_are_refused(machine: Machine) -> None:
    given = machine.folder / "given"
    machine.put(given, *NAMES, version=VERSION)
    elf_of_s390 = b"\x7fELF\x02\x02\x01" + bytes(9) + b"\x00\x02\x00\x16" + bytes(44)
    (given / "kube-proxy").write_bytes(elf_of_s390)
    machine.environment[GIVEN] = str(given)
    machine.assert_refused("kube-proxy does not run here", GIVEN)


def test_what_is_given_and_not_there_is_refused(machine: Machine) -> None:
    machine.environment[GIVEN] = str(machine.folder / "nowhere.tar.gz")
    machine.assert_refused("nowhere.tar.gz", GIVEN)


def archive_of(machine: Machine) -> Path:
    """Install from PATH, write an archive, and forget both."""
    machine.put(machine.folder / "elsewhere", "all", version=VERSION)
    machine.put_on_path(DNS_NAME, version=DNS_VERSION)
    for name in KUBERNETES_NAMES:
        (machine.programs / name).symlink_to(machine.folder / "elsewhere/all")
    done = machine.install("--archive", str(machine.folder))
    assert done.returncode == 0, done.stderr
    shutil.rmtree(machine.programs)
    shutil.rmtree(machine.cache)
    (archive,) = machine.folder.glob(f"kubernetes-{VERSION}-linux-*.tar.gz")
    machine.environment[GIVEN] = str(archive)
    return archive


def test_an_archive_gives_the_same_programs_on_another_machine(machine: Machine) -> None:
    archive_of(machine)
    assert machine.install().returncode == 0
    given = (machine.folder / "elsewhere/all").read_bytes()
    assert {(machine.current / name).read_bytes() for name in KUBERNETES_NAMES} == {given}
    assert len({(machine.current / name).stat().st_ino for name in KUBERNETES_NAMES}) == 1
    assert machine.said_by(DNS_NAME) == f"CoreDNS-{DNS_VERSION}\n"
    again = machine.install()
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_upstreams_own_archive_of_servers_is_taken_with_the_coredns_of_path(machine: Machine) -> None:
    machine.put_on_path(DNS_NAME, version=DNS_VERSION)
    server = machine.folder / "server"
    machine.put(server, *KUBERNETES_NAMES, version=VERSION)
    archive = machine.folder / "kubernetes-server-linux-amd64.tar.gz"
    with tarfile.open(archive, "w:gz") as upstream:
        for name in KUBERNETES_NAMES:
            upstream.add(server / name, arcname=f"kubernetes/server/bin/{name}")
    machine.environment[GIVEN] = str(archive)
    assert machine.install().returncode == 0
    shutil.copy2(machine.programs / DNS_NAME, server)
    assert contents(machine.current) == contents(server)


def truncate(archive: Path) -> None:
    archive.write_bytes(archive.read_bytes()[:-200])


def flip(archive: Path) -> None:
    """Damage what only the checksum at the end of the stream can know."""
    content = bytearray(archive.read_bytes())
    content[-8] ^= 1
    archive.write_bytes(content)


def empty(archive: Path) -> None:
    with tarfile.open(archive, "w:gz"):
        pass


@pytest.mark.parametrize("damage", [truncate, flip, empty, lambda archive: archive.write_bytes(b"no gzip")])
def test_a_damaged_archive_is_refused(machine: Machine, damage: Callable[[Path], object]) -> None:
    damage(archive_of(machine))
    machine.assert_refused(GIVEN, "make kubernetes-archive")


def test_an_archive_of_another_version_is_refused(machine: Machine) -> None:
    machine.put(machine.folder / "old", *NAMES, version="1.20.2")
    archive = machine.folder / "old.tar.gz"
    with tarfile.open(archive, "w:gz") as old:
        old.add(machine.folder / "old", arcname="kubernetes")
    machine.environment[GIVEN] = str(archive)
    machine.assert_refused("1.20.2", f"version {KUBERNETES_MINOR}", GIVEN)


@needs_go
def test_programs_are_built_and_nothing_else_stays(machine: Machine, objects: Path) -> None:
    machine.put_go_on_path(objects)
    done = machine.install()
    assert done.returncode == 0, done.stderr
    assert {name: machine.said_by(name) for name in NAMES} == {
        **dict.fromkeys(NAMES, f"Kubernetes v{VERSION}\n"),
        "kubectl": f"Client Version: v{VERSION}\n",
        DNS_NAME: f"CoreDNS-{DNS_VERSION}\n",
    }
    assert len({(machine.current / name).stat().st_ino for name in KUBERNETES_NAMES}) == 1
    assert machine.left == {"current", "lock", machine.current.resolve().name}
    (machine.programs / "go").unlink()
    again = machine.install()
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


@needs_go
def test_coredns_is_built_beside_programs_that_come_without_it(machine: Machine, objects: Path) -> None:
    machine.put_on_path(*KUBERNETES_NAMES, version=VERSION)
    machine.put_go_on_path(objects)
    machine.put(machine.programs, DNS_NAME, version=VERSION)
    (machine.programs / DNS_NAME).write_text("#!/bin/sh\necho CoreDNS-1.9.3\n")
    assert machine.install().returncode == 0
    assert machine.said_by(DNS_NAME) == f"CoreDNS-{DNS_VERSION}\n"
    assert machine.said_by("kubelet") == f"Kubernetes v{VERSION}\n"


@needs_go
def test_the_tests_of_a_package_are_built_as_a_program(
    machine: Machine, objects: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.put_go_on_path(objects)
    monkeypatch.setattr(os, "environ", machine.environment)
    source = 'package main\n\nimport "testing"\n\nfunc TestOne(t *testing.T) {}\n'
    (machine.module / "one_test.go").write_text(source)
    module = Module(programs=("all.test",), folder=machine.module, go_requirements=machine.requirements)
    build(module, work=machine.kubernetes / "building", target=machine.folder, show=lambda _line: None)
    assert run([str(machine.folder / "all.test"), "-test.list", "."]).stdout == "TestOne\n"
    assert {path.name for path in machine.module.iterdir()} == {"go.mod", "main.go", "one_test.go"}


@needs_go
@pytest.mark.long
def test_two_builds_are_one_and_the_same_wherever_and_with_whatever_settings(
    tmp_path: Path, objects: Path
) -> None:
    first, second = (Machine(tmp_path / name) for name in ("one", "another/place"))
    first.put_go_on_path(objects)
    second.put_go_on_path()
    second.environment |= {
        "GOFLAGS": "-mod=mod -tags=x",
        "GOARCH": "s390x",
        "GOWORK": "/x",
        "CGO_ENABLED": "1",
    }
    for machine in (first, second):
        done = machine.install()
        assert done.returncode == 0, done.stderr
    assert contents(first.current) == contents(second.current)


@needs_go
@pytest.mark.long
def test_a_killed_build_goes_on_where_it_was(machine: Machine) -> None:
    machine.put_go_on_path()
    objects = machine.kubernetes / "building/objects"
    with machine.start() as killed:
        wait_until(
            lambda: len(list(objects.glob("*/*-d"))), lambda count: count > 5, what="objects", timeout_s=200
        )
        killed.kill()
    compiled = len(list(objects.glob("*/*-d")))
    done = machine.install()
    assert done.returncode == 0, done.stderr
    counted = [line for line in done.stdout.splitlines() if line.endswith(" packages")]
    assert int(counted[0].split()[-4]) > 1, f"{compiled} objects, then {counted[0]}"


@needs_go
@pytest.mark.parametrize("settings", [{"GOPROXY": "http://127.0.0.1:9"}, {"GOPROXY": "off"}])
def test_without_a_network_the_error_names_both_ways_out(machine: Machine, settings: dict[str, str]) -> None:
    machine.put_go_on_path()
    machine.environment |= settings
    machine.require(sum_of=b"package other\n")
    machine.assert_refused("twinspan.test/other", "GOPROXY", GIVEN)


@needs_go
def test_modules_come_from_the_users_proxy_and_are_what_go_sum_says(machine: Machine, objects: Path) -> None:
    machine.put_go_on_path(objects)
    machine.require(sum_of=b"package other\n")
    machine.serve(b"package other\n\nfunc init() { panic(1) }\n")
    machine.assert_refused("checksum mismatch", GIVEN)
    shutil.rmtree(machine.folder / "proxy")
    machine.serve(b"package other\n")
    assert machine.install().returncode == 0


@needs_go
def test_a_module_that_does_not_compile_is_an_error_with_gos_own_words(
    machine: Machine, objects: Path
) -> None:
    machine.put_go_on_path(objects)
    machine.write_module(main="package main\n\nfunc main() { undefined() }\n")
    machine.assert_refused("main.go:3:15: undefined: undefined", GIVEN)


@pytest.mark.parametrize("go", ["", "go1.20.14"], ids=["none", "too old"])
def test_without_a_go_that_is_new_enough_the_error_says_which_and_where(machine: Machine, go: str) -> None:
    if go:
        (machine.programs / "go").write_text(f"#!/bin/sh\necho {go}\n")
        (machine.programs / "go").chmod(0o755)
    machine.assert_refused("Go 1.21 or later", "PATH", "PyPI", GIVEN)


def run_on_small_disk(machine: Machine) -> "subprocess.CompletedProcess[str]":
    """Install with a cache of four megabytes."""
    machine.cache.mkdir()
    script = f'mount -t tmpfs -o size=4m tmpfs {machine.cache} && exec "$@"'
    with machine.start() as process:  # for its arguments
        process.kill()
    argv = ["unshare", "--mount", "sh", "-c", script, "sh", *process.args]  # type: ignore[misc]
    return subprocess.run(
        argv, env=machine.environment, capture_output=True, text=True, check=False, timeout=100
    )


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_disk_without_room_for_a_build_is_an_error_before_it(machine: Machine) -> None:
    done = run_on_small_disk(machine)
    assert done.returncode == 3
    assert "MB of disk" in done.stderr
    assert "XDG_CACHE_HOME" in done.stderr


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_disk_that_gets_full_is_an_error_with_a_remedy(machine: Machine) -> None:
    machine.put_on_path(*NAMES, version=VERSION)
    with (machine.programs / "kubelet").open("a") as program:
        program.write(f"#{'x' * (8 << 20)}\n")
    done = run_on_small_disk(machine)
    assert done.returncode == 3
    assert "No space left on device" in done.stderr
    assert "XDG_CACHE_HOME" in done.stderr
