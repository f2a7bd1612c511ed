"""Rotate the keys of several tunnels, one after the other, while packets are counted both ways."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from twinspan.drill.environment import DrillEnvironment
from twinspan.drill.flows import Measurement
from twinspan.drill.in_use import carrying_key, received_bytes
from twinspan.drill.recovery import must_be_whole
from twinspan.drill.report import Moment
from twinspan.errors import CloudError, HostError, TwinspanError, WaitTimeoutError
from twinspan.rotate.change import Change, saved_of
from twinspan.rotate.clouds import Clouds
from twinspan.rotate.document import Outcome, Rotation, TunnelRotation, timeline_of
from twinspan.rotate.journal import Journal
from twinspan.rotate.loss import losses, sent_until
from twinspan.rotate.tunnels import Tunnel, choose_tunnels, needs_another
from twinspan.wait import pause, wait_until

BASELINE_S = 1.0
"""Undisturbed traffic before the first change and after the last, seconds."""
_MOVED_BYTES = 20_000
"""More than what BGP itself sends in the time in which a few packets per millisecond send this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One tunnel's part of the rotation, from `from_s` to `to_s` as `time.monotonic` tells."""

    tunnel: Tunnel
    outcome: Outcome
    from_s: float
    to_s: float
    problem: str = ""
    moments: list[Moment] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Rotator:
    """Rotates at one place.

    Attributes:
        place: Its name, for a reader and for the journal.
        environment: Reads and verifies the network, and sends packets through it.
        clouds: Changes both clouds.
        journal: Held while this works.
        tell: Called with each moment as it happens.
        on_tunnel: Called with each tunnel before its turn.
        tagged: Whether tags at AWS say since when the keys are.
    """

    place: str
    environment: DrillEnvironment
    clouds: Clouds
    journal: Journal
    tell: Callable[[Moment], None] = lambda _: None
    on_tunnel: Callable[[Tunnel], None] = lambda _: None
    tagged: bool = False
    _started_s: float = field(default_factory=time.monotonic)
    _parts: list[_Part] = field(default_factory=list)

    def rotate(self, keys: Sequence[str]) -> Rotation:
        """Rotate the tunnels named, or all.

        Raises:
            HostError: The network is not whole, a rotation was broken off before, or a tunnel has no second.
            DesignError: There is no such tunnel.
            TwinspanError: The network cannot be read.
        """
        if saved_of(self.journal):
            raise HostError(
                problem="a rotation was broken off here, and tunnels may have two different keys",
                remedy="Finish it with `twinspan rotate --resume`, or only repair it: --resume --only-repair",
            )
        must_be_whole(self.environment.verify)
        return self._counted(lambda: self._begin(keys), repair=())

    def resume(self, *, only_repair: bool) -> Rotation:
        """Repair the tunnels that a broken-off rotation has left open, and rotate the rest.

        Args:
            only_repair: Leave the rest as it is.

        Raises:
            HostError: No rotation was broken off, or the network is not whole though no tunnel is open.
            TwinspanError: The network cannot be read.
        """
        record = self.journal.record
        if record is None:
            raise HostError(problem="no rotation was broken off here", remedy="Run `twinspan rotate`")
        opened = tuple(entry.tunnel for entry in record.entries if entry.state == "open")
        if not opened:
            must_be_whole(self.environment.verify)
        left = () if only_repair else tuple(e.tunnel for e in record.entries if e.state != "done")
        return self._counted(lambda: left, repair=opened)

    def _begin(self, keys: Sequence[str]) -> tuple[Tunnel, ...]:
        links = self.environment.links()
        tunnels = choose_tunnels(links, keys, carrying=self._carrying())
        lonely = needs_another(links, tunnels)
        if lonely:
            raise HostError(
                problem=f"{next(iter(lonely.values()))}, so its key cannot be changed without an outage",
                remedy="Bring a second tunnel up",
            )
        self.journal.begin(self.place, tunnels)
        return tunnels

    def _counted(self, tunnels: Callable[[], Sequence[Tunnel]], *, repair: Sequence[Tunnel]) -> Rotation:
        self._started_s = time.monotonic()
        try:
            self.environment.meter.start()
            pause(BASELINE_S)
            chosen = tunnels()
            if self._each(repair, "repaired") and self._each(chosen, "rotated"):
                self.journal.end()
            whole = self._whole()
            pause(BASELINE_S)
            ended_s = time.monotonic()
            measured = self.environment.meter.stop()
        finally:
            self.environment.meter.close()
        counted = sent_until(measured.logs, ended_s)
        return self._report(measured, (*repair, *chosen), whole=whole, counted=counted)

    def _each(self, tunnels: Sequence[Tunnel], outcome: Outcome) -> bool:
        """Work on tunnels until one fails; return whether none did."""
        for tunnel in tunnels:
            part = self._part(tunnel, outcome)
            self._parts.append(part)
            if part.outcome != outcome or not self._whole():
                return False
        return True

    def _part(self, tunnel: Tunnel, outcome: Outcome) -> _Part:
        self.on_tunnel(tunnel)
        change = Change(
            tunnel=tunnel,
            clouds=self.clouds,
            journal=self.journal,
            links=self.environment.links,
            pace=self.environment.witness.pace,
            tell=self.tell,
            started_s=self._started_s,
            tagged=self.tagged,
        )
        saved = saved_of(self.journal)
        from_s, problem = time.monotonic(), ""
        try:
            if outcome == "repaired":
                change.repair(saved[tunnel.key])
            else:
                change.rotate()
        except TwinspanError as error:
            problem = str(error)
            outcome = "unfinished" if tunnel.key in saved_of(self.journal) else "rolled back"
        return _Part(
            tunnel=tunnel,
            outcome=outcome,
            from_s=from_s,
            to_s=time.monotonic(),
            problem=problem,
            moments=change.moments,
        )

    def _carrying(self) -> str:
        """Return the key of the tunnel that AWS sends over; empty if the counters do not tell in time."""
        if not self.environment.counts:
            return ""
        before = received_bytes(self.environment.links())
        pace = self.environment.witness.pace

        def grown() -> bool:
            after = received_bytes(self.environment.links())
            return any(after[key] - size > _MOVED_BYTES for key, size in before.items() if key in after)

        try:
            wait_until(
                grown, bool, what="counter that moves", timeout_s=pace.counters_s, interval_s=pace.poll_s
            )
        except WaitTimeoutError:
            return ""
        return carrying_key(before, received_bytes(self.environment.links()))

    def _whole(self) -> bool:
        def green() -> bool:
            try:
                return self.environment.verify().passed
            except CloudError:
                return False  # a cloud that does not answer is asked again

        try:
            wait_until(
                green,
                bool,
                what="green verification",
                timeout_s=self.environment.witness.pace.whole_s,
                interval_s=self.environment.witness.pace.poll_s,
            )
        except WaitTimeoutError:
            return False
        return True

    def _report(
        self, measured: Measurement, tunnels: Sequence[Tunnel], *, whole: bool, counted: bool
    ) -> Rotation:
        ends = [*(part.from_s for part in self._parts[1:]), float("inf")]
        reached = [
            TunnelRotation(
                tunnel=part.tunnel.key,
                label=part.tunnel.label,
                outcome=part.outcome,
                seconds=part.to_s - part.from_s,
                packets=losses(measured.logs, from_s=part.from_s, to_s=to_s),
                problem=part.problem,
                timeline=timeline_of(part.moments),
            )
            for part, to_s in zip(self._parts, ends, strict=True)
        ]
        rest = tunnels[len(reached) :]
        return Rotation(
            place=self.place,
            tunnels=(
                *reached,
                *(
                    TunnelRotation(tunnel=tunnel.key, label=tunnel.label, outcome="not reached")
                    for tunnel in rest
                ),
            ),
            packets=losses(measured.logs, from_s=float("-inf"), to_s=float("inf")),
            seconds=time.monotonic() - self._started_s,
            whole=whole,
            counted=counted,
        )
