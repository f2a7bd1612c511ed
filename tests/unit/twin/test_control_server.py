"""The control process's socket: whose it is, and that it answers many clients at once."""

import stat
import threading
from pathlib import Path

import pytest
from typing_extensions import override

from twinspan.twin import rpc
from twinspan.twin.calls import StatusCalls
from twinspan.twin.client import TwinClient
from twinspan.twin.control_server import ControlServer
from twinspan.twin.rundir import RunDir
from twinspan.twin.status import Status


class Meeting(StatusCalls):
    """Two clients' calls wait for each other."""

    def __init__(self) -> None:
        self._barrier = threading.Barrier(2)

    @override
    def status(self) -> Status:
        self._barrier.wait(30)
        return Status(name="met", state="up", run_directory="")


def test_clients_are_answered_at_the_same_time_through_a_socket_that_is_the_users_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWINSPAN_HOME", str(tmp_path / ("deep" * 30)))
    run_dir, meeting, names = RunDir("met"), Meeting(), list[str]()
    run_dir.create()
    run_dir.socket.touch()  # left by one that was killed
    server = ControlServer(run_dir.socket, rpc.offer(StatusCalls, lambda: meeting))
    server.start()
    mode = stat.S_IMODE(run_dir.socket.stat().st_mode)
    clients = [threading.Thread(target=lambda: names.append(TwinClient("met").status().name)) for _ in "ab"]
    for client in clients:
        client.start()
    for client in clients:
        client.join(60)
    server.stop()

    assert (mode, names, run_dir.socket.exists()) == (0o600, ["met", "met"], False)
