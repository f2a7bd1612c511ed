"""Where the programs are that clusters are made of: Kubernetes' own, and those of the host's packages."""

import os
import pwd
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from twinspan.errors import HostError
from twinspan.host import SYSTEM_PATH

KUBERNETES_MINOR = "1.35"
"""The version that the twin's clusters are made for; `kubernetes/go.mod` says which of it is built."""

DNS_MINOR = "1.14"
"""The version of CoreDNS likewise; `coredns/go.mod`."""

KUBERNETES_NAMES = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "kubectl",
)
DNS_NAME = "coredns"
NAMES = (*KUBERNETES_NAMES, DNS_NAME)
"""What `make kubernetes` provides."""

_CNI_FOLDERS = ("/usr/lib/cni", "/usr/libexec/cni")
_HOST_PROGRAMS = {
    "etcd": "etcd-server",
    "containerd": "containerd",
    "containerd-shim-runc-v2": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "iptables": "iptables",
    "iptables-restore": "iptables",
    "conntrack": "conntrack",
    "busybox": "busybox-static",
    "iperf3": "iperf3",
    "ping": "iputils-ping",
    "python3": "python3",
    "ip": "iproute2",
    "wget": "wget",
}
"""Program -> the Debian package that carries it."""
_HOST_PLUGINS = ("loopback", "ptp", "host-local", "portmap")


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """The Kubernetes programs of this user.

    Attributes:
        folder: Holds all of `NAMES`; the real folder, so that a newer build does not change it under a twin.
        version: Of Kubernetes, e.g. `1.35.4`.
    """

    folder: Path
    version: str


def cache_folder() -> Path:
    """Return the folder where `make kubernetes` puts programs for this user; it need not exist."""
    return caches()[0] / "kubernetes"


def find_programs() -> Programs:
    """Find what clusters are made of; nothing of it is run.

    Returns:
        The folder that `make kubernetes` made, for this user or for the one who called sudo.

    Raises:
        HostError: Something is missing, changed since, or of a version that the twin's clusters are not made
            for; names all of it.
    """
    candidates = [(folder / "kubernetes" / "current").resolve() for folder in caches()]
    current = next((folder for folder in candidates if folder.is_dir()), None)
    lacking = [] if current else [f"the Kubernetes programs ({', '.join(NAMES)})"]
    if current:
        lacking += problems(current)
    lacking += [f"{program} (package {package})" for program, package in missing_host_programs().items()]
    if current is None or lacking:
        raise HostError(
            problem=f"clusters need what is not here: {', '.join(lacking)}",
            remedy="Run `make kubernetes`",
        )
    return Programs(folder=current, version=_version(current))


def missing_host_programs() -> dict[str, str]:
    """Return the programs that clusters run from the host's packages and that are not installed.

    A node sees this machine's system folders only, so nobody's PATH counts.

    Returns:
        Program -> the Debian package that carries it.
    """
    missing = {
        program: package
        for program, package in _HOST_PROGRAMS.items()
        if not shutil.which(program, path=SYSTEM_PATH)
    }
    missing |= {
        f"the CNI plug-in {name}": "containernetworking-plugins"
        for name in _HOST_PLUGINS
        if not (plug_in_folder() / name).exists()
    }
    return missing


def plug_in_folder() -> Path:
    """Return the folder of the CNI plug-ins; Debian's if there is none."""
    folders = [Path(folder) for folder in _CNI_FOLDERS]
    return next((folder for folder in folders if folder.is_dir()), folders[0])


def caches() -> list[Path]:
    """Return the folders of what is built here: this user's and, for root by sudo, the caller's."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folders = [Path(base) / "twinspan"]
    caller = os.environ.get("SUDO_UID", "")
    if os.geteuid() == 0 and caller.isdecimal():
        with suppress(KeyError):  # a user without an entry has no cache that could be found
            folders.append(Path(pwd.getpwuid(int(caller)).pw_dir) / ".cache" / "twinspan")
    return folders


def _version(folder: Path) -> str:
    try:
        return (folder / "version").read_text().strip()
    except FileNotFoundError:
        return "unknown"


def problems(folder: Path) -> list[str]:
    """Return what is wrong with a folder of programs: of another version, gone, or not those checked."""
    version = _version(folder)
    if not version.startswith(f"{KUBERNETES_MINOR}."):
        return [f"Kubernetes {KUBERNETES_MINOR} (in {folder} is version {version})"]
    stamps = _stamps(folder)
    return [problem for name in NAMES if (problem := _problem(folder / name, stamps.get(name)))]


def record(folder: Path, version: str) -> None:
    """Write down the version of the programs in a folder, and what they look like now."""
    (folder / "version").write_text(f"{version}\n")
    seen = {name: (folder / name).stat() for name in NAMES}
    lines = [f"{name} {stat.st_size} {int(stat.st_mtime)}\n" for name, stat in seen.items()]
    (folder / "stamps").write_text("".join(lines))


def _stamps(folder: Path) -> dict[str, tuple[int, int]]:
    """Read name -> size in bytes and time of change in seconds, as `record` saw them."""
    try:
        lines = (folder / "stamps").read_text().splitlines()
    except FileNotFoundError:
        return {}
    matches = (re.fullmatch(r"(\S+) (\d+) (\d+)", line) for line in lines)
    return {match[1]: (int(match[2]), int(match[3])) for match in matches if match}


def _problem(program: Path, stamp: tuple[int, int] | None) -> str:
    if not os.access(program, os.X_OK):
        return f"{program}"
    seen = program.stat()
    if (seen.st_size, int(seen.st_mtime)) != stamp:
        return f"{program} as it was when `make kubernetes` checked its version"
    return ""
