"""The clouds' machines: namespaces with network interfaces in subnets, and the filters that apply to them."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from ipaddress import IPv4Interface, IPv4Network

from typing_extensions import override

from twinspan.command import Completed
from twinspan.errors import DesignError
from twinspan.twin.attempts import attempt, for_each, in_turn, raise_any, undone_on_failure
from twinspan.twin.dataplane import links, namespaces
from twinspan.twin.dataplane.commands import run_inside
from twinspan.twin.dataplane.effective import interface_state
from twinspan.twin.dataplane.filters_text import host
from twinspan.twin.dataplane.interfaces import Interface, Interfaces
from twinspan.twin.dataplane.links import LinkEnd
from twinspan.twin.dataplane.namespaces import short_name
from twinspan.twin.dataplane.router import Router, router_address
from twinspan.twin.dataplane.routes import IpObjects
from twinspan.twin.dataplane.spec import Desired, InterfaceSpec, MachineSpec
from twinspan.twin.dataplane.subnets import Subnets
from twinspan.twin.dataplane.wire import InterfaceState, MachineCalls

_Prefixes = tuple[IPv4Network, ...]
_FIRST_TABLE = 1000
"""Number of the routing table of `eth0`."""
_SYSCTLS = {
    "ipv4/ping_group_range": "0 2147483647",
    # Each interface answers for its own addresses only, and nobody is told a shorter way than the cloud's.
    "ipv4/conf/all/arp_ignore": "1",
    "ipv4/conf/all/arp_announce": "2",
    "ipv4/conf/all/promote_secondaries": "1",
    "ipv4/conf/all/rp_filter": "0",
    "ipv4/conf/default/rp_filter": "0",
    "ipv4/conf/all/send_redirects": "0",
    "ipv4/conf/default/send_redirects": "0",
}


@dataclass(slots=True)
class _Machine:
    """A machine that runs.

    Attributes:
        spec: What it is now.
        interfaces: Key -> what is plugged in.
        settled: Whether all of it is as `spec` says.
    """

    spec: MachineSpec
    namespace: str
    objects: IpObjects
    interfaces: dict[str, Interface] = field(default_factory=dict)
    settled: bool = False

    def device(self, key: str) -> str:
        """Return the name of an interface inside: `eth0` is the primary one."""
        return f"eth{[interface.key for interface in self.spec.interfaces].index(key)}"

    def wanted(self) -> set[tuple[str, str]]:
        """Return addresses, routes and rules: packets leave by the interface whose address they have.

        Source: amazon-ec2-net-utils, README, "policy routing"; Azure, Linux virtual machines with several
        network interfaces.
        """
        objects = set()
        for number, spec in enumerate(self.spec.interfaces):
            if spec.key not in self.interfaces:
                continue
            primary, table = spec.addresses[0], _FIRST_TABLE + number
            leaving = f"dev eth{number} src {primary.ip}"
            default = f"default via {router_address(primary.network)} {leaving}"
            for address in spec.addresses:
                objects.add(("addr", f"{address} dev eth{number} noprefixroute"))
                objects.add(("rule", f"from {address.ip} lookup {table} priority {table}"))
                objects.add(("route", f"{address.network} {leaving} metric {table}"))
                objects.add(("route", f"{address.network} {leaving} table {table}"))
            objects.add(("route", f"{default} table {table}"))
            objects.add(("route", f"{default} metric {table}"))
        return objects


class Machines(MachineCalls):
    """All machines, and the addresses that interfaces keep, also those of no running machine."""

    def __init__(self, subnets: Subnets, interfaces: Interfaces) -> None:
        self._subnets = subnets
        self._interfaces = interfaces
        self._machines: dict[str, _Machine] = {}
        self._kept: dict[str, tuple[str, tuple[IPv4Interface, ...]]] = {}
        self._restarting: tuple[str, ...] = ()
        self._lock = threading.RLock()

    @property
    def running(self) -> tuple[str, ...]:
        """Ids of the machines that are there, with their primary interfaces; also while they restart."""
        with self._lock:
            there = (
                key
                for key, machine in self._machines.items()
                if machine.spec.interfaces[0].key in machine.interfaces
            )
            return tuple(dict.fromkeys((*there, *self._restarting)))

    @property
    def plugged(self) -> tuple[str, ...]:
        """Ids of the interfaces that are plugged in."""
        with self._lock:
            return tuple(key for machine in self._machines.values() for key in machine.interfaces)

    def leave(self, desired: Desired) -> None:
        """Remove machines, interfaces and addresses that are not desired as they are.

        Raises:
            ItemsError: What is left of some cannot be removed.
        """
        staying = {spec.key: spec for spec in desired.machines if spec.running}
        kept = {spec.key: spec for spec in _interfaces(desired)}
        subnets = {subnet.id: subnet.prefixes for router in desired.routers for subnet in router.subnets}
        with self._subnets.lock, self._lock:
            machines = list(self._machines.values())
            self._restarting = tuple(
                machine.spec.key
                for machine in machines
                if machine.spec.key in staying and staying[machine.spec.key].restart != machine.spec.restart
            )
            in_turn(
                *(partial(self._leave, machine, staying, subnets) for machine in machines),
                partial(self._give_back, kept),
            )

    def apply(self, desired: Desired) -> tuple[str, ...]:
        """Make what is desired and not there; return what could not be made."""
        problems: list[str] = []
        with self._subnets.lock, self._lock:
            attempt(_interfaces(desired), self._keep, name=lambda spec: spec.key, problems=problems)
            running = [spec for spec in desired.machines if spec.running]
            attempt(running, self._follow, name=lambda spec: spec.key, problems=problems)
            self._restarting = ()
        return tuple(problems)

    @override
    def execute(
        self, machine: str, argv: Sequence[str], *, timeout_s: float, stdin: str | None = None
    ) -> Completed:
        with self._lock:
            built_machine = self._machines.get(machine)
        if built_machine is None:
            raise DesignError(
                where=f"machine {machine}",
                problem="there is none of that id, or it is not running",
                remedy="Start it first",
            )
        return run_inside(
            built_machine.namespace, argv, timeout_s=timeout_s, stdin=stdin, capture=True, never_root=True
        )

    @override
    def interface_state(self, interface: str) -> InterfaceState:
        with self._lock:
            interfaces = [
                machine.interfaces[interface]
                for machine in self._machines.values()
                if interface in machine.interfaces
            ]
        if not interfaces:
            raise DesignError(
                where=f"network interface {interface}",
                problem="no machine that runs has it",
                remedy="Start its machine",
            )
        return interface_state(interfaces[0])

    def _leave(
        self, machine: _Machine, staying: Mapping[str, MachineSpec], subnets: Mapping[str, _Prefixes]
    ) -> None:
        spec = staying.get(machine.spec.key)
        if spec is None or spec.restart != machine.spec.restart:
            del self._machines[machine.spec.key]
            in_turn(
                *(partial(self._unplug, machine, key) for key in list(machine.interfaces)),
                partial(namespaces.end_processes, machine.namespace),
                partial(namespaces.delete, machine.namespace),
            )
            return
        places, before = _places(spec), _places(machine.spec)
        leaving = [
            key
            for key, interface in machine.interfaces.items()
            if places.get(key) != before.get(key) or not _stays(interface, subnets)
        ]
        machine.settled = machine.settled and not leaving
        for_each(leaving, partial(self._unplug, machine), name=str)

    def _give_back(self, kept: Mapping[str, InterfaceSpec]) -> None:
        for key, (router, addresses) in list(self._kept.items()):
            spec = kept.get(key)
            desired_addresses = spec.addresses if spec is not None and spec.router == router else ()
            for address in set(addresses).difference(desired_addresses):
                self._subnets.addresses.give_back(router, address.ip)
            self._kept[key] = router, tuple(address for address in addresses if address in desired_addresses)
            if not self._kept[key][1]:
                del self._kept[key]

    def _keep(self, spec: InterfaceSpec) -> None:
        """Take an interface's addresses, so that nobody else gets them. Raises ItemsError for those taken."""
        _, kept = self._kept.get(spec.key, ("", ()))
        problems: list[str] = []
        taken = attempt(
            [address for address in spec.addresses if address not in kept],
            partial(self._claim, spec),
            name=str,
            problems=problems,
        )
        if kept or taken:
            self._kept[spec.key] = spec.router, (*kept, *taken)
        raise_any(problems)

    def _claim(self, spec: InterfaceSpec, address: IPv4Interface) -> IPv4Interface:
        self._subnets.addresses.claim(spec.router, address.network, address.ip, where=spec.key)
        return address

    def _follow(self, spec: MachineSpec) -> None:
        machine = self._machines.get(spec.key)
        if machine is not None and machine.spec == spec and machine.settled:
            return
        if machine is None:
            machine = self._machines[spec.key] = _start(spec)
        machine.spec, machine.settled = spec, False
        problems: list[str] = []
        attempt(
            spec.interfaces,
            partial(self._plug, machine),
            name=lambda interface_spec: interface_spec.key,
            problems=problems,
        )
        forwards = any(interface.forwards for interface in spec.interfaces)
        namespaces.set_sysctls(machine.namespace, {"ipv4/ip_forward": str(int(forwards))})
        attempt([machine.wanted()], machine.objects.sync, name=lambda _: "addresses", problems=problems)
        attempt([machine], _announce, name=lambda _: "addresses", problems=problems)
        machine.settled = not problems
        raise_any(problems)

    def _plug(self, machine: _Machine, spec: InterfaceSpec) -> None:
        """Plug an interface in, or let it follow what may change while it is."""
        router = self._subnets.routers.get(spec.router)
        if router is None or router.subnet(spec.subnet_id) is None:
            raise DesignError(
                where=spec.key,
                problem=f"its subnet {spec.subnet_id} is not there",
                remedy="See why the subnet is not built",
            )
        if set(self._kept.get(spec.key, ("", ()))[1]) != set(spec.addresses):
            raise DesignError(
                where=spec.key, problem="an address of its is taken", remedy="Detach what has the address"
            )
        interface = machine.interfaces.get(spec.key)
        present = interface is not None
        if interface is None:
            device = machine.device(spec.key)
            interface = Interface(
                name=f"{machine.spec.name or machine.spec.key} {device}",
                namespace=machine.namespace,
                router=router,
                subnet_id=spec.subnet_id,
                address=spec.addresses[0].ip,
                device=device,
                machine=True,
            )
        interface.pod_networks = tuple(host(address.ip) for address in spec.addresses[1:])
        interface.security_group_ids = spec.security_group_ids
        interface.network_security_group = spec.network_security_group
        interface.application_security_group_ids = spec.application_security_group_ids
        interface.forwards = spec.forwards
        plug = _link_end(router, spec.key)
        if present:
            router.plug_in(spec.subnet_id, plug.interface, [address.ip for address in spec.addresses])
            return
        with undone_on_failure(partial(links.cut, plug)):
            self._interfaces.plug_in(interface, plug)
            namespaces.ip([f"link set {interface.device} up"], namespace=machine.namespace)
        machine.interfaces[spec.key] = interface

    def _unplug(self, machine: _Machine, key: str) -> None:
        interface = machine.interfaces.pop(key)
        self._interfaces.remove(interface)
        machine.objects.forget(interface.device)
        links.cut(_link_end(interface.router, key))


