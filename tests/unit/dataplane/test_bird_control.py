"""Commands to a running BIRD."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from twinspan.errors import CommandError, HostError
from twinspan.host import find_program
from twinspan.twin.dataplane.bird_control import BirdControl

_SETTINGS = """
router id 192.0.2.1;
protocol device {}
protocol static { ipv4; route 10.0.0.0/16 blackhole; }
protocol bgp silent {
  disabled;
  local 127.0.0.1 as 64512;
  neighbor 127.0.0.2 port 1790 as 65000;
  ipv4 { import none; export all; };
}
"""


@pytest.fixture
def control(tmp_path: Path) -> Iterator[BirdControl]:
    """A BIRD whose one session is down; it listens nowhere."""
    settings, socket = tmp_path / "bird.conf", tmp_path / "bird.ctl"
    settings.write_text(_SETTINGS)
    process = subprocess.Popen([str(find_program("bird")), "-f", "-c", str(settings), "-s", str(socket)])
    control = BirdControl(socket)
    control.connect()
    yield control
    control.close()
    process.terminate()
    process.wait()


def test_a_session_that_is_down_exports_no_routes(control: BirdControl) -> None:
    assert control.routes("export silent") == ()
    assert [str(route.network) for route in control.routes()] == ["10.0.0.0/16"]


def test_an_unknown_session_is_an_error(control: BirdControl) -> None:
    with pytest.raises(CommandError, match="export unknown"):
        control.routes("export unknown")


def test_a_closed_connection_is_named(control: BirdControl) -> None:
    control.close()

    with pytest.raises(HostError, match="does not answer"):
        control.routes()
