"""The example applications on both clusters of a twin: they deploy, talk across, and survive a lost side."""

import json
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from twinspan.drill.catalogue import named
from twinspan.drill.run import run_drill
from twinspan.drill.senders import with_pods
from twinspan.errors import ApiRefusedError, CloudError, HostError
from twinspan.faults.clusters.cluster_lost import CLUSTER_LOST_S
from twinspan.kubernetes.api import ClusterApi
from twinspan.network.links import TunnelLink
from twinspan.target.cloud import CloudPlace
from twinspan.target.clusters import open_clusters
from twinspan.target.pace import CLOUD
from twinspan.target.target import open_target
from twinspan.target.twin import TwinPlace
from twinspan.twin.client import TwinClient
from twinspan.twin.dataplane.wire import FaultSpec
from twinspan.twin.kubernetes.programs import find_programs
from twinspan.wait import wait_until

pytestmark = [pytest.mark.root, pytest.mark.long]

TWINSPAN = Path(sys.executable).parent / "twinspan"
ROOT = Path(__file__).parents[2]
HELLO, WEBHOOK = ROOT / "examples" / "hello", ROOT / "examples" / "webhook"
LINE = re.compile(r"own answered=(\d+) failed=(\d+) peer answered=(\d+) failed=(\d+)")
CLIENTS = "app.kubernetes.io/name=hello-client"
MANY = 10
"""Requests of a client that must go one way before a test believes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a client has counted so far."""

    own_answered: int
    own_failed: int
    peer_answered: int
    peer_failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """dev with both clusters on a twin of its own, and the application on them."""

    name: str
    env: Path
    aws: ClusterApi
    azure: ClusterApi

    def twinspan(self, *arguments: str) -> Any:
        return json.loads(twinspan(self.name, *arguments, "--format", "json"))

    def counts(self, api: ClusterApi) -> Counts:
        """Read the last line of a client's log; all zero before its first."""
        pods = "/api/v1/namespaces/hello/pods"
        items = [
            pod
            for pod in api.get(pods, labelSelector=CLIENTS)["items"]
            if pod["status"].get("phase") == "Running" and not pod["metadata"].get("deletionTimestamp")
        ]
        log = api.text(f"{pods}/{items[0]['metadata']['name']}/log", tailLines="1") if items else ""
        match = LINE.search(log)
        own_answered, own_failed, peer_answered, peer_failed = (
            map(int, match.groups()) if match else (0, 0, 0, 0)
        )
        return Counts(
            own_answered=own_answered,
            own_failed=own_failed,
            peer_answered=peer_answered,
            peer_failed=peer_failed,
        )

    def after(self, api: ClusterApi, accept: Callable[[Counts], bool], *, what: str) -> Counts:
        counts = wait_until(
            lambda: self.seen(api),
            lambda seen: seen is not None and accept(seen),
            what=f"{what} on {api.name}",
            timeout_s=180,
            interval_s=1,
        )
        assert counts is not None
        return counts

    def seen(self, api: ClusterApi) -> Counts | None:
        """Read a client's counts; None while its node is starting and has no log to show."""
        try:
            return self.counts(api)
        except CloudError:
            return None

    def talking(self, api: ClusterApi) -> Counts:
        """Wait until a side's client gets answers from the other side, many in a row."""
        before = self.after(api, lambda _: True, what="a log")
        return self.after(
            api,
            lambda seen: seen.peer_answered >= before.peer_answered + MANY,
            what="answers of the remote side",
        )


def failed_since(before: Counts) -> Callable[[Counts], bool]:
    return lambda seen: seen.peer_failed >= before.peer_failed + MANY


def path_cut(link: TunnelLink) -> FaultSpec:
    assert link.tunnel is not None
    assert link.tunnel.outside_ip_address is not None
    assert link.instance is not None
    assert link.instance.public_ip_address is not None
    return FaultSpec(
        kind="path-cut",
        outside_ip_address=link.tunnel.outside_ip_address,
        public_ip_address=link.instance.public_ip_address,
    )


def twinspan(name: str, *arguments: str) -> str:
    argv = [str(TWINSPAN), *arguments, "--name", name]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=400, cwd=ROOT)
    assert done.returncode == 0, f"{argv}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    try:
        find_programs()
    except HostError as error:
        pytest.skip(str(error))
    home = tmp_path_factory.mktemp("twins")
    name = f"e2e-{secrets.token_hex(3)}"
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        patch.setenv("TWINSPAN_HOME", str(home / "home"))
        shutil.copytree(ROOT / "terraform", home / "terraform", symlinks=True)
        env = home / "terraform" / "envs" / "dev"
        stack.callback(twinspan, name, "twin", "down", "--purge")
        twinspan(name, "twin", "up")
        twinspan(name, "apply", str(env), "--providers", "offline")
        twinspan(name, "verify", str(env), "--wait", "60")
        twinspan(name, "deploy", str(HELLO), str(env), "--timeout", "120")
        aws, azure = stack.enter_context(open_clusters(open_target(env, TwinPlace(name))))
        yield Running(name=name, env=env, aws=aws, azure=azure)


