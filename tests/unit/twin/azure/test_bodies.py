"""Bodies of types without an SDK: null counts as absent, in every model that there is."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from pydantic import ValidationError

import twinspan.twin.azure
from twinspan.twin.azure.types.bodies import Body


def models(root: type[Body]) -> Iterator[type[Body]]:
    for model in root.__subclasses__():
        yield model
        yield from models(model)


for module in pkgutil.walk_packages(twinspan.twin.azure.__path__, "twinspan.twin.azure."):
    importlib.import_module(module.name)


def complaints(model: type[Body], body: object) -> set[str]:
    try:
        model.model_validate(body)
    except ValidationError as error:
        return {line["type"] for line in error.errors()}
    return set()


@pytest.mark.parametrize("model", list(models(Body)), ids=lambda model: model.__qualname__)
def test_null_counts_as_absent_for_every_member(model: type[Body]) -> None:
    names = {field.alias or name for name, field in model.model_fields.items()}
    assert complaints(model, dict.fromkeys(names)) <= {"missing"}
