"""Drills on a real twin: what they measure and keep; nothing stays broken, whoever is killed."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from twinspan.cloud.aws import read_aws
from twinspan.cloud.reader import read_network
from twinspan.drill.catalogue import named
from twinspan.drill.run import watch_drill
from twinspan.drill.senders import without_senders
from twinspan.target.cloud import CloudPlace
from twinspan.target.pace import CLOUD
from twinspan.target.target import Target, open_target
from twinspan.target.twin import TwinPlace
from twinspan.twin.client import TwinClient
from twinspan.twin.dataplane.wire import FAULT_SPEC
from twinspan.verify.run import read_facts
from twinspan.wait import wait_until

pytestmark = [pytest.mark.root, pytest.mark.alone, pytest.mark.timeout(300)]

TWINSPAN = Path(sys.executable).parent / "twinspan"
TREE = Path(__file__).parents[2] / "terraform"
NETWORK_ONLY = ("--var", "kubernetes_enabled=false")


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """dev, built on a twin of its own."""

    name: str
    env: Path

    def argv(self, *arguments: str) -> list[str]:
        return [str(TWINSPAN), *arguments, "--name", self.name]

    def twinspan(self, *arguments: str, expect: int = 0) -> str:
        argv = self.argv(*arguments)
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=280)
        assert done.returncode == expect, f"{argv}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def until_whole(self) -> None:
        self.twinspan("verify", str(self.env), "--wait", "90")

    def until_nothing_is_left(self) -> None:
        """Neither hosts of a drill, nor agents that send on."""
        client = TwinClient(self.name)
        agent = str(client.pids()["agent"])

        def left() -> list[str]:
            result = subprocess.run(
                ["pgrep", "-a", "-P", agent, "-f", "flow_agent"], capture_output=True, text=True, check=False
            )
            return [*(host.name for host in client.hosts()), *result.stdout.splitlines()]

        wait_until(left, lambda remains: not remains, what="end of the drill's hosts", timeout_s=20)

    def drill(self, *arguments: str, expect: int = 0) -> dict[str, Any]:
        text = self.twinspan("drill", "run", *arguments, "--format", "json", expect=expect)
        document: dict[str, Any] = json.loads(text)
        return document

    def cloud(self) -> Target:
        """The same twin, addressed as real accounts are: by its APIs alone."""
        return replace(open_target(self.env, TwinPlace(self.name)), place=CloudPlace())


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    home = tmp_path_factory.mktemp("twins")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWINSPAN_HOME", str(home / "home"))
        shutil.copytree(TREE, home / "terraform", symlinks=True)
        built = Built(name=f"drill-{secrets.token_hex(3)}", env=home / "terraform" / "envs" / "dev")
        try:
            built.twinspan("twin", "up")
            built.twinspan("apply", str(built.env), "--providers", "offline", *NETWORK_ONLY)
            built.until_whole()
            yield built
        finally:
            built.twinspan("twin", "down", "--purge")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_a_fault_ends_with_the_drill_that_made_it(built: Built, number: signal.Signals) -> None:
    built.until_whole()
    argv = built.argv("drill", "run", "tunnel-down", str(built.env))
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as drill:
        until_told(drill, "broken:")
        drill.send_signal(number)
        drill.communicate(timeout=60)

    wait_until(
        lambda: [e for e in TwinClient(built.name).events(0.0) if e.kind.startswith("fault-")],
        lambda events: bool(events) and events[-1].kind == "fault-healed",
        what="repaired path",
        timeout_s=20,
    )
    assert drill.returncode != 0
    built.until_whole()
    built.until_nothing_is_left()


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("nsg-deny", signal.SIGKILL),
        ("propagation-off", signal.SIGINT),
        ("connection-recreated", signal.SIGKILL),
        ("side-lost", signal.SIGINT),
    ],
)
def test_whatever_a_drill_broke_is_whole_again_when_it_is_ended(
    built: Built, name: str, number: signal.Signals
) -> None:
    built.until_whole()
    whole = settings(built)
    argv = built.argv("drill", "run", name, str(built.env))
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as drill:
        until_told(drill, "broken:")
        broken = settings(built)
        drill.send_signal(number)
        drill.communicate(timeout=60)

    assert drill.returncode in {-number, 128 + number}
    built.until_nothing_is_left()
    assert (broken != whole) == (name != "side-lost")  # no API shows that one
    built.until_whole()
    assert settings(built) == whole


def settings(built: Built) -> tuple[frozenset[object], ...]:
    """What the clouds' APIs show of what these drills change."""
    network, _ = read_network(built.cloud().endpoints)
    assert network.aws is not None
    assert network.azure is not None
    return (
        frozenset((table.id, table.propagating_vgw_ids) for table in network.aws.route_tables),
        frozenset((group.id, group.security_rules) for group in network.azure.network_security_groups),
        frozenset(connection.id for connection in network.azure.connections),
    )


