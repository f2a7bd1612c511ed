"""What a drill works with, and the course of one run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from twinspan.drill.alert_watch import AlertWatch
from twinspan.drill.flows import Measurement, Progress
from twinspan.drill.report import Moment
from twinspan.faults.definition import Drill
from twinspan.network.links import TunnelLink
from twinspan.protocols import Events, Fault
from twinspan.target.place import Witness
from twinspan.verify.findings import Verification


class Meter(Protocol):
    """Flows in both directions; `FlowMeter` is one."""

    def start(self) -> None:
        """Start sending both ways."""
        ...

    def progress(self) -> Mapping[str, Progress]:
        """Return how both directions are doing now."""
        ...

    def stop(self) -> Measurement:
        """Stop, and return what was measured."""
        ...

    def close(self) -> None:
        """End everything, also twice."""
        ...


@dataclass(frozen=True, slots=True)
class NoMeter:
    """Nobody is known to send: nothing is measured, and the witness alone is asked; a `Meter`."""

    def start(self) -> None:
        """Start nothing."""

    def progress(self) -> Mapping[str, Progress]:
        """Return nothing."""
        return {}

    def stop(self) -> Measurement:
        """Return that nothing was measured."""
        return Measurement(directions={})

    def close(self) -> None:
        """End nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillEnvironment:
    """What a drill works with; `senders` puts one together.

    Attributes:
        links: Reads all tunnels with their byte counters.
        verify: Judges the whole line now.
        meter: The flows that are measured; `NoMeter` where there are none.
        fault: Makes what a drill breaks at a tunnel.
        witness: What shows what happens, how fast, and when to break off.
        alerts: Watches the clouds' alerts, which are waited for before the repair; None to wait for none.
    """

    links: Callable[[], Sequence[TunnelLink]]
    verify: Callable[[], Verification]
    meter: Meter
    fault: Callable[[Drill, TunnelLink, Sequence[TunnelLink]], Fault]
    witness: Witness
    alerts: AlertWatch | None = None

    @property
    def counts(self) -> bool:
        """Whether anything is measured."""
        return not isinstance(self.meter, NoMeter)


@dataclass(slots=True, kw_only=True)
class Timeline:
    """What has happened so far; times of moments count from the cut, in seconds.

    Attributes:
        events: What the daemons tell, and their clock.
        tell: Called with each moment as it happens.
        cut_at_s: When it was broken, on that clock.
        healed_at_s: When it was repaired; None if it has not been.
        moments: What happened, in the order in which it was noted.
    """

    events: Events
    tell: Callable[[Moment], None]
    cut_at_s: float = 0.0
    healed_at_s: float | None = None
    moments: list[Moment] = field(default_factory=list)

    def note(self, what: str, *, at_s: float | None = None) -> None:
        """Add a moment: now, or `at_s` on the events' clock."""
        moment = Moment(at_s=(self.events.now_s() if at_s is None else at_s) - self.cut_at_s, what=what)
        self.moments.append(moment)
        self.tell(moment)
