"""A user's root module on a whole twin: applied, looked at in every way of ENV, broken, destroyed."""

import hashlib
import json
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.root, pytest.mark.slow]

DESIGNS = Path(__file__).parents[1] / "designs"
TWINSPAN = Path(sys.executable).parent / "twinspan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """The design with four tunnels, applied on a twin of its own."""

    name: str
    folder: Path
    digests: Mapping[str, str]

    def twinspan(self, *arguments: str, expect: int = 0) -> str:
        argv = [str(TWINSPAN), *arguments, "--name", self.name]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=500)
        assert done.returncode == expect, f"{argv}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def answer(self, *arguments: str, expect: int = 0) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.twinspan(*arguments, "--format", "json", expect=expect))
        return answer

    @property
    def state(self) -> Path:
        (file,) = (self.folder.parents[2] / "home").rglob("states/*/terraform.tfstate")
        return file


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    home = tmp_path_factory.mktemp("root-module")
    design = home / "designs" / "four-by-count"
    shutil.copytree(DESIGNS / "four-by-count", design)
    built = Built(name=f"own-{secrets.token_hex(3)}", folder=design / "live", digests=digests(design))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWINSPAN_HOME", str(home / "home"))
        try:
            built.twinspan("twin", "up")
            built.twinspan("apply", str(built.folder), "--providers", "offline")
            yield built
        finally:
            built.twinspan("twin", "down", "--purge")


def test_verify_is_green_and_says_first_what_it_looked_at(built: Built) -> None:
    text = built.twinspan("verify", str(built.folder), "--wait", "120")
    assert text.splitlines()[0] == f"root module: {built.folder}"
    assert re.search(r"^green: \d+ of \d+ checks passed", text, re.MULTILINE)


def test_a_second_plan_is_empty(built: Built) -> None:
    answer = built.answer("plan", str(built.folder), "--providers", "offline")
    assert answer["env"] == {"kind": "root module", "name": str(built.folder)}
    assert answer["changes"] == []


def test_its_state_file_is_as_good(built: Built) -> None:
    answer = built.answer("verify", str(built.state), "--wait", "60")
    assert answer["env"] == {"kind": "state", "name": str(built.state)}
    assert answer["passed"] is True


def test_without_env_what_is_there_counts(built: Built) -> None:
    checked = built.answer("check")
    watched = built.answer("monitor", "show", "--once", "--latency", "none")
    assert checked["env"] == watched["env"] == {"kind": "network", "name": "what is there"}
    assert checked["errors"] == 0
    assert len(watched["tunnels"]) >= 4


def test_probe_monitor_and_report_find_its_state(built: Built, tmp_path: Path) -> None:
    pinged = built.answer("probe", "ping", str(built.folder))
    assert pinged["env"]["kind"] == "root module"
    assert [ping["loss_ratio"] for ping in pinged["pings"]] == [0.0, 0.0]
    watched = built.answer("monitor", "show", str(built.folder), "--once")
    assert watched["env"]["kind"] == "root module"
    page = tmp_path / "report.html"
    built.twinspan("report", str(built.folder), "--no-probe", "--out", str(page))
    assert "aws[0]" in page.read_text()


def test_a_drill_names_tunnels_as_the_user_does(built: Built) -> None:
    text = built.twinspan("drill", "run", "bgp-closed", str(built.folder), "--tunnel", "aws[3]")
    assert text.splitlines()[0] == f"root module: {built.folder}"
    assert "aws[3]" in text


def test_destroy_leaves_nothing_and_the_users_files_as_they_were(built: Built) -> None:
    removed = built.answer("destroy", str(built.folder), "--providers", "offline")
    assert removed["summary"]["removed"] == 28
    assert json.loads(built.state.read_text())["resources"] == []
    assert digests(built.folder.parent) == built.digests
