"""Metrics of a whole network, and a real Prometheus whose alert rings when a path is cut."""

import json
import re
import shutil
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import verify_lab
from verify_lab import TWINSPAN, Lab

from twinspan.monitor.model import Snapshot
from twinspan.monitor.read import Monitor
from twinspan.twin.dataplane.wire import FaultSpec
from twinspan.wait import wait_until

pytestmark = [pytest.mark.root, pytest.mark.slow, pytest.mark.timeout(600)]
RULES = Path(__file__).parents[2] / "monitoring" / "prometheus"
LIMIT_S = 150.0


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """dev without clusters on a twin of the module's own, whole."""
    home = tmp_path_factory.mktemp("monitor") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWINSPAN_HOME", str(home))
        with verify_lab.lab(home, "kubernetes_enabled=false") as built:
            whole_network = built.verify(wait_s=verify_lab.SEEN_WITHIN_S)
            assert whole_network.passed, verify_lab.causes(whole_network)
            yield built


@pytest.fixture(scope="module")
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None or shutil.which("prometheus") is None:
        pytest.skip("Debian's prometheus is not installed")
    return found


@pytest.fixture
def endpoint(lab: Lab) -> Iterator[str]:
    """`twinspan monitor serve`, running."""
    argv = [str(TWINSPAN), "monitor", "serve", str(lab.env), "--name", lab.name, "--port", "0"]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        line = next(text for text in process.stderr if "/metrics" in text)
        yield line.strip().removeprefix("http://").removesuffix("/metrics")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


@pytest.fixture
def prometheus(promtool: str, endpoint: str, tmp_path: Path) -> Iterator[str]:
    """A real Prometheus with our rules, waits and intervals shortened to seconds."""
    rules = re.sub(r"for: \dm", "for: 2s", (RULES / "rules.yml").read_text())
    (tmp_path / "rules.yml").write_text(rules)
    config = (RULES / "prometheus.yml").read_text().replace("127.0.0.1:9798", endpoint)
    for long, short in (("scrape_interval: 60s", "scrape_interval: 5s"), ("50s", "5s"), (": 60s", ": 1s")):
        config = config.replace(long, short)
    (tmp_path / "prometheus.yml").write_text(config)
    subprocess.run([promtool, "check", "config", str(tmp_path / "prometheus.yml")], check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    argv = [
        "prometheus",
        f"--config.file={tmp_path / 'prometheus.yml'}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address={address}",
    ]
    with (tmp_path / "log").open("w") as log, subprocess.Popen(argv, stderr=log) as process:
        yield f"http://{address}"
        process.terminate()


def ask(url: str) -> Any:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]
    except OSError:
        return {}


def firing(url: str) -> set[tuple[str, str, str]]:
    alerts = ask(f"{url}/api/v1/alerts").get("alerts", [])
    return {
        (a["labels"]["alertname"], a["labels"].get("cloud", ""), a["labels"].get("tunnel", ""))
        for a in alerts
        if a["state"] == "firing"
    }


def whole(monitor: Monitor) -> Snapshot:
    def measured(snapshot: Snapshot) -> bool:
        return snapshot.healthy and all(each.receive_bytes_per_s for each in snapshot.tunnels)

    return wait_until(monitor.read, measured, what="all up and measured", timeout_s=LIMIT_S, interval_s=1)


def test_both_clouds_tell_the_same_tunnels_in_the_same_words(lab: Lab) -> None:
    snapshot = whole(Monitor(lab.target.endpoints))
    seen = {(each.cloud, each.name, each.aws_address, each.azure_address) for each in snapshot.tunnels}
    assert len(seen) == 8
    assert {each[1:] for each in seen if each[0] == "aws"} == {
        each[1:] for each in seen if each[0] == "azure"
    }
    assert {each.routes_learned for each in snapshot.sessions} == {1}
    assert snapshot.problems == ()


def test_bytes_flow_without_any_user_so_they_are_no_sign_of_life(lab: Lab) -> None:
    monitor = Monitor(lab.target.endpoints)
    tunnel = next(each for each in whole(monitor).tunnels if each.cloud == "aws")
    assert tunnel.aws_address
    assert tunnel.azure_address
    fault = FaultSpec(
        kind="path-cut", outside_ip_address=tunnel.aws_address, public_ip_address=tunnel.azure_address
    )

    def cut_end(snapshot: Snapshot) -> list[tuple[bool | None, float]]:
        return [
            (each.up, each.transmit_bytes_per_s or 0.0)
            for each in snapshot.tunnels
            if each.name == tunnel.name and each.cloud == "aws"
        ]

    with lab.broken(lambda: lab.twin.inject(fault), lambda: lab.twin.heal(fault)):
        wait_until(
            lambda: cut_end(monitor.read()),
            lambda seen: seen[0][0] is False and seen[0][1] > 0,
            what="a tunnel that is down and still sends",
            timeout_s=LIMIT_S,
            interval_s=0.5,
        )


def test_the_shipped_rules_pass_their_own_tests(promtool: str) -> None:
    subprocess.run([promtool, "check", "config", str(RULES / "prometheus.yml")], check=True)
    subprocess.run([promtool, "test", "rules", str(RULES / "rules_test.yml")], check=True)


def test_prometheus_rings_when_a_path_is_cut_and_is_quiet_when_it_is_mended(
    lab: Lab, prometheus: str
) -> None:
    tunnel = next(each for each in whole(Monitor(lab.target.endpoints)).tunnels if each.cloud == "azure")
    assert tunnel.aws_address
    assert tunnel.azure_address
    fault = FaultSpec(
        kind="path-cut", outside_ip_address=tunnel.aws_address, public_ip_address=tunnel.azure_address
    )
    up = f"{prometheus}/api/v1/query?query=count(twinspan_tunnel_up==1)"
    wait_until(
        lambda: ask(up).get("result", []),
        lambda found: bool(found) and found[0]["value"][1] == "8",
        what="eight tunnels in Prometheus",
        timeout_s=LIMIT_S,
    )
    wait_until(lambda: firing(prometheus), lambda found: not found, what="no alerts", timeout_s=LIMIT_S)
    wanted = {("TwinspanTunnelDown", cloud, tunnel.name) for cloud in ("aws", "azure")}
    with lab.broken(lambda: lab.twin.inject(fault), lambda: lab.twin.heal(fault)):
        seen = wait_until(
            lambda: firing(prometheus), lambda found: wanted <= found, what="alerts", timeout_s=LIMIT_S
        )
        assert {each[2] for each in seen} == {tunnel.name}
    wait_until(lambda: firing(prometheus), lambda found: not found, what="no alerts", timeout_s=LIMIT_S)
