"""The faults of a drill, as one."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from twinspan.errors import DesignError, HostError
from twinspan.faults.definition import Drill, Step
from twinspan.network.links import TunnelLink
from twinspan.protocols import Fault
from twinspan.target.target import Target


def fault_of(target: Target, drill: Drill, link: TunnelLink, links: Sequence[TunnelLink]) -> Fault:
    """Return what a drill breaks, without breaking anything.

    Raises:
        DesignError: The network is not meant to have what it breaks, e.g. BGP.
        HostError: What it needs is not there, e.g. a second tunnel.
        CloudError: A cloud cannot be asked.
    """
    return AllOf([_made(target, step, _aimed(step, link, links)) for step in drill.steps])


@dataclass(frozen=True, slots=True)
class AllOf:
    """Breaks all of them in order, and repairs all of them even if one fails; a `protocols.Fault`."""

    faults: Sequence[Fault]

    @property
    def description(self) -> str:
        """What they break."""
        return "; ".join(fault.description for fault in self.faults) or "nothing"

    def inject(self) -> None:
        """Break all."""
        for fault in self.faults:
            fault.inject()

    def heal(self) -> None:
        """Repair all, the last one first; raises the first failure after all have been tried."""
        with ExitStack() as stack:
            for fault in self.faults:
                stack.callback(fault.heal)


def _aimed(step: Step, link: TunnelLink, links: Sequence[TunnelLink]) -> TunnelLink:
    own = link.vpn_connection.id if link.vpn_connection else ""
    connections = [
        tunnel_link.vpn_connection.id if tunnel_link.vpn_connection else "" for tunnel_link in links
    ]
    candidates = {
        "tunnel": [link],
        "sibling": [e for e, c in zip(links, connections, strict=True) if c == own and e.key != link.key],
        "other": [e for e, c in zip(links, connections, strict=True) if c != own],
    }[step.aim]
    if not candidates:
        raise HostError(
            problem=f"{link.label} has no other tunnel to break with it",
            remedy="Choose a tunnel with --tunnel, or another drill",
        )
    return candidates[0]


def _made(target: Target, step: Step, link: TunnelLink) -> Fault:
    fault = step.fault
    if fault.needs_bgp and link.static:
        raise DesignError(
            where=f"fault {fault.id}",
            problem=f"{link.label} has static routes and no BGP session",
            remedy="Use a drill of the tunnel, e.g. tunnel-down",
        )
    if fault.make is None:
        raise DesignError(
            where=f"fault {fault.id}", problem="no drill can have it", remedy="Choose another fault"
        )
    return fault.make(target, link)
