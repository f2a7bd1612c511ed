"""`twinspan probe`: what it refuses, and how."""

import subprocess
import sys
from pathlib import Path

import pytest


def twinspan(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "twinspan.cli.main", "probe", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "TWINSPAN_HOME": str(folder), "COLUMNS": "200"},
    )


@pytest.mark.parametrize("kind", ["ping", "iperf", "matrix"])
def test_hosts_in_the_cloud_are_refused_with_the_way_by_pods(kind: str, tmp_path: Path) -> None:
    done = twinspan(kind, "--on", "cloud", folder=tmp_path)
    assert done.returncode == 3
    assert done.stdout == ""
    assert "hosts to a twin only" in done.stderr
    assert "--from pods" in done.stderr


@pytest.mark.parametrize("kind", ["ping", "iperf"])
def test_pods_are_given_no_subnet(kind: str, tmp_path: Path) -> None:
    done = twinspan(kind, "--from", "pods", "--aws-subnet", "subnet-1", folder=tmp_path)
    assert done.returncode == 2
    assert "--aws-subnet: pods run where their nodes are" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("ping", "--count", "0"),
        ("ping", "--interval", "0"),
        ("ping", "--limit-loss", "101"),
        ("iperf", "--seconds", "0"),
        ("iperf", "--streams", "129"),
        ("iperf", "--port", "70000"),
        ("teleport",),
    ],
)
def test_bad_options_are_refused(words: tuple[str, ...], tmp_path: Path) -> None:
    done = twinspan(*words, folder=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_an_unknown_environment_is_refused(tmp_path: Path) -> None:
    done = twinspan("ping", "no/such/folder", folder=tmp_path)
    assert done.returncode == 2
    assert "no such folder or file" in done.stderr


def test_a_twin_that_is_not_up_is_told_with_the_remedy(tmp_path: Path) -> None:
    env = Path(__file__).parents[3] / "terraform" / "envs" / "dev"
    done = twinspan("ping", str(env), folder=tmp_path)
    assert done.returncode == 3
    assert "twinspan twin up" in done.stderr
