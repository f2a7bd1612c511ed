"""A whole cluster loses its power."""

from twinspan.faults.definition import FaultType
from twinspan.faults.endings import Ending, Expectation
from twinspan.faults.hello import SIDES, STARTED_WITHIN_S, drill_of, serving_node
from twinspan.faults.timers import Label
from twinspan.network.clouds import Cloud
from twinspan.network.links import TunnelLink
from twinspan.protocols import Fault
from twinspan.target.clusters import open_clusters
from twinspan.target.target import Target

CLUSTER_LOST_S = 8.0
EXPECTED = Expectation(
    ending=Ending.HEALING,
    label=Label.INFRASTRUCTURE,
    source="nothing moves a service to another cluster; how long clouds take to start nodes is not published",
    restore_s=STARTED_WITHIN_S,
)


def _fault(side: Cloud) -> FaultType:
    def make(target: Target, _link: TunnelLink) -> Fault:
        with open_clusters(target) as clusters:
            api = next(cluster for cluster in clusters if cluster.endpoint.side == side)
            serving_node(api)  # it serves before it is lost
        return target.place.power_cut(
            side, api.endpoint.name, node=None, description=lambda _: f"power of cluster {api.name}"
        )

    return FaultType(id=f"cluster-lost-{side}", make=make, made_at_once=False)


AWS_LOST, _AZURE_LOST = FAULTS = tuple(_fault(side) for side in SIDES)
DRILLS = tuple(
    drill_of(
        fault,
        side,
        "cluster-lost",
        f"loses all power, control plane and nodes, for {CLUSTER_LOST_S:g} s.",
        lost=EXPECTED,
        broken_s=CLUSTER_LOST_S,
    )
    for side, fault in zip(SIDES, FAULTS, strict=True)
)
