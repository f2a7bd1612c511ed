"""What the machine must have before a twin can start, checked before anything is made."""

import os
import shutil
import socket
from pathlib import Path

from twinspan.errors import HostError
from twinspan.host import find_program

_LOOPBACK = "127.0.0.1"
_PLUGIN_FOLDERS = ("/usr/lib/ipsec/plugins", "/usr/lib/strongswan/plugins", "/usr/lib64/strongswan/plugins")
_PROGRAMS = {
    "charon-systemd": "charon-systemd",
    "bird": "bird2",
    "birdc": "bird2",
    "nft": "nftables",
    "ip": "iproute2",
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "ping": "iputils-ping",
}
"""Program -> the Debian package that carries it."""
_PACKAGES_OF_PLUGINS = "libcharon-extra-plugins libstrongswan-standard-plugins libstrongswan-extra-plugins"
_LIBIPSEC = "libstrongswan-kernel-libipsec.so"


def check_right() -> None:
    """Check that namespaces can be made: as root, or through sudo.

    Raises:
        HostError: Neither.
    """
    if os.geteuid() != 0 and shutil.which("sudo") is None:
        raise HostError(
            problem="the twin's data plane needs root for its network namespaces, and there is no sudo",
            remedy="Run the command as root, or install sudo",
        )


def check_packages() -> None:
    """Check that the daemons are installed.

    Raises:
        HostError: Names all that is missing, and the command that installs it.
    """
    missing = {program: package for program, package in _PROGRAMS.items() if find_program(program) is None}
    if not any((Path(folder) / _LIBIPSEC).exists() for folder in _PLUGIN_FOLDERS):
        missing["strongSwan's kernel-libipsec"] = _PACKAGES_OF_PLUGINS
    if missing:
        packages = " ".join(dict.fromkeys(missing.values()))
        raise HostError(
            problem=f"the twin needs {', '.join(missing)}, not installed here",
            remedy=f"Run `make install`, or `sudo apt-get install {packages}`",
        )


def check_port(port: int, *, option: str) -> None:
    """Check that a port that was asked for is free on 127.0.0.1.

    Raises:
        HostError: It is taken, or may not be used.
    """
    problem = port_problem(port)
    if problem:
        raise HostError(
            problem=f"port {port} on {_LOOPBACK} cannot be used: {problem}",
            remedy=f"Choose another one with {option}, or leave {option} out to take a free one",
        )


def port_problem(port: int) -> str:
    """Return why a port cannot be listened on; an empty text if it can."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_LOOPBACK, port))
            probe.listen(1)
        except OSError as error:
            return error.strerror or str(error)
    return ""
