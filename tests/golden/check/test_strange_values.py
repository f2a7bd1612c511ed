"""Whatever a provider puts where something else is expected, a check ends with an answer."""

from typing import Any

import pytest
from broken_plan import PLANS, base

from twinspan.check.designs import design_of
from twinspan.check.run import check
from twinspan.project.plan import read_plan

STRANGE: tuple[Any, ...] = ([], [{}], "x", None, {}, -1, True, 1.5, ["x", 5, None, {}], [[]], "10.0.0.0/33")
"""Not hashable, of another shape, not to be parsed."""


def places(values: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    entries = values.items() if isinstance(values, dict) else enumerate(values)
    return [
        place
        for key, value in entries
        for place in [(*path, key), *(places(value, (*path, key)) if isinstance(value, dict | list) else [])]
    ]


def resources(module: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        *module.get("resources", []),
        *(resource for child in module.get("child_modules", []) for resource in resources(child)),
    ]


def everywhere(plan_name: str) -> list[tuple[str, tuple[str | int, ...]]]:
    planned_resources = resources(base(plan_name)["planned_values"]["root_module"])
    return [
        (resource["address"], place) for resource in planned_resources for place in places(resource["values"])
    ]


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("plan_name", PLANS)
@pytest.mark.parametrize("strange", STRANGE, ids=repr)
def test_a_strange_value_anywhere_is_never_a_traceback(plan_name: str, strange: Any) -> None:
    for address, place in everywhere(plan_name):
        plan = base(plan_name)
        by_address = {
            resource["address"]: resource for resource in resources(plan["planned_values"]["root_module"])
        }
        values = by_address[address]["values"]
        for part in place[:-1]:
            values = values[part]
        values[place[-1]] = strange
        assert len(check(design_of(read_plan(plan, where="x")), source="x").results) > 60
