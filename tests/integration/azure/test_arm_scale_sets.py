"""Virtual machine scale sets in Azure Resource Manager, as the data plane has their machines."""

from typing import Any

import machine_bodies
import pytest
from azure_api_harness import LOCATION
from machine_site import Site, _with, _without, addresses


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


def test_a_put_of_what_a_scale_set_makes_is_refused(site: Site) -> None:
    site.call("PUT", "virtualMachineScaleSets/set", machine_bodies.scale_set(site.app))

    reply = site.call("PUT", _places(7)[0], {"location": LOCATION})

    assert (reply.status, reply.code) == (405, "MethodNotAllowed")
