"""A drill where no host is known to send from: broken through the clouds' APIs, and watched through them.

How long packets were lost is not measured here. What is told is how long AWS's own telemetry called a tunnel
down, which both clouds refresh late and rarely: an upper bound of little worth, except that it ended.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from twinspan.drill.composite import fault_of
from twinspan.drill.recovery import must_be_whole
from twinspan.drill.report import Moment
from twinspan.errors import DesignError, WaitTimeoutError
from twinspan.faults.definition import IN_USE, UNUSED, Drill
from twinspan.network.links import TunnelLink
from twinspan.network.model import TelemetryStatus
from twinspan.protocols import Fault
from twinspan.target.target import Target
from twinspan.verify.findings import Verification
from twinspan.wait import wait_until

DISTURBED_WITHIN_S = 300.0
"""How long a cloud may take until its telemetry shows what it was asked to break, seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What such a drill works with.

    Attributes:
        links: Reads all tunnels.
        verify: Judges the whole line now, as far as the APIs tell.
        fault: Makes what a drill breaks at a tunnel.
        now_s: A monotonic clock, seconds.
        poll_s: How often the APIs are read, seconds.
        whole_within_s: How long everything may take to be whole again, seconds.
    """

    links: Callable[[], Sequence[TunnelLink]]
    verify: Callable[[], Verification]
    fault: Callable[[Drill, TunnelLink, Sequence[TunnelLink]], Fault]
    now_s: Callable[[], float]
    poll_s: float = 2.0
    whole_within_s: float = 1800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiReport:
    """What the APIs told.

    Attributes:
        drill: Which one.
        target: What was broken.
        down_s: Tunnel -> how long its telemetry was not UP, seconds; those that stayed up are missing.
        stopped: Why the drill was broken off; empty if it was not.
        whole_again_s: From breaking to a green `verify`, seconds; None if it never was.
        timeline: What happened when.
    """

    drill: Drill
    target: str
    down_s: Mapping[str, float]
    stopped: str
    whole_again_s: float | None
    timeline: tuple[Moment, ...]

    @property
    def passed(self) -> bool:
        """Whether everything is whole again, and was never all down."""
        return self.whole_again_s is not None and not self.stopped


def watch_of(target: Target, *, poll_s: float = 2.0) -> Watch:
    """Return what such a drill works with on a target, which may be a twin: nothing here differs."""
    judged = replace(target, planned=None)  # what was changed since Terraform keeps nobody from a drill
    return Watch(
        links=target.links,
        verify=judged.verify,
        fault=partial(fault_of, target),
        now_s=time.monotonic,
        poll_s=poll_s,
    )


def run_on_apis(
    drill: Drill,
    watch: Watch,
    *,
    tunnel: str,
    force: bool = False,
    on_moment: Callable[[Moment], None] = lambda _: None,
) -> ApiReport:
    """Run a drill once. Whatever happens, what can be mended is mended before this returns or raises.

    It is broken off, and mended at once, when no tunnel at all is up any longer.

    Raises:
        HostError: The network is not whole at the start.
        DesignError: There is no such tunnel.
        TwinspanError: A cloud cannot be asked or changed.
    """
    if not force:
        must_be_whole(watch.verify)
    links = watch.links()
    link = _chosen(links, tunnel)
    fault = watch.fault(drill, link, links)
    attempt = _Attempt(drill=drill, watch=watch, link=link, fault=fault, tell=on_moment)
    try:
        attempt.break_it()
    finally:
        fault.heal()
    attempt.note("mended")
    attempt.until_whole()
    return attempt.report()


def _chosen(links: Sequence[TunnelLink], wanted: str) -> TunnelLink:
    """Return the tunnel meant: without flows none is known to be in use, so the first one is as good."""
    by_key = {link.key: link for link in links}
    if wanted in {IN_USE, UNUSED} and links:
        return links[0]
    if wanted in by_key:
        return by_key[wanted]
    raise DesignError(
        where="--tunnel",
        problem=f"there is no tunnel {wanted}",
        remedy=f"Choose one of {', '.join(sorted(by_key))}",
    )


@dataclass(slots=True, kw_only=True)
class _Attempt:
    drill: Drill
    watch: Watch
    link: TunnelLink
    fault: Fault
    tell: Callable[[Moment], None]
    cut_at_s: float = 0.0
    stopped: str = ""
    whole_again_s: float | None = None
    up: dict[str, bool] = field(default_factory=dict)
    down_since: dict[str, float] = field(default_factory=dict)
    down_s: dict[str, float] = field(default_factory=dict)
    moments: list[Moment] = field(default_factory=list)

    def note(self, what: str) -> None:
        moment = Moment(at_s=self.watch.now_s() - self.cut_at_s, what=what)
        self.moments.append(moment)
        self.tell(moment)

    def break_it(self) -> None:
        """Break it, and wait until that shows and has lasted long enough, or until all is down."""
        self._look()
        self.cut_at_s = self.watch.now_s()
        self.fault.inject()
        self.note(f"asked for: {self.fault.description}")
        try:
            wait_until(
                self._enough,
                bool,
                what="tunnel that goes down",
                timeout_s=min(DISTURBED_WITHIN_S, max(self.watch.whole_within_s, self.drill.broken_s)),
                interval_s=self.watch.poll_s,
            )
        except WaitTimeoutError:
            self.note("the telemetry showed nothing")

    def until_whole(self) -> None:
        def whole() -> bool:
            self._look()
            return all(self.up.values()) and self.watch.verify().passed

        try:
            wait_until(
                whole,
                bool,
                what="green verification",
                timeout_s=self.watch.whole_within_s,
                interval_s=self.watch.poll_s,
            )
        except WaitTimeoutError:
            self.note("still not whole")
            return
        self.whole_again_s = self.watch.now_s() - self.cut_at_s
        self.note("all is whole again")

    def report(self) -> ApiReport:
        return ApiReport(
            drill=self.drill,
            target=self.link.label,
            down_s=self.down_s,
            stopped=self.stopped,
            whole_again_s=self.whole_again_s,
            timeline=tuple(self.moments),
        )

    def _enough(self) -> bool:
        self._look()
        if self.up and not any(self.up.values()):
            self.stopped = "no tunnel was up any longer"
            self.note(f"broken off: {self.stopped}")
            return True
        long_enough = self.watch.now_s() - self.cut_at_s >= self.drill.broken_s
        return long_enough and (bool(self.down_since or self.down_s) or not self.drill.breaks_tunnels)

    def _look(self) -> None:
        now_s = self.watch.now_s()
        for link in self.watch.links():
            telemetry = link.tunnel.telemetry if link.tunnel else None
            up = telemetry is not None and telemetry.status is TelemetryStatus.UP
            before = self.up.get(link.key)
            self.up[link.key] = up
            if before is None or before == up:
                continue
            if up and link.key in self.down_since:
                lasted_s = now_s - self.down_since.pop(link.key)
                self.down_s[link.key] = self.down_s.get(link.key, 0.0) + lasted_s
            elif not up:
                self.down_since[link.key] = now_s
            self.note(f"{link.label} is {'UP' if up else 'DOWN'}")
