"""The Terraform project that comes with twinspan, and what belongs to it, written into a folder."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import twinspan
from twinspan.errors import DesignError, HostError

_PARTS = {"terraform": ".", "monitoring": "monitoring", "examples/hello": "examples/hello"}
"""Folder as twinspan has it -> where it goes in a project."""
_LEFT_BEHIND = (".terraform*", "*.tfstate*", "*.tfplan")
"""What a run of Terraform may have left in a clone."""
_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project's files, relative to its folder.

    Attributes:
        folder: Where.
        new: Written, and not there before.
        replaced: Written over files that differed.
        unchanged: There already, as they should be.
    """

    folder: Path
    new: tuple[str, ...]
    replaced: tuple[str, ...]
    unchanged: tuple[str, ...]

    @property
    def environment(self) -> Path:
        """The environment folder to begin with."""
        return self.folder / "envs" / "dev"


def write_project(folder: Path, *, force: bool = False, dry_run: bool = False) -> Project:
    """Write the project into a folder; idempotent. Other files there are left alone.

    Args:
        folder: Made if missing.
        force: Overwrite files that differ; without it they are an error, and nothing is written.
        dry_run: Only say what would be written.

    Raises:
        DesignError: There are files that differ, or something that is no folder is in the way.
        HostError: The folder cannot be read or written.
    """
    new, differing, unchanged = [], [], []
    try:
        files = {name: source.read_bytes() for name, source in _files()}
        for name, content in files.items():
            target = folder / name
            if not target.exists():
                new.append(name)
            elif target.read_bytes() == content:
                unchanged.append(name)
            else:
                differing.append(name)
        if differing and not force:
            raise _differs(folder, differing)
        for name in () if dry_run else (*new, *differing):
            _write(folder / name, files[name])
    except (FileExistsError, IsADirectoryError, NotADirectoryError) as error:
        raise DesignError(
            where=str(error.filename),
            problem=f"is in the way: {error.strerror}",
            remedy="Name another folder",
        ) from error
    except OSError as error:
        raise HostError(
            problem=f"{error.filename}: {error.strerror}", remedy="Name a folder that you may write"
        ) from error
    return Project(folder=folder, new=tuple(new), replaced=tuple(differing), unchanged=tuple(unchanged))


def _files() -> Iterator[tuple[str, Path]]:
    """Yield each file's place in a project and where its content is: in the package, or in its clone."""
    package = Path(twinspan.__file__).parent
    base = package / "files" if (package / "files").is_dir() else package.parents[1]
    for part, place in _PARTS.items():
        for source in sorted((base / part).rglob("*")):
            inside = source.relative_to(base / part)
            if source.is_file() and not any(
                fnmatch(name, old) for name in inside.parts for old in _LEFT_BEHIND
            ):
                yield str(Path(place) / inside), source


def _write(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)  # a link is replaced, not followed
    target.write_bytes(content)


def _differs(folder: Path, names: list[str]) -> DesignError:
    named = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if names[_NAMED:] else "")
    return DesignError(
        where=str(folder),
        problem=f"files there differ from those of this version, so nothing was written: {named}",
        remedy="Name another folder, or add --force to overwrite them",
    )
