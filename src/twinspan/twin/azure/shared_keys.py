"""A connection's pre-shared key: the only place where it can be read.

Source: Virtual Network Gateway Connections - Get, Set, Reset Shared Key (REST).
"""

from twinspan.twin.azure import schema
from twinspan.twin.azure.documents import JsonObject, number, text
from twinspan.twin.azure.errors import bad_request
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.resources import check_idle, read
from twinspan.twin.azure.types.base import Context
from twinspan.twin.azure.types.connection_rules import check_shared_key

UPDATING_S = 1.0
"""How long a connection is `Updating` after its key was set, in seconds; Azure needs longer.

Source: Azure/azure-rest-api-specs issues 14473 and 26660: it still is when the operation says that it
succeeded.
"""
_LENGTHS = range(1, 129)


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
