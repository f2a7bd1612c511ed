"""Microsoft.ManagedIdentity/userAssignedIdentities."""

import uuid

from typing_extensions import override

from twinspan.twin.azure.documents import JsonObject, properties
from twinspan.twin.azure.errors import Detail, invalid_format
from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types.base import Context, Put, ResourceType

_MEMBERS = {"location", "tags", "properties", "id", "name", "type"}


class _UserAssignedIdentities(ResourceType):
    type = "Microsoft.ManagedIdentity/userAssignedIdentities"
    model = "containerservice.TrackedResource"
    at_once = True

    @override
    def clean(self, body: JsonObject) -> JsonObject:
        unknown = sorted(set(body) - _MEMBERS)
        if unknown:
            message = (
                f"Could not find member '{unknown[0]}' on object of type 'Identity'. Path '{unknown[0]}'."
            )
            raise invalid_format([Detail(code="InvalidJson", message=message)])
        kept = {name: body[name] for name in ("location", "tags") if body.get(name) is not None}
        return super().clean(kept)

    @override
    def complete(self, context: Context, put: Put) -> None:
        before = properties(put.existing.body) if put.existing is not None else {}
        for name in ("principalId", "clientId"):
            put.properties[name] = before.get(name) or str(uuid.uuid4())
        put.body.setdefault("tags", {})

    @override
    def render(self, context: Context, resource: Resource, *, listed: bool = False) -> JsonObject:
        return {
            "id": str(resource.id),
            "name": resource.id.name,
            "type": resource.id.type,
            "location": resource.body["location"],
            "tags": resource.body.get("tags", {}),
            "properties": {**properties(resource.body), "tenantId": context.tenant_id},
        }


USER_ASSIGNED_IDENTITIES = _UserAssignedIdentities()
"""Source: User Assigned Identities - Create Or Update (REST)."""
