"""The agent and its daemons: what dies, what comes back, what is left."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from plane_harness import Plane, aws_end, running
from reference_network import TUNNELS, VGW, VPC, reference_network

from twinspan.errors import HostError
from twinspan.twin.dataplane.clusters import cgroups
from twinspan.wait import wait_until

pytestmark = pytest.mark.root

_HOLDER = """
import socket, sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from plane_harness import running
from reference_network import reference_network
for plane in running(Path({folder!r})):
    plane.apply(*reference_network())
    plane.until_established(4)
    plane.attach_pair()
    print(*plane.client.pids().values(), flush=True)
    sys.stdin.read()
"""


def _groups() -> set[str]:
    """The control groups of the first level; `os.walk` bears that some go while it looks, `glob` does not."""
    hierarchies = _names("/sys/fs/cgroup")
    tops = (next(os.walk(f"/sys/fs/cgroup/{name}"), ("", [], [])) for name in hierarchies)
    return {f"{top}/{name}" for top, names, _ in tops for name in names}


def _names(folder: str) -> set[str]:
    return {path.name for path in Path(folder).iterdir()} if Path(folder).exists() else set()


def _machine() -> dict[str, set[str]]:
    """What an agent could leave behind on the host."""
    return {
        "interfaces": _names("/sys/class/net"),
        "mounts": {line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()},
        "namespaces": _names("/run/netns"),
        "run": _names("/run"),
        "cgroups": _groups(),
    }


def _added(before: dict[str, set[str]], folder: Path) -> dict[str, set[str]]:
    """What has come since, but for what others make at the same time.

    Other tests have `tsp-` in its names; control groups of other agents are named after other folders.
    """
    now = _machine()
    now["cgroups"] = {name for name in now["cgroups"] if not _of_another_agent(name, folder)}
    new = {kind: {name for name in names - before[kind] if "tsp-" not in name} for kind, names in now.items()}
    return {kind: names for kind, names in new.items() if names}


def _of_another_agent(group: str, folder: Path) -> bool:
    name = group.rpartition("/")[2]
    return name.startswith("twinspan-") and name != cgroups.root_name(folder)


def _alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}/exe").is_symlink() and _running(pid)]


def _running(pid: int) -> bool:
    try:
        state = re.search(r"^State:\s+(\S)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state is not None and state.group(1) != "Z"


def _kill_and_wait(victim: int, pids: list[int]) -> None:
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: _alive(pids), lambda left: not left, what="end of all processes", timeout_s=10)


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process of its own that holds a running plane; its first line lists all processes of the plane."""
    script = _HOLDER.format(tests=str(Path(__file__).parent), folder=str(tmp_path))
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def test_nothing_is_left_when_the_process_that_holds_the_socket_is_killed(
    holder: subprocess.Popen[str], tmp_path: Path
) -> None:
    before = _machine()
    assert holder.stdout is not None
    pids = [int(word) for word in holder.stdout.readline().split()]
    assert len(pids) > 15

    _kill_and_wait(holder.pid, pids)

    assert _added(before, tmp_path) == {}


@pytest.mark.parametrize("role", ["agent", "init", "launcher"])
def test_nothing_is_left_when_the_agent_is_killed(plane: Plane, tmp_path: Path, role: str) -> None:
    before = _machine()
    plane.apply(*reference_network())
    plane.until_established(4)
    plane.attach_pair()
    pids = plane.client.pids()
    everything = [*pids.values(), plane.pid]

    _kill_and_wait({**pids, "launcher": plane.pid}[role], everything)

    assert _added(before, tmp_path) == {}
    with pytest.raises(HostError, match="agent"):
        plane.client.observe()


def test_a_running_plane_shows_nothing_on_the_host(plane: Plane, tmp_path: Path) -> None:
    before = _machine()
    plane.apply(*reference_network())
    plane.attach_pair()

    assert _added(before, tmp_path) == {}
    files = {path.name: path for path in tmp_path.iterdir()}
    assert set(files) == {"agent.log", "agent.log.1"}
    assert [path.stat().st_mode & 0o077 for path in files.values()] == [0, 0]


@pytest.mark.slow
@pytest.mark.parametrize("end", ["aws", "azure"])
def test_a_killed_ike_daemon_comes_back_and_so_does_its_tunnel(plane: Plane, end: str) -> None:
    plane.apply(*reference_network())
    plane.until_established(4)
    before = plane.client.pids()
    role = f"charon {TUNNELS[0].aws_key if end == 'aws' else TUNNELS[0].azure_key}"

    os.kill(before[role], signal.SIGKILL)

    plane.until(
        lambda seen: aws_end(seen, TUNNELS[0].outside).bgp_state != "Established",
        what="end of the session",
        timeout_s=40,
    )
    plane.until_established(4, timeout_s=40)
    after = plane.client.pids()
    assert {name for name in before if before[name] != after[name]} == {role}
    kinds = [event.kind for event in plane.client.events(0.0) if event.subject == role]
    assert kinds == ["daemon-died", "daemon-restarted"]


@pytest.mark.slow
@pytest.mark.parametrize("key", [VGW, VPC])
def test_a_killed_bgp_daemon_comes_back_with_its_routes(plane: Plane, key: str) -> None:
    plane.apply(*reference_network())
    plane.until_established(4)
    _first, second = plane.attach_pair()
    plane.until_reaches("aws-host", second)

    os.kill(plane.client.pids()[f"bird {key}"], signal.SIGKILL)

    wait_until(
        lambda: [e.kind for e in plane.client.events(0.0) if e.subject == f"bird {key}"],
        lambda kinds: kinds == ["daemon-died", "daemon-restarted"],
        what="restart",
        timeout_s=10,
    )
    plane.until_established(4)
    plane.until_reaches("aws-host", second)


def test_two_planes_run_side_by_side(plane: Plane, tmp_path_factory: pytest.TempPathFactory) -> None:
    for other in running(tmp_path_factory.mktemp("other")):
        for one in (plane, other):
            one.apply(*reference_network())
        for one in (plane, other):
            one.until_established(4)
        assert not set(plane.client.pids().values()) & set(other.client.pids().values())


def test_an_agent_outside_its_namespaces_refuses_to_run() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "twinspan.twin.dataplane.agent"],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )

    assert done.returncode == 2
    assert "first process of a PID namespace" in done.stderr
