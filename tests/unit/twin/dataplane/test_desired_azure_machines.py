"""Azure's network interfaces in the desired data plane; what has no place is named and the rest is built."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

import pytest

from twinspan.network.model import (
    AzureNetwork,
    AzureSubnet,
    Machine,
    Network,
    NetworkInterface,
    NetworkSecurityGroup,
    Secrets,
    VirtualNetwork,
)
from twinspan.twin.dataplane.desired import Timers, desired_state
from twinspan.twin.dataplane.spec import Desired

SUBNET = AzureSubnet(
    id="/vnet/subnets/a",
    name="a",
    address_prefixes=(IPv4Network("10.1.1.0/24"), IPv4Network("10.1.2.0/25")),
    route_table_id=None,
    network_security_group_id=None,
)
GROUP = NetworkSecurityGroup(id="/nsg", name="nsg", security_rules=())
NIC = NetworkInterface(
    id="/nic",
    name="nic",
    subnet_id=SUBNET.id,
    private_ip_addresses=(IPv4Address("10.1.2.4"), IPv4Address("10.1.1.9")),
    security_group_ids=(GROUP.id,),
    application_security_group_ids=("/asg",),
    forwards=True,
)
VM = Machine(id="/vm", name="vm", state="running", interface_ids=("/nic",))


def desired(*interfaces: NetworkInterface, machines: tuple[Machine, ...] = (VM,)) -> Desired:
    vnet = VirtualNetwork(
        id="/vnet",
        name="vnet",
        location="westeurope",
        address_space=(IPv4Network("10.1.0.0/16"),),
        subnets=(SUBNET,),
    )
    azure = AzureNetwork(
        subscription_id="s",
        virtual_networks=(vnet,),
        network_security_groups=(GROUP,),
        network_interfaces=interfaces,
        machines=machines,
    )
    return desired_state(Network(aws=None, azure=azure), Secrets(), generation=1, timers=Timers())


def test_an_interface_has_the_prefix_of_its_subnet_and_its_groups() -> None:
    data_plane = desired(NIC)
    (machine,) = data_plane.machines
    (interface,) = machine.interfaces

    assert data_plane.problems == ()
    assert interface.addresses == (IPv4Interface("10.1.2.4/25"), IPv4Interface("10.1.1.9/24"))
    assert (interface.router, interface.subnet_id, interface.forwards) == ("/vnet", SUBNET.id, True)
    assert interface.network_security_group == GROUP
    assert interface.application_security_group_ids == ("/asg",)


@pytest.mark.parametrize(
    ("state", "running"),
    [
        ("starting", True),
        ("running", True),
        ("stopping", False),
        ("stopped", False),
        ("deallocating", False),
        ("deallocated", False),
    ],
)
def test_a_machine_is_there_while_it_runs_or_is_to_run(state: str, running: bool) -> None:
    (machine,) = desired(NIC, machines=(replace(VM, state=state),)).machines

    assert machine.running is running


def test_an_interface_of_no_machine_keeps_its_addresses() -> None:
    data_plane = desired(NIC, machines=())

    assert [interface.key for interface in data_plane.unattached] == ["/nic"]


@pytest.mark.parametrize(
    "wrong",
    [
        replace(NIC, subnet_id="/vnet/subnets/gone"),
        replace(NIC, private_ip_addresses=(IPv4Address("10.9.9.9"),)),
    ],
)
def test_what_has_no_place_is_named_and_the_rest_is_built(wrong: NetworkInterface) -> None:
    other = replace(NIC, id="/other", private_ip_addresses=(IPv4Address("10.1.1.20"),))
    second = replace(VM, id="/second", interface_ids=("/other",))

    data_plane = desired(wrong, other, machines=(VM, second))

    assert [machine.key for machine in data_plane.machines] == ["/second"]
    assert any(problem.startswith("/vm: ") for problem in data_plane.problems)
