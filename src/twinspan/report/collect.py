"""Read and measure what a report shows; whatever cannot be had becomes a part of it that says so."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeVar

from twinspan.cloud.endpoints import Endpoints
from twinspan.drill.report import Direction
from twinspan.errors import TwinspanError
from twinspan.monitor.model import Snapshot
from twinspan.monitor.read import Monitor
from twinspan.network.clouds import CLOUD_NAMES
from twinspan.probe.iperf import IperfResult, TunnelBytes, iperf
from twinspan.probe.ping import PingResult, ping_matrix
from twinspan.protocols import Host
from twinspan.report.alerts import alerts_of
from twinspan.report.document import (
    AlertTime,
    DrillPart,
    Latency,
    Missing,
    ReportDocument,
    Setting,
    Throughput,
)
from twinspan.report.network import Topology
from twinspan.report.topology import settings_of, topology_of
from twinspan.report.versions import versions
from twinspan.rules.observed.expectation import Expectation
from twinspan.rules.observed.facts import Facts
from twinspan.rules.observed.settings import ObjectSettings
from twinspan.rules.waivers import Waiver
from twinspan.target.place import Place
from twinspan.verify.clusters import Clusters, ask
from twinspan.verify.findings import Verification
from twinspan.verify.run import HostPair, read_facts, verify

T = TypeVar("T")
PING_INTERVAL_S = 0.01
NETWORK, STATE = "the network", "Terraform's state"
"""Names of what may be missing before anything is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is sent.

    Attributes:
        echoes: Echo requests of each pair of hosts and direction.
        seconds: Length of the throughput test in each direction; 0 for none.
        streams: Parallel TCP connections.
    """

    echoes: int
    seconds: int
    streams: int = 4


FULL = Effort(echoes=300, seconds=5)
QUICK = Effort(echoes=50, seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What a report is read from.

    Attributes:
        environment: Name of the environment.
        place: Where it runs.
        endpoints: Both clouds; None if there is no way to them.
        expected: What Terraform's state says must exist.
        planned: What Terraform applied.
        waivers: Findings that the environment's owners live with.
        pairs: One host on each side; those send. `verify` sends, too.
        pods: Hosts of both sides that send in the place of `pairs`.
        host_problems: Why hosts are missing.
        tunnel_bytes: Reader of the tunnels' counters.
        clusters: Kubernetes clusters that may be asked what they run.
        effort: How much is sent; None: nothing.
        missing: What is known to be missing before anything is read.
    """

    environment: str
    place: Place
    endpoints: Endpoints | None
    expected: Expectation | None = None
    planned: ObjectSettings | None = None
    waivers: tuple[Waiver, ...] = ()
    pairs: Sequence[HostPair] = ()
    pods: tuple[Sequence[Host], Sequence[Host]] = ((), ())
    host_problems: Sequence[str] = ()
    tunnel_bytes: TunnelBytes | None = None
    clusters: Clusters = field(default_factory=Clusters)
    effort: Effort | None = FULL
    missing: Sequence[Missing] = ()

    @property
    def senders(self) -> tuple[Sequence[Host], Sequence[Host]]:
        """Hosts of AWS and of Azure that measure."""
        if not self.pairs:
            return self.pods
        return tuple(one.host for one, _ in self.pairs), tuple(other.host for _, other in self.pairs)


