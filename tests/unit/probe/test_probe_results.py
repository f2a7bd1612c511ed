"""What is made of ping's words and of counters."""

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinspan.probe.iperf import tunnel_share
from twinspan.probe.percentiles import percentile
from twinspan.probe.ping import PingResult, parse_ping

OUTPUT = """PING 10.1.1.10 (10.1.1.10) 56(84) bytes of data.
64 bytes from 10.1.1.10: icmp_seq=1 ttl=60 time=2.46 ms
64 bytes from 10.1.1.10: icmp_seq=3 ttl=60 time=12.0 ms
64 bytes from 10.1.1.10: icmp_seq=3 ttl=60 time=12.9 ms (DUP!)
From 10.2.1.1 icmp_seq=4 Destination Host Unreachable

--- 10.1.1.10 ping statistics ---
4 packets transmitted, 2 received, +1 duplicates, +1 errors, 50% packet loss, time 612ms
"""


def test_answers_losses_and_duplicates_are_told_apart() -> None:
    assert parse_ping(OUTPUT) == (4, (2.46, 12.0), 1)


@pytest.mark.parametrize(
    "text", ["", "ping: connect: Network is unreachable\n", OUTPUT.replace("2 received", "3 received")]
)
def test_words_that_are_no_finished_ping_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ping"):
        parse_ping(text)


def test_a_result_without_answers_has_no_times() -> None:
    result = PingResult(
        source="a",
        source_side="aws",
        destination="b",
        destination_side="azure",
        address=IPv4Address("10.1.1.10"),
        sent=3,
        times_ms=(),
    )
    assert result.loss_ratio == 1.0
    assert result.as_dict()["p99_ms"] is None


@given(st.lists(st.floats(min_value=0, max_value=1e6), min_size=1), st.integers(min_value=1, max_value=100))
def test_a_percentile_is_the_least_value_that_covers_its_share(values: list[float], percent: int) -> None:
    percentile_value = percentile(values, percent)
    covered = sum(value <= percentile_value for value in values)
    below = sum(value < percentile_value for value in values)
    assert percentile_value in values
    assert covered * 100 >= percent * len(values)
    assert below * 100 < percent * len(values)


@pytest.mark.parametrize(("values", "percent"), [([], 50), ([1.0], 0), ([1.0], 101)])
def test_a_percentile_of_nothing_is_refused(values: list[float], percent: int) -> None:
    with pytest.raises(ValueError, match="percentile"):
        percentile(values, percent)


def test_the_share_is_of_what_grew_between_the_readings() -> None:
    assert tunnel_share({"t1": 100, "t2": 100}, {"t1": 400, "t2": 200}) == {"t1": 0.75, "t2": 0.25}


def test_a_tunnel_that_appeared_counts_from_zero_and_one_that_restarted_counts_what_it_has() -> None:
    assert tunnel_share({"t1": 500}, {"t1": 100, "t2": 100}) == {"t1": 0.5, "t2": 0.5}


def test_no_growth_is_no_share() -> None:
    assert tunnel_share({"t1": 5}, {"t1": 5}) == {"t1": 0.0}
