"""Clusters that grow, shrink, break, come back and go."""

import json
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from cluster_harness import PORT, Clusters, Parts, both, running_clusters, with_nodes
from cluster_network import AKS, EKS
from reference_network import AWS_PRIVATE, AWS_SECOND, AZURE_PLAIN

from twinspan.errors import DesignError
from twinspan.twin.dataplane.clusters import cgroups
from twinspan.twin.dataplane.wire import HostSpec
from twinspan.wait import pause, wait_until

pytestmark = [pytest.mark.root, pytest.mark.long]


_TELL_CALLER = "import socket; print(socket.create_server(('', 8080)).accept()[1][0])"


def until_works(clusters: Clusters, name: str) -> None:
    """Wait until a command runs in the pod `tools`: what its status says may be from before."""
    wait_until(
        lambda: clusters.kubectl(name, "exec", "tools", "--", "true", check=False).returncode,
        lambda status: status == 0,
        what=f"running pod in {name}",
        timeout_s=90,
        interval_s=0.5,
    )


def test_a_cluster_grows_by_a_node_in_the_next_subnet_and_shrinks_again(
    clusters: Clusters, parts: Parts
) -> None:
    east, west = clusters.specs["east"], clusters.specs["west"]
    clusters.want(with_nodes(east, 2, parts), west)
    seen = clusters.until_ready("east", nodes=2)
    first, second = seen.nodes
    assert str(first.address).startswith("10.2.1.")
    assert str(second.address).startswith("10.2.2.")
    pod = clusters.pod("east", "second", node=second.name)
    assert pod.startswith("10.2.2.")
    clusters.kubectl("west", "exec", "tools", "--", "ping", "-c", "1", "-W", "2", pod)
    clusters.kubectl("east", "exec", "tools", "--", "ping", "-c", "1", "-W", "2", pod)
    clusters.want(east, west)
    clusters.until_ready("east", nodes=1)
    left = wait_until(
        lambda: clusters.kubectl("east", "get", "nodes", "-o", "name").stdout.split("\n")[:-1],
        lambda names: len(names) == 1,
        what="one node",
        timeout_s=30,
    )
    assert left == [f"node/{first.name}"]
    assert clusters.kubectl("east", "get", "pod", "second", check=False).returncode != 0


def test_hosts_and_nodes_never_get_each_others_addresses(clusters: Clusters) -> None:
    seen = clusters.health("east")
    assert seen is not None
    node = seen.nodes[0].address
    try:
        info = clusters.plane.client.attach(HostSpec(name="beside", side="aws", subnet_id=AWS_PRIVATE))
        assert info.address != node
        with pytest.raises(DesignError, match="is taken"):
            clusters.plane.client.attach(
                HostSpec(name="same", side="aws", subnet_id=AWS_PRIVATE, address=node)
            )
        pod = clusters.kubectl("east", "get", "pod", "tools", "-o", "jsonpath={.status.podIP}").stdout
        with pytest.raises(DesignError, match="is taken"):
            clusters.plane.client.attach(
                HostSpec(name="pod", side="aws", subnet_id=AWS_PRIVATE, address=pod)  # type: ignore[arg-type]
            )
    finally:
        clusters.plane.client.detach("beside")


def test_a_lost_node_is_not_ready_at_once_and_comes_back_as_the_same(clusters: Clusters) -> None:
    client = clusters.plane.client
    before = clusters.until_ready("west").nodes[0]
    client.lose_node(AKS, "system/0")
    clusters.until("west", lambda seen: not seen.nodes[0].ready, "lost node")
    client.restore_node(AKS, "system/0")
    after = clusters.until_ready("west").nodes[0]
    assert (after.name, after.address) == (before.name, before.address)
    until_works(clusters, "west")


def test_breaking_what_does_not_exist_is_refused(clusters: Clusters) -> None:
    with pytest.raises(DesignError, match="no node other/7"):
        clusters.plane.client.lose_node(EKS, "other/7")
    with pytest.raises(DesignError, match="no such cluster"):
        clusters.plane.client.lose_cluster("arn:aws:eks:us-east-1:123456789012:cluster/none")


def test_a_lost_cluster_comes_back_with_its_objects(clusters: Clusters) -> None:
    client = clusters.plane.client
    clusters.kubectl("west", "create", "configmap", "kept", "--from-literal=a=b")
    client.lose_cluster(AKS)
    clusters.until("west", lambda seen: not seen.api_ready, "lost cluster")
    assert clusters.kubectl("west", "get", "nodes", "--request-timeout=2s", check=False).returncode != 0
    client.restore_cluster(AKS)
    clusters.until_ready("west")
    config_map = clusters.kubectl("west", "get", "configmap", "kept", "-o", "json").stdout
    assert json.loads(config_map)["data"] == {"a": "b"}
    until_works(clusters, "west")
    clusters.kubectl("west", "delete", "configmap", "kept")


