"""All clusters of an agent."""

import threading
from collections.abc import Iterable
from pathlib import Path

from typing_extensions import override

from twinspan.errors import DesignError
from twinspan.twin.attempts import for_each
from twinspan.twin.dataplane.clusters.cluster import RunningCluster
from twinspan.twin.dataplane.clusters.daemon import NodeDaemon
from twinspan.twin.dataplane.events import Journal
from twinspan.twin.dataplane.interfaces import Interfaces
from twinspan.twin.dataplane.namespaces import short_name
from twinspan.twin.dataplane.subnets import Subnets
from twinspan.twin.dataplane.wire import PowerCalls
from twinspan.twin.kubernetes.spec import ClusterHealth, ClusterSpec


class ClusterManager(PowerCalls):
    """Builds and removes clusters, each from a thread of its own. Thread safe.

    Args:
        subnets: Where its nodes find a place.
        interfaces: Where nodes' filters are kept.
        journal: Gets their events.
        folder: Private folder of the agent.
        control_groups: Name of the agent's root of control groups.
    """

    def __init__(
        self,
        subnets: Subnets,
        interfaces: Interfaces,
        journal: Journal,
        *,
        folder: Path,
        control_groups: str,
    ) -> None:
        self._subnets = subnets
        self._journal = journal
        self._interfaces = interfaces
        self._folder = folder / "clusters"
        self._control_groups = control_groups
        self._lock = threading.Lock()
        self._clusters: dict[str, RunningCluster] = {}
        self._going: list[RunningCluster] = []

    def apply(self, specs: Iterable[ClusterSpec]) -> None:
        """Let clusters become as wanted; returns at once.

        Raises:
            ItemsError: Some cannot be begun; the others are.
        """
        desired_specs = {spec.key: spec for spec in specs}
        with self._lock:
            self._going = [cluster for cluster in self._going if not cluster.ended]
            for key in [key for key in self._clusters if key not in desired_specs]:
                cluster = self._clusters.pop(key)
                cluster.want(None)
                self._going.append(cluster)
            for_each(desired_specs.values(), self._apply_one, name=lambda spec: f"cluster {spec.name}")

    def _apply_one(self, spec: ClusterSpec) -> None:
        if spec.key in self._clusters:
            self._clusters[spec.key].want(spec)
        else:
            self._clusters[spec.key] = self._new(spec)

    def health(self) -> tuple[ClusterHealth, ...]:
        """Return how all of them were at their last look."""
        with self._lock:
            return tuple(cluster.health for cluster in self._clusters.values())

    def daemons(self) -> list[NodeDaemon]:
        """Return the processes of all of them."""
        with self._lock:
            every = [*self._clusters.values(), *self._going]
        return [daemon for cluster in every for daemon in cluster.daemons]

    @override
    def lose_node(self, cluster_key: str, node_key: str) -> None:
        self._cluster(cluster_key).lose_node(node_key)

    @override
    def restore_node(self, cluster_key: str, node_key: str) -> None:
        self._cluster(cluster_key).restore_node(node_key)

    @override
    def lose_cluster(self, cluster_key: str) -> None:
        self._cluster(cluster_key).lose()

    @override
    def restore_cluster(self, cluster_key: str) -> None:
        self._cluster(cluster_key).restore()

    def _cluster(self, key: str) -> RunningCluster:
        with self._lock:
            cluster = self._clusters.get(key)
        if cluster is None:
            raise DesignError(
                where=f"cluster {key}",
                problem="the data plane has no such cluster",
                remedy="Name one by its ARN, or by its resource id in lower case",
            )
        return cluster

    def _new(self, spec: ClusterSpec) -> RunningCluster:
        before = [cluster for cluster in self._going if cluster.key == spec.key]
        return RunningCluster(
            spec,
            subnets=self._subnets,
            interfaces=self._interfaces,
            journal=self._journal,
            folder=self._folder / short_name("k", spec.key),
            control_groups=self._control_groups,
            after=before,
        )
