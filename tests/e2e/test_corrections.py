"""The commands of docs/corrections.md, run as they stand there, with the real aws and az, on a twin."""

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from cloud_cli import environment_of, program, signed_in
from verify_lab import Lab

from twinspan.rules.shell import group_and_name

pytestmark = [pytest.mark.root, pytest.mark.long]

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs" / "corrections.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One line of a block, and what must come of it."""

    line: str
    refused: bool
    answers: Sequence[str]


def commands(program: str) -> list[Command]:
    """Return the commands of the page that start with `program`."""
    page_commands: list[Command] = []
    for block in re.findall(r"```sh\n(.*?)```", PAGE.read_text(), flags=re.DOTALL):
        refused = False
        for line in block.splitlines():
            if line.startswith("# draft: refused"):
                refused = True
            elif line.startswith("# -> "):
                last = page_commands[-1]
                answers = [*last.answers, line.removeprefix("# -> ")]
                page_commands[-1] = Command(line=last.line, refused=last.refused, answers=answers)
            else:
                page_commands.append(Command(line=line, refused=refused, answers=()))
                refused = False
    return [command for command in page_commands if command.line.split()[0] == program]


def check(command: Command, environment: Mapping[str, str]) -> None:
    argv = ["bash", "-c", command.line]
    done = subprocess.run(
        argv, capture_output=True, text=True, check=False, env=dict(environment), cwd=REPOSITORY, timeout=120
    )
    said = done.stdout + done.stderr
    assert (done.returncode != 0) is command.refused, f"{command.line}\n{said}"
    for answer in command.answers:
        assert answer in said, f"{command.line}\n{said}"


def names(lab: Lab) -> Mapping[str, str]:
    """What the page calls by variables."""
    expected = lab.target.expected
    assert expected
    inside = next(link.tunnel for link in lab.facts().links() if link.key == "tunnel1" and link.tunnel)
    return {
        "VPC": lab.vpc,
        "VGW": lab.vpn_gateway,
        "GROUP": lab.group,
        "GATEWAY": group_and_name(expected.virtual_network_gateway_ids[0])[1],
        "CONNECTION": lab.tunnel("tunnel1").azure_connection_name,
        "PEER": str(inside.aws_inside_address),
    }


def test_every_seed_command_is_on_the_page_and_nothing_is_left_out() -> None:
    text = PAGE.read_text()
    assert len(commands("aws")) == 6
    assert len(commands("az")) == 7
    for seed in ("-var-file=envs/dev/terraform.tfvars", "vpn-gateway show", "Name=state,Values=active"):
        assert seed in text


def test_the_aws_commands_do_what_the_page_says(lab: Lab, tmp_path: Path) -> None:
    environment = {**environment_of(lab, tmp_path, program("TWINSPAN_AWSCLI", "aws")), **names(lab)}

    for command in commands("aws"):
        check(command, environment)


def test_the_root_of_the_tree_holds_nothing_to_apply() -> None:
    environment = (REPOSITORY / "terraform" / "envs" / "dev" / "main.tf").read_text()

    assert list((REPOSITORY / "terraform").glob("*.tf")) == []
    assert re.search(r'^module "', environment, flags=re.MULTILINE)


@pytest.mark.az
def test_the_az_commands_do_what_the_page_says(lab: Lab, tmp_path: Path) -> None:
    az = program("TWINSPAN_AZ", "az")
    environment = {**signed_in(lab, tmp_path, az), **names(lab)}

    for command in commands("az"):
        check(command, environment)
