"""Facts of this machine that differ from one to the next: its architecture, and where programs are."""

import os
import platform
import shutil
from dataclasses import dataclass

from twinspan.errors import HostError

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where distributions put programs; Debian's sudo gives root this PATH (sudoers(5), `secure_path`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """A processor architecture.

    Attributes:
        name: In the words of Debian, Go, Terraform and OCI images, e.g. `amd64`.
        pivot_root: Number of the system call pivot_root(2).
    """

    name: str
    pivot_root: int


_ARCHITECTURES = {
    "x86_64": Architecture(name="amd64", pivot_root=155),
    "aarch64": Architecture(name="arm64", pivot_root=41),
}
"""By the kernel's word for it. Source: Linux, syscall_64.tbl and asm-generic/unistd.h."""


def architecture() -> Architecture:
    """Return this machine's architecture.

    Raises:
        HostError: It is one that twinspan does not know.
    """
    machine = platform.machine()
    known = _ARCHITECTURES.get(machine)
    if known is None:
        raise HostError(
            problem=f"this machine's architecture is {machine or 'unknown'}, which twinspan does not know",
            remedy=f"Use one of {', '.join(_ARCHITECTURES)}",
        )
    return known


def search_path() -> str:
    """Return the PATH by which the twin's root processes find programs.

    Root's own PATH comes first. That of a user does not count: sudo replaces it.
    """
    if os.geteuid() != 0:
        return SYSTEM_PATH
    return f"{os.environ.get('PATH', os.defpath)}:{SYSTEM_PATH}"


def find_program(name: str) -> str | None:
    """Return the path of the program that the twin's root processes run by this name, if there is one."""
    return shutil.which(name, path=search_path())
