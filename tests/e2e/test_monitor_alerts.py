"""Metrics of a whole network, and a real Prometheus in which every alert that is shipped rings once."""

import json
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import verify_lab
from verify_lab import TWINSPAN, Lab

from twinspan.monitor.model import Snapshot
from twinspan.monitor.read import Monitor
from twinspan.twin.dataplane.wire import FaultSpec
from twinspan.wait import wait_until

pytestmark = [pytest.mark.root, pytest.mark.long]
RULES = Path(__file__).parents[2] / "monitoring" / "prometheus"
LIMIT_S = 150.0
Alert = tuple[str, str, str]
"""Name, cloud and tunnel; empty where an alert has none."""
Record = Callable[[str, object], None]


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
    path = shutil.which("promtool")
    if path is None or shutil.which("prometheus") is None:
        pytest.skip("Debian's prometheus is not installed")
    return path


@pytest.fixture(scope="module")
def endpoint(lab: Lab) -> Iterator[str]:
    """`twinspan monitor serve`, running."""
    argv = [str(TWINSPAN), "monitor", "serve", str(lab.env), "--name", lab.name, "--port", "0"]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        line = next(text for text in process.stderr if "/metrics" in text)
        yield line.strip().removeprefix("http://").removesuffix("/metrics")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


@pytest.fixture(scope="module")
def prometheus(promtool: str, endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Prometheus with our rules, waits and intervals shortened to seconds."""
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "rules.yml").write_text(re.sub(r"for: \dm", "for: 2s", (RULES / "rules.yml").read_text()))
    config = (RULES / "prometheus.yml").read_text().replace("127.0.0.1:9798", endpoint)
    for long, short in (("scrape_interval: 60s", "scrape_interval: 5s"), ("50s", "5s"), (": 60s", ": 1s")):
        config = config.replace(long, short)
    (folder / "prometheus.yml").write_text(config)
    subprocess.run([promtool, "check", "config", str(folder / "prometheus.yml")], check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    argv = [
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
    ]
    with (folder / "log").open("w") as log, subprocess.Popen(argv, stderr=log) as process:
        yield f"http://{address}"
        process.terminate()


def ask(url: str) -> Any:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]
    except OSError:
        return {}


def firing(url: str) -> set[Alert]:
    alerts = ask(f"{url}/api/v1/alerts").get("alerts", [])
    return {
        (a["labels"]["alertname"], a["labels"].get("cloud", ""), a["labels"].get("tunnel", ""))
        for a in alerts
        if a["state"] == "firing"
    }


def whole(monitor: Monitor) -> Snapshot:
    def measured(snapshot: Snapshot) -> bool:
        return snapshot.healthy and all(tunnel.receive_bytes_per_s for tunnel in snapshot.tunnels)

    return wait_until(monitor.read, measured, what="all up and measured", timeout_s=LIMIT_S, interval_s=1)


def test_both_clouds_tell_the_same_tunnels_in_the_same_words(lab: Lab) -> None:
    snapshot = whole(Monitor(lab.target.endpoints))
    seen = {
        (tunnel.cloud, tunnel.name, tunnel.aws_address, tunnel.azure_address) for tunnel in snapshot.tunnels
    }
    assert len(seen) == 8
    assert {tunnel[1:] for tunnel in seen if tunnel[0] == "aws"} == {
        tunnel[1:] for tunnel in seen if tunnel[0] == "azure"
    }
    assert {session.routes_learned for session in snapshot.sessions} == {1}
    assert snapshot.problems == ()


def test_bytes_flow_without_any_user_so_they_are_no_sign_of_life(lab: Lab) -> None:
    monitor = Monitor(lab.target.endpoints)
    tunnel = next(view for view in whole(monitor).tunnels if view.cloud == "aws")
    assert tunnel.aws_address
    assert tunnel.azure_address
    fault = FaultSpec(
        kind="path-cut", outside_ip_address=tunnel.aws_address, public_ip_address=tunnel.azure_address
    )

    def cut_end(snapshot: Snapshot) -> list[tuple[bool | None, float]]:
        return [
            (view.up, view.transmit_bytes_per_s or 0.0)
            for view in snapshot.tunnels
            if view.name == tunnel.name and view.cloud == "aws"
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


@pytest.fixture
def quiet(lab: Lab, prometheus: str) -> Iterator[str]:
    """Prometheus when all is up and nothing rings, before and after the test."""
    up = f"{prometheus}/api/v1/query?query=count(twinspan_tunnel_up==1)"

    def whole_and_quiet() -> tuple[list[Any], set[Alert]]:
        return ask(up).get("result", []), firing(prometheus)

    def wait() -> None:
        wait_until(
            whole_and_quiet,
            lambda seen: bool(seen[0]) and seen[0][0]["value"][1] == "8" and not seen[1],
            what="eight tunnels in Prometheus, and no alert",
            timeout_s=LIMIT_S,
        )

    assert lab.verify(wait_s=verify_lab.SEEN_WITHIN_S).passed
    wait()
    yield prometheus
    wait()


def rings(url: str, expected_alerts: set[Alert], record: Record) -> set[Alert]:
    """Wait for alerts; record how long the slowest took, in seconds, with the shortened intervals."""
    started = time.monotonic()
    seen = wait_until(
        lambda: firing(url),
        lambda alerts: expected_alerts <= alerts,
        what=f"alerts {expected_alerts}",
        timeout_s=LIMIT_S,
    )
    record("time_to_alert_s", f"{time.monotonic() - started:.1f}")
    return seen


def fault_on(lab: Lab, key: str, kind: str) -> FaultSpec:
    outside = lab.tunnel(key).outside_ip_address
    tunnels = Monitor(lab.target.endpoints).read().tunnels
    public = next(tunnel.azure_address for tunnel in tunnels if tunnel.aws_address == outside)
    assert public
    return FaultSpec(kind=kind, outside_ip_address=outside, public_ip_address=public)


def both(alert: str, tunnel: str = "") -> set[Alert]:
    return {(alert, cloud, tunnel) for cloud in ("aws", "azure")}


def test_a_cut_path_rings_for_its_tunnel_on_both_sides_and_for_no_other(
    lab: Lab, quiet: str, record_property: Record
) -> None:
    fault = fault_on(lab, "tunnel1", "path-cut")
    name = lab.tunnel("tunnel1").azure_connection_name
    with lab.broken(lambda: lab.twin.inject(fault), lambda: lab.twin.heal(fault)):
        seen = rings(
            quiet,
            both("TwinspanTunnelDown", name) | both("TwinspanBgpSessionDown", name),
            record_property,
        )
        assert {alert[2] for alert in seen} == {name}


def test_a_closed_session_rings_and_azure_does_not_call_its_tunnel_down(
    lab: Lab, quiet: str, record_property: Record
) -> None:
    fault = fault_on(lab, "tunnel2", "bgp-closed")
    name = lab.tunnel("tunnel2").azure_connection_name
    with lab.broken(lambda: lab.twin.inject(fault), lambda: lab.twin.heal(fault)):
        seen = rings(quiet, both("TwinspanBgpSessionDown", name), record_property)
        assert ("TwinspanTunnelDown", "azure", name) not in seen


def test_withdrawn_routes_ring_where_they_are_missed(lab: Lab, quiet: str, record_property: Record) -> None:
    fault = fault_on(lab, "tunnel3", "route-withdrawn")
    name = lab.tunnel("tunnel3").azure_connection_name
    with lab.broken(lambda: lab.twin.inject(fault), lambda: lab.twin.heal(fault)):
        seen = rings(quiet, {("TwinspanNoRoutesLearned", "azure", name)}, record_property)
        assert seen == {("TwinspanNoRoutesLearned", "azure", name)}


def test_all_tunnels_down_rings_and_so_do_lost_packets(lab: Lab, quiet: str, record_property: Record) -> None:
    faults = [fault_on(lab, f"tunnel{number}", "path-cut") for number in range(1, 5)]

    def cut() -> None:
        for fault in faults:
            lab.twin.inject(fault)

    def repair() -> None:
        for fault in faults:
            lab.twin.heal(fault)

    with lab.broken(cut, repair):
        rings(quiet, both("TwinspanAllTunnelsDown") | both("TwinspanPacketsLost"), record_property)


def test_a_twin_that_is_down_rings_for_both_silent_clouds_and_for_missing_data(
    lab: Lab, quiet: str, record_property: Record
) -> None:
    """Last in this file: the hosts that ping are gone afterwards."""

    def twin(verb: str) -> None:
        subprocess.run([str(TWINSPAN), "twin", verb, "--name", lab.name], check=True, timeout=120)

    twin("down")
    try:
        rings(quiet, both("TwinspanCloudSilent") | {("TwinspanMonitorMissing", "", "")}, record_property)
    finally:
        twin("up")
