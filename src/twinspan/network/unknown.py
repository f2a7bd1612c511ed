"""What a plan does not tell, as a value that no known one can be taken for. Pure.

The classes of the model take a type parameter, `U`, for what may stand in place of a value. What exists is
known as a whole: `Network` means `Network[Never]`, in which no field can be `Unknown`. What is planned is a
`Network[Unknown]`. Nothing in the model can be changed, so a function that takes `Network[Unknown]` takes
what exists as well.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Final, Never

from typing_extensions import TypeVar


class Unknown(Enum):
    """What is not known before a plan is applied.

    In a tuple it stands for one or several members, or perhaps none.
    """

    UNKNOWN = "known after apply"
    CLOUD_CHOOSES = "chosen by the cloud"
    """Not written, and the cloud has no fixed default: it chooses when the object is made."""


UNKNOWN: Final = Unknown.UNKNOWN
CLOUD_CHOOSES: Final = Unknown.CLOUD_CHOOSES


class _Nothing:
    """What has no value; pydantic, which does not know `Never`, takes and writes none for it.

    Source: pydantic, "Custom types", `__get_pydantic_core_schema__` as an annotation.
    """

    def __get_pydantic_core_schema__(self, _source: object, _handler: object) -> Mapping[str, object]:
        return {"type": "is-instance", "cls": _Nothing}


U = TypeVar("U", bound=Unknown, covariant=True, default=Annotated[Never, _Nothing()])  # noqa: PLC0105 - stands in every field
"""What a field may be instead of a value: nothing (`Never`), or `Unknown`."""
T = TypeVar("T")


def known(value: T | Unknown) -> T | None:
    """Return a value; None if it is not known."""
    return None if isinstance(value, Unknown) else value
