"""What the demonstration prints at its end."""

import io
import os
import pty
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from twinspan.cli.demo_figures import Figures, lasting
from twinspan.cli.output import console_for, print_whole
from twinspan.cli.step_reporter import StepReporter

FIGURES = Figures(
    first_ping_s=9.31,
    tunnels_up=4,
    tunnels_expected=4,
    aws_to_azure_silent_ms=18_768.4,
    azure_to_aws_silent_ms=250.2,
    aws_to_azure_found_by="AWS's BGP hold timer, 18.6 s after the cut",
    azure_to_aws_found_by="Azure's dead peer detection, 0.2 s after the cut",
    other_profile="with a fixed BGP hold time of 180 s it would be longer",
    verified=True,
    drill_passed=True,
    nodes_ready=2,
    clusters_ready_s=21.04,
    pods_ping_median_ms=0.563,
    pods_kept_address=True,
)


@pytest.mark.parametrize(
    ("milliseconds", "text"), [(0.0, "0 ms"), (999.4, "999 ms"), (18_768.4, "18,768 ms")]
)
def test_durations_are_in_milliseconds(milliseconds: float, text: str) -> None:
    assert lasting(milliseconds) == text


def test_the_outcome_is_told_in_sentences() -> None:
    first, tunnels, clusters, pods, lost, noticed, why, verdict = FIGURES.lines()
    assert first == "From nothing to the first encrypted ping: 9.3 s."
    assert tunnels == "Tunnels up: 4 of 4."
    assert clusters == "Two Kubernetes clusters added in 21.0 s."
    assert pods == "A pod in AWS reaches one in Azure, and back, in 0.56 ms, by its own address."
    assert lost == "One tunnel lost: AWS → Azure was silent for 18,768 ms, Azure → AWS for 250 ms."
    assert "AWS's BGP hold timer" in noticed
    assert "fixed BGP hold time of 180 s" in why
    assert verdict == "All went well."


def test_a_direction_that_lost_nothing_is_said_to_have_met_no_lost_tunnel() -> None:
    lines = replace(FIGURES, azure_to_aws_silent_ms=0.0, azure_to_aws_found_by="nothing was lost").lines()
    (noticed,) = (line for line in lines if line.startswith("Noticed"))
    assert noticed == (
        "Noticed by AWS's BGP hold timer, 18.6 s after the cut. "
        "From Azure nothing was lost: none of its flows used that tunnel."
    )


def test_clusters_that_were_left_out_are_told_with_what_gets_them() -> None:
    lines = replace(FIGURES, clusters_ready_s=None).lines()
    assert any("left out; `make kubernetes`" in line for line in lines)
    assert not any("pod" in line for line in lines)


def test_what_was_not_measured_is_not_told() -> None:
    assert Figures().lines() == ()


def shown(reporter: StepReporter, columns: int) -> list[str]:
    file = io.StringIO()
    console = console_for(file=file)
    console.width = columns
    print_whole(reporter.table(), console=console)
    return file.getvalue().splitlines()


def test_the_table_has_each_step_with_its_time_and_the_total() -> None:
    reporter = StepReporter(total=2)
    with reporter.step("Build", "Terraform builds.") as step:
        step.result = "51 [resources] built"
    with reporter.step("Destroy", "It goes."):
        pass
    heading, build, destroy, total = (line.split() for line in shown(reporter, 200))
    assert heading == ["step", "result", "time"]
    assert build[:-2] == ["1", "Build", "51", "[resources]", "built"]
    assert destroy[:-2] == ["2", "Destroy", "done"]
    assert total[:3] == ["total", "2", "steps"]
    assert all(line[-1] == "s" and float(line[-2]) >= 0 for line in (build, destroy, total))


def test_on_a_narrow_terminal_the_table_is_folded_and_nothing_is_cut() -> None:
    reporter = StepReporter(total=1)
    with reporter.step("Build", "Terraform builds.") as step:
        step.result = "word " * 40 + "end"
    lines = shown(reporter, 60)
    assert max(map(len, lines)) <= 60
    assert " ".join(lines).split().count("word") == 40
    assert "end" in " ".join(lines)


def test_a_failed_step_is_in_the_table_as_failed() -> None:
    reporter = StepReporter(total=1)
    with pytest.raises(ZeroDivisionError), reporter.step("Build", "Terraform builds."):
        raise ZeroDivisionError
    assert "failed" in shown(reporter, 80)[1]


def test_a_step_that_came_to_nothing_good_is_in_the_table_as_failed() -> None:
    reporter = StepReporter(total=1)
    with reporter.step("Drill", "It breaks.") as step:
        step.passed = False
    assert reporter.steps[0].state == "failed"
    assert "failed" in shown(reporter, 80)[1]


PROGRAM = """
import time
from twinspan.cli.step_reporter import StepReporter
reporter = StepReporter(total=2)
with reporter.step("Build", "An explanation that is longer than the forty columns of this terminal."):
    reporter.tick("module.left_over " + "x" * 80 + "END")
    time.sleep(0.4)
with reporter.step("Drill", "It breaks."):
    time.sleep(0.4)
"""


def test_on_a_terminal_a_step_shows_its_own_progress_on_one_line_and_keeps_its_indent() -> None:
    main, terminal = pty.openpty()
    variables = {**os.environ, "COLUMNS": "40", "TERM": "xterm"}
    with os.fdopen(main, "rb", buffering=0) as reader:
        with os.fdopen(terminal, "wb") as screen:
            argv = [sys.executable, "-c", PROGRAM]
            subprocess.run(argv, stderr=screen, check=True, env=variables, timeout=30)
        said = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", reader.read(65536).decode())
    build, drill = said.split("[2/2] Drill")
    assert "module.left_over" in build
    assert "END" not in build
    assert "left_over" not in drill
    explained = [line.strip("\r") for line in build.splitlines() if "longer" in line or "terminal." in line]
    assert len(explained) == 2
    assert all(line.startswith("  ") and len(line) <= 40 for line in explained)
