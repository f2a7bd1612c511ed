"""Whether a provider only plans, from nothing and without any endpoint, as `twinspan check` has it do."""

import os

_VARIABLE = "TWINSPAN_PLAN_ONLY"
"""Set to 1 in the environment: nothing is asked of a cloud, so that a first plan needs no endpoint."""


def plan_only() -> bool:
    """Return whether no cloud may be asked."""
    return os.environ.get(_VARIABLE) == "1"
