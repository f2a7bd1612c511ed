"""Twins are started, killed and started again, with everything real."""

import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path
from socket import create_server
from typing import TYPE_CHECKING

import pytest

from twinspan.cloud.aws.client import clients as aws_clients
from twinspan.errors import HostError
from twinspan.twin import lifecycle
from twinspan.twin.capabilities import drop_all
from twinspan.twin.client import TwinClient, twin_endpoints
from twinspan.twin.dataplane.clusters import cgroups
from twinspan.twin.processes import Process
from twinspan.twin.rundir import RunDir
from twinspan.twin.settings import TwinSettings
from twinspan.wait import wait_until

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

pytestmark = pytest.mark.root


def agent_pids(control: int) -> set[int]:
    """Processes below the control process, at any depth, as /proc has them."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
    tree_pids = {control}
    while more := {pid for pid, parent in parents.items() if parent in tree_pids} - tree_pids:
        tree_pids |= more
    return tree_pids


def _read(file: Path) -> str:
    """What a file of a process or thread says; nothing if that has ended meanwhile."""
    try:
        return file.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def all_gone(pids: set[int]) -> bool:
    return all(Process.of(pid) is None for pid in pids)


def wait_until_gone(pids: set[int]) -> None:
    wait_until(lambda: all_gone(pids), bool, what=f"end of {sorted(pids)}", timeout_s=20)


def _ec2(name: str) -> "EC2Client":
    aws = twin_endpoints(name).aws
    assert aws
    return aws_clients(aws).ec2


def vpc_ids(name: str) -> set[str]:
    return {vpc["VpcId"] for vpc in _ec2(name).describe_vpcs()["Vpcs"]}


def make_a_vpc(name: str) -> str:
    return _ec2(name).create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]


def test_up_serves_both_apis_and_says_which_processes_run(name: str) -> None:
    status = lifecycle.up(name)
    assert (status.state, status.problems, status.tunnels) == ("up", (), ())
    assert {"control", "agent"} <= set(status.pids)
    assert all(Process.of(pid) for pid in status.pids.values())
    assert set(status.endpoints) == {"aws", "azure"}
    assert vpc_ids(name)


def test_down_leaves_no_process_and_no_socket(name: str) -> None:
    pids = agent_pids(lifecycle.up(name).pids["control"])
    assert lifecycle.down(name)
    wait_until_gone(pids)
    assert not RunDir(name).socket.exists()
    assert lifecycle.status(name).state == "down"
    assert not lifecycle.down(name)


@pytest.mark.long
def test_up_twice_is_one_twin(name: str) -> None:
    first = lifecycle.up(name)
    second = lifecycle.up(name)
    assert second.pids["control"] == first.pids["control"]


@pytest.mark.long
def _groups(name: str) -> list[Path]:
    """A control group in every hierarchy; `os.walk` bears that others go while it looks."""
    top = Path("/sys/fs/cgroup")
    hierarchies = [top, *(top / hierarchy_name for hierarchy_name in next(os.walk(top))[1])]
    return [group for hierarchy in hierarchies if (group := hierarchy / name).exists()]


@pytest.mark.skipif(not cgroups.usable(), reason="this machine has no writable control groups")
def test_up_removes_control_groups_lost_long_ago_and_touches_no_others(name: str, tmp_path: Path) -> None:
    lost, used, young = (cgroups.root_name(tmp_path / folder) for folder in ("lost", "used", "young"))
    for group_name in (f"{lost}/node", f"{used}/node/empty", f"{young}/node"):
        cgroups.make(group_name)
    empty = _groups(f"{used}/node/empty")
    for root in (*_groups(lost), *_groups(used)):
        os.utime(root, (0, 0))
    # In one hierarchy alone; a new group in that of processors takes none before it has one.
    busy = next(group for group in _groups(f"{used}/node") if "cpuset" not in group.parts) / "busy"
    busy.mkdir()
    with subprocess.Popen(["sleep", "60"]) as process:
        try:
            (busy / "cgroup.procs").write_text(str(process.pid))
            lifecycle.up(name)
            left = [root_path for root_path in (lost, used, young) if _groups(root_path)]
            kept = _groups(f"{used}/node/empty")
        finally:
            process.kill()
            process.wait()
            for root_path in (lost, used, young):
                cgroups.remove(root_path)
    assert left == [used, young]
    assert empty
    assert kept == empty


def test_another_port_for_a_running_twin_is_refused(name: str) -> None:
    lifecycle.up(name)
    with pytest.raises(HostError, match="already up with --aws-port"):
        lifecycle.up(name, aws_port=1025)


@pytest.mark.long
def test_objects_ports_and_credentials_survive_down_and_up(name: str) -> None:
    before = lifecycle.up(name)
    vpc = make_a_vpc(name)
    settings = TwinSettings.load(RunDir(name).settings)
    lifecycle.down(name)
    after = lifecycle.up(name)
    assert vpc in vpc_ids(name)
    assert after.endpoints == before.endpoints
    assert TwinSettings.load(RunDir(name).settings) == settings


@pytest.mark.long
def test_purge_forgets_everything(name: str) -> None:
    lifecycle.up(name)
    lifecycle.down(name, purge=True)
    assert not RunDir(name).path.exists()


@pytest.mark.long
def test_kill_9_of_the_control_process_leaves_nothing_and_the_next_up_has_the_state(name: str) -> None:
    status = lifecycle.up(name)
    vpc = make_a_vpc(name)
    wait_until(RunDir(name).aws_state.exists, bool, what="saved state", timeout_s=10)
    TwinClient(name).settled(20)
    pids = agent_pids(status.pids["control"])
    assert len(pids) > 2
    os.kill(status.pids["control"], signal.SIGKILL)
    wait_until_gone(pids)
    assert lifecycle.status(name).state == "down"
    assert lifecycle.up(name).state == "up"
    assert vpc in vpc_ids(name)


def test_down_after_kill_9_removes_what_was_left(name: str) -> None:
    status = lifecycle.up(name)
    os.kill(status.pids["control"], signal.SIGKILL)
    wait_until_gone({status.pids["control"]})
    assert not lifecycle.down(name)
    left = {path.name for path in RunDir(name).path.iterdir()}
    assert left.isdisjoint({"control.json", "control.sock"})


@pytest.mark.long
def test_a_dead_agent_is_replaced_and_the_control_process_stays(name: str) -> None:
    status = lifecycle.up(name)
    client = TwinClient(name)
    os.kill(status.pids["agent"], signal.SIGKILL)
    wait_until_gone({status.pids["agent"]})
    after = wait_until(
        client.status,
        lambda current_status: (
            current_status.state == "up"
            and current_status.pids.get("agent") not in {None, status.pids["agent"]}
        ),
        what="another agent",
        timeout_s=30,
    )
    assert after.pids["control"] == status.pids["control"]
    assert client.settled(20) > 0


def test_a_port_that_is_taken_is_named_with_the_remedy(name: str) -> None:
    with create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(HostError, match=rf"port {port} .*--azure-port"):
            lifecycle.up(name, azure_port=port)
    assert lifecycle.status(name).state == "down"


@pytest.mark.long
def test_a_port_found_before_is_given_up_if_it_is_taken_now(name: str) -> None:
    before = lifecycle.up(name)
    lifecycle.down(name)
    port = int(before.endpoints["aws"].rpartition(":")[2])
    with create_server(("127.0.0.1", port)):
        after = lifecycle.up(name)
    assert after.state == "up"
    assert after.endpoints["aws"] != before.endpoints["aws"]
    assert after.endpoints["azure"] == before.endpoints["azure"]


@pytest.mark.long
def test_two_twins_run_side_by_side_and_do_not_see_each_other(name: str) -> None:
    other = f"{name}-b"
    first, second = lifecycle.up(name), lifecycle.up(other)
    try:
        vpc = make_a_vpc(name)
        assert set(first.endpoints.values()).isdisjoint(second.endpoints.values())
        assert vpc not in vpc_ids(other)
        lifecycle.down(other)
        assert lifecycle.status(name).state == "up"
    finally:
        lifecycle.down(other, purge=True)


def test_a_pid_file_that_names_a_foreign_process_harms_nobody(name: str) -> None:
    run_dir = RunDir(name)
    run_dir.create()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as foreign:
        process = Process.of(foreign.pid)
        assert process
        Process(pid=process.pid, start_time=process.start_time - 1, boot_id=process.boot_id).save(
            run_dir.process
        )
        assert lifecycle.status(name).state == "down"
        assert not lifecycle.down(name)
        assert foreign.poll() is None
        foreign.communicate(b"\n", timeout=10)


@pytest.mark.long
def test_nobody_else_can_read_what_a_twin_keeps(name: str) -> None:
    lifecycle.up(name)
    make_a_vpc(name)
    run_dir = RunDir(name)
    wait_until(run_dir.aws_state.exists, bool, what="saved state", timeout_s=10)
    assert stat.S_IMODE(run_dir.path.stat().st_mode) == 0o700
    for path in (run_dir.settings, run_dir.aws_state, run_dir.socket, run_dir.tls / "server-key.pem"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_secrets_are_in_no_log_and_no_argument(name: str) -> None:
    status = lifecycle.up(name)
    settings = TwinSettings.load(RunDir(name).settings)
    assert settings
    secret = (settings.secret_access_key, settings.azure.client_secret)
    arguments = "".join(_read(Path(f"/proc/{pid}/cmdline")) for pid in agent_pids(status.pids["control"]))
    assert "agent" in arguments
    lifecycle.down(name)
    logs = "".join(path.read_text() for path in RunDir(name).logs.iterdir())
    assert not any(secret_value in arguments + logs for secret_value in secret)


@pytest.mark.skipif(os.geteuid() != 0, reason="with sudo, the control process never is root: nothing to drop")
def test_no_thread_of_the_control_process_of_root_has_any_power_left(name: str) -> None:
    control = lifecycle.up(name).pids["control"]
    tasks = Path(f"/proc/{control}/task").iterdir()
    threads = [text for task in tasks if (text := _read(task / "status"))]
    assert len(threads) > 1
    for text in threads:
        fields = dict(line.split(":\t", 1) for line in text.splitlines() if "\t" in line)
        powers = {int(fields[key], 16) for key in ("CapPrm", "CapEff", "CapBnd", "CapInh", "CapAmb")}
        assert powers == {0}, text
        assert fields["NoNewPrivs"].strip() == "1", text


def test_powers_are_not_given_up_beside_a_thread_that_would_keep_them() -> None:
    done = threading.Event()
    beside = threading.Thread(target=done.wait)
    beside.start()
    try:
        with pytest.raises(AssertionError, match="another thread"):
            drop_all()
    finally:
        done.set()
        beside.join()
