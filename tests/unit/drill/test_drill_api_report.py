"""A drill through the APIs alone: what it reports, when it is broken off, and that the fault is healed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest
from test_drill_parts import link, up
from test_drill_run import Path, verification

from twinspan.drill.api_report import ApiReport
from twinspan.drill.catalogue import named
from twinspan.drill.environment import DrillEnvironment, NoMeter
from twinspan.drill.run import watch_drill
from twinspan.errors import CloudUnreachableError, DesignError, HostError
from twinspan.network.links import TunnelLink
from twinspan.network.model import TelemetryStatus
from twinspan.results import Outcome
from twinspan.target.pace import Pace
from twinspan.target.witness import api_witness

UP, DOWN = TelemetryStatus.UP, TelemetryStatus.DOWN


@dataclass(slots=True)
class Clouds:
    """Two tunnels whose telemetry follows a script, one step a reading; the last stays until it is healed."""

    script: list[tuple[TelemetryStatus, TelemetryStatus]]
    path: Path = field(default_factory=Path)
    error: Exception | None = None

    def links(self) -> Sequence[TunnelLink]:
        if self.path.cut and self.error:
            raise self.error
        now = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if self.path.cuts and not self.path.cut:
            now = (UP, UP)
        return [shown(number, status) for number, status in enumerate(now, start=1)]

    @contextmanager
    def environment(self, *, whole: bool = True) -> Iterator[DrillEnvironment]:
        with api_witness(self.links, pace=PACE) as witness:
            yield DrillEnvironment(
                links=self.links,
                verify=lambda: verification(Outcome.PASS if whole else Outcome.FAIL),
                meter=NoMeter(),
                fault=lambda _drill, _link, _links: self.path,
                witness=witness,
            )

    def run(self, *, tunnel: str = "tunnel1", whole: bool = True) -> ApiReport:
        with self.environment(whole=whole) as environment:
            return watch_drill(REPLACED, environment, tunnel=tunnel)


def shown(number: int, status: TelemetryStatus) -> TunnelLink:
    return up(link(number), status)


REPLACED = replace(named("endpoint-replaced"), broken_s=0.0)
PACE = Pace(counters_s=0.5, shown_s=0.5, whole_s=0.5, poll_s=0.02)


def test_it_tells_which_tunnel_was_down_and_for_how_long() -> None:
    clouds = Clouds([(UP, UP), (UP, UP), (UP, UP), (DOWN, UP), (DOWN, UP), (UP, UP)])

    report = clouds.run()

    assert report.passed
    assert list(report.down_s) == ["tunnel1"]
    assert report.down_s["tunnel1"] > 0
    assert (clouds.path.cuts, clouds.path.cut) == (1, False)


def test_it_is_broken_off_and_mended_when_no_tunnel_is_left() -> None:
    clouds = Clouds([(UP, UP), (UP, UP), (DOWN, DOWN)])

    report = clouds.run()

    assert report.stopped == "no tunnel was up any longer"
    assert not report.passed
    assert not clouds.path.cut


def test_a_network_that_is_not_whole_is_left_alone() -> None:
    clouds = Clouds([(UP, UP)])

    with pytest.raises(HostError, match="not whole"):
        clouds.run(whole=False)

    assert clouds.path.cuts == 0


def test_a_cloud_that_goes_silent_does_not_keep_what_was_broken() -> None:
    clouds = Clouds([(UP, UP)], error=CloudUnreachableError("no answer"))

    report = clouds.run()

    assert report.down_s == {}
    assert (clouds.path.cuts, clouds.path.cut) == (1, False)


def test_a_tunnel_that_does_not_exist_is_named() -> None:
    with pytest.raises(DesignError, match="tunnel9"):
        Clouds([(UP, UP)]).run(tunnel="tunnel9")