def test_replicas_of_both_sides_reach_each_other(running: Running) -> None:
    running.talking(running.aws)
    running.talking(running.azure)


def test_deploying_the_example_again_changes_nothing(running: Running) -> None:
    report = running.twinspan("deploy", str(HELLO), str(running.env))
    assert [cluster["state"] for cluster in report["clusters"]] == ["unchanged", "unchanged"]


def test_the_webhook_refuses_public_load_balancers_on_both_sides_until_it_is_removed(
    running: Running, tmp_path: Path
) -> None:
    app = tmp_path / "webhook"
    shutil.copytree(WEBHOOK, app, ignore=shutil.ignore_patterns("certificates"))
    subprocess.run([str(app / "certificates.sh")], check=True, capture_output=True, timeout=60)
    running.twinspan("deploy", str(app), str(running.env), "--timeout", "120")
    sides = (running.aws, running.azure)
    try:
        for api in sides:
            refusal = wait_until(partial(refused, api), bool, what=f"refusal by {api.name}", timeout_s=60)
            assert "a load balancer must be internal" in refusal
            note = {"service.beta.kubernetes.io/azure-load-balancer-internal": "true"}
            assert refused(api, **note) == ""
    finally:
        running.twinspan("deploy", str(app), str(running.env), "--delete")
    for api in sides:
        wait_until(partial(refused, api), lambda text: text == "", what="no webhook", timeout_s=60)


def refused(api: ClusterApi, **annotations: str) -> str:
    """Ask for a load balancer, without making it; return the API server's refusal, empty if there is none."""
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "front", "annotations": annotations},
        "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]},
    }
    try:
        api.request("POST", "/api/v1/namespaces/default/services", body=service, query={"dryRun": "All"})
    except ApiRefusedError as error:
        return error.message
    return ""


def test_an_image_that_does_not_exist_on_one_side_takes_both_back_and_is_named(
    running: Running, tmp_path: Path
) -> None:
    app = tmp_path / "hello"
    shutil.copytree(HELLO, app)
    settings = app / "overlays" / "azure" / "kustomization.yaml"
    settings.write_text(
        settings.read_text()
        + "images:\n  - name: docker.io/library/busybox\n    newName: nowhere.invalid/none\n"
    )
    argv = ["deploy", str(app), str(running.env), "--atomic", "--timeout", "120", "--format", "json"]

    done = subprocess.run(
        [str(TWINSPAN), *argv, "--name", running.name],
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
        cwd=ROOT,
    )

    assert done.returncode == 1, done.stderr
    report = {cluster["side"]: cluster for cluster in json.loads(done.stdout)["clusters"]}
    azure_report = json.dumps(report["azure"])
    assert "nowhere.invalid/none" in azure_report
    assert "ErrImagePull" in azure_report or "ImagePullBackOff" in azure_report
    again = running.twinspan("deploy", str(HELLO), str(running.env))
    assert [cluster["state"] for cluster in again["clusters"]] == ["unchanged", "unchanged"]


def test_pods_reach_each_other_by_their_own_addresses_and_leave_nothing(running: Running) -> None:
    report = running.twinspan("probe", "matrix", str(running.env), "--from", "pods", "--iperf-seconds", "1")
    assert report["passed"]
    assert {pod["side"] for pod in report["pods"]} == {"aws", "azure"}
    assert [ping["received"] for ping in report["pings"]] == [10, 10]
    assert [source["kept"] for source in report["sources"]] == [True, True]
    assert all(way["bits_per_s"] > 0 for pair in report["iperf"] for way in pair["directions"])
    whole = {packet["received"] for packet in report["packets"] if packet["dont_fragment"]}
    assert whole == {0}
    wait_until(
        lambda: [api.find("/api/v1/namespaces/twinspan-probe") for api in (running.aws, running.azure)],
        lambda namespaces: namespaces == [None, None],
        what="end of the probe's namespace",
        timeout_s=60,
    )


