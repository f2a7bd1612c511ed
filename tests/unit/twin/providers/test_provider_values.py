"""The MessagePack codec of Terraform's values."""

from typing import Any

import msgpack
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from twinspan.twin.providers.values import (
    UNKNOWN,
    ValueFormatError,
    conform,
    decode,
    decode_json,
    encode,
    is_wholly_known,
    is_zero,
)

_names = st.text("abcdefgh_", min_size=1, max_size=6)
_types = st.recursive(
    st.sampled_from(["string", "number", "bool"]),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["list", "set", "map"]), inner).map(list),
        st.dictionaries(_names, inner, max_size=4).map(lambda members: ["object", members]),
    ),
    max_leaves=6,
)


def _values(kind: Any) -> st.SearchStrategy[Any]:
    blank = st.sampled_from([None, UNKNOWN])
    primitives = {
        "string": st.text(max_size=8),
        "number": st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False),
        "bool": st.booleans(),
    }
    if isinstance(kind, str):
        return primitives[kind] | blank
    name, element = kind
    if name == "object":
        return st.fixed_dictionaries({key: _values(inner) for key, inner in element.items()}) | blank
    if name == "map":
        return st.dictionaries(_names, _values(element), max_size=3) | blank
    return st.lists(_values(element), max_size=3) | blank


_typed_values = _types.flatmap(lambda kind: st.tuples(st.just(kind), _values(kind)))


@given(_typed_values)
def test_what_is_written_is_read_back(typed: tuple[Any, Any]) -> None:
    kind, value = typed

    assert decode(encode(value, kind), kind) == conform(value, kind)


@given(_typed_values)
def test_the_canonical_form_does_not_change_again(typed: tuple[Any, Any]) -> None:
    kind, value = typed
    once = conform(value, kind)

    assert conform(once, kind) == once


@given(st.lists(st.text(max_size=3), max_size=6), st.randoms())
def test_a_set_does_not_depend_on_order_or_repetition(items: list[str], random: Any) -> None:
    shuffled = [*items, *items]
    random.shuffle(shuffled)

    assert encode(items, ["set", "string"]) == encode(shuffled, ["set", "string"])


@example(b"\x81\x90\x00", "string")  # a map whose key is a list
@example(b"\x81\x00\x00", ["object", {}])  # a map whose key is a number
@given(st.binary(max_size=20), _types)
def test_foreign_bytes_are_refused_and_nothing_else(data: bytes, kind: Any) -> None:
    try:
        value = decode(data, kind)
    except ValueFormatError:
        return
    assert conform(value, kind) == value


def test_unknown_elements_of_a_set_are_all_kept() -> None:
    """They may turn out to differ; Terraform refuses a set that grows between plan and apply."""
    kind = ["set", "string"]

    assert conform([UNKNOWN, "b", UNKNOWN, "a", "b"], kind) == ["a", "b", UNKNOWN, UNKNOWN]
    assert decode(encode([UNKNOWN, UNKNOWN], kind), kind) == [UNKNOWN, UNKNOWN]


def test_an_unknown_value_with_refinements_is_just_unknown() -> None:
    refined = msgpack.packb(msgpack.ExtType(12, msgpack.packb({1: False})))

    assert decode(refined, "string") is UNKNOWN


def test_unknown_is_written_as_extension_zero() -> None:
    assert encode(UNKNOWN, "string") == msgpack.packb(msgpack.ExtType(0, b"\0"))


def test_object_members_are_all_written_in_alphabetical_order() -> None:
    packed = encode({"b": 1}, ["object", {"b": "number", "a": "string"}])

    assert list(msgpack.unpackb(packed).items()) == [("a", None), ("b", 1)]


def test_a_whole_number_sent_as_float_or_text_is_an_int() -> None:
    assert [conform(value, "number") for value in (5.0, "5", "-7", 2.5)] == [5, 5, -7, 2.5]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("1", "bool"),
        (1, "string"),
        (True, "number"),
        ("many", "number"),
        ("a", ["list", "string"]),
        (["a"], ["map", "string"]),
        ({"b": 1}, ["object", {"a": "number"}]),
        ([1], ["set", "string"]),
    ],
)
def test_a_value_of_another_type_is_refused(value: Any, kind: Any) -> None:
    with pytest.raises(ValueFormatError):
        encode(value, kind)


def test_a_saved_state_may_have_members_the_schema_lost() -> None:
    saved = b'{"a": "x", "gone": 1}'

    assert decode_json(saved, ["object", {"a": "string", "new": "bool"}]) == {"a": "x", "new": None}


def test_knownness_is_looked_for_in_depth() -> None:
    assert is_wholly_known({"a": [1, None]})
    assert not is_wholly_known({"a": [{"b": UNKNOWN}]})


def test_unknown_is_not_zero() -> None:
    zeros: list[Any] = [None, "", 0, False, [], {}]

    assert all(is_zero(value) for value in zeros)
    assert not any(is_zero(value) for value in (UNKNOWN, "0", 1, [None]))
