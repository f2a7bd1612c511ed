"""Makes what the faults of a twin's data plane share."""

from collections.abc import Callable, Mapping
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from twinspan.errors import HostError
from twinspan.faults.breakable import BreakableTunnel
from twinspan.faults.definition import Drill, FaultType, Step, Undo
from twinspan.faults.endings import Expectation
from twinspan.protocols import Fault

if TYPE_CHECKING:
    from twinspan.network.links import TunnelLink
    from twinspan.target.target import Target


def on_data_plane(
    fault_id: str,
    *,
    breaks: str,
    inject: Callable[[BreakableTunnel], Undo],
    needs_bgp: bool = False,
    settings: Mapping[str, float] | None = None,
) -> FaultType:
    """Return a fault of the data plane.

    Args:
        fault_id: Its name.
        breaks: What it breaks of a tunnel, for a reader, e.g. `path of`.
        inject: Breaks it, and returns what heals it.
        needs_bgp: Whether a tunnel with static routes cannot have it.
        settings: Values of `BreakableTunnel` that it uses, e.g. `loss_ratio`.
    """

    def make(target: "Target", link: "TunnelLink") -> Fault:
        outside, public = ends_of(link)
        return target.place.data_plane_fault(
            fault_id,
            (outside, public),
            description=f"{breaks} {link.key}, {outside} - {public}",
            settings=settings or {},
        )

    return FaultType(id=fault_id, make=make, inject=inject, needs_bgp=needs_bgp)


def ends_of(link: "TunnelLink") -> tuple[IPv4Address, IPv4Address]:
    """Return a tunnel's public addresses: AWS's and Azure's.

    Raises:
        HostError: It has no two.
    """
    outside = link.tunnel.outside_ip_address if link.tunnel else None
    public = link.instance.public_ip_address if link.instance else None
    if outside is None or public is None:
        raise HostError(
            problem=f"{link.label} has no two public addresses",
            remedy="Run `twinspan verify` and repair what it shows",
        )
    return outside, public


def drill_of(
    fault: FaultType, name: str, breaks: str, *, aws: Expectation, azure: Expectation, broken_s: float = 0.0
) -> Drill:
    """Return the drill that breaks just this on the tunnel aimed at; see `definition.Drill`."""
    return Drill(
        name=name,
        breaks=breaks,
        steps=(Step(fault=fault),),
        places=("twin",),
        aws=aws,
        azure=azure,
        broken_s=broken_s,
    )
