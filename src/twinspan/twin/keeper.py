"""The small process that keeps root, only to start the data plane's agent again if it dies.

When a twin is started by root, its control process gives up every power; this one, its child, does
nothing but start agents for it: one line asks, a socket comes back. It ends with the control process.
"""

import argparse
import os
import socket
import subprocess
import sys
from collections.abc import Sequence

from twinspan.errors import HostError, TwinspanError
from twinspan.twin.dataplane.launch import launch_agent
from twinspan.twin.rundir import RunDir

ASK = b"launch\n"
_GRACE_S = 5
_LIMIT_BYTES = 4096


class Keeper:
    """The control process's side: asks for agents.

    Args:
        run_dir: The twin's folder.

    Raises:
        HostError: The process cannot be started.
    """

    def __init__(self, run_dir: RunDir) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-m", "twinspan.twin.keeper", run_dir.name], stdin=theirs.fileno()
            )
        except OSError as error:
            self._socket.close()
            raise HostError(
                problem=f"the agent's keeper cannot be started: {error}", remedy="Try again"
            ) from error
        finally:
            theirs.close()

    @property
    def pid(self) -> int:
        """Its pid."""
        return self._process.pid

    def ask(self) -> None:
        """Ask for a new agent, without waiting for it."""
        self._socket.sendall(ASK)

    def take(self) -> socket.socket:
        """Wait for the agent asked for and return the socket that commands it.

        Raises:
            HostError: It could not be started, or the keeper is gone.
        """
        try:
            message, handles, _, _ = socket.recv_fds(self._socket, _LIMIT_BYTES, 1)
        except OSError as error:
            raise _gone() from error
        if handles:
            return socket.socket(fileno=handles[0])
        if not message:
            raise _gone()
        raise HostError(
            problem=message.decode(errors="replace"),
            remedy="Look at `twinspan twin logs`, then restart the twin",
        )

    def close(self) -> None:
        """End it."""
        self._socket.close()
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def serve(control: socket.socket, run_dir: RunDir) -> None:
    """Start an agent whenever asked, until the other side closes."""
    agent: subprocess.Popen[bytes] | None = None
    while control.recv(_LIMIT_BYTES):
        if agent is not None:
            _end(agent)
        try:
            agent, commands = launch_agent(run_dir.data_plane, log_file=run_dir.logs / "dataplane.log")
        except TwinspanError as error:
            control.sendall(str(error).encode()[:_LIMIT_BYTES])
            continue
        with commands:
            socket.send_fds(control, [b"agent"], [commands.fileno()])
    if agent is not None:
        _end(agent)


def _end(agent: "subprocess.Popen[bytes]") -> None:
    """Reap an agent whose socket is closed; kill it if it does not end by itself."""
    try:
        agent.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        agent.kill()
        agent.wait()


def _gone() -> HostError:
    return HostError(
        problem="the agent's keeper has ended", remedy="Run `twinspan twin down` and `twinspan twin up`"
    )


def main(arguments: Sequence[str]) -> None:
    """Serve the control process at standard input."""
    parser = argparse.ArgumentParser(prog="twinspan.twin.keeper")
    parser.add_argument("name")
    name = parser.parse_args(arguments).name
    os.umask(0o077)
    with socket.socket(fileno=os.dup(sys.stdin.fileno())) as control:
        devnull = os.open(os.devnull, os.O_RDONLY)
        os.dup2(devnull, sys.stdin.fileno())
        os.close(devnull)
        serve(control, RunDir(name))


if __name__ == "__main__":
    main(sys.argv[1:])
