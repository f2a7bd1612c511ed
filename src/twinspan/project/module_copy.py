"""A private copy of a root module and of all local modules that it calls, wherever they lie.

Terraform follows paths by their text (`../modules/vpc`, `${path.module}/../files`). So the copy has the same
folders from the file system's root down: those with modules are copied, what lies beside them is linked.
"""

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_LEFT_BEHIND = (".git", ".terraform", ".terraform.lock.hcl", "*.tfstate", "*.tfstate.*", "*.tfplan")


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A module of a configuration.

    Attributes:
        key: The names of the calls that lead to it, e.g. `network.vpn`; empty for the root module.
        folder: Where its files are, absolute.
    """

    key: str
    folder: Path


def modules_of(root: Path, data: Path) -> tuple[Module, ...]:
    """Return all modules that `terraform get` has found, the root module first.

    Source: Terraform, `modsdir.Manifest`: `modules.json`, whose folders are relative to the root module's.

    Args:
        root: The root module's folder, absolute.
        data: `TF_DATA_DIR` of that run.
    """
    listed = data / "modules" / "modules.json"
    if not listed.is_file():
        return (Module(key="", folder=root),)
    entries: Iterable[Mapping[str, str]] = json.loads(listed.read_text())["Modules"]
    by_key = {entry["Key"]: Path(os.path.normpath(root / entry["Dir"])) for entry in entries}
    return tuple(Module(key=key, folder=folder) for key, folder in sorted((by_key | {"": root}).items()))


def copy_modules(folders: Iterable[Path], *, to: Path) -> None:
    """Copy folders, all absolute, to the same place below `to`.

    Nothing that is written in the copy of a folder reaches the folder itself. State, plans, the lock file
    and Terraform's own folder stay behind.

    Args:
        folders: The first may hold the others.
        to: A new folder.
    """
    ignore = shutil.ignore_patterns(*_LEFT_BEHIND)
    for folder in folders:
        copied = below(to, folder)
        for parent in reversed(folder.parents):
            _open(parent, below(to, parent))
        if copied.is_symlink():
            copied.unlink()
        if not copied.is_dir():
            shutil.copytree(folder, copied, symlinks=True, ignore=ignore)


def below(to: Path, folder: Path) -> Path:
    """Return the place of an absolute folder in a copy."""
    return to / folder.relative_to("/")


def _open(original: Path, copied: Path) -> None:
    """Make a folder of the copy a real one, whose members are links; unless it is real already."""
    if copied.is_symlink():
        copied.unlink()
    if copied.is_dir():
        return
    copied.mkdir(parents=True)
    with suppress(PermissionError):  # what cannot be listed can still be passed through
        for member in original.iterdir():
            (copied / member.name).symlink_to(member)
