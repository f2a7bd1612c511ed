"""What a log of numbered packets says: gaps, losses, reordering, delay. Pure functions.

A packet's fate is counted on the sender's clock: an outage runs from the sending of the first packet lost to
the sending of the first packet after it that arrived. So neither a late receiver nor a stalled sender looks
like an outage, and a break of the path from t0 to t1 is measured as t1 - t0 give or take one interval
between two packets of the flow, without bias; the longest of many flows leans to the long side.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from twinspan.probe.percentiles import percentile


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One packet as received.

    Attributes:
        flow: Its flow, from 0.
        sequence: Its number within the flow, from 0.
        at_s: When it was read, on the receiver's clock, seconds.
    """

    flow: int
    sequence: int
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectionLog:
    """Everything recorded of one direction.

    Attributes:
        flows: How many flows; packet n belongs to flow `n % flows`, where it has number `n // flows`.
        rate_hz: Packets per second that were to be sent over all flows.
        sent_s: When packet n was sent, on the sender's clock, seconds.
        refused: Numbers n of packets that the sending host itself refused; they count as sent.
        arrivals: In order of arrival.
        clocks_shared: Whether both clocks are one, so that delays mean something.
        ports: Source port of each flow.
    """

    flows: int
    rate_hz: float
    sent_s: Sequence[float]
    refused: Collection[int]
    arrivals: Sequence[Arrival]
    clocks_shared: bool
    ports: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A run of lost packets without one arrived between them.

    Attributes:
        first_lost_s: When the first lost packet was sent, sender's clock, seconds.
        recovered_s: When the next packet that arrived was sent; None if there was none.
        last_sent_s: When the last packet of all was sent, seconds: how far the measurement reaches.
        lost: Packets lost in the run.
    """

    first_lost_s: float
    recovered_s: float | None
    last_sent_s: float
    lost: int

    @property
    def duration_s(self) -> float:
        """How long it was, in seconds; a lower bound if it did not end."""
        end = self.last_sent_s if self.recovered_s is None else self.recovered_s
        return end - self.first_lost_s


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowResult:
    """One flow, which stays on one path as long as the routes stay.

    Attributes:
        flow: Its number, from 0.
        port: Its source port.
        sent: Packets sent.
        lost: Packets that never arrived.
        duplicated: Arrivals beyond the first of each packet.
        reordered: Arrivals after one with a higher number. Source: RFC 4737, section 3.3.
        outages: In order of time.
    """

    flow: int
    port: int
    sent: int
    lost: int
    duplicated: int
    reordered: int
    outages: tuple[Outage, ...]

    @property
    def longest_gap_s(self) -> float:
        """The longest outage, seconds; 0.0 if nothing was lost."""
        return max((outage.duration_s for outage in self.outages), default=0.0)

    @property
    def recovered(self) -> bool:
        """Whether the last packet sent arrived, or nothing was lost."""
        return not self.outages or self.outages[-1].recovered_s is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """One-way delay and jitter over the packets that arrived before the first loss, in seconds.

    Attributes:
        p50_s: Median one-way delay.
        p99_s: 99th percentile.
        max_s: Largest.
        jitter_p99_s: 99th percentile of the delay difference of two neighbouring packets of a flow.
    """

    p50_s: float
    p99_s: float
    max_s: float
    jitter_p99_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """One direction of a measurement. All times on one monotonic clock, seconds.

    Attributes:
        flows: Every flow.
        whole_outages: Times during which no flow got anything through, in order of time.
        refused: Packets the sending host itself refused (of those lost).
        started_s: When the first packet was sent.
        ended_s: When the last one was.
        interval_s: Mean time between two packets of a flow: the resolution of a flow's outage.
        pacing_error_max_s: How late the sender was at worst against its schedule.
        delays: None if the clocks are not shared or nothing arrived before the first loss.
    """

    flows: tuple[FlowResult, ...]
    whole_outages: tuple[Outage, ...]
    refused: int
    started_s: float
    ended_s: float
    interval_s: float
    pacing_error_max_s: float
    delays: Delays | None

    @property
    def sent(self) -> int:
        """Packets sent over all flows."""
        return sum(flow.sent for flow in self.flows)

    @property
    def lost(self) -> int:
        """Packets that never arrived, over all flows."""
        return sum(flow.lost for flow in self.flows)

    @property
    def duplicated(self) -> int:
        """Arrivals beyond the first of each packet, over all flows."""
        return sum(flow.duplicated for flow in self.flows)

    @property
    def reordered(self) -> int:
        """Arrivals after one of the same flow with a higher number."""
        return sum(flow.reordered for flow in self.flows)

    @property
    def flows_hit(self) -> int:
        """Flows that lost anything."""
        return sum(flow.lost > 0 for flow in self.flows)

    @property
    def longest_gap_s(self) -> float:
        """The longest outage of any flow, seconds; 0.0 if nothing was lost."""
        return max((flow.longest_gap_s for flow in self.flows), default=0.0)

    @property
    def longest_whole_gap_s(self) -> float:
        """The longest time during which no flow got through, seconds."""
        return max((outage.duration_s for outage in self.whole_outages), default=0.0)

    @property
    def first_loss_s(self) -> float | None:
        """When the first lost packet was sent."""
        return min((f.outages[0].first_lost_s for f in self.flows if f.outages), default=None)

    @property
    def recovered(self) -> bool:
        """Whether every flow got through again."""
        return all(flow.recovered for flow in self.flows)

    @property
    def recovery_s(self) -> float | None:
        """From when on every flow got through; None if nothing was lost or not all recovered."""
        ends = [flow.outages[-1].recovered_s for flow in self.flows if flow.outages]
        known = [end for end in ends if end is not None]
        return max(known) if known and len(known) == len(ends) else None

    @property
    def flow_gaps_s(self) -> tuple[float, ...]:
        """The longest outage of each flow, ascending, seconds: the distribution over flows."""
        return tuple(sorted(flow.longest_gap_s for flow in self.flows))


def analyse(log: DirectionLog) -> Direction:
    """Return what a log says of its direction.

    Raises:
        ValueError: Nothing was sent, or a packet arrived that was never sent.
    """
    if not log.sent_s:
        raise ValueError("no packet was sent")
    arrived = [False] * len(log.sent_s)
    numbers: list[list[int]] = [[] for _ in range(log.flows)]
    for arrival in log.arrivals:
        number = arrival.sequence * log.flows + arrival.flow
        if arrival.flow >= log.flows or number >= len(arrived):
            raise ValueError(f"packet {arrival.sequence} of flow {arrival.flow} arrived but was never sent")
        arrived[number] = True
        numbers[arrival.flow].append(arrival.sequence)
    flows = tuple(_flow(log, flow, arrived, numbers[flow]) for flow in range(log.flows))
    span = log.sent_s[-1] - log.sent_s[0]
    mean_s = span / (len(log.sent_s) - 1) if len(log.sent_s) > 1 else 1 / log.rate_hz
    return Direction(
        flows=flows,
        whole_outages=find_outages(log.sent_s, arrived),
        refused=len(log.refused),
        started_s=log.sent_s[0],
        ended_s=log.sent_s[-1],
        interval_s=mean_s * log.flows,
        pacing_error_max_s=max(at - log.sent_s[0] - n / log.rate_hz for n, at in enumerate(log.sent_s)),
        delays=_delays(log, arrived),
    )


def find_outages(sent_s: Sequence[float], arrived: Sequence[bool]) -> tuple[Outage, ...]:
    """Return every run of lost packets.

    Args:
        sent_s: When each packet was sent, ascending, seconds; shape (n,).
        arrived: Whether it arrived; shape (n,).
    """
    outages = []
    first: int | None = None
    for number, ok in enumerate(arrived):
        if not ok and first is None:
            first = number
        elif ok and first is not None:
            outages.append(
                Outage(
                    first_lost_s=sent_s[first],
                    recovered_s=sent_s[number],
                    last_sent_s=sent_s[-1],
                    lost=number - first,
                )
            )
            first = None
    if first is not None:
        lost = len(arrived) - first
        outages.append(
            Outage(first_lost_s=sent_s[first], recovered_s=None, last_sent_s=sent_s[-1], lost=lost)
        )
    return tuple(outages)


def count_reordered(sequences: Sequence[int]) -> int:
    """Return how many arrivals came after one with a higher number. Source: RFC 4737, section 3.3."""
    highest, late = -1, 0
    for sequence in sequences:
        late += sequence < highest
        highest = max(highest, sequence)
    return late


def _flow(log: DirectionLog, flow: int, arrived: Sequence[bool], sequences: Sequence[int]) -> FlowResult:
    own = arrived[flow :: log.flows]
    first_arrivals = list(dict.fromkeys(sequences))
    return FlowResult(
        flow=flow,
        port=log.ports[flow],
        sent=len(own),
        lost=own.count(False),
        duplicated=len(sequences) - len(first_arrivals),
        reordered=count_reordered(first_arrivals),
        outages=find_outages(log.sent_s[flow :: log.flows], own),
    )


def _delays(log: DirectionLog, arrived: Sequence[bool]) -> Delays | None:
    quiet = arrived.index(False) if False in arrived else len(arrived)
    delay_s: dict[int, float] = {}
    for arrival in log.arrivals:
        number = arrival.sequence * log.flows + arrival.flow
        if number < quiet:
            delay_s.setdefault(number, arrival.at_s - log.sent_s[number])
    if not log.clocks_shared or not delay_s:
        return None
    values = list(delay_s.values())
    steps = [abs(delay_s[n] - delay_s[n - log.flows]) for n in delay_s if n - log.flows in delay_s]
    return Delays(
        p50_s=percentile(values, 50),
        p99_s=percentile(values, 99),
        max_s=max(values),
        jitter_p99_s=percentile(steps, 99) if steps else 0.0,
    )
