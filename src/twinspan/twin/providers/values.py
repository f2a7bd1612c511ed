# ruff: noqa: ANN401 - values of Terraform and of the APIs have no static type
"""Terraform's values: their types, and their MessagePack form on the wire.

A type is written as in `terraform providers schema -json`: `"string"`, `"number"`, `"bool"`,
`["list", T]`, `["set", T]`, `["map", T]`, `["object", {name: T}]`. A value is None (null), `UNKNOWN`, str,
int, float, bool, list (lists and sets) or dict (maps and objects).

Source: docs/plugin-protocol/object-wire-format.md of hashicorp/terraform.
"""

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

import msgpack

Type = str | list[Any]
Value = Any
"""None, UNKNOWN, str, int, float, bool, list or dict, as the type says."""


class _Unknown(Enum):
    UNKNOWN = "known after apply"


UNKNOWN: Final = _Unknown.UNKNOWN
"""A value that only the apply will know."""

_UNKNOWN_EXTENSIONS = {0, 12}
"""Extension 0 is plain unknown; 12 is unknown with refinements, which we drop (as the format allows)."""


_LARGEST_INT = 2**63 - 1
"""Beyond it a number is written as text, as the format wants."""


class ValueFormatError(ValueError):
    """Bytes or a value do not fit the type they are said to have."""


def decode(data: bytes, kind: Type) -> Value:
    """Read a MessagePack value of type `kind`.

    Raises:
        ValueFormatError: The bytes are no MessagePack, or do not fit `kind`.
    """
    try:
        raw = msgpack.unpackb(data, ext_hook=_extension, strict_map_key=False)
    except (TypeError, ValueError, msgpack.UnpackException) as error:  # TypeError: a key that is a list
        raise ValueFormatError(f"not MessagePack: {error}") from error
    return conform(raw, kind)


def _extension(code: int, data: bytes) -> Value:
    if code in _UNKNOWN_EXTENSIONS:
        return UNKNOWN
    raise ValueError(f"extension {code} of {len(data)} bytes")


def encode(value: Value, kind: Type) -> bytes:
    """Write a value of type `kind` as MessagePack.

    Raises:
        ValueFormatError: The value does not fit `kind`.
    """
    packed: bytes = msgpack.packb(_to_wire(conform(value, kind)))
    return packed


def _to_wire(value: Value) -> Any:
    if value is UNKNOWN:
        return msgpack.ExtType(0, b"\0")
    if isinstance(value, int) and abs(value) > _LARGEST_INT:
        return str(value)
    if isinstance(value, list):
        return [_to_wire(item) for item in value]
    if isinstance(value, dict):
        return {key: _to_wire(value[key]) for key in sorted(value)}
    return value


def decode_json(data: bytes, kind: Type) -> Value:
    """Read a value from the JSON of a state file; unknown members are dropped, missing ones are null."""
    return conform(json.loads(data), kind, lenient=True)


def conform(value: Value, kind: Type, *, lenient: bool = False) -> Value:
    """Return `value` in the one form our code uses for `kind`: whole numbers as int, sets in order.

    Args:
        value: The value.
        kind: Its type.
        lenient: Let objects have other members than the type; used for states of other schema versions.

    Raises:
        ValueFormatError: It does not fit.
    """
    if value is None or value is UNKNOWN:
        return value
    if isinstance(kind, str):
        return _conform_primitive(value, kind)
    name, element = kind
    if name == "object" and isinstance(value, Mapping):
        return _conform_object(value, element, lenient=lenient)
    if name == "map" and isinstance(value, Mapping):
        return {str(key): conform(item, element, lenient=lenient) for key, item in value.items()}
    if name in {"list", "set"} and isinstance(value, list | tuple | set | frozenset):
        items = [conform(item, element, lenient=lenient) for item in value]
        return items if name == "list" else _as_set(items)
    raise ValueFormatError(f"{type(value).__name__} where a {name} is expected")


def _conform_primitive(value: Value, kind: str) -> Value:
    if kind == "bool" and isinstance(value, bool):
        return value
    if kind == "string" and isinstance(value, str):
        return value
    if kind == "number" and not isinstance(value, bool):
        return _number(value)
    raise ValueFormatError(f"{type(value).__name__} where a {kind} is expected")


def _number(value: Value) -> int | float:
    try:
        if isinstance(value, str):
            return int(value) if value.lstrip("-").isdigit() else float(value)
        number = float(value)
    except (TypeError, ValueError) as error:
        raise ValueFormatError(f"{type(value).__name__} where a number is expected") from error
    return value if isinstance(value, int) else int(number) if number.is_integer() else number


def _conform_object(value: Mapping[str, Value], members: Mapping[str, Type], *, lenient: bool) -> Value:
    strangers = set(value) - set(members)
    if strangers and not lenient:
        raise ValueFormatError(f"unexpected {', '.join(sorted(map(str, strangers)))} in an object")
    return {key: conform(value.get(key), kind, lenient=lenient) for key, kind in members.items()}


def _as_set(items: list[Value]) -> list[Value]:
    """Return the elements in one order, each known one once; two unknown ones may turn out to differ."""
    unique = {order_key(item): item for item in items if is_wholly_known(item)}
    unknown = sorted((item for item in items if not is_wholly_known(item)), key=order_key)
    return [*(unique[key] for key in sorted(unique)), *unknown]


def order_key(value: Value) -> str:
    """Return a text that is equal for equal values; sets are kept in its order."""
    return json.dumps(value, sort_keys=True, default=lambda _: "\0unknown")


def is_wholly_known(value: Value) -> bool:
    """Whether no part of `value` is unknown."""
    if value is UNKNOWN:
        return False
    if isinstance(value, dict):
        return all(is_wholly_known(item) for item in value.values())
    if isinstance(value, list):
        return all(is_wholly_known(item) for item in value)
    return True


def is_zero(value: Value) -> bool:
    """Whether Terraform's older SDK takes `value` for "not set": null, "", 0, false, or empty."""
    return value is None or (value is not UNKNOWN and value in ("", 0, False, [], {}))
