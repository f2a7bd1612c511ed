"""The agent's methods that break and mend clusters."""

from collections.abc import Callable, Mapping
from typing import Any

from twinspan.twin.dataplane.clusters.fleet import Fleet

_Params = dict[str, Any]


def cluster_methods(fleet: Fleet) -> Mapping[str, Callable[[_Params], object]]:
    """Return name -> method; parameters are `cluster` and, for a node's, `node`: their keys."""
    return {
        "lose_node": lambda params: fleet.cluster(str(params["cluster"])).lose_node(str(params["node"])),
        "restore_node": lambda params: fleet.cluster(str(params["cluster"])).restore_node(
            str(params["node"])
        ),
        "lose_cluster": lambda params: fleet.cluster(str(params["cluster"])).lose(),
        "restore_cluster": lambda params: fleet.cluster(str(params["cluster"])).restore(),
    }
