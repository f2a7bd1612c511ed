"""Nodes that cannot be built at first: both APIs and the twin say why, and all is well once they can be."""

import json
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from twinspan.errors import HostError
from twinspan.twin.dataplane.namespaces import short_name
from twinspan.twin.kubernetes.programs import find_programs
from twinspan.wait import wait_until

pytestmark = [pytest.mark.root, pytest.mark.long]

TWINSPAN = Path(sys.executable).parent / "twinspan"
TREE = Path(__file__).parents[2] / "terraform"
EKS = "arn:aws:eks:us-west-2:123456789012:cluster/twinspan-dev"
_BUILT_WITHIN_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """A twin of the test's own, with nothing built yet."""

    name: str
    env: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        argv = [str(TWINSPAN), *arguments, "--name", self.name]
        return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=280)

    @property
    def status(self) -> Any:
        return json.loads(self.run("twin", "status", "--format", "json").stdout)

    @property
    def aks(self) -> str:
        """The key of its AKS cluster."""
        variables = json.loads(self.run("twin", "env", "--format", "json").stdout)
        return (
            f"/subscriptions/{variables['ARM_SUBSCRIPTION_ID']}/resourcegroups/twinspan-dev-rg"
            "/providers/microsoft.containerservice/managedclusters/twinspan-dev-aks"
        )

    @contextmanager
    def taken(self, namespace: str) -> Iterator[None]:
        """Have a namespace's name taken by something that is none."""
        inside = ["nsenter", "-t", str(self.status["pids"]["agent"]), "-m", "--"]
        subprocess.run([*inside, "mkdir", f"/run/netns/{namespace}"], check=True, timeout=30)
        try:
            yield
        finally:
            subprocess.run([*inside, "rmdir", f"/run/netns/{namespace}"], check=True, timeout=30)


@pytest.fixture
def twin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Twin]:
    try:
        find_programs()
    except HostError as error:
        pytest.skip(str(error))
    monkeypatch.setenv("TWINSPAN_HOME", str(tmp_path / "home"))
    shutil.copytree(TREE, tmp_path / "terraform", symlinks=True)
    twin = Twin(name=f"obstacle-{secrets.token_hex(3)}", env=tmp_path / "terraform" / "envs" / "dev")
    try:
        up = twin.run("twin", "up")
        assert up.returncode == 0, up.stderr
        yield twin
    finally:
        twin.run("twin", "down", "--purge")


def test_nodes_that_cannot_be_built_are_named_and_built_when_they_can_be(twin: Twin) -> None:
    with ExitStack() as obstacles:
        for node in (f"{EKS} default/0", f"{twin.aks} system/0"):
            obstacles.enter_context(twin.taken(short_name("node", node)))
        applied = twin.run("apply", str(twin.env), "--providers", "offline")
        assert applied.returncode != 0
        assert "/run/netns/" in applied.stderr
        status = twin.status
        assert sorted(problem.partition(": ")[0] for problem in status["problems"]) == [
            "node default/0 of twinspan-dev",
            "node system/0 of twinspan-dev-aks",
        ]
        assert all(tunnel["ipsec"] == "up" for tunnel in status["tunnels"])
        assert all(cluster["running_version"] for cluster in status["clusters"])

    built = wait_until(
        lambda: twin.status,
        lambda seen: (
            [cluster_status["state"] for cluster_status in seen["clusters"]] == ["ACTIVE", "Succeeded"]
        ),
        what="both clusters",
        timeout_s=_BUILT_WITHIN_S,
        interval_s=1.0,
    )
    assert built["problems"] == []
    assert [cluster_status["nodes_ready"] for cluster_status in built["clusters"]] == [1, 1]
