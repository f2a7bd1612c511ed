"""What daemons write: read in order, written once, and never without end."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from twinspan.twin.dataplane import events
from twinspan.twin.dataplane.clusters.daemon import NodeDaemon
from twinspan.twin.dataplane.daemons import Output
from twinspan.twin.dataplane.events import CappedLog, DaemonLines, Journal
from twinspan.twin.loops import Loop


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def pipe(lines: list[str]) -> Iterator[tuple[Output, int]]:
    """A reader that is followed, and the descriptor that writes to it."""
    reader, writer = os.pipe()
    output = Output(reader, lines.append)
    follower = Loop("follower", output.follow)
    follower.start()
    yield output, writer
    os.close(writer)
    follower.join()


def test_what_was_written_before_can_be_read_at_once(pipe: tuple[Output, int], lines: list[str]) -> None:
    output, writer = pipe
    os.write(writer, b"one\ntwo\nthr")

    output.drain()
    assert lines == ["one", "two"]
    os.write(writer, b"ee\n")
    output.drain()

    assert lines == ["one", "two", "three"]


def test_a_last_line_without_end_is_not_lost(lines: list[str]) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"last words")
    os.close(writer)
    output = Output(reader, lines.append)

    output.follow()
    output.drain()

    assert lines == ["last words"]


def test_lines_read_from_two_sides_come_once_and_in_order(pipe: tuple[Output, int], lines: list[str]) -> None:
    output, writer = pipe
    for number in range(2000):
        os.write(writer, f"{number}\n".encode())
        if number % 7 == 0:
            output.drain()
            assert lines[-1] == str(number)
    output.drain()

    assert lines == [str(number) for number in range(2000)]


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The twin's log, in a file of this test."""
    path = tmp_path / "log"
    descriptors = [os.open(path.with_name(n), os.O_RDWR | os.O_CREAT | os.O_APPEND) for n in ("log", "log.1")]
    monkeypatch.setattr(events, "_LOG", CappedLog(current=descriptors[0], older=descriptors[1]))
    yield path
    for descriptor in descriptors:
        os.close(descriptor)


def test_a_line_that_comes_again_is_written_once_until_something_happens(written: Path) -> None:
    daemon = DaemonLines("end")
    for number in range(100):
        daemon.add(f"initiating IKE_SA tunnel[{number}] to 203.0.113.1")
    daemon.add("initiating IKE_SA tunnel[7] to 203.0.113.2")

    daemon.fresh()
    daemon.add("initiating IKE_SA tunnel[101] to 203.0.113.1")

    texts = [line.partition(" end: ")[2] for line in written.read_text().splitlines()]
    assert texts == [
        "initiating IKE_SA tunnel[0] to 203.0.113.1",
        "initiating IKE_SA tunnel[7] to 203.0.113.2",
        "(99 lines like those before left out)",
        "initiating IKE_SA tunnel[101] to 203.0.113.1",
    ]


def test_a_log_and_its_older_part_stay_small_and_hold_the_newest_lines(tmp_path: Path) -> None:
    current, older = tmp_path / "log", tmp_path / "log.1"
    files = [os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600) for path in (current, older)]
    log = CappedLog(current=files[0], older=files[1], limit_bytes=1000)

    for number in range(500):
        log.write(f"line {number:04}")

    assert current.stat().st_size <= 1010
    assert older.stat().st_size <= 1010
    kept = (older.read_text() + current.read_text()).splitlines()
    assert kept == [f"line {number:04}" for number in range(500 - len(kept), 500)]
    assert len(kept) > 100
    for descriptor in files:
        os.close(descriptor)


def test_a_log_that_is_no_file_is_written_to_all_the_same() -> None:
    reader, writer = os.pipe()
    log = CappedLog(current=writer, older=writer, limit_bytes=5)

    log.write("first line")
    log.write("second line")

    assert os.read(reader, 100) == b"first line\nsecond line\n"
    os.close(reader)
    os.close(writer)


@pytest.mark.parametrize(
    ("last_words", "named"),
    [("failed complete: too many open files", True), ("no such file or directory", False)],
)
def test_a_daemon_that_gets_no_inotify_instance_names_the_setting_and_no_other_does(
    last_words: str, named: bool
) -> None:
    daemon = NodeDaemon(role="kubelet n", namespace="n", argv=["kubelet"], environment={}, journal=Journal())
    daemon._on_line(last_words)
    assert daemon.problem == ""
    daemon._soon_ended = 3
    assert last_words in daemon.problem
    assert ("fs.inotify.max_user_instances" in daemon.problem) is named
