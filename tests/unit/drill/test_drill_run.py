"""Whatever happens in a drill, what it broke is repaired; small real parts stand for the network."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest
from test_drill_parts import link

from twinspan.drill.catalogue import named
from twinspan.drill.environment import DrillEnvironment
from twinspan.drill.flows import Measurement, Progress
from twinspan.drill.run import run_drill
from twinspan.errors import CommandError, DesignError, HostError
from twinspan.faults.data_plane.path_cut import TUNNEL_DOWN
from twinspan.network.links import TunnelLink
from twinspan.protocols import Event
from twinspan.results import CheckResult, Finding, Outcome
from twinspan.target.pace import TWIN
from twinspan.target.place import Witness
from twinspan.verify.findings import Verification


@dataclass(slots=True)
class Path:
    """A path that can be cut, and remembers."""

    description: str = "the path"
    cuts: int = 0
    cut: bool = False

    def inject(self) -> None:
        self.cuts += 1
        self.cut = True

    def heal(self) -> None:
        self.cut = False


@dataclass(slots=True)
class BothNoticed:
    """Events of two daemons that noticed at once, on a clock that runs a second whenever it is read."""

    seconds: Iterator[int] = field(default_factory=itertools.count)

    def since(self, at_s: float) -> Sequence[Event]:
        aws, azure = "vpn-0a/203.0.113.1", "/subscriptions/s/connections/dev-tunnel1/198.51.100.4"
        return [Event(at_s=at_s + 1, kind="dpd-timeout", subject=s, detail="") for s in (aws, azure)]

    def now_s(self) -> float:
        return float(next(self.seconds))


@dataclass(slots=True)
class DyingMeter:
    """Flows whose host dies while the path is cut."""

    closed: bool = False
    starts: int = 0
    error: BaseException = field(default_factory=lambda: CommandError(["ask"], 1, "the host has gone"))

    def start(self) -> None:
        self.closed = False
        self.starts += 1

    def progress(self) -> Mapping[str, Progress]:
        raise self.error

    def stop(self) -> Measurement:
        raise self.error

    def close(self) -> None:
        self.closed = True


def verification(outcome: Outcome) -> Verification:
    finding = Finding(subject="tunnel1", outcome=outcome, evidence="DOWN")
    result = CheckResult(id="VPN-03", title="tunnels up", section="Tunnels", findings=(finding,))
    return Verification(expected_from="test", results=(result,), duration_s=0.0)


def environment(
    path: Path, meter: DyingMeter, *, whole: bool = True, moving: bool = True
) -> DrillEnvironment:
    readings = iter(range(0, 10_000, 1000 if moving else 10_001))

    def links() -> Sequence[TunnelLink]:
        return [link(1, received=next(readings, 0)), link(2)]

    return DrillEnvironment(
        links=links,
        verify=lambda: verification(Outcome.PASS if whole else Outcome.FAIL),
        meter=meter,
        fault=lambda _drill, _link, _links: path,
        witness=Witness(events=BothNoticed(), hold_profile="negotiated", pace=TWIN),
    )


@pytest.mark.parametrize(
    "error", [CommandError(["ask"], 1, "gone"), KeyboardInterrupt()], ids=["error", "Ctrl-C"]
)
def test_a_drill_that_dies_mends_what_it_broke_and_ends_its_flows(
    error: BaseException,
) -> None:
    path, meter = Path(), DyingMeter(error=error)

    with pytest.raises(type(error)):
        run_drill(TUNNEL_DOWN, environment(path, meter), tunnel="in-use")

    assert (path.cuts, path.cut, meter.closed) == (1, False, True)


def test_a_network_that_is_not_whole_is_not_broken_further() -> None:
    path = Path()

    with pytest.raises(HostError, match=r"VPN-03 tunnel1: DOWN.*--force"):
        run_drill(TUNNEL_DOWN, environment(path, DyingMeter(), whole=False), tunnel="in-use")

    assert path.cuts == 0


def test_with_force_it_is() -> None:
    path = Path()

    with pytest.raises(CommandError, match="the host has gone"):
        run_drill(TUNNEL_DOWN, environment(path, DyingMeter(), whole=False), tunnel="in-use", force=True)

    assert (path.cuts, path.cut) == (1, False)


@dataclass(slots=True)
class SteadyMeter(DyingMeter):
    """Flows that are always heard, but whose log is lost at the end."""

    def progress(self) -> Mapping[str, Progress]:
        return {name: Progress(received=1, silent_s={0: 0.0}) for name in ("aws->azure", "azure->aws")}


def test_a_drill_is_broken_off_and_mended_at_once_when_its_target_says_so() -> None:
    path = Path()
    moments: list[str] = []
    made = environment(path, SteadyMeter())
    stopping = replace(made.witness, stop_reason=lambda: "no tunnel was up any longer")

    with pytest.raises(CommandError, match="the host has gone"):
        run_drill(
            replace(named("endpoint-replaced"), broken_s=1e9),
            replace(made, witness=stopping),
            tunnel="in-use",
            on_moment=lambda moment: moments.append(moment.what),
        )

    assert "broken off: no tunnel was up any longer" in moments
    assert (path.cuts, path.cut) == (1, False)


@pytest.mark.parametrize(
    ("drill_name", "used_from", "starts"), [("tunnel-down", 2, 2), ("idle", 2, 1), ("tunnel-down", 9, 3)]
)
def test_flows_start_anew_while_azure_sends_none_over_the_tunnel_to_break(
    drill_name: str, used_from: int, starts: int
) -> None:
    meter = DyingMeter()
    sent = itertools.count(0, 1000)

    def links() -> Sequence[TunnelLink]:
        size = next(sent)
        return [link(1, received=size, sent=size * (meter.starts >= used_from)), link(2, sent=size)]

    with pytest.raises(CommandError, match="the host has gone"):
        run_drill(named(drill_name), replace(environment(Path(), meter), links=links), tunnel="in-use")

    assert (meter.starts, meter.closed) == (starts, True)


def test_silent_counters_matter_only_to_who_asks_for_the_tunnel_in_use() -> None:
    made = environment(Path(), DyingMeter(), moving=False)
    made = replace(made, witness=replace(made.witness, pace=replace(TWIN, counters_s=0.1)))

    with pytest.raises(HostError, match="no Azure connection received anything"):
        run_drill(TUNNEL_DOWN, made, tunnel="in-use")
    with pytest.raises(CommandError, match="the host has gone"):
        run_drill(TUNNEL_DOWN, made, tunnel="tunnel1")


def test_a_tunnel_that_does_not_exist_breaks_nothing() -> None:
    path, meter = Path(), DyingMeter()

    with pytest.raises(DesignError, match="tunnel9"):
        run_drill(TUNNEL_DOWN, environment(path, meter), tunnel="tunnel9")

    assert (path.cuts, meter.closed) == (0, True)
