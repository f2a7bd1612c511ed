"""One cluster as built: follows what is wanted of it, from a thread of its own."""

import shutil
import threading
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from twinspan.errors import CloudError, DesignError
from twinspan.twin.attempts import named, undone_on_failure, words
from twinspan.twin.dataplane.clusters import health
from twinspan.twin.dataplane.clusters.control_plane import ControlPlane
from twinspan.twin.dataplane.clusters.daemon import NodeDaemon
from twinspan.twin.dataplane.clusters.known import KnownObjects
from twinspan.twin.dataplane.clusters.konnectivity import Konnectivity
from twinspan.twin.dataplane.clusters.load_balancers import LoadBalancers
from twinspan.twin.dataplane.clusters.node import Node
from twinspan.twin.dataplane.clusters.policies import PolicyEnforcer
from twinspan.twin.dataplane.clusters.requirements import lacking
from twinspan.twin.dataplane.clusters.system import SystemPods
from twinspan.twin.dataplane.clusters.vpc_interface import VpcInterface
from twinspan.twin.dataplane.events import Journal, log
from twinspan.twin.dataplane.interfaces import Interfaces
from twinspan.twin.dataplane.subnets import Subnets
from twinspan.twin.kubernetes.spec import ClusterHealth, ClusterSpec, NodeSpec
from twinspan.twin.loops import LAST, Loop
from twinspan.wait import pause

_BUSY_S, _SETTLED_S = 0.2, 0.5
"""Pause between two looks while something is under way, and otherwise, in seconds."""
_RETRY_S = 3.0


