"""An environment folder of a Terraform tree: the design, and where its state is kept."""

import re
from dataclasses import dataclass
from pathlib import Path

from twinspan.errors import DesignError

_REQUIRED = ("main.tf", "terraform.tfvars")
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
    """One environment folder, e.g. `terraform/envs/dev`.

    Attributes:
        folder: The folder itself, absolute.
        tree: The folder that also holds the modules it uses, absolute.
        state: From its `backend.hcl`.
    """

    folder: Path
    tree: Path
    state: StateLocation

    @property
    def name(self) -> str:
        """The folder's name, e.g. `dev`."""
        return self.folder.name

    @property
    def bootstrap(self) -> Path:
        """The root module that makes the state bucket."""
        return self.tree / "bootstrap"

    @classmethod
    def load(cls, path: Path) -> "Environment":
        """Check that `path` is an environment folder, and read its `backend.hcl`.

        Raises:
            DesignError: It is not; the message names the folders that are.
        """
        if not path.is_dir():
            raise DesignError(
                where=str(path), problem="there is no such environment folder", remedy=_known(path)
            )
        missing = [name for name in _REQUIRED if not (path / name).is_file()]
        if missing:
            raise DesignError(
                where=str(path),
                problem=f"this is no environment folder: {' and '.join(missing)} missing",
                remedy=_known(path),
            )
        folder = path.resolve()
        tree = folder.parent.parent if (folder.parent.parent / "modules").is_dir() else folder
        return cls(folder=folder, tree=tree, state=_state_location(path / "backend.hcl"))


def _known(path: Path) -> str:
    found: dict[Path, Path] = {}
    for parent in (path.parent, path, path / "envs", path.parent / "envs", Path("terraform/envs")):
        if parent.is_dir():
            folders = (child for child in sorted(parent.iterdir()) if child.is_dir())
            found.update(
                (child.resolve(), child)
                for child in folders
                if all((child / name).is_file() for name in _REQUIRED)
            )
    if not found:
        return (
            "Give the path of a folder that holds main.tf and terraform.tfvars,"
            " e.g. terraform/envs/dev, which `twinspan init terraform` writes"
        )
    return f"Choose one of: {', '.join(str(child) for child in found.values())}"


def _state_location(file: Path) -> StateLocation:
    remedy = 'Write three lines into it: bucket = "...", key = "...", region = "..."'
    if not file.is_file():
        raise DesignError(
            where=str(file), problem="missing; nothing says where the state is kept", remedy=remedy
        )
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
