"""How an exception crosses from one process to another: the only form, on sockets and pipes alike."""

from typing import Any

from typing_extensions import TypedDict  # pydantic reads it

from twinspan.errors import InternalError, TwinspanError
from twinspan.twin.attempts import words


class ErrorDocument(TypedDict):
    """A TwinspanError on its way: its class, what it says, and its attributes."""

    kind: str
    message: str
    fields: dict[str, Any]


def pack_error(error: Exception, *, operation: str) -> ErrorDocument:
    """Return an exception as JSON can hold it: one of ours whole, any other as an InternalError.

    Args:
        error: What was raised.
        operation: What was being done.
    """
    if not isinstance(error, TwinspanError):
        error = InternalError(operation=operation, kind=type(error).__name__, problem=words(error))
    fields = {name: _plain(value) for name, value in vars(error).items()}
    return {"kind": type(error).__name__, "message": str(error), "fields": fields}


def unpack_error(document: ErrorDocument) -> TwinspanError:
    """Return the error that `pack_error` packed: the same class, words and attributes, sequences as tuples.

    A class that only a newer version has becomes a TwinspanError.
    """
    kind = _kinds().get(document["kind"], TwinspanError)
    error = kind.__new__(kind)
    error.args = (document["message"],)
    vars(error).update({name: _tuples(value) for name, value in document["fields"].items()})
    return error


def _plain(value: object) -> object:
    """Return what JSON can hold; of an object only its text, which hides what its repr hides."""
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _tuples(value: object) -> object:
    return tuple(_tuples(part) for part in value) if isinstance(value, list) else value


def _kinds() -> dict[str, type[TwinspanError]]:
    known: list[type[TwinspanError]] = [TwinspanError]
    for kind in known:  # it grows meanwhile
        known += kind.__subclasses__()
    return {kind.__name__: kind for kind in known}
