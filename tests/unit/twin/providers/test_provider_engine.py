"""What is planned: defaults, computed values, blocks, replacement."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from twinspan.twin.providers import engine
from twinspan.twin.providers.engine import Facts
from twinspan.twin.providers.schema import Attribute, Block, NestedBlock
from twinspan.twin.providers.values import UNKNOWN

_PORT = Block(
    attributes={
        "number": Attribute(type="number", required=True),
        "note": Attribute(type="string", optional=True),
        "handle": Attribute(type="string", computed=True),
    }
)
_SCHEMA = Block(
    attributes={
        "id": Attribute(type="string", optional=True, computed=True),
        "name": Attribute(type="string", required=True),
        "size": Attribute(type="number", optional=True),
        "zone": Attribute(type="string", optional=True, computed=True),
        "secret_wo": Attribute(type="string", optional=True, write_only=True),
    },
    block_types={
        "ports": NestedBlock(block=_PORT, nesting_mode="list"),
        "rules": NestedBlock(block=_PORT, nesting_mode="set"),
        "timeouts": NestedBlock(
            block=Block(attributes={"create": Attribute(type="string", optional=True)}), nesting_mode="single"
        ),
    },
)
_FACTS = Facts(defaults={"size": 4, "ports.note": "none"}, force_new=frozenset({"name", "ports.number"}))


def _config(**written: Any) -> dict[str, Any]:
    return {**engine.empty(_SCHEMA), "name": "n", **written}


def _port(number: int, **others: Any) -> dict[str, Any]:
    return {"number": number, "note": None, "handle": None, **others}


def _applied(planned: Any) -> Any:
    """Return a plan as if it had been applied: every unknown value is decided."""
    if planned is UNKNOWN:
        return "decided"
    if isinstance(planned, dict):
        return {key: _applied(value) for key, value in planned.items()}
    return [_applied(item) for item in planned] if isinstance(planned, list) else planned


def _plan(prior: dict[str, Any] | None, **written: Any) -> dict[str, Any]:
    return engine.plan(_SCHEMA, _FACTS, prior=prior, config=_config(**written))


def test_a_new_object_has_defaults_and_unknown_computed_values() -> None:
    planned = _plan(None)

    assert (planned["id"], planned["zone"], planned["size"]) == (UNKNOWN, UNKNOWN, 4)


def test_a_configured_value_wins_over_default_and_computed() -> None:
    planned = _plan(None, size=9, zone="z")

    assert (planned["size"], planned["zone"]) == (9, "z")


def test_a_write_only_value_is_never_planned() -> None:
    assert _plan(None, secret_wo="hidden")["secret_wo"] is None


def test_a_computed_value_is_kept_on_update() -> None:
    prior = _applied(_plan(None))

    assert _plan(prior, size=5) == {**prior, "size": 5}


def test_a_zero_value_that_is_not_configured_is_no_change() -> None:
    schema = Block(attributes={"text": Attribute(type="string", optional=True)})

    planned = engine.plan(schema, Facts(), prior={"text": ""}, config={"text": None})

    assert planned == {"text": ""}


def test_what_the_api_says_of_something_never_set_is_no_change() -> None:
    schema = Block(attributes={"action": Attribute(type="string", optional=True)})
    facts = Facts(unset_as={"action": "clear"})
    unset = {"action": None}

    assert engine.plan(schema, facts, prior={"action": "clear"}, config=unset) == {"action": "clear"}
    assert engine.plan(schema, facts, prior={"action": "restart"}, config=unset) == unset


def test_an_empty_map_written_out_equals_none() -> None:
    schema = Block(attributes={"tags": Attribute(type=["map", "string"], optional=True)})

    assert engine.plan(schema, Facts(), prior={"tags": None}, config={"tags": {}}) == {"tags": None}
    assert engine.plan(schema, Facts(), prior={"tags": {"a": "b"}}, config={"tags": {}}) == {"tags": {}}


def test_a_list_block_added_later_has_unknown_computed_values_of_its_own() -> None:
    prior = _applied(_plan(None, ports=[_port(1)]))

    planned = _plan(prior, ports=[_port(1), _port(2)])

    assert planned["ports"] == [
        {"number": 1, "note": "none", "handle": "decided"},
        {"number": 2, "note": "none", "handle": UNKNOWN},
    ]


def test_elements_of_a_set_block_are_recognised_in_any_order() -> None:
    prior = _applied(_plan(None, rules=[_port(1), _port(2)]))

    assert _plan(prior, rules=[_port(2), _port(1)]) == prior


def test_a_changed_element_of_a_set_block_is_a_new_one() -> None:
    prior = _applied(_plan(None, rules=[_port(1)]))

    planned = _plan(prior, rules=[_port(3)])

    assert planned["rules"] == [{"number": 3, "note": None, "handle": UNKNOWN}]


def test_a_block_whose_number_is_unknown_is_unknown() -> None:
    assert _plan(None, ports=UNKNOWN)["ports"] is UNKNOWN


def test_a_single_block_is_taken_as_written() -> None:
    assert _plan(None, timeouts={"create": "5m"})["timeouts"] == {"create": "5m"}


def test_a_computed_block_keeps_what_the_api_said() -> None:
    facts = Facts(computed_blocks=frozenset({"ports"}))
    prior = _applied(_plan(None, ports=[_port(1)]))

    assert engine.plan(_SCHEMA, facts, prior=prior, config=_config())["ports"] == prior["ports"]
    assert engine.plan(_SCHEMA, facts, prior=None, config=_config())["ports"] is UNKNOWN


def test_only_a_change_of_a_forcing_attribute_replaces() -> None:
    prior = _applied(_plan(None, ports=[_port(1)]))

    def replaced(**written: Any) -> tuple[str, ...]:
        return engine.replacements(_FACTS, prior=prior, planned=_plan(prior, **written))

    assert replaced(ports=[_port(1)], size=7) == ()
    assert replaced(ports=[_port(1)], name="other") == ("name",)
    assert replaced(ports=[_port(2)], name=UNKNOWN) == ("name", "ports")
    assert replaced(ports=[_port(1, note="new")]) == ()


def test_unset_members_of_objects_in_an_attribute_are_written_out() -> None:
    kind = ["set", ["object", {"cidr": "string", "ports": ["list", "number"], "self": "bool"}]]

    assert engine.fill([{"cidr": "10.0.0.0/8", "ports": None, "self": None}], kind) == [
        {"cidr": "10.0.0.0/8", "ports": [], "self": False}
    ]


def test_an_answer_of_nothing_is_written_as_the_configuration_writes_it() -> None:
    reference = _plan(None, rules=[_port(1)])
    said = {**_applied(reference), "size": 0, "rules": [{"number": 1, "note": "", "handle": "h"}]}

    settled = engine.settle(_SCHEMA, said, {**reference, "size": None})

    assert settled["size"] is None
    assert settled["rules"] == [{"number": 1, "note": None, "handle": "h"}]


def test_drift_is_not_settled_away() -> None:
    reference = _plan(None)

    settled = engine.settle(_SCHEMA, {**_applied(reference), "size": 0, "name": "changed"}, reference)

    assert (settled["size"], settled["name"]) == (0, "changed")


_ports = st.lists(st.builds(_port, st.integers(0, 9), note=st.none() | st.text("ab", max_size=2)), max_size=4)
_configs = st.fixed_dictionaries(
    {
        "size": st.none() | st.integers(0, 9),
        "zone": st.none() | st.sampled_from(["", "a", "b"]),
        "ports": _ports,
        "rules": st.lists(st.builds(_port, st.integers(0, 9)), max_size=4, unique_by=lambda p: p["number"]),
    }
)


@given(_configs)
def test_a_plan_right_after_an_apply_is_empty(written: dict[str, Any]) -> None:
    prior = _applied(_plan(None, **written))

    assert _plan(prior, **written) == prior


@given(_configs, _configs)
def test_an_update_ends_where_a_new_object_would(first: dict[str, Any], second: dict[str, Any]) -> None:
    """Whatever came before, what is configured is what is planned."""
    planned = _plan(_applied(_plan(None, **first)), **second)

    assert planned["size"] == (4 if second["size"] is None else second["size"])
    assert [port["number"] for port in planned["ports"]] == [port["number"] for port in second["ports"]]
    assert sorted(port["number"] for port in planned["rules"]) == sorted(
        port["number"] for port in second["rules"]
    )


@given(_configs)
def test_nothing_unknown_is_saved(written: dict[str, Any]) -> None:
    saved = engine.without_unknowns(_plan(None, **written))

    assert _applied(saved) == saved


def test_every_configured_attribute_is_visited_with_its_path() -> None:
    seen: dict[str, list[Any]] = {}

    def see(_: Attribute, path: str, value: Any) -> None:
        seen.setdefault(path, []).append(value)

    engine.visit(_SCHEMA, _config(ports=[_port(1), _port(2)], rules=UNKNOWN), see)

    assert seen["ports.number"] == [1, 2]
    assert "rules.number" not in seen