@pytest.mark.parametrize("lost", ["aws", "azure"])
def test_one_side_goes_on_while_the_other_cluster_is_gone_and_heals_with_it(
    running: Running, lost: str
) -> None:
    survivor, other = (running.azure, running.aws) if lost == "aws" else (running.aws, running.azure)
    running.talking(survivor)
    twin = TwinClient(running.name)
    # EKS clusters go by their ARN, AKS clusters by their resource id.
    keys = [health.key for health in twin.observe().clusters]
    key = next(cluster_key for cluster_key in keys if cluster_key.startswith("arn:") == (lost == "aws"))
    before = running.counts(survivor)
    twin.lose_cluster(key)
    try:
        during = running.after(survivor, failed_since(before), what="failures of the remote side")
    finally:
        twin.restore_cluster(key)
    assert during.own_answered >= before.own_answered + MANY
    assert during.own_failed == before.own_failed
    healed = running.talking(survivor)
    assert healed.own_failed == before.own_failed
    running.talking(other)


def test_both_sides_go_on_while_all_tunnels_are_cut_and_heal_with_them(running: Running) -> None:
    sides = (running.aws, running.azure)
    for api in sides:
        running.talking(api)
    links = open_target(running.env, TwinPlace(running.name)).links()
    twin = TwinClient(running.name)
    before = [running.counts(api) for api in sides]
    try:
        for link in links:
            twin.inject(path_cut(link))
        during = [
            running.after(api, failed_since(was), what="failures of the remote side")
            for api, was in zip(sides, before, strict=True)
        ]
    finally:
        twin.heal_all()
    assert len(links) == 4
    assert [seen.own_failed for seen in during] == [was.own_failed for was in before]
    assert all(seen.own_answered > was.own_answered for seen, was in zip(during, before, strict=True))
    for api in sides:
        running.talking(api)


def test_a_cluster_that_a_drill_takes_comes_back_and_only_its_own_service_was_away(running: Running) -> None:
    # Starting a cluster takes a small machine all its power, so the other side is slow for a moment, too.
    report = running.twinspan("drill", "run", "aks-cluster-lost", str(running.env), "--limit", "100")

    there, back = report["directions"]
    assert there["longest_gap_ms"] >= CLUSTER_LOST_S * 1000
    assert [phase["ended_by"] for phase in there["phases"]] == ["node-ready"]
    assert there["recovered"]
    assert back["longest_gap_ms"] < there["longest_gap_ms"] / 4
    assert "aks" in report["target"]


@pytest.mark.parametrize(
    ("drill_name", "number", "restored"),
    [
        ("eks-node-lost", signal.SIGKILL, "node-restored"),
        ("cloud-lost", signal.SIGKILL, "cluster-restored"),
    ],
)
def test_power_comes_back_when_the_drill_that_cut_it_is_ended(
    running: Running, drill_name: str, number: signal.Signals, restored: str
) -> None:
    twin = TwinClient(running.name)
    began_s = time.monotonic()
    argv = [str(TWINSPAN), "drill", "run", drill_name, str(running.env), "--name", running.name]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as drill:
        assert drill.stderr is not None
        assert any("broken:" in line for line in drill.stderr)
        drill.send_signal(number)
        drill.communicate(timeout=60)

    wait_until(
        lambda: [event.kind for event in twin.events(began_s)],
        lambda kinds: restored in kinds and "node-ready" in kinds[kinds.index(restored) :],
        what="nodes with power",
        timeout_s=120,
    )
    running.talking(running.azure)
    running.talking(running.aws)


def test_packets_between_pods_tell_what_a_cut_tunnel_costs(running: Running, tmp_path: Path) -> None:
    out = tmp_path / "runs"
    report = running.twinspan(
        "drill", "run", "tunnel-down", str(running.env), "--from", "pods", "--out", str(out), "--repeat", "1"
    )

    assert report["passed"]
    there, back = report["directions"]
    assert there["longest_gap_ms"] > 5000
    assert back["longest_gap_ms"] > 5000
    assert there["found_by"] in {"BGP hold timer", "dead peer detection"}
    assert (out / "run-001" / "packets.csv.gz").stat().st_size > 10_000


def test_a_drill_through_the_apis_alone_counts_packets_between_pods(running: Running) -> None:
    target = replace(open_target(running.env, TwinPlace(running.name)), place=CloudPlace())

    with with_pods(target, pace=replace(CLOUD, poll_s=0.5)) as environment:
        # The limit is the machine's, not the drill's: a busy one may hold senders up for a second.
        report = run_drill(named("endpoint-replaced"), environment, tunnel="in-use", limit_s=30).report

    assert report.passed
    assert [direction.measured.sent > 1000 for direction in report.directions] == [True, True]
    moments = [moment.what for moment in report.timeline]
    assert {"AWS's telemetry shows it", "Azure's telemetry shows it"} <= set(moments)
    assert report.whole_again_s is not None
