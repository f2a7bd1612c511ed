"""What is broken on purpose."""

import threading
from collections.abc import Callable

from typing_extensions import override

from twinspan.errors import DesignError
from twinspan.network.limits import AZURE_TUNNEL_MTU
from twinspan.twin.dataplane import links, namespaces
from twinspan.twin.dataplane.breakage import KINDS
from twinspan.twin.dataplane.endpoint import Endpoint
from twinspan.twin.dataplane.events import Journal
from twinspan.twin.dataplane.links import LinkEnd
from twinspan.twin.dataplane.namespaces import short_name
from twinspan.twin.dataplane.tunnels import Tunnels
from twinspan.twin.dataplane.wire import INTERNET, FaultCalls, FaultSpec

_OF_BGP = frozenset({"bgp-closed", "bgp-silent", "route-withdrawn", "clear-text"})
"""Kinds that break a BGP session, or need one to move to another device."""


class Faults(FaultCalls):
    """The faults in force."""

    def __init__(self, tunnels: Tunnels, journal: Journal) -> None:
        self._tunnels = tunnels
        self._journal = journal
        self._active: dict[FaultSpec, Callable[[], None]] = {}
        self._lock = threading.Lock()

    @override
    def inject(self, fault: FaultSpec) -> None:
        with self._tunnels.lock, self._lock:
            if fault in self._active:
                return
            ends = self._ends(fault)
            if fault.kind == "clear-text":
                self._bypass(fault, ends)
                self._active[fault] = lambda: self._encrypt_again(fault)
            else:
                self._active[fault] = KINDS[fault.kind](self._tunnels, fault, ends)
            self._journal.add("fault-injected", _subject(fault), fault.kind)

    @override
    def heal(self, fault: FaultSpec) -> None:
        with self._tunnels.lock, self._lock:
            mend = self._active.get(fault)
            if mend is None:
                return
            mend()
            del self._active[fault]
            self._journal.add("fault-healed", _subject(fault), fault.kind)

    @override
    def heal_all(self) -> None:
        for fault in list(self._active):
            self.heal(fault)

    def _ends(self, fault: FaultSpec) -> list[Endpoint]:
        ends = self._tunnels.between(fault.outside_ip_address, fault.public_ip_address)
        both = {end.spec.side for end in ends} == {"aws", "azure"}
        if not ends or (fault.kind == "clear-text" and not both):
            raise DesignError(
                where=f"fault {fault.kind}",
                problem=f"no tunnel joins {fault.outside_ip_address} and {fault.public_ip_address}",
                remedy="Name an AWS outside address and the public address of its customer gateway",
            )
        if fault.kind in _OF_BGP and any(end.spec.bgp is None for end in ends):
            raise DesignError(
                where=f"fault {fault.kind}",
                problem=f"{_subject(fault)} has static routes and no BGP session",
                remedy="Use a fault of the tunnel, e.g. path-cut",
            )
        return ends

    def _bypass(self, fault: FaultSpec, ends: list[Endpoint]) -> None:
        """A wire from gateway to gateway over a bridge in the internet; the inside addresses move to it."""
        bridge = _bridge(fault)
        namespaces.ip(
            [f"link add name {bridge} type bridge forward_delay 0", f"link set {bridge} up"],
            namespace=INTERNET,
        )
        for end in ends:
            gateway = self._tunnels.gateways[end.spec.gateway].namespace
            device = short_name("clr", end.spec.key)
            outer = LinkEnd(namespace=INTERNET, interface=device)
            links.join(LinkEnd(namespace=gateway, interface=device), outer, mtu=AZURE_TUNNEL_MTU)
            namespaces.ip([f"link set {device} master {bridge} up"], namespace=INTERNET)
            namespaces.ip([f"link set {device} up"], namespace=gateway)
            end.carry_inside(device)

    def _encrypt_again(self, fault: FaultSpec) -> None:
        for end in self._tunnels.between(fault.outside_ip_address, fault.public_ip_address):
            if end.clear_device:
                device = end.clear_device
                end.carry_inside(None)
                links.cut(LinkEnd(namespace=INTERNET, interface=device))
        namespaces.ip([f"link delete {_bridge(fault)}"], namespace=INTERNET)


def _subject(fault: FaultSpec) -> str:
    return f"{fault.outside_ip_address} {fault.public_ip_address}"


def _bridge(fault: FaultSpec) -> str:
    return short_name("clr", _subject(fault))
