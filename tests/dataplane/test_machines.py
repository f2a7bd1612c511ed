"""Machines of both clouds: addresses, filters, forwarding, next hops, stopped and started."""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path

import pytest
from plane_harness import Plane, run_inside, running, taken
from reference_network import (
    AWS_PRIVATE,
    AWS_SECOND,
    AZURE_PLAIN,
    AZURE_ROUTED,
    AZURE_UNPROPAGATED,
    GROUP,
    NSG,
    VNET,
    VPC,
    nsg_rule,
    reference_network,
    with_aws,
)

from twinspan.errors import CommandError, DesignError, HostError
from twinspan.network.model import IpPermission, NetworkSecurityGroup, SecurityGroup
from twinspan.twin.dataplane.desired import Timers, desired_state
from twinspan.twin.dataplane.namespaces import short_name
from twinspan.twin.dataplane.spec import Desired, InterfaceSpec, MachineSpec, StaticRoute
from twinspan.twin.dataplane.wire import ApplyResult, HostSpec

pytestmark = pytest.mark.root

OPEN = "sg-open"


def aws_interface(
    key: str, address: str, *more: str, subnet: str = AWS_PRIVATE, **changes: object
) -> InterfaceSpec:
    spec = InterfaceSpec(
        key=key,
        router=VPC,
        subnet_id=subnet,
        addresses=tuple(IPv4Interface(f"{interface_address}/24") for interface_address in (address, *more)),
        security_group_ids=(OPEN,),
    )
    return replace(spec, **changes)  # type: ignore[arg-type]


def azure_interface(key: str, address: str, subnet: str = AZURE_PLAIN, **changes: object) -> InterfaceSpec:
    spec = InterfaceSpec(key=key, router=VNET, subnet_id=subnet, addresses=(IPv4Interface(f"{address}/24"),))
    return replace(spec, **changes)  # type: ignore[arg-type]


