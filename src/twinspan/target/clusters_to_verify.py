"""The clusters and test pods that `twinspan verify` asks."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from twinspan.cloud.reader import read_network
from twinspan.errors import CloudError, TwinspanError, WaitTimeoutError
from twinspan.network.clouds import Cloud
from twinspan.network.model import Network
from twinspan.target.target import Target
from twinspan.verify.clusters import ClusterPod, Clusters
from twinspan.wait import wait_until

if TYPE_CHECKING:
    from twinspan.kubernetes.api import ClusterApi
    from twinspan.kubernetes.endpoint import ClusterEndpoint
    from twinspan.kubernetes.pods import PodHost

READY_WITHIN_S = 60.0
"""For a test pod; with an image that has to be pulled first. Longer, and the pod is a finding."""


@contextmanager
def clusters_to_verify(target: Target, *, pods: bool, image: str, wait_s: float = 0.0) -> Iterator[Clusters]:
    """Open every cluster and, if wanted, run a test pod in each while the block runs.

    A cluster without a ready node is given `wait_s` seconds to have one. What goes wrong is part of what is
    yielded: it is for `verify` to say. Without clusters nothing is done.
    """
    expected = dict(target.clusters)
    try:
        network, _ = read_network(target.endpoints)
    except CloudError:
        # `verify` reads both clouds itself and reports what this one met.
        yield Clusters(expected=expected)
        return
    lookup = _endpoints(target, network)
    with ExitStack() as stack:
        apis = tuple(_opened(stack, endpoint) for endpoint in lookup.endpoints)
        started = (
            stack.enter_context(_pods(apis, image=image, wait_s=wait_s)) if pods and apis else _Started()
        )
        unspoken = {name: why for (_, name), why in lookup.problems.items()}
        yield Clusters(
            expected=expected,
            apis=apis,
            problems=lookup.problems,
            pods=tuple(
                ClusterPod(cluster=name, host=pod, subnet_id=_subnet_of(network, pod))
                for name, pod in started.pods.items()
            ),
            pods_wanted=pods,
            pod_problems={**unspoken, **started.problems},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Endpoints:
    endpoints: tuple["ClusterEndpoint", ...]
    problems: Mapping[tuple[Cloud, str], str]


def _endpoints(target: Target, network: Network) -> _Endpoints:
    """Return how to reach the clusters; one whose cloud gives no credentials is a problem of its own."""
    endpoints: list[ClusterEndpoint] = []
    problems: dict[tuple[Cloud, str], str] = {}
    for side, part in (("aws", replace(network, azure=None)), ("azure", replace(network, aws=None))):
        names = _names(part)
        expected_name = target.clusters.get("aws" if side == "aws" else "azure")
        if not names:
            continue
        # The client takes most of a second to load; a network without clusters need not wait for it.
        from twinspan.kubernetes.endpoint import clusters_of  # noqa: PLC0415

        try:
            candidates = clusters_of(part, target.endpoints)
        except CloudError as error:
            problems.update({("aws" if side == "aws" else "azure", name): str(error) for name in names})
        else:
            endpoints += [endpoint for endpoint in candidates if expected_name in {None, endpoint.name}]
    return _Endpoints(endpoints=tuple(endpoints), problems=problems)


def _names(network: Network) -> tuple[str, ...]:
    eks = network.aws.eks_clusters if network.aws else ()
    aks = network.azure.aks_clusters if network.azure else ()
    return (*(cluster.name for cluster in eks), *(cluster.name for cluster in aks))


def _opened(stack: ExitStack, endpoint: "ClusterEndpoint") -> "ClusterApi":
    from twinspan.kubernetes.api import ClusterApi  # noqa: PLC0415 - slow to load

    return stack.enter_context(ClusterApi(endpoint))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Started:
    pods: Mapping[str, "PodHost"] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def _pods(apis: tuple["ClusterApi", ...], *, image: str, wait_s: float) -> Iterator[_Started]:
    """Run a test pod in each cluster, all at once; one that does not start leaves the others alone."""
    from twinspan.kubernetes.probe_pods import probe_pods, ready_nodes  # noqa: PLC0415 - slow to load

    def nodes(api: "ClusterApi") -> tuple[str, ...]:
        try:
            return ready_nodes(api)
        except CloudError:
            return ()

    def start(api: "ClusterApi") -> tuple[ExitStack, "PodHost"]:
        with suppress(WaitTimeoutError):
            wait_until(lambda: nodes(api), bool, what="a ready node", timeout_s=wait_s, interval_s=0.5)
        kept = ExitStack()
        ((pod,),) = kept.enter_context(probe_pods([api], image=image, ready_within_s=READY_WITHIN_S))
        return kept, pod

    pods: dict[str, PodHost] = {}
    problems: dict[str, str] = {}
    with ThreadPoolExecutor(len(apis), thread_name_prefix="pods") as pool:
        jobs = {api.endpoint.name: pool.submit(start, api) for api in apis}
        try:
            for name, job in jobs.items():
                try:
                    pods[name] = job.result()[1]
                except TwinspanError as error:
                    problems[name] = str(error)
            yield _Started(pods=pods, problems=problems)
        finally:
            # Also those that were still starting when the user gave up.
            for removal in [
                pool.submit(job.result()[0].close) for job in jobs.values() if not job.exception()
            ]:
                removal.result()


def _subnet_of(network: Network, pod: "PodHost") -> str:
    if network.aws and pod.side == "aws":
        return next(
            (aws_subnet.id for aws_subnet in network.aws.subnets if pod.address in aws_subnet.cidr_block), ""
        )
    if network.azure and pod.side == "azure":
        for vnet in network.azure.virtual_networks:
            for subnet in vnet.subnets:
                if any(pod.address in prefix for prefix in subnet.address_prefixes):
                    return subnet.id.lower()
    return ""
