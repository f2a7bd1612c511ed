"""Read both clouds, ping, and judge."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from twinspan.cloud.azure import AzureBgp, read_azure_bgp
from twinspan.cloud.endpoints import Endpoints
from twinspan.cloud.reader import read_network
from twinspan.errors import CloudError, CloudRefusedError, WaitTimeoutError
from twinspan.network.clouds import Cloud
from twinspan.network.model import Network, Secrets, VirtualNetworkGateway
from twinspan.rules.observed.cluster_facts import ClusterFacts
from twinspan.rules.observed.expectation import Expectation, completed, from_network
from twinspan.rules.observed.facts import Facts
from twinspan.rules.observed.settings import ObjectSettings
from twinspan.rules.waivers import Waiver
from twinspan.verify.clusters import Clusters, ask
from twinspan.verify.evaluate import evaluate
from twinspan.verify.findings import Verification
from twinspan.verify.pings import HostInSubnet, large_ping, ping
from twinspan.wait import wait_until

HostPair = tuple[HostInSubnet, HostInSubnet]
"""One host on each side; pinged in both directions."""


def verify(
    endpoints: Endpoints,
    *,
    hosts: Sequence[HostPair] = (),
    host_problems: Sequence[str] = (),
    clusters: Clusters | None = None,
    expected: Expectation | None = None,
    planned: ObjectSettings | None = None,
    waivers: Sequence[Waiver] = (),
    wait_s: float = 0.0,
    on_reading: Callable[[Verification], None] | None = None,
) -> Verification:
    """Check the whole line from gateways to packets.

    Args:
        endpoints: Both clouds, real or twin.
        hosts: Pairs to ping between; none means that packets are not tested, and the answer says so.
        host_problems: Why further pairs could not be had; each is a finding.
        clusters: What may be asked of Kubernetes; None: nothing, and the answer says so.
        expected: What must exist; None derives it from the network itself.
        planned: What Terraform planned (`planned.planned_settings`), to report what has been changed since.
        waivers: Findings to let pass.
        wait_s: Read again until green for at most this long, seconds.
        on_reading: Called with every verification, also those that are not final.

    Raises:
        CloudError: No cloud could be read. If just one could not, that is a finding.
    """

    def once() -> Verification:
        means = _Means(hosts=hosts, problems=tuple(host_problems), clusters=clusters)
        verification = _verify_once(endpoints, means, expected, planned, waivers)
        if on_reading is not None:
            on_reading(verification)
        return verification

    try:
        return wait_until(
            once, lambda v: v.passed, what="green verification", timeout_s=wait_s, interval_s=0.5
        )
    except WaitTimeoutError as late:
        # Not green is a result, not an error; with the last reading as evidence.
        if isinstance(late.last, Verification):
            return late.last
        raise


def read_facts(endpoints: Endpoints, *, expected: Expectation | None = None, bgp: bool = True) -> Facts:
    """Read both clouds once, without pinging.

    Args:
        endpoints: Both clouds.
        expected: What must exist; None derives it from the network itself.
        bgp: Whether to ask Azure's gateways for their BGP peers and routes, which takes the longest.

    Raises:
        CloudError: A cloud refuses or does not answer.
    """
    network, secrets, problems = _read_clouds(endpoints)
    facts = Facts(
        network=network,
        secrets=secrets,
        expected=completed(expected, network) if expected else from_network(network),
        cloud_problems=problems,
    )
    if not bgp:
        return facts
    observed, problems_of_bgp = _read_bgp(endpoints, facts.azure_gateways)
    return replace(facts, bgp=observed, bgp_problems=problems_of_bgp)


def _read_clouds(endpoints: Endpoints) -> tuple[Network, Secrets, Mapping[Cloud, str]]:
    """Read both clouds at the same time; if one of them fails, the other one is still worth knowing."""
    with ThreadPoolExecutor(2, thread_name_prefix="read") as pool:
        aws = pool.submit(read_network, replace(endpoints, azure=None)) if endpoints.aws else None
        azure = pool.submit(read_network, replace(endpoints, aws=None)) if endpoints.azure else None
    both: Mapping[Cloud, Future[tuple[Network, Secrets]] | None] = {"aws": aws, "azure": azure}
    asked = {cloud: future for cloud, future in both.items() if future is not None}
    failed = {name: error for name, future in asked.items() if (error := future.exception()) is not None}
    for error in failed.values():
        if not isinstance(error, CloudError) or len(failed) == len(asked):
            raise error
    networks = {name: future.result() for name, future in asked.items() if name not in failed}
    aws_network, aws_secrets = networks.get("aws", (Network(aws=None, azure=None), Secrets()))
    azure_network, azure_secrets = networks.get("azure", (Network(aws=None, azure=None), Secrets()))
    return (
        Network(aws=aws_network.aws, azure=azure_network.azure),
        Secrets(aws=aws_secrets.aws, azure=azure_secrets.azure),
        {name: str(error) for name, error in failed.items()},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Means:
    """What packets are sent with."""

    hosts: Sequence[HostPair]
    problems: tuple[str, ...]
    clusters: Clusters | None


def _verify_once(
    endpoints: Endpoints,
    means: _Means,
    expected: Expectation | None,
    planned: ObjectSettings | None,
    waivers: Sequence[Waiver],
) -> Verification:
    started = time.monotonic()
    with ThreadPoolExecutor(max_workers=1 + 4 * len(means.hosts), thread_name_prefix="ping") as pool:
        kubernetes = pool.submit(ask, means.clusters) if means.clusters else None
        directions = [pair for one, other in means.hosts for pair in ((one, other), (other, one))]
        pings = [pool.submit(ping, source, destination) for source, destination in directions]
        large = [pool.submit(large_ping, source, destination) for source, destination in directions]
        facts = read_facts(endpoints, expected=expected)
        facts = replace(
            facts,
            pings=tuple(future.result() for future in pings),
            large_pings=tuple(future.result() for future in large),
            host_problems=means.problems,
            planned=planned,
            kubernetes=kubernetes.result() if kubernetes else ClusterFacts(),
        )
    return Verification(
        expected_from=facts.expected.source,
        results=evaluate(facts, waivers=waivers),
        duration_s=time.monotonic() - started,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    bgp: AzureBgp | None
    problem: str = ""


def _read_bgp(
    endpoints: Endpoints, gateways: Sequence[VirtualNetworkGateway]
) -> tuple[Mapping[str, AzureBgp], Mapping[str, str]]:
    azure = endpoints.azure
    if azure is None:
        return {}, {}
    answers: dict[str, _Answer] = {}
    for gateway in gateways:
        try:
            answers[gateway.id] = _Answer(bgp=read_azure_bgp(azure, gateway.id))
        except CloudRefusedError as refused:
            answers[gateway.id] = _Answer(bgp=None, problem=str(refused))
    return (
        {gateway: answer.bgp for gateway, answer in answers.items() if answer.bgp is not None},
        {gateway: answer.problem for gateway, answer in answers.items() if answer.bgp is None},
    )
