"""What the client says of a twin that answers otherwise than expected."""

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from twinspan.errors import HostError
from twinspan.twin.client import TwinClient
from twinspan.twin.rundir import RunDir, short_path


@pytest.fixture
def older(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A twin whose observations lack what ours have."""
    monkeypatch.setenv("TWINSPAN_HOME", str(tmp_path))
    run_dir = RunDir("older")
    run_dir.socket.parent.mkdir(parents=True)
    listener = socket.socket(socket.AF_UNIX)
    with short_path(run_dir.socket) as path:
        listener.bind(path)
    listener.listen()

    def answer() -> None:
        with listener, listener.accept()[0] as near, near.makefile("rb") as stream:
            stream.readline()
            near.sendall(json.dumps({"id": 1, "result": {"was": "otherwise"}}).encode() + b"\n")

    server = threading.Thread(target=answer)
    server.start()
    yield "older"
    server.join()


def test_a_twin_of_another_version_is_to_be_started_again(older: str) -> None:
    with pytest.raises(HostError, match=r"another version of twinspan.*twin down --name older.*twin up"):
        TwinClient(older).observe()


def test_a_twin_that_is_not_up_is_to_be_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWINSPAN_HOME", str(tmp_path))
    with pytest.raises(HostError, match="twin up --name none"):
        TwinClient("none").observe()
