"""The `identity` of a resource: which principals of the directory it acts as."""

import uuid
from typing import Annotated, Any

from pydantic import Field

from twinspan.twin.azure.documents import JsonObject, member, properties, text
from twinspan.twin.azure.errors import bad_request
from twinspan.twin.azure.store import Store
from twinspan.twin.azure.types.bodies import Body, spelled
from twinspan.twin.azure.types.managed_cluster_rules import identity_resource


class Identity(Body):
    """The member as clients send it. Source: ARM common types, ManagedServiceIdentity."""

    type: Annotated[str, spelled("None", "SystemAssigned", "UserAssigned", "SystemAssigned,UserAssigned")]
    user_assigned: Annotated[
        dict[str, dict[str, Any] | None] | None, Field(alias="userAssignedIdentities")
    ] = None
    principal_id: Annotated[Any, Field(alias="principalId", exclude=True)] = None
    tenant_id: Annotated[Any, Field(alias="tenantId", exclude=True)] = None


def tidy(store: Store, body: JsonObject) -> None:
    """Take an identity of no type out of a body, and refuse one that nobody made.

    Raises:
        ArmError: A user assigned identity is not there.
    """
    if text(body, "identity", "type") == "None":
        del body["identity"]
    given = member(body, "identity", "userAssignedIdentities")
    for name in given if isinstance(given, dict) else ():
        if identity_resource(store, name) is None:
            raise bad_request(
                "FailedIdentityOperation",
                f"Identity operation for the resource failed: identity '{name}' was not found.",
            )


def add_principals(store: Store, document: JsonObject, *, tenant_id: str) -> None:
    """Add to a resource's `identity` the ids of the principals behind it."""
    identity = document.get("identity")
    if not isinstance(identity, dict):
        return
    if (text(identity, "type") or "").startswith("SystemAssigned"):
        identity["principalId"] = str(uuid.uuid5(uuid.NAMESPACE_URL, str(document["id"]).lower()))
        identity["tenantId"] = tenant_id
    given = identity.get("userAssignedIdentities")
    if isinstance(given, dict):
        identity["userAssignedIdentities"] = {name: _principals(store, name) for name in given}


def _principals(store: Store, name: str) -> JsonObject:
    identity = identity_resource(store, name)
    ids = properties(identity.body) if identity is not None else {}
    return {"principalId": ids.get("principalId"), "clientId": ids.get("clientId")}