class RunningCluster:
    """Builds, changes, observes and removes one cluster. Methods return at once unless they say otherwise.

    Args:
        spec: What is wanted first.
        subnets: Where it finds a place.
        interfaces: Where its nodes' and its control plane's filters are kept.
        journal: Gets its events.
        folder: Private folder of the agent's clusters.
        control_groups: Name of the agent's root of control groups.
        after: Clusters of the same key that are going: it is built when they are gone.
    """

    def __init__(
        self,
        spec: ClusterSpec,
        *,
        subnets: Subnets,
        interfaces: Interfaces,
        journal: Journal,
        folder: Path,
        control_groups: str,
        after: Iterable["RunningCluster"] = (),
    ) -> None:
        self.key = spec.key
        self._wanted: ClusterSpec | None = spec
        self._spec = spec
        self._subnets = subnets
        self._journal = journal
        self._interfaces = interfaces
        self._folder = folder
        self._control_groups = control_groups
        self._condition = threading.Condition()
        self._work = threading.RLock()
        self._control: ControlPlane | None = None
        self._interface: VpcInterface | None = None
        self._known: KnownObjects | None = None
        self._system: SystemPods | None = None
        self._balancers: LoadBalancers | None = None
        self._policies: PolicyEnforcer | None = None
        self._nodes: dict[str, Node] = {}
        self._starting: dict[str, Future[None]] = {}
        self._problems: dict[str, str] = {}
        self._departed: set[str] = set()
        self._lost = False
        self._after = tuple(after)
        self._pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="node")
        self._health = ClusterHealth(key=spec.key, api_ready=False, system_ready=False)
        self._loop = Loop(f"cluster {spec.name}", self._follow)
        self._loop.start()

    @property
    def health(self) -> ClusterHealth:
        """How it was at the last look."""
        return self._health

    @property
    def ended(self) -> bool:
        """Whether all of it is gone."""
        return not self._loop.is_alive()

    @property
    def daemons(self) -> tuple[NodeDaemon, ...]:
        """Its processes."""
        control = self._control.daemons if self._control else ()
        return (*control, *(daemon for node in list(self._nodes.values()) for daemon in node.daemons))

    def want(self, spec: ClusterSpec | None) -> None:
        """Change what is wanted; None: nothing is, and it goes."""
        with self._condition:
            if spec != self._wanted:
                self._wanted = spec
                self._condition.notify_all()

    def node(self, key: str) -> Node:
        """Return a node by its key.

        Raises:
            DesignError: No such node.
        """
        node = self._nodes.get(key)
        if node is None:
            raise DesignError(
                where=f"cluster {self._spec.name}",
                problem=f"it has no node {key}",
                remedy=f"Name one of: {', '.join(sorted(self._nodes)) or 'none is there yet'}",
            )
        return node

    def lose_node(self, key: str) -> None:
        """Cut a node's power; returns when it is off. Raises DesignError: no such node."""
        with self._work:
            node = self.node(key)
            self._finish_starting(key)
            if self._control is not None and not node.lost:
                node.lost = True
                node.halt(self._control)
                self._journal.add("node-lost", node.name)

    def restore_node(self, key: str) -> None:
        """Give a node its power back; it is ready some seconds later. Raises DesignError: no such node."""
        node = self.node(key)
        if node.lost:
            node.lost = False
            self._journal.add("node-restored", node.name)
        self._wake()

    def lose(self) -> None:
        """Cut the power of the control plane and all nodes; returns when they are off."""
        with self._work:
            self._lost = True
            for key in list(self._nodes):
                self.lose_node(key)
            if self._control is not None:
                self._control.halt()
            self._journal.add("cluster-lost", self._spec.name)

    def restore(self) -> None:
        """Give all of it its power back; what etcd had stored is still there."""
        with self._work:
            if self._lost and self._control is not None:
                self._control.start()
                self._journal.add("cluster-restored", self._spec.name)
            self._lost = False
            for node in self._nodes.values():
                node.lost = False
        self._wake()

    def _wake(self) -> None:
        with self._condition:
            self._condition.notify_all()

    def wait_ended(self) -> None:
        """Wait until all of it is gone."""
        self._loop.join()

    def _follow(self) -> float | None:
        """Take one turn, or remove it all if nothing is wanted any longer; a turn of a loop."""
        for cluster in self._after:
            cluster.wait_ended()
        spec = self._wanted
        if spec is None:
            with self._work:
                self._remove()
            return LAST
        pause_s = self._turn(spec)
        with self._condition:
            if self._wanted is spec:
                self._condition.wait(pause_s)
        return None

    def _turn(self, spec: ClusterSpec) -> float:
        """Do and look once; return how long to wait before the next turn, in seconds."""
        pause_s = _RETRY_S
        try:
            with self._work:
                self._spec = spec
                pause_s = _SETTLED_S if self._step(spec) else _BUSY_S
            self._problems.pop("", None)
        except CloudError as error:
            log(f"cluster {spec.name}", str(error))  # it needs time, or goes on at the next turn
        except Exception as error:  # noqa: BLE001 - the cluster is followed all the same
            self._complain("", error)
        try:
            self._look(spec)
        except Exception as error:  # noqa: BLE001 - as above
            log(f"cluster {spec.name}", f"cannot be looked at: {words(error)}")
        return pause_s

    def _step(self, spec: ClusterSpec) -> bool:
        """Do what can be done now; return whether nothing is under way."""
        missing = lacking(spec)
        if missing:
            raise DesignError(
                where=f"cluster {spec.name}", problem=missing, remedy="Run `make kubernetes`, then try again"
            )
        if self._control is None:
            control = ControlPlane(spec, folder=self._folder, journal=self._journal)
            interface = VpcInterface(control.namespace, subnets=self._subnets, interfaces=self._interfaces)
            with undone_on_failure(interface.remove, control.remove):
                control.build()
                interface.follow(spec)
                if spec.side == "azure":
                    control.open_tunnel(self._konnectivity(control))
                control.start()
            self._control, self._interface = control, interface
            self._known = KnownObjects(control.api)
            self._system = SystemPods(control.api)
            self._balancers = LoadBalancers(control.api, subnets=self._subnets, interfaces=self._interfaces)
        if self._interface is not None:
            self._interface.follow(spec)
        self._enforce_policies(spec, self._control)
        self._change_nodes(spec, self._control)
        if self._lost or self._known is None or self._system is None or self._balancers is None:
            return True
        if self._health.api_ready:
            self._forget_departed(self._control)
            self._system.apply(spec)
            ready = [node.address for node in self._health.nodes if node.ready and node.address]
            if self._known.services is not None:
                self._balancers.follow(spec, self._known.services, ready)
        return not self._starting and self._health.system_ready and all(n.ready for n in self._health.nodes)

    def _konnectivity(self, control: ControlPlane) -> Konnectivity:
        return Konnectivity(
            control.namespace, api=control.new_client(), nodes=lambda: list(self._nodes.values())
        )

    def _enforce_policies(self, spec: ClusterSpec, control: ControlPlane) -> None:
        """Begin or end to enforce network policies, as the cloud does."""
        if spec.enforces_policies and self._policies is None:
            self._policies = PolicyEnforcer(
                spec, control.new_client(), nodes=lambda: list(self._nodes.values())
            )
            self._policies.start()
        elif not spec.enforces_policies and self._policies is not None:
            self._policies.stop()
            self._policies = None

    def _change_nodes(self, spec: ClusterSpec, control: ControlPlane) -> None:
        desired_nodes = {node.key: node for node in spec.nodes}
        for key in [key for key, node in self._nodes.items() if desired_nodes.get(key) != node.spec]:
            self._drop(key, control)
        for key, node_spec in desired_nodes.items():
            if key not in self._nodes:
                self._nodes[key] = self._node(spec, node_spec)
        for key, future in list(self._starting.items()):
            if future.done():
                del self._starting[key]
                failed = future.exception()
                if failed is not None:
                    self._complain(key, failed)
                self._join_overlay(spec)
        for key, node in self._nodes.items():
            if not node.running and not node.lost and not self._lost and key not in self._starting:
                self._starting[key] = self._pool.submit(self._start, node, control)

    def _join_overlay(self, spec: ClusterSpec) -> None:
        """Let the nodes of an overlay know of each other; a lost one's addresses stay its own."""
        if spec.pod_network is not None:
            places = [node.place for node in self._nodes.values() if node.place is not None]
            for node in self._nodes.values():
                node.reach(places)

    def _node(self, spec: ClusterSpec, node: NodeSpec) -> Node:
        used = {existing_node.number for existing_node in self._nodes.values()}
        return Node(
            cluster=spec,
            spec=node,
            number=next(number for number in range(len(used) + 1) if number not in used),
            subnets=self._subnets,
            interfaces=self._interfaces,
            journal=self._journal,
            folder=self._folder,
            control_groups=self._control_groups,
        )

    def _start(self, node: Node, control: ControlPlane) -> None:
        try:
            node.halt(control)  # what is left of it, if it has ended by itself
            with undone_on_failure(lambda: node.halt(control)):
                node.start(control)
            self._problems.pop(node.spec.key, None)
        except Exception as error:  # noqa: BLE001 - it is started again
            self._complain(node.spec.key, error)
            pause(_RETRY_S)

    def _finish_starting(self, key: str) -> None:
        future = self._starting.pop(key, None)
        if future is not None:
            future.result()

    def _drop(self, key: str, control: ControlPlane) -> None:
        """Remove a node; Kubernetes forgets it in the same turn if its API answers, else later."""
        self._finish_starting(key)
        node = self._nodes.pop(key)
        name = node.name
        node.halt(control)
        node.give_back()
        self._problems.pop(key, None)
        if name:
            self._departed.add(name)

    def _forget_departed(self, control: ControlPlane) -> None:
        """Remove what Kubernetes knows of nodes that are gone. Raises CloudError: next time."""
        self._departed -= {node.name for node in self._nodes.values()}
        for name in sorted(self._departed):
            health.forget_node(control.api, name)
            self._departed.discard(name)

    def _look(self, spec: ClusterSpec) -> None:
        if self._control is None or self._known is None:
            cluster_health = ClusterHealth(
                key=self.key, api_ready=False, system_ready=False, problem=self._problems.get("", "")
            )
            self._health = replace(cluster_health, problems=self._named_problems(cluster_health))
            return
        before = {node.key for node in self._health.nodes if node.ready}
        cluster_health = health.look(
            spec, self._control, self._known, list(self._nodes.values()), self._problems, lost=self._lost
        )
        self._health = replace(cluster_health, problems=self._named_problems(cluster_health))
        for node in self._health.nodes:
            if node.ready and node.key not in before:
                self._journal.add("node-ready", node.name)

    def _named_problems(self, cluster_health: ClusterHealth) -> tuple[str, ...]:
        """Return what cannot be built of the cluster as it was found, each with the object's name."""
        name = self._spec.name
        own = {f"node {node.key} of {name}": node.problem for node in cluster_health.nodes if node.problem}
        if cluster_health.problem:
            own = {f"cluster {name}": cluster_health.problem, **own}
        served = self._balancers.problems if self._balancers is not None and cluster_health.api_ready else ()
        policies = self._policies.problems if self._policies is not None else ()
        return (*(named(about, problem) for about, problem in own.items()), *served, *policies)

    def _complain(self, about: str, error: BaseException) -> None:
        if self._problems.get(about) != words(error):
            log(f"cluster {self._spec.name}", words(error))
        self._problems[about] = words(error)

    def _remove(self) -> None:
        for key in list(self._starting):
            self._finish_starting(key)
        if self._policies is not None:
            self._policies.stop()
            self._policies = None
        if self._known is not None:
            self._known.end()
        if self._balancers is not None:
            self._balancers.remove_all()
        if self._control is not None:
            control = self._control
            list(self._pool.map(lambda node: node.halt(control), list(self._nodes.values())))
            for node in self._nodes.values():
                node.give_back()
            if self._interface is not None:
                self._interface.remove()
            control.remove()
        self._nodes.clear()
        self._control = None
        self._pool.shutdown()
        shutil.rmtree(self._folder, ignore_errors=True)
