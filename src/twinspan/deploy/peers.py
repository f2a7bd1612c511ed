"""How an application's replicas find those on the other side.

A Service of type LoadBalancer that has the annotation `twinspan/peer: NAME` is known in the *other* cluster
as the Service NAME, in the same namespace and at the same ports: one without a selector whose endpoint is
the load balancer's address or, where the load balancer has only a host name, one of type ExternalName.
"""

from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Address

from twinspan.deploy.objects import ref_of
from twinspan.deploy.rollout import load_balancer_address
from twinspan.kubernetes.api import Manifest

PEER = "twinspan/peer"
"""Annotation of a Service: the name of the Service that leads to it from the other cluster."""
PEER_OF = "twinspan/peer-of"
"""Annotation of what is made for it: which cluster it leads to."""


def wants_peer(manifest: Manifest) -> bool:
    """Return whether a Service is to be known in the other cluster."""
    spec = manifest.get("spec") or {}
    load_balancer = manifest["kind"] == "Service" and spec.get("type") == "LoadBalancer"
    return load_balancer and bool(_peer_name(manifest))


def is_peer(manifest: Manifest) -> bool:
    """Return whether an object was made here, for a Service of the other cluster."""
    return PEER_OF in (manifest["metadata"].get("annotations") or {})


def peers_for(services: Iterable[Manifest], *, cluster: str) -> tuple[Manifest, ...]:
    """Return the objects by which the other cluster knows `services`, in the order to apply them.

    Args:
        services: As they are in their cluster; those without an address yet are left out.
        cluster: The name of that cluster.
    """
    peers: list[Manifest] = []
    for service in services:
        address = load_balancer_address(service)
        if address:
            peers += _peer(service, address, cluster)
    return tuple(peers)


def _peer_name(manifest: Manifest) -> str:
    return str((manifest["metadata"].get("annotations") or {}).get(PEER, ""))


def _peer(service: Manifest, address: str, cluster: str) -> list[Manifest]:
    meta = {
        "name": _peer_name(service),
        "namespace": ref_of(service).namespace,
        "annotations": {PEER_OF: cluster},
    }
    ports = [
        {
            "name": port.get("name") or f"port-{port['port']}",
            "port": port["port"],
            "protocol": port["protocol"],
        }
        for port in service["spec"]["ports"]
    ]
    if not _is_address(address):
        spec = {"type": "ExternalName", "externalName": address, "ports": ports}
        return [{"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}]
    # The remote side's port is the Service's own: a load balancer listens on it, not on the target port.
    listed = [{**port, "targetPort": port["port"]} for port in ports]
    subsets = [{"addresses": [{"ip": address}], "ports": ports}]
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": meta,
            "spec": {"type": "ClusterIP", "ports": listed},
        },
        {"apiVersion": "v1", "kind": "Endpoints", "metadata": meta, "subsets": subsets},
    ]


def _is_address(text: str) -> bool:
    try:
        IPv4Address(text)
    except AddressValueError:
        return False
    return True
