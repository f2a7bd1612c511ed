"""Asynchronous operations: how ARM answers when it takes its time.

Most of the twin's operations are over when they are announced; clients still follow the headers, and go on at
once. Those of clusters last as long as the data plane takes.
Source: Azure Resource Manager, "Track asynchronous operations" (Azure-AsyncOperation, Location, Retry-After).
"""

import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from twinspan.twin.azure.documents import Json, JsonObject, text
from twinspan.twin.azure.errors import ArmError
from twinspan.twin.azure.http import Answer

_KEPT = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an operation ended.

    Attributes:
        result: What waits at its `Location`; None if nothing does.
        error: Why it failed; None if it did not.
    """

    result: Json = None
    error: JsonObject | None = None


Asked: TypeAlias = Callable[[], Outcome | None]
"""Says how an operation ended, each time it is asked; None while it goes on."""

RETRY_AFTER = {"Retry-After": "1"}
"""Seconds; 0 would be read as "not given" by the Python SDK, and none means 10 s to the Terraform "
"provider."""


class Operations:
    """How the last operations ended, by id."""

    def __init__(self, *, base_url: str, subscription_id: str) -> None:
        self._prefix = f"{base_url}/subscriptions/{subscription_id}/providers/Microsoft.Network/locations"
        self._outcomes: OrderedDict[str, Asked] = OrderedDict()

    def written(
        self, document: JsonObject, *, created: bool, api_version: str, asked: Asked = Outcome
    ) -> Answer:
        """Return the answer to a PUT: the resource, and where to ask whether it is done."""
        url = self._url("operations", self.keep(asked), document, api_version)
        return Answer(
            status=201 if created else 200,
            document=document,
            headers={"Azure-AsyncOperation": url, **RETRY_AFTER},
            changed=True,
        )

    def deleted(self, document: JsonObject, *, api_version: str, asked: Asked = Outcome) -> Answer:
        """Return the answer to a DELETE of something that was there; `document` is what it was."""
        operation = self.keep(asked)
        return Answer(
            status=202,
            headers={
                "Azure-AsyncOperation": self._url("operations", operation, document, api_version),
                "Location": self._url("operationResults", operation, document, api_version),
                **RETRY_AFTER,
            },
            changed=True,
        )

    def acted(
        self, document: JsonObject, asked: Asked, *, api_version: str, changed: bool, null_body: bool = False
    ) -> Answer:
        """Return the answer to a POST action; the result waits at `Location`.

        Microsoft.Network's body is the JSON `null` (`null_body`), as recorded in the test suite of azure-cli.
        """
        url = self._url("operationResults", self.keep(asked), document, api_version)
        headers = {"Location": url, **RETRY_AFTER}
        return Answer(status=202, headers=headers, changed=changed, null_body=null_body)

    def state(self, operation: str) -> Answer:
        """Answer a GET on an `Azure-AsyncOperation` address."""
        outcome = self._outcome(operation)
        if outcome is None:
            return Answer(document={"status": "InProgress"}, headers=RETRY_AFTER)
        if outcome.error is not None:
            return Answer(document={"status": "Failed", "error": outcome.error})
        return Answer(document={"status": "Succeeded"})

    def result(self, operation: str) -> Answer:
        """Answer a GET on a `Location` address: the result, or 204 if it has none; 202 while it goes on."""
        outcome = self._outcome(operation)
        if outcome is None:
            return Answer(status=202, headers=RETRY_AFTER)
        if outcome.error is not None:
            return Answer(status=409, document={"error": outcome.error})
        return Answer(status=204) if outcome.result is None else Answer(document=outcome.result)

    def keep(self, asked: Asked) -> str:
        """Keep an operation, forget the oldest, and return its id."""
        operation = str(uuid.uuid4())
        self._outcomes[operation] = asked
        while len(self._outcomes) > _KEPT:
            self._outcomes.popitem(last=False)
        return operation

    def _outcome(self, operation: str) -> Outcome | None:
        if operation not in self._outcomes:
            raise ArmError(404, "OperationNotFound", f"The operation {operation} was not found.")
        return self._outcomes[operation]()

    def _url(self, kind: str, operation: str, document: JsonObject, api_version: str) -> str:
        location = text(document, "location") or "global"
        return f"{self._prefix}/{location}/{kind}/{operation}?api-version={api_version}"
