"""Where a VPC route to a machine ends."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from twinspan.network.appliances import Way, way_of
from twinspan.network.model import (
    AwsNetwork,
    AwsRoute,
    AwsRouteTable,
    Machine,
    NetworkInterface,
)
from twinspan.network.routes import Route, Source
from twinspan.network.unknown import UNKNOWN, Unknown

REMOTE = IPv4Network("10.1.0.0/16")
TO_ROUTER = Route(destination=REMOTE, target="eni-inner", source=Source.USER)


def table(subnet: str, target: str) -> AwsRouteTable[Unknown]:
    route = AwsRoute(destination=REMOTE, target=target, state="active", origin="CreateRoute")
    return AwsRouteTable(
        id=f"rtb-{subnet}",
        name="",
        vpc_id="vpc-1",
        main=False,
        subnet_ids=(subnet,),
        propagating_vgw_ids=(),
        routes=(route,),
    )


def interface(name: str, subnet: str, *, forwards: bool | Unknown = True) -> NetworkInterface[Unknown]:
    return NetworkInterface(
        id=name,
        name="",
        subnet_id=subnet,
        private_ip_addresses=(IPv4Address("10.2.0.4"),),
        forwards=forwards,
        machine_id="i-router",
    )


def network(edge_target: str = "vgw-1", **changes: object) -> AwsNetwork[Unknown]:
    """Return a spoke whose router has its primary interface in the edge."""
    router: Machine[Unknown] = Machine(
        id="i-router", name="router", state="running", interface_ids=("eni-outer", "eni-inner")
    )
    made: AwsNetwork[Unknown] = AwsNetwork(
        account_id="123456789012",
        region="eu-west-1",
        route_tables=(table("edge", edge_target), table("spoke", "eni-inner")),
        network_interfaces=(interface("eni-outer", "edge"), interface("eni-inner", "spoke")),
        machines=(router,),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # of the fields' own types


def way(made: AwsNetwork[Unknown], route: Route | None = TO_ROUTER) -> Way:
    return way_of(made, route, REMOTE, {"vgw-1"})


def test_a_route_to_the_gateway_itself_passes_nothing() -> None:
    assert way(network(), replace(TO_ROUTER, target="vgw-1")) == Way(leads=True)


def test_a_machine_that_forwards_sends_on_by_the_table_of_its_primary_interface() -> None:
    assert way(network()) == Way(leads=True, via=("router",))


def test_a_check_that_is_on_is_in_the_way() -> None:
    for name, other in (("eni-inner", "eni-outer"), ("eni-outer", "eni-inner")):
        subnets = {"eni-inner": "spoke", "eni-outer": "edge"}
        ends = (interface(name, subnets[name], forwards=False), interface(other, subnets[other]))
        ended = way(network(network_interfaces=ends))
        assert ended.leads is False
        assert name in ended.problem


@pytest.mark.parametrize("state", ["stopped", "stopping", "terminated"])
def test_a_machine_that_does_not_run_is_in_the_way(state: str) -> None:
    (router,) = network().machines
    ended = way(network(machines=(replace(router, state=state),)))
    assert ended.leads is False
    assert state in ended.problem


def test_an_interface_of_no_machine_and_a_target_that_is_none_lead_nowhere() -> None:
    loose = tuple(replace(interface, machine_id=None) for interface in network().network_interfaces)
    assert way(network(network_interfaces=loose)).leads is False
    assert way(network(), replace(TO_ROUTER, target="nat-1")) == Way(leads=False)
    assert way(network(), None) == Way(leads=False)


def test_a_table_that_leads_back_to_the_router_is_a_circle_and_no_way() -> None:
    ended = way(network(edge_target="eni-inner"))
    assert ended.leads is False
    assert "itself" in ended.problem


def test_a_router_behind_a_router_is_followed() -> None:
    outer = interface("eni-second", "outer")
    second: Machine[Unknown] = Machine(
        id="i-second", name=UNKNOWN, state="running", interface_ids=("eni-second",)
    )
    made = network(edge_target="eni-second")
    made = replace(
        made,
        machines=(*made.machines, second),
        network_interfaces=(*made.network_interfaces, replace(outer, machine_id="i-second")),
        route_tables=(*made.route_tables, table("outer", "vgw-1")),
    )
    assert way(made) == Way(leads=True, via=("router", "i-second"))


def test_what_a_plan_does_not_tell_stays_open() -> None:
    unsure = (interface("eni-outer", "edge"), interface("eni-inner", "spoke", forwards=UNKNOWN))
    assert way(network(network_interfaces=unsure)).leads is None
    assert way(network(), replace(TO_ROUTER, target=None)).leads is None
