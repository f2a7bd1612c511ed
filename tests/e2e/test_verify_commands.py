"""The command that each finding names runs as it is printed, with the real aws and az."""

import os
import subprocess
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cloud_cli import environment_of, program, signed_in
from verify_lab import Lab

pytestmark = [pytest.mark.root, pytest.mark.slow]


def named(lab: Lab) -> set[str]:
    """Every command of a verification, but those that run on a host or have a place to fill in."""
    commands = {finding.command for result in lab.verify().results for finding in result.findings}
    return {each for each in commands if each and not each.startswith("on ") and " GROUP" not in each}


def run_all(commands: Iterable[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Run them in bash; return command -> what it said, of those that failed or showed nothing."""

    def run(command: str) -> tuple[str, str]:
        done = subprocess.run(
            ["bash", "-c", command],
            capture_output=True,
            text=True,
            check=False,
            env=dict(environment),
            timeout=120,
        )
        nothing = done.stdout.strip() in {"", "[]", "null", "[[]]"}
        return command, f"{done.returncode}: {done.stdout}{done.stderr}" if done.returncode or nothing else ""

    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        return {command: said for command, said in pool.map(run, sorted(commands)) if said}


def test_the_aws_commands_run_as_printed(lab: Lab, tmp_path: Path) -> None:
    environment = environment_of(lab, tmp_path, program("TWINSPAN_AWSCLI", "aws"))
    commands = {part for each in named(lab) if "<(" not in each for part in each.split("; ")}
    aws = {each for each in commands if each.startswith("aws ")}

    assert len(aws) > 20
    assert run_all(aws, environment) == {}


@pytest.mark.az
def test_the_az_commands_run_as_printed(lab: Lab, tmp_path: Path) -> None:
    aws, az = program("TWINSPAN_AWSCLI", "aws"), program("TWINSPAN_AZ", "az")
    environment = signed_in(lab, tmp_path, az)
    environment["PATH"] = f"{aws.parent}:{environment['PATH']}"
    commands = {part for each in named(lab) if "<(" not in each for part in each.split("; ")}
    both = sorted(each for each in named(lab) if "<(" in each)[:1]

    assert run_all({each for each in commands if each.startswith("az ")}, environment) == {}
    assert run_all(both, environment) == {}
    assert "sha256sum" in both[0]
