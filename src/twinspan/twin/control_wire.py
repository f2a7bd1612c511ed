"""What crosses the control process's Unix socket: one JSON object a line, in both directions.

Request `{"id": n, "method": ..., "params": {...}}`; answer `{"id": n, "result": ...}` or
`{"id": n, "error": {"kind", "message", "fields"}}`.
"""

import dataclasses
from typing import Any, TypedDict

from pydantic import TypeAdapter

from twinspan.errors import CommandError, DesignError, HostError, TwinspanError, WaitTimeoutError
from twinspan.twin.status import Status

STATUS = TypeAdapter(Status)


class ErrorDocument(TypedDict):
    """A TwinspanError on its way."""

    kind: str
    message: str
    fields: dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call."""

    id: int
    method: str
    params: dict[str, Any]


REQUEST = TypeAdapter(Request)


def error_document(error: TwinspanError) -> ErrorDocument:
    """Pack an error so that `error_from` can raise it at the other side."""
    fields: dict[str, Any] = {}
    match error:
        case DesignError():
            fields = {"where": error.where, "problem": error.problem, "remedy": error.remedy}
        case HostError():
            fields = {"problem": error.problem, "remedy": error.remedy}
        case CommandError():
            fields = {"argv": list(error.argv), "returncode": error.returncode, "stderr": error.stderr}
        case WaitTimeoutError():
            fields = {"what": error.what, "timeout_s": error.timeout_s, "last": str(error.last)}
    return {"kind": type(error).__name__, "message": str(error), "fields": fields}


def error_from(document: ErrorDocument) -> TwinspanError:
    """Return the error that `error_document` packed; a kind without fields becomes a TwinspanError."""
    fields = document["fields"]
    match document["kind"]:
        case "DesignError":
            return DesignError(**fields)
        case "HostError":
            return HostError(**fields)
        case "CommandError":
            return CommandError(**fields)
        case "WaitTimeoutError":
            return WaitTimeoutError(**fields)
    return TwinspanError(document["message"])
