"""What a deployment did, per cluster."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from twinspan.deploy.objects import ObjectRef
from twinspan.network.clouds import Cloud

SCHEMA = "twinspan/deploy/1"
"""Name and version of the JSON form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectReport:
    """What happened to one object.

    Attributes:
        ref: Which.
        action: `created`, `configured`, `unchanged`, `removed` or `restored`.
    """

    ref: ObjectRef
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadReport:
    """How far a workload came.

    Attributes:
        ref: Which.
        done: It runs as its manifest says.
        text: In words.
        problems: Why not.
    """

    ref: ObjectRef
    done: bool
    text: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterReport:
    """What happened on one cluster.

    Attributes:
        cluster: Its name.
        side: `aws` or `azure`.
        state: `deployed`, `unchanged`, `planned` (dry run), `removed`, `failed`, `refused` (nothing was
            applied) or `rolled back`.
        objects: In the order in which they were applied.
        workloads: Those that take time.
        problems: What went wrong, other than with a workload.
        seconds: How long it took.
    """

    cluster: str
    side: Cloud
    state: str
    objects: tuple[ObjectReport, ...] = ()
    workloads: tuple[WorkloadReport, ...] = ()
    problems: tuple[str, ...] = ()
    seconds: float = 0.0

    def as_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "cluster": self.cluster,
            "side": self.side,
            "state": self.state,
            "objects": [
                {**asdict(object_report.ref), "action": object_report.action}
                for object_report in self.objects
            ],
            "workloads": [
                {
                    **asdict(workload.ref),
                    "done": workload.done,
                    "text": workload.text,
                    "problems": list(workload.problems),
                }
                for workload in self.workloads
            ],
            "problems": list(self.problems),
            "seconds": round(self.seconds, 2),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployReport:
    """What happened on both clusters.

    Attributes:
        app: The application's name.
        clusters: AWS, then Azure.
    """

    app: str
    clusters: tuple[ClusterReport, ...]

    @property
    def passed(self) -> bool:
        """Whether both ended as was asked."""
        return all(
            cluster.state in {"deployed", "unchanged", "planned", "removed"} for cluster in self.clusters
        )

    def as_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "schema": SCHEMA,
            "app": self.app,
            "passed": self.passed,
            "clusters": [cluster.as_dict() for cluster in self.clusters],
        }


def counted(objects: Sequence[ObjectReport]) -> str:
    """Return e.g. `3 created, 1 unchanged`."""
    actions = [object_report.action for object_report in objects]
    return ", ".join(f"{actions.count(action)} {action}" for action in dict.fromkeys(actions)) or "no objects"
