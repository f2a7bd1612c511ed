"""What is broken on purpose."""

import threading
from collections.abc import Callable

from twinspan.errors import DesignError
from twinspan.faults.registry import faults_in
from twinspan.twin.dataplane.breakage import BrokenTunnel
from twinspan.twin.dataplane.endpoint import Endpoint
from twinspan.twin.dataplane.plane import Plane
from twinspan.twin.dataplane.wire import FaultSpec

FAULTS = faults_in("data_plane")
"""Loaded with the agent: importing anything while a drill is measured would cost it time."""


class Faults:
    """The faults in force."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane
        self._active: dict[FaultSpec, Callable[[], None]] = {}
        self._lock = threading.Lock()

    def inject(self, fault: FaultSpec) -> None:
        """Break it; a second time changes nothing.

        Raises:
            DesignError: There is no such fault, or no tunnel end has these addresses.
        """
        with self._plane.lock, self._lock:
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
            self._active[fault] = kind.inject(BrokenTunnel(self._plane, fault, ends))
            self._plane.journal.add("fault-injected", _subject(fault), fault.kind)

    def heal(self, fault: FaultSpec) -> None:
        """Mend it; nothing happens if it is not broken."""
        with self._plane.lock, self._lock:
            mend = self._active.get(fault)
            if mend is None:
                return
            mend()
            del self._active[fault]
            self._plane.journal.add("fault-healed", _subject(fault), fault.kind)

    def heal_all(self) -> None:
        """Mend everything."""
        for fault in list(self._active):
            self.heal(fault)

    def _ends(self, fault: FaultSpec, *, needs_bgp: bool) -> list[Endpoint]:
        pair = {fault.outside_ip_address, fault.public_ip_address}
        ends = [
            end
            for end in self._plane.ends.values()
            if {end.spec.local_address, end.spec.remote_address} == pair
        ]
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
