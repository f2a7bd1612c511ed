"""Machines in a subnet, in the order in which they are chosen to send from."""

from dataclasses import replace
from ipaddress import IPv4Address

from twinspan.network.model import AwsNetwork, Machine, NetworkInterface
from twinspan.network.workloads import machines_in


def interface(identifier: str, subnet: str) -> NetworkInterface:
    return NetworkInterface(
        id=identifier, name="", subnet_id=subnet, private_ip_addresses=(IPv4Address("10.2.0.4"),)
    )


def machine(name: str, *interface_ids: str, state: str = "running") -> Machine:
    return Machine(id=f"i-{name}", name=name, state=state, interface_ids=interface_ids)


NETWORK: AwsNetwork = AwsNetwork(
    account_id="123456789012",
    region="eu-west-1",
    network_interfaces=(
        interface("eni-outer", "edge"),
        interface("eni-inner", "spoke"),
        interface("eni-w", "spoke"),
        interface("eni-a", "spoke"),
    ),
    machines=(machine("a", "eni-a", state="stopped"), machine("router", "eni-outer", "eni-inner")),
)


def test_a_machine_is_in_the_subnets_of_all_its_interfaces() -> None:
    assert [placed.machine.name for placed in machines_in(NETWORK, "edge")] == ["router"]
    assert [placed.machine.name for placed in machines_in(NETWORK, "spoke")] == ["router", "a"]
    assert machines_in(NETWORK, "elsewhere") == ()


def test_one_that_answers_by_its_primary_interface_comes_before_a_router() -> None:
    worker = machine("worker", "eni-w")

    placed = machines_in(replace(NETWORK, machines=(*NETWORK.machines, worker)), "SPOKE")

    assert [(one.machine.name, one.primary) for one in placed] == [
        ("worker", True),
        ("router", False),
        ("a", True),
    ]
