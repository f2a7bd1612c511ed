"""Who sends in a drill, and what it is broken and watched through: puts a drill's environment together."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Literal

from twinspan.drill.alert_watch import AlertWatch, Key
from twinspan.drill.composite import fault_of
from twinspan.drill.environment import DrillEnvironment, Meter, NoMeter
from twinspan.drill.flows import RATE_HZ, FlowMeter, install
from twinspan.drill.one_network import links_in, network_of, pair_in
from twinspan.drill.requests import RequestMeter
from twinspan.errors import HostError
from twinspan.faults.definition import IN_USE, Drill
from twinspan.faults.hello import services_of
from twinspan.monitor.alerts import read_ringing
from twinspan.target.clusters import PodChoice, pods_of
from twinspan.target.hosts import Hosts, hosts_of
from twinspan.target.pace import Pace
from twinspan.target.place import Witness
from twinspan.target.target import Target
from twinspan.target.witness import api_witness

_IN_POD = Path("/tmp/twinspan")  # noqa: S108 - in a pod of our own
ALERTS_EVERY_S = 1.0
"""Pause between two looks at the alerts, seconds: the precision of times to alert."""
DRILL_S = 900.0
"""The agents on hosts end by themselves after this long, seconds."""
LONG_S = 3600.0
"""The agents in pods do after this long, seconds: telemetry and restoring take their time."""

Sender = Literal["hosts", "pods", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Senders:
    """Who sends in a drill, and what it waits for; see `twinspan drill run --help`.

    Attributes:
        kind: Throw-away hosts, test pods, or nobody.
        rate_hz: Packets per second and direction.
        pods: Which pods.
        alerts_s: How long to wait for the clouds' alerts, seconds; None to wait for none.
        tunnel: What the drill is aimed at; of several networks apart, those in its own send.
    """

    kind: Sender
    rate_hz: float = RATE_HZ
    pods: PodChoice = field(default_factory=PodChoice)
    alerts_s: float | None = None
    tunnel: str = IN_USE

    def environment(self, drill: Drill, target: Target) -> AbstractContextManager[DrillEnvironment]:
        """Return the environment of a drill on a target; what sends goes when its block ends."""
        if self.kind == "none":
            made = without_senders(target)
        elif self.kind == "hosts":
            made = with_hosts(
                target,
                rate_hz=self.rate_hz,
                requests=drill.measures == "requests",
                tunnel=self.tunnel,
            )
        else:
            made = with_pods(target, self.pods, rate_hz=self.rate_hz)
        return made if self.alerts_s is None else with_alerts(made, target, within_s=self.alerts_s)


@contextmanager
def with_hosts(
    target: Target,
    *,
    rate_hz: float = RATE_HZ,
    requests: bool = False,
    tunnel: str = IN_USE,
    max_s: float = DRILL_S,
) -> Iterator[DrillEnvironment]:
    """Attach hosts while the block runs, of which two send to each other.

    Args:
        target: Where there can be hosts: a twin.
        rate_hz: Packets per second and direction.
        requests: Whether to send requests to both clusters' services in place of packets.
        tunnel: `in-use`, `unused` or a tunnel's name: those of its network send; see `Senders`.
        max_s: The agents end by themselves after this long, seconds.

    Raises:
        HostError: No host can be attached, or there is no service to ask.
    """
    with hosts_of(target, pairs=1) as hosts:
        if not hosts.pairs:
            raise HostError(
                problem=f"no host can be attached on both sides: {'; '.join(hosts.problems) or 'no subnets'}",
                remedy="Build the network with `twinspan apply`",
            )
        network = network_of(target.facts(bgp=False), tunnel)
        aws, azure = pair_in(network, hosts.pairs)
        meter = (
            RequestMeter(aws.host, azure.host, services=services_of(target))
            if requests
            else FlowMeter(aws.host, azure.host, rate_hz=rate_hz, max_s=max_s)
        )
        with _watched(target, meter, hosts=hosts) as environment:
            yield replace(environment, links=lambda: links_in(network, target.links()))


@contextmanager
def with_pods(
    target: Target, choice: PodChoice | None = None, *, rate_hz: float = RATE_HZ, pace: Pace | None = None
) -> Iterator[DrillEnvironment]:
    """Run a test pod in each cluster while the block runs, which send to each other.

    Args:
        target: A twin or real accounts.
        choice: Which pods; their image needs `sh`, `timeout` and Python 3.
        rate_hz: Packets per second and direction.
        pace: How long the place may take; None for its own.

    Raises:
        HostError: The image has no Python.
        CloudError: There is no cluster, or no pod can be run in it.
    """
    with pods_of(target, choice or PodChoice()) as ((aws, *_), (azure, *_)):
        for pod in (aws, azure):
            install(pod, _IN_POD)
        meter = FlowMeter(aws, azure, rate_hz=rate_hz, python="python3", folder=_IN_POD, max_s=LONG_S)
        with _watched(target, meter, pace=pace) as environment:
            yield environment


@contextmanager
def without_senders(target: Target, *, pace: Pace | None = None) -> Iterator[DrillEnvironment]:
    """Watch the clouds' telemetry alone while the block runs, a twin's too.

    Args:
        target: A twin or real accounts.
        pace: How long the clouds may take; None for what they take in reality.
    """
    with api_witness(target.links, pace=pace) as witness:
        yield _environment(target, NoMeter(), witness)


@contextmanager
def with_alerts(
    environment: AbstractContextManager[DrillEnvironment], target: Target, *, within_s: float
) -> Iterator[DrillEnvironment]:
    """Have drills wait for the clouds' alerts, `within_s` seconds at most.

    Raises:
        CloudError: A cloud does not tell of its alerts.
    """

    def read() -> frozenset[Key]:
        return frozenset((alert.cloud, alert.name, alert.about) for alert in read_ringing(target.endpoints))

    with environment as made, AlertWatch(read, within_s=within_s, poll_s=ALERTS_EVERY_S) as alerts:
        yield replace(made, alerts=alerts)


@contextmanager
def _watched(
    target: Target, meter: Meter, *, hosts: Hosts | None = None, pace: Pace | None = None
) -> Iterator[DrillEnvironment]:
    with target.place.witness(target.links, pace=pace) as witness:
        yield _environment(target, meter, witness, hosts=hosts)


def _environment(
    target: Target, meter: Meter, witness: Witness, *, hosts: Hosts | None = None
) -> DrillEnvironment:
    pairs = hosts.pairs if hosts else ()
    judged = replace(target, planned=None)  # what was changed since Terraform keeps nobody from a drill
    return DrillEnvironment(
        links=target.links,
        verify=lambda: judged.verify(hosts=pairs),
        meter=meter,
        fault=partial(fault_of, target),
        witness=witness,
    )
