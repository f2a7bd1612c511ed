"""Process ids as the host sees them."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path


class HostProcesses:
    """Looks processes of this PID namespace up in the host's /proc, given as an open descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._namespace = Path("/proc/self/ns/pid").stat().st_ino

    def translate(self, inner: Mapping[str, int]) -> dict[str, int]:
        """Return role -> host's process id; processes that have just ended are left out."""
        outer = dict(self._pairs())
        return {role: outer[pid] for role, pid in inner.items() if pid in outer}

    def _pairs(self) -> Iterator[tuple[int, int]]:
        for name in os.listdir(self._descriptor):  # noqa: PTH208 - pathlib takes no descriptor
            if not name.isdigit():
                continue
            try:
                namespace = os.stat(f"{name}/ns/pid", dir_fd=self._descriptor).st_ino
                if namespace == self._namespace:
                    yield self._innermost(name), int(name)
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue  # it ended meanwhile, or is not ours

    def _innermost(self, name: str) -> int:
        descriptor = os.open(f"{name}/status", os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._descriptor)
        with os.fdopen(descriptor, encoding="ascii", errors="replace") as status:
            for line in status:
                if line.startswith("NSpid:"):
                    return int(line.split()[-1])
        raise FileNotFoundError(name)
