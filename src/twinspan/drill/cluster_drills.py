"""Drills that take a node, a whole cluster or its pods: what is measured is requests to a service."""

from twinspan.drill.definition import Drill, Step
from twinspan.drill.endings import Ending, Expectation
from twinspan.drill.in_use import IN_USE
from twinspan.drill.timers import Label
from twinspan.network.clouds import Cloud

NODE_GRACE_S = 50.0
"""How long a silent node stays ready, so that its pods stay behind their service, seconds.

Source: kube-controller-manager, --node-monitor-grace-period. Pods leave it only after their tolerations'
300 s (admission plugin DefaultTolerationSeconds); a Deployment's pods are made anew on other nodes then.
"""
NODE_LOST_S = 75.0
"""A node is away for longer than its cluster needs to notice, seconds."""
CLUSTER_LOST_S = 8.0
CLOUD_LOST_S = 20.0
ISOLATED_S = 5.0
STARTED_WITHIN_S = 90.0
"""How long control plane, nodes and pods may take to start on the twin, seconds."""

_BESIDE = Expectation(
    ending=Ending.HARMLESS, label=Label.PROTOCOL, source="the other cluster's service is not touched"
)
_NODE = Expectation(
    ending=Ending.HEALING,
    label=Label.INFRASTRUCTURE,
    source=f"kube-controller-manager, --node-monitor-grace-period: {NODE_GRACE_S:g} s, then its pods leave "
    "the service if other nodes have some; with one node nothing but its return",
    restore_s=STARTED_WITHIN_S,
)
_CLUSTER = Expectation(
    ending=Ending.HEALING,
    label=Label.INFRASTRUCTURE,
    source="nothing moves a service to another cluster; how long clouds take to start nodes is not published",
    restore_s=STARTED_WITHIN_S,
)
_ISOLATED = Expectation(
    ending=Ending.HEALING,
    label=Label.INFRASTRUCTURE,
    source="Kubernetes, Network Policies: what no policy allows is dropped; how soon an engine follows a"
    " change is not published, the twin takes a part of a second",
    restore_s=5.0,
)
_NAMES: dict[Cloud, str] = {"aws": "eks", "azure": "aks"}
_WORDS: dict[Cloud, str] = {"aws": "The EKS cluster", "azure": "The AKS cluster"}


def _drill(side: Cloud, what: str, breaks: str, lost: Expectation, broken_s: float) -> Drill:
    """Return a drill of a side's cluster: who asks it is the other side."""
    return Drill(
        name=f"{_NAMES[side]}-{what}",
        breaks=breaks,
        steps=(Step(what=f"{what}-{side}"),),
        places=("twin",),
        aws=lost if side == "azure" else _BESIDE,
        azure=lost if side == "aws" else _BESIDE,
        broken_s=broken_s,
        targets=(IN_USE,),
        measures="requests",
    )


_CLOUD_LOST = Drill(
    name="cloud-lost",
    breaks="All of AWS goes: every tunnel silent, its cluster without power, for "
    f"{CLOUD_LOST_S:g} s; then it comes back.",
    steps=(Step(what="side-lost"), Step(what="cluster-lost-aws")),
    places=("twin",),
    aws=_CLUSTER,
    azure=_CLUSTER,
    broken_s=CLOUD_LOST_S,
    targets=(IN_USE,),
    measures="requests",
)
CLUSTER_DRILLS = (
    _CLOUD_LOST,
    *(
        drill
        for side, word in _WORDS.items()
        for drill in (
            _drill(
                side,
                "node-lost",
                f"{word} loses the power of a node that serves examples/hello, for {NODE_LOST_S:g} s.",
                _NODE,
                NODE_LOST_S,
            ),
            _drill(
                side,
                "cluster-lost",
                f"{word} loses all power, control plane and nodes, for {CLUSTER_LOST_S:g} s.",
                _CLUSTER,
                CLUSTER_LOST_S,
            ),
            _drill(
                side,
                "pods-isolated",
                f"{word} gets a network policy that lets nobody into the pods of examples/hello, for"
                f" {ISOLATED_S:g} s.",
                _ISOLATED,
                ISOLATED_S,
            ),
        )
    ),
)
