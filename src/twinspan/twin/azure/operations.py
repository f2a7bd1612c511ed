"""Asynchronous operations: how ARM answers when it takes its time.

The twin's operations are over when they are announced; clients still follow the headers, and go on at once.
Source: Azure Resource Manager, "Track asynchronous operations" (Azure-AsyncOperation, Location, Retry-After).
"""

import uuid
from collections import OrderedDict
from dataclasses import dataclass

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


RETRY_AFTER = {"Retry-After": "1"}
"""Seconds; 0 would be read as "not given" by the Python SDK, and none means 10 s to the Terraform "
"provider."""


class Operations:
    """How the last operations ended, by id."""

    def __init__(self, *, base_url: str, subscription_id: str) -> None:
        self._prefix = f"{base_url}/subscriptions/{subscription_id}/providers/Microsoft.Network/locations"
        self._outcomes: OrderedDict[str, Outcome] = OrderedDict()

    def written(self, document: JsonObject, *, created: bool, api_version: str) -> Answer:
        """Return the answer to a PUT: the resource, and where to ask whether it is done."""
        url = self._url("operations", self.keep(Outcome()), document, api_version)
        return Answer(
            status=201 if created else 200,
            document=document,
            headers={"Azure-AsyncOperation": url, **RETRY_AFTER},
            changed=True,
        )

    def deleted(self, document: JsonObject, *, api_version: str) -> Answer:
        """Return the answer to a DELETE of something that was there; `document` is what it was."""
        operation = self.keep(Outcome())
        return Answer(
            status=202,
            headers={
                "Azure-AsyncOperation": self._url("operations", operation, document, api_version),
                "Location": self._url("operationResults", operation, document, api_version),
                **RETRY_AFTER,
            },
            changed=True,
        )

    def acted(self, document: JsonObject, result: Json, *, api_version: str, changed: bool) -> Answer:
        """Return the answer to a POST action; the result waits at `Location`."""
        operation = self.keep(Outcome(result=result))
        url = self._url("operationResults", operation, document, api_version)
        return Answer(status=202, headers={"Location": url, **RETRY_AFTER}, changed=changed)

    def state(self, operation: str) -> Answer:
        """Answer a GET on an `Azure-AsyncOperation` address."""
        outcome = self._outcome(operation)
        if outcome.error is not None:
            return Answer(document={"status": "Failed", "error": outcome.error})
        return Answer(document={"status": "Succeeded"})

    def result(self, operation: str) -> Answer:
        """Answer a GET on a `Location` address: the result, or 204 if it has none."""
        found = self._outcome(operation).result
        return Answer(status=204) if found is None else Answer(document=found)

    def keep(self, outcome: Outcome) -> str:
        """Keep an outcome, forget the oldest, and return its id."""
        operation = str(uuid.uuid4())
        self._outcomes[operation] = outcome
        while len(self._outcomes) > _KEPT:
            self._outcomes.popitem(last=False)
        return operation

    def _outcome(self, operation: str) -> Outcome:
        if operation not in self._outcomes:
            raise ArmError(404, "OperationNotFound", f"The operation {operation} was not found.")
        return self._outcomes[operation]

    def _url(self, kind: str, operation: str, document: JsonObject, api_version: str) -> str:
        location = text(document, "location") or "global"
        return f"{self._prefix}/{location}/{kind}/{operation}?api-version={api_version}"
