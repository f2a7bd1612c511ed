"""Clusters without power, pods that a policy closes, and the services of examples/hello that show it."""

from collections import Counter
from collections.abc import Mapping
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from twinspan.drill.api_changes import Change
from twinspan.drill.api_fault import ApiFault
from twinspan.drill.requests import ServiceAddress
from twinspan.errors import HostError, WaitTimeoutError
from twinspan.network.clouds import Cloud
from twinspan.protocols import Fault
from twinspan.target.clusters import open_clusters
from twinspan.target.target import Target
from twinspan.wait import wait_until

if TYPE_CHECKING:
    from twinspan.kubernetes.api import ClusterApi

POWER: Mapping[str, Cloud] = {
    "node-lost-aws": "aws",
    "node-lost-azure": "azure",
    "cluster-lost-aws": "aws",
    "cluster-lost-azure": "azure",
}
"""Fault -> the side whose cluster it hits."""
ISOLATION: Mapping[str, Cloud] = {"pods-isolated-aws": "aws", "pods-isolated-azure": "azure"}
"""Fault -> the side whose pods it closes."""
_NAMESPACE = "hello"
_SERVICE = "/api/v1/namespaces/hello/services/hello"
_ENDPOINTS = "/api/v1/namespaces/hello/endpoints/hello"
_READY_WITHIN_S = 120.0
_TURN_ON: Mapping[Cloud, str] = {
    "aws": "Set kubernetes.eks.network_policies to true, or the add-on vpc-cni's enableNetworkPolicy",
    "azure": "Set kubernetes.aks.network_policy to azure, calico or cilium",
}
_DEPLOY = "Deploy it on both clusters with `twinspan deploy examples/hello`"


def services_of(target: Target) -> Mapping[str, ServiceAddress]:
    """Return side -> where its cluster serves examples/hello.

    Raises:
        HostError: A cluster has no such service, or no address for it.
        CloudError: A cluster cannot be asked.
    """
    with open_clusters(target) as clusters:
        return {api.endpoint.side: _service(api) for api in clusters}


def power_cut(target: Target, what: str) -> Fault:
    """Return the fault: a node that serves, or the whole cluster; waits until all its replicas serve.

    Raises:
        HostError: No replica of the service is ready.
        CloudError: The cluster cannot be asked.
    """
    side = POWER[what]
    with open_clusters(target) as clusters:
        api = next(each for each in clusters if each.endpoint.side == side)
        node = _serving_node(api)
    if what.startswith("cluster-lost"):
        return target.place.power_cut(
            side, api.endpoint.name, node=None, description=lambda _: f"power of cluster {api.name}"
        )
    return target.place.power_cut(
        side,
        api.endpoint.name,
        node=node,
        description=lambda nodes: f"power of node {node} of cluster {api.name}, which has {nodes}",
    )


def isolation(target: Target, what: str) -> Fault:
    """Return the fault: a network policy that lets nobody into the pods of the service.

    Raises:
        HostError: There is no cluster, or its cloud does not enforce network policies.
        CloudError: A cloud cannot be asked.
    """
    side = ISOLATION[what]
    clusters = target.facts().clusters
    wanted = target.clusters.get(side)
    cluster = next((each for each in clusters if each.side == side and wanted in {None, each.name}), None)
    if cluster is None or not cluster.enforces_policies:
        raise HostError(
            problem=f"no cluster of {side} enforces network policies: one would close nothing",
            remedy=_TURN_ON[side],
        )
    also = {"side": side, "namespace": _NAMESPACE}
    return ApiFault(
        target.endpoints,
        f"ingress of the pods of {_NAMESPACE} on {cluster.name}",
        (Change(what="isolate-pods", target=cluster.name, also=also),),
        (Change(what="admit-pods", target=cluster.name, also=also),),
    )


def _service(api: "ClusterApi") -> ServiceAddress:
    found = api.find(_SERVICE)
    if found is None:
        raise HostError(problem=f"{api.name} does not run examples/hello", remedy=_DEPLOY)
    ingress = found.get("status", {}).get("loadBalancer", {}).get("ingress") or []
    address = next((each["ip"] for each in ingress if each.get("ip")), None)
    if address is None:
        raise HostError(problem=f"{api.name}: the service hello/hello has no address yet", remedy=_DEPLOY)
    return ServiceAddress(address=IPv4Address(address), port=int(found["spec"]["ports"][0]["port"]))


def _serving_node(api: "ClusterApi") -> str:
    """Return the node with most of the service's ready replicas."""

    def serving() -> tuple[Counter[str], int]:
        subsets = (api.find(_ENDPOINTS) or {}).get("subsets") or []
        ready = [each.get("nodeName", "") for subset in subsets for each in subset.get("addresses") or []]
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
