"""Virtual machines and their disks in Azure Resource Manager, as the data plane has them."""

from typing import Any

import machine_bodies
import pytest
from azure_api_harness import LOCATION, Body
from machine_site import Site, _with, _without


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
