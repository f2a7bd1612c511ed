"""The one way to a JSON form: what a command found is a pydantic model, and its JSON is that model's."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, computed_field, model_validator

Thousandths = Annotated[float, AfterValidator(partial(round, ndigits=3))]
"""Seconds, good to a millisecond; or another figure of three decimals."""

if TYPE_CHECKING:
    derived = property  # mypy takes no other decorator on top of a property
else:

    def derived(get: Callable[[object], object]) -> property:
        """Make a property a member of the JSON form, too; its docstring is the member's description."""
        return computed_field(property(get))


class Document(BaseModel):
    """A JSON object of ours. Members that are `derived` from others are ignored when it is read."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        json_schema_serialization_defaults_required=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _without_derived(cls, data: object) -> object:
        if isinstance(data, Mapping):
            return {name: value for name, value in data.items() if name not in cls.model_computed_fields}
        return data


class Env(Document):
    """What ENV of the command was."""

    kind: Literal["environment", "root module", "plan", "state", "network"] = Field(
        description="`network`: ENV was left out, and what is there was looked at."
    )
    name: str = Field(description="The folder or file; of a network, `what is there`.")


class Answer(Document):
    """The whole answer of a command. `docs/schemas` holds the JSON Schema of each."""

    schema_: str = Field(alias="schema")
    """Name and version; the number rises when a reader of the old form would break."""
    env: Env | None = Field(default=None, description="What ENV was; null where nobody was asked for one.")


def as_json(value: object) -> str:
    """Return documents, and what holds some, as JSON text; addresses and times become text."""
    return json.dumps(value, indent=2, default=_plain)


def _plain(value: object) -> object:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else str(value)
