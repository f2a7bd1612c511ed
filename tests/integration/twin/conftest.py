import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from twinspan.twin import lifecycle

sys.path.append(str(Path(__file__).parents[1] / "cloud"))  # dev_network, which both folders' tests use


@pytest.fixture
def twin_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for twins that only this test knows."""
    return _alone(monkeypatch, tmp_path)


def _alone(patch: pytest.MonkeyPatch, folder: Path) -> Path:
    home = folder / "twins"
    patch.setenv("TWINSPAN_HOME", str(home))
    for name in list(os.environ):
        if name.startswith(("AWS_", "ARM_", "AZURE_")):
            patch.delenv(name)
    return home


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a twin that is up, for tests that only ask it something."""
    with pytest.MonkeyPatch.context() as patch:
        _alone(patch, tmp_path_factory.mktemp("module"))
        chosen = f"t{secrets.token_hex(4)}"
        try:
            lifecycle.up(chosen)
            yield chosen
        finally:
            lifecycle.down(chosen, purge=True)


@pytest.fixture
def name(twin_home: Path) -> Iterator[str]:
    """The name of a twin that is not up; it is down again afterwards."""
    del twin_home
    chosen = f"t{secrets.token_hex(4)}"
    yield chosen
    lifecycle.down(chosen, purge=True)
