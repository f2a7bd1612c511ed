"""The query API of Log Analytics: `POST /v1/workspaces/{id}/query`.

Source: Azure Monitor Log Analytics API, Query - Execute.
"""

import time
from datetime import UTC, datetime, timedelta

from pydantic import TypeAdapter, ValidationError

from twinspan.twin.azure.documents import text
from twinspan.twin.azure.errors import ArmError
from twinspan.twin.azure.http import Answer, Request
from twinspan.twin.azure.logs.kql import QueryError, run
from twinspan.twin.azure.logs.table import LogTable, Stored
from twinspan.twin.azure.store import Store
from twinspan.twin.azure.types.workspaces import WORKSPACES

_DURATION = TypeAdapter(timedelta)


def answer(store: Store, table: LogTable, request: Request, workspace: str) -> Answer:
    """Answer a query of a workspace, by its `customerId`.

    Raises:
        ArmError: There is no such workspace, or the query makes no sense.
    """
    log_workspace = next(
        (
            resource
            for resource in store.of_type(WORKSPACES.type)
            if resource.resource_guid == workspace.lower()
        ),
        None,
    )
    if log_workspace is None:
        raise ArmError(404, "WorkspaceNotFoundError", f"The workspace {workspace} could not be found.")
    if request.method == "GET":
        query, span = request.query.get("query"), request.query.get("timespan")
    else:
        body = request.json_object()
        query, span = text(body, "query"), text(body, "timespan")
    if not query:
        raise QueryError("The request has no query.")
    return Answer(document=run(query, _within(table.rows(log_workspace.id.key), span)).document())


def _within(rows: tuple[Stored, ...], span: str | None) -> tuple[Stored, ...]:
    """Return the rows of a time span: a duration until now, or a begin and an end, in ISO 8601."""
    if span is None:
        return rows
    begin, slash, end = span.partition("/")
    try:
        if not slash:
            start_s, end_s = time.time() - _DURATION.validate_python(span).total_seconds(), time.time()
        else:
            start_s, end_s = _moment_s(begin), _moment_s(end)
    except (ValidationError, ValueError) as error:
        raise QueryError(f"The timespan '{span}' is not one in ISO 8601.") from error
    return tuple(row for row in rows if start_s <= row.at_s <= end_s)


def _moment_s(timestamp: str) -> float:
    moment = datetime.fromisoformat(timestamp)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