def _start(spec: MachineSpec) -> _Machine:
    namespace = short_name("vm", spec.key)
    namespaces.add([namespace])
    with undone_on_failure(partial(namespaces.delete, namespace)):
        namespaces.set_sysctls(namespace, _SYSCTLS)
    return _Machine(spec=spec, namespace=namespace, objects=IpObjects(namespace))


def _announce(machine: _Machine) -> None:
    """Have the neighbours learn all addresses: the kernel sends them when the hardware address is set.

    Source: Linux, Documentation/networking/ip-sysctl.rst, arp_notify; net/ipv4/devinet.c, inetdev_event.
    """
    namespaces.ip(
        [
            f"link set {interface.device} address {links.hardware_address(key)}"
            for key, interface in machine.interfaces.items()
        ],
        namespace=machine.namespace,
    )


def _interfaces(desired: Desired) -> list[InterfaceSpec]:
    of_machines = [interface for machine in desired.machines for interface in machine.interfaces]
    return [*of_machines, *desired.unattached]


def _stays(interface: Interface, subnets: Mapping[str, _Prefixes]) -> bool:
    """Whether an interface's subnet will be there as it is."""
    subnet = interface.router.subnet(interface.subnet_id)
    return subnet is not None and subnets.get(subnet.id) == subnet.prefixes


def _places(spec: MachineSpec) -> dict[str, tuple[object, ...]]:
    """Return of each interface what cannot change while it is plugged in."""
    return {
        interface.key: (number, interface.router, interface.subnet_id, interface.addresses[0])
        for number, interface in enumerate(spec.interfaces)
    }


def _link_end(router: Router, key: str) -> LinkEnd:
    return LinkEnd(namespace=router.namespace, interface=short_name("nic", key))
