"""The drills that exist: those of each fault, and those that break several things or nothing."""

from difflib import get_close_matches

from twinspan.errors import DesignError
from twinspan.faults.clusters import cluster_lost
from twinspan.faults.data_plane import bgp_closed, path_cut, side_lost
from twinspan.faults.data_plane.path_cut import TUNNEL_DOWN
from twinspan.faults.definition import IN_USE, Drill, Step
from twinspan.faults.expectations import TIMERS, harmless
from twinspan.faults.registry import drills

CLOUD_LOST_S = 20.0
IDLE = Drill(
    name="idle",
    breaks="Nothing: what measuring itself costs, with packets lost and jitter.",
    steps=(),
    places=("twin",),
    aws=harmless("nothing is broken"),
    azure=harmless("nothing is broken"),
    broken_s=5.0,
    targets=(IN_USE,),
)
_SEVERAL = (
    Drill(
        name="connection-down",
        breaks="Both tunnels of one VPN connection go silent.",
        steps=(Step(fault=path_cut.FAULT), Step(fault=path_cut.FAULT, aim="sibling")),
        places=("twin",),
        aws=TIMERS,
        azure=TIMERS,
    ),
    Drill(
        name="two-at-once",
        breaks="The path of one tunnel goes silent and the BGP session of another is closed.",
        steps=(Step(fault=path_cut.FAULT), Step(fault=bgp_closed.FAULT, aim="other")),
        places=("twin",),
        aws=TIMERS,
        azure=TIMERS,
    ),
    Drill(
        name="cloud-lost",
        breaks="All of AWS goes: every tunnel silent, its cluster without power, for "
        f"{CLOUD_LOST_S:g} s; then it comes back.",
        steps=(Step(fault=side_lost.FAULT), Step(fault=cluster_lost.AWS_LOST)),
        places=("twin",),
        aws=cluster_lost.EXPECTED,
        azure=cluster_lost.EXPECTED,
        broken_s=CLOUD_LOST_S,
        targets=(IN_USE,),
        measures="requests",
    ),
)
DRILLS = (
    IDLE,
    TUNNEL_DOWN,
    *sorted(
        (known_drill for known_drill in (*drills(), *_SEVERAL) if known_drill is not TUNNEL_DOWN),
        key=lambda known_drill: (known_drill.measures, known_drill.name),
    ),
)
"""Those that count packets, then those that count requests."""


def named(name: str) -> Drill:
    """Return the drill of that name.

    Raises:
        DesignError: There is none.
    """
    for drill in DRILLS:
        if drill.name == name:
            return drill
    names = [drill.name for drill in DRILLS]
    near = get_close_matches(name, names, n=1, cutoff=0.4)
    meant = f"Did you mean {near[0]}? " if near else ""
    raise DesignError(
        where="drill run",
        problem=f"there is no drill {name}",
        remedy=f"{meant}Choose one of: {', '.join(names)}",
    )
