"""How many packets of a running measurement were sent and lost in a part of it. Pure."""

from bisect import bisect_left
from collections.abc import Mapping

from twinspan.drill.flow_analysis import DirectionLog
from twinspan.results.document import Document

_LATE_S = 5.0
"""How much earlier than the end the last packet may have been sent, seconds."""


class Loss(Document):
    """Packets of one direction."""

    sent: int
    lost: int


def losses(logs: Mapping[str, DirectionLog], *, from_s: float, to_s: float) -> dict[str, Loss]:
    """Return direction -> packets sent in a part of the measurement, and how many of them never arrived.

    Args:
        logs: Direction -> everything recorded of it.
        from_s: The part's beginning, on the clock of the logs, seconds.
        to_s: Its end, which is not part of it.
    """
    return {name: _loss(log, from_s, to_s) for name, log in logs.items()}


def sent_until(logs: Mapping[str, DirectionLog], at_s: float) -> bool:
    """Return whether every direction was sent until a time, but for what a busy host may be late.

    An agent ends by itself when it has not been spoken to for a while; then it receives nothing either.
    """
    return all(log.sent_s and log.sent_s[-1] >= at_s - _LATE_S for log in logs.values())


def _loss(log: DirectionLog, from_s: float, to_s: float) -> Loss:
    first, last = bisect_left(log.sent_s, from_s), bisect_left(log.sent_s, to_s)
    arrived = {arrival.sequence * log.flows + arrival.flow for arrival in log.arrivals}
    return Loss(sent=last - first, lost=sum(number not in arrived for number in range(first, last)))
