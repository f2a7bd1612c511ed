"""The service of examples/hello, which shows what a lost node or cluster does to users."""

from collections import Counter
from collections.abc import Mapping
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from twinspan.errors import HostError, WaitTimeoutError
from twinspan.faults.definition import IN_USE, Drill, FaultType, Step
from twinspan.faults.endings import Expectation
from twinspan.faults.expectations import OTHER_CLUSTER
from twinspan.network.clouds import Cloud
from twinspan.protocols import ServiceAddress
from twinspan.target.clusters import open_clusters
from twinspan.target.target import Target
from twinspan.wait import wait_until

if TYPE_CHECKING:
    from twinspan.kubernetes.api import ClusterApi

NAMESPACE = "hello"
SIDES: Mapping[Cloud, tuple[str, str]] = {
    "aws": ("eks", "The EKS cluster"),
    "azure": ("aks", "The AKS cluster"),
}
"""Side -> what the names of its drills begin with, and what it is called."""
_SERVICE = f"/api/v1/namespaces/{NAMESPACE}/services/hello"
_ENDPOINTS = f"/api/v1/namespaces/{NAMESPACE}/endpoints/hello"
_READY_WITHIN_S = 120.0
STARTED_WITHIN_S = 90.0
"""How long control plane, nodes and pods may take to start on the twin, seconds."""
_DEPLOY = "Deploy it on both clusters with `twinspan deploy examples/hello`"


def drill_of(
    fault: FaultType, side: Cloud, what: str, breaks: str, *, lost: Expectation, broken_s: float
) -> Drill:
    """Return the drill of a side's cluster; who asks it is the other side.

    Args:
        fault: What it breaks.
        side: Whose cluster.
        what: The name, without the cluster's.
        breaks: What happens, in one sentence that begins with the cluster.
        lost: What should happen to the requests of the other side.
        broken_s: How long it stays broken, seconds.
    """
    name, cluster = SIDES[side]
    return Drill(
        name=f"{name}-{what}",
        breaks=f"{cluster} {breaks}",
        steps=(Step(fault=fault),),
        places=("twin",),
        aws=lost if side == "azure" else OTHER_CLUSTER,
        azure=lost if side == "aws" else OTHER_CLUSTER,
        broken_s=broken_s,
        targets=(IN_USE,),
        measures="requests",
    )


def services_of(target: Target) -> Mapping[str, ServiceAddress]:
    """Return side -> where its cluster serves examples/hello.

    Raises:
        HostError: A cluster has no such service, or no address for it.
        CloudError: A cluster cannot be asked.
    """
    with open_clusters(target) as clusters:
        return {api.endpoint.side: _service(api) for api in clusters}


def _service(api: "ClusterApi") -> ServiceAddress:
    service = api.find(_SERVICE)
    if service is None:
        raise HostError(problem=f"{api.name} does not run examples/hello", remedy=_DEPLOY)
    ingress = service.get("status", {}).get("loadBalancer", {}).get("ingress") or []
    address = next((entry["ip"] for entry in ingress if entry.get("ip")), None)
    if address is None:
        raise HostError(problem=f"{api.name}: the service hello/hello has no address yet", remedy=_DEPLOY)
    return ServiceAddress(address=IPv4Address(address), port=int(service["spec"]["ports"][0]["port"]))


def serving_node(api: "ClusterApi") -> str:
    """Return the node with most of the service's ready replicas; waits until all are ready.

    Raises:
        HostError: They are not in time.
        CloudError: The cluster cannot be asked.
    """

    def serving() -> tuple[Counter[str], int]:
        subsets = (api.find(_ENDPOINTS) or {}).get("subsets") or []
        ready = [
            address.get("nodeName", "") for subset in subsets for address in subset.get("addresses") or []
        ]
        waiting = sum(len(subset.get("notReadyAddresses") or []) for subset in subsets)
        return Counter(ready), waiting

    try:
        ready, _ = wait_until(
            serving,
            lambda seen: bool(seen[0]) and not seen[1],
            what=f"replicas of hello on {api.name}",
            timeout_s=_READY_WITHIN_S,
            interval_s=0.5,
        )
    except WaitTimeoutError as error:
        raise HostError(
            problem=f"{api.name}: not every replica of hello/hello is ready", remedy=_DEPLOY
        ) from error
    return ready.most_common(1)[0][0]
