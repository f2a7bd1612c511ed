import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from twinspan.cli.main import root


def commands(
    group: click.Group, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


ALL = [((), root), *commands(root)]
LEAVES = [(path, command) for path, command in ALL if not isinstance(command, click.Group)]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "twinspan.cli.main", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "TERM": "dumb"},
    )


@pytest.mark.parametrize(("path", "command"), LEAVES, ids=[" ".join(path) for path, _ in LEAVES])
def test_every_command_has_help_with_an_example(path: tuple[str, ...], command: click.Command) -> None:
    assert command.help, path
    assert f"twinspan {' '.join(path)}" in command.help


@pytest.mark.parametrize(("path", "command"), ALL, ids=[" ".join(("twinspan", *path)) for path, _ in ALL])
def test_every_help_keeps_its_examples_and_exit_codes_on_lines_of_their_own(
    path: tuple[str, ...], command: click.Command
) -> None:
    with click.Context(command, info_name=" ".join(("twinspan", *path)), terminal_width=78) as context:
        shown = command.get_help(context)
    assert "\\b" not in shown
    assert "\b" not in shown
    lines = [line.strip() for line in shown.splitlines()]
    for kept in ("Example: ", "Exit codes: "):
        written = [line.strip() for line in (command.help or "").splitlines() if kept in line]
        assert [line for line in lines if kept in line] == written
        assert all(line.startswith(kept) for line in written)


@pytest.mark.parametrize(("path", "command"), LEAVES, ids=[" ".join(path) for path, _ in LEAVES])
def test_every_command_answers_in_text_or_json(path: tuple[str, ...], command: click.Command) -> None:
    if path == ("twin", "logs"):
        pytest.skip("a log is lines of text")
    assert "fmt" in {parameter.name for parameter in command.params}


def test_what_takes_long_to_load_is_loaded_by_who_uses_it() -> None:
    late = ("azure.identity", "azure.mgmt.network", "matplotlib", "moto")
    program = f"""
import click, sys
from twinspan.cli.main import root
for name in root.list_commands(click.Context(root)):
    root.get_command(click.Context(root), name)
    print(*(name + " loads " + late for late in {late} if late in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n") == [""] * (len(root.list_commands(click.Context(root))) + 1)


def test_an_unknown_command_is_bad_input() -> None:
    done = run("nonsense")
    assert done.returncode == 2
    assert "No such command 'nonsense'" in done.stderr


def test_an_unknown_environment_is_bad_input_and_names_the_remedy() -> None:
    done = run("plan", "/nonexistent/envs/dev")
    assert done.returncode == 2
    assert "/nonexistent/envs/dev" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_twin_that_is_not_up_is_named_with_the_command_that_starts_it(tmp_path: object) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "twinspan.cli.main", "verify", "--name", "not-there"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "TERM": "dumb", "TWINSPAN_HOME": str(tmp_path)},
    )
    assert done.returncode == 3
    assert "twinspan twin up" in done.stderr
    assert "Traceback" not in done.stderr


def test_status_of_a_twin_that_is_not_there_is_json_too(tmp_path: object) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "twinspan.cli.main",
            "twin",
            "status",
            "--name",
            "not-there",
            "--format",
            "json",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "TWINSPAN_HOME": str(tmp_path)},
    )
    assert json.loads(done.stdout)["state"] == "down"


DEFECT = """
import threading, click
from twinspan.cli import main

@click.command()
@click.option("--thread", is_flag=True)
def defective(thread):
    def fail():
        raise ZeroDivisionError("nobody foresaw this\\nand its second line")
    if thread:
        helper = threading.Thread(target=fail)
        helper.start()
        helper.join()
    else:
        fail()

main.root = defective
main.main()
"""


def run_defective(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", DEFECT, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "TWINSPAN_HOME": str(home), **environment},
    )


def test_an_exception_that_nobody_foresaw_is_one_line_and_its_traceback_is_in_a_file(tmp_path: Path) -> None:
    kept = tmp_path / "home" / "errors.log"

    done = run_defective(tmp_path / "home")

    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: unexpected ZeroDivisionError: nobody foresaw this. ")
    assert str(kept) in line
    assert "Traceback" in kept.read_text()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_the_traceback_is_printed_to_who_asks_for_it(tmp_path: Path) -> None:
    assert "Traceback" in run_defective(tmp_path, TWINSPAN_TRACEBACK="1").stderr


def test_an_exception_that_ends_a_thread_is_one_line_too(tmp_path: Path) -> None:
    done = run_defective(tmp_path, "--thread")

    assert done.returncode == 0
    (line,) = done.stderr.splitlines()
    assert "unexpected ZeroDivisionError" in line


def test_a_defect_is_told_where_its_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    done = run_defective(tmp_path / "file" / "home")

    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert "cannot be written" in line


@pytest.mark.parametrize("arguments", [("explain", "BGP-01"), ("twin", "status", "--name", "none")])
def test_a_reader_that_has_left_ends_a_command_in_silence(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "twinspan.cli.main", *arguments],
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, "TWINSPAN_HOME": str(tmp_path)},
        )
    finally:
        os.close(writer)
    assert done.stderr == ""
    assert done.returncode == 141
