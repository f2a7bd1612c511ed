"""What a fault is, and what a drill is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Self

from twinspan.faults.endings import Ending, Expectation
from twinspan.faults.expectations import NOTHING_ELSE
from twinspan.faults.timers import Label
from twinspan.network.clouds import Cloud
from twinspan.protocols import Fault

if TYPE_CHECKING:  # the twin's agent loads this module, and nothing that reads clouds
    from twinspan.cloud.endpoints import Endpoints
    from twinspan.faults.api_changes import ApiChange
    from twinspan.faults.breakable import BreakableTunnel
    from twinspan.network.links import TunnelLink
    from twinspan.target.place import PlaceName
    from twinspan.target.target import Target

IN_USE, UNUSED = "in-use", "unused"
Aim = Literal["tunnel", "sibling", "other"]
"""`tunnel`: the one aimed at. `sibling`: the other one of its VPN connection. `other`: one of another."""
Undo = Callable[[], None]
_ALONE_BROKEN_S = 10.0
"""How long the only tunnel of a network stays broken, seconds: nothing would end the outage by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultType:
    """One kind of fault.

    Attributes:
        id: Its name, e.g. `path-cut`.
        make: Returns the fault at a tunnel of a target, and breaks nothing yet; None if no drill has it.
        needs_bgp: Whether it breaks a BGP session, so that a tunnel with static routes cannot have it.
        breaks_tunnel: Whether a cloud's telemetry should show it: a route or a rule takes no tunnel down.
        made_at_once: Whether `make` waits for nothing.
        inject: For faults of a twin's data plane: breaks it in the twin's agent, and returns what heals it.
        acts: For faults made through APIs: name -> the request, for whichever process has to make it.
    """

    id: str
    make: "Callable[[Target, TunnelLink], Fault] | None" = None
    needs_bgp: bool = False
    breaks_tunnel: bool = True
    made_at_once: bool = True
    inject: "Callable[[BreakableTunnel], Undo] | None" = None
    acts: "Mapping[str, Callable[[ApiChange, Endpoints], None]]" = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One fault of a drill, and which tunnel has it."""

    fault: FaultType
    aim: Aim = "tunnel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """One thing that can be broken on purpose.

    Attributes:
        name: As typed: `twinspan drill run NAME`.
        breaks: What happens, in one sentence.
        steps: What is broken, in this order.
        places: Where it can run.
        aws: What should happen to what AWS sends.
        azure: What should happen to what Azure sends.
        azure_static: The same over a tunnel with static routes; None if it is no different.
        broken_s: How long it stays broken, seconds; 0: until the traffic is back by itself.
        targets: What it may be aimed at, the first by default; `tunnelN` stands for a tunnel's key.
        measures: What is counted: `packets` between two hosts, or `requests` to both clusters' services.
        destroys: Whether a cloud must build something again: never done there without `--yes`.
    """

    name: str
    breaks: str
    steps: tuple[Step, ...]
    places: "tuple[PlaceName, ...]"
    aws: Expectation
    azure: Expectation
    broken_s: float = 0.0
    targets: tuple[str, ...] = (IN_USE, UNUSED, "tunnelN")
    measures: Literal["packets", "requests"] = "packets"
    destroys: bool = False
    azure_static: Expectation | None = None

    def over(self, link: "TunnelLink", links: "Sequence[TunnelLink]") -> Self:
        """Return the same drill with what should happen on a tunnel of this kind of routing.

        Where no other tunnel of its gateways is up, nothing can take over, and the drill repairs after a
        while what it broke.

        Args:
            link: What is broken.
            links: All tunnels, as they were before.
        """
        routed = replace(self, azure=self.azure_static) if link.static and self.azure_static else self
        if not self.breaks_tunnels or any(other.takes_over_from(link) for other in links):
            return routed
        alone = replace(routed, aws=_alone(routed.aws), azure=_alone(routed.azure))
        return routed if alone == routed else replace(alone, broken_s=max(routed.broken_s, _ALONE_BROKEN_S))

    def expectation(self, side: Cloud) -> Expectation:
        """Return what should happen to what a side sends."""
        return self.aws if side == "aws" else self.azure

    @property
    def through_apis(self) -> bool:
        """Whether the clouds' APIs can break it, so that it can run on real accounts."""
        return len(self.places) > 1

    @property
    def breaks_tunnels(self) -> bool:
        """Whether a cloud's telemetry should show it."""
        return self.measures == "packets" and any(step.fault.breaks_tunnel for step in self.steps)

    @property
    def timed(self) -> bool:
        """Whether it is repaired after a fixed time, while the flows are still measured."""
        return self.broken_s > 0

    @property
    def label(self) -> Label:
        """Whether the figures of both directions hold in the clouds."""
        both = {self.aws.label, self.azure.label}
        return Label.PROTOCOL if both == {Label.PROTOCOL} else Label.INFRASTRUCTURE

    @property
    def ended_by(self) -> str:
        """What ends the outages, for a reader."""
        if self.aws.ending is self.azure.ending:
            return f"both sides: {self.aws.ending.formula}"
        return f"AWS: {self.aws.ending.formula}; Azure: {self.azure.ending.formula}"


def _alone(expectation: Expectation) -> Expectation:
    """Return what should happen where nothing takes over, to what another tunnel would end."""
    return NOTHING_ELSE if expectation.ending in {Ending.TIMERS, Ending.TOLD} else expectation
