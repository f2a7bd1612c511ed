"""A drill through the APIs alone: what it tells, when it is broken off, and that it is mended."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import pytest
from test_drill_parts import link
from test_drill_run import Path, verification

from twinspan.drill.api_run import Watch, run_on_apis
from twinspan.drill.catalogue import named
from twinspan.errors import CloudUnreachableError, DesignError, HostError
from twinspan.network.links import TunnelLink
from twinspan.network.model import TelemetryStatus, VgwTelemetry
from twinspan.results import Outcome

UP, DOWN = TelemetryStatus.UP, TelemetryStatus.DOWN


@dataclass(slots=True)
class Clouds:
    """Two tunnels whose telemetry follows a script, one step a reading; the last step stays."""

    script: list[tuple[TelemetryStatus, TelemetryStatus]]
    path: Path = field(default_factory=Path)
    seconds: Iterator[int] = field(default_factory=itertools.count)
    error: Exception | None = None

    def links(self) -> Sequence[TunnelLink]:
        if self.path.cut and self.error:
            raise self.error
        now = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        return [shown(number, status) for number, status in enumerate(now, start=1)]

    def watch(self, *, whole: bool = True) -> Watch:
        return Watch(
            links=self.links,
            verify=lambda: verification(Outcome.PASS if whole else Outcome.FAIL),
            fault=lambda _drill, _link, _links: self.path,
            now_s=lambda: float(next(self.seconds)),
            poll_s=0.001,
            whole_within_s=0.5,
        )


def shown(number: int, status: TelemetryStatus) -> TunnelLink:
    found = link(number)
    assert found.tunnel is not None
    told = VgwTelemetry(status=status, status_message="", accepted_route_count=1, last_status_change=None)
    return replace(found, tunnel=replace(found.tunnel, telemetry=told))


REPLACED = replace(named("endpoint-replaced"), broken_s=0.0)


def test_it_tells_which_tunnel_was_down_and_for_how_long() -> None:
    clouds = Clouds([(UP, UP), (UP, UP), (UP, UP), (DOWN, UP), (DOWN, UP), (UP, UP)])

    report = run_on_apis(REPLACED, clouds.watch(), tunnel="tunnel1")

    assert report.passed
    assert list(report.down_s) == ["tunnel1"]
    assert report.down_s["tunnel1"] > 0
    assert (clouds.path.cuts, clouds.path.cut) == (1, False)


def test_it_is_broken_off_and_mended_when_no_tunnel_is_left() -> None:
    clouds = Clouds([(UP, UP), (UP, UP), (DOWN, DOWN), (UP, UP)])

    report = run_on_apis(REPLACED, clouds.watch(), tunnel="tunnel1")

    assert report.stopped == "no tunnel was up any longer"
    assert not report.passed
    assert not clouds.path.cut


def test_a_network_that_is_not_whole_is_left_alone() -> None:
    clouds = Clouds([(UP, UP)])

    with pytest.raises(HostError, match="not whole"):
        run_on_apis(REPLACED, clouds.watch(whole=False), tunnel="tunnel1")

    assert clouds.path.cuts == 0


def test_a_cloud_that_goes_silent_does_not_keep_what_was_broken() -> None:
    clouds = Clouds([(UP, UP)], error=CloudUnreachableError("no answer"))

    with pytest.raises(CloudUnreachableError):
        run_on_apis(REPLACED, clouds.watch(), tunnel="tunnel1")

    assert (clouds.path.cuts, clouds.path.cut) == (1, False)


def test_a_tunnel_that_does_not_exist_is_named() -> None:
    with pytest.raises(DesignError, match="tunnel9"):
        run_on_apis(REPLACED, Clouds([(UP, UP)]).watch(), tunnel="tunnel9")
