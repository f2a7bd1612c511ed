"""The demonstration's pods: one in each cluster, and what they measure of each other."""

from dataclasses import dataclass

from twinspan.probe.crossing import cross
from twinspan.target.clusters import PodChoice, pods_of
from twinspan.target.target import Target

_COUNT = 20
_INTERVAL_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """What came of it.

    Attributes:
        median_ms: Round trip from AWS's pod to Azure's, milliseconds; None if nothing came back.
        kept_address: Whether each pod saw the other by the other's own address.
        told: All of it in one line.
    """

    median_ms: float | None
    kept_address: bool
    told: str


def pods_talk(target: Target) -> Talk:
    """Measure between a pod of each cluster; the pods are removed again.

    Raises:
        TwinspanError: There are no two clusters, or their pods cannot be reached.
    """
    with pods_of(target, PodChoice()) as (aws, azure):
        crossing = cross(aws, azure, count=_COUNT, interval_s=_INTERVAL_S)
        addresses = f"{aws[0].address} and {azure[0].address}"
    there = crossing.pings[0]
    median_ms = there.percentile_ms(50)
    kept = all(seen.kept for seen in crossing.sources)
    seen = "each seen by its own address" if kept else "but an address was translated on the way"
    return Talk(
        median_ms=median_ms,
        kept_address=kept,
        told=f"{addresses}: {there.received} of {there.sent} answers, median {median_ms or 0:.2f} ms, {seen}",
    )