def test_a_key_that_was_changed_is_put_back_when_the_drill_is_killed(built: Built) -> None:
    built.until_whole()
    endpoints = built.cloud().endpoints
    assert endpoints.aws is not None
    before = dict(read_aws(endpoints.aws)[1])
    argv = built.argv("drill", "run", "wrong-key", str(built.env), "--tunnel", "tunnel2")
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as drill:
        until_told(drill, "broken:")
        assert dict(read_aws(endpoints.aws)[1]) != before
        drill.kill()

    wait_until(
        lambda: dict(read_aws(endpoints.aws)[1]) if endpoints.aws else {},
        lambda keys: keys == before,
        what="old key",
        timeout_s=60,
        interval_s=0.5,
    )
    built.until_whole()


def test_the_example_verifies_probes_and_drills_from_python(built: Built) -> None:
    example = Path(__file__).parents[2] / "examples" / "python" / "break_a_tunnel.py"
    argv = [sys.executable, str(example), str(built.env), built.name]

    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=280)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("verified: True, answers: 10, drill: True, {'aws->azure': ")
    built.until_nothing_is_left()


def test_a_deleted_tunnel_is_noticed_at_once_and_all_raw_data_is_kept(built: Built, tmp_path: Path) -> None:
    built.until_whole()

    report = built.drill("tunnel-deleted", str(built.env), "--repeat", "2", "--out", str(tmp_path / "runs"))

    (series,) = report["series"]
    assert series["runs"] == 2
    assert series["directions"]["aws->azure"]["found_by"] == ["IKE closed", "IKE closed"]
    files = ("events.csv", "packets.csv.gz", "report.json")
    kept = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert kept == [*(f"runs/run-00{n}/{name}" for n in (1, 2) for name in files), "runs/series.json"]
    compared = built_compare(tmp_path / "runs", tmp_path / "runs")
    assert compared["shorter"] == "equal"


def test_a_limit_that_is_passed_ends_with_1(built: Built) -> None:
    built.until_whole()

    report = built.drill("propagation-off", str(built.env), "--limit", "1", expect=1)

    there = next(direction for direction in report["directions"] if direction["direction"] == "aws->azure")
    assert there["longest_gap_ms"] > 4000
    assert there["recovered"]


def test_measuring_alone_loses_nothing(built: Built) -> None:
    built.until_whole()

    report = built.drill("idle", str(built.env))

    assert [direction["lost"] for direction in report["directions"]] == [0, 0]
    assert all(direction["measured"]["jitter_p99_ms"] is not None for direction in report["directions"])


def test_a_drill_on_a_tunnel_that_is_not_in_use_spares_the_traffic_from_aws(built: Built) -> None:
    built.until_whole()

    report = built.drill("tunnel-down", str(built.env), "--tunnel", "unused")

    there, back = report["directions"]
    assert report["carried_aws_traffic"] is False
    assert (there["direction"], there["lost"]) == ("aws->azure", 0)
    assert back["recovered"]
    assert back["found_side"] == "azure"
    assert 0 < back["longest_gap_ms"] <= back["allowed_ms"]
    assert report["whole_again_s"] is not None


def test_an_instance_that_is_reset_is_really_away_and_comes_back(built: Built) -> None:
    built.until_whole()

    report = built.drill("instance-reset", str(built.env))

    assert report["label"] == "infrastructure"
    kinds = {event.kind for event in TwinClient(built.name).events(0.0)}
    assert {"bgp-down", "bgp-up"} <= kinds
    assert report["whole_again_s"] is not None


