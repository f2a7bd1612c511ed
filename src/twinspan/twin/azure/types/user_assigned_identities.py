"""Microsoft.ManagedIdentity/userAssignedIdentities."""

import uuid
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import override

from twinspan.twin.azure.documents import JsonObject, properties
from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types.base import Context, Put
from twinspan.twin.azure.types.bodies import Body, Envelope, spelled
from twinspan.twin.azure.types.described_type import DescribedType


class Properties(Body):
    """An identity. Source: Managed Identity REST API, User Assigned Identities, 2024-11-30."""

    isolation_scope: Annotated[
        Annotated[str, spelled("None", "Regional")] | None, Field(alias="isolationScope")
    ] = None
    tenant_id: Annotated[Any, Field(alias="tenantId", exclude=True)] = None
    principal_id: Annotated[Any, Field(alias="principalId", exclude=True)] = None
    client_id: Annotated[Any, Field(alias="clientId", exclude=True)] = None


class UserAssignedIdentity(Envelope):
    """The whole document."""

    properties: Properties = Properties()


class _UserAssignedIdentities(DescribedType):
    type = "Microsoft.ManagedIdentity/userAssignedIdentities"
    model = "Identity"
    document = UserAssignedIdentity

    @override
    def complete(self, context: Context, put: Put) -> None:
        before = properties(put.existing.body) if put.existing is not None else {}
        for name in ("principalId", "clientId"):
            put.properties[name] = before.get(name) or str(uuid.uuid4())
        put.body.setdefault("tags", {})

    @override
    def decorate(self, context: Context, resource: Resource, members: JsonObject, *, listed: bool) -> None:
        members["tenantId"] = context.tenant_id


USER_ASSIGNED_IDENTITIES = _UserAssignedIdentities()
"""Source: User Assigned Identities - Create Or Update (REST)."""
