"""A connection's pre-shared key: the only place where it can be read.

Source: Virtual Network Gateway Connections - Get, Set, Reset Shared Key (REST).
"""

import time

from twinspan.twin.azure import schema
from twinspan.twin.azure.documents import JsonObject, number, text
from twinspan.twin.azure.errors import bad_request
from twinspan.twin.azure.http import Answer, Request
from twinspan.twin.azure.operations import Operations
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.resources import check_idle, read, unknown_type
from twinspan.twin.azure.store import Busy
from twinspan.twin.azure.types.base import Context
from twinspan.twin.azure.types.connection_rules import check_shared_key
from twinspan.twin.azure.types.connections import CONNECTIONS

UPDATING_S = 1.0
"""How long a connection is `Updating` after its key was set, in seconds; Azure needs longer.

Source: Azure/azure-rest-api-specs issues 14473 and 26660: it still is when the operation says that it
succeeded.
"""
_LENGTHS = range(1, 129)


def answer(
    context: Context, operations: Operations, request: Request, connection: ResourceId, tail: list[str]
) -> Answer | None:
    """Answer on a connection's shared key; None to another method.

    Args:
        context: What there is.
        operations: Where the end of a change is told.
        request: What was asked.
        connection: Whose key.
        tail: What follows the connection in the path: `sharedKey`, or that and `reset`.

    Raises:
        ArmError: It is refused.
    """
    if connection.type.lower() != CONNECTIONS.type.lower():
        raise unknown_type(connection.provider, (*connection.types, *tail))
    match request.method, len(tail):
        case "GET", 1:
            return Answer(document=get(context, connection))
        case "PUT", 1:
            document = put(context, connection, request.json_object())
            return _set(context, operations, request, connection, document)
        case "POST", 2:
            document = reset(context, connection, request.json_object())
            _set(context, operations, request, connection, document)
            return Answer(document=document, changed=True)
        case _:
            return None


def _set(
    context: Context, operations: Operations, request: Request, connection: ResourceId, document: JsonObject
) -> Answer:
    """Return the answer to a new shared key; the connection goes on being updated for a moment."""
    written = operations.written(document, created=False, api_version=request.query["api-version"])
    context.store.updating[connection.key] = Busy(
        until_s=time.monotonic() + UPDATING_S, operation=written.headers["Azure-AsyncOperation"]
    )
    return written


def get(context: Context, connection: ResourceId) -> JsonObject:
    """Return a connection's key.

    Raises:
        ArmError: 404, no such connection.
    """
    resource = read(context, connection)
    return {"id": f"{resource.id}/sharedKey", "value": context.store.shared_keys[resource.id.key]}


def put(context: Context, connection: ResourceId, body: JsonObject) -> JsonObject:
    """Set a connection's key and return it.

    Raises:
        ArmError: 404, or a key that Azure does not take.
    """
    resource = read(context, connection)
    check_idle(context, connection)
    value = text(schema.clean("ConnectionSharedKey", body), "value") or ""
    check_shared_key(value, where=str(resource.id))
    context.store.shared_keys[resource.id.key] = value
    context.store.touch(resource)
    return get(context, connection)


def reset(context: Context, connection: ResourceId, body: JsonObject) -> JsonObject:
    """Give a connection a new random key of `keyLength` characters; the answer repeats the length only.

    Raises:
        ArmError: 404, or a length outside 1-128.
    """
    resource = read(context, connection)
    check_idle(context, connection)
    length = number(schema.clean("ConnectionResetSharedKey", body), "keyLength") or 0
    if length not in _LENGTHS:
        raise bad_request(
            "InvalidSharedKeyLength", f"keyLength {length} is not between {_LENGTHS[0]} and {_LENGTHS[-1]}."
        )
    context.store.shared_keys[resource.id.key] = context.store.new_shared_key(length)
    context.store.touch(resource)
    return {"keyLength": length}
