"""The flow meter over a real path that is really cut."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from wire_hosts import CUT, HEAL, Forgetful, Hanging, NamespaceHost, Wire, fault

from twinspan.drill import flow_agent
from twinspan.drill.flows import FlowMeter, Measurement, measure
from twinspan.errors import CommandError, HostError, WaitTimeoutError
from twinspan.wait import pause, wait_until

pytestmark = pytest.mark.root

TOLERANCE_S = 0.020


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Between which moments the path broke, and between which it was repaired; a command takes its time."""

    broken_s: tuple[float, float]
    mended_s: tuple[float, float]

    def fits(self, measured_s: float, *, resolution_s: float) -> bool:
        """Whether a length is the true one to 20 ms; the truth itself is known to two commands' run.

        A sender that a busy machine keeps from its schedule cannot see more than its resolution, as it says.
        """
        within_s = max(TOLERANCE_S, resolution_s)
        shortest, longest = self.mended_s[0] - self.broken_s[1], self.mended_s[1] - self.broken_s[0]
        return shortest - within_s <= measured_s <= longest + within_s


def load_timed(wire: Wire, ruleset: str) -> tuple[float, float]:
    before_s = time.monotonic()
    wire.router.load(ruleset)
    return before_s, time.monotonic()


def cut(wire: Wire, length_s: float, *, ruleset: str = CUT) -> Truth:
    """Drop what the rule set says for a while."""
    broken_s = load_timed(wire, ruleset)
    pause(length_s)
    return Truth(broken_s=broken_s, mended_s=load_timed(wire, HEAL))


def test_a_quiet_path_loses_nothing(wire: Wire) -> None:
    measured = measure(wire.aws, wire.azure, flows=16, rate_hz=1000, duration_s=1.0)
    assert set(measured.directions) == {"aws->azure", "azure->aws"}
    for direction in measured.directions.values():
        assert direction.sent > 500  # a busy machine does not let it send all 1,000
        assert (direction.lost, direction.duplicated, direction.reordered) == (0, 0, 0)
        assert direction.longest_gap_s == 0
        assert direction.recovered
        assert len({flow.port for flow in direction.flows}) == 16


@pytest.mark.parametrize("length_s", [0.3, 1.0])
def test_a_cut_of_known_length_is_measured_to_20_ms(wire: Wire, length_s: float) -> None:
    with FlowMeter(wire.aws, wire.azure, rate_hz=2000) as meter:
        pause(0.3)
        truth = cut(wire, length_s)
        pause(0.3)
        measured = meter.stop()
    for direction in measured.directions.values():
        assert direction.flows_hit == 16
        assert direction.recovered
        interval_s = direction.interval_s + direction.pacing_error_max_s
        assert all(truth.fits(gap_s, resolution_s=interval_s) for gap_s in direction.flow_gaps_s)
        assert truth.fits(direction.longest_whole_gap_s, resolution_s=interval_s)
        assert direction.first_loss_s is not None
        assert direction.recovery_s is not None
        assert truth.broken_s[0] <= direction.first_loss_s <= truth.broken_s[1] + interval_s
        assert truth.mended_s[0] <= direction.recovery_s <= truth.mended_s[1] + interval_s


def test_a_cut_of_one_direction_is_seen_in_that_direction_only(wire: Wire) -> None:
    one_way = fault('iifname "aws0" meta l4proto udp drop')
    with FlowMeter(wire.aws, wire.azure) as meter:
        cut(wire, 0.4, ruleset=one_way)
        measured = meter.stop()
    assert measured.directions["aws->azure"].flows_hit == 16
    assert measured.directions["azure->aws"].lost == 0


def test_a_cut_of_some_flows_leaves_the_others_whole(wire: Wire) -> None:
    even = fault('iifname "aws0" udp sport & 1 == 0 drop')
    with FlowMeter(wire.aws, wire.azure) as meter:
        cut(wire, 0.4, ruleset=even)
        measured = meter.stop()
    for flow in measured.directions["aws->azure"].flows:
        assert (flow.lost > 0) == (flow.port % 2 == 0)


def test_a_path_that_does_not_come_back_is_told_as_such(wire: Wire) -> None:
    with FlowMeter(wire.aws, wire.azure) as meter:
        pause(0.2)
        wire.router.load(CUT)
        pause(0.3)
        measured = meter.stop()
    for direction in measured.directions.values():
        assert not direction.recovered
        assert direction.recovery_s is None
        assert direction.longest_gap_s > 0.25


def test_packets_the_host_itself_refuses_count_as_lost(wire: Wire) -> None:
    with FlowMeter(wire.aws, wire.azure) as meter:
        wire.aws.run(("ip", "route", "delete", "default"), timeout_s=5)
        pause(0.2)
        measured = meter.stop()
    direction = measured.directions["aws->azure"]
    assert direction.refused > 0
    assert direction.lost >= direction.refused
    assert measured.directions["azure->aws"].lost == 0


def test_progress_tells_of_silence_while_it_lasts(wire: Wire) -> None:
    with FlowMeter(wire.aws, wire.azure) as meter:
        pause(0.2)
        heard = meter.progress()["aws->azure"]
        wire.router.load(CUT)
        pause(0.5)
        silent = meter.progress()["aws->azure"]
    assert len(heard.silent_s) == 16
    assert max(heard.silent_s.values()) < min(silent.silent_s.values())
    assert min(silent.silent_s.values()) > 0.4
    assert silent.received > heard.received


