"""What a drill works with: hosts or pods, flows, faults, and events of daemons or of the clouds' APIs."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from twinspan.cli.cluster_faults import services_of
from twinspan.cli.clusters import open_clusters
from twinspan.cli.faults import fault_of
from twinspan.cli.output import step
from twinspan.cli.target import Hosts, Target, hosts_of
from twinspan.drill.alert_watch import AlertWatch, Key
from twinspan.drill.api_events import ApiEvents
from twinspan.drill.bench import Bench
from twinspan.drill.definition import Drill
from twinspan.drill.flows import RATE_HZ, FlowMeter, install
from twinspan.drill.pace import CLOUD, Pace
from twinspan.drill.requests import RequestMeter
from twinspan.errors import HostError
from twinspan.kubernetes import TOOLS_IMAGE
from twinspan.monitor.alerts import read_ringing
from twinspan.network.links import TunnelLink
from twinspan.verify.findings import Verification
from twinspan.verify.run import read_facts, verify

_IN_POD = Path("/tmp/twinspan")  # noqa: S108 - in a pod of our own
_CLOUD_HOLD = "fixed"
"""No API tells what a gateway does: the longer of both possibilities is what an outage is held against."""
ALERTS_EVERY_S = 1.0
"""Pause between two looks at the alerts, seconds: the precision of times to alert."""
_MAX_S = 3600.0
"""The agents in pods end by themselves after this long, seconds: telemetry and mending take their time."""


Sender = Literal["hosts", "pods", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Senders:
    """Who sends in a drill, and what it waits for; see `twinspan drill run --help`.

    Attributes:
        kind: Throw-away hosts, test pods, or nobody.
        rate_hz: Packets per second and direction.
        image: What the pods run.
        clusters: Names of the EKS and the AKS cluster of the pods; None for the only one.
        alerts_s: How long to wait for the clouds' alerts, seconds; None to wait for none.
    """

    kind: Sender
    rate_hz: float = RATE_HZ
    image: str = TOOLS_IMAGE
    clusters: tuple[str | None, str | None] = (None, None)
    alerts_s: float | None = None

    def bench_of(self, drill: Drill, target: Target) -> AbstractContextManager[Bench]:
        """Return the bench of a drill on a target; hosts or pods go when its block ends."""
        if self.kind == "hosts":
            made = bench_of(target, rate_hz=self.rate_hz, requests=drill.measures == "requests")
        else:
            made = pod_bench_of(target, rate_hz=self.rate_hz, image=self.image, clusters=self.clusters)
        return made if self.alerts_s is None else with_alerts(made, target, within_s=self.alerts_s)


@contextmanager
def bench_of(target: Target, *, rate_hz: float = RATE_HZ, requests: bool = False) -> Iterator[Bench]:
    """Attach hosts to a twin and put a bench together; the hosts go when the block ends.

    Args:
        target: A twin.
        rate_hz: Packets per second and direction.
        requests: Whether to send requests to both clusters' services in place of packets.

    Raises:
        HostError: No host can be attached, or there is no service to ask.
    """
    from twinspan.twin.client import TwinClient, TwinEvents  # noqa: PLC0415 - the cloud's way needs no twin

    with hosts_of(target, pairs=1) as hosts:
        if not hosts.pairs:
            raise HostError(
                problem=f"no host can be attached on both sides: {'; '.join(hosts.problems) or 'no subnets'}",
                remedy="Build the network with `twinspan apply`",
            )
        aws, azure = hosts.pairs[0]
        yield Bench(
            links=lambda: _links(target),
            verify=lambda: _verify(target, hosts),
            meter=(
                RequestMeter(aws.host, azure.host, services=services_of(target))
                if requests
                else FlowMeter(aws.host, azure.host, rate_hz=rate_hz)
            ),
            fault=partial(fault_of, target),
            events=TwinEvents(TwinClient(target.name)),
            hold_profile=_hold_profile(target),
        )


@contextmanager
def pod_bench_of(
    target: Target,
    *,
    rate_hz: float = RATE_HZ,
    image: str = TOOLS_IMAGE,
    clusters: tuple[str | None, str | None] = (None, None),
    pace: Pace = CLOUD,
) -> Iterator[Bench]:
    """Run a test pod in each cluster and put a bench together; the pods go when the block ends.

    On a twin its daemons tell what happened; on real accounts the clouds' telemetry does.

    Args:
        target: A twin or real accounts.
        rate_hz: Packets per second and direction.
        image: What the pods run: needs `sh`, `timeout` and Python 3.
        clusters: Names of the EKS and the AKS cluster; None for that of the outputs, or the only one.
        pace: How long real accounts may take.

    Raises:
        HostError: The image has no Python.
        CloudError: There is no cluster, or no pod can be run in it.
    """
    from twinspan.kubernetes.probe_pods import probe_pods  # noqa: PLC0415 - the client is slow to load

    with (
        open_clusters(target, aws_cluster=clusters[0], azure_cluster=clusters[1]) as apis,
        step(f"Measuring between pods of {' and '.join(api.name for api in apis)}"),
        probe_pods(apis, image=image) as ((aws, *_), (azure, *_)),
    ):
        for pod in (aws, azure):
            install(pod, _IN_POD)
        meter = FlowMeter(aws, azure, rate_hz=rate_hz, python="python3", folder=_IN_POD, max_s=_MAX_S)
        with _witnessed(target, meter, pace) as bench:
            yield bench


@contextmanager
def with_alerts(
    bench_of: AbstractContextManager[Bench], target: Target, *, within_s: float
) -> Iterator[Bench]:
    """Put a bench together whose drills wait for the clouds' alerts, `within_s` seconds at most.

    Raises:
        CloudError: A cloud does not tell of its alerts.
    """

    def read() -> frozenset[Key]:
        return frozenset((each.cloud, each.name, each.about) for each in read_ringing(target.endpoints))

    with bench_of as bench, AlertWatch(read, within_s=within_s, poll_s=ALERTS_EVERY_S) as alerts:
        yield replace(bench, alerts=alerts)


@contextmanager
def _witnessed(target: Target, meter: FlowMeter, pace: Pace) -> Iterator[Bench]:
    """Yield a bench with who tells what happened."""
    if target.on == "twin":
        from twinspan.twin.client import TwinClient, TwinEvents  # noqa: PLC0415 - the cloud's way needs no twin

        yield Bench(
            links=lambda: _links(target),
            verify=lambda: _verify(target, Hosts()),
            meter=meter,
            fault=partial(fault_of, target),
            events=TwinEvents(TwinClient(target.name)),
            hold_profile=_hold_profile(target),
        )
        return
    with ApiEvents(lambda: _links(target), poll_s=pace.poll_s) as events:
        yield Bench(
            links=lambda: _links(target),
            verify=lambda: _verify(target, Hosts()),
            meter=meter,
            fault=partial(fault_of, target),
            events=events,
            hold_profile=_CLOUD_HOLD,
            pace=pace,
            stop_reason=events.stop_reason,
        )


def _hold_profile(target: Target) -> str:
    from twinspan.twin import lifecycle  # noqa: PLC0415 - the cloud's way needs no twin

    return lifecycle.status(target.name).azure_bgp_hold


def _links(target: Target) -> Sequence[TunnelLink]:
    return read_facts(target.endpoints, expected=target.expected).links()


def _verify(target: Target, hosts: Hosts) -> Verification:
    return verify(target.endpoints, hosts=hosts.pairs, expected=target.expected)
