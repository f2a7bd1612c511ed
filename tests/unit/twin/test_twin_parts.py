"""Pure parts of a twin: names, settings, processes, shell lines, logs."""

import os
import re
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinspan import host
from twinspan.cli.twin import shell_lines
from twinspan.errors import DesignError, HostError
from twinspan.home import home
from twinspan.twin import lifecycle, requirements
from twinspan.twin.logs import follow, log_files, read_logs
from twinspan.twin.processes import Process
from twinspan.twin.rundir import RunDir, short_path
from twinspan.twin.settings import TwinSettings


@pytest.fixture
def run_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunDir:
    monkeypatch.setenv("TWINSPAN_HOME", str(tmp_path / "twins"))
    directory = RunDir("unit")
    directory.create()
    return directory


@pytest.mark.parametrize("name", ["", "-a", "A", "a/b", "..", "a" * 32, "a b", "a\n", "é"])
def test_a_name_that_could_leave_the_folder_is_refused(name: str) -> None:
    with pytest.raises(DesignError, match="cannot be the name of a twin"):
        RunDir(name)


def test_the_folder_of_twins_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TWINSPAN_HOME", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert home() == tmp_path / "twinspan"
    monkeypatch.setenv("TWINSPAN_HOME", str(tmp_path / "own"))
    assert home() == tmp_path / "own"


def test_the_control_process_knows_the_folders_that_the_user_has_set(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = Path(lifecycle.__file__).parents[1].rglob("*.py")
    names = {name for path in sources for name in re.findall(r'environ\.get\("(XDG_\w+)"', path.read_text())}
    assert "XDG_CACHE_HOME" in names
    for name in names:
        monkeypatch.setenv(name, f"/somewhere/{name}")
    kept = lifecycle.control_environment()
    assert {name: kept.get(name) for name in names} == {name: f"/somewhere/{name}" for name in names}


def test_a_folder_that_was_open_is_closed_to_others(run_dir: RunDir) -> None:
    run_dir.path.chmod(0o755)
    run_dir.create()
    assert stat.S_IMODE(run_dir.path.stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_made_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("TWINSPAN_HOME", str(tmp_path / "file"))
    with pytest.raises(HostError, match="Set TWINSPAN_HOME"):
        RunDir("unit").create()


def test_a_socket_s_path_is_short_in_a_deep_folder(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    with short_path(deep / "control.sock") as path:
        Path(path).write_text("found")
        assert len(path) < 100
    assert (deep / "control.sock").read_text() == "found"


def test_settings_are_kept_as_they_were_and_private(run_dir: RunDir) -> None:
    settings = TwinSettings.generate()
    settings.save(run_dir.settings)
    assert TwinSettings.load(run_dir.settings) == settings
    assert stat.S_IMODE(run_dir.settings.stat().st_mode) == 0o600


def test_settings_show_no_secret() -> None:
    settings = TwinSettings.generate()
    assert settings.secret_access_key not in repr(settings)
    assert settings.azure.client_secret not in repr(settings)


def test_no_two_twins_have_the_same_credentials() -> None:
    first, second = TwinSettings.generate(), TwinSettings.generate()
    assert first.access_key_id != second.access_key_id
    assert first.azure.client_secret != second.azure.client_secret


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", '{"aws_port": 70000}'])
def test_damaged_settings_are_named_and_not_repeated(run_dir: RunDir, text: str) -> None:
    run_dir.settings.write_text(text)
    with pytest.raises(HostError, match="--purge"):
        TwinSettings.load(run_dir.settings)


def test_a_process_is_known_by_its_start_time_too() -> None:
    me = Process.of(os.getpid())
    assert me is not None
    assert me.alive
    assert not Process(pid=me.pid, start_time=me.start_time + 1, boot_id=me.boot_id).alive
    assert not Process(pid=me.pid, start_time=me.start_time, boot_id="another boot").alive


def test_a_process_that_ignores_sigterm_is_killed() -> None:
    program = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as stubborn:
        assert stubborn.stdout
        stubborn.stdout.readline()
        process = Process.of(stubborn.pid)
        assert process is not None
        process.end(grace_s=0.2)
        assert not process.alive


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x"}', '{"pid": 1}'])
def test_a_damaged_pid_file_names_no_process(tmp_path: Path, text: str) -> None:
    (tmp_path / "control.json").write_text(text)
    assert Process.load(tmp_path / "control.json") is None


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_whatever_a_value_holds_the_shell_gets_it_back(value: str) -> None:
    (line,) = shell_lines({"NAME": value})
    assert shlex.split(line, posix=True) == ["export", f"NAME={value}"]


def test_what_is_to_be_unset_is_unset() -> None:
    assert shell_lines({"B": None, "A": "1"}) == ["export A=1", "unset B"]


def test_missing_daemons_are_named_together_with_one_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "SYSTEM_PATH", "/nonexistent")
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(HostError, match=r"charon-systemd, bird.*apt-get install .*bird2.*nftables"):
        requirements.check_packages()


def test_without_root_and_sudo_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(HostError, match="as root, or install sudo"):
        requirements.check_right()


def test_logs_are_read_by_role_and_from_their_end(run_dir: RunDir) -> None:
    (run_dir.logs / "control.log").write_text("one\ntwo\nthree\n")
    (run_dir.logs / "dataplane.log").write_text("other\n")
    assert list(read_logs(run_dir, ["control"], last=2)) == [("control", "two"), ("control", "three")]
    assert [role for role, _ in read_logs(run_dir, [], last=1)] == ["control", "dataplane"]


def test_a_role_without_a_log_is_named_with_those_that_are(run_dir: RunDir) -> None:
    (run_dir.logs / "control.log").touch()
    with pytest.raises(DesignError, match="Choose from control"):
        log_files(run_dir, ["nonsense"])


def test_a_twin_that_never_ran_has_no_logs(run_dir: RunDir) -> None:
    with pytest.raises(DesignError, match="has no logs"):
        log_files(run_dir, [])


def test_followed_logs_have_only_whole_new_lines_and_go_on_over_a_rotation(run_dir: RunDir) -> None:
    log = run_dir.logs / "control.log"
    log.write_text("old\n")
    lines = follow(run_dir, ["control"])
    with log.open("a") as file:
        file.write("new\nhalf")
    assert next(lines) == ("control", "new")
    log.rename(run_dir.logs / "control.log.1")
    log.write_text("fresh\n")
    assert next(lines) == ("control", "fresh")
