"""What cannot be built of a cluster is named; the rest is built, and that as soon as it can be.

Obstacles are real: a name or an address that is taken, a folder in the way, programs that are missing.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cluster_harness import Clusters, Parts, both, running_clusters, with_nodes
from cluster_network import AKS, AKS_NODES
from plane_harness import Plane, taken

from twinspan.twin.dataplane.namespaces import short_name
from twinspan.twin.dataplane.wire import HostSpec
from twinspan.twin.kubernetes.authority import ClusterAuthority
from twinspan.twin.kubernetes.programs import NAMES
from twinspan.twin.kubernetes.spec import ClusterSpec
from twinspan.wait import wait_until

pytestmark = [pytest.mark.root, pytest.mark.long]

Obstacle = Callable[[Clusters, ClusterSpec], Iterator[ClusterSpec]]
"""Puts something in a cluster's way; yields what to ask for."""


def _namespace(clusters: Clusters, spec: ClusterSpec) -> Iterator[ClusterSpec]:
    with taken(clusters.plane, short_name("plane", spec.key)):
        yield spec


def _socket(clusters: Clusters, spec: ClusterSpec) -> Iterator[ClusterSpec]:
    folder = clusters.folder / spec.api_socket
    folder.mkdir()
    try:
        yield spec
    finally:
        folder.rmdir()


def _programs(clusters: Clusters, spec: ClusterSpec) -> Iterator[ClusterSpec]:
    programs = clusters.folder / "programs"
    try:
        yield replace(spec, programs=str(programs))
    finally:
        programs.symlink_to(spec.programs)


OBSTACLES: dict[str, tuple[Obstacle, str]] = {
    "namespace": (_namespace, "File exists"),
    "socket": (_socket, "Is a directory"),
    "programs": (_programs, "kube-apiserver"),
}
"""What is in the way -> how, and a word of the reason."""


@pytest.mark.obstacle("ClusterSpec")
@pytest.mark.parametrize("kind", OBSTACLES)
def test_a_cluster_that_cannot_be_built_is_named_and_built_when_it_can_be(
    parts: Parts, tmp_path: Path, kind: str
) -> None:
    obstacle, reason = OBSTACLES[kind]
    with running_clusters(tmp_path, parts) as alone:
        east, west = (replace(spec, nodes=()) for spec in both(parts))
        with contextmanager(obstacle)(alone, west) as west_spec:
            alone.want(east, west_spec)
            seen = alone.until("west", lambda seen: bool(seen.problems), "problem")
            assert [problem.startswith("cluster west: ") for problem in seen.problems] == [True]
            assert reason in seen.problems[0]
            alone.until("east", lambda seen: seen.api_ready, "API")
            alone.plane.until_established(4)
            tried_again = alone.health("west")
            assert tried_again is not None
            assert tried_again.problems == seen.problems

        alone.until("west", lambda seen: seen.api_ready and not seen.problems, "API")


_STRANGER = """
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
with socket.create_server(("", 6443)) as listener:
    print("listening", flush=True)
    while True:
        try:
            context.wrap_socket(listener.accept()[0], server_side=True).close()
        except OSError:
            pass
"""
"""A TLS server at the API server's port, with a certificate of its own."""


def test_another_server_at_the_api_servers_port_is_named_and_waited_for(parts: Parts, tmp_path: Path) -> None:
    certificate = ClusterAuthority.generate("stranger").issue("kube-apiserver", names=("127.0.0.1",))
    files = [tmp_path / "stranger.crt", tmp_path / "stranger.key"]
    for file, text in zip(files, certificate, strict=True):
        file.write_text(text)
    with running_clusters(tmp_path, parts) as alone:
        west = replace(both(parts)[1], nodes=())
        alone.want(west)
        alone.until("west", lambda seen: seen.api_ready, "API")
        client = alone.plane.client
        client.lose_cluster(AKS)
        alone.until("west", lambda seen: not seen.api_ready, "lost cluster")
        argv = [sys.executable, "-c", _STRANGER, *map(str, files)]
        with inside_namespace(alone.plane, short_name("plane", AKS), argv) as stranger:
            assert stranger.stdout is not None
            assert stranger.stdout.readline() == "listening\n"
            client.restore_cluster(AKS)
            seen = alone.until("west", lambda seen: bool(seen.problems), "problem")
            assert (
                "cluster west: what listens at port 6443 is not the cluster's API server" in seen.problems[0]
            )
            assert "certificate verify failed" in seen.problem

        alone.until("west", lambda seen: seen.api_ready and not seen.problems, "API")


