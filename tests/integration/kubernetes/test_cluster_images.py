"""The clusters' images, made of this machine's files, and run by a real containerd."""

import io
import json
import os
import secrets
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from twinspan.command import run
from twinspan.drill import flow_agent
from twinspan.errors import HostError
from twinspan.twin.kubernetes.images import (
    ARCHIVE,
    BUSYBOX_IMAGE,
    DNS_IMAGE,
    PAUSE_IMAGE,
    SYSTEM_IMAGE,
    TOOLS_IMAGE,
    ensure_images,
)
from twinspan.twin.kubernetes.programs import KUBERNETES_NAMES, find_programs, missing_host_programs
from twinspan.wait import wait_until

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(bool(missing_host_programs()), reason="`make kubernetes` has not been run here"),
]
STAND_IN = "#!/bin/sh\necho coredns was run\n"


def programs_folder(folder: Path) -> Path:
    folder.mkdir()
    (folder / "coredns").write_text(STAND_IN)
    (folder / "coredns").chmod(0o755)
    os.utime(folder / "coredns", (1000, 1000))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return programs_folder(tmp_path / "programs")


def contents(archive: Path, image: str) -> set[str]:
    """List the paths in an image, all layers together."""
    return {name for layer in layers(archive, image) for name in tar_of(layer).getnames()}


def tar_of(layer: bytes) -> tarfile.TarFile:
    return tarfile.open(fileobj=io.BytesIO(layer))


def layers(archive: Path, image: str) -> list[bytes]:
    with tarfile.open(archive) as tar:

        def read(descriptor: dict[str, str]) -> bytes:
            member = tar.extractfile(f"blobs/sha256/{descriptor['digest'].removeprefix('sha256:')}")
            assert member is not None
            return member.read()

        index = tar.extractfile("index.json")
        assert index is not None
        manifests = json.load(index)["manifests"]
        (manifest,) = (one for one in manifests if one["annotations"]["io.containerd.image.name"] == image)
        return [read(layer) for layer in json.loads(read(manifest))["layers"]]


def test_programs_come_with_every_library_they_load(folder: Path) -> None:
    archive = ensure_images(folder) / ARCHIVE
    for image, programs in (
        (TOOLS_IMAGE, ("ping", "iperf3", "ip")),
        (SYSTEM_IMAGE, ("conntrack", "nft")),
    ):
        paths = contents(archive, image)
        for program in programs:
            program_path = shutil.which(program, path="/usr/sbin:/usr/bin")
            assert program_path is not None
            assert program_path.lstrip("/") in paths
            loaded = [word for word in run(["ldd", program_path]).stdout.split() if word.startswith("/")]
            assert loaded
            assert {str(Path("usr", word.removeprefix("/usr/").lstrip("/"))) for word in loaded} <= paths


