"""From instances and interfaces of the EC2 API to machines of the data plane."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

import pytest

from twinspan.network.model import (
    AwsNetwork,
    AwsRoute,
    AwsRouteTable,
    AwsSubnet,
    Machine,
    Network,
    NetworkInterface,
    Secrets,
    Vpc,
)
from twinspan.twin.dataplane.desired import Desired, Timers, desired_state
from twinspan.twin.dataplane.spec import StaticRoute

INTERFACE = NetworkInterface(
    id="eni-1",
    name="",
    subnet_id="subnet-1",
    private_ip_addresses=(IPv4Address("10.2.1.20"), IPv4Address("10.2.1.21")),
    security_group_ids=("sg-1",),
    forwards=True,
    machine_id="i-1",
)
MACHINE = Machine(id="i-1", name="web", state="running", interface_ids=("eni-1",))
NETWORK = AwsNetwork(
    account_id="123456789012",
    region="eu-central-1",
    vpcs=(Vpc(id="vpc-1", name="", cidr_blocks=(IPv4Network("10.2.0.0/16"),)),),
    subnets=(
        AwsSubnet(
            id="subnet-1",
            name="",
            vpc_id="vpc-1",
            cidr_block=IPv4Network("10.2.1.0/24"),
            availability_zone="eu-central-1a",
        ),
    ),
    network_interfaces=(INTERFACE,),
    machines=(MACHINE,),
)


def desired(network: AwsNetwork) -> Desired:
    return desired_state(Network(aws=network, azure=None), Secrets(), generation=1, timers=Timers())


def test_an_instance_is_a_machine_with_its_interfaces() -> None:
    data_plane = desired(NETWORK)

    (machine,) = data_plane.machines
    (interface,) = machine.interfaces
    assert (machine.key, machine.side, machine.name, machine.running) == ("i-1", "aws", "web", True)
    assert (interface.router, interface.subnet_id, interface.forwards) == ("vpc-1", "subnet-1", True)
    assert interface.addresses == (IPv4Interface("10.2.1.20/24"), IPv4Interface("10.2.1.21/24"))
    assert (data_plane.unattached, data_plane.problems) == ((), ())


@pytest.mark.parametrize(
    ("state", "running"),
    [("pending", True), ("running", True), ("stopping", False), ("stopped", False), ("shutting-down", False)],
)
def test_what_is_about_to_run_is_built_and_what_is_about_to_stop_is_not(state: str, running: bool) -> None:
    (machine,) = desired(replace(NETWORK, machines=(replace(MACHINE, state=state),))).machines
    assert machine.running is running


def test_interfaces_without_a_machine_keep_their_addresses() -> None:
    gone = replace(MACHINE, state="shutting-down", interface_ids=())
    data_plane = desired(replace(NETWORK, machines=(gone,)))
    assert data_plane.machines == ()
    assert [interface.key for interface in data_plane.unattached] == ["eni-1"]


def test_an_interface_without_its_subnet_is_a_problem_of_its_machine_alone() -> None:
    lost = replace(INTERFACE, id="eni-2", subnet_id="subnet-gone")
    other = replace(MACHINE, id="i-2", interface_ids=("eni-2",))
    data_plane = desired(replace(NETWORK, network_interfaces=(INTERFACE, lost), machines=(MACHINE, other)))
    assert [machine.key for machine in data_plane.machines] == ["i-1"]
    assert len([problem for problem in data_plane.problems if "subnet-gone" in problem]) == 1
    assert len([problem for problem in data_plane.problems if problem.startswith("i-2: ")]) == 1


@pytest.mark.parametrize(("target", "next_hop"), [("eni-1", "10.2.1.20"), ("eni-gone", None)])
def test_a_route_leads_to_an_interface_that_exists(target: str, next_hop: str | None) -> None:
    route = AwsRoute(
        destination=IPv4Network("192.168.0.0/16"), target=target, state="blackhole", origin="CreateRoute"
    )
    table = AwsRouteTable(
        id="rtb-1",
        name="",
        vpc_id="vpc-1",
        main=True,
        subnet_ids=(),
        propagating_vgw_ids=(),
        routes=(route,),
    )
    (router,) = desired(replace(NETWORK, route_tables=(table,))).routers
    expected = StaticRoute(
        destination=route.destination,
        target="appliance" if next_hop else "nowhere",
        next_hop=IPv4Address(next_hop) if next_hop else None,
    )
    assert router.tables[0].routes == (expected,)


def test_a_restart_that_was_asked_for_is_the_machine_s() -> None:
    (machine,) = desired(NETWORK).with_restarts({"i-1": "2"}).machines
    assert machine.restart == "2"
