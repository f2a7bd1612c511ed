"""A folder with a root module: one of this project's environments, or any other.

An environment is a folder of `terraform/envs`: its tree also holds the bootstrap that makes the bucket of its
state. Of any other root module nothing is taken for granted but that Terraform understands it.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from twinspan.errors import DesignError

_OWN = ("main.tf", "terraform.tfvars", "backend.hcl")
_SHOWN = 8
"""Folders that a message names at most."""
_SETTING = re.compile(r'^\s*(?P<name>[a-z_]+)\s*=\s*"(?P<value>[^"]*)"\s*(#.*|//.*)?$')
_NO_SETTING = re.compile(r"^\s*(#.*|//.*)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class StateLocation:
    """Where an environment's state is kept.

    Attributes:
        bucket: S3 bucket.
        key: Object in it.
        region: The bucket's region.
    """

    bucket: str
    key: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A root module, e.g. the environment `terraform/envs/dev`.

    Attributes:
        folder: The folder itself, absolute.
        tree: The folder that also holds the modules it uses, absolute; of a root module, the folder itself.
        state: From an environment's `backend.hcl`; None for any other root module.
    """

    folder: Path
    tree: Path
    state: StateLocation | None = None

    @property
    def name(self) -> str:
        """The folder's name, e.g. `dev`."""
        return self.folder.name

    @property
    def bootstrap(self) -> Path:
        """The root module that makes the state bucket of an environment."""
        return self.tree / "bootstrap"

    @classmethod
    def load(cls, path: Path) -> "Environment":
        """Find the root module in `path`; of an environment, read the `backend.hcl` too.

        Raises:
            DesignError: There is none; the message names the folders that have one.
        """
        if not path.is_dir():
            raise DesignError(where=str(path), problem="there is no such folder or file", remedy=_known(path))
        if not is_root_module(path):
            raise DesignError(
                where=str(path),
                problem="there is no root module in it: no file ends in .tf or .tf.json",
                remedy=_known(path),
            )
        folder = path.resolve()
        tree = folder.parent.parent
        if not all((folder / name).is_file() for name in _OWN) or not (tree / "bootstrap").is_dir():
            return cls(folder=folder, tree=folder)
        return cls(folder=folder, tree=tree, state=_state_location(path / "backend.hcl"))


def is_root_module(folder: Path) -> bool:
    """Return whether Terraform finds a module in a folder.

    Source: Terraform, "Files and Configuration Structure": `.tf` and `.tf.json`.
    """
    return any(_is_module_file(file.name) for file in folder.iterdir())


def _is_module_file(name: str) -> bool:
    return name.endswith((".tf", ".tf.json")) and not name.startswith(".")


def _known(path: Path) -> str:
    known: dict[Path, Path] = {}
    for parent in (path, path.parent, path / "envs", path.parent / "envs", Path("terraform/envs")):
        if parent.is_dir():
            folders = (child for child in sorted(parent.iterdir()) if os.access(child, os.R_OK | os.X_OK))
            known.update(
                (child.resolve(), child)
                for child in folders
                if child.is_dir() and not child.name.startswith(".") and is_root_module(child)
            )
    if not known:
        return (
            "Give the path of a folder with Terraform files, a plan or a state,"
            " e.g. terraform/envs/dev, which `twinspan init terraform` writes"
        )
    return f"Choose one of: {', '.join(str(child) for child in [*known.values()][:_SHOWN])}"


def _state_location(file: Path) -> StateLocation:
    remedy = 'Write three lines into it: bucket = "...", key = "...", region = "..."'
    settings: dict[str, str] = {}
    for number, line in enumerate(file.read_text().splitlines(), start=1):
        if match := _SETTING.match(line):
            settings[match["name"]] = match["value"]
        elif not _NO_SETTING.match(line):
            raise DesignError(
                where=f"{file} line {number}",
                problem=f'`{line.strip()}` is not of the form name = "value"',
                remedy=remedy,
            )
    missing = [name for name in ("bucket", "key", "region") if not settings.get(name)]
    if missing:
        raise DesignError(where=str(file), problem=f"{' and '.join(missing)} missing", remedy=remedy)
    return StateLocation(bucket=settings["bucket"], key=settings["key"], region=settings["region"])