def test_controllers_wait_for_an_api_server_that_is_slow(clusters: Clusters) -> None:
    """They end ten seconds after their start if it does not answer; a drill would call that a disturbance."""
    client = clusters.plane.client
    client.lose_cluster(AKS)
    clusters.until("west", lambda seen: not seen.api_ready, "lost cluster")
    before_s = time.monotonic()
    with ThreadPoolExecutor() as pool:
        restored = pool.submit(client.restore_cluster, AKS)
        pids = wait_until(
            client.pids, lambda pids: "kube-apiserver west" in pids, what="API server", timeout_s=60
        )
        os.kill(pids["kube-apiserver west"], signal.SIGSTOP)
        pause(12)
        os.kill(pids["kube-apiserver west"], signal.SIGCONT)
        restored.result()
    clusters.until_ready("west")
    until_works(clusters, "west")
    assert "kube-controller-manager west" in client.pids()
    assert [event for event in client.events(before_s) if event.kind == "daemon-died"] == []


@pytest.mark.parametrize("program", ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"])
def test_a_control_plane_has_no_power_but_over_files(clusters: Clusters, program: str) -> None:
    clusters.until_ready("east")
    status = Path(f"/proc/{clusters.plane.client.pids()[f'{program} east']}/status").read_text()
    fields = dict(line.split(":", 1) for line in status.splitlines())
    assert set(map(int, fields["Uid"].split())) <= set(range(61184, 65520))
    dac_override = 1 << 1
    assert {name: int(fields[name], 16) for name in ("CapEff", "CapBnd")} == {
        "CapEff": dac_override,
        "CapBnd": dac_override,
    }


def test_clusters_leave_other_programs_of_root_their_inotify_instances(clusters: Clusters) -> None:
    """Kubernetes has about twenty in a cluster; root often has no more than 128 on the whole machine."""
    clusters.until_ready("east")
    counted = 0
    for role, pid in clusters.plane.client.pids().items():
        if "east" in role or "ip-10-2" in role:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            for process in (Path(f"/proc/{process_id}") for process_id in (pid, *children)):
                if process.stat().st_uid == 0:
                    files = [str(file.readlink()) for file in (process / "fd").iterdir()]
                    counted += files.count("anon_inode:inotify")
    assert 0 < counted <= 10


@pytest.mark.parametrize("program", ["kube-apiserver", "etcd", "kubelet", "containerd"])
def test_a_program_that_dies_is_started_again(clusters: Clusters, program: str) -> None:
    names = {"east", clusters.until_ready("east").nodes[0].name}
    role, pid = next(
        (role, pid)
        for role, pid in clusters.plane.client.pids().items()
        if role.split()[0] == program and role.split()[1] in names
    )
    os.kill(pid, signal.SIGKILL)
    wait_until(
        lambda: clusters.plane.client.pids().get(role, pid),
        lambda now: now != pid,
        what=f"another {role}",
        timeout_s=30,
    )
    clusters.until_ready("east")


def test_a_deleted_cluster_leaves_nothing_and_the_same_can_be_made_again(
    clusters: Clusters,
) -> None:
    east, west = clusters.specs["east"], clusters.specs["west"]
    clusters.want(east)
    wait_until(
        lambda: [role for role in clusters.plane.client.pids() if "west" in role or "aks-" in role],
        lambda roles: not roles,
        what="end of the cluster's processes",
        timeout_s=30,
    )
    wait_until(
        lambda: {
            node.name for group in clusters.control_groups() for node in group.iterdir() if node.is_dir()
        },
        lambda nodes: len(nodes) == 1,
        what="the control groups of one node",
        timeout_s=30,
    )
    wait_until(
        (clusters.folder / west.api_socket).exists,
        lambda there: not there,
        what="end of the way to its API",
        timeout_s=30,
    )
    assert clusters.health("west") is None
    clusters.want(east, west)
    clusters.until_ready("west")
    assert clusters.kubectl("west", "get", "pod", "tools", check=False).returncode != 0
    clusters.pod("west", "tools")


def test_missing_programs_are_named_with_the_remedy_and_the_tunnels_work(
    parts: Parts, tmp_path: Path
) -> None:
    with running_clusters(tmp_path, parts) as alone:
        east, _ = both(parts)
        alone.want(replace(east, programs="/nonexistent"))
        seen = alone.until("east", lambda seen: seen.problem != "", "problem")
        assert "kube-apiserver" in seen.problem
        assert "make kubernetes" in seen.problem
        assert not seen.api_ready
        alone.plane.until_established(4)


def test_a_node_in_a_subnet_that_does_not_exist_says_so_and_the_others_are_built(
    parts: Parts, tmp_path: Path
) -> None:
    with running_clusters(tmp_path, parts) as alone:
        east, _ = both(parts)
        two = with_nodes(east, 2, parts).nodes
        astray = replace(two[1], subnet_id="subnet-none")
        alone.want(replace(east, nodes=(two[0], astray)))
        seen = alone.until("east", lambda seen: len(seen.nodes) > 1 and seen.nodes[0].ready, "first node")
        assert "subnet-none" in seen.nodes[1].problem
        alone.want(replace(east, nodes=(two[0], replace(two[1], subnet_id=AWS_SECOND))))
        alone.until_ready("east", nodes=2)


def test_overlay_pods_reach_each_other_and_leave_their_cluster_as_their_node(
    parts: Parts, tmp_path: Path
) -> None:
    with running_clusters(tmp_path, parts) as alone:
        _, west = both(parts)
        nodes = tuple(replace(node, pod_subnet_id="") for node in with_nodes(west, 2, parts).nodes)
        alone.want(replace(west, nodes=nodes, pod_network=IPv4Network("10.244.0.0/16")))
        seen = alone.until_ready("west", nodes=2)
        alone.open_api("west")
        first = alone.pod("west", "first", node=seen.nodes[0].name)
        second = alone.pod("west", "second", node=seen.nodes[1].name)
        assert first.startswith("10.244.0.")
        assert second.startswith("10.244.1.")
        alone.until_seen_as("west", "first", f"{second}:{PORT}", first)
        proxy = f"/api/v1/namespaces/default/pods/second:{PORT}/proxy/cgi-bin/who"
        assert "second" in alone.kubectl("west", "get", "--raw", proxy).stdout
        far = alone.plane.client.attach(HostSpec(name="far", side="azure", subnet_id=AZURE_PLAIN))
        with ThreadPoolExecutor() as pool:
            server = [sys.executable, "-c", _TELL_CALLER]
            server_run = pool.submit(alone.plane.client.run, "far", server, timeout_s=40)
            call = f"until exec 3<>/dev/tcp/{far.address}/8080; do sleep 0.2; done"
            alone.kubectl("west", "exec", "first", "--", "timeout", "30", "bash", "-c", call)
            assert server_run.result().stdout.strip() == str(seen.nodes[0].address)


def test_two_data_planes_have_clusters_of_the_same_name_at_once(
    clusters: Clusters, parts: Parts, tmp_path: Path
) -> None:
    with running_clusters(tmp_path, parts) as other:
        _, west = both(parts)
        other.want(west)
        there = other.until_ready("west")
        here = clusters.until_ready("west")
        assert there.nodes[0].address == here.nodes[0].address
        assert set(other.control_groups()).isdisjoint(clusters.control_groups())
    clusters.until_ready("west")
    assert clusters.kubectl("west", "exec", "tools", "--", "true").returncode == 0
    assert clusters.control_groups()


@pytest.mark.parametrize("role", ["agent", "init"])
def test_killing_the_agent_leaves_no_process_and_its_control_groups_can_be_removed(
    parts: Parts, tmp_path: Path, role: str
) -> None:
    with running_clusters(tmp_path, parts) as alone:
        _, west = both(parts)
        alone.want(west)
        alone.until_ready("west")
        groups = alone.control_groups()
        assert groups
        os.kill(alone.plane.client.pids()[role], signal.SIGKILL)
        wait_until(
            lambda: [pid for group in groups if group.exists() for pid in _members(group)],
            lambda pids: not pids,
            what="end of all containers",
            timeout_s=30,
        )
        if role == "agent":  # init does it
            wait_until(alone.control_groups, lambda left: not left, what="no control groups", timeout_s=30)
        else:
            assert cgroups.remove(cgroups.root_name(tmp_path))
        assert alone.control_groups() == []
        assert [line for line in Path("/proc/mounts").read_text().splitlines() if str(tmp_path) in line] == []


def _members(group: Path) -> list[str]:
    pids = []
    for folder, _, files in os.walk(group):
        if "cgroup.procs" in files:
            with suppress(OSError):  # a group that is gone while it is read has no members
                pids += (Path(folder) / "cgroup.procs").read_text().split()
    return pids