def test_a_measurement_ends_when_it_is_told_to(wire: Wire) -> None:
    polls = iter([False, False, True])
    measured = measure(wire.aws, wire.azure, rate_hz=200, stop=lambda: next(polls))
    assert list(polls) == []
    assert measured.directions["aws->azure"].sent > 0


def test_a_measurement_that_is_never_told_to_end_times_out(wire: Wire) -> None:
    with pytest.raises(WaitTimeoutError, match="end of the measurement"):
        measure(wire.aws, wire.azure, stop=lambda: False, max_s=0.3)
    assert agents_of(wire.aws) == []


def test_the_agents_end_by_themselves_and_what_they_saw_is_kept(wire: Wire) -> None:
    with FlowMeter(wire.aws, wire.azure, max_s=2.0) as meter:
        pause(2.5)
        measured: Measurement = meter.stop()
    for direction in measured.directions.values():
        assert direction.sent > 0
        assert direction.ended_s - direction.started_s < 2.0  # the agents' own start counts, too
        assert direction.lost == 0


class ShortLease(FlowMeter):
    lease_s = 4.0


@pytest.mark.slow
def test_agents_go_on_while_their_meter_lives_even_if_it_asks_nothing(wire: Wire) -> None:
    with ShortLease(wire.aws, wire.azure) as meter:
        pause(1.5 * ShortLease.lease_s)
        measured = meter.stop()
    for direction in measured.directions.values():
        assert direction.ended_s - direction.started_s > 1.25 * ShortLease.lease_s


@pytest.mark.slow
def test_a_host_that_hangs_does_not_cost_the_other_its_agent(wire: Wire) -> None:
    hanging = Hanging(wire.aws)
    with ShortLease(hanging, wire.azure):
        hanging.goes_on.clear()
        pause(1.5 * ShortLease.lease_s)
        left = agents_of(wire.azure)
        hanging.goes_on.set()
    assert len(left) == 1


@pytest.mark.slow
def test_agents_end_soon_after_the_process_that_measures_was_killed(wire: Wire) -> None:
    hosts = [json.dumps([host.name, host.side, str(host.address)]) for host in (wire.aws, wire.azure)]
    argv = [sys.executable, "-c", MEASURE, str(Path(__file__).parent), str(ShortLease.lease_s), *hosts]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as measuring:
        assert measuring.stdout is not None
        assert measuring.stdout.readline() == "sending\n"
        assert agents_of(wire.aws)
        measuring.kill()

    for host in (wire.aws, wire.azure):
        # Sooner than an empty line every 15 s could find its reader gone.
        wait_until(
            partial(agents_of, host),
            lambda left: not left,
            what="agent's end",
            timeout_s=flow_agent.BEAT_S - 5,
        )


def test_leaving_the_meter_without_stop_ends_both_agents(wire: Wire) -> None:
    with FlowMeter(wire.aws, wire.azure):
        assert len(agents_of(wire.aws)) == 1
    assert agents_of(wire.aws) == []
    assert agents_of(wire.azure) == []


def test_a_port_that_is_taken_is_a_clear_error(
    wire: Wire, start_server: Callable[[str, NamespaceHost, str, int], None]
) -> None:
    start_server(TAKE_A_PORT, wire.azure, "udp", 7777)
    with pytest.raises(CommandError, match="Address already in use"):
        FlowMeter(wire.aws, wire.azure, port=7777).start()
    assert agents_of(wire.aws) == []


def test_an_answer_that_is_lost_is_asked_for_again(wire: Wire) -> None:
    forgetful = Forgetful(wire.aws)
    with FlowMeter(forgetful, wire.azure) as meter:
        pause(0.3)
        heard = meter.progress()
        measured = meter.stop()
    assert forgetful.lost == ["ready", "send", "progress", "hush", "end"]
    assert all(len(progress.silent_s) == 16 for progress in heard.values())
    for direction in measured.directions.values():
        assert direction.sent > 20
        assert direction.lost == 0
    assert agents_of(wire.aws) == []


def test_answers_that_are_always_lost_are_an_error(wire: Wire) -> None:
    with pytest.raises(CommandError, match="no end within"):
        FlowMeter(Forgetful(wire.aws, times=3), wire.azure).start()
    assert agents_of(wire.azure) == []


def test_stop_without_start_is_refused(wire: Wire) -> None:
    with pytest.raises(HostError, match="not running"):
        FlowMeter(wire.aws, wire.azure).stop()


def agents_of(host: NamespaceHost) -> list[str]:
    done = host.run(("cat", "/proc/net/unix"), timeout_s=5)
    return [line for line in done.stdout.splitlines() if "twinspan-flows-" in line]


MEASURE = """
import json, signal, sys
from ipaddress import IPv4Address
sys.path.insert(0, sys.argv[1])
from wire_hosts import NamespaceHost
from twinspan.drill.flows import FlowMeter
FlowMeter.lease_s = float(sys.argv[2])
a, b = (NamespaceHost(name=n, side=s, address=IPv4Address(ip)) for n, s, ip in map(json.loads, sys.argv[3:]))
with FlowMeter(a, b):
    print("sending", flush=True)
    signal.pause()
"""

TAKE_A_PORT = """
import signal, socket, sys
end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
end.bind(("", int(sys.argv[4])))
print("listening", flush=True)
signal.pause()
"""
