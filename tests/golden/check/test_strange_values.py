"""Whatever a provider puts where something else is expected, a check ends with an answer."""

from typing import Any

from broken_plan import base
from hypothesis import given, settings
from hypothesis import strategies as st

from twinspan.check.run import check
from twinspan.project.plan import read_plan

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=6),
    st.just([]),
    st.just({}),
    st.lists(st.one_of(st.text(max_size=4), st.integers(), st.none(), st.just({})), max_size=2),
)


def places(values: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    entries = values.items() if isinstance(values, dict) else enumerate(values)
    return [
        each
        for key, value in entries
        for each in [(*path, key), *(places(value, (*path, key)) if isinstance(value, dict | list) else [])]
    ]


def resources(module: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        *module.get("resources", []),
        *(each for child in module.get("child_modules", []) for each in resources(child)),
    ]


PLACES = [
    (resource["address"], place)
    for resource in resources(base()["planned_values"]["root_module"])
    for place in places(resource["values"])
]


@settings(max_examples=60)
@given(changes=st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=3))
def test_a_strange_value_is_never_a_traceback(changes: list[tuple[Any, Any]]) -> None:
    plan = base()
    by_address = {each["address"]: each for each in resources(plan["planned_values"]["root_module"])}
    for (address, place), value in changes:
        values = by_address[address]["values"]
        try:
            for part in place[:-1]:
                values = values[part]
            values[place[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change has taken the place away
    assert len(check(read_plan(plan, where="x"), source="x").results) > 60
