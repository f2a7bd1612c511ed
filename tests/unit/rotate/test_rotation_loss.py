"""Packets are counted by the tunnel whose turn it was."""

from twinspan.drill.flow_analysis import Arrival, DirectionLog
from twinspan.rotate.loss import Loss, losses, sent_until


def log(lost: set[int]) -> DirectionLog:
    """Ten packets, one a second, in two flows."""
    return DirectionLog(
        flows=2,
        rate_hz=1.0,
        sent_s=[float(number) for number in range(10)],
        refused=(),
        arrivals=[
            Arrival(flow=number % 2, sequence=number // 2, at_s=number + 0.1)
            for number in range(10)
            if number not in lost
        ],
        clocks_shared=True,
        ports=(1, 2),
    )


def test_a_packet_belongs_to_the_part_in_which_it_was_sent() -> None:
    logs = {"aws->azure": log({3, 4}), "azure->aws": log(set())}

    assert losses(logs, from_s=0.0, to_s=4.0) == {
        "aws->azure": Loss(sent=4, lost=1),
        "azure->aws": Loss(sent=4, lost=0),
    }
    assert losses(logs, from_s=4.0, to_s=float("inf"))["aws->azure"] == Loss(sent=6, lost=1)


def test_without_a_measurement_there_is_nothing() -> None:
    assert losses({}, from_s=0.0, to_s=1.0) == {}


def test_an_agent_that_ended_early_is_noticed() -> None:
    logs = {"aws->azure": log(set()), "azure->aws": log(set())}

    assert sent_until(logs, 12.0)
    assert not sent_until(logs, 60.0)
    assert sent_until({}, 60.0)
