"""Instances and network interfaces of plans, however they are joined to each other."""

from ipaddress import IPv4Address, IPv4Network
from typing import Any

from planned import Ref, aws

from twinspan.network.model import AwsNetwork, Machine, NetworkInterface
from twinspan.network.unknown import CLOUD_CHOOSES, UNKNOWN, Unknown

SUBNET = Ref("aws_subnet.a.id", "aws_subnet.a")
GROUP = Ref("aws_security_group.a.id", "aws_security_group.a")
INSTANCE = Ref("aws_instance.a.id", "aws_instance.a")
INTERFACE = Ref("aws_network_interface.a.id", "aws_network_interface.a")
ADDRESS = Ref("aws_eip.a.id", "aws_eip.a")
PRIMARY = Ref("aws_instance.a.primary_network_interface_id", "aws_instance.a")
SITE: dict[str, dict[str, Any]] = {
    "aws_subnet.a": {"cidr_block": "10.2.1.0/24"},
    "aws_security_group.a": {"name": "web"},
    "aws_instance.a": {
        "subnet_id": SUBNET,
        "private_ip": "10.2.1.20",
        "vpc_security_group_ids": [GROUP],
        "source_dest_check": False,
        "tags": {"Name": "router"},
    },
}


def only(aws_network: AwsNetwork[Unknown]) -> tuple[Machine[Unknown], tuple[NetworkInterface[Unknown], ...]]:
    (machine,) = aws_network.machines
    return machine, aws_network.network_interfaces


def test_an_instance_has_the_interface_that_it_will_be_made_with() -> None:
    machine, (interface,) = only(aws(SITE))

    assert (machine.id, machine.name, machine.state) == ("aws_instance.a", "router", "running")
    assert machine.interface_ids == (interface.id,) == ("aws_instance.a.primary_network_interface_id",)
    assert interface.machine_id == "aws_instance.a"
    assert interface.subnet_id == "aws_subnet.a"
    assert interface.private_ip_addresses == (IPv4Address("10.2.1.20"),)
    assert interface.security_group_ids == ("aws_security_group.a",)
    assert interface.forwards is True


def test_what_is_not_written_the_cloud_chooses() -> None:
    _, (interface,) = only(aws({"aws_instance.a": {"private_ip": Ref()}}))

    assert interface.subnet_id is CLOUD_CHOOSES
    assert interface.security_group_ids == (CLOUD_CHOOSES,)
    assert all(isinstance(address, Unknown) for address in interface.private_ip_addresses)
    assert interface.forwards is False


def test_a_state_is_read_by_ids() -> None:
    state = {
        "aws_instance.a": {
            "id": "i-1",
            "primary_network_interface_id": "eni-1",
            "instance_state": "stopped",
            "private_ip": "10.2.1.20",
            "secondary_private_ips": ["10.2.1.21"],
            "source_dest_check": True,
        }
    }
    machine, (interface,) = only(aws(state))

    assert (machine.id, machine.address, machine.state) == ("i-1", "aws_instance.a", "stopped")
    assert (interface.id, interface.machine_id) == ("eni-1", "i-1")
    assert [str(address) for address in interface.private_ip_addresses] == ["10.2.1.20", "10.2.1.21"]


def test_interfaces_are_attached_by_a_block_an_attachment_or_the_instance() -> None:
    interface = {"subnet_id": SUBNET, "private_ips": ["10.2.1.30", "10.2.1.31"]}
    apart = {
        "aws_network_interface.a": interface,
        "aws_network_interface_attachment.a": {
            "instance_id": INSTANCE,
            "network_interface_id": INTERFACE,
            "device_index": 1,
        },
    }
    inside = {
        "aws_network_interface.a": {**interface, "attachment": [{"instance": INSTANCE, "device_index": 1}]}
    }
    own = {
        "aws_subnet.a": SITE["aws_subnet.a"],
        "aws_network_interface.a": interface,
        "aws_instance.a": {"network_interface": [{"network_interface_id": INTERFACE, "device_index": 0}]},
    }
    primary = "aws_instance.a.primary_network_interface_id"

    for resources, expected in (
        ({**SITE, **apart}, (primary, "aws_network_interface.a")),
        ({**SITE, **inside}, (primary, "aws_network_interface.a")),
        (own, ("aws_network_interface.a",)),
    ):
        machine, interfaces = only(aws(resources))
        assert machine.interface_ids == expected
        assert {machine_interface.id for machine_interface in interfaces} == set(expected)
        added = next(machine_interface for machine_interface in interfaces if machine_interface.address)
        assert added.machine_id == "aws_instance.a"
        assert [str(address) for address in added.private_ip_addresses] == ["10.2.1.30", "10.2.1.31"]


def test_groups_and_elastic_addresses_come_from_resources_of_their_own() -> None:
    resources = {
        **SITE,
        "aws_security_group.b": {"name": "more"},
        "aws_network_interface_sg_attachment.a": {
            "security_group_id": Ref("aws_security_group.b.id", "aws_security_group.b"),
            "network_interface_id": PRIMARY,
        },
        "aws_eip.a": {"domain": "vpc"},
        "aws_eip_association.a": {"instance_id": INSTANCE, "allocation_id": ADDRESS},
        "aws_network_interface.a": {"subnet_id": SUBNET},
        "aws_eip.b": {"network_interface": INTERFACE},
    }
    by_id = {
        network_interface.id: network_interface for network_interface in aws(resources).network_interfaces
    }
    primary = by_id["aws_instance.a.primary_network_interface_id"]

    assert primary.security_group_ids == ("aws_security_group.a", "aws_security_group.b")
    assert primary.public_ip_address_ids == ("aws_eip.a",)
    assert by_id["aws_network_interface.a"].public_ip_address_ids == ("aws_eip.b",)
    assert by_id["aws_network_interface.a"].machine_id is None


def test_a_route_leads_to_an_interface_or_to_an_instance_s_first_one() -> None:
    resources = {
        **SITE,
        "aws_vpc.a": {"cidr_block": "10.2.0.0/16"},
        "aws_network_interface.a": {"subnet_id": SUBNET},
        "aws_route_table.a": {"vpc_id": Ref("aws_vpc.a.id", "aws_vpc.a")},
        "aws_route.a": {
            "route_table_id": Ref("aws_route_table.a.id", "aws_route_table.a"),
            "destination_cidr_block": "192.168.0.0/16",
            "network_interface_id": PRIMARY,
        },
        "aws_route.b": {
            "route_table_id": Ref("aws_route_table.a.id", "aws_route_table.a"),
            "destination_cidr_block": "192.0.2.0/24",
            "network_interface_id": INTERFACE,
        },
    }
    tables = {table.address: table for table in aws(resources).route_tables}
    targets = {route.destination: route.target for route in tables["aws_route_table.a"].routes}

    assert targets[IPv4Network("192.168.0.0/16")] == "aws_instance.a.primary_network_interface_id"
    assert targets[IPv4Network("192.0.2.0/24")] == "aws_network_interface.a"


def test_what_cannot_be_an_address_is_noted() -> None:
    _, (interface,) = only(aws({"aws_instance.a": {"private_ip": "ten"}}))
    assert interface.private_ip_addresses == (UNKNOWN,)
