"""The logs of a twin, one file per process."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from twinspan.errors import DesignError
from twinspan.twin.rundir import RunDir
from twinspan.wait import pause

_LOOK_AGAIN_S = 0.25


def log_files(run_dir: RunDir, roles: Sequence[str]) -> dict[str, Path]:
    """Return role -> file, of all roles if none is named.

    Raises:
        DesignError: The twin has never run, or has no log of that name.
    """
    files = {path.stem: path for path in sorted(run_dir.logs.glob("*.log"))}
    if not files:
        raise DesignError(
            where="--name",
            problem=f"the twin {run_dir.name!r} has no logs",
            remedy="Start it with `twinspan twin up`",
        )
    for role in roles:
        if role not in files:
            raise DesignError(
                where="ROLE", problem=f"there is no log {role!r}", remedy=f"Choose from {', '.join(files)}"
            )
    return {role: path for role, path in files.items() if not roles or role in roles}


def read_logs(run_dir: RunDir, roles: Sequence[str], *, last: int) -> Iterator[tuple[str, str]]:
    """Yield (role, line) of the last lines of each log."""
    for role, path in log_files(run_dir, roles).items():
        with path.open(errors="replace") as file:
            for line in deque(file, maxlen=last):
                yield role, line.rstrip("\n")


def follow(run_dir: RunDir, roles: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Return (role, line) of what is written from this call on, for ever; rotated files are followed on."""
    files = log_files(run_dir, roles)
    return _follow(files, {role: _place(path) for role, path in files.items()})


def _follow(files: Mapping[str, Path], places: dict[str, tuple[int, int]]) -> Iterator[tuple[str, str]]:
    while True:
        for role, path in files.items():
            inode, offset = places[role]
            now_inode, size = _place(path)
            start = offset if inode == now_inode and size >= offset else 0
            lines, places[role] = _whole_lines(path, now_inode, start)
            yield from ((role, line) for line in lines)
        pause(_LOOK_AGAIN_S)


def _place(path: Path) -> tuple[int, int]:
    """Return (inode, size); (0, 0) while a rotation has it away."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return 0, 0
    return status.st_ino, status.st_size


def _whole_lines(path: Path, inode: int, start: int) -> tuple[list[str], tuple[int, int]]:
    """Return the lines that are complete, and where to go on."""
    try:
        with path.open("rb") as file:
            file.seek(start)
            text = file.read()
    except FileNotFoundError:
        return [], (0, 0)
    end = text.rfind(b"\n") + 1
    return text[:end].decode(errors="replace").splitlines(), (inode, start + end)
