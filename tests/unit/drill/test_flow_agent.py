"""The program on the hosts: how it packs its log, and how it refuses."""

import subprocess
import sys
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinspan.drill import flow_agent
from twinspan.drill.flows import FlowMeter, measure


class Somewhere:
    """A host that is never asked anything, since bad numbers are refused before."""

    name = "somewhere"
    address = IPv4Address("127.0.0.1")

    def __init__(self, side: str) -> None:
        self.side = side

    def run(self, argv: object, *, timeout_s: float, stdin: str | None = None) -> flow_agent.FlowAgent:
        raise AssertionError((argv, timeout_s, stdin))


@given(st.lists(st.integers(min_value=0, max_value=2**63)))
def test_a_packed_log_is_read_back_as_it_was(values: list[int]) -> None:
    assert flow_agent.unpack(flow_agent.pack(values)) == values


def test_regular_numbers_pack_small() -> None:
    assert len(flow_agent.pack(range(10**15, 10**15 + 1000 * 100_000, 1000))) < 10_000


def test_asking_an_agent_that_does_not_exist_ends_in_time_with_the_reason() -> None:
    argv = [sys.executable, "-I", flow_agent.__file__, "ask", "nobody", "0.1"]
    done = subprocess.run(argv, input="{}", capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode != 0
    assert "no flow agent has started within 0.1 s" in done.stderr


@pytest.mark.parametrize(
    "numbers", [{"flows": 0}, {"flows": 5000}, {"rate_hz": 0.0}, {"rate_hz": 1e9}, {"max_s": 0.0}]
)
def test_numbers_out_of_range_are_refused(numbers: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="out of range"):
        FlowMeter(Somewhere("aws"), Somewhere("azure"), **numbers)  # type: ignore[arg-type]


def test_two_hosts_of_one_side_are_refused() -> None:
    with pytest.raises(ValueError, match="both hosts are on side aws"):
        FlowMeter(Somewhere("aws"), Somewhere("aws"))  # type: ignore[arg-type]


def test_a_measurement_needs_exactly_one_end() -> None:
    with pytest.raises(ValueError, match="either duration_s or stop"):
        measure(Somewhere("aws"), Somewhere("azure"))  # type: ignore[arg-type]
