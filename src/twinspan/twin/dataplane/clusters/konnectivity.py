"""AKS: an API server's connections into its cluster begin in the network of its konnectivity-agent's pods.

Simplified: the agent's program is not there. The tunnel is the agent of the twin, which opens each connection
in the network namespace of one of these pods: source address, kube-proxy, filters and routes are the pod's.
Kubelets are reached by the management link. Sources: AKS, "Core concepts", control plane; Kubernetes, "Set up
Konnectivity service"; Azure/AKS issue 2452 (agents connect to addresses of Services); tigera/operator pull
request 5212 (webhooks see a pod's address).
"""

import http.client
import random
import re
import socket
from collections.abc import Callable, Iterable
from functools import partial
from http import HTTPStatus
from ipaddress import IPv4Address

from twinspan.errors import HostError, TwinspanError
from twinspan.twin.dataplane import namespaces
from twinspan.twin.dataplane.clusters.api import ApiClient, Json, items
from twinspan.twin.dataplane.clusters.manifests import NAMESPACE
from twinspan.twin.dataplane.clusters.node import Node
from twinspan.twin.dataplane.clusters.system_manifests import AGENT

_KUBELET_PORT = 10250
_CONNECT = re.compile(rb"CONNECT ([0-9.]+):([0-9]+) HTTP/1\.1\r\n")
_LONGEST_REQUEST = 4096
_WITHIN_S = 10.0
_KEPT_ALIVE = {
    socket.TCP_KEEPIDLE: 2,
    socket.TCP_KEEPINTVL: 1,
    socket.TCP_KEEPCNT: 3,
    socket.TCP_USER_TIMEOUT: 5000,
}
"""An agent's pod that goes takes its connections with it, some seconds later; in seconds, the last in ms."""


class Konnectivity:
    """Target of a relay: reads an HTTP CONNECT request and connects to what it names.

    Args:
        namespace: The control plane's network namespace.
        api: A client of the API server that nobody else uses: others may wait for a webhook meanwhile.
        nodes: Returns the cluster's nodes.
    """

    def __init__(self, namespace: str, *, api: ApiClient, nodes: Callable[[], Iterable[Node]]) -> None:
        self._namespace = namespace
        self._api = api
        self._nodes = nodes

    def __call__(self, near: socket.socket) -> socket.socket:
        """Connect for one request and answer it; OSError if there is no way."""
        near.settimeout(_WITHIN_S)
        try:
            far = self._connected(*_asked(near))
        except (OSError, TwinspanError, http.client.HTTPException) as error:
            near.sendall(_answer(HTTPStatus.BAD_GATEWAY, str(error)))
            raise OSError(str(error)) from error
        near.sendall(_answer(HTTPStatus.OK))
        near.settimeout(None)
        return far

    def _connected(self, address: IPv4Address, port: int) -> socket.socket:
        nodes = list(self._nodes())
        places = [node.place for node in nodes if node.place is not None]
        inside = self._namespace
        if port != _KUBELET_PORT or address not in {place.address for place in places}:
            inside = self._agent({node.name: node for node in nodes})
        far = namespaces.inside(
            inside, partial(socket.create_connection, (str(address), port), timeout=_WITHIN_S)
        )
        far.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEPT_ALIVE.items():
            far.setsockopt(socket.IPPROTO_TCP, option, value)
        return far

    def _agent(self, nodes: dict[str, Node]) -> str:
        """Return the network namespace of one of the agent's pods that work."""
        pods = items(self._api.get(f"/api/v1/namespaces/{NAMESPACE}/pods", labelSelector=f"app={AGENT}"))
        working = [
            (nodes[pod["spec"]["nodeName"]], IPv4Address(pod["status"]["podIP"]))
            for pod in pods
            if _ready(pod) and pod["spec"].get("nodeName") in nodes and nodes[pod["spec"]["nodeName"]].running
        ]
        if not working:
            raise HostError(problem=f"no pod of {AGENT} is ready", remedy=f"See why in {NAMESPACE}")
        node, address = random.choice(working)  # noqa: S311 - any will do
        return str(node.pod_namespace(address))


def _ready(pod: Json) -> bool:
    conditions = pod["status"].get("conditions", [])
    return not pod["metadata"].get("deletionTimestamp") and any(
        condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions
    )


def _asked(near: socket.socket) -> tuple[IPv4Address, int]:
    request = b""
    while b"\r\n\r\n" not in request:
        more = near.recv(_LONGEST_REQUEST)
        request += more
        if not more or len(request) > _LONGEST_REQUEST:
            raise OSError("no whole CONNECT request came")
    match = _CONNECT.match(request)
    if match is None:
        raise OSError("only IPv4 addresses can be connected to")
    return IPv4Address(match[1].decode()), int(match[2])


def _answer(status: HTTPStatus, text: str = "") -> bytes:
    body = text.encode()
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\n"
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"{head}{length}\r\n".encode() + body
