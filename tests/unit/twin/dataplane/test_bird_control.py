"""Commands to a running BIRD."""

import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from twinspan.errors import CommandError, HostError
from twinspan.host import find_program
from twinspan.twin.dataplane.bird_control import BirdControl
from twinspan.twin.dataplane.vici_control import Control

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
def bird(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A BIRD whose one session is down; it listens nowhere."""
    settings = tmp_path / "bird.conf"
    settings.write_text(_SETTINGS)
    argv = [str(find_program("bird")), "-f", "-c", str(settings), "-s", str(tmp_path / "bird.ctl")]
    with subprocess.Popen(argv) as process:
        yield process
        process.terminate()


@pytest.fixture
def control(tmp_path: Path, bird: subprocess.Popen[bytes]) -> Iterator[BirdControl]:
    assert bird.poll() is None
    control = BirdControl(tmp_path / "bird.ctl")
    control.connect()
    yield control
    control.close()


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


def test_a_bird_that_was_too_slow_once_is_asked_again(tmp_path: Path, bird: subprocess.Popen[bytes]) -> None:
    control = BirdControl(tmp_path / "bird.ctl", answer_within_s=0.5)
    control.connect()
    bird.send_signal(signal.SIGSTOP)
    with pytest.raises(HostError, match="does not answer"):
        control.routes()
    bird.send_signal(signal.SIGCONT)

    control._answer_within_s = 10.0
    assert [str(route.network) for route in control.routes()] == ["10.0.0.0/16"]
    control.close()


def test_a_charon_that_was_too_slow_once_is_asked_again(tmp_path: Path) -> None:
    """The other end is a socket of ours that answers as vici does, but for one time."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "vici"))
    listener.listen()
    silent = threading.Event()

    def serve() -> None:
        for _ in range(2):
            client, _ = listener.accept()
            with client:
                while client.recv(1024):
                    if not silent.is_set():
                        client.sendall(b"\x00\x00\x00\x01\x01")  # an answer (type 1) without members

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    control = Control(tmp_path / "vici", answer_within_s=0.5)
    control.connect()
    silent.set()
    with pytest.raises(HostError, match="does not answer"):
        control.command("stats", {})
    silent.clear()

    control._answer_within_s = 10.0
    assert control.command("stats", {}) == {}
    control.close()
    server.join()
    listener.close()
