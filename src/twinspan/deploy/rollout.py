"""Whether a workload runs as its manifest says.

Source: Kubernetes documentation, "Deployment status", DaemonSetStatus, StatefulSetStatus, JobStatus; what
`kubectl rollout status` looks at.
"""

from collections.abc import Callable
from dataclasses import dataclass

from twinspan.kubernetes.api import ClusterApi, Manifest, object_path
from twinspan.kubernetes.diagnosis import events_of, pod_problems, stuck_reasons

_REVISION = "deployment.kubernetes.io/revision"
_HASH = "pod-template-hash"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a workload is.

    Attributes:
        done: It runs as its manifest says.
        text: In words, e.g. `2 of 3 ready`.
        failed: It has given up, and will not go on by itself.
    """

    done: bool
    text: str
    failed: bool = False


def progress_of(live: Manifest) -> Progress:
    """Return how far an object is; a kind that does not roll out is done once it is there."""
    read = _READERS.get(live["kind"])
    if read is None:
        return Progress(done=True, text="there")
    status = live.get("status") or {}
    generation = live["metadata"].get("generation", 0)
    if "observedGeneration" in status and status["observedGeneration"] < generation:
        return Progress(done=False, text="not yet looked at")
    return read(live, status)


def waits(kind: str) -> bool:
    """Return whether objects of a kind take time to be what their manifest says."""
    return kind in _READERS


def stuck_pods(api: ClusterApi, live: Manifest) -> tuple[str, ...]:
    """Return why a workload's pods wait for what seldom comes, e.g. an image; empty if none does."""
    return tuple(line for pod in _pods(api, live) for line in stuck_reasons(pod)) + _creation(live)


def problems_of(api: ClusterApi, live: Manifest) -> tuple[str, ...]:
    """Return what is known of why a workload is not done."""
    lines = list(_creation(live))
    for pod in _pods(api, live):
        if not progress_of(pod).done:
            lines += pod_problems(api, pod)
    lines += events_of(api, live)
    return tuple(dict.fromkeys(lines))


def _creation(live: Manifest) -> tuple[str, ...]:
    """Return why pods could not even be created: a quota, an admission rule."""
    conditions = (live.get("status") or {}).get("conditions") or ()
    return tuple(
        f"{live['kind'].lower()} {live['metadata']['name']}: "
        f"{condition.get('reason')}: {condition.get('message')}"
        for condition in conditions
        if condition["type"] == "ReplicaFailure" and condition["status"] == "True"
    )


def _pods(api: ClusterApi, live: Manifest) -> tuple[Manifest, ...]:
    """Return a workload's newest pods, without those on their way out."""
    meta = live["metadata"]
    if live["kind"] == "Pod":
        return (live,)
    selector = _selector((live.get("spec") or {}).get("selector"))
    if live["kind"] not in _READERS or live["kind"] == "Service" or not selector:
        return ()
    if live["kind"] == "Deployment":
        selector = _newest(api, live, selector)
    path = object_path("v1", "pods", namespace=meta["namespace"])
    items = api.get(path, labelSelector=selector)["items"]
    return tuple({**pod, "kind": "Pod"} for pod in items if not pod["metadata"].get("deletionTimestamp"))


def _newest(api: ClusterApi, live: Manifest, selector: str) -> str:
    """Narrow a Deployment's selector to the pods of its newest ReplicaSet: old ones may be broken and go."""
    revision = (live["metadata"].get("annotations") or {}).get(_REVISION)
    path = object_path("apps/v1", "replicasets", namespace=live["metadata"]["namespace"])
    for replica_set in api.get(path, labelSelector=selector)["items"]:
        meta = replica_set["metadata"]
        if revision and (meta.get("annotations") or {}).get(_REVISION) == revision:
            return f"{selector},{_HASH}={meta['labels'][_HASH]}"
    return selector


