"""A resource group with a virtual network for machines, whose data plane is what a test publishes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import machine_bodies
import pytest
from azure_api_harness import Body, Lab, Reply, new_lab, new_twin

from twinspan.twin.dataplane.wire import MachineCalls
from twinspan.twin.observed import Observed


@dataclass(slots=True, kw_only=True)
class Site:
    """A resource group with a virtual network, on an API whose data plane is what the test publishes."""

    lab: Lab
    there: set[str] = field(default_factory=set)
    unbuilt: list[str] = field(default_factory=list)
    generation: int = 0

    @property
    def compute(self) -> str:
        return f"{self.lab.twin.subscription}/resourceGroups/{self.lab.group}/providers/Microsoft.Compute"

    @property
    def app(self) -> str:
        return f"{self.lab.scope}/virtualNetworks/vnet/subnets/app"

    def call(self, method: str, place: str, body: Body | None = None) -> Reply:
        return self.lab.twin.call(method, f"{self.compute}/{place}", body)

    def interface(self, name: str = "nic", **changes: Any) -> Body:
        return self.lab.made(f"networkInterfaces/{name}", machine_bodies.interface(self.app, **changes))

    def machine(self, name: str = "vm", interface: str = "nic") -> Reply:
        body = machine_bodies.machine([f"{self.lab.scope}/networkInterfaces/{interface}"])
        return self.call("PUT", f"virtualMachines/{name}", body)

    def publish(self, *places: str) -> None:
        """Show the machines that the data plane has now."""
        self.generation += 1
        self.there = {f"{self.compute}/{place}".lower() for place in places}
        board = self.lab.twin.board
        board.publish(Observed(generation=self.generation, machines=tuple(sorted(self.there))))

    def state(self, place: str) -> tuple[str, str]:
        """Provisioning and power state of a machine."""
        properties = self.call("GET", f"{place}?$expand=instanceView").json["properties"]
        codes = [status["code"] for status in properties["instanceView"]["statuses"]]
        (power,) = (code.removeprefix("PowerState/") for code in codes if code.startswith("PowerState/"))
        return properties["provisioningState"], power

    def end(self, reply: Reply) -> Reply:
        """Ask once how an operation is."""
        where = reply.headers.get("azure-asyncoperation") or reply.headers["location"]
        return self.lab.twin.call("GET", where.removeprefix(self.lab.twin.api.url))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site whose machines are waited for; nobody runs commands on them."""

    def nobody() -> MachineCalls:
        raise AssertionError("no test here asks the data plane")

    twin = new_twin(tmp_path)
    unbuilt: list[str] = []
    twin.machines, twin.unbuilt = nobody, lambda: tuple(unbuilt)
    twin.start()
    lab = new_lab(twin)
    lab.made("virtualNetworks/vnet", lab.network())
    yield Site(lab=lab, unbuilt=unbuilt)
    twin.stop()


def addresses(interface: Body) -> list[str]:
    return [part["properties"]["privateIPAddress"] for part in interface["properties"]["ipConfigurations"]]


def _without(path: str) -> Any:
    def change(properties: Body) -> None:
        *way, last = path.split(".")
        for step in way:
            properties = properties[step]
        del properties[last]

    return change


def _with(path: str, value: Any) -> Any:
    def change(properties: Body) -> None:
        *way, last = path.split(".")
        for step in way:
            properties = properties[step]
        properties[last] = value

    return change