def test_the_python_of_the_tools_needs_nothing_else_for_the_flow_agent_and_an_https_server(
    folder: Path,
) -> None:
    archive = ensure_images(folder) / ARCHIVE
    root = folder / "root"
    for layer in layers(archive, TOOLS_IMAGE):
        tar = tar_of(layer)
        # Python before 3.11.4, such as Debian 12's, has no filters and trusts fully.
        tar.extraction_filter = getattr(tarfile, "fully_trusted_filter", None)
        tar.extractall(root)
    shutil.copy(flow_agent.__file__, root / "tmp" / "agent.py")
    chroot = shutil.which("chroot") or "chroot"
    argv = [chroot, str(root), "/usr/bin/python3", "-I", "/tmp/agent.py", "serve"]
    argv += ["token", "0.1", "0", "60"]
    done = subprocess.run(argv, capture_output=True, text=True, env={}, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["ports"] == []
    server = (
        "import http.server, ssl, threading, typing\n"
        "ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)\n"
        "http.server.ThreadingHTTPServer(('', 0), http.server.BaseHTTPRequestHandler).server_close()"
    )
    argv = [chroot, str(root), "/usr/bin/python3", "-I", "-c", server]
    served = subprocess.run(argv, capture_output=True, text=True, env={}, timeout=30, check=False)
    assert (served.returncode, served.stderr) == (0, "")


def test_small_images_have_nothing_of_the_large_ones(folder: Path) -> None:
    archive = ensure_images(folder) / ARCHIVE
    small = contents(archive, BUSYBOX_IMAGE)
    assert {"usr/bin/busybox", "usr/bin/sh", "usr/bin/httpd", "usr/bin/wget", "usr/bin/nc"} <= small
    assert "coredns" not in small
    pause = contents(archive, PAUSE_IMAGE)
    assert pause < small
    assert not any(".so" in path for path in pause)


def test_images_are_made_once(folder: Path) -> None:
    archive = ensure_images(folder) / ARCHIVE
    made = archive.stat().st_mtime_ns
    assert ensure_images(folder) == archive.parent
    assert archive.stat().st_mtime_ns == made


def test_images_are_made_again_when_a_program_changed(folder: Path) -> None:
    archive = ensure_images(folder) / ARCHIVE
    (folder / "coredns").write_text(f"{STAND_IN}exit 1\n")
    before = archive.read_bytes()
    ensure_images(folder)
    assert archive.read_bytes() != before


@pytest.mark.parametrize("damage", ["", "[]", '{"sources": 1}', "{"])
def test_a_record_that_makes_no_sense_has_them_made_again(folder: Path, damage: str) -> None:
    images = ensure_images(folder)
    (images / "inputs.json").write_text(damage)
    (images / ARCHIVE).unlink()
    assert (ensure_images(folder) / ARCHIVE).exists()


def test_the_same_files_make_the_same_images(tmp_path: Path, folder: Path) -> None:
    other = programs_folder(tmp_path / "other")
    first, second = (ensure_images(made) / ARCHIVE for made in (folder, other))
    assert first.read_bytes() == second.read_bytes()


def test_two_processes_at_once_make_one_whole_archive(folder: Path) -> None:
    code = (
        "import pathlib, sys; from twinspan.twin.kubernetes.images import ensure_images;"
        "ensure_images(pathlib.Path(sys.argv[1]))"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(folder)]) for _ in range(2)]
    assert [process.wait(timeout=60) for process in running] == [0, 0]
    assert {path.name for path in (folder / "images").iterdir()} == {ARCHIVE, "inputs.json", "lock"}
    assert contents(folder / "images" / ARCHIVE, TOOLS_IMAGE)


def test_root_leaves_the_images_to_the_owner_of_the_programs(folder: Path) -> None:
    os.chown(folder, 12345, 12345)
    images = ensure_images(folder)
    assert {path.stat().st_uid for path in (images, *images.iterdir())} == {12345}


