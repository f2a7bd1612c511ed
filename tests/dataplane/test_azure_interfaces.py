"""Azure's interfaces on the data plane: application security groups, and what is in force."""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path

import pytest
from plane_harness import Plane, running
from reference_network import AZURE, AZURE_PLAIN, AZURE_ROUTED, NSG, VNET, nsg_rule, reference_network

from twinspan.errors import DesignError
from twinspan.network.model import NetworkSecurityGroup
from twinspan.twin.dataplane.desired import Timers, desired_state
from twinspan.twin.dataplane.spec import Desired, InterfaceSpec, MachineSpec, StaticRoute
from twinspan.twin.dataplane.wire import LoadedRule

pytestmark = pytest.mark.root

WEB = "asg-web"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Site"]:
    for plane in running(Path(tmp_path_factory.mktemp("azure"))):
        yield Site(plane)


class Site:
    """A plane with the reference VNet alone; each `apply` has other machines."""

    def __init__(self, plane: Plane) -> None:
        self.client = plane.client
        self.generation = 0
        network, secrets = reference_network()
        desired = desired_state(replace(network, aws=None), secrets, generation=0, timers=Timers())
        assert desired.problems == ()
        self.base = replace(desired, ends=(), gateways=())

    def apply(self, *interfaces: InterfaceSpec, base: Desired | None = None) -> None:
        """Have a machine for each interface, of the same name."""
        machines = tuple(
            MachineSpec(key=f"vm-{spec.key}", side="azure", name=spec.key, running=True, interfaces=(spec,))
            for spec in interfaces
        )
        self.generation += 1
        desired = replace(base or self.base, machines=machines, generation=self.generation)
        assert self.client.apply(desired).problems == ()

    def reaches(self, sender: str, address: str) -> bool:
        argv = ["ping", "-c", "2", "-i", "0.2", "-W", "1", address]
        return self.client.execute(f"vm-{sender}", argv, timeout_s=10).returncode == 0


def interface(
    key: str, address: str, *groups: str, nsg: NetworkSecurityGroup | None = None, subnet: str = AZURE_PLAIN
) -> InterfaceSpec:
    return InterfaceSpec(
        key=key,
        router=VNET,
        subnet_id=subnet,
        addresses=(IPv4Interface(f"{address}/24"),),
        application_security_group_ids=groups,
        network_security_group=nsg,
    )


def only_from(*groups: str) -> NetworkSecurityGroup:
    """A group that lets in what comes from application security groups, and nothing else."""
    allow = replace(
        nsg_rule("Allow"),
        name="group",
        source_address_prefixes=(),
        source_application_security_group_ids=groups,
    )
    rest = replace(nsg_rule("Deny"), name="rest", priority=200, source_address_prefixes=("*",))
    return NetworkSecurityGroup(id=NSG, name="nsg", security_rules=(allow, rest))


def test_a_rule_admits_the_members_of_an_application_security_group(site: Site) -> None:
    target = interface("target", "10.1.2.10", nsg=only_from(WEB))
    member, stranger = interface("a", "10.1.2.11", WEB), interface("b", "10.1.2.12")

    site.apply(target, member, stranger)
    assert (site.reaches("a", "10.1.2.10"), site.reaches("b", "10.1.2.10")) == (True, False)

    site.apply(
        target,
        replace(member, application_security_group_ids=()),
        replace(stranger, application_security_group_ids=(WEB,)),
    )
    assert (site.reaches("a", "10.1.2.10"), site.reaches("b", "10.1.2.10")) == (False, True)


def test_a_group_without_members_admits_nobody(site: Site) -> None:
    site.apply(interface("target", "10.1.2.10", nsg=only_from(WEB)), interface("a", "10.1.2.11"))

    assert not site.reaches("a", "10.1.2.10")


def test_the_rules_in_force_are_read_from_the_kernel(site: Site) -> None:
    target = interface("target", "10.1.2.10", nsg=only_from(WEB))
    site.apply(target, interface("a", "10.1.2.11", WEB), interface("b", "10.1.2.13", WEB))

    rules = [
        rule
        for rule in site.client.interface_state("target").rules
        if rule.at_interface and rule.direction == "Inbound"
    ]

    assert rules[:2] == [
        LoadedRule(
            at_interface=True,
            direction="Inbound",
            priority=100,
            name="group",
            allows=True,
            sources=(IPv4Network("10.1.2.11/32"), IPv4Network("10.1.2.13/32")),
            destinations=(),
        ),
        LoadedRule(
            at_interface=True,
            direction="Inbound",
            priority=200,
            name="rest",
            allows=False,
            sources=(),
            destinations=(),
        ),
    ]
    assert [rule.name for rule in rules[2:]] == [
        "AllowVnetInBound",
        "AllowAzureLoadBalancerInBound",
        "DenyAllInBound",
    ]
    site.apply(target)
    left = [rule.name for rule in site.client.interface_state("target").rules if rule.at_interface]
    assert "group" not in left


def test_the_routes_in_force_are_those_of_the_subnets_table(site: Site) -> None:
    appliance = IPv4Address("10.1.2.11")
    routers = tuple(
        replace(
            router,
            tables=tuple(
                replace(
                    table,
                    routes=(
                        StaticRoute(
                            destination=IPv4Network("10.9.0.0/16"), target="appliance", next_hop=appliance
                        ),
                    ),
                )
                for table in router.tables
            ),
        )
        for router in site.base.routers
    )
    site.apply(
        interface("target", "10.1.0.10", subnet=AZURE_ROUTED), base=replace(site.base, routers=routers)
    )

    routes = site.client.interface_state("target").routes

    by_destination = {route.destination: (route.kind, route.next_hops) for route in routes}
    assert by_destination[AZURE] == ("throw", ())
    assert by_destination[IPv4Network("10.9.0.0/16")] == ("unicast", (appliance,))
    assert by_destination[IPv4Network("192.168.0.0/16")] == ("blackhole", ())


def test_an_interface_of_no_running_machine_has_no_state(site: Site) -> None:
    site.apply()

    with pytest.raises(DesignError, match="no machine that runs has it"):
        site.client.interface_state("target")
