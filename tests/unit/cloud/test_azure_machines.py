"""Network interfaces and machines as Azure Resource Manager writes them."""

from ipaddress import IPv4Address
from typing import Any

import pytest
from azure.mgmt.network import models
from pydantic import ValidationError

from twinspan.cloud.azure.machines import _Machine, _machine, network_interface

NIC = "/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/networkInterfaces/Nic"
VM = "/subscriptions/S/resourceGroups/G/providers/Microsoft.Compute/virtualMachines/Vm"
SUBNET = "/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/virtualNetworks/V/subnets/A"


def part(address: str | None, *, primary: bool = False, **members: Any) -> dict[str, Any]:
    properties = {"primary": primary, "subnet": {"id": SUBNET}, **members}
    return {"name": "p", "properties": properties | ({"privateIPAddress": address} if address else {})}


def interface(*parts: dict[str, Any], **properties: Any) -> models.NetworkInterface:
    return models.NetworkInterface(
        {"id": NIC, "name": "Nic", "properties": {"ipConfigurations": list(parts), **properties}}
    )


def machine(**properties: Any) -> Any:
    return _machine(_Machine.model_validate({"id": VM, "name": "Vm", "properties": properties}))


def test_the_primary_address_comes_first_and_ids_are_in_small_letters() -> None:
    asg = {"id": "/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/applicationSecurityGroups/W"}

    nic = network_interface(
        interface(
            part("10.1.2.4", applicationSecurityGroups=[asg]),
            part("10.1.2.9", primary=True, applicationSecurityGroups=[asg], publicIPAddress={"id": "/IP"}),
            enableIPForwarding=True,
            networkSecurityGroup={"id": "/NSG"},
            virtualMachine={"id": VM},
        )
    )

    assert nic.private_ip_addresses == (IPv4Address("10.1.2.9"), IPv4Address("10.1.2.4"))
    assert (nic.id, nic.subnet_id, nic.machine_id) == (NIC.lower(), SUBNET.lower(), VM.lower())
    assert (nic.security_group_ids, nic.public_ip_address_ids) == (("/nsg",), ("/ip",))
    assert nic.application_security_group_ids == (asg["id"].lower(),)
    assert nic.forwards is True


def test_what_is_not_there_yet_and_ipv6_is_left_out() -> None:
    nic = network_interface(interface(part(None), part("fd00::4")))
    bare = network_interface(models.NetworkInterface({"id": NIC}))

    assert (nic.private_ip_addresses, nic.machine_id, nic.forwards) == ((), None, False)
    assert (bare.private_ip_addresses, bare.subnet_id) == ((), "")


@pytest.mark.parametrize(
    ("codes", "state"),
    [
        (["ProvisioningState/succeeded", "PowerState/running"], "running"),
        (["PowerState/deallocated"], "deallocated"),
        (["ProvisioningState/creating"], "starting"),
    ],
)
def test_a_machines_state_is_its_power_state(codes: list[str], state: str) -> None:
    vm = machine(instanceView={"statuses": [{"code": code} for code in codes]})

    assert vm.state == state


def test_the_primary_interface_comes_first() -> None:
    named = [{"id": "/One"}, {"id": "/Two", "properties": {"primary": True}}]

    vm = machine(networkProfile={"networkInterfaces": named})

    assert (vm.id, vm.interface_ids) == (VM.lower(), ("/two", "/one"))


def test_a_machine_that_is_being_deleted_is_not_there() -> None:
    assert machine(provisioningState="Deleting") is None


@pytest.mark.parametrize("wrong", [{"networkProfile": []}, {"instanceView": {"statuses": "running"}}])
def test_a_machine_that_makes_no_sense_is_no_machine(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        machine(**wrong)
