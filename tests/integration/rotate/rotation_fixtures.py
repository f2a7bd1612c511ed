"""The two APIs that a rotation works on."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "cloud"))  # the builder of dev

import dev_network
from rotation_parts import Apis


@pytest.fixture
def apis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Apis]:
    """Both APIs with dev in them, in a process of their own; four tunnels that follow them."""
    monkeypatch.setenv("TWINSPAN_HOME", str(tmp_path / "home"))
    script = Path(__file__).with_name("apis_with_tunnels.py")
    folder = tmp_path / "apis"
    folder.mkdir()
    with subprocess.Popen(
        [sys.executable, str(script), str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        access = json.loads(process.stdout.readline())
        made = Apis(folder=folder, told=access)
        dev_network.build(made.endpoints)
        made.until_up(4)
        yield made
        made.well()
        process.communicate(timeout=20)
