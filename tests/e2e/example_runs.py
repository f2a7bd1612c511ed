"""An example of `examples/` on a twin of its own: applied, looked at and destroyed as its README says."""

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from twinspan.project.outcome import Providers

EXAMPLES = Path(__file__).parents[2] / "examples"
TWINSPAN = Path(sys.executable).parent / "twinspan"
UP_WITHIN_S = "120"
"""How long `verify` waits for the tunnels; a busy machine takes its time."""
_FORWARDED = re.compile(r"^Ip: (?P<names>\D+)\nIp: (?P<values>[\d ]+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleRun:
    """An example applied on a twin of its own."""

    name: str
    folder: Path
    providers: Providers
    variables: Mapping[str, str]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of twinspan's on this twin, whatever it ends with."""
        at = arguments.index("--") if "--" in arguments else len(arguments)
        argv = [str(TWINSPAN), *arguments[:at], "--name", self.name, *arguments[at:]]
        env = {**os.environ, **self.variables}
        return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=900, env=env)

    def twinspan(self, *arguments: str) -> str:
        """Run a command that must succeed and return what it answered."""
        done = self.run(*arguments)
        assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def terraform(self, command: str) -> dict[str, Any]:
        """Return the JSON answer of `plan`, `apply` or `destroy` of the example."""
        arguments = (command, str(self.folder), "--providers", self.providers, "--format", "json")
        answer: dict[str, Any] = json.loads(self.twinspan(*arguments))
        return answer

    def verify(self) -> str:
        """Return what `verify` answers once the tunnels are up; it must be green."""
        return self.twinspan("verify", str(self.folder), "--wait", UP_WITHIN_S)

    def pings(self, machine: str, address: str) -> bool:
        """Whether a machine of the example hears an address."""
        return self.run("exec", machine, "--", "ping", "-c", "3", "-W", "2", address).returncode == 0

    def forwarded(self, machine: str) -> int:
        """Return how many packets a machine has forwarded since it started."""
        counters = _FORWARDED.search(self.twinspan("exec", machine, "--", "cat", "/proc/net/snmp"))
        assert counters
        names, values = counters["names"].split(), counters["values"].split()
        return int(values[names.index("ForwDatagrams")])

    def tunnels(self) -> list[str]:
        """Return the names of the tunnels that exist."""
        status: dict[str, Any] = json.loads(self.twinspan("twin", "status", "--format", "json"))
        return [tunnel["name"] for tunnel in status["tunnels"]]


@contextmanager
def applied(
    example: str,
    scratch: Path,
    *,
    providers: Providers,
    variables: Mapping[str, str] | None = None,
    designs: Path = EXAMPLES,
    module: str = "",
) -> Iterator[ExampleRun]:
    """Bring a twin up and apply a copy of an example to it; afterwards the twin is purged.

    Args:
        example: Its folder in `designs`.
        scratch: Where the copy is made.
        providers: Offline or real ones.
        variables: Of the environment of all commands.
        designs: Where it is.
        module: The root module below the example's folder, if that is not one itself.
    """
    shutil.copytree(designs / example, scratch / example, ignore=shutil.ignore_patterns(".terraform*"))
    folder = scratch / example / module
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWINSPAN_HOME", str(scratch / "home"))
        built = ExampleRun(
            name=f"example-{secrets.token_hex(3)}",
            folder=folder,
            providers=providers,
            variables=variables or {},
        )
        try:
            built.twinspan("twin", "up")
            built.terraform("apply")
            yield built
        finally:
            built.run("twin", "down", "--purge")


def check_everything_that_only_looks(run: ExampleRun, scratch: Path) -> None:
    """Ask about an applied example with each command that changes nothing."""
    folder = str(run.folder)
    looked = json.loads(run.twinspan("doctor", folder, "--format", "json"))
    assert looked["passed"]
    planned = ("check", folder, "--providers", "offline", "--allow-inconclusive", "--format", "json")
    assert json.loads(run.twinspan(*planned))["errors"] == 0
    pings = json.loads(run.twinspan("probe", "ping", folder, "--format", "json"))["pings"]
    assert [ping["loss_ratio"] for ping in pings] == [0.0] * len(pings) != []
    watched = json.loads(run.twinspan("monitor", "show", folder, "--once", "--format", "json"))
    assert watched["healthy"]
    page = scratch / "report.html"
    run.twinspan("report", folder, "--no-probe", "--out", str(page))
    used = json.loads(run.twinspan("drill", "tunnels", folder, "--format", "json"))["tunnels"]
    names = [tunnel["name"] for tunnel in used if tunnel["joined"]]
    assert [name for name in names if name not in page.read_text()] == [] != names


def check_verify_drill_and_destroy(run: ExampleRun) -> None:
    """Do with an applied example what its README does: verify, plan again, drill, destroy."""
    assert re.search(r"^green: \d+ of \d+ checks passed", run.verify(), re.MULTILINE)
    assert run.terraform("plan")["changes"] == []
    drilled = json.loads(run.twinspan("drill", "run", "tunnel-down", str(run.folder), "--format", "json"))
    assert drilled["passed"]
    removed = run.terraform("destroy")
    assert removed["summary"]["removed"] > 0
    assert run.tunnels() == []