def test_without_coredns_nothing_is_left_behind(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    with pytest.raises(FileNotFoundError, match="coredns"):
        ensure_images(folder)
    assert {path.name for path in (folder / "images").iterdir()} == {"lock"}


def test_a_missing_program_of_the_host_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twinspan.twin.kubernetes.images._TOOLS", ("no-such-iperf3",))
    with pytest.raises(HostError, match=r"no-such-iperf3.*make kubernetes"):
        ensure_images(folder)


@pytest.mark.parametrize("name", KUBERNETES_NAMES)
def test_the_programs_say_the_version_that_was_recorded(name: str) -> None:
    try:
        programs = find_programs()
    except HostError as error:
        pytest.skip(str(error))
    argv = ["version", "--client"] if name == "kubectl" else ["--version"]
    assert f"v{programs.version}" in run([str(programs.folder / name), *argv]).stdout


_OWN_RUN = 'mount -t tmpfs tmpfs /run && exec containerd --config "$0"'


class Containerd:
    """A containerd of the test's own, without its Kubernetes part; so are its mounts and its /run."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "socket"
        self.folder = folder
        self.pid = 0
        (folder / "config.toml").write_text(
            f'version = 2\nroot = "{folder}/root"\nstate = "{folder}/state"\n'
            f'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\naddress = "{self.socket}"\n'
        )

    def ctr(self, *argv: str) -> str:
        inside = ["nsenter", f"--mount=/proc/{self.pid}/ns/mnt", "--"]
        to = ["--address", str(self.socket), "--namespace", "k8s.io"]
        return run([*inside, "ctr", *to, *argv], timeout_s=90).stdout

    def run(self, image: str, command: str, *options: str) -> str:
        """Run a command in a container without a cgroup, and remove the container."""
        name = f"tsp-{secrets.token_hex(3)}"  # its cgroup, too: so other tests know it as a test's
        return self.ctr("run", "--rm", "--cgroup", "", *options, image, name, "sh", "-c", command)


@pytest.fixture(scope="module")
def containerd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Containerd]:
    """Start one with the images; its socket's path must be short."""
    archive = ensure_images(programs_folder(tmp_path_factory.mktemp("images") / "programs")) / ARCHIVE
    with tempfile.TemporaryDirectory(prefix="ctr") as name:
        made = Containerd(Path(name))
        with (
            (made.folder / "log").open("w") as log,
            subprocess.Popen(
                ["unshare", "--mount", "sh", "-c", _OWN_RUN, f"{name}/config.toml"],
                stdout=log,
                stderr=log,
            ) as daemon,
        ):
            made.pid = daemon.pid
            try:
                wait_until(made.socket.exists, bool, what="containerd's socket", timeout_s=60)
                made.ctr("images", "import", str(archive))
                yield made
            finally:
                daemon.terminate()
                daemon.wait(timeout=60)


def test_containerd_takes_all_images_by_their_names(containerd: Containerd) -> None:
    assert set(containerd.ctr("images", "ls", "--quiet").split()) == {
        PAUSE_IMAGE,
        BUSYBOX_IMAGE,
        DNS_IMAGE,
        TOOLS_IMAGE,
        SYSTEM_IMAGE,
    }


@pytest.mark.parametrize(
    ("image", "command", "expected"),
    [
        (BUSYBOX_IMAGE, "echo hello | wc -c; type httpd", "6\nhttpd"),
        (TOOLS_IMAGE, "ping -c 1 127.0.0.1", "1 packets transmitted, 1 received"),
        (TOOLS_IMAGE, "ping -V", "iputils"),  # and not busybox's
        (
            TOOLS_IMAGE,  # the server listens a moment after it has gone to the background
            "iperf3 -s -1 -D; timeout 60 sh -c 'until iperf3 -c 127.0.0.1 -n 1M; do sleep 0.1; done'",
            "iperf Done",
        ),
        (TOOLS_IMAGE, "ip -V", "iproute2"),
        (SYSTEM_IMAGE, "conntrack --version", "conntrack v"),
        (SYSTEM_IMAGE, "nft --version", "nftables v"),
    ],
)
def test_programs_run_in_their_image(containerd: Containerd, image: str, command: str, expected: str) -> None:
    assert expected in containerd.run(image, command)


def test_source_addresses_can_be_changed_by_the_system_image(containerd: Containerd) -> None:
    rules = (
        "iptables -t nat -A POSTROUTING -m comment --comment twin -m addrtype ! --dst-type LOCAL"
        " -j MASQUERADE &&"
        "iptables -t nat -A POSTROUTING -s 10.2.0.0/16 -j SNAT --to-source 10.2.1.4 && iptables-save -t nat"
    )
    listed = containerd.run(SYSTEM_IMAGE, rules, "--privileged")
    assert "-m comment --comment twin -m addrtype ! --dst-type LOCAL -j MASQUERADE" in listed
    assert "-A POSTROUTING -s 10.2.0.0/16 -j SNAT --to-source 10.2.1.4" in listed


def test_the_pause_image_runs_until_it_is_killed(containerd: Containerd) -> None:
    containerd.ctr("run", "--detach", "--cgroup", "", PAUSE_IMAGE, "tsp-pause")
    try:
        assert "RUNNING" in containerd.ctr("task", "ls")
    finally:
        containerd.ctr("task", "kill", "--signal", "SIGKILL", "tsp-pause")
        wait_until(
            lambda: containerd.ctr("task", "ls"), lambda out: "STOPPED" in out, what="end", timeout_s=60
        )
        containerd.ctr("task", "delete", "tsp-pause")
        containerd.ctr("containers", "rm", "tsp-pause")
