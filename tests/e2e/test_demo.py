"""The demonstration, as a newcomer runs it: from nothing to nothing."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from twinspan.wait import wait_until

pytestmark = [pytest.mark.root, pytest.mark.slow]

TWINSPAN = Path(sys.executable).parent / "twinspan"
TREE = Path(__file__).parents[2] / "terraform"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    shutil.copytree(TREE, tmp_path / "terraform", symlinks=True)
    (tmp_path / "tmp").mkdir()
    return {**os.environ, "TWINSPAN_HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "tmp")}


def processes_naming(text: str) -> list[str]:
    """Return the command lines of all processes that hold `text`."""
    command_lines = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in line:
            command_lines.append(line)
    return command_lines


def test_the_demo_tells_the_whole_story_and_leaves_nothing(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    env = tmp_path / "terraform" / "envs" / "dev"

    done = subprocess.run(
        [str(TWINSPAN), "demo", str(env), "--providers", "offline", "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=360,
    )

    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    figures = document["figures"]
    assert document["schema"] == "twinspan/demo/1"
    assert {step["state"] for step in document["steps"]} == {"done"}
    assert figures["verified"]
    assert figures["drill_passed"]
    assert figures["tunnels_up"] == figures["tunnels_expected"] == 4
    assert "4 of 4 tunnels up" in done.stderr
    assert figures["aws_to_azure_silent_ms"] > 1000
    assert figures["azure_to_aws_silent_ms"] > 1000
    assert list((tmp_path / "home").iterdir()) == []
    assert processes_naming("demo-") == []


def test_an_interrupted_demo_cleans_up_and_says_where_the_logs_are(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    env = tmp_path / "terraform" / "envs" / "dev"
    with subprocess.Popen(
        [str(TWINSPAN), "demo", str(env), "--providers", "offline"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as demo:
        wait_until(
            lambda: list((tmp_path / "home").glob("demo-*/control.sock")),
            bool,
            what="twin of the demo",
            timeout_s=60,
        )
        demo.send_signal(signal.SIGINT)
        _, said = demo.communicate(timeout=120)

    assert demo.returncode == 130
    assert "Nothing is left running. The logs are in" in " ".join(said.split())
    assert list((tmp_path / "home").iterdir()) == []
    assert list((tmp_path / "tmp").glob("twinspan-demo-*-logs-*/control.log")) != []


def test_a_demo_of_a_folder_that_is_no_environment_makes_nothing(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    argv = [str(TWINSPAN), "demo", str(tmp_path / "nowhere")]

    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=environment, timeout=60)

    assert done.returncode == 2
    assert not (tmp_path / "home").exists()
