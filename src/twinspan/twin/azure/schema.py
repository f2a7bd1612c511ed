"""Bodies checked against the models of the Azure SDKs, which are generated from Azure's own API description.

The models do not check anything by themselves, but they carry each member's JSON name, type, visibility
and whether it is required. Some of that is in private attributes of the package, which is why its version is
pinned and a test resolves every class named by a resource type.
"""

import importlib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache

from azure.mgmt.network import models
from azure.mgmt.network._utils.model_base import Model
from typing_extensions import TypeIs

from twinspan.twin.azure.documents import Json, JsonObject
from twinspan.twin.azure.errors import Detail, invalid_format


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An enumeration; values are compared without case and kept in Azure's spelling."""

    name: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf:
    """A list of one type."""

    item: "Shape"


@dataclass(frozen=True, slots=True, kw_only=True)
class MapOf:
    """An object with free member names and values of one type, such as tags."""

    item: "Shape"


Shape: typing.TypeAlias = "type[Model | str | int | bool | float] | Choice | ListOf | MapOf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member of a model."""

    shape: Shape
    required: bool
    read_only: bool


def clean(model: str, body: JsonObject) -> JsonObject:
    """Return `body` as the service would keep it.

    Read-only members and nulls are left out, as are empty strings for optional members (the Terraform
    provider sends them); enumerations get Azure's spelling; a whole resource in the place of a reference
    becomes its id.

    Args:
        model: As `model_class` takes it.
        body: What the client sent.

    Raises:
        ArmError: `InvalidRequestFormat` with every problem in its details.
    """
    problems: list[Detail] = []
    cleaned = _object(model_class(model), body, "", problems)
    if problems:
        raise invalid_format(problems)
    return cleaned


def model_class(name: str) -> type[Model]:
    """Return a model by name.

    Args:
        name: A class of `azure.mgmt.network.models`, or `package.Class` for one of another
            `azure.mgmt.PACKAGE`, which is loaded when it is first asked for: it takes a quarter of a second.

    Raises:
        LookupError: The installed SDK has no such model.
    """
    package, _, own = name.rpartition(".")
    where = importlib.import_module(f"azure.mgmt.{package}.models") if package else models
    model = getattr(where, own, None)
    if _is_model(model):
        return model
    msg = f"{where.__name__} has no model {own}; is the pinned version installed?"
    raise LookupError(msg)


def _is_model(hint: object) -> TypeIs[type[Model]]:
    """Whether something is a model: each SDK has a base class of its own, all of one name and make."""
    return isinstance(hint, type) and any(
        base.__name__ == Model.__name__ and base.__module__.endswith("._utils.model_base")
        for base in hint.__mro__
    )


@cache
def members(model: type[Model]) -> Mapping[str, Member]:
    """Return a model's members by JSON name."""
    instance = model.__new__(model)  # the field table of a class is made with its first instance
    siblings = importlib.import_module(model.__module__.rpartition(".")[0])
    hints = typing.get_type_hints(model, localns={"_models": siblings})
    table: dict[str, Member] = {}
    for attribute, field in instance._attr_to_rest_field.items():  # noqa: SLF001  see the module's docstring
        shape, required = _shape(hints[attribute])
        table[field._rest_name] = Member(  # noqa: SLF001  likewise
            shape=shape,
            required=required,
            read_only=field._visibility == ["read"],  # noqa: SLF001  likewise
        )
    return table


def _shape(hint: object) -> tuple[Shape, bool]:
    """Return what an annotation allows, and whether the member is required."""
    if typing.get_origin(hint) in {typing.Union, types.UnionType}:
        options = typing.get_args(hint)
        required = type(None) not in options
        rest = [option for option in options if option is not type(None)]
        enums = [option for option in rest if isinstance(option, type) and issubclass(option, Enum)]
        if enums and enums[0].__name__ in _OPEN:
            return str, required
        return (_choice(enums[0]) if enums else _shape(rest[0])[0]), required
    if typing.get_origin(hint) is list:
        return ListOf(item=_shape(typing.get_args(hint)[0])[0]), True
    if typing.get_origin(hint) is dict:
        return MapOf(item=_shape(typing.get_args(hint)[1])[0]), True
    if _is_model(hint) or (isinstance(hint, type) and issubclass(hint, (str, int, bool, float))):
        return hint, True
    return str, True  # dates, which travel as text


