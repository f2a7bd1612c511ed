"""The NetworkPolicies of one cluster, in force on its nodes while its cloud enforces them."""

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from twinspan.kubernetes.label_selectors import Labels
from twinspan.kubernetes.network_policies import (
    NetworkPolicy,
    Pod,
    Policies,
    namespace_labels,
    pod_of,
    policy_of,
)
from twinspan.twin.attempts import attempt
from twinspan.twin.dataplane.clusters.api import ApiClient, Json
from twinspan.twin.dataplane.clusters.policy_rules import NO_POLICIES, node_rules
from twinspan.twin.dataplane.clusters.watch import Watch
from twinspan.twin.dataplane.events import log
from twinspan.twin.kubernetes.spec import ClusterSpec
from twinspan.twin.loops import Loop
from twinspan.wait import pause

_POLICIES = "/apis/networking.k8s.io/v1/networkpolicies"
_PODS, _NAMESPACES = "/api/v1/pods", "/api/v1/namespaces"
_LOOK_S = 0.5
"""How often nodes are looked at that may have come back meanwhile, in seconds."""
_GATHER_S = 0.03
"""What changes within this time is loaded together, in seconds."""


class PolicyNode(Protocol):
    """What is needed of a node."""

    @property
    def name(self) -> str:
        """Its name in Kubernetes."""
        ...

    def enforce(self, rules: str) -> None:
        """Put rules in force, all at once; nothing happens if they are."""
        ...


class PolicyEnforcer:
    """Follows a cluster's policies, pods and namespaces from threads of its own.

    Attributes:
        problems: What could not be put in force when it was last tried, and why.

    Args:
        spec: The cluster.
        api: Its API server.
        nodes: Returns its nodes.
    """

    def __init__(
        self, spec: ClusterSpec, api: ApiClient, *, nodes: Callable[[], Iterable[PolicyNode]]
    ) -> None:
        self.problems: tuple[str, ...] = ()
        self._spec = spec
        self._nodes = nodes
        self._changed = threading.Event()
        changed = self._changed.set
        self._policies: Watch[NetworkPolicy] = Watch(api, _POLICIES, policy_of, changed)
        self._pods: Watch[Pod] = Watch(api, _PODS, pod_of, changed)
        self._namespaces: Watch[tuple[str, Labels]] = Watch(api, _NAMESPACES, _namespace, changed)
        self._rules: dict[str, str] = {}
        self._loop = Loop(f"network policies of {spec.name}", self._turn)

    def start(self) -> None:
        """Begin to follow."""
        for follower in (self._policies, self._pods, self._namespaces, self._loop):
            follower.start()

    def stop(self) -> None:
        """Follow no more; every pod of the nodes that are there is open again."""
        for watch in (self._policies, self._pods, self._namespaces):
            watch.end()
        self._loop.stop()
        self._load(dict.fromkeys((node.name for node in self._nodes()), NO_POLICIES))

    def _turn(self) -> None:
        if self._changed.wait(_LOOK_S):
            pause(_GATHER_S)
            self._changed.clear()
            self._rules.clear()
        known = self._known()
        if known is not None:
            for node in self._nodes():
                if node.name not in self._rules:
                    self._rules[node.name] = node_rules(known, node=node.name, side=self._spec.side)
            self._load(self._rules)

    def _known(self) -> Policies | None:
        """Return what the API server has said; None before it has said everything."""
        policies, pods, namespaces = self._policies.kept, self._pods.kept, self._namespaces.kept
        if policies is None or pods is None or namespaces is None:
            return None
        return Policies(policies=policies, pods=pods, namespaces=dict(namespaces))

    def _load(self, rules: Mapping[str, str]) -> None:
        problems: list[str] = []
        attempt(
            [node for node in self._nodes() if node.name in rules],
            lambda node: node.enforce(rules[node.name]),
            name=lambda node: f"network policies on {node.name}",
            problems=problems,
        )
        for problem in problems:
            if problem not in self.problems:
                log(self._spec.name, problem)
        self.problems = tuple(problems)


def _namespace(manifest: Json) -> tuple[str, Labels]:
    return manifest["metadata"]["name"], namespace_labels(manifest)
