"""The two APIs that a rotation works on."""

from collections.abc import Iterator
from pathlib import Path

import dev_network  # found where `rotation_parts`, which tests import before, looks
import pytest
from both_apis import told_by
from rotation_parts import Apis


@pytest.fixture
def apis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Apis]:
    """Both APIs with dev in them, in a process of their own; four tunnels that follow them."""
    monkeypatch.setenv("TWINSPAN_HOME", str(tmp_path / "home"))
    script = Path(__file__).with_name("apis_with_tunnels.py")
    folder = tmp_path / "apis"
    folder.mkdir()
    with told_by(script, folder) as access:
        made = Apis(folder=folder, told=access)
        dev_network.build(made.endpoints)
        made.until_up(4)
        yield made
        made.well()