def machine(key: str, *interfaces: InterfaceSpec, **changes: object) -> MachineSpec:
    side = "azure" if interfaces[0].router == VNET else "aws"
    spec = MachineSpec(key=key, side=side, name=key, running=True, interfaces=interfaces)  # type: ignore[arg-type]
    return replace(spec, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Networks"]:
    """The reference network's VPC and VNet, without tunnels."""
    for plane in running(Path(tmp_path_factory.mktemp("machines"))):
        yield Networks(plane)


class Networks:
    """A plane with both networks; each `apply` has other machines."""

    def __init__(self, plane: Plane) -> None:
        self.plane = plane
        self.generation = 0
        network, secrets = reference_network()
        everything = IpPermission(
            direction="ingress", ip_protocol="-1", from_port=-1, to_port=-1, cidr=IPv4Network("0.0.0.0/0")
        )
        group = SecurityGroup(
            id=OPEN,
            name="open",
            vpc_id=VPC,
            permissions=(everything, replace(everything, direction="egress")),
        )
        assert network.aws is not None
        network = with_aws(network, security_groups=(*network.aws.security_groups, group))
        desired = desired_state(network, secrets, generation=0, timers=Timers())
        self.base = replace(desired, ends=(), gateways=())

    def apply(self, *machines: MachineSpec, unattached: tuple[InterfaceSpec, ...] = ()) -> ApplyResult:
        return self.send(replace(self.base, machines=machines, unattached=unattached))

    def send(self, desired: Desired) -> ApplyResult:
        self.generation += 1
        return self.plane.client.apply(replace(desired, generation=self.generation))

    def reaches(self, key: str, address: str, *options: str) -> bool:
        argv = ["ping", "-c", "2", "-i", "0.2", "-W", "1", *options, address]
        return self.plane.client.execute(key, argv, timeout_s=10).returncode == 0


def test_two_machines_reach_each_other_from_every_address(networks: Networks) -> None:
    first = machine("i-1", aws_interface("eni-1", "10.2.1.10", "10.2.1.9"))
    second = machine("i-2", aws_interface("eni-2", "10.2.2.10", subnet=AWS_SECOND))

    assert networks.apply(first, second).problems == ()

    assert set(networks.plane.client.observe().machines) == {"i-1", "i-2"}
    assert networks.reaches("i-1", "10.2.2.10")
    assert networks.reaches("i-1", "10.2.2.10", "-I", "10.2.1.9")
    assert networks.reaches("i-2", "10.2.1.9")
    shown = networks.plane.client.execute("i-1", ["ip", "route", "get", "10.2.2.10"], timeout_s=5).stdout
    assert "src 10.2.1.10" in shown


def test_each_interface_has_its_own_groups_and_answers_by_itself(networks: Networks) -> None:
    sender = machine("i-1", aws_interface("eni-1", "10.2.1.10"))
    closed = aws_interface("eni-2", "10.2.1.11", security_group_ids=(GROUP,))
    second = machine("i-2", closed, aws_interface("eni-3", "10.2.2.11", subnet=AWS_SECOND))

    assert networks.apply(sender, second).problems == ()

    assert not networks.reaches("i-1", "10.2.1.11")
    assert networks.reaches("i-1", "10.2.2.11")
    devices = networks.plane.client.execute("i-2", ["ip", "-br", "addr"], timeout_s=5).stdout
    assert "eth0" in devices
    assert "eth1" in devices


@pytest.mark.parametrize("at_subnet", [False, True])
def test_both_security_groups_of_azure_must_let_a_packet_pass(networks: Networks, at_subnet: bool) -> None:
    deny = replace(nsg_rule("Deny"), source_address_prefixes=("*",))
    denying = NetworkSecurityGroup(id=NSG, name="nsg", security_rules=(deny,))
    allowing = NetworkSecurityGroup(
        id=NSG, name="nsg", security_rules=(replace(deny, access="Allow", name="all"),)
    )
    subnet_group, own_group = (denying, allowing) if at_subnet else (allowing, denying)
    sender = machine("vm-1", azure_interface("nic-1", "10.1.2.10"))
    receiver = machine("vm-2", azure_interface("nic-2", "10.1.0.10", subnet=AZURE_ROUTED))
    closed = replace(receiver.interfaces[0], network_security_group=own_group)

    def with_group(group: NetworkSecurityGroup) -> Desired:
        return replace(
            networks.base,
            routers=tuple(
                replace(
                    router,
                    subnets=tuple(
                        replace(subnet, network_security_group=group) if subnet.id == AZURE_ROUTED else subnet
                        for subnet in router.subnets
                    ),
                )
                for router in networks.base.routers
            ),
        )

    open_ = replace(with_group(allowing), machines=(sender, receiver))
    assert networks.send(open_).problems == ()
    assert networks.reaches("vm-1", "10.1.0.10")

    shut = replace(with_group(subnet_group), machines=(sender, replace(receiver, interfaces=(closed,))))
    assert networks.send(shut).problems == ()
    assert not networks.reaches("vm-1", "10.1.0.10")


@pytest.mark.parametrize("forwards", [False, True])
def test_a_machine_is_a_next_hop_only_if_it_forwards(networks: Networks, forwards: bool) -> None:
    sender = machine("i-1", aws_interface("eni-1", "10.2.1.10"))
    hop = machine(
        "i-router",
        aws_interface("eni-r0", "10.2.1.20", forwards=forwards),
        aws_interface("eni-r1", "10.2.2.20", subnet=AWS_SECOND, forwards=forwards),
    )
    receiver = machine("i-2", aws_interface("eni-2", "10.2.2.10", subnet=AWS_SECOND))
    via = StaticRoute(
        destination=IPv4Network("10.2.2.0/24"), target="appliance", next_hop=IPv4Address("10.2.1.20")
    )
    desired = replace(with_route(networks.base, "rtb-private", via), machines=(sender, hop, receiver))

    assert networks.send(desired).problems == ()

    assert networks.reaches("i-1", "10.2.2.10") is forwards
    # The VPC's router and the machine: two hops.
    assert not networks.reaches("i-1", "10.2.2.10", "-t", "2")
    assert networks.reaches("i-1", "10.2.2.10", "-t", "3") is forwards


def test_azure_drops_what_is_not_for_an_interface_without_ip_forwarding(networks: Networks) -> None:
    sender = machine("vm-1", azure_interface("nic-1", "10.1.2.10"))
    hop = azure_interface("nic-r", "10.1.3.20", subnet=AZURE_UNPROPAGATED)
    receiver = machine("vm-2", azure_interface("nic-2", "10.1.3.10", subnet=AZURE_UNPROPAGATED))
    via = StaticRoute(
        destination=IPv4Network("10.1.3.0/24"), target="appliance", next_hop=IPv4Address("10.1.3.20")
    )
    routed = with_route(networks.base, "default", via)

    for forwards in (False, True):
        router = machine("vm-r", replace(hop, forwards=forwards))
        assert networks.send(replace(routed, machines=(sender, router, receiver))).problems == ()
        assert networks.reaches("vm-1", "10.1.3.10") is forwards


def test_a_stopped_machine_is_gone_and_comes_back_with_its_addresses(networks: Networks) -> None:
    first = machine("i-1", aws_interface("eni-1", "10.2.1.10"))
    second = machine("i-2", aws_interface("eni-2", "10.2.1.4"))
    networks.apply(first, second)
    assert networks.reaches("i-1", "10.2.1.4")

    assert networks.apply(first, replace(second, running=False)).problems == ()
    assert networks.plane.client.observe().machines == ("i-1",)
    assert not networks.reaches("i-1", "10.2.1.4")
    with pytest.raises(DesignError, match="not running"):
        networks.plane.client.execute("i-2", ["true"], timeout_s=5)
    with pytest.raises(DesignError, match="taken"):
        networks.plane.client.attach(
            HostSpec(name="thief", side="aws", subnet_id=AWS_PRIVATE, address=IPv4Address("10.2.1.4"))
        )

    assert networks.apply(first, second).problems == ()
    assert networks.reaches("i-1", "10.2.1.4")


def test_a_restart_ends_what_runs_on_a_machine(networks: Networks) -> None:
    first = machine("i-1", aws_interface("eni-1", "10.2.1.10"))
    networks.apply(first)
    started = "sleep 300 >/dev/null 2>&1 & echo started"
    networks.plane.client.execute("i-1", ["sh", "-c", started], timeout_s=5)
    assert len(processes(networks, "i-1")) == 1

    assert networks.apply(replace(first, restart="1")).problems == ()

    assert processes(networks, "i-1") == []
    assert networks.plane.client.observe().machines == ("i-1",)


def test_interfaces_come_and_go_while_a_machine_runs(networks: Networks) -> None:
    sender = machine("i-1", aws_interface("eni-1", "10.2.1.10"))
    one = aws_interface("eni-2", "10.2.1.11")
    other = aws_interface("eni-3", "10.2.2.11", subnet=AWS_SECOND)
    networks.apply(sender, machine("i-2", one), unattached=(other,))
    networks.plane.client.execute("i-2", ["sh", "-c", "sleep 300 >/dev/null 2>&1 &"], timeout_s=5)
    assert not networks.reaches("i-1", "10.2.2.11")

    assert networks.apply(sender, machine("i-2", one, other)).problems == ()
    assert networks.reaches("i-1", "10.2.2.11")
    more = replace(one, addresses=(*one.addresses, IPv4Interface("10.2.1.12/24")))
    assert networks.apply(sender, machine("i-2", more, other)).problems == ()
    assert networks.reaches("i-1", "10.2.1.12")
    assert (
        networks.apply(
            machine("i-1", aws_interface("eni-1", "10.2.1.10", "10.2.1.12")),
            machine("i-2", one),
            unattached=(other,),
        ).problems
        == ()
    )
    assert networks.apply(sender, machine("i-2", more, other)).problems == ()
    assert networks.reaches("i-1", "10.2.1.12")
    assert networks.apply(sender, machine("i-2", one), unattached=(other,)).problems == ()
    assert not networks.reaches("i-1", "10.2.2.11")
    assert not networks.reaches("i-1", "10.2.1.12")
    assert networks.reaches("i-1", "10.2.1.11")

    assert len(processes(networks, "i-2")) == 1


@pytest.mark.obstacle("InterfaceSpec")
def test_an_address_that_a_host_has_is_a_problem_until_the_host_is_gone(networks: Networks) -> None:
    networks.apply()
    networks.plane.client.attach(
        HostSpec(name="first", side="aws", subnet_id=AWS_PRIVATE, address=IPv4Address("10.2.1.30"))
    )
    desired_machine = machine("i-1", aws_interface("eni-1", "10.2.1.30"))
    try:
        problems = networks.apply(desired_machine).problems
        assert any("10.2.1.30 is taken" in problem for problem in problems), problems
        assert networks.plane.client.observe().machines == ()
    finally:
        networks.plane.client.detach("first")

    assert networks.apply(desired_machine).problems == ()
    assert networks.plane.client.observe().machines == ("i-1",)


@pytest.mark.obstacle("MachineSpec")
def test_a_machine_whose_place_is_taken_is_made_when_it_is_free(networks: Networks) -> None:
    networks.apply()
    desired_machine = machine("i-1", aws_interface("eni-1", "10.2.1.10"))
    good = machine("i-2", aws_interface("eni-2", "10.2.1.11"))
    with taken(networks.plane, short_name("vm", "i-1")):
        (problem,) = networks.apply(desired_machine, good).problems
        assert "i-1" in problem
        assert networks.plane.client.observe().machines == ("i-2",)

    assert networks.apply(desired_machine, good).problems == ()
    assert networks.reaches("i-1", "10.2.1.11")


def test_a_machine_without_its_subnet_is_a_problem_of_its_own(networks: Networks) -> None:
    lost = machine("i-1", aws_interface("eni-1", "10.2.1.10", subnet="subnet-gone"))
    good = machine("i-2", aws_interface("eni-2", "10.2.1.11"))

    (problem,) = networks.apply(lost, good).problems

    assert "subnet-gone" in problem
    assert networks.plane.client.observe().machines == ("i-2",)


def test_machines_leave_before_their_network_does(networks: Networks) -> None:
    networks.apply(machine("i-1", aws_interface("eni-1", "10.2.1.10")))

    assert networks.send(replace(networks.base, routers=())).problems == ()
    assert networks.plane.client.observe().machines == ()
    assert networks.apply(machine("i-1", aws_interface("eni-1", "10.2.1.10"))).problems == ()


def test_a_machine_whose_network_goes_and_comes_back_is_plugged_in_again(networks: Networks) -> None:
    first = machine("i-1", aws_interface("eni-1", "10.2.1.10"))
    second = machine("i-2", aws_interface("eni-2", "10.2.1.11"))
    networks.apply(first, second)

    without = replace(networks.base, routers=(), machines=(first, second))
    assert len(networks.send(without).problems) == 2
    assert networks.plane.client.observe().machines == ()

    assert networks.apply(first, second).problems == ()
    assert networks.reaches("i-1", "10.2.1.11")


def test_execute_returns_status_both_outputs_and_takes_input(networks: Networks) -> None:
    networks.apply(machine("i-1", aws_interface("eni-1", "10.2.1.10")))
    execute = networks.plane.client.execute

    done = execute("i-1", ["sh", "-s"], timeout_s=5, stdin="echo out; echo err >&2; exit 3\n")
    assert (done.returncode, done.stdout, done.stderr) == (3, "out\n", "err\n")
    assert execute("i-1", ["id", "-u"], timeout_s=5).stdout != "0\n"
    with pytest.raises(CommandError, match="no end within"):
        execute("i-1", ["sleep", "30"], timeout_s=0.5)
    with pytest.raises(HostError, match="not installed"):
        execute("i-1", ["no-such-program"], timeout_s=5)
    with pytest.raises(DesignError, match="i-none"):
        execute("i-none", ["true"], timeout_s=5)


def with_route(desired: Desired, table: str, route: StaticRoute) -> Desired:
    return replace(
        desired,
        routers=tuple(
            replace(
                router,
                tables=tuple(
                    replace(route_table, routes=(*route_table.routes, route))
                    if route_table.key == table
                    else route_table
                    for route_table in router.tables
                ),
            )
            for router in desired.routers
        ),
    )


def processes(networks: Networks, key: str) -> list[str]:
    return run_inside(networks.plane, "ip", "netns", "pids", short_name("vm", key)).stdout.split()
