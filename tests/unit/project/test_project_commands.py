"""Exit codes and messages of plan, apply and destroy where something is missing or wrong."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from twinspan.command import Completed, environment, run

ROOT = Path(__file__).parents[3]
DEV = str(ROOT / "terraform" / "envs" / "dev")
PROGRAM = (sys.executable, "-c", "from twinspan.cli.main import main; main()")
COMMANDS = ("plan", "apply", "destroy")
Twinspan = Callable[[Sequence[str]], Completed]


@pytest.fixture
def twinspan(tmp_path: Path) -> Twinspan:
    """Run the program in an empty folder, with no twin and no account."""
    variables = environment(
        TWINSPAN_HOME=str(tmp_path / "home"),
        AWS_ENDPOINT_URL=None,
        ARM_METADATA_HOSTNAME=None,
        ARM_SUBSCRIPTION_ID=None,
        COLUMNS="1000",
    )

    def twinspan_in_an_empty_folder(arguments: Sequence[str]) -> Completed:
        return run([*PROGRAM, *arguments], cwd=tmp_path, env=variables, check=False, timeout_s=60)

    return twinspan_in_an_empty_folder


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_environment_is_bad_input_and_the_known_ones_are_named(
    twinspan: Twinspan, command: str
) -> None:
    done = twinspan([command, str(Path(DEV).parent / "staging")])
    assert done.returncode == 2
    assert "staging: there is no such folder or file. Choose one of:" in done.stderr
    assert DEV in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_without_a_twin_the_command_that_starts_one_is_named(twinspan: Twinspan, command: str) -> None:
    done = twinspan([command, DEV])
    assert done.returncode == 3
    assert "twinspan twin up" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("command", ["apply", "destroy"])
def test_real_accounts_are_not_changed_without_a_yes(twinspan: Twinspan, command: str) -> None:
    done = twinspan([command, DEV, "--on", "cloud"])
    assert done.returncode == 2
    assert f"{command} --on cloud changes real accounts: say --yes" in done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_the_cloud_is_refused_without_a_subscription(twinspan: Twinspan, command: str) -> None:
    yes = [] if command == "plan" else ["--yes"]
    done = twinspan([command, DEV, "--on", "cloud", *yes])
    assert done.returncode == 3
    assert "set ARM_SUBSCRIPTION_ID" in done.stderr


def test_the_offline_providers_are_refused_for_the_cloud() -> None:
    done = run(
        [*PROGRAM, "plan", DEV, "--on", "cloud", "--providers", "offline"],
        env=environment(
            ARM_SUBSCRIPTION_ID="x", AWS_ENDPOINT_URL=None, ARM_METADATA_HOSTNAME=None, COLUMNS="1000"
        ),
        check=False,
        timeout_s=60,
    )
    assert done.returncode == 3
    assert "the offline providers work with a twin only" in done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_has_an_example(twinspan: Twinspan, command: str) -> None:
    done = twinspan([command, "--help"])
    assert done.returncode == 0
    assert f"  Example: twinspan {command} terraform/envs/dev\n" in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("value", ["name", "=x", "a-b=c"])
def test_a_variable_without_name_or_value_is_bad_input(twinspan: Twinspan, command: str, value: str) -> None:
    done = twinspan([command, DEV, "--var", value])
    assert done.returncode == 2
    assert "is not of the form NAME=VALUE" in done.stderr
