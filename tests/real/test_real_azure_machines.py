"""hashicorp/azurerm itself makes machines on the twin: they run, answer pings, change, stop and go."""

import json
import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from twinspan.cloud.azure.client import clients
from twinspan.cloud.azure.endpoint import AzureEndpoint
from twinspan.cloud.azure.rest import post
from twinspan.cloud.reader import read_network
from twinspan.command import Completed, environment, run
from twinspan.project.network import network_of
from twinspan.project.plan import read_plan
from twinspan.twin import lifecycle
from twinspan.twin.client import TwinClient, twin_endpoints
from twinspan.wait import wait_until

pytestmark = [pytest.mark.root, pytest.mark.slow, pytest.mark.real, pytest.mark.timeout(1200)]

DESIGN = Path(__file__).parent / "azure_machines"
MACHINES = 5
"""Two of Linux, one of Windows, two of a scale set."""
_CHANGES = 2
"""Exit status of `terraform plan -detailed-exitcode` if there is something to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """The design in a folder of its own, on a twin of its own."""

    folder: Path
    variables: Mapping[str, str]
    client: TwinClient

    @property
    def endpoint(self) -> AzureEndpoint:
        endpoint = twin_endpoints(self.client.name).azure
        assert endpoint is not None
        return endpoint

    def terraform(self, *arguments: str, check: bool = True) -> Completed:
        argv = ["terraform", *arguments]
        return run(argv, cwd=self.folder, env=self.variables, timeout_s=900, check=check)

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

    def pings(self, machine: str, address: str) -> bool:
        argv = ["ping", "-c", "2", "-i", "0.2", "-W", "1", address]
        return self.client.execute(machine.lower(), argv, timeout_s=15).returncode == 0

    def turn(self, machine: str, action: str, *, there: bool) -> None:
        """Start or stop a machine by the API, until the data plane has followed."""
        post(self.endpoint, f"{machine}/{action}", api_version="2024-11-01")
        wait_until(
            lambda: machine.lower() in self.client.observe().machines,
            lambda seen: seen == there,
            what=f"{action} of {machine}",
            timeout_s=30,
        )


@pytest.fixture(scope="module")
def design(tmp_path_factory: pytest.TempPathFactory, provider_config: Path) -> Iterator[Design]:
    scratch = tmp_path_factory.mktemp("machines")
    shutil.copytree(DESIGN, scratch / "design")
    twin = f"real-azure-{secrets.token_hex(3)}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWINSPAN_HOME", str(scratch / "home"))
        lifecycle.up(twin)
        try:
            opened = Design(
                folder=scratch / "design",
                variables=environment(**lifecycle.environment(twin), TF_CLI_CONFIG_FILE=str(provider_config)),
                client=TwinClient(twin),
            )
            opened.terraform("init", "-input=false", "-no-color")
            if "azurerm_linux_virtual_machine" not in opened.terraform("providers", "schema", "-json").stdout:
                pytest.skip("the azurerm of TWINSPAN_PROVIDER_MIRROR was built without its compute service")
            yield opened
        finally:
            lifecycle.down(twin, purge=True)


def test_machines_are_made_and_a_second_plan_is_empty(design: Design) -> None:
    design.apply()

    assert design.planned() == ""
    design.client.settled(30)
    assert len(design.client.observe().machines) == MACHINES
    assert design.outputs()["power"] == "running"
    assert design.outputs()["addresses"] == ["10.20.1.4", "10.20.1.10"]
    assert design.client.status().problems == ()


def test_a_machine_reaches_one_in_another_subnet(design: Design) -> None:
    outputs = design.outputs()

    assert design.pings(outputs["first"], outputs["second_address"])


def test_the_state_is_read_as_what_exists(design: Design) -> None:
    shown = json.loads(design.terraform("show", "-json").stdout)
    planned = network_of(
        read_plan({"format_version": "1.2", "planned_values": shown["values"]}, where="state")
    ).azure
    live = read_network(twin_endpoints(design.client.name))[0].azure
    assert planned is not None
    assert live is not None

    def facts(network: Any) -> dict[str, tuple[object, ...]]:
        return {
            interface.id: (
                interface.subnet_id,
                interface.private_ip_addresses,
                interface.security_group_ids,
                interface.application_security_group_ids,
                interface.forwards,
                interface.machine_id,
            )
            for interface in network.network_interfaces
            if "/virtualmachinescalesets/" not in interface.id
        }

    assert facts(planned) == facts(live)
    assert {machine.id: machine.interface_ids for machine in planned.machines} == {
        machine.id: machine.interface_ids for machine in live.machines
    }


def test_a_tag_and_a_rule_change_in_place(design: Design) -> None:
    before = design.outputs()
    design.apply(tag="two", port="8080")

    assert design.planned(tag="two", port="8080") == ""
    assert {name: design.outputs()[name] for name in ("first", "second")} == {
        name: before[name] for name in ("first", "second")
    }
    assert design.pings(before["first"], before["second_address"])


def test_a_stopped_machine_is_silent_and_no_change_of_the_design(design: Design) -> None:
    outputs = design.outputs()

    design.turn(outputs["second"], "deallocate", there=False)
    assert not design.pings(outputs["first"], outputs["second_address"])
    design.turn(outputs["second"], "start", there=True)
    assert design.pings(outputs["first"], outputs["second_address"])
    assert design.planned(tag="two", port="8080") == ""


def test_nothing_is_left_after_destroy(design: Design) -> None:
    design.terraform("destroy", "-input=false", "-auto-approve", "-no-color")

    resources = clients(design.endpoint).resources
    assert list(resources.resources.list()) == []
    assert list(resources.resource_groups.list()) == []
    design.client.settled(30)
    assert design.client.observe().machines == ()
    assert design.client.status().problems == ()
