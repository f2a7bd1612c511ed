"""How a cluster is, as its own API server says."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from twinspan.errors import CloudError, HostError
from twinspan.twin.dataplane.clusters.api import ApiClient, Json, items
from twinspan.twin.dataplane.clusters.control_plane import ControlPlane
from twinspan.twin.dataplane.clusters.daemon import NodeDaemon
from twinspan.twin.dataplane.clusters.known import KnownObjects
from twinspan.twin.dataplane.clusters.node import Node
from twinspan.twin.dataplane.clusters.system import system_ready
from twinspan.twin.kubernetes.spec import ClusterHealth, ClusterSpec, NodeHealth


def look(
    spec: ClusterSpec,
    control: ControlPlane,
    known: KnownObjects,
    nodes: Sequence[Node],
    problems: Mapping[str, str],
    *,
    lost: bool,
) -> ClusterHealth:
    """Return how a cluster is now.

    Args:
        spec: What it is to be.
        control: Its control plane.
        known: Its objects; followed from the moment its API server is ready.
        nodes: Its nodes as built.
        problems: Node key -> why it cannot be built; the empty key is the cluster itself.
        lost: Its power is cut: nobody is asked.
    """
    reported: dict[str, Json] = {}
    api_ready = system = False
    version, problem = "", problems.get("", "") or _of_daemons(control.daemons)
    try:
        api_ready = not lost and control.answers()
        if api_ready:
            known.start()
            reported, system = known.nodes, system_ready(spec, known)
            version = control.version()
    except CloudError:
        api_ready = False
    except HostError as error:
        api_ready, problem = False, problem or str(error)
    return ClusterHealth(
        key=spec.key,
        api_ready=api_ready,
        system_ready=system,
        nodes=tuple(_health(node, reported.get(node.name), problems) for node in nodes),
        problem=problem,
        version=version,
    )


def forget_node(api: ApiClient, name: str) -> None:
    """Remove a node and its pods from the API: nobody else would say that they have ended."""
    pods = items(api.get("/api/v1/pods", fieldSelector=f"spec.nodeName={name}"))
    api.delete(f"/api/v1/nodes/{name}")
    for pod in pods:
        meta = pod["metadata"]
        api.delete(f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}", gracePeriodSeconds="0")


def _health(node: Node, reported: Json | None, problems: Mapping[str, str]) -> NodeHealth:
    place, started = node.place, node.started
    return NodeHealth(
        key=node.spec.key,
        name=node.name,
        group=node.spec.group,
        address=place.address if place else None,
        ready=node.running and reported is not None and started is not None and _is_ready(reported, started),
        problem=problems.get(node.spec.key, "") or _of_daemons(node.daemons),
    )


def _of_daemons(daemons: Iterable[NodeDaemon]) -> str:
    return next((daemon.problem for daemon in daemons if daemon.problem), "")


def _is_ready(node: Json, started: datetime) -> bool:
    """Return whether kubelet says so, and has said it since the node was started: before it was another."""
    conditions = node.get("status", {}).get("conditions", [])
    return any(
        condition["type"] == "Ready"
        and condition["status"] == "True"
        and datetime.fromisoformat(condition["lastHeartbeatTime"]) >= started.replace(microsecond=0)
        for condition in conditions
    )
