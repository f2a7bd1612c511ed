"""Ways to a gateway through machines that forward: routers, firewalls and other appliances in a VPC. Pure.

A route to a network interface leads to its machine. What the machine forwards leaves by its primary
interface, where images have their default route, and takes the route table of that one's subnet. AWS drops
packets that an interface neither sends nor receives for itself while its source/destination check is on.

Sources: Amazon VPC User Guide, "Routing for a middlebox appliance"; EC2 User Guide, "Source/destination
checking". That the machine sends on by its primary interface is its operating system's affair: no API tells.
"""

from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Network

from twinspan.network.machines import COMING_STATES, RUNNING, Machine, NetworkInterface
from twinspan.network.model import AwsNetwork
from twinspan.network.routes import Route, aws_routes, best
from twinspan.network.unknown import Unknown, known


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Where a route ends.

    Attributes:
        leads: Whether at a gateway; None if what is known does not tell.
        via: Names of the machines that it passes, in order.
        problem: Why not at a gateway; empty if it leads there, and for a target that is no interface.
    """

    leads: bool | None
    via: tuple[str, ...] = ()
    problem: str = ""


def way_of(
    network: AwsNetwork[Unknown], route: Route | None, destination: IPv4Network, gateways: Collection[str]
) -> Way:
    """Follow a route until it ends.

    Args:
        network: With its interfaces, machines and route tables.
        route: The one that packets take first; None if there is none.
        destination: Where the packets go.
        gateways: Ids of the gateways that lead there.
    """
    passed: tuple[Machine[Unknown], ...] = ()
    while True:
        via = tuple(known(machine.name) or machine.id for machine in passed)
        if route is None or not route.active or route.target in gateways:
            return Way(leads=route is not None and route.active, via=via)
        if route.target is None:
            return Way(leads=None, via=via)
        interface = next((end for end in network.network_interfaces if end.id == route.target), None)
        if interface is None:
            return Way(leads=False, via=via)
        machine, exit_, problem = _through(network, interface)
        if machine is None or exit_ is None:
            return Way(leads=False if problem else None, via=via, problem=problem)
        if machine in passed:
            return Way(leads=False, via=via, problem=f"{machine.id} sends it back to itself")
        passed = (*passed, machine)
        table = network.route_table_of(exit_)
        route = best(aws_routes(table), destination)[-1] if table else None


def _through(
    network: AwsNetwork[Unknown], interface: NetworkInterface[Unknown]
) -> tuple[Machine[Unknown] | None, str | None, str]:
    """Return the machine of an interface and the subnet that it sends on from, or what is in the way."""
    machine = next((item for item in network.machines if item.id == interface.machine_id), None)
    if machine is None:
        apart = "" if isinstance(interface.machine_id, Unknown) else f"{interface.id} is no machine's"
        return None, None, apart
    state = known(machine.state)
    if state is not None and state != RUNNING and state not in COMING_STATES:
        return None, None, f"{machine.id} is {state}"
    primary = next((end for end in network.network_interfaces if end.id in machine.interface_ids[:1]), None)
    checked = [end.id for end in (interface, primary) if end and end.forwards is False]
    if checked:
        return None, None, f"the source/destination check of {checked[0]} is on"
    if primary is None or isinstance(primary.forwards, Unknown) or isinstance(interface.forwards, Unknown):
        return None, None, ""
    return machine, known(primary.subnet_id), ""
