"""Why a pod or a workload does not come up, in Kubernetes' own words."""

from collections.abc import Iterable

from twinspan.errors import CloudError
from twinspan.kubernetes.api import ClusterApi, Manifest, object_path

STUCK = frozenset(
    {
        "CrashLoopBackOff",
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "RunContainerError",
    }
)
"""Reasons of a waiting container that seldom go away by themselves."""
_LOG_LINES = "5"
_EVENTS = 3


def stuck_reasons(pod: Manifest) -> tuple[str, ...]:
    """Return a line per container of a pod that waits for one of the reasons of `STUCK`."""
    lines = []
    for status in _statuses(pod):
        waiting = status.get("state", {}).get("waiting") or {}
        if waiting.get("reason") in STUCK:
            words = f"{waiting['reason']}: {waiting.get('message', '')}".rstrip(": ")
            lines.append(f"{_title(pod)}, container {status['name']} ({status['image']}): {words}")
    return tuple(lines)


def pod_problems(api: ClusterApi, pod: Manifest) -> tuple[str, ...]:
    """Return what is known of why a pod is not ready: scheduling, image, crash and last words, events."""
    lines = [*stuck_reasons(pod), *_conditions(pod), *_crashes(api, pod)]
    if not lines:
        lines = list(events_of(api, pod))
    return tuple(dict.fromkeys(lines))


def events_of(api: ClusterApi, thing: Manifest) -> tuple[str, ...]:
    """Return the last warnings about an object."""
    meta = thing["metadata"]
    path = object_path("v1", "events", namespace=meta["namespace"])
    selector = f"involvedObject.uid={meta['uid']},type=Warning"
    try:
        items = api.get(path, fieldSelector=selector)["items"]
    except CloudError as error:
        return (f"its events cannot be read: {error}",)
    items.sort(key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""))
    return tuple(
        f"{_title(thing)}: {event['reason']}: {event.get('message', '').strip()}"
        for event in items[-_EVENTS:]
    )


def _title(thing: Manifest) -> str:
    return f"{str(thing.get('kind') or 'Pod').lower()} {thing['metadata']['name']}"


def _statuses(pod: Manifest) -> Iterable[Manifest]:
    status = pod.get("status", {})
    return [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]


def _conditions(pod: Manifest) -> list[str]:
    status = pod.get("status", {})
    lines = [
        f"{_title(pod)} is {condition.get('reason', 'not scheduled')}: {condition.get('message', '')}"
        for condition in status.get("conditions") or ()
        if condition["type"] == "PodScheduled" and condition["status"] == "False"
    ]
    if status.get("phase") == "Failed":
        words = [str(status.get(key)) for key in ("reason", "message") if status.get(key)]
        lines.append(f"{_title(pod)} failed{': ' if words else ''}{': '.join(words)}")
    return lines


def _crashes(api: ClusterApi, pod: Manifest) -> list[str]:
    lines = []
    for status in _statuses(pod):
        now, before = status.get("state", {}), status.get("lastState", {})
        ended = now.get("terminated") or before.get("terminated")
        if not ended or ended.get("exitCode") == 0:
            continue
        said = _last_words(api, pod, status["name"], previous="terminated" not in now)
        words = f" after {said!r}" if said else ""
        lines.append(
            f"{_title(pod)}, container {status['name']} ended with status {ended.get('exitCode')}"
            f" ({ended.get('reason', 'Error')}), {status.get('restartCount', 0)} restarts{words}"
        )
    return lines


def _last_words(api: ClusterApi, pod: Manifest, container: str, *, previous: bool) -> str:
    meta = pod["metadata"]
    path = object_path("v1", "pods", namespace=meta["namespace"], name=meta["name"])
    query = {"container": container, "tailLines": _LOG_LINES, "previous": str(previous).lower()}
    try:
        return api.text(f"{path}/log", **query).strip()
    except CloudError as error:
        return f"(its log cannot be read: {error})"