@contextmanager
def inside_namespace(plane: Plane, namespace: str, argv: list[str]) -> Iterator[subprocess.Popen[str]]:
    """Run a program in a network namespace of the agent's while the block runs."""
    agent = str(plane.client.pids()["agent"])
    enter = ["nsenter", "-t", agent, "-m", "-n", "--", "nsenter", f"--net=/run/netns/{namespace}", "--"]
    with subprocess.Popen([*enter, *argv], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_kubelet_that_cannot_start_is_named_with_its_last_words_and_tried_until_it_can(
    parts: Parts, tmp_path: Path
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    whole = Path(shutil.copy(parts.programs / "kubelet", programs / "whole"))
    (programs / "kube-proxy").hardlink_to(whole)  # a node sees this folder alone
    for name in set(NAMES) - {"kubelet", "kube-proxy"}:
        (programs / name).symlink_to(parts.programs / name)
    kubelet = programs / "kubelet"
    kubelet.write_text("#!/bin/sh\necho 'no kubelet today' >&2\nexit 1\n")
    kubelet.chmod(0o755)
    with running_clusters(tmp_path, parts) as alone:
        west = replace(both(parts)[1], programs=str(programs))
        alone.want(west)
        seen = alone.until("west", lambda seen: bool(seen.problems), "problem")
        assert [problem for problem in seen.problems if problem.endswith("started: no kubelet today")]
        assert "kubelet" in seen.nodes[0].problem
        whole.rename(kubelet)
        alone.until_ready("west")
        alone.until("west", lambda seen: not seen.problems, "whole cluster")


@pytest.mark.obstacle("NodeSpec")
def test_a_node_that_cannot_be_built_is_named_and_built_when_it_can_be(parts: Parts, tmp_path: Path) -> None:
    with running_clusters(tmp_path, parts) as alone:
        _, west = both(parts)
        namespace = short_name("node", f"{AKS} system/1")
        with taken(alone.plane, namespace):
            alone.want(with_nodes(west, 2, parts))
            seen = alone.until("west", lambda seen: len(seen.nodes) > 1 and seen.nodes[0].ready, "first node")
            (problem,) = seen.problems
            assert problem.startswith("node system/1 of west: ")
            assert f"/run/netns/{namespace}" in problem

        assert alone.until_ready("west", nodes=2).problems == ()


@pytest.mark.obstacle("Service")
def test_a_load_balancer_that_cannot_be_built_is_named_and_built_when_it_can_be(clusters: Clusters) -> None:
    clusters.until_ready("west")
    beside = service(clusters, "beside")
    first = until_served(clusters, "beside")
    squatter = HostSpec(name="squatter", side="azure", subnet_id=AKS_NODES)
    info = clusters.plane.client.attach(squatter)
    blocked = service(clusters, "blocked", kind="ClusterIP")
    try:
        service(clusters, "claimed", address=info.address)
        with taken(clusters.plane, short_name("lb", blocked)):
            service(clusters, "blocked")
            service(clusters, "after")
            until_served(clusters, "after")
            seen = clusters.until("west", lambda seen: len(seen.problems) > 1, "problems")
            problems = dict(problem.split(": ", 1) for problem in seen.problems)
            assert set(problems) == {"Service default/claimed of west", "Service default/blocked of west"}
            assert f"{info.address} is taken" in problems["Service default/claimed of west"]
            assert "File exists" in problems["Service default/blocked of west"]

        # No try has used up an address.
        assert int(until_served(clusters, "blocked")) - int(first) < len(("squatter", "after", "blocked")) + 1
        clusters.plane.client.detach("squatter")
        assert until_served(clusters, "claimed") == info.address
        clusters.until("west", lambda seen: not seen.problems, "no problem")
        assert beside
    finally:
        clusters.kubectl("west", "delete", "service", "beside", "blocked", "claimed", "after")


def service(
    clusters: Clusters, name: str, *, kind: str = "LoadBalancer", address: IPv4Address | None = None
) -> str:
    """Make or change an internal Service of the AKS cluster; return its uid."""
    manifest = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": name,
            "annotations": {"service.beta.kubernetes.io/azure-load-balancer-internal": "true"},
        },
        "spec": {
            "type": kind,
            "ports": [{"port": 80}],
            **({"loadBalancerIP": str(address)} if address else {}),
        },
    }
    clusters.kubectl("west", "apply", "-f", "-", stdin=json.dumps(manifest))
    return clusters.kubectl("west", "get", "service", name, "-o", "jsonpath={.metadata.uid}").stdout


def until_served(clusters: Clusters, name: str) -> IPv4Address:
    """Wait until a Service has its load balancer's address."""
    path = "jsonpath={.status.loadBalancer.ingress[0].ip}"
    return IPv4Address(
        wait_until(
            lambda: clusters.kubectl("west", "get", "service", name, "-o", path).stdout,
            bool,
            what=f"address of {name}",
            timeout_s=30,
            interval_s=0.2,
        )
    )
