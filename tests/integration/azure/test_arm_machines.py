"""Virtual machines, their interfaces and disks in Azure Resource Manager, as the data plane has them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import machine_bodies
import pytest
from azure_api_harness import LOCATION, Body, Lab, Reply, new_lab, new_twin

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


def test_dynamic_addresses_are_the_lowest_free_ones_and_stay(site: Site) -> None:
    static = site.interface("static", address="10.1.2.5")
    first, second = site.interface("one"), site.interface("two")

    assert (addresses(static), addresses(first), addresses(second)) == (
        ["10.1.2.5"],
        ["10.1.2.4"],
        ["10.1.2.6"],
    )
    assert site.lab.delete("networkInterfaces/one").status == 202
    assert addresses(site.interface("two")) == ["10.1.2.6"]


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("10.1.3.4", "PrivateIPAddressNotInSubnet"),
        ("10.1.2.3", "PrivateIPAddressInReservedRange"),
        ("10.1.2.255", "PrivateIPAddressInReservedRange"),
        ("10.1.2.9", "PrivateIPAddressIsAllocated"),
        ("ten", "InvalidIPAddressFormat"),
    ],
)
def test_an_address_that_cannot_be_had_is_refused(site: Site, address: str, code: str) -> None:
    site.interface("other", address="10.1.2.9")

    reply = site.lab.put("networkInterfaces/nic", machine_bodies.interface(site.app, address=address))

    assert (reply.status, reply.code) == (400, code)
    assert site.lab.get("networkInterfaces/nic").status == 404


def _two_parts(site: Site, **second: Any) -> Body:
    body = machine_bodies.interface(site.app)
    part = {"name": "second", "properties": {"subnet": {"id": site.app}, **second}}
    body["properties"]["ipConfigurations"].append(part)
    return body


def test_one_of_several_configurations_is_primary(site: Site) -> None:
    assert (
        site.lab.put("networkInterfaces/nic", _two_parts(site)).code
        == "NetworkInterfaceMustHaveOnePrimaryIpConfiguration"
    )

    made = site.lab.made("networkInterfaces/nic", _two_parts(site, primary=True))

    assert addresses(made) == ["10.1.2.4", "10.1.2.5"]
    primary = [part["properties"]["primary"] for part in made["properties"]["ipConfigurations"]]
    assert primary == [False, True]


def test_a_subnet_that_is_full_is_refused(site: Site) -> None:
    small = {"properties": {"addressPrefix": "10.1.9.0/29"}}
    site.lab.made("virtualNetworks/vnet/subnets/small", small)
    subnet = f"{site.lab.scope}/virtualNetworks/vnet/subnets/small"
    for number in range(3):
        site.lab.made(f"networkInterfaces/n{number}", machine_bodies.interface(subnet))

    reply = site.lab.put("networkInterfaces/one-more", machine_bodies.interface(subnet))
    scale_set = site.call("PUT", "virtualMachineScaleSets/set", machine_bodies.scale_set(subnet))

    assert (reply.status, reply.code) == (400, "SubnetIsFull")
    assert (scale_set.status, scale_set.code) == (400, "SubnetIsFull")
    assert site.call("GET", "virtualMachineScaleSets/set").status == 404
    assert site.call("GET", "disks").json == {"value": []}


def test_a_gateways_subnet_takes_no_interface(site: Site) -> None:
    subnet = f"{site.lab.scope}/virtualNetworks/vnet/subnets/GatewaySubnet"

    reply = site.lab.put("networkInterfaces/nic", machine_bodies.interface(subnet))

    assert (reply.status, reply.code) == (400, "GatewaySubnetCannotBeUsed")


def test_what_an_interface_uses_cannot_be_deleted(site: Site) -> None:
    site.lab.made("networkSecurityGroups/nsg", {"location": LOCATION})
    site.lab.made("applicationSecurityGroups/web", {"location": LOCATION})
    site.lab.made("publicIPAddresses/ip", site.lab.public_ip())
    body = machine_bodies.interface(
        site.app, networkSecurityGroup={"id": f"{site.lab.scope}/networkSecurityGroups/nsg"}
    )
    body["properties"]["ipConfigurations"][0]["properties"] |= {
        "publicIPAddress": {"id": f"{site.lab.scope}/publicIPAddresses/ip"},
        "applicationSecurityGroups": [{"id": f"{site.lab.scope}/applicationSecurityGroups/web"}],
    }
    made = site.lab.made("networkInterfaces/nic", body)

    codes = {
        place: site.lab.delete(place).code
        for place in (
            "networkSecurityGroups/nsg",
            "applicationSecurityGroups/web",
            "publicIPAddresses/ip",
            "virtualNetworks/vnet/subnets/app",
        )
    }

    assert codes == {
        "networkSecurityGroups/nsg": "InUseNetworkSecurityGroupCannotBeDeleted",
        "applicationSecurityGroups/web": "InUseApplicationSecurityGroupCannotBeDeleted",
        "publicIPAddresses/ip": "PublicIPAddressCannotBeDeleted",
        "virtualNetworks/vnet/subnets/app": "InUseSubnetCannotBeDeleted",
    }
    properties = site.lab.get("networkSecurityGroups/nsg").json["properties"]
    assert properties["networkInterfaces"] == [{"id": made["id"]}]
    assert "subnets" not in properties


def test_an_application_security_group_that_a_rule_names_cannot_be_deleted(site: Site) -> None:
    group = site.lab.made("applicationSecurityGroups/web", {"location": LOCATION})
    rule: Body = {
        "priority": 100,
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "Tcp",
        "sourceAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationPortRange": "80",
        "destinationApplicationSecurityGroups": [{"id": group["id"]}],
    }
    site.lab.made("networkSecurityGroups/nsg", {"location": LOCATION})
    both = site.lab.put(
        "networkSecurityGroups/nsg/securityRules/web",
        {"properties": rule | {"destinationAddressPrefix": "*"}},
    )
    site.lab.made("networkSecurityGroups/nsg/securityRules/web", {"properties": rule})

    assert both.code == "SecurityRuleParameterContainsUnsupportedValue"
    assert site.lab.delete("applicationSecurityGroups/web").code == (
        "InUseApplicationSecurityGroupCannotBeDeleted"
    )


def test_a_machine_is_made_when_the_data_plane_has_it(site: Site) -> None:
    site.interface()
    reply = site.machine()

    assert (reply.status, reply.json["properties"]["provisioningState"]) == (201, "Creating")
    assert site.end(reply).json == {"status": "InProgress"}
    assert site.state("virtualMachines/vm") == ("Creating", "starting")
    site.publish("virtualMachines/vm")
    assert site.end(reply).json == {"status": "Succeeded"}
    assert site.state("virtualMachines/vm") == ("Succeeded", "running")
    nic = site.lab.get("networkInterfaces/nic").json["properties"]
    assert nic["virtualMachine"]["id"] == f"{site.compute}/virtualMachines/vm"
    assert nic["macAddress"].startswith("00-0D-3A-")


@pytest.mark.parametrize(
    ("action", "on_the_way", "at_the_end"),
    [("powerOff", "stopping", "stopped"), ("deallocate", "deallocating", "deallocated")],
)
def test_a_machine_is_stopped_when_the_data_plane_has_it_no_more(
    site: Site, action: str, on_the_way: str, at_the_end: str
) -> None:
    site.interface()
    site.machine()
    site.publish("virtualMachines/vm")

    stopped = site.call("POST", f"virtualMachines/vm/{action}")

    assert stopped.status == 202
    assert site.state("virtualMachines/vm") == ("Updating", on_the_way)
    assert site.call("POST", "virtualMachines/vm/start").code == "Conflict"
    site.publish()
    assert site.state("virtualMachines/vm") == ("Succeeded", at_the_end)
    assert site.call("POST", "virtualMachines/vm/restart").code == "OperationNotAllowed"
    started = site.call("POST", "virtualMachines/vm/start")
    assert site.state("virtualMachines/vm") == ("Updating", "starting")
    site.publish("virtualMachines/vm")
    assert site.state("virtualMachines/vm") == ("Succeeded", "running")
    assert site.end(started).status == 204


def test_a_restart_lasts_until_the_data_plane_has_been_asked_again(site: Site) -> None:
    site.interface()
    site.machine()
    site.publish("virtualMachines/vm")

    site.call("POST", "virtualMachines/vm/restart")

    assert site.state("virtualMachines/vm") == ("Updating", "running")
    assert site.lab.twin.api.reset_generations() == {f"{site.compute}/virtualMachines/vm".lower(): 1}
    site.publish("virtualMachines/vm")
    assert site.state("virtualMachines/vm") == ("Succeeded", "running")


def test_a_machine_that_cannot_be_built_fails_with_the_reason(site: Site) -> None:
    site.interface()
    reply = site.machine()
    key = f"{site.compute}/virtualMachines/vm".lower()

    site.unbuilt.append(f"{key}: its address is taken")
    assert site.state("virtualMachines/vm")[0] == "Creating"  # the problem may be older than the machine
    site.publish()

    assert site.state("virtualMachines/vm")[0] == "Failed"
    assert site.end(reply).json == {
        "status": "Failed",
        "error": {"code": "NetworkingInternalOperationError", "message": "its address is taken"},
    }
    site.unbuilt.clear()
    site.publish("virtualMachines/vm")
    assert site.state("virtualMachines/vm") == ("Succeeded", "running")


def test_a_machine_keeps_its_interface_until_it_is_gone(site: Site) -> None:
    site.interface()
    site.machine()
    site.publish("virtualMachines/vm")
    assert site.lab.delete("networkInterfaces/nic").code == "NicInUse"

    gone = site.call("DELETE", "virtualMachines/vm")

    assert gone.status == 202
    assert site.state("virtualMachines/vm")[0] == "Deleting"
    assert site.lab.delete("networkInterfaces/nic").code == "NicInUse"
    site.publish()
    assert site.call("GET", "virtualMachines/vm").status == 404
    assert site.end(gone).json == {"status": "Succeeded"}
    assert site.lab.delete("networkInterfaces/nic").status == 202


def test_a_disk_outlives_its_machine_unless_it_goes_with_it(site: Site) -> None:
    for name, option in (("stays", "Detach"), ("goes", "Delete")):
        site.interface(f"nic-{name}")
        body = machine_bodies.machine([f"{site.lab.scope}/networkInterfaces/nic-{name}"])
        body["properties"]["storageProfile"]["osDisk"] |= {"name": name, "deleteOption": option}
        site.call("PUT", f"virtualMachines/{name}", body)
    site.publish("virtualMachines/stays", "virtualMachines/goes")
    disk = site.call("GET", "disks/stays").json
    assert disk["managedBy"] == f"{site.compute}/virtualMachines/stays"
    assert (disk["properties"]["diskState"], disk["properties"]["diskSizeGB"]) == ("Attached", 30)
    assert site.call("DELETE", "disks/stays").code == "OperationNotAllowed"
    for name in ("stays", "goes"):
        site.call("DELETE", f"virtualMachines/{name}")
    site.publish()

    assert site.call("GET", "disks/goes").status == 404
    assert site.call("GET", "disks/stays").json["properties"]["diskState"] == "Unattached"
    assert site.call("DELETE", "disks/stays").status == 200


def test_no_answer_and_no_file_has_a_password(site: Site) -> None:
    site.interface()
    made = site.machine()
    answers = [
        made.text,
        site.call("GET", "virtualMachines/vm").text,
        site.call("GET", "virtualMachines").text,
    ]

    site.lab.twin.api.save()

    stored = (site.lab.twin.folder / "azure.json").read_text()
    assert not [text for text in (*answers, stored) if machine_bodies.PASSWORD in text]
    assert "azureuser" in stored


def test_power_survives_a_restart_of_the_api(site: Site) -> None:
    site.interface()
    site.machine()
    site.publish("virtualMachines/vm")
    site.call("POST", "virtualMachines/vm/deallocate")
    site.publish()

    site.lab.twin.restart()

    assert site.state("virtualMachines/vm") == ("Succeeded", "deallocated")


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


@pytest.mark.parametrize(
    ("change", "status", "code", "word"),
    [
        (_with("hardwareProfile.vmSize", "Standard_Z9"), 400, "InvalidParameter", "vmSize"),
        (_with("storageProfile.imageReference.sku", "7"), 404, "PlatformImageNotFound", "imageReference"),
        (_without("storageProfile.imageReference"), 400, "InvalidParameter", "imageReference"),
        (_with("storageProfile.imageReference.id", "/some"), 400, "NotSupported", "imageReference.id"),
        (_without("osProfile"), 400, "InvalidParameter", "osProfile"),
        (_with("osProfile.adminUsername", "root"), 400, "InvalidParameter", "Admin Username"),
        (_with("osProfile.adminPassword", "simple"), 400, "InvalidParameter", "adminPassword"),
        (_without("osProfile.adminPassword"), 400, "InvalidParameter", "adminPassword"),
        (_with("osProfile.computerName", "12345"), 400, "InvalidParameter", "computerName"),
        (_with("osProfile.windowsConfiguration", {}), 400, "InvalidParameter", "windowsConfiguration"),
        (_with("networkProfile.networkInterfaces", []), 400, "InvalidParameter", "networkInterfaces"),
        (
            _with(
                "networkProfile.networkInterfaces",
                [{"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkInterfaces/n"}],
            ),
            400,
            "InvalidResourceReference",
            "networkInterfaces/n",
        ),
        (_with("osProfile.colour", "red"), 400, "InvalidRequestFormat", "colour"),
    ],
)
def test_a_machine_that_azure_would_not_make_is_refused(
    site: Site, change: Any, status: int, code: str, word: str
) -> None:
    site.interface()
    body = machine_bodies.machine([f"{site.lab.scope}/networkInterfaces/nic"])
    change(body["properties"])

    reply = site.call("PUT", "virtualMachines/vm", body)

    assert (reply.status, reply.code) == (status, code)
    assert word in reply.text
    assert site.call("GET", "virtualMachines/vm").status == 404
    assert site.call("GET", "disks").json == {"value": []}


def test_an_interface_is_of_one_machine(site: Site) -> None:
    site.interface()
    site.machine("first")

    assert site.machine("second").code == "NicInUse"


def test_what_is_fixed_cannot_be_changed(site: Site) -> None:
    site.interface()
    site.machine()
    site.publish("virtualMachines/vm")

    renamed = site.call(
        "PATCH", "virtualMachines/vm", {"properties": {"osProfile": {"computerName": "other"}}}
    )
    resized = site.call(
        "PATCH",
        "virtualMachines/vm",
        {"tags": {"a": "b"}, "properties": {"hardwareProfile": {"vmSize": "Standard_B2s"}}},
    )

    assert (renamed.status, renamed.code) == (409, "PropertyChangeNotAllowed")
    assert resized.json["properties"]["hardwareProfile"]["vmSize"] == "Standard_B2s"
    assert resized.json["properties"]["osProfile"]["computerName"] == "vm"
    assert resized.json["tags"] == {"a": "b"}


def test_interfaces_come_and_go_while_the_machine_is_deallocated(site: Site) -> None:
    site.interface()
    site.interface("second")
    site.machine()
    site.publish("virtualMachines/vm")
    both = [f"{site.lab.scope}/networkInterfaces/{name}" for name in ("nic", "second")]
    refused = site.call("PUT", "virtualMachines/vm", machine_bodies.machine(both))
    site.call("POST", "virtualMachines/vm/deallocate")
    site.publish()

    changed = site.call("PUT", "virtualMachines/vm", machine_bodies.machine(both))

    assert refused.code == "AddingOrDeletingNetworkInterfacesOnARunningVirtualMachineNotSupported"
    assert changed.status == 200
    nic = site.lab.get("networkInterfaces/second").json["properties"]
    assert nic["primary"] is False


@pytest.mark.parametrize("action", ["retrieveBootDiagnosticsData", "capture", "redeploy", "reimage"])
def test_what_the_twin_lacks_is_refused_by_name(site: Site, action: str) -> None:
    site.interface()
    site.machine()

    reply = site.call("POST", f"virtualMachines/vm/{action}")

    assert reply.status == 404
    assert f"the action '{action.lower()}'" in reply.text


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"commandId": "RunPowerShellScript", "script": ["dir"]}, "RunShellScript"),
        ({"commandId": "RunShellScript"}, "script"),
        ({"script": ["true"]}, "commandId"),
        (
            {
                "commandId": "RunShellScript",
                "script": ["true"],
                "parameters": [{"name": "a b", "value": ""}],
            },
            "parameters.name",
        ),
    ],
)
def test_a_command_that_cannot_be_run_is_refused(site: Site, body: Body, word: str) -> None:
    site.interface()
    site.machine()
    site.publish("virtualMachines/vm")
    site.call("GET", "virtualMachines/vm")

    reply = site.call("POST", "virtualMachines/vm/runCommand", body)

    assert reply.status == 400
    assert word in reply.text


def test_commands_routes_and_rules_need_a_machine_that_runs(site: Site) -> None:
    site.interface()
    site.machine()
    command = {"commandId": "RunShellScript", "script": ["true"]}

    assert site.call("POST", "virtualMachines/vm/runCommand", command).code == "OperationNotAllowed"
    assert site.lab.post("networkInterfaces/nic/effectiveRouteTable").code == (
        "NetworkInterfaceNotAttachedToRunningVM"
    )


def _instances(site: Site) -> dict[str, bool]:
    """Number of each instance -> whether it is as its scale set says."""
    rows = site.call("GET", "virtualMachineScaleSets/set/virtualMachines").json["value"]
    return {row["instanceId"]: row["properties"]["latestModelApplied"] for row in rows}


def _places(*numbers: int) -> list[str]:
    return [f"virtualMachineScaleSets/set/virtualMachines/{number}" for number in numbers]


def test_a_scale_set_has_machines_with_addresses_of_their_own(site: Site) -> None:
    made = site.call("PUT", "virtualMachineScaleSets/set", machine_bodies.scale_set(site.app))
    assert made.json["properties"]["provisioningState"] == "Creating"
    site.publish(*_places(0, 1))
    site.call("GET", "virtualMachineScaleSets/set")

    scale_set = site.call("GET", "virtualMachineScaleSets/set").json
    nics = site.call("GET", "virtualMachineScaleSets/set/networkInterfaces").json["value"]
    first = site.call("GET", _places(0)[0]).json

    assert scale_set["properties"]["provisioningState"] == "Succeeded"
    assert [addresses(nic) for nic in nics] == [["10.1.2.4"], ["10.1.2.5"]]
    assert (first["name"], first["properties"]["osProfile"]["computerName"]) == ("set_0", "web000000")
    assert site.lab.delete("virtualNetworks/vnet/subnets/app").code == "InUseSubnetCannotBeDeleted"


def test_a_scale_set_follows_its_capacity(site: Site) -> None:
    site.call("PUT", "virtualMachineScaleSets/set", machine_bodies.scale_set(site.app))
    site.publish(*_places(0, 1))
    site.call("GET", "virtualMachineScaleSets/set")

    more = site.call("PATCH", "virtualMachineScaleSets/set", {"sku": {"capacity": 3}})
    assert more.json["properties"]["provisioningState"] == "Updating"
    site.publish(*_places(0, 1, 2))
    assert _instances(site) == {"0": True, "1": True, "2": True}
    site.call("PATCH", "virtualMachineScaleSets/set", {"sku": {"capacity": 1}})
    site.publish(*_places(0))

    assert _instances(site) == {"0": True}
    assert site.call("DELETE", _places(0)[0]).status == 202
    site.publish()
    assert _instances(site) == {}
    assert site.call("GET", "virtualMachineScaleSets/set").json["sku"]["capacity"] == 0


@pytest.mark.parametrize(("mode", "at_once"), [("Manual", False), ("Automatic", True)])
def test_a_changed_profile_reaches_instances_as_the_upgrade_policy_says(
    site: Site, mode: str, *, at_once: bool
) -> None:
    place = "virtualMachineScaleSets/set"
    site.call("PUT", place, machine_bodies.scale_set(site.app, mode=mode))
    site.publish(*_places(0, 1))
    site.call("GET", place)

    forwarding = machine_bodies.scale_set(site.app, mode=mode, enableIPForwarding=True)
    assert site.call("PUT", place, forwarding).status == 200

    assert _instances(site) == {"0": at_once, "1": at_once}
    site.call("POST", f"{place}/manualupgrade", {"instanceIds": ["1"]})
    assert _instances(site) == {"0": at_once, "1": True}
    nics = site.call("GET", f"{place}/networkInterfaces").json["value"]
    assert [nic["properties"]["enableIPForwarding"] for nic in nics] == [at_once, True]
    assert [addresses(nic) for nic in nics] == [["10.1.2.4"], ["10.1.2.5"]]


def test_a_scale_set_is_gone_when_its_machines_are(site: Site) -> None:
    site.call("PUT", "virtualMachineScaleSets/set", machine_bodies.scale_set(site.app))
    site.publish(*_places(0, 1))
    site.call("GET", "virtualMachineScaleSets/set")

    site.call("DELETE", "virtualMachineScaleSets/set")

    site.publish(*_places(1))
    assert (
        site.call("GET", "virtualMachineScaleSets/set").json["properties"]["provisioningState"] == "Deleting"
    )
    site.publish()
    assert site.call("GET", "virtualMachineScaleSets/set").status == 404
    assert site.call("GET", "disks").json == {"value": []}
    assert site.lab.delete("virtualNetworks/vnet/subnets/app").status == 202


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (_with("orchestrationMode", "Flexible"), "orchestrationMode"),
        (_without("virtualMachineProfile"), "virtualMachineProfile"),
        (
            _with("virtualMachineProfile.networkProfile.networkInterfaceConfigurations", []),
            "networkInterfaceConfigurations",
        ),
        (
            _with("virtualMachineProfile.extensionProfile", {"extensions": [{"name": "a"}]}),
            "extensions",
        ),
    ],
)
def test_a_scale_set_that_the_twin_cannot_have_is_refused(site: Site, change: Any, word: str) -> None:
    body = machine_bodies.scale_set(site.app)
    change(body["properties"])

    reply = site.call("PUT", "virtualMachineScaleSets/set", body)

    assert reply.status == 400
    assert word in reply.text


def test_images_are_found_step_by_step(site: Site) -> None:
    place = f"{site.lab.twin.subscription}/providers/Microsoft.Compute/locations/{LOCATION}/publishers"
    image = machine_bodies.IMAGE
    below = f"{place}/{image['publisher']}/artifacttypes/vmimage/offers"

    def names(path: str) -> list[str]:
        return [row["name"] for row in site.lab.twin.call("GET", path).json]

    (version,) = names(f"{below}/{image['offer']}/skus/{image['sku']}/versions")
    image_version = site.lab.twin.call(
        "GET", f"{below}/{image['offer']}/skus/{image['sku']}/versions/{version}"
    ).json

    assert image["publisher"] in names(place)
    assert image["offer"] in names(below)
    assert image["sku"] in names(f"{below}/{image['offer']}/skus")
    assert image_version["properties"]["osDiskImage"]["operatingSystem"] == "Linux"
    assert site.lab.twin.call("GET", f"{below}/none/skus/none/versions").code == "PlatformImageNotFound"


def test_a_put_of_what_a_scale_set_makes_is_refused(site: Site) -> None:
    site.call("PUT", "virtualMachineScaleSets/set", machine_bodies.scale_set(site.app))

    reply = site.call("PUT", _places(7)[0], {"location": LOCATION})

    assert (reply.status, reply.code) == (405, "MethodNotAllowed")
