import json
import socket
import threading
from pathlib import Path

import pytest

from twinspan.twin.control_server import ControlServer
from twinspan.wait import wait_until


def test_a_client_that_goes_before_its_answer_is_no_defect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", ended.append)
    asked, gone = threading.Event(), threading.Event()

    def slow(_: object) -> str:
        asked.set()
        gone.wait(30)
        return "a short answer, which waits in the buffer"

    undone = threading.Event()
    path = tmp_path / "socket"
    server = ControlServer(path, {"slow": slow}, leases={"slow": lambda _: undone.set})
    server.start()
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.connect(str(path))
    client.sendall(json.dumps({"id": 1, "method": "slow", "params": {}}).encode() + b"\n")
    assert asked.wait(30)
    client.close()
    gone.set()

    assert undone.wait(30)
    wait_until(
        lambda: [thread.name for thread in threading.enumerate()],
        lambda names: "control-client" not in names,
        what="end of the client's thread",
        timeout_s=30,
    )
    server.stop()
    assert ended == []
