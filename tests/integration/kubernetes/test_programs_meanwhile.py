"""The Kubernetes programs are got while a demonstration runs, with programs and modules of the test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from install_machine import DNS_VERSION, VERSION, Machine

from twinspan.errors import HostError
from twinspan.twin.kubernetes.meanwhile import ProgramsMeanwhile
from twinspan.twin.kubernetes.programs import DNS_NAME, KUBERNETES_NAMES
from twinspan.wait import wait_until

HANGS = """#!/bin/sh
case "$*" in
  "env GOVERSION") echo go1.99.0 ;;
  env*) echo '{}' ;;
  *) echo $$ > "$(dirname "$0")/pid"; exec sleep 1000 ;;
esac
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    machine = Machine(tmp_path)
    machine.module.rename(tmp_path / "kubernetes")
    machine.dns_module.rename(tmp_path / "coredns")
    with monkeypatch.context() as patch:
        patch.delenv("TWINSPAN_KUBERNETES", raising=False)
        for name, value in machine.environment.items():
            patch.setenv(name, value)
        yield machine


def test_what_is_there_in_the_end_is_what_the_installer_takes(machine: Machine) -> None:
    machine.put_on_path(*KUBERNETES_NAMES, version=VERSION)
    machine.put_on_path(DNS_NAME, version=DNS_VERSION)
    messages: list[str] = []
    with ProgramsMeanwhile(machine.folder) as programs:
        programs.wait(messages.append)
    assert programs.problem == ""
    assert messages
    assert VERSION in programs.last_line
    assert (machine.current / "version").read_text() == f"{VERSION}\n"


def test_why_there_are_none_is_said_in_the_installers_words(machine: Machine) -> None:
    with ProgramsMeanwhile(machine.folder) as programs:
        programs.wait(lambda _: None)
    assert "TWINSPAN_KUBERNETES" in programs.problem
    assert not programs.problem.startswith("error")
    assert not machine.current.exists()


def test_what_is_not_done_at_the_end_is_stopped_with_all_that_it_started(machine: Machine) -> None:
    go = machine.programs / "go"
    go.write_text(HANGS)
    go.chmod(0o755)
    pid = machine.programs / "pid"
    with ProgramsMeanwhile(machine.folder):
        wait_until(pid.exists, bool, what="a build that goes on", timeout_s=60)
    program = Path("/proc") / pid.read_text().strip()
    wait_until(program.exists, lambda there: not there, what="the build ended", timeout_s=10)


def test_without_a_clone_there_is_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="TWINSPAN_KUBERNETES"):
        ProgramsMeanwhile(tmp_path)
