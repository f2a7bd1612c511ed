"""A plan or a state, as the rules see it."""

from typing import TYPE_CHECKING

from twinspan.check.planned_changes import planned_changes
from twinspan.check.planned_keys import planned_keys
from twinspan.project.network import network_of
from twinspan.project.plan import Plan
from twinspan.project.state import State
from twinspan.rules.design import Design

if TYPE_CHECKING:
    from twinspan.rules.design import Manifests


def design_of(plan: Plan, *, manifests: "Manifests | None" = None) -> Design:
    """Return the design in a plan, with its keys and what it changes in place."""
    network = network_of(plan)
    return Design(
        network=network,
        planned=True,
        keys=planned_keys(plan, network),
        changes=tuple(planned_changes(plan)),
        manifests=manifests or {},
    )


def applied_design(state: State, *, manifests: "Manifests | None" = None) -> Design:
    """Return the design in a state, with its keys."""
    network = network_of(state.plan)
    return Design(network=network, keys=planned_keys(state.plan, network), manifests=manifests or {})
