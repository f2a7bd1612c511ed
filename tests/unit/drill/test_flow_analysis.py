"""What is said of a log of packets, against an independent formulation: one packet at a time, in words."""

from collections.abc import Sequence
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinspan.drill.flow_analysis import (
    Arrival,
    DirectionLog,
    analyse,
    count_reordered,
    find_outages,
)

FLOWS = 4
INTERVAL_S = 0.001


def log_of(fates: Sequence[int], *, flows: int = FLOWS, shared: bool = True) -> DirectionLog:
    """Packet n is sent at n ms and arrives `fates[n]` times, each 10 ms later."""
    arrivals = [
        Arrival(flow=n % flows, sequence=n // flows, at_s=n * INTERVAL_S + 0.010)
        for n, times in enumerate(fates)
        for _ in range(times)
    ]
    return DirectionLog(
        flows=flows,
        rate_hz=1 / INTERVAL_S,
        sent_s=[n * INTERVAL_S for n in range(len(fates))],
        refused=[],
        arrivals=arrivals,
        clocks_shared=shared,
        ports=[40000 + flow for flow in range(flows)],
    )


def slow_outages(sent_s: Sequence[float], arrived: Sequence[bool]) -> list[tuple[float, float | None, int]]:
    runs, at = [], 0
    for ok, group in groupby(arrived):
        length = len(list(group))
        if not ok:
            end = sent_s[at + length] if at + length < len(arrived) else None
            runs.append((sent_s[at], end, length))
        at += length
    return runs


@given(st.lists(st.booleans(), min_size=1, max_size=200))
def test_outages_are_the_runs_of_lost_packets(arrived: list[bool]) -> None:
    sent_s = [n * 0.5 for n in range(len(arrived))]
    outages = [(o.first_lost_s, o.recovered_s, o.lost) for o in find_outages(sent_s, arrived)]
    assert outages == slow_outages(sent_s, arrived)


@given(st.lists(st.integers(min_value=0, max_value=3), min_size=1, max_size=200))
def test_every_packet_is_counted_once(fates: list[int]) -> None:
    direction = analyse(log_of(fates))
    assert direction.sent == len(fates)
    assert direction.lost == fates.count(0)
    assert direction.duplicated == sum(fate - 1 for fate in fates if fate)
    assert direction.flows_hit == len({n % FLOWS for n, fate in enumerate(fates) if fate == 0})
    assert sum(outage.lost for flow in direction.flows for outage in flow.outages) == direction.lost


@given(st.lists(st.integers(min_value=0, max_value=1), min_size=1, max_size=200))
def test_no_flow_is_silent_for_less_than_all_of_them_together(fates: list[int]) -> None:
    direction = analyse(log_of(fates))
    # A flow's outage may miss, of one that hits all, up to one of its own intervals.
    assert direction.longest_gap_s >= direction.longest_whole_gap_s - direction.interval_s - 1e-9


@given(
    first=st.integers(min_value=FLOWS, max_value=500),
    length=st.integers(min_value=FLOWS, max_value=500),
    after=st.integers(min_value=FLOWS, max_value=100),
)
def test_a_cut_is_measured_to_one_interval_of_a_flow(first: int, length: int, after: int) -> None:
    direction = analyse(log_of([1] * first + [0] * length + [1] * after))
    assert direction.flows_hit == FLOWS
    assert direction.recovered
    assert direction.longest_gap_s == pytest.approx(length * INTERVAL_S, abs=FLOWS * INTERVAL_S)
    assert direction.longest_whole_gap_s == pytest.approx(length * INTERVAL_S)
    assert direction.first_loss_s == pytest.approx(first * INTERVAL_S)
    assert direction.recovery_s == pytest.approx((first + length + FLOWS - 1) * INTERVAL_S)


@given(st.lists(st.integers(min_value=0, max_value=50), unique=True))
def test_an_arrival_is_reordered_if_a_higher_number_came_before(sequences: list[int]) -> None:
    late = [n for at, n in enumerate(sequences) if any(earlier > n for earlier in sequences[:at])]
    assert count_reordered(sequences) == len(late)


def test_a_second_copy_is_a_duplicate_and_not_reordered() -> None:
    log = log_of([1, 1, 1, 1, 1, 1], flows=1)
    copy = Arrival(flow=0, sequence=0, at_s=1.0)
    direction = analyse(
        DirectionLog(
            flows=1,
            rate_hz=log.rate_hz,
            sent_s=log.sent_s,
            refused=[],
            arrivals=[*log.arrivals, copy],
            clocks_shared=True,
            ports=[40000],
        )
    )
    assert (direction.duplicated, direction.reordered, direction.lost) == (1, 0, 0)


def test_nothing_lost_means_no_gap_and_no_moments() -> None:
    direction = analyse(log_of([1] * 40))
    assert direction.longest_gap_s == 0
    assert (direction.first_loss_s, direction.recovery_s, direction.recovered) == (None, None, True)
    assert direction.flow_gaps_s == (0, 0, 0, 0)


def test_a_gap_that_does_not_end_is_a_lower_bound_and_not_recovered() -> None:
    direction = analyse(log_of([1] * 20 + [0] * 20))
    assert not direction.recovered
    assert direction.recovery_s is None
    assert direction.longest_whole_gap_s == pytest.approx(0.019)


def test_a_path_that_never_worked_is_one_gap_over_the_whole_run() -> None:
    direction = analyse(log_of([0] * 40))
    assert direction.lost == 40
    assert direction.longest_whole_gap_s == pytest.approx(0.039)
    assert direction.delays is None


def test_one_flow_that_is_cut_leaves_the_others_at_zero() -> None:
    direction = analyse(log_of([0 if n % FLOWS == 2 and 8 <= n < 24 else 1 for n in range(60)]))
    assert direction.flow_gaps_s == pytest.approx((0, 0, 0, 0.016))
    assert direction.longest_whole_gap_s == pytest.approx(INTERVAL_S)


def test_delay_and_jitter_come_from_the_time_before_the_first_loss() -> None:
    delays = analyse(log_of([1] * 20 + [0] + [1] * 3)).delays
    assert delays is not None
    assert delays.p50_s == pytest.approx(0.010)
    assert delays.jitter_p99_s == pytest.approx(0, abs=1e-9)


def test_clocks_that_are_not_shared_give_no_delay() -> None:
    assert analyse(log_of([1] * 20, shared=False)).delays is None


def test_a_log_without_packets_is_refused() -> None:
    with pytest.raises(ValueError, match="no packet was sent"):
        analyse(log_of([]))


@pytest.mark.parametrize(("flow", "sequence"), [(FLOWS, 0), (0, 10)])
def test_an_arrival_that_was_never_sent_is_refused(flow: int, sequence: int) -> None:
    log = log_of([1] * 8)
    stray = Arrival(flow=flow, sequence=sequence, at_s=1.0)
    broken = DirectionLog(
        flows=FLOWS,
        rate_hz=log.rate_hz,
        sent_s=log.sent_s,
        refused=[],
        arrivals=[stray],
        clocks_shared=True,
        ports=log.ports,
    )
    with pytest.raises(ValueError, match="never sent"):
        analyse(broken)
