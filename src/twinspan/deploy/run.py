"""Deploy an application on both clusters at the same time, or remove it from both."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

from twinspan.deploy.cluster import ClusterDeployment
from twinspan.deploy.objects import ObjectRef, Source, ref_of
from twinspan.deploy.peers import is_peer, peers_for, wants_peer
from twinspan.deploy.report import ClusterReport, DeployReport, ObjectReport, WorkloadReport
from twinspan.deploy.watch import OnProgress
from twinspan.errors import TwinspanError
from twinspan.kubernetes.api import ClusterApi, Manifest
from twinspan.network.clouds import Cloud

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to deploy.

    Attributes:
        namespace: For objects that name none.
        atomic: If one side fails, take both back to what they had.
        dry_run: Only say what would change.
        force: Take over fields that others manage.
        timeout_s: Limit for the rollouts, and for taking back, each, in seconds.
    """

    namespace: str = "default"
    atomic: bool = False
    dry_run: bool = False
    force: bool = False
    timeout_s: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    workloads: tuple[WorkloadReport, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        return not self.problems and all(workload.done for workload in self.workloads)


class _Run:
    """One deployment of one application."""

    def __init__(
        self, clusters: Sequence[ClusterApi], app: str, options: Options, on_progress: OnProgress
    ) -> None:
        self._began = time.monotonic()
        self._options = options
        self._app = app
        self._on_progress = on_progress
        self._stop = threading.Event()
        self._sides = tuple(
            ClusterDeployment(api, app, namespace=options.namespace, force=options.force, stop=self._stop)
            for api in clusters
        )

    def deploy(self, sources: Mapping[Cloud, Sequence[Source]]) -> DeployReport:
        refusals = _both(lambda side: side.prepare(sources[side.api.endpoint.side]), self._sides)
        if any(refusals):
            return self._report([("refused", (), (), problems) for problems in refusals])
        if self._options.dry_run:
            plans = _both(lambda side: side.planned(), self._sides)
            return self._report([("planned", plan, (), ()) for plan in plans])
        with self._taken_back_on_interrupt():
            outcomes = _both(self._roll_out, self._sides, stop=self._stop)
            if all(outcome.good for outcome in outcomes):
                outcomes = self._join(outcomes)
        if self._options.atomic and not all(outcome.good for outcome in outcomes):
            return self._taken_back(outcomes)
        return self._report(
            [
                (self._state(side, outcome), tuple(side.done), outcome.workloads, outcome.problems)
                for side, outcome in zip(self._sides, self._finish(outcomes), strict=True)
            ]
        )

    def _roll_out(self, side: ClusterDeployment) -> _Outcome:
        try:
            side.apply()
            outcome = _Outcome(workloads=side.wait(self._options.timeout_s, self._on_progress))
        except TwinspanError as error:
            outcome = _Outcome(problems=(str(error),))
        if self._options.atomic and not outcome.good:
            self._stop.set()  # the other side need not go on: it will be taken back
        return outcome

    def _join(self, outcomes: Sequence[_Outcome]) -> list[_Outcome]:
        """Make the Services by which each side knows the other's."""
        one, other = self._sides
        try:
            one.add(_peers(other))
            other.add(_peers(one))
        except TwinspanError as error:
            return [replace(outcome, problems=(str(error),)) for outcome in outcomes]
        return list(outcomes)

    def _finish(self, outcomes: Sequence[_Outcome]) -> list[_Outcome]:
        all_good = all(outcome.good for outcome in outcomes)
        finished = []
        for side, outcome in zip(self._sides, outcomes, strict=True):
            problems = outcome.problems
            if outcome.good:
                # What leads to the other side is only made again when both are well; till then the old stays.
                keep = () if all_good else _peers_before(side)
                try:
                    side.finish(self._options.timeout_s, keep=keep)
                except TwinspanError as error:
                    problems = (str(error),)
            finished.append(replace(outcome, problems=problems))
        return finished

    def _taken_back(self, outcomes: Sequence[_Outcome]) -> DeployReport:
        self._stop.clear()
        rows = []
        for (reports, problems), outcome in zip(_both(self._take_back, self._sides), outcomes, strict=True):
            state = "failed" if problems else "rolled back"
            rows.append((state, reports, outcome.workloads, (*outcome.problems, *problems)))
        return self._report(rows)

    def _take_back(self, side: ClusterDeployment) -> tuple[tuple[ObjectReport, ...], tuple[str, ...]]:
        try:
            reports = side.roll_back(self._options.timeout_s)
            workloads = side.wait(self._options.timeout_s, self._on_progress)
        except TwinspanError as error:
            return (), (f"it could not be taken back: {error}",)
        late = [
            f"{workload.ref} is back, but does not run: {workload.text}"
            for workload in workloads
            if not workload.done
        ]
        return reports, tuple(late)

    @contextmanager
    def _taken_back_on_interrupt(self) -> Iterator[None]:
        try:
            yield
        except KeyboardInterrupt:
            if self._options.atomic:
                _both(self._take_back, self._sides)
            raise

    def _state(self, side: ClusterDeployment, outcome: _Outcome) -> str:
        if not outcome.good:
            return "failed"
        return (
            "unchanged"
            if all(object_report.action == "unchanged" for object_report in side.done)
            else "deployed"
        )

    def _report(
        self,
        rows: Sequence[tuple[str, Sequence[ObjectReport], Sequence[WorkloadReport], Sequence[str]]],
    ) -> DeployReport:
        seconds = time.monotonic() - self._began
        return DeployReport(
            app=self._app,
            clusters=tuple(
                ClusterReport(
                    cluster=side.api.endpoint.name,
                    side=side.api.endpoint.side,
                    state=state,
                    objects=tuple(objects),
                    workloads=tuple(workloads),
                    problems=tuple(problems),
                    seconds=seconds,
                )
                for side, (state, objects, workloads, problems) in zip(self._sides, rows, strict=True)
            ),
        )


def deploy(
    clusters: tuple[ClusterApi, ClusterApi],
    sources: Mapping[Cloud, Sequence[Source]],
    *,
    app: str,
    options: Options,
    on_progress: OnProgress,
) -> DeployReport:
    """Apply an application's objects to both clusters and wait until it runs on both.

    Nothing is applied to either if one refuses any object. What an earlier deployment had and this one does
    not is removed once its side runs.

    Args:
        clusters: One of each cloud.
        sources: The objects of each side.
        app: The application's name.
        options: How.
        on_progress: Told how far each workload is; from several threads.

    Raises:
        CloudError: A cluster cannot be reached or looked at; nothing was applied. What fails later is in
            the report.
    """
    return _Run(clusters, app, options, on_progress).deploy(sources)


def remove(clusters: tuple[ClusterApi, ClusterApi], *, app: str, options: Options) -> DeployReport:
    """Remove an application from both clusters and wait until it is gone."""
    began = time.monotonic()
    stop = threading.Event()

    def one(api: ClusterApi) -> ClusterReport:
        side = ClusterDeployment(api, app, namespace=options.namespace, force=options.force, stop=stop)
        objects: tuple[ObjectReport, ...] = ()
        state = "removed"
        problems: tuple[str, ...] = ()
        try:
            if options.dry_run:
                side.prepare(())
                state, objects = "planned", side.planned()
            else:
                objects = side.remove(options.timeout_s)
        except TwinspanError as error:
            state, problems = "failed", (str(error),)
        return ClusterReport(
            cluster=api.endpoint.name,
            side=api.endpoint.side,
            state=state,
            objects=objects,
            problems=problems,
            seconds=time.monotonic() - began,
        )

    return DeployReport(app=app, clusters=tuple(_both(one, clusters)))


def _peers(of: ClusterDeployment) -> tuple[Manifest, ...]:
    """Return what the other cluster needs to reach the Services of one, as they are now."""
    refs = [item.ref for item in of.items if wants_peer(item.manifest)]
    live = [manifest for ref in refs if (manifest := of.live(ref)) is not None]
    return peers_for(live, cluster=of.api.endpoint.name)


def _peers_before(side: ClusterDeployment) -> tuple[ObjectRef, ...]:
    return tuple(ref_of(manifest) for manifest in side.manifests_before() if is_peer(manifest))


def _both(work: Callable[[T], R], sides: Sequence[T], *, stop: threading.Event | None = None) -> list[R]:
    """Do something on both sides at the same time; if one raises, the other is waited for first.

    Args:
        work: What to do.
        sides: With what.
        stop: Set on Ctrl-C, so that the wait for the other is short.
    """
    with ThreadPoolExecutor(max_workers=len(sides), thread_name_prefix="deploy") as pool:
        runs = [pool.submit(work, side) for side in sides]
        try:
            return [run.result() for run in runs]
        except KeyboardInterrupt:
            if stop is not None:
                stop.set()
            raise
