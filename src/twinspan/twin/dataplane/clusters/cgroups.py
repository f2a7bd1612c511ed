"""Control groups of the nodes: below one root per agent, so that nobody else's are ever touched."""

import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from twinspan.errors import WaitTimeoutError
from twinspan.wait import wait_until

_MOUNT = Path("/sys/fs/cgroup")
_PREFIX = "twinspan-"
_EMPTY_WITHIN_S = 5.0
_ABANDONED_AFTER_S = 3600.0
"""An agent has processes in its nodes' groups within seconds; one that is empty for so long has lost it."""


def root_name(folder: Path) -> str:
    """Return the name of the root of the agent that works in `folder`: the same for the same folder."""
    return f"{_PREFIX}{hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:12]}"


def make(name: str) -> None:
    """Make a group, e.g. `twinspan-0a/node`, in every hierarchy, with every controller.

    Raises:
        OSError: The hierarchies cannot be written.
    """
    for hierarchy in _hierarchies():
        group = hierarchy
        for part in Path(name).parts:
            _pass_controllers_on(group)
            parent, group = group, group / part
            group.mkdir(exist_ok=True)
            _copy_processors(parent, group)
        _pass_controllers_on(group)


def remove(name: str, *, wait: bool = True) -> bool:
    """Remove a group and all below it; return whether it is gone.

    Args:
        name: As given to `make`.
        wait: Give processes that are ending a few seconds.
    """
    if not wait:
        return _remove_once(name)
    try:
        return wait_until(
            lambda: _remove_once(name),
            lambda gone: gone,
            what=f"empty control group {name}",
            timeout_s=_EMPTY_WITHIN_S,
        )
    except WaitTimeoutError:
        return False


def remove_abandoned() -> None:
    """Remove the groups of agents that were killed together with all who could have removed them.

    For the host's PID namespace: in another one, version 1 shows other twins' groups without processes.
    """
    for name in {root.name for hierarchy in _mounted() for root in hierarchy.glob(f"{_PREFIX}*")}:
        with suppress(OSError):  # it goes while it is looked at: somebody has it in hand
            if _abandoned(name):
                _remove_once(name)


def _abandoned(name: str) -> bool:
    """Whether a root has been there for long and no hierarchy has a process in it."""
    roots = [root for hierarchy in _mounted() if (root := hierarchy / name).exists()]
    oldest = time.time() - _ABANDONED_AFTER_S
    if any(root.stat().st_mtime > oldest for root in roots):
        return False
    return not any((group / "cgroup.procs").read_text() for root in roots for group in _deepest_first(root))


def _hierarchies() -> list[Path]:
    """Return where groups are made: the one of version 2, or each of version 1."""
    if (_MOUNT / "cgroup.controllers").exists():
        return [_MOUNT]
    return [hierarchy for hierarchy in _mounted() if not (hierarchy / "cgroup.controllers").exists()]


def _mounted() -> list[Path]:
    """Return all hierarchies, of version 2 beside those of version 1 too; links to others left out."""
    if (_MOUNT / "cgroup.controllers").exists():
        return [_MOUNT]
    return sorted(
        hierarchy
        for hierarchy in _MOUNT.iterdir()
        if not hierarchy.is_symlink() and (hierarchy / "cgroup.procs").exists()
    )


def _pass_controllers_on(group: Path) -> None:
    """Version 2: let groups below have every controller that this one has."""
    offered = group / "cgroup.controllers"
    if not offered.exists():
        return
    for controller in offered.read_text().split():
        with suppress(OSError):  # some cannot be given on while processes are in the group
            (group / "cgroup.subtree_control").write_text(f"+{controller}")


def _copy_processors(parent: Path, group: Path) -> None:
    """Version 1: a new cpuset has no processor and no memory, and takes no process."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        if (group / name).exists() and not (group / "cgroup.controllers").exists():
            (group / name).write_text((parent / name).read_text())


def _remove_once(name: str) -> bool:
    gone = True
    for hierarchy in _mounted():
        for group in _deepest_first(hierarchy / name):
            try:
                group.rmdir()
            except FileNotFoundError:
                continue
            except OSError:
                gone = False
    return gone


def _deepest_first(top: Path) -> Iterator[Path]:
    for folder, _, _ in os.walk(top, topdown=False):
        yield Path(folder)


def usable() -> bool:
    """Return whether this machine has control groups that can be written."""
    return _MOUNT.is_dir() and os.access(_MOUNT, os.W_OK) and shutil.which("runc") is not None
