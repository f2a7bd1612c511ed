"""Looking at the workloads of one cluster until they run."""

import threading
import time
from collections.abc import Callable, Sequence

from twinspan.deploy.objects import ObjectRef
from twinspan.deploy.report import WorkloadReport
from twinspan.deploy.rollout import Progress, problems_of, progress_of, stuck_pods
from twinspan.errors import CloudError
from twinspan.kubernetes.api import ClusterApi, Manifest

OnProgress = Callable[[str, ObjectRef, Progress], None]
"""Called with the cluster, the workload and how far it is, whenever that changes."""
_PATIENCE_S = 30.0
"""How long a pod may wait for e.g. its image before that counts as a failure."""


class Watch:
    """Looks at workloads again and again, and remembers what it saw."""

    def __init__(
        self,
        api: ClusterApi,
        refs: Sequence[ObjectRef],
        path: Callable[[ObjectRef], str | None],
        stop: threading.Event,
        on_progress: OnProgress,
    ) -> None:
        self._api = api
        self._refs = refs
        self._path = path
        self._stop = stop
        self._on_progress = on_progress
        self._seen: dict[ObjectRef, Progress] = {}
        self._live: dict[ObjectRef, Manifest] = {}
        self._stuck_since: dict[ObjectRef, float] = {}

    def look(self) -> bool:
        """Return whether there is nothing more to wait for."""
        for ref in self._refs:
            self._look_at(ref)
        given_up = any(progress.failed for progress in self._seen.values()) or bool(self._stuck())
        return given_up or self._stop.is_set() or all(self._seen[ref].done for ref in self._refs)

    def reports(self, *, late_s: float | None) -> tuple[WorkloadReport, ...]:
        """Return how far each is, and for those that are not done, why."""
        return tuple(self._report(ref, late_s) for ref in self._refs)

    def _look_at(self, ref: ObjectRef) -> None:
        path = self._path(ref)
        live = self._api.find(path) if path else None
        progress = Progress(done=False, failed=True, text="gone") if live is None else progress_of(live)
        if live is not None:
            self._live[ref] = live
        if self._seen.get(ref) != progress:
            self._on_progress(self._api.name, ref, progress)
        self._seen[ref] = progress
        if progress.done or live is None or not stuck_pods(self._api, live):
            self._stuck_since.pop(ref, None)
        else:
            self._stuck_since.setdefault(ref, time.monotonic())

    def _stuck(self) -> list[ObjectRef]:
        now = time.monotonic()
        return [ref for ref, since in self._stuck_since.items() if now - since >= _PATIENCE_S]

    def _report(self, ref: ObjectRef, late_s: float | None) -> WorkloadReport:
        progress = self._seen[ref]
        if progress.done:
            return WorkloadReport(ref=ref, done=True, text=progress.text)
        try:
            problems = problems_of(self._api, self._live[ref]) if ref in self._live else ()
        except CloudError as error:
            problems = (str(error),)
        late = "" if late_s is None else f", not done within {late_s:g} s"
        return WorkloadReport(ref=ref, done=False, text=f"{progress.text}{late}", problems=problems)
