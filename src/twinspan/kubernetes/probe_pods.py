"""Throw-away pods to send packets from: one per node, in a namespace of their own, always removed again."""

import secrets
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from ipaddress import IPv4Address

from twinspan.errors import ApiRefusedError, CloudRefusedError, TwinspanError, WaitTimeoutError
from twinspan.kubernetes import TOOLS_IMAGE
from twinspan.kubernetes.api import CONFLICT, ClusterApi, Manifest, object_path
from twinspan.kubernetes.diagnosis import pod_problems
from twinspan.kubernetes.pods import PodHost
from twinspan.wait import wait_until

NAMESPACE = "twinspan-probe"
APP_LABEL = "app.kubernetes.io/name"
RUN_LABEL = "twinspan/run"
_FORBIDDEN = 403
_LIVES_S = 4 * 3600
"""A pod that nobody removes any more ends by itself after this long."""
_NAMESPACE_WITHIN_S = 90.0
_IDLE = "trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done"


@contextmanager
def probe_pods(
    clusters: Sequence[ClusterApi],
    *,
    image: str = TOOLS_IMAGE,
    every_node: bool = False,
    ready_within_s: float = 180.0,
) -> Iterator[tuple[tuple[PodHost, ...], ...]]:
    """Run test pods while the block runs; per cluster those it has, all of them ready.

    Args:
        clusters: Where; all at the same time.
        image: Has `sh`, `timeout`, `ping` of iputils and `iperf3`.
        every_node: A pod on every ready node; else on the first one.
        ready_within_s: Limit for image and start, in seconds.

    Raises:
        CloudError: A cluster has no ready node, refuses the pods, or they do not start; says why.
    """
    run = secrets.token_hex(4)
    with ThreadPoolExecutor(max_workers=max(1, len(clusters)), thread_name_prefix="pods") as pool:
        try:
            starts = [
                pool.submit(_start, api, run, image=image, every_node=every_node, within_s=ready_within_s)
                for api in clusters
            ]
            yield tuple(start.result() for start in starts)
        finally:
            for removal in [pool.submit(remove_pods, api, run) for api in clusters]:
                removal.result()


def remove_pods(api: ClusterApi, run: str) -> None:
    """Remove the pods of one run, and the namespace if nobody else's pods are in it."""
    pods = object_path("v1", "pods", namespace=NAMESPACE)
    try:
        api.request("DELETE", pods, query={"labelSelector": f"{RUN_LABEL}={run}", "gracePeriodSeconds": "0"})
        others = [pod for pod in api.get(pods)["items"] if pod["metadata"]["labels"].get(RUN_LABEL) != run]
        if not others:
            api.delete(object_path("v1", "namespaces", namespace=None, name=NAMESPACE))
    except TwinspanError as error:
        raise CloudRefusedError(
            operation=f"{api.name}: removing the test pods",
            code="PodsLeft",
            message=f"{error} Remove them with `kubectl delete namespace {NAMESPACE}`;"
            f" they end by themselves within {_LIVES_S // 3600} hours",
        ) from error


def _start(
    api: ClusterApi, run: str, *, image: str, every_node: bool, within_s: float
) -> tuple[PodHost, ...]:
    nodes = ready_nodes(api)
    if not nodes:
        raise CloudRefusedError(
            operation=f"{api.name}: test pods",
            code="NoReadyNode",
            message="no node is ready; see `kubectl get nodes` and `twinspan verify`",
        )
    _ensure_namespace(api)
    chosen = nodes if every_node else nodes[:1]
    names = [f"probe-{run}-{number}" for number in range(len(chosen))]
    for name, node in zip(names, chosen, strict=True):
        _create(api, _pod(name, run, node, image))
    return tuple(_ready(api, name, within_s) for name in names)


def ready_nodes(api: ClusterApi) -> tuple[str, ...]:
    """Return the names of the nodes that are ready, in their order."""
    items = api.get("/api/v1/nodes")["items"]
    return tuple(sorted(node["metadata"]["name"] for node in items if _is_ready(node)))


def _is_ready(thing: Manifest) -> bool:
    conditions = thing.get("status", {}).get("conditions") or ()
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def _pod(name: str, run: str, node: str, image: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {APP_LABEL: NAMESPACE, RUN_LABEL: run}},
        "spec": {
            "nodeName": node,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "restartPolicy": "Never",
            "activeDeadlineSeconds": _LIVES_S,
            "terminationGracePeriodSeconds": 0,
            "tolerations": [{"operator": "Exists"}],
            "containers": [
                {
                    "name": "probe",
                    "image": image,
                    "imagePullPolicy": "IfNotPresent",
                    "command": ["sh", "-c", _IDLE],
                    "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}},
                    # Echo requests and path MTU need raw sockets.
                    "securityContext": {"capabilities": {"add": ["NET_RAW"]}},
                }
            ],
        },
    }


def _ensure_namespace(api: ClusterApi) -> None:
    """Make the namespace; one that an earlier run is still removing is waited out."""
    path = object_path("v1", "namespaces", namespace=None, name=NAMESPACE)

    def phase() -> str:
        namespace = api.find(path)
        if namespace is not None:
            return str(namespace.get("status", {}).get("phase", "Active"))
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
        try:
            api.request("POST", "/api/v1/namespaces", body=body)
        except ApiRefusedError as error:
            if error.status != CONFLICT:
                raise
            return "made by another"
        return "Active"

    wait_until(
        phase,
        lambda seen: seen == "Active",
        what=f"namespace {NAMESPACE} on {api.name}",
        timeout_s=_NAMESPACE_WITHIN_S,
        interval_s=0.5,
    )


def _create(api: ClusterApi, pod: Manifest) -> None:
    """Create a pod; right after its namespace, the service account that admission wants is still missing."""

    def refusal() -> str:
        try:
            api.request("POST", object_path("v1", "pods", namespace=NAMESPACE), body=pod)
        except ApiRefusedError as error:
            if error.status != _FORBIDDEN or "serviceaccount" not in error.message:
                raise
            return error.message
        return ""

    wait_until(
        refusal,
        lambda said: not said,
        what=f"service account in {NAMESPACE} on {api.name}",
        timeout_s=_NAMESPACE_WITHIN_S,
        interval_s=0.2,
    )


def _ready(api: ClusterApi, name: str, within_s: float) -> PodHost:
    path = object_path("v1", "pods", namespace=NAMESPACE, name=name)
    try:
        pod = wait_until(
            lambda: api.get(path),
            lambda seen: _is_ready(seen) and bool(seen["status"].get("podIP")),
            what=f"test pod {name}",
            timeout_s=within_s,
            interval_s=0.2,
        )
    except WaitTimeoutError as error:
        why = "; ".join(pod_problems(api, api.get(path))) or "nothing is known of why"
        raise CloudRefusedError(
            operation=f"{api.name}: test pod {name}",
            code="NotReady",
            message=f"not ready within {within_s:g} s: {why}. Another image can be given with --image",
        ) from error
    return PodHost(
        api=api,
        namespace=NAMESPACE,
        pod=name,
        node=pod["spec"]["nodeName"],
        pod_address=IPv4Address(pod["status"]["podIP"]),
    )
