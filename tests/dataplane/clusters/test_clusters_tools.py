"""The tools that people bring: kubectl of other minors, the Python client, Helm, all unmodified."""

import os
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from cluster_harness import PORT, Clusters
from kubernetes import client, config
from kubernetes.stream import stream
from kubernetes.watch import Watch

from twinspan.command import Completed, run
from twinspan.twin.kubernetes.images import BUSYBOX_IMAGE
from twinspan.twin.kubernetes.programs import KUBERNETES_MINOR
from twinspan.wait import wait_until

pytestmark = [pytest.mark.root, pytest.mark.long]

MAJOR, MINOR = (int(part) for part in KUBERNETES_MINOR.split("."))
HELM = shutil.which("helm")


@pytest.fixture(params=["east", "west"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def settings(colour: str) -> str:
    manifest = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "mine"},
        "data": {"colour": colour},
    }
    return yaml.safe_dump(manifest)


@pytest.mark.parametrize("minor", [MINOR - 1, MINOR + 1])
def test_kubectl_one_minor_older_and_newer(clusters: Clusters, name: str, minor: int) -> None:
    program = shutil.which(f"kubectl-{MAJOR}.{minor}")
    if program is None:
        pytest.skip(f"there is no kubectl-{MAJOR}.{minor} on PATH")

    def other(*arguments: str, stdin: str | None = None) -> str:
        argv = [program, "--kubeconfig", str(clusters.kubeconfig(name)), *arguments]
        return run(argv, stdin=stdin, timeout_s=90).stdout

    versions = yaml.safe_load(other("version", "-o", "yaml"))
    assert versions["clientVersion"]["minor"] == str(minor)
    assert versions["serverVersion"]["minor"] == str(MINOR)
    other("apply", "-f", "-", stdin=settings("red"))
    other("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=settings("blue"))
    assert other("get", "configmap", "mine", "-o", "jsonpath={.data.colour}") == "blue"
    other("wait", "--for=jsonpath={.status.phase}=Running", "pod/tools", "--timeout=30s")
    assert other("exec", "tools", "--", "echo", "heard") == "heard\n"
    other("delete", "configmap", "mine")


def test_a_command_in_a_pod_gets_its_input_and_says_how_it_ended(clusters: Clusters, name: str) -> None:
    done = clusters.kubectl(
        name, "exec", "-i", "tools", "--", "sh", "-c", "cat; exit 3", stdin="heard", check=False
    )
    assert (done.returncode, done.stdout) == (3, "heard")


def test_files_go_into_a_pod_and_out_of_it(clusters: Clusters, name: str, tmp_path: Path) -> None:
    content = os.urandom(300_000)
    (tmp_path / "there").write_bytes(content)
    clusters.kubectl(name, "cp", str(tmp_path / "there"), "tools:/tmp/file")
    clusters.kubectl(name, "cp", "tools:/tmp/file", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == content


def test_a_port_of_a_pod_is_forwarded(clusters: Clusters, name: str) -> None:
    argv = [str(clusters.parts.programs / "kubectl"), "--kubeconfig", str(clusters.kubeconfig(name))]
    argv += ["port-forward", "pod/tools", f":{PORT}"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            forwarded = re.search(r"127\.0\.0\.1:(\d+)", process.stdout.readline())
            assert forwarded is not None
            url = f"http://127.0.0.1:{forwarded[1]}/cgi-bin/who"
            for _ in range(3):
                with urllib.request.urlopen(url, timeout=20) as answer:
                    assert b"tools" in answer.read()
        finally:
            process.terminate()


def test_a_container_for_debugging_joins_a_pod(clusters: Clusters, name: str) -> None:
    clusters.pod(name, "debugged")
    argv = (
        "debug",
        "debugged",
        f"--image={BUSYBOX_IMAGE}",
        "--container=guest",
        "--target=tools",
        "--attach=false",
    )
    clusters.kubectl(name, *argv, "--", "sh", "-c", f"wget -qO- http://127.0.0.1:{PORT}/cgi-bin/who; ps")
    said = wait_until(
        lambda: clusters.kubectl(name, "logs", "debugged", "-c", "guest", check=False).stdout,
        lambda text: "debugged" in text and "httpd" in text,
        what="words of the debugging container",
        timeout_s=60,
    )
    assert "127.0.0.1" in said
    clusters.kubectl(name, "delete", "pod", "debugged", "--wait=false")


def test_two_owners_of_a_field_are_a_conflict(clusters: Clusters, name: str) -> None:
    def apply(owner: str, colour: str, *options: str) -> Completed:
        argv = ("apply", "--server-side", f"--field-manager={owner}", *options, "-f", "-")
        return clusters.kubectl(name, *argv, stdin=settings(colour), check=False)

    assert apply("one", "red").returncode == 0
    refused = apply("two", "blue")
    assert refused.returncode != 0
    assert 'conflict with "one": .data.colour' in refused.stderr
    assert apply("two", "blue", "--force-conflicts").returncode == 0
    assert (
        clusters.kubectl(name, "get", "configmap", "mine", "-o", "jsonpath={.data.colour}").stdout == "blue"
    )
    clusters.kubectl(name, "delete", "configmap", "mine")


def test_a_field_is_waited_for(clusters: Clusters, name: str) -> None:
    clusters.kubectl(name, "wait", "--for=jsonpath={.status.phase}=Running", "pod/tools", "--timeout=20s")
    argv = ("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/tools", "--timeout=1s")
    assert "timed out" in clusters.kubectl(name, *argv, check=False).stderr


@pytest.fixture
def connection(clusters: Clusters, name: str) -> Iterator[Any]:
    """The Python client of one cluster; what it keeps open is closed, which its own `close` does not do."""
    opened = config.new_client_from_config(str(clusters.kubeconfig(name)))  # type: ignore[no-untyped-call]
    with opened:
        yield opened
    opened.rest_client.pool_manager.clear()


def test_the_python_client_lists_watches_and_executes(
    clusters: Clusters, name: str, connection: client.ApiClient
) -> None:
    api: Any = client.CoreV1Api(connection)
    version = clusters.until_ready(name).version
    assert {node.status.node_info.kubelet_version for node in api.list_node().items} == {f"v{version}"}
    seen = api.list_namespaced_config_map("default").metadata.resource_version
    api.create_namespaced_config_map("default", yaml.safe_load(settings("green")))
    try:
        events = Watch().stream(  # type: ignore[no-untyped-call]
            api.list_namespaced_config_map, "default", resource_version=seen, timeout_seconds=20
        )
        with closing(events):
            added = next(event["object"].data for event in events if event["type"] == "ADDED")
        assert added == {"colour": "green"}
    finally:
        api.delete_namespaced_config_map("mine", "default")
    started: Any = stream(
        api.connect_get_namespaced_pod_exec,
        "tools",
        "default",
        command=["sh", "-c", "echo heard; echo >&2 complained"],
        stdout=True,
        stderr=True,
        _preload_content=False,
    )
    try:
        started.run_forever(timeout=60)
        said = started.read_all()
    finally:
        started.sock.shutdown()  # `close` leaves the socket open once the server has hung up
    assert sorted(said.split()) == ["complained", "heard"]


@pytest.mark.skipif(HELM is None, reason="there is no helm on PATH")
def test_helm_installs_upgrades_and_rolls_back_a_chart_that_wants_a_current_cluster(
    clusters: Clusters, name: str, tmp_path: Path
) -> None:
    chart = tmp_path / "chart"
    (chart / "templates").mkdir(parents=True)
    about = {"apiVersion": "v2", "name": "small", "version": "1.0.0", "kubeVersion": ">=1.30.0-0"}
    (chart / "Chart.yaml").write_text(yaml.safe_dump(about))
    (chart / "values.yaml").write_text("colour: red\n")
    pod = {"name": "main", "image": BUSYBOX_IMAGE, "command": ["sleep", "1000"]}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "{{ .Release.Name }}"},
        "spec": {
            "selector": {"matchLabels": {"app": "small"}},
            "template": {
                "metadata": {"labels": {"app": "small", "colour": "{{ .Values.colour }}"}},
                "spec": {"terminationGracePeriodSeconds": 0, "containers": [pod]},
            },
        },
    }
    (chart / "templates/deployment.yaml").write_text(yaml.safe_dump(deployment))

    def helm(*arguments: str) -> str:
        environment = {**os.environ, "KUBECONFIG": str(clusters.kubeconfig(name)), "HOME": str(tmp_path)}
        return run([str(HELM), *arguments], env=environment, timeout_s=120).stdout

    def colour() -> str:
        path = "jsonpath={.spec.template.metadata.labels.colour}"
        return clusters.kubectl(name, "get", "deployment", "app", "-o", path).stdout

    helm("install", "app", str(chart), "--wait", "--timeout=100s")
    try:
        assert colour() == "red"
        helm("upgrade", "app", str(chart), "--set", "colour=blue", "--wait", "--timeout=100s")
        assert colour() == "blue"
        helm("rollback", "app", "1", "--wait", "--timeout=100s")
        assert colour() == "red"
        assert "deployed" in helm("status", "app")
    finally:
        helm("uninstall", "app", "--wait", "--timeout=100s")
    assert clusters.kubectl(name, "get", "deployments", "-o", "name").stdout == ""
