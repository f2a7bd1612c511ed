"""The small process that keeps root, only to start the data plane's agents.

When a twin is started by root, its control process gives up every power; this one, its child, does
nothing but start agents for it. It ends with the control process.
"""

import argparse
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext

from typing_extensions import override

from twinspan.errors import HostError
from twinspan.twin import rpc
from twinspan.twin.dataplane.launch import launch_agent
from twinspan.twin.rundir import RunDir

_GRACE_S = 5
_SPAWNER = rpc.Peer(
    name="the process that starts the data-plane agent",
    restart="Look at `twinspan twin logs`, then run `twinspan twin down` and `twin up`",
    answer_within_s=180.0,
)


class SpawnCalls(rpc.Interface):
    """What the process that kept root can be asked."""

    def launch(self) -> socket.socket:
        """Start an agent, in place of the one before it; return the socket that commands it.

        Raises:
            HostError: It cannot be started.
        """
        raise NotImplementedError


class PrivilegedSpawner(SpawnCalls, rpc.Stub):
    """Has that process; it begins to start the first agent at once.

    Args:
        run_dir: The twin's folder.

    Raises:
        HostError: The process cannot be started.
    """

    def __init__(self, run_dir: RunDir) -> None:
        ours, theirs = socket.socketpair()
        self._connection = rpc.Connection(ours, _SPAWNER, takes_descriptors=True)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-m", "twinspan.twin.privileged_spawner", run_dir.name],
                stdin=theirs.fileno(),
            )
        except OSError as error:
            self._connection.close()
            raise HostError(
                problem=f"{_SPAWNER.name} cannot be started: {error}", remedy="Try again"
            ) from error
        finally:
            theirs.close()

    @override
    def connection(self) -> AbstractContextManager[rpc.Connection]:
        return nullcontext(self._connection)

    @property
    def pid(self) -> int:
        """Its pid."""
        return self._process.pid

    def close(self) -> None:
        """End it."""
        self._connection.close()
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Spawner(SpawnCalls):
    """Starts one agent after the other; the first as soon as it is made.

    Args:
        run_dir: The twin's folder.
    """

    def __init__(self, run_dir: RunDir) -> None:
        self._run_dir = run_dir
        self._agent: subprocess.Popen[bytes] | None = None
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._first: Future[socket.socket] | None = self._pool.submit(self._start)

    @override
    def launch(self) -> socket.socket:
        first, self._first = self._first, None
        return (first or self._pool.submit(self._start)).result()

    def end(self) -> None:
        """Wait for the end of the agent, which comes when nobody has its socket any more."""
        if self._first is not None and self._first.exception() is None:
            self._first.result().close()
        self._pool.submit(self._reap).result()

    def _start(self) -> socket.socket:
        self._reap()
        self._agent, commands = launch_agent(
            self._run_dir.data_plane, log_file=self._run_dir.logs / "dataplane.log"
        )
        return commands

    def _reap(self) -> None:
        if self._agent is None:
            return
        try:
            self._agent.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._agent.kill()
            self._agent.wait()


def main(arguments: Sequence[str]) -> None:
    """Serve the control process at standard input."""
    parser = argparse.ArgumentParser(prog="twinspan.twin.privileged_spawner")
    parser.add_argument("name")
    name = parser.parse_args(arguments).name
    os.umask(0o077)
    control = socket.socket(fileno=os.dup(sys.stdin.fileno()))
    devnull = os.open(os.devnull, os.O_RDONLY)
    os.dup2(devnull, sys.stdin.fileno())
    os.close(devnull)
    spawner = Spawner(RunDir(name))
    try:
        rpc.serve(control, rpc.offer(SpawnCalls, lambda: spawner))
    finally:
        spawner.end()


if __name__ == "__main__":
    main(sys.argv[1:])
