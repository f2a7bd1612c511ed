"""Drills, monitor and report on a network without BGP: what it cannot have is left out, and said to be."""

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import verify_lab
from verify_lab import Lab

from twinspan.drill.catalogue import DRILLS
from twinspan.report.document import ReportDocument

pytestmark = [pytest.mark.root, pytest.mark.long, pytest.mark.timeout(900)]

NO_BGP = "has static routes and no BGP session"
LEFT_OUT = {
    "bgp-closed": NO_BGP,
    "bgp-silent": NO_BGP,
    "route-withdrawn": NO_BGP,
    "two-at-once": NO_BGP,
    "nsg-deny": "no network security group",
    **{drill.name: "NoSuchCluster" for drill in DRILLS if drill.measures == "requests"},
}
"""Drill -> words of the reason why this design cannot have it."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A static design without NSGs and clusters on a twin of the module's own, whole."""
    with verify_lab.static_lab(tmp_path_factory.mktemp("static")) as built:
        yield built


def twinspan(lab: Lab, *arguments: str, timeout_s: float = 120) -> subprocess.CompletedProcess[str]:
    argv = [str(verify_lab.TWINSPAN), *arguments, "--name", lab.name]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=timeout_s)
    assert done.returncode == 0, f"{argv}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def test_the_monitor_shows_tunnels_and_no_bgp(lab: Lab) -> None:
    look: dict[str, Any] = json.loads(
        twinspan(lab, "monitor", "--once", str(lab.env), "--format", "json").stdout
    )
    shown = twinspan(lab, "monitor", "--once", str(lab.env)).stdout

    assert look["healthy"]
    assert [(tunnel["up"], tunnel["bgp"]) for tunnel in look["tunnels"]] == [(True, False)] * 8
    assert look["sessions"] == []
    assert "no BGP: every tunnel has static routes" in shown


def test_prometheus_gets_tunnels_and_no_bgp(lab: Lab) -> None:
    argv = ["monitor", "serve", str(lab.env), "--name", lab.name, "--port", "0", "--format", "json"]
    with subprocess.Popen(
        [str(verify_lab.TWINSPAN), *argv], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as serving:
        try:
            assert serving.stdout is not None
            url = json.loads(_first_document(serving.stdout))["url"]
            with urllib.request.urlopen(url, timeout=30) as answer:
                samples = [line for line in answer.read().decode().splitlines() if not line.startswith("#")]
        finally:
            serving.terminate()

    tunnels = [line for line in samples if line.startswith("twinspan_tunnel_up")]
    assert [line.rpartition(" ")[2] for line in tunnels] == ["1.0"] * 8
    assert [line for line in samples if line.startswith("twinspan_bgp")] == []


def _first_document(lines: Iterator[str]) -> str:
    text = ""
    for line in lines:
        text += line
        if line.startswith("}"):
            return text
    return text


def test_a_report_says_that_the_routes_are_static_and_nothing_of_bgp_that_is_up(
    lab: Lab, tmp_path: Path
) -> None:
    page = tmp_path / "report.html"
    argv = ("report", str(lab.env), "--quick", "--check", "--out", str(page), "--format", "json")

    document = ReportDocument.model_validate_json(twinspan(lab, *argv).stdout)

    assert document.topology
    assert document.healthy
    assert document.topology.without_bgp
    text = page.read_text()
    assert "up at both ends, static routes" in text
    assert "BGP up" not in text
    assert "BGP routes" not in text


def test_all_drills_are_run_but_those_that_the_network_cannot_have(lab: Lab) -> None:
    done = twinspan(lab, "drill", "run", "--all", str(lab.env), "--format", "json", timeout_s=880)

    report = json.loads(done.stdout)
    assert {series["drill"]: series["passed"] for series in report["series"]} == {
        drill.name: 1 for drill in DRILLS if drill.name not in LEFT_OUT
    }
    assert set(report["left_out"]) == set(LEFT_OUT)
    for name, reason in LEFT_OUT.items():
        assert reason in report["left_out"][name]
        assert f"left out: {name}: {report['left_out'][name]}" in done.stderr
