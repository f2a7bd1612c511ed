"""Network interfaces in subnets, of hosts and of clusters' nodes, with the filters that apply to them."""

import threading
from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from ipaddress import IPv4Address, IPv4Network

from twinspan.errors import DesignError
from twinspan.network.model import NetworkSecurityGroup, SecurityGroup
from twinspan.twin.attempts import words
from twinspan.twin.dataplane import links, namespaces
from twinspan.twin.dataplane.events import log
from twinspan.twin.dataplane.filters import AT_INTERFACE, Edge, nsg_ruleset, security_group_ruleset
from twinspan.twin.dataplane.filters_text import host
from twinspan.twin.dataplane.links import LinkEnd
from twinspan.twin.dataplane.router import Router


@dataclass(slots=True, kw_only=True, eq=False)
class Interface:
    """One interface in a subnet.

    Attributes:
        name: Whose it is, for messages.
        namespace: Where its filters are loaded.
        router: Its VPC or VNet.
        subnet_id: Its subnet.
        address: Its own address.
        pod_networks: What it answers for besides: its pods' addresses, on a node.
        security_group_ids: AWS: its groups; none: those named `default`.
        network_security_group: Azure: its own NSG, besides the subnet's.
        application_security_group_ids: Azure: its ASGs, by which rules name it.
        device: Name of an interface beside others, e.g. of a node, which forwards; empty: a host's only one.
        machine: Whether it is a cloud's machine's, and not of a cluster or a throw-away host.
        forwards: Whether packets pass that are not for or from its addresses.
        filters: The rules in force.
    """

    name: str
    namespace: str
    router: Router
    subnet_id: str
    address: IPv4Address
    pod_networks: tuple[IPv4Network, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    network_security_group: NetworkSecurityGroup | None = None
    application_security_group_ids: tuple[str, ...] = ()
    device: str = ""
    machine: bool = False
    forwards: bool = False
    filters: str = field(default="", repr=False)


class Interfaces:
    """All of them: a group's rule may name a group, so each one's filter depends on all.

    Args:
        building: Held by whoever changes anything of the data plane.
    """

    def __init__(self, *, building: AbstractContextManager[object]) -> None:
        self._building = building
        self._lock = threading.RLock()
        self._known: list[Interface] = []
        self._balancers: dict[str, set[IPv4Address]] = {}

    def rules(self, interface: Interface) -> str:
        """Return the filter of an interface that may not have been added yet.

        Raises:
            DesignError: Its filter cannot be made, or a group of its does not exist.
        """
        with self._building, self._lock:
            others = self._known if interface in self._known else [*self._known, interface]
            return self._rules(interface, others)

    def plug_in(self, interface: Interface, plug: LinkEnd) -> None:
        """Join an interface's device to its subnet, with its filter in force before the first packet.

        The others' filters follow with the next `refresh`.

        Args:
            interface: Its namespace exists, and its device does not yet.
            plug: The router's end of the wire.

        Raises:
            DesignError: Its filter cannot be made, or a group of its does not exist.
        """
        interface.filters = self.rules(interface)
        namespaces.nft(interface.namespace, interface.filters)
        links.join(LinkEnd(namespace=interface.namespace, interface=interface.device), plug)
        interface.router.plug_in(
            interface.subnet_id, plug.interface, [interface.address, *interface.pod_networks]
        )
        self.add(interface)

    def add(self, interface: Interface) -> None:
        """Take an interface in; `refresh` does the rest."""
        with self._lock:
            self._known.append(interface)

    def remove(self, interface: Interface) -> None:
        """Forget an interface."""
        with self._lock:
            if interface in self._known:
                self._known.remove(interface)

    def add_balancer(self, router: Router, address: IPv4Address) -> None:
        """AWS: let nodes take connections of a load balancer; `refresh` does the rest."""
        with self._lock:
            self._balancers.setdefault(router.spec.key, set()).add(address)

    def remove_balancer(self, router: Router, address: IPv4Address) -> None:
        """Forget a load balancer."""
        with self._lock:
            self._balancers.get(router.spec.key, set()).discard(address)

    def refresh(self) -> tuple[str, ...]:
        """Load the filters that changed; return what could not be loaded."""
        problems = []
        with self._building, self._lock:
            for interface in self._known:
                try:
                    rules = self._rules(interface, self._known)
                    if rules != interface.filters:
                        namespaces.nft(interface.namespace, rules)
                        interface.filters = rules
                except Exception as error:  # noqa: BLE001 - the others' filters are loaded all the same
                    log(interface.name, words(error))
                    problems.append(f"{interface.name}: {words(error)}")
        return tuple(problems)

    def _rules(self, interface: Interface, known: Iterable[Interface]) -> str:
        router = interface.router
        edge = Edge(device=interface.device) if interface.device else None
        if router.spec.side == "aws":
            return security_group_ruleset(
                _groups(interface),
                interface_address=interface.address,
                pod_networks=interface.pod_networks,
                vpc_cidr_blocks=router.spec.networks,
                members=_members(known),
                balancers=sorted(self._balancers.get(router.spec.key, ()))
                if edge and not interface.machine
                else (),
                forwards=interface.forwards,
                edge=edge,
            )
        return _azure_rules(interface, edge, _asg_members(known))


def _azure_rules(interface: Interface, edge: Edge | None, members: Mapping[str, list[IPv4Network]]) -> str:
    """Return the filters of an interface: the subnet's NSG and, on a machine, its own; both must let pass."""
    router = interface.router
    subnet = router.subnet(interface.subnet_id)
    if router.spec.virtual_network is None:
        raise AssertionError("an Azure interface is in a virtual network")
    ruleset = partial(
        nsg_ruleset,
        virtual_network=router.spec.virtual_network,
        gateway_prefixes=router.gateway_prefixes(),
        edge=edge,
        members=members,
    )
    rules = ruleset(subnet.network_security_group if subnet else None)
    if not interface.machine:
        return rules
    own = () if interface.forwards else (host(interface.address), *interface.pod_networks)
    return rules + ruleset(interface.network_security_group, at=AT_INTERFACE, own=own)


def _asg_members(interfaces: Iterable[Interface]) -> Mapping[str, list[IPv4Network]]:
    """Return the addresses of the interfaces in each application security group."""
    members: dict[str, list[IPv4Network]] = {}
    for interface in interfaces:
        for group in interface.application_security_group_ids:
            members.setdefault(group, []).extend([host(interface.address), *interface.pod_networks])
    return members


def _groups(interface: Interface) -> list[SecurityGroup]:
    known = {group.id: group for group in interface.router.spec.security_groups}
    if not interface.security_group_ids:
        return [group for group in known.values() if group.name == "default"]
    unknown = [key for key in interface.security_group_ids if key not in known]
    if unknown:
        raise DesignError(
            where=interface.name,
            problem=f"the VPC has no security group {', '.join(unknown)}",
            remedy="Name groups of the subnet's VPC",
        )
    return [known[key] for key in interface.security_group_ids]


def _members(interfaces: Iterable[Interface]) -> dict[str, Collection[IPv4Address | IPv4Network]]:
    members: dict[str, set[IPv4Address | IPv4Network]] = {}
    for interface in interfaces:
        if interface.router.spec.side != "aws":
            continue
        known = {group.id: group.name for group in interface.router.spec.security_groups}
        default = [key for key, name in known.items() if name == "default"]
        for key in interface.security_group_ids or default:
            members.setdefault(key, set()).update({interface.address, *interface.pod_networks})
    return dict(members)
