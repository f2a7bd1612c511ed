"""Requests and answers, apart from any web framework."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from twinspan.twin.azure.documents import Json, JsonObject
from twinspan.twin.azure.errors import ArmError

JSON_TYPE = "application/json; charset=utf-8"


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
        try:
            document: Json = json.loads(self.body)
        except ValueError as error:
            raise _invalid_content(f"unexpected character in the JSON: {error}") from error
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
    """

    status: int = 200
    document: Json = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    changed: bool = False


def _invalid_content(problem: str) -> ArmError:
    return ArmError(
        400,
        "InvalidRequestContent",
        f"The request content was invalid and could not be deserialized: '{problem}'.",
    )
