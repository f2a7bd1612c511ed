"""A node that serves examples/hello loses its power."""

from twinspan.faults.definition import FaultType
from twinspan.faults.endings import Ending, Expectation
from twinspan.faults.hello import SIDES, STARTED_WITHIN_S, drill_of, serving_node
from twinspan.faults.timers import Label
from twinspan.network.clouds import Cloud
from twinspan.network.links import TunnelLink
from twinspan.protocols import Fault
from twinspan.target.clusters import open_clusters
from twinspan.target.target import Target

NODE_GRACE_S = 50.0
"""How long a silent node stays ready, so that its pods stay behind their service, seconds.

Source: kube-controller-manager, --node-monitor-grace-period. Pods leave it only after their tolerations'
300 s (admission plugin DefaultTolerationSeconds); a Deployment's pods are made again on other nodes then.
"""
NODE_LOST_S = 75.0
"""A node is away for longer than its cluster needs to notice, seconds."""
_EXPECTED = Expectation(
    ending=Ending.HEALING,
    label=Label.INFRASTRUCTURE,
    source=f"kube-controller-manager, --node-monitor-grace-period: {NODE_GRACE_S:g} s, then its pods leave "
    "the service if other nodes have some; with one node nothing but its return",
    restore_s=STARTED_WITHIN_S,
)


def _fault(side: Cloud) -> FaultType:
    def make(target: Target, _link: TunnelLink) -> Fault:
        with open_clusters(target) as clusters:
            api = next(cluster for cluster in clusters if cluster.endpoint.side == side)
            node = serving_node(api)
        return target.place.power_cut(
            side,
            api.endpoint.name,
            node=node,
            description=lambda nodes: f"power of node {node} of cluster {api.name}, which has {nodes}",
        )

    return FaultType(id=f"node-lost-{side}", make=make, made_at_once=False)


FAULTS = tuple(_fault(side) for side in SIDES)
DRILLS = tuple(
    drill_of(
        fault,
        side,
        "node-lost",
        f"loses the power of a node that serves examples/hello, for {NODE_LOST_S:g} s.",
        lost=_EXPECTED,
        broken_s=NODE_LOST_S,
    )
    for side, fault in zip(SIDES, FAULTS, strict=True)
)