def test_a_drill_through_the_apis_alone_sees_a_replaced_endpoint_go_and_come_back(built: Built) -> None:
    built.until_whole()

    with without_senders(built.cloud(), pace=replace(CLOUD, poll_s=0.5)) as environment:
        report = watch_drill(named("endpoint-replaced"), environment, tunnel="tunnel2")

    assert report.passed
    assert list(report.down_s) == ["tunnel2"]
    assert not report.stopped


def test_a_network_that_is_not_whole_is_not_broken_further_unless_forced(built: Built) -> None:
    built.until_whole()
    twin = TwinClient(built.name)
    links = read_facts(built.cloud().endpoints).links()
    ends = links[-1].tunnel, links[-1].instance
    assert ends[0] is not None
    assert ends[1] is not None
    fault = FAULT_SPEC.validate_python(
        {
            "kind": "ike-deleted",
            "outside_ip_address": ends[0].outside_ip_address,
            "public_ip_address": ends[1].public_ip_address,
        }
    )
    twin.inject(fault)
    try:
        argv = built.argv("drill", "run", "rekey", str(built.env))
        refused = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)
        with subprocess.Popen(
            [*argv, "--force"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as forced:
            until_told(forced, "broken:")
            twin.heal(fault)
            forced.communicate(timeout=200)
    finally:
        twin.heal(fault)

    assert refused.returncode == 3
    assert "the network is not whole" in refused.stderr
    assert "--force" in refused.stderr
    assert forced.returncode == 0


def test_a_daemon_that_dies_during_a_drill_is_named_and_all_is_whole_again(
    built: Built, tmp_path: Path
) -> None:
    built.until_whole()
    role, pid = next(
        (role, pid) for role, pid in TwinClient(built.name).pids().items() if role.startswith("charon")
    )
    argv = built.argv("drill", "run", "packet-delay", str(built.env), "--repeat", "1")
    argv += ["--out", str(tmp_path / "runs"), "--format", "json"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as drill:
        until_told(drill, "broken:")
        os.kill(pid, signal.SIGKILL)
        output, _ = drill.communicate(timeout=200)

    report = json.loads(output)
    assert drill.returncode == 1
    assert not report["passed"]
    assert [role in disturbance for disturbance in report["disturbed"]] == [True]
    assert report["whole_again_s"] is not None
    assert "daemon-died" in (tmp_path / "runs" / "run-001" / "events.csv").read_text()
    built.until_whole()


def test_a_full_disk_ends_the_series_but_what_was_measured_is_told_and_kept(
    built: Built, tmp_path: Path
) -> None:
    built.until_whole()
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], check=True, timeout=30)
    try:
        argv = built.argv("drill", "run", "rekey", str(built.env), "--repeat", "3", "--format", "json")
        argv += ["--out", str(disk / "runs")]
        full = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=200)
        kept = json.loads((disk / "runs" / "run-001" / "report.json").read_text())
    finally:
        subprocess.run(["umount", str(disk)], check=True, timeout=30)

    assert full.returncode == 3
    assert "No space left on device" in full.stderr
    assert "--out" in full.stderr
    report = json.loads(full.stdout)
    assert report["directions"] == kept["directions"]
    assert report["whole_again_s"] is not None
    built.until_whole()


def test_a_tunnel_that_does_not_exist_is_refused_with_those_that_do(built: Built) -> None:
    argv = built.argv("drill", "run", "tunnel-down", str(built.env), "--tunnel", "tunnel9")

    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)

    assert done.returncode == 2
    assert "there is no tunnel tunnel9" in done.stderr
    assert all(f"tunnel{number} (" in done.stderr for number in range(1, 5))


def built_compare(first: Path, second: Path) -> dict[str, Any]:
    argv = [str(TWINSPAN), "drill", "compare", str(first), str(second), "--format", "json"]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60)
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def until_told(process: subprocess.Popen[str], word: str) -> None:
    """Read what a process tells until a word comes."""
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if word in line:
            return
    raise AssertionError(f"it ended without {word!r}: {''.join(lines)}")
