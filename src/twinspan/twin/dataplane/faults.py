"""What is broken on purpose."""

import threading
from collections.abc import Callable

from typing_extensions import override

from twinspan.errors import DesignError
from twinspan.faults.registry import faults_in
from twinspan.twin.dataplane.breakage import BrokenTunnel
from twinspan.twin.dataplane.endpoint import Endpoint
from twinspan.twin.dataplane.events import Journal
from twinspan.twin.dataplane.tunnels import Tunnels
from twinspan.twin.dataplane.wire import FaultCalls, FaultSpec

FAULTS = faults_in("data_plane")
"""Loaded with the agent: importing anything while a drill is measured would cost it time."""


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
            kind = FAULTS.get(fault.kind)
            if kind is None or kind.inject is None:
                raise DesignError(
                    where="fault",
                    problem=f"there is no fault {fault.kind} of the data plane",
                    remedy=f"Choose one of {', '.join(FAULTS)}",
                )
            ends = self._ends(fault, needs_bgp=kind.needs_bgp)
            self._active[fault] = kind.inject(BrokenTunnel(self._tunnels, fault, ends))
            self._journal.add("fault-injected", _subject(fault), fault.kind)

    @override
    def heal(self, fault: FaultSpec) -> None:
        with self._tunnels.lock, self._lock:
            repair = self._active.get(fault)
            if repair is None:
                return
            repair()
            del self._active[fault]
            self._journal.add("fault-healed", _subject(fault), fault.kind)

    @override
    def heal_all(self) -> None:
        for fault in list(self._active):
            self.heal(fault)

    def _ends(self, fault: FaultSpec, *, needs_bgp: bool) -> list[Endpoint]:
        ends = self._tunnels.between(fault.outside_ip_address, fault.public_ip_address)
        if not ends:
            raise DesignError(
                where=f"fault {fault.kind}",
                problem=f"no tunnel joins {fault.outside_ip_address} and {fault.public_ip_address}",
                remedy="Name an AWS outside address and the public address of its customer gateway",
            )
        if needs_bgp and any(end.spec.bgp is None for end in ends):
            raise DesignError(
                where=f"fault {fault.kind}",
                problem=f"{_subject(fault)} has static routes and no BGP session",
                remedy="Use a fault of the tunnel, e.g. path-cut",
            )
        return ends


def _subject(fault: FaultSpec) -> str:
    return f"{fault.outside_ip_address} {fault.public_ip_address}"
