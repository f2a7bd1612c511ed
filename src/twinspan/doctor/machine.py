"""This machine: what the twin needs of it."""

import os
import platform
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from twinspan import command
from twinspan.doctor.findings import MACHINE, Check, bad, good, unneeded
from twinspan.errors import HostError, TwinspanError
from twinspan.results import CheckResult, Finding, Outcome
from twinspan.target.place import Machine

PACKAGES = Check(
    id="HOST-01", title="the data plane's programs are installed", section=MACHINE, source="README"
)
RIGHTS = Check(id="HOST-02", title="network namespaces may be made", section=MACHINE, source="namespaces(7)")
KERNEL = Check(
    id="HOST-03",
    title="the kernel has what tunnels and containers need",
    section=MACHINE,
    source="tun, overlayfs",
)
ROOM = Check(id="HOST-04", title="there is room", section=MACHINE, source="measured with prod on the twin")
PORTS = Check(id="HOST-05", title="the twin's ports are free", section=MACHINE, source="settings of the twin")
KUBERNETES = Check(id="HOST-06", title="the Kubernetes programs are here", section=MACHINE, source="README")
CHECKS = (PACKAGES, RIGHTS, KERNEL, ROOM, PORTS, KUBERNETES)

_PYTHON = (3, 11)
_MEMORY_BYTES = 2 * 1024**3
_DISK_BYTES = 1024**3
_BUILD_DISK_BYTES = 4 * 1024**3
_SUDO_WITHIN_S = 10.0
Requirement = Callable[[], object]
"""Returns if it is met; HostError, which names the remedy, if it is not."""


def look_at(place: Machine) -> tuple[CheckResult, ...]:
    """Look at everything that a twin needs of this machine."""
    programs = kubernetes(place.check_kubernetes)
    return (
        packages(place.check_packages),
        rights(),
        kernel(),
        room(state=place.state, cache=place.cache, built=programs.outcome is Outcome.PASS),
        ports(place.taken_ports(), up=place.up),
        programs,
    )


def packages(requirement: Requirement) -> CheckResult:
    """Look at the programs, and at this Python."""
    version = platform.python_version()
    python = (
        good("Python", version)
        if sys.version_info >= _PYTHON
        else bad(
            "Python", f"{version}, and 3.11 is needed", remedy="Install python3.11 and run `make install`"
        )
    )
    return PACKAGES.of(python, _required("strongSwan, BIRD, nftables", requirement, "installed"))


def kubernetes(requirement: Requirement) -> CheckResult:
    """Look at the programs of the twin's clusters."""
    return KUBERNETES.of(_required("Kubernetes", requirement, "here"))


def rights() -> CheckResult:
    """Look whether root can be had, and without a password."""
    if os.geteuid() == 0:
        return RIGHTS.of(good("root", "this user is root"))
    if shutil.which("sudo") is None:
        return RIGHTS.of(
            bad(
                "root",
                "this user is not root, and there is no sudo",
                remedy="`apt-get install sudo`, as root",
            )
        )
    try:
        command.run(["sudo", "--non-interactive", "true"], timeout_s=_SUDO_WITHIN_S)
    except TwinspanError:
        return RIGHTS.of(good("root", "through sudo, which asks for a password when a twin starts"))
    return RIGHTS.of(good("root", "through sudo, without a password"))


def kernel() -> CheckResult:
    """Look at the devices and file systems that the kernel offers."""
    release = platform.release()
    tun = (
        good("/dev/net/tun", f"there, Linux {release}")
        if Path("/dev/net/tun").exists()
        else bad("/dev/net/tun", f"missing, Linux {release}", remedy="`sudo modprobe tun`")
    )
    return KERNEL.of(tun, _overlay())


def _overlay() -> Finding:
    known = {line.split()[-1] for line in Path("/proc/filesystems").read_text().splitlines() if line}
    modules = Path("/lib/modules") / platform.release() / "kernel" / "fs" / "overlayfs"
    if "overlay" in known or modules.is_dir():
        return good("overlayfs", "there, for containers")
    return bad("overlayfs", "missing, and the clusters' containers need it", remedy="`sudo modprobe overlay`")


def room(*, state: Path, cache: Path, built: bool) -> CheckResult:
    """Look at memory and disks.

    Args:
        state: Where twins keep their files.
        cache: Where the Kubernetes programs are, or will be built.
        built: Whether they are there already.
    """
    return ROOM.of(
        _memory(),
        _disk("twins", state, _DISK_BYTES),
        _disk("Kubernetes programs", cache, _DISK_BYTES if built else _BUILD_DISK_BYTES),
    )


def ports(taken: Sequence[tuple[int, str]], *, up: bool) -> CheckResult:
    """Look at the ports that a twin has used before.

    Args:
        taken: Each port that cannot be listened on, and why.
        up: Whether the twin is up: then it is the one that has them.
    """
    if up:
        return PORTS.of(good("ports", "in use by this twin, which is up"))
    if not taken:
        return PORTS.of(good("ports", "free"))
    return PORTS.of(
        *(
            unneeded(f"port {port}", f"{why}; the next `twin up` takes another one by itself")
            for port, why in taken
        )
    )


def _required(subject: str, requirement: Requirement, evidence: str) -> Finding:
    try:
        requirement()
    except HostError as error:
        return bad(subject, error.problem, remedy=error.remedy)
    return good(subject, evidence)


def _memory() -> Finding:
    page = os.sysconf("SC_PAGE_SIZE")
    total = page * os.sysconf("SC_PHYS_PAGES")
    text = f"{total / 1024**3:.1f} GiB of memory"
    if total >= _MEMORY_BYTES:
        return good("memory", text)
    return bad(
        "memory",
        f"{text}, and two clusters need 2 GiB",
        remedy="Take a larger machine, or `--var kubernetes_enabled=false`",
    )


def _disk(what: str, folder: Path, needed: int) -> Finding:
    present = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(present).free
    text = f"{free / 1024**3:.1f} GiB free in {present}"
    if free >= needed:
        return good(f"disk for {what}", text)
    return bad(
        f"disk for {what}",
        f"{text}, and {needed / 1024**3:.0f} GiB are needed",
        remedy="Make room, or set TWINSPAN_HOME and XDG_CACHE_HOME to folders on another disk",
    )
