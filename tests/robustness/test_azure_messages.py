"""A refusal's message itself names the member that is wrong: clients show nothing else."""

import copy
import typing
from collections.abc import Iterator
from random import Random
from typing import Any

import azure_bodies
import pytest
from azure.mgmt.network import models
from azure_bodies import Body, Scope
from pydantic import BaseModel

from twinspan.twin.azure import schema
from twinspan.twin.azure.errors import ArmError
from twinspan.twin.azure.types import RESOURCE_TYPES
from twinspan.twin.azure.types.base import ResourceType
from twinspan.twin.azure.types.described_type import DescribedType

DEEPEST = 6
Place = tuple[tuple[str, bool], ...]
"""Members from the outside in, each with whether it is a list of objects."""


def of_schema(shape: schema.Shape, above: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Yield every member of a model that a client may set, with a value that it does not take."""
    table = schema.members(shape)  # type: ignore[arg-type]  # only models are passed
    for name, member in table.items():
        if member.read_only or (name == "id" and above):
            continue
        item = member.shape.item if isinstance(member.shape, schema.ListOf) else member.shape
        place = (*above, (name, isinstance(member.shape, schema.ListOf)))
        yield place, [] if member.shape is str else "odd"
        listed, seen = isinstance(member.shape, schema.ListOf), name in {part for part, _ in above}
        if (
            schema._is_model(item)
            and not seen
            and (listed or not _is_reference(item))
            and len(place) < DEEPEST
        ):
            yield from of_schema(item, place)


def _is_reference(model: Any) -> bool:
    """Whether only a model's id counts where it is a member."""
    return issubclass(model, (models.Resource, models.SubResource))


def of_document(model: type[BaseModel], above: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Yield the same of a body that the API describes itself."""
    for field, info in model.model_fields.items():
        if info.exclude or info.annotation is Any:
            continue
        inner = [
            inner_class for inner_class in _classes(info.annotation) if issubclass(inner_class, BaseModel)
        ]
        listed = "list[" in str(info.annotation)
        place = (*above, (info.alias or field, listed))
        yield place, 5 if inner or listed or dict in _classes(info.annotation) else {"odd": 1}
        for inner_model in inner:
            yield from of_document(inner_model, place)


def _classes(annotation: Any) -> list[type]:
    if typing.get_args(annotation):
        origin = typing.get_origin(annotation)
        classes = [origin] if isinstance(origin, type) else []
        return classes + [
            inner_class for part in typing.get_args(annotation) for inner_class in _classes(part)
        ]
    return [annotation] if isinstance(annotation, type) else []


def members(kind: ResourceType) -> list[tuple[Place, Any]]:
    if isinstance(kind, DescribedType):
        return list(of_document(kind.document))
    return list(of_schema(schema.model_class(kind.model)))


def with_wrong(body: Body, place: Place, value: Any) -> Body:
    """Return a body with the value at the place; what is missing on the way is made."""
    changed = copy.deepcopy(body)
    here: Any = changed
    for name, listed in place[:-1]:
        if not isinstance(here.get(name), list if listed else dict) or here[name] == []:
            here[name] = [{}] if listed else {}
        here = here[name][0] if listed else here[name]
    here[place[-1][0]] = value
    return changed


@pytest.mark.parametrize("kind", RESOURCE_TYPES.values(), ids=lambda kind: kind.type)
def test_the_message_names_the_member_that_has_the_wrong_type(kind: ResourceType) -> None:
    good = azure_bodies.GOOD[kind.type](Scope(Random(1), "/subscriptions/s/resourceGroups/a", usual=1))
    places = members(kind)
    assert len(places) > 2
    for place, value in places:
        with pytest.raises(ArmError) as refused:
            kind.clean(with_wrong(good, place, value))
        assert place[-1][0] in refused.value.message, (place, value, refused.value.message)


@pytest.mark.parametrize("kind", RESOURCE_TYPES.values(), ids=lambda kind: kind.type)
def test_the_message_names_a_member_that_there_is_not(kind: ResourceType) -> None:
    good = azure_bodies.GOOD[kind.type](Scope(Random(1), "/subscriptions/s/resourceGroups/a", usual=1))
    with pytest.raises(ArmError, match=r"properties\.colour"):
        kind.clean(with_wrong(good, (("properties", False), ("colour", False)), "red"))
