"""A network policy lets nobody into the pods of examples/hello.

Source: Kubernetes, Network Policies, "Default deny all ingress traffic".
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from twinspan.cloud.endpoints import Endpoints
from twinspan.cloud.reader import read_network
from twinspan.errors import HostError
from twinspan.faults.api_changes import ApiChange
from twinspan.faults.api_fault import ApiFault
from twinspan.faults.definition import FaultType
from twinspan.faults.endings import Ending, Expectation
from twinspan.faults.hello import NAMESPACE, SIDES, drill_of
from twinspan.faults.timers import Label
from twinspan.network.clouds import Cloud
from twinspan.network.links import TunnelLink
from twinspan.target.target import Target

if TYPE_CHECKING:
    from twinspan.kubernetes.api import ClusterApi

ISOLATED_S = 5.0
_POLICY = f"/apis/networking.k8s.io/v1/namespaces/{NAMESPACE}/networkpolicies/twinspan-drill"
_TURN_ON: Mapping[Cloud, str] = {
    "aws": "Set kubernetes.eks.network_policies to true, or the add-on vpc-cni's enableNetworkPolicy",
    "azure": "Set kubernetes.aks.network_policy to azure, calico or cilium",
}
_EXPECTED = Expectation(
    ending=Ending.HEALING,
    label=Label.INFRASTRUCTURE,
    source="Kubernetes, Network Policies: what no policy allows is dropped; how soon an engine follows a"
    " change is not published, the twin takes a part of a second",
    restore_s=5.0,
)


def _isolate(change: ApiChange, endpoints: Endpoints) -> None:
    body = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
    }
    with _open(endpoints, change.also["side"], change.target) as api:
        api.request(
            "PATCH",
            _POLICY,
            query={"fieldManager": "twinspan", "force": "true"},
            body=body,
            content_type="application/apply-patch+yaml",
        )


def _admit(change: ApiChange, endpoints: Endpoints) -> None:
    with _open(endpoints, change.also["side"], change.target) as api:
        api.delete(_POLICY)


def _open(endpoints: Endpoints, side: Cloud, cluster: str) -> "ClusterApi":
    # The client takes most of a second to load, which other drills need not wait for.
    from twinspan.kubernetes.api import ClusterApi  # noqa: PLC0415
    from twinspan.kubernetes.endpoint import clusters_of  # noqa: PLC0415

    own = replace(endpoints, azure=None) if side == "aws" else replace(endpoints, aws=None)
    network, _ = read_network(own)
    endpoint = next((endpoint for endpoint in clusters_of(network, own) if endpoint.name == cluster), None)
    if endpoint is None:
        raise HostError(problem=f"{side} has no cluster {cluster}", remedy="Run `twinspan verify`")
    return ClusterApi(endpoint)


def _fault(side: Cloud) -> FaultType:
    fault_id = f"pods-isolated-{side}"

    def make(target: Target, _link: TunnelLink) -> ApiFault:
        clusters = target.facts().clusters
        requested_name = target.clusters.get(side)
        cluster = next(
            (
                candidate
                for candidate in clusters
                if candidate.side == side and requested_name in {None, candidate.name}
            ),
            None,
        )
        if cluster is None or not cluster.enforces_policies:
            raise HostError(
                problem=f"no cluster of {side} enforces network policies: one would close nothing",
                remedy=_TURN_ON[side],
            )
        isolate, admit = (
            ApiChange(fault=fault_id, act=act, target=cluster.name, also={"side": side})
            for act in ("isolate", "admit")
        )
        description = f"ingress of the pods of {NAMESPACE} on {cluster.name}"
        return ApiFault(target.endpoints, description, (isolate,), (admit,))

    return FaultType(id=fault_id, make=make, acts={"isolate": _isolate, "admit": _admit})


FAULTS = tuple(_fault(side) for side in SIDES)
DRILLS = tuple(
    drill_of(
        fault,
        side,
        "pods-isolated",
        f"gets a network policy that lets nobody into the pods of examples/hello, for {ISOLATED_S:g} s.",
        lost=_EXPECTED,
        broken_s=ISOLATED_S,
    )
    for side, fault in zip(SIDES, FAULTS, strict=True)
)