_TRUTHS: Mapping[str, Json] = {"true": True, "false": False}
_OPEN = frozenset({"VirtualMachineSizeTypes"})
"""Enumerations that do not have all values; whoever uses one checks it."""


def _choice(enum: type[Enum]) -> Choice:
    """Return an enumeration with its values by their lower-case form."""
    return Choice(name=enum.__name__, values={str(item.value).lower(): str(item.value) for item in enum})


def _object(model: type[Model], body: JsonObject, path: str, problems: list[Detail]) -> JsonObject:
    """Clean one object; problems found are added to `problems`."""
    table = members(model)
    kept: JsonObject = {}
    for name, value in body.items():
        place = f"{path}.{name}" if path else name
        known = table.get(name)
        if known is None:
            message = f"Could not find member '{name}' on object of type '{model.__name__}'. Path '{place}'."
            problems.append(Detail(code="InvalidJson", message=message))
        elif not (known.read_only or value is None or (value == "" and not known.required)):
            kept[name] = _value(known.shape, value, place, problems)
    for name, known in table.items():
        if known.required and not known.read_only and name not in kept:
            place = f"{path}.{name}" if path else name
            message = f"Required property '{name}' not found in JSON. Path '{place}'."
            problems.append(Detail(code="MissingJsonProperty", message=message))
    return kept


def _value(shape: Shape, value: Json, path: str, problems: list[Detail]) -> Json:
    """Clean one value; what does not fit is reported and returned as it came.

    Source of truth values as texts: azure-cli 2.91, `az vmss create`, sends one, and ARM takes it.
    """
    if shape is bool and isinstance(value, str):
        value = _TRUTHS.get(value, value)
    match shape:
        case ListOf(item=item) if isinstance(value, list):
            return [_value(item, entry, f"{path}[{index}]", problems) for index, entry in enumerate(value)]
        case MapOf(item=item) if isinstance(value, dict):
            return {name: _value(item, entry, f"{path}.{name}", problems) for name, entry in value.items()}
        case Choice(values=values) if isinstance(value, str) and value.lower() in values:
            return values[value.lower()]
        case type() if _is_model(shape) and isinstance(value, dict):
            return _part(shape, value, path, problems)
        case type() if _is_plain(shape, value):
            return value
    problems.append(Detail(code="InvalidJson", message=_mismatch(shape, value, path)))
    return value


def _is_plain(shape: type, value: Json) -> bool:
    """Whether a value is of a plain type; whole numbers have 64 bits, as in every API of Azure."""
    if type(value) is int and not -(2**63) <= value < 2**63:
        return False
    return type(value) is shape or (shape is float and type(value) is int)


def _part(model: type[Model], value: JsonObject, path: str, problems: list[Detail]) -> JsonObject:
    """Clean an object inside another one: a reference to a resource, or a part of this one."""
    if not path.endswith("]") and issubclass(model, (models.Resource, models.SubResource)):
        identity = value.get("id")
        if isinstance(identity, str) and identity:
            return {"id": identity}
        message = f"Value for reference id is missing. Path '{path}'."
        problems.append(Detail(code="MissingJsonReferenceId", message=message))
        return value
    if set(value) == {"id"} and "id" in members(model):
        return value
    return _object(model, value, path, problems)


def _mismatch(shape: Shape, value: Json, path: str) -> str:
    """Say what is wrong with a value."""
    match shape:
        case Choice(name=name, values=values):
            allowed = ", ".join(values.values())
            return f"Error converting value {value!r} to type '{name}'. Path '{path}'. Allowed: {allowed}."
        case ListOf():
            expected_kind = "a list"
        case MapOf():
            expected_kind = "an object"
        case _:
            expected_kind = f"'{shape.__name__}'"
    return f"Error converting value {value!r} to {expected_kind}. Path '{path}'."
