"""Two AWS regions and two Azure subscriptions in one configuration, all on one data plane at once."""

import json
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.root, pytest.mark.slow]

DESIGN = Path(__file__).parents[1] / "designs" / "two-regions"
TWINSPAN = Path(sys.executable).parent / "twinspan"
AMERICA = "module.america.azurerm_virtual_network_gateway_connection.aws"
SUBSCRIPTIONS = ("11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222")


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """The design on a twin of its own."""

    name: str
    folder: Path

    def twinspan(self, *arguments: str, expect: int = 0) -> str:
        argv = [str(TWINSPAN), *arguments, "--name", self.name]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=500)
        assert done.returncode == expect, f"{argv}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def answer(self, *arguments: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.twinspan(*arguments, "--format", "json"))
        return answer


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    home = tmp_path_factory.mktemp("two-regions")
    shutil.copytree(DESIGN, home / "design")
    built = Built(name=f"two-{secrets.token_hex(3)}", folder=home / "design" / "live")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWINSPAN_HOME", str(home / "home"))
        try:
            built.twinspan("twin", "up")
            built.twinspan("apply", str(built.folder), "--providers", "offline")
            yield built
        finally:
            built.twinspan("twin", "down", "--purge")


def test_packets_pass_in_both_networks_and_nobody_expects_them_between(built: Built) -> None:
    verified = built.answer("verify", str(built.folder), "--wait", "120")
    assert verified["passed"] is True
    results = {check["id"]: check for check in verified["checks"]}
    pings = [finding["subject"] for finding in results["RCH-01"]["findings"] + results["RCH-02"]["findings"]]
    assert len(pings) == 4
    assert all(finding["outcome"] == "pass" for finding in results["RCH-01"]["findings"])
    ranges = [("10.10.", "10.20."), ("10.30.", "10.40.")]
    assert all(any(one in ping and other in ping for one, other in ranges) for ping in pings), pings
    (aws,), (azure,) = results["ACC-01"]["findings"], results["ACC-02"]["findings"]
    assert {"eu-central-1", "us-east-1"} <= {*aws["evidence"].split(", ")}
    assert all(subscription in azure["subject"] for subscription in SUBSCRIPTIONS)


def test_what_is_there_says_the_same_without_a_state(built: Built) -> None:
    checked = built.answer("check")
    assert checked["env"]["kind"] == "network"
    assert checked["errors"] == 0


def test_probe_monitor_and_status_show_both(built: Built) -> None:
    pinged = built.answer("probe", "ping", str(built.folder))
    assert [ping["loss_ratio"] for ping in pinged["pings"]] == [0.0] * 4
    watched = built.answer("monitor", "show", str(built.folder), "--once")
    up = [tunnel for tunnel in watched["tunnels"] if tunnel["up"]]
    assert sorted(tunnel["cloud"] for tunnel in up) == ["aws", "aws", "azure", "azure"]
    assert len(watched["round_trips"]) == 4
    tunnels = built.answer("twin", "status")["tunnels"]
    assert len({tunnel["outside_ip_address"] for tunnel in tunnels}) == 4


def test_a_drill_measures_the_network_of_its_tunnel(built: Built) -> None:
    # It has one tunnel, so nothing takes over: every flow of that network is hit until it is repaired.
    text = built.twinspan("drill", "run", "tunnel-down", str(built.folder), "--tunnel", AMERICA)
    assert f"tunnel-down: {AMERICA}" in text
    assert text.count("16 of 16") == 2
    assert text.count("nobody: until it was repaired") == 2


def test_a_second_plan_is_empty_and_destroy_leaves_no_region(built: Built) -> None:
    assert built.answer("plan", str(built.folder), "--providers", "offline")["changes"] == []
    built.twinspan("destroy", str(built.folder), "--providers", "offline")
    assert built.answer("twin", "status")["tunnels"] == []
