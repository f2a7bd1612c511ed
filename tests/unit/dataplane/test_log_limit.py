import os
from pathlib import Path

from twinspan.twin.dataplane.events import shorten


def test_a_log_over_its_limit_keeps_its_newer_half_in_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "log"
    lines = [f"line {n}" for n in range(1000)]
    path.write_text("\n".join(lines) + "\n")
    size = path.stat().st_size
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
    shorten(descriptor, size - 1)
    os.write(descriptor, b"line 1000\n")
    os.close(descriptor)
    kept = path.read_text().splitlines()
    assert kept == [*lines[-len(kept) + 1 :], "line 1000"]
    assert size // 3 < path.stat().st_size <= size // 2 + 10


def test_a_log_within_its_limit_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("line\n")
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
    shorten(descriptor, 5)
    os.close(descriptor)
    assert path.read_text() == "line\n"


def test_a_pipe_is_left_alone() -> None:
    reading, writing = os.pipe()
    shorten(writing, 0)
    os.close(reading)
    os.close(writing)