def _selector(selector: Manifest | None) -> str:
    """Return a label selector as a query has it."""
    terms = [f"{key}={value}" for key, value in ((selector or {}).get("matchLabels") or {}).items()]
    for expression in (selector or {}).get("matchExpressions") or ():
        values = f"({','.join(expression.get('values') or ())})"
        words = {"In": f"{expression['key']} in {values}", "NotIn": f"{expression['key']} notin {values}"}
        words |= {"Exists": expression["key"], "DoesNotExist": f"!{expression['key']}"}
        terms.append(words[expression["operator"]])
    return ",".join(terms)


def _deployment(live: Manifest, status: Manifest) -> Progress:
    desired_replicas = live["spec"].get("replicas", 1)
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    old = status.get("replicas", 0) - updated
    conditions = {condition["type"]: condition for condition in status.get("conditions") or ()}
    gave_up = conditions.get("Progressing", {}).get("reason") == "ProgressDeadlineExceeded"
    done = "observedGeneration" in status and updated == desired_replicas == available and old == 0
    text = f"{min(updated, available)} of {desired_replicas} ready{f', {old} old to go' if old > 0 else ''}"
    return Progress(done=done, text=text, failed=gave_up)


def _daemon_set(live: Manifest, status: Manifest) -> Progress:
    del live
    desired_nodes = status.get("desiredNumberScheduled", 0)
    updated, available = status.get("updatedNumberScheduled", 0), status.get("numberAvailable", 0)
    done = "observedGeneration" in status and updated == desired_nodes == available
    return Progress(done=done, text=f"{min(updated, available)} of {desired_nodes} nodes ready")


def _stateful_set(live: Manifest, status: Manifest) -> Progress:
    desired_replicas = live["spec"].get("replicas", 1)
    rolling = (live["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}
    to_update = max(0, desired_replicas - rolling.get("partition", 0))
    ready, updated = status.get("readyReplicas", 0), status.get("updatedReplicas", 0)
    all_new = status.get("currentRevision") == status.get("updateRevision")
    done = (
        "observedGeneration" in status and ready == desired_replicas and (all_new or updated >= to_update > 0)
    )
    return Progress(done=done, text=f"{ready} of {desired_replicas} ready, {updated} new")


def _job(live: Manifest, status: Manifest) -> Progress:
    conditions = {
        condition["type"]: condition
        for condition in status.get("conditions") or ()
        if condition["status"] == "True"
    }
    failed = conditions.get("Failed")
    if failed:
        text = f"failed: {failed.get('reason', '')}: {failed.get('message', '')}"
        return Progress(done=False, failed=True, text=text)
    desired_completions = live["spec"].get("completions", 1)
    return Progress(
        done="Complete" in conditions, text=f"{status.get('succeeded', 0)} of {desired_completions} completed"
    )


def _pod(live: Manifest, status: Manifest) -> Progress:
    del live
    phase = status.get("phase", "Pending")
    ready = any(
        condition["type"] == "Ready" and condition["status"] == "True"
        for condition in status.get("conditions") or ()
    )
    return Progress(done=ready or phase == "Succeeded", text=phase.lower(), failed=phase == "Failed")


def _service(live: Manifest, status: Manifest) -> Progress:
    if live["spec"].get("type") != "LoadBalancer":
        return Progress(done=True, text="there")
    address = load_balancer_address(live)
    del status
    return Progress(done=bool(address), text=address or "no address yet")


def load_balancer_address(service: Manifest) -> str:
    """Return the address or host name of a load balancer; empty while it has none."""
    ingress = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    return next((str(entry.get("ip") or entry.get("hostname") or "") for entry in ingress), "")


_READERS: dict[str, Callable[[Manifest, Manifest], Progress]] = {
    "Deployment": _deployment,
    "DaemonSet": _daemon_set,
    "StatefulSet": _stateful_set,
    "Job": _job,
    "Pod": _pod,
    "Service": _service,
}
