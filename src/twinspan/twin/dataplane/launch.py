"""Start the agent: the first process of its own network, mount and PID namespaces."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from shutil import which

from twinspan.errors import HostError

_PROGRAMS = {
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "ip": "iproute2",
    "nft": "nftables",
    "bird": "bird2",
    "charon-systemd": "charon-systemd",
}
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PLUGIN = "libstrongswan-kernel-libipsec.so"
_PLUGIN_FOLDERS = ("/usr/lib/ipsec/plugins", "/usr/lib/strongswan/plugins", "/usr/lib64/strongswan/plugins")


def launch_agent(run_dir: Path, *, log_file: Path) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start an agent and return its process and the socket that commands it.

    Everything the agent makes lives in namespaces below it. It ends, and the kernel removes all of
    that, when the socket is closed at this end, by this process's end too. Nothing is written but
    `log_file`.

    Args:
        run_dir: The agent's working folder; must exist.
        log_file: Where the agent and its daemons log; made with mode 0600, appended to.

    Raises:
        HostError: A program is missing, there is no /dev/net/tun, or neither root nor `sudo` is there.
    """
    _check_machine()
    ours, theirs = socket.socketpair()
    log = os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        process = subprocess.Popen(
            _argv(), stdin=theirs.fileno(), stdout=log, stderr=log, cwd=run_dir, start_new_session=True
        )
    except OSError as error:
        ours.close()
        raise HostError(
            problem=f"the data-plane agent cannot be started: {error}",
            remedy="Run as root, or install sudo",
        ) from error
    finally:
        os.close(log)
        theirs.close()
    return process, ours


def _argv() -> list[str]:
    privileged = [] if os.geteuid() == 0 else ["sudo", "--non-interactive", "--"]
    return [
        *privileged,
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
    ]


def _check_machine() -> None:
    for program, package in _PROGRAMS.items():
        if which(program, path=_SYSTEM_PATH) is None:
            raise HostError(
                problem=f"the program {program} is not installed",
                remedy=f"Run `make install`, or `apt-get install {package}`",
            )
    if not any((Path(folder) / _PLUGIN).exists() for folder in _PLUGIN_FOLDERS):
        raise HostError(
            problem=f"strongSwan's user-space ESP ({_PLUGIN}) is not installed",
            remedy="Run `make install`, or `apt-get install libcharon-extra-plugins`",
        )
    if not Path("/dev/net/tun").exists():
        raise HostError(
            problem="the kernel offers no TUN devices (/dev/net/tun is missing)",
            remedy="Run `modprobe tun`, or give the container the device /dev/net/tun",
        )
    if os.geteuid() != 0 and which("sudo") is None:
        raise HostError(
            problem="the data plane needs root, and there is no sudo", remedy="Run as root, or install sudo"
        )
