"""What is printed is whole: off a terminal on one line, on a narrow terminal folded, never cut off."""

import io
import os
import pty
import re
import subprocess
import sys

import pytest
from rich.table import Table

from twinspan.cli.output import console_for, print_whole
from twinspan.results import CheckResult, Finding, Outcome
from twinspan.verify.findings import Verification
from twinspan.verify.text import as_tree

SEE = "aws ec2 describe-vpn-connections --vpn-connection-ids vpn-0123456789abcdef0 --region us-west-2 " * 2
FIX = "set the pre-shared key of both ends to the same value in terraform.tfvars, then run twinspan apply"
EVIDENCE = "the tunnel at 203.0.113.10 is DOWN: IKE negotiation failed, no proposal chosen " * 2
FAILED = Verification(
    expected_from="test",
    results=(
        CheckResult(
            id="VPN-03",
            section="Tunnels",
            title="AWS tunnels UP",
            findings=(
                Finding(
                    subject="tunnel1",
                    outcome=Outcome.FAIL,
                    evidence=EVIDENCE.strip(),
                    command=SEE.strip(),
                    remedy=FIX,
                ),
            ),
        ),
    ),
    duration_s=0.1,
)


def words_of(text: str) -> str:
    return "".join(text.translate(dict.fromkeys(map(ord, "│├└─"))).split())


def test_off_a_terminal_the_tree_has_each_command_and_remedy_on_one_line() -> None:
    file = io.StringIO()
    print_whole(as_tree(FAILED), console=console_for(file=file))
    lines = [line.lstrip("│├└─ ") for line in file.getvalue().splitlines()]
    assert f"see: {SEE.strip()}" in lines
    assert f"fix: {FIX}" in lines
    assert f"✗ tunnel1: {EVIDENCE.strip()}" in lines


@pytest.mark.parametrize("columns", [40, 80])
def test_on_a_narrow_terminal_the_tree_is_folded_and_nothing_is_cut(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # to rich, a terminal
    monkeypatch.setenv("COLUMNS", str(columns))
    file = io.StringIO()
    console = console_for(file=file, soft_wrap=True)
    print_whole(as_tree(FAILED), console=console)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", file.getvalue())
    assert console.is_terminal
    assert max(map(len, shown.splitlines())) <= columns
    for text in (SEE, FIX, EVIDENCE):
        assert words_of(text) in words_of(shown)


def test_off_a_terminal_a_table_is_as_wide_as_it_needs() -> None:
    file = io.StringIO()
    table = Table("what", "where", box=None)
    table.add_row("x" * 120, "y" * 120)
    print_whole(table, console=console_for(file=file))
    assert [line.split() for line in file.getvalue().splitlines()] == [
        ["what", "where"],
        ["x" * 120, "y" * 120],
    ]


PROGRAM = "from twinspan.cli.output import progress; progress.print('word ' * 100 + 'end', markup=False)"


def test_progress_off_a_terminal_is_not_wrapped() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stderr == "word " * 100 + "end\n"


def test_progress_on_a_terminal_is_wrapped_between_words() -> None:
    main, terminal = pty.openpty()
    variables = {**os.environ, "COLUMNS": "60", "TERM": "xterm"}
    with os.fdopen(main, "rb", buffering=0) as reader:
        with os.fdopen(terminal, "wb") as screen:
            subprocess.run(
                [sys.executable, "-c", PROGRAM], stderr=screen, check=True, env=variables, timeout=30
            )
        lines = reader.read(4096).decode().split("\r\n")
    assert max(map(len, lines)) <= 60
    assert set(" ".join(lines).split()) == {"word", "end"}
