"""Bodies of resource types of which no SDK is installed, described here and checked the same way."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from twinspan.twin.azure.documents import JsonObject
from twinspan.twin.azure.errors import Detail, invalid_format

Model = TypeVar("Model", bound=BaseModel)


class Body(BaseModel):
    """A JSON object: members by their JSON names, no others; null counts as absent."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True, populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {name: member for name, member in value.items() if member is not None}


class Envelope(Body):
    """What every resource has around its `properties`; what the service writes is ignored."""

    location: str
    tags: dict[str, str] | None = None
    id: Annotated[str | None, Field(exclude=True)] = None
    name: Annotated[str | None, Field(exclude=True)] = None
    type: Annotated[str | None, Field(exclude=True)] = None
    etag: Annotated[Any, Field(exclude=True)] = None
    system_data: Annotated[Any, Field(alias="systemData", exclude=True)] = None


def spelled(*values: str) -> BeforeValidator:
    """Return a validator that takes an enumeration's values in any case and keeps Azure's spelling."""
    known = {value.lower(): value for value in values}

    def spell(value: object) -> object:
        if isinstance(value, str) and value.lower() in known:
            return known[value.lower()]
        raise ValueError(f"must be one of {', '.join(values)}")

    return BeforeValidator(spell)


def cleaner(model: type[BaseModel]) -> Callable[[JsonObject], JsonObject]:
    """Return what turns a client's body into what the service keeps.

    The result raises ArmError: `InvalidRequestFormat`, with every problem in its details.
    """

    def clean(body: JsonObject) -> JsonObject:
        return parsed(model, body).model_dump(mode="json", by_alias=True, exclude_none=True)

    return clean


def parsed(model: type[Model], body: JsonObject) -> Model:
    """Return a body as a model.

    Raises:
        ArmError: It does not fit.
    """
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise invalid_format([_detail(line["loc"], line["msg"]) for line in error.errors()]) from error


def _detail(place: tuple[int | str, ...], message: str) -> Detail:
    path = ".".join(str(step) for step in place)
    return Detail(code="InvalidJson", message=f"{message.removeprefix('Value error, ')}. Path '{path}'.")
