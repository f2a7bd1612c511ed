"""Requests and answers, apart from any web framework."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from twinspan.twin.azure.documents import Json, JsonObject
from twinspan.twin.azure.errors import ArmError, bad_request

JSON_TYPE = "application/json; charset=utf-8"
_API_VERSION = re.compile(r"20\d\d-\d\d-\d\d(-preview|-privatepreview|-alpha|-beta)?")
_DEEPEST = 64
"""Most levels of a document. Source: Json.NET, JsonReader.MaxDepth, which ARM's messages come from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request.

    Attributes:
        method: In capitals.
        path: Decoded, with one slash at its start.
        query: Parameters by lower-case name, as ARM compares them.
        headers: By lower-case name.
        body: As sent; may hold a secret, so it is never shown.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def json_object(self) -> JsonObject:
        """Return the body as a JSON object; an empty one for an empty body.

        Raises:
            ArmError: `InvalidRequestContent`, `UnsupportedMediaType`.
        """
        if not self.body.strip():
            return {}
        if "json" not in self.headers.get("content-type", "json").lower():
            raise ArmError(
                415,
                "UnsupportedMediaType",
                f"The content media type '{self.headers.get('content-type')}' is not supported. Only "
                "'application/json' is supported.",
            )
        document = _parsed(self.body)
        if not isinstance(document, dict):
            raise _invalid_content("the body is not a JSON object")
        return document


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer.

    Attributes:
        status: HTTP status code.
        document: The JSON body, if any.
        headers: More headers.
        changed: Whether the subscription's content is another than before.
        null_body: Whether the body is `null`, where there is no document.
    """

    status: int = 200
    document: Json = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    changed: bool = False
    null_body: bool = False


def _parsed(body: bytes) -> Json:
    """Return a JSON document that can be kept and sent again.

    Raises:
        ArmError: It is no JSON (RFC 8259), has a number or a character that no JSON can hold, or is nested
            too deep.
    """
    try:
        document: Json = json.loads(body, parse_constant=_no_constant, parse_float=_finite)
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise _invalid_content("half a surrogate pair in a JSON string") from error
    except ValueError as error:
        raise _invalid_content(f"unexpected character in the JSON: {error}") from error
    except RecursionError as error:
        raise _too_deep() from error
    if isinstance(document, (dict, list)):
        _check_depth(document, _DEEPEST)
    return document


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON value")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"the number {digits} is out of range")
    return value


def _check_depth(document: JsonObject | list[Json], left: int) -> None:
    if left < 0:
        raise _too_deep()
    for inner in document.values() if isinstance(document, dict) else document:
        if isinstance(inner, (dict, list)):
            _check_depth(inner, left - 1)


def _too_deep() -> ArmError:
    return _invalid_content(f"The reader's MaxDepth of {_DEEPEST} has been exceeded.")


def _invalid_content(problem: str) -> ArmError:
    return ArmError(
        400,
        "InvalidRequestContent",
        f"The request content was invalid and could not be deserialized: '{problem}'.",
    )


def check_api_version(query: Mapping[str, str]) -> None:
    """Demand an API version; any date will do, the answer is in the newest shape.

    Raises:
        ArmError: 400 `MissingApiVersionParameter` or `InvalidApiVersionParameter`.
    """
    version = query.get("api-version")
    if version is None:
        raise bad_request(
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    if not _API_VERSION.fullmatch(version):
        raise bad_request(
            "InvalidApiVersionParameter",
            f"The api-version '{version}' is invalid. The supported versions have the form 2025-01-01.",
        )