class Collector:
    """Reads a report's parts, one after the other, and remembers what is missing."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._missing = list(sources.missing)

    def collect(self, *, drills: Sequence[DrillPart], alerts: Sequence[AlertTime]) -> ReportDocument:
        """Read both clouds, measure, and put everything together.

        Network state is read before anything is sent, so that no figure is of a network under load.
        """
        started = time.monotonic()
        made_at = datetime.now(UTC)
        verification = self._verification()
        topology, settings = self._topology()
        latency = self._latency()
        throughput = self._throughput()
        if not drills:
            self._lacks("drills", *_NO_DRILLS)
        alerts = (*alerts_of(drills), *alerts)
        if not alerts:
            self._lacks("alerts", *_NO_ALERTS)
        sources = self._sources
        return ReportDocument(
            environment=sources.environment,
            on=sources.place.on,
            made_at=made_at,
            collect_s=round(time.monotonic() - started, 3),
            missing=tuple(self._missing),
            topology=topology,
            verification=verification,
            latency=latency,
            throughput=throughput,
            drills=tuple(drills),
            alerts=tuple(alerts),
            settings=(*_measured_with(sources), *settings),
            versions=versions(sources.place.programs),
        )

    def _lacks(self, part: str, reason: str, remedy: str = "") -> None:
        self._missing.append(Missing(part=part, reason=reason, remedy=remedy))

    def _tried(self, part: str, read: Callable[[], T], remedy: str) -> T | None:
        try:
            return read()
        except TwinspanError as error:
            self._lacks(part, str(error), remedy)
            return None

    def _verification(self) -> Verification | None:
        sources, endpoints = self._sources, self._sources.endpoints
        if endpoints is None:
            return None
        return self._tried(
            "verify",
            lambda: verify(
                endpoints,
                hosts=sources.pairs,
                host_problems=sources.host_problems,
                expected=sources.expected,
                planned=sources.planned,
                waivers=sources.waivers,
            ),
            "Run `twinspan doctor`",
        )

    def _topology(self) -> tuple[Topology | None, tuple[Setting, ...]]:
        endpoints = self._sources.endpoints
        if endpoints is None:
            return None, ()
        with ThreadPoolExecutor(2, thread_name_prefix="report") as pool:
            reading = pool.submit(read_facts, endpoints, expected=self._sources.expected)
            looking = pool.submit(Monitor(endpoints).read)
            facts: Facts | None = self._tried("topology", reading.result, "Run `twinspan doctor`")
            snapshot: Snapshot = looking.result()
        silent = facts.cloud_problems if facts else {}
        for cloud, problem in silent.items():
            self._lacks(f"topology of {CLOUD_NAMES[cloud]}", problem, "Run `twinspan doctor`")
        for problem in snapshot.problems:
            if problem not in silent.values():
                self._lacks("live states", problem, "Run `twinspan monitor --once`")
        if facts is None:
            return None, ()
        facts = replace(facts, kubernetes=ask(self._sources.clusters))
        topology = topology_of(facts, snapshot)
        for side, name in ((topology.aws, "EKS"), (topology.azure, "AKS")):
            if side is not None and not side.clusters:
                self._lacks("clusters", f"there is no {name} cluster in this network")
        return topology, settings_of(facts)

    def _latency(self) -> tuple[Latency, ...]:
        measurements = self._measured(
            "latency",
            lambda aws, azure, effort: ping_matrix(
                aws, azure, count=effort.echoes, interval_s=PING_INTERVAL_S
            ),
        )
        return tuple(_latency(measurement) for measurement in measurements or ())

    def _throughput(self) -> tuple[Throughput, ...]:
        def measure(aws: Sequence[Host], azure: Sequence[Host], effort: Effort) -> IperfResult:
            return iperf(
                aws[0],
                azure[0],
                seconds=effort.seconds,
                streams=effort.streams,
                tunnel_bytes=self._sources.tunnel_bytes,
            )

        measurement = self._measured("throughput", measure)
        return _throughput(measurement) if measurement else ()

    def _measured(
        self, part: str, measure: Callable[[Sequence[Host], Sequence[Host], Effort], T]
    ) -> T | None:
        sources = self._sources
        (aws, azure), effort = sources.senders, sources.effort
        if effort is None:
            self._lacks(part, "nothing was sent, as was asked for", "Leave out `--no-probe`")
            return None
        if sources.endpoints is None:
            return None
        if not aws or not azure:
            why = "; ".join(sources.host_problems) or "there is no host on both sides to send from"
            self._lacks(part, why, "Use `--from pods`, which sends from pods of both clusters")
            return None
        return self._tried(part, lambda: measure(aws, azure, effort), "Run `twinspan verify`")


_NO_DRILLS = (
    "no recorded drill was named, so what a failure costs is not shown",
    (
        "Run `twinspan drill run tunnel-down --repeat 10 --out drills/tunnel-down`, "
        "then `twinspan report --drills drills/tunnel-down`"
    ),
)
_NO_ALERTS = (
    "no drill that waited for alerts was named",
    (
        "Run `twinspan drill run tunnel-down --until-alert 120 --out drills/alerts`, "
        "then `twinspan report --drills drills/alerts`"
    ),
)


def _measured_with(sources: Sources) -> tuple[Setting, ...]:
    effort = sources.effort
    rows = [("Expectation from", sources.expected.source if sources.expected else "the network itself")]
    if effort is not None:
        rows += [
            (
                "Echo requests, each pair and direction",
                f"{effort.echoes}, every {PING_INTERVAL_S * 1000:g} ms",
            ),
            ("TCP throughput", f"{effort.seconds} s each way, {effort.streams} connections"),
        ]
    return tuple(Setting(group="This report", name=name, value=value) for name, value in rows)


def _direction(source_side: str) -> Direction:
    return "aws->azure" if source_side == "aws" else "azure->aws"


def _latency(result: PingResult) -> Latency:
    return Latency(
        direction=_direction(result.source_side),
        source=result.source,
        destination=f"{result.destination} ({result.address})",
        sent=result.sent,
        times_ms=result.times_ms,
        p50_ms=result.percentile_ms(50),
        p90_ms=result.percentile_ms(90),
        p99_ms=result.percentile_ms(99),
        max_ms=max(result.times_ms, default=None),
    )


def _throughput(result: IperfResult) -> tuple[Throughput, ...]:
    return tuple(
        Throughput(
            direction=_direction(way.source_side),
            streams=result.streams,
            seconds=round(way.seconds, 3),
            bits_per_s=round(way.bits_per_s),
            retransmissions=way.retransmissions,
            tunnel_share={tunnel: round(share, 4) for tunnel, share in way.tunnel_share.items()},
        )
        for way in result.directions
    )
