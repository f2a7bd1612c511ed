"""hashicorp/aws itself makes instances on the twin: they run, answer pings, change, stop and go."""

import json
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from twinspan.cloud.aws.client import service_client
from twinspan.command import Completed, environment, run
from twinspan.project.network import network_of
from twinspan.project.plan import read_plan
from twinspan.twin import lifecycle
from twinspan.twin.client import TwinClient, twin_endpoints
from twinspan.wait import wait_until

pytestmark = [pytest.mark.root, pytest.mark.slow, pytest.mark.real, pytest.mark.timeout(900)]
DESIGN = Path(__file__).parent / "machines"
_CHANGES = 2
"""Exit status of `terraform plan -detailed-exitcode` if there is something to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """The design in a folder of its own, on a twin of its own."""

    folder: Path
    variables: Mapping[str, str]
    client: TwinClient

    @property
    def ec2(self) -> Any:
        return self._aws("ec2")

    @property
    def ssm(self) -> Any:
        return self._aws("ssm")

    def _aws(self, service: str) -> Any:
        """Return a client in the region that the design is in."""
        endpoints = twin_endpoints(self.client.name)
        assert endpoints.aws is not None
        return service_client(endpoints.aws, service)

    def terraform(self, *arguments: str, check: bool = True) -> Completed:
        argv = ["terraform", *arguments]
        return run(argv, cwd=self.folder, env=self.variables, timeout_s=600, check=check)

    def apply(self, **variables: str) -> None:
        given = [f"-var={name}={value}" for name, value in variables.items()]
        self.terraform("apply", "-input=false", "-auto-approve", "-no-color", *given)

    def planned(self, **variables: str) -> str:
        """Return what a plan would do; empty if nothing."""
        given = [f"-var={name}={value}" for name, value in variables.items()]
        done = self.terraform("plan", "-input=false", "-no-color", "-detailed-exitcode", *given, check=False)
        assert done.returncode in {0, _CHANGES}, done.stderr
        return done.stdout if done.returncode else ""

    def outputs(self) -> Mapping[str, Any]:
        shown_outputs = json.loads(self.terraform("output", "-json").stdout)
        return {name: output["value"] for name, output in shown_outputs.items()}

    def state_of(self, name: str) -> str:
        instance = self.ec2.describe_instances(InstanceIds=[name])["Reservations"][0]["Instances"][0]
        return str(instance["State"]["Name"])

    def until(self, name: str, state: str) -> None:
        wait_until(
            lambda: self.state_of(name), lambda seen: seen == state, what=f"{name} {state}", timeout_s=30
        )

    def pings(self, name: str, address: str) -> bool:
        """Ping from an instance as a user would: by a command of Systems Manager."""
        sent = self.ssm.send_command(
            InstanceIds=[name],
            DocumentName="AWS-RunShellScript",
            Parameters={"commands": [f"ping -c 2 -i 0.2 -W 1 {address}"]},
        )["Command"]
        done = wait_until(
            lambda: self.ssm.get_command_invocation(CommandId=sent["CommandId"], InstanceId=name),
            lambda seen: seen["Status"] != "InProgress",
            what="the end of a ping",
            timeout_s=30,
        )
        return str(done["Status"]) == "Success"


@contextmanager
def _design(folder: Path, config: Path) -> Iterator[Design]:
    twin = f"real-machines-{secrets.token_hex(3)}"
    lifecycle.up(twin)
    try:
        yield Design(
            folder=folder,
            variables=environment(**lifecycle.environment(twin), TF_CLI_CONFIG_FILE=str(config)),
            client=TwinClient(twin),
        )
    finally:
        lifecycle.down(twin, purge=True)


@pytest.fixture(scope="module")
def design(tmp_path_factory: pytest.TempPathFactory, provider_config: Path) -> Iterator[Design]:
    scratch = tmp_path_factory.mktemp("machines")
    shutil.copytree(DESIGN, scratch / "design")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWINSPAN_HOME", str(scratch / "home"))
        with _design(scratch / "design", provider_config) as opened:
            opened.terraform("init", "-input=false", "-no-color")
            yield opened


def test_instances_are_made_and_a_second_plan_is_empty(design: Design) -> None:
    design.apply()

    assert design.planned() == ""
    assert design.client.settled(30) >= 0
    assert len(design.client.observe().machines) == 3
    assert design.client.status().problems == ()


def test_an_instance_reaches_another_by_ping(design: Design) -> None:
    outputs = design.outputs()
    assert design.pings(outputs["first"], outputs["second_address"])


def test_the_state_is_read_as_what_exists(design: Design) -> None:
    shown = json.loads(design.terraform("show", "-json").stdout)
    document = {"format_version": "1.2", "planned_values": shown["values"]}
    aws_network = network_of(read_plan(document, where="state")).aws
    live = {
        interface["NetworkInterfaceId"]
        for interface in design.ec2.describe_network_interfaces()["NetworkInterfaces"]
    }

    assert aws_network is not None
    assert {interface.id for interface in aws_network.network_interfaces} == live
    first = next(machine for machine in aws_network.machines if machine.id == design.outputs()["first"])
    assert list(first.interface_ids) == design.outputs()["interfaces"]


def test_a_stopped_instance_is_silent_and_no_change_of_the_design(design: Design) -> None:
    outputs = design.outputs()
    second = next(
        name
        for name in design.client.observe().machines
        if _address(design, name) == outputs["second_address"]
    )

    design.ec2.stop_instances(InstanceIds=[second])
    design.until(second, "stopped")
    assert not design.pings(outputs["first"], outputs["second_address"])
    design.ec2.start_instances(InstanceIds=[second])
    design.until(second, "running")
    assert design.pings(outputs["first"], outputs["second_address"])
    assert design.planned() == ""


def test_a_tag_and_a_type_change_in_place(design: Design) -> None:
    before = design.outputs()
    design.apply(tag="renamed", type="t3.small")

    assert design.planned(tag="renamed", type="t3.small") == ""
    assert design.outputs()["first"] == before["first"]
    assert design.pings(before["first"], before["second_address"])


def test_nothing_is_left_after_destroy(design: Design) -> None:
    design.terraform("destroy", "-input=false", "-auto-approve", "-no-color")

    assert design.ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    assert design.ec2.describe_volumes()["Volumes"] == []
    assert design.ec2.describe_key_pairs()["KeyPairs"] == []
    assert design.ec2.describe_addresses()["Addresses"] == []
    assert design.ec2.describe_launch_templates()["LaunchTemplates"] == []
    assert [vpc for vpc in design.ec2.describe_vpcs()["Vpcs"] if not vpc["IsDefault"]] == []
    design.client.settled(30)
    assert design.client.observe().machines == ()
    assert design.client.status().problems == ()


def _address(design: Design, name: str) -> str:
    instance = design.ec2.describe_instances(InstanceIds=[name])["Reservations"][0]["Instances"][0]
    return str(instance["PrivateIpAddress"])
