"""Azure's machines and network interfaces of plans, however they are joined to each other."""

from ipaddress import IPv4Address
from typing import Any

from planned import Ref, azure, network

from twinspan.network.azure_filters import application_security_group_members
from twinspan.network.model import AzureNetwork, Machine, NetworkInterface
from twinspan.network.unknown import CLOUD_CHOOSES, Unknown

SUBNET = Ref("azurerm_subnet.a.id", "azurerm_subnet.a")
NSG = Ref("azurerm_network_security_group.a.id", "azurerm_network_security_group.a")
ASG = Ref("azurerm_application_security_group.a.id", "azurerm_application_security_group.a")
NIC = Ref("azurerm_network_interface.a.id", "azurerm_network_interface.a")
SECOND = Ref("azurerm_network_interface.b.id", "azurerm_network_interface.b")
PUBLIC = Ref("azurerm_public_ip.a.id", "azurerm_public_ip.a")
FIRST: dict[str, Any] = {"name": "first", "subnet_id": SUBNET, "private_ip_address_allocation": "Dynamic"}
STATIC: dict[str, Any] = {
    "name": "second",
    "subnet_id": SUBNET,
    "private_ip_address": "10.1.2.9",
    "primary": True,
}
SITE: dict[str, dict[str, Any]] = {
    "azurerm_subnet.a": {"name": "a", "address_prefixes": ["10.1.2.0/24"]},
    "azurerm_network_security_group.a": {"name": "nsg"},
    "azurerm_application_security_group.a": {"name": "web"},
    "azurerm_public_ip.a": {"name": "ip"},
    "azurerm_network_interface.a": {"name": "nic", "ip_configuration": [FIRST]},
}


def only(azure_network: AzureNetwork[Unknown]) -> tuple[Machine[Unknown], NetworkInterface[Unknown]]:
    (machine,), (interface,) = azure_network.machines, azure_network.network_interfaces
    return machine, interface


def test_a_machine_has_the_interfaces_that_it_names() -> None:
    for kind in (
        "azurerm_linux_virtual_machine",
        "azurerm_windows_virtual_machine",
        "azurerm_virtual_machine",
    ):
        machine, interface = only(
            azure(SITE | {f"{kind}.a": {"name": "vm", "network_interface_ids": [NIC], "tags": {"a": "b"}}})
        )

        assert (machine.id, machine.name, machine.state) == (f"{kind}.a", "vm", "running")
        assert machine.interface_ids == (interface.id,) == ("azurerm_network_interface.a",)
        assert machine.tags == {"a": "b"}
        assert interface.machine_id == f"{kind}.a"
        assert interface.subnet_id == "azurerm_subnet.a"


def test_the_primary_configuration_and_the_primary_interface_come_first() -> None:
    second = {"name": "nic-b", "ip_configuration": [FIRST | {"private_ip_address": "10.1.2.8"}, STATIC]}
    vm = {"network_interface_ids": [NIC, SECOND], "primary_network_interface_id": SECOND}
    azure_network = azure(SITE | {"azurerm_network_interface.b": second, "azurerm_virtual_machine.a": vm})

    assert azure_network.machines[0].interface_ids == (
        "azurerm_network_interface.b",
        "azurerm_network_interface.a",
    )
    assert azure_network.network_interfaces[1].private_ip_addresses == (
        IPv4Address("10.1.2.9"),
        IPv4Address("10.1.2.8"),
    )


def test_associations_give_an_interface_its_groups() -> None:
    nic = {"ip_configuration": [FIRST | {"public_ip_address_id": PUBLIC}], "ip_forwarding_enabled": True}
    (interface,) = azure(
        SITE
        | {
            "azurerm_network_interface.a": nic,
            "azurerm_network_interface_security_group_association.a": {
                "network_interface_id": NIC,
                "network_security_group_id": NSG,
            },
            "azurerm_network_interface_application_security_group_association.a": {
                "network_interface_id": NIC,
                "application_security_group_id": ASG,
            },
        }
    ).network_interfaces

    assert interface.security_group_ids == ("azurerm_network_security_group.a",)
    assert interface.application_security_group_ids == ("azurerm_application_security_group.a",)
    assert interface.public_ip_address_ids == ("azurerm_public_ip.a",)
    assert interface.forwards is True
    assert interface.machine_id is None


def test_before_azurerm_4_forwarding_has_another_name() -> None:
    nic = {"ip_configuration": [FIRST], "enable_ip_forwarding": True}
    (interface,) = azure(SITE | {"azurerm_network_interface.a": nic}).network_interfaces

    assert interface.forwards is True


def test_a_dynamic_address_is_the_clouds_choice() -> None:
    (interface,) = azure(SITE).network_interfaces

    assert interface.private_ip_addresses == (CLOUD_CHOOSES,)


def test_a_scale_set_is_as_many_machines_as_it_says() -> None:
    part = {"name": "a", "subnet_id": SUBNET, "application_security_group_ids": [ASG]}
    nic = {"name": "nic", "network_security_group_id": NSG, "ip_configuration": [part]}
    azure_network = azure(
        SITE
        | {
            "azurerm_linux_virtual_machine_scale_set.a": {
                "name": "set",
                "instances": 2,
                "network_interface": [nic],
            }
        }
    )
    interfaces = azure_network.network_interfaces[1:]

    assert [machine.name for machine in azure_network.machines] == ["set_0", "set_1"]
    assert [machine.interface_ids for machine in azure_network.machines] == [
        (interface.id,) for interface in interfaces
    ]
    assert {interface.security_group_ids for interface in interfaces} == {
        ("azurerm_network_security_group.a",)
    }
    assert {interface.application_security_group_ids for interface in interfaces} == {
        ("azurerm_application_security_group.a",)
    }
    assert {interface.subnet_id for interface in interfaces} == {"azurerm_subnet.a"}


def test_a_scale_set_of_unknown_size_is_no_machine() -> None:
    azure_network = azure(SITE | {"azurerm_linux_virtual_machine_scale_set.a": {"instances": Ref()}})

    assert azure_network.machines == ()


def test_a_rule_names_application_security_groups() -> None:
    rule = {
        "name": "web",
        "priority": 100,
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "Tcp",
        "source_port_range": "*",
        "destination_port_range": "80",
        "source_address_prefix": "*",
        "destination_application_security_group_ids": [ASG],
        "network_security_group_name": Ref("azurerm_network_security_group.a.name"),
    }
    azure_network = azure(SITE | {"azurerm_network_security_rule.a": rule})
    (read,) = azure_network.network_security_groups[0].security_rules

    assert read.destination_application_security_group_ids == ("azurerm_application_security_group.a",)
    assert read.source_application_security_group_ids == ()
    assert application_security_group_members(azure_network) == {"azurerm_application_security_group.a": []}


def test_an_association_of_nothing_in_the_plan_is_unplaced() -> None:
    planned_network = network(
        SITE
        | {
            "azurerm_network_interface_security_group_association.a": {
                "network_interface_id": Ref("data.azurerm_network_interface.x.id"),
                "network_security_group_id": NSG,
            }
        }
    )

    assert [unplaced_part.attribute for unplaced_part in planned_network.unplaced] == ["network_interface_id"]
