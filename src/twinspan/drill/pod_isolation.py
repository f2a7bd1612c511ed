"""A network policy that lets nobody into a namespace's pods: applied and taken away through Kubernetes' API.

Source: Kubernetes, Network Policies, "Default deny all ingress traffic".
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from twinspan.cloud.endpoints import Endpoints
from twinspan.cloud.reader import read_network
from twinspan.errors import HostError
from twinspan.network.clouds import Cloud

if TYPE_CHECKING:
    from twinspan.kubernetes.api import ClusterApi

_PATH = "/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies/twinspan-drill"


def isolate(endpoints: Endpoints, side: Cloud, cluster: str, namespace: str) -> None:
    """Apply the policy. Raises CloudError or HostError: there is no such cluster."""
    body = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
    }
    with _open(endpoints, side, cluster) as api:
        api.request(
            "PATCH",
            _PATH.format(namespace=namespace),
            query={"fieldManager": "twinspan", "force": "true"},
            body=body,
            content_type="application/apply-patch+yaml",
        )


def admit(endpoints: Endpoints, side: Cloud, cluster: str, namespace: str) -> None:
    """Delete the policy; idempotent. Raises CloudError or HostError: there is no such cluster."""
    with _open(endpoints, side, cluster) as api:
        api.delete(_PATH.format(namespace=namespace))


def _open(endpoints: Endpoints, side: Cloud, cluster: str) -> "ClusterApi":
    # The client takes most of a second to load, which other drills need not wait for.
    from twinspan.kubernetes.api import ClusterApi  # noqa: PLC0415
    from twinspan.kubernetes.endpoint import clusters_of  # noqa: PLC0415

    own = replace(endpoints, azure=None) if side == "aws" else replace(endpoints, aws=None)
    network, _ = read_network(own)
    found = next((each for each in clusters_of(network, own) if each.name == cluster), None)
    if found is None:
        raise HostError(problem=f"{side} has no cluster {cluster}", remedy="Run `twinspan verify`")
    return ClusterApi(found)
