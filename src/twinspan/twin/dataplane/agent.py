"""The agent: `python -m twinspan.twin.dataplane.agent`, commanded over its standard input.

Started by `launch.py` as the first process of its own network, mount and PID namespaces. That first
process only waits for the second, the agent proper, and for orphans; when either ends, for whatever
reason, the kernel ends every process, namespace and mount below.
"""

import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

from twinspan.command import run
from twinspan.host import search_path
from twinspan.twin.dataplane.charon import install_private_program
from twinspan.twin.dataplane.clusters import cgroups
from twinspan.twin.dataplane.server import Agent

_FOLDER = Path("/run/twinspan")


def main() -> None:
    """Become init, in a session that no terminal ends, fork the agent, wait."""
    if os.getpid() != 1:
        sys.stderr.write("this program is started by twinspan, as the first process of a PID namespace\n")
        raise SystemExit(2)
    os.setsid()
    os.environ["PATH"] = search_path()
    host_processes = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    child = os.fork()
    if child != 0:
        _init(child)
    _private_mounts()
    cgroups.remove(cgroups.root_name(Path.cwd()), wait=False)  # those of an agent that was killed
    install_private_program(_FOLDER)
    Agent(folder=_FOLDER, host_processes=host_processes).serve(socket.socket(fileno=os.dup(0)))


def _init(agent: int) -> None:
    """Wait for children until the agent has ended; then end, and with it the PID namespace."""
    os.close(0)
    signal.signal(signal.SIGTERM, lambda _number, _frame: os._exit(0))
    while True:
        pid, status = os.wait()
        if pid == agent:
            _remove_control_groups()
            os._exit(os.waitstatus_to_exitcode(status) & 0x7F)


def _remove_control_groups() -> None:
    """End all of this PID namespace, then remove what the kernel does not: the nodes' control groups."""
    with suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    with suppress(ChildProcessError):
        while True:
            os.wait()
    cgroups.remove(cgroups.root_name(Path.cwd()))


def _private_mounts() -> None:
    """Cover /run and /proc, in this mount namespace only."""
    os.umask(0o077)
    run(["mount", "-t", "proc", "-o", "nosuid,nodev,noexec", "proc", "/proc"])
    run(["mount", "-t", "tmpfs", "-o", "mode=0755,nosuid,nodev", "tmpfs", "/run"])
    _FOLDER.mkdir(mode=0o700)


if __name__ == "__main__":
    main()
