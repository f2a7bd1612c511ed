"""Start the agent: the first process of its own network, mount and PID namespaces."""

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from twinspan.errors import HostError
from twinspan.twin.requirements import check_packages, check_right

_AGENT = (
    "unshare",
    "--net",
    "--mount",
    "--pid",
    "--fork",
    "--kill-child=SIGKILL",
    "--",
    sys.executable,
    "-I",
    "-m",
    "twinspan.twin.dataplane.agent",
)


def launch_agent(run_dir: Path, *, log_file: Path) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start an agent and return its process and the socket that commands it.

    Everything the agent makes lives in namespaces below it. It ends, and the kernel removes all of
    that, when the socket is closed at this end, by this process's end too. Nothing is written but
    `log_file` and, with `.1` behind its name, its older part.

    Args:
        run_dir: The agent's working folder; must exist.
        log_file: Where the agent and its daemons log; made with mode 0600, appended to. Each of the two
            files stays below 5 MB.

    Raises:
        HostError: A program is missing, there is no /dev/net/tun, or neither root nor `sudo` is there.
    """
    _check_machine()
    ours, theirs = socket.socketpair()
    logs = [_opened(log_file), _opened(log_file.with_name(f"{log_file.name}.1"))]
    try:
        process = _started(run_dir, theirs, logs)
    except OSError as error:
        ours.close()
        raise HostError(
            problem=f"the data-plane agent cannot be started: {error}",
            remedy="Run as root, or install sudo",
        ) from error
    finally:
        for log in logs:
            os.close(log)
        theirs.close()
    return process, ours


def _opened(log_file: Path) -> int:
    return os.open(log_file, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def _started(run_dir: Path, commands: socket.socket, logs: Sequence[int]) -> subprocess.Popen[bytes]:
    """Start the agent out of reach of the terminal's signals.

    sudo remembers a password by session and terminal, so it must stay in this session and be only in a
    process group of its own; the agent itself makes a session of its own.
    """
    current, older = logs
    if os.geteuid() == 0:
        return subprocess.Popen(
            _AGENT, stdin=commands.fileno(), stdout=older, stderr=current, cwd=run_dir, start_new_session=True
        )
    return subprocess.Popen(
        ["sudo", "--non-interactive", "--", *_AGENT],
        stdin=commands.fileno(),
        stdout=older,
        stderr=current,
        cwd=run_dir,
        process_group=0,
    )


def _check_machine() -> None:
    check_packages()
    if not Path("/dev/net/tun").exists():
        raise HostError(
            problem="the kernel offers no TUN devices (/dev/net/tun is missing)",
            remedy="Run `modprobe tun`, or give the container the device /dev/net/tun",
        )
    check_right()
