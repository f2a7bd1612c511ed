"""Built-in roles and who has which: enough to say that a cluster may use a subnet. The twin enforces none.

Source: Azure built-in roles (names and ids); Role Assignments - Create (REST).
"""

import re
import uuid
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import Field

from twinspan.twin.azure import groups
from twinspan.twin.azure.documents import Json, JsonObject, properties, text
from twinspan.twin.azure.errors import ArmError, bad_request, resource_not_found
from twinspan.twin.azure.http import Answer, Request
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.types.base import Context
from twinspan.twin.azure.types.bodies import Body, parsed


class AssignmentProperties(Body):
    """Who gets which role. Source: Role Assignments - Create (REST), 2022-04-01."""

    role_definition_id: Annotated[str, Field(alias="roleDefinitionId")]
    principal_id: Annotated[str, Field(alias="principalId")]
    principal_type: Annotated[str | None, Field(alias="principalType")] = None
    description: str | None = None
    condition: str | None = None
    condition_version: Annotated[str | None, Field(alias="conditionVersion")] = None
    scope: Annotated[Any, Field(exclude=True)] = None
    created_on: Annotated[Any, Field(alias="createdOn", exclude=True)] = None
    updated_on: Annotated[Any, Field(alias="updatedOn", exclude=True)] = None
    created_by: Annotated[Any, Field(alias="createdBy", exclude=True)] = None
    updated_by: Annotated[Any, Field(alias="updatedBy", exclude=True)] = None


class Assignment(Body):
    """The whole document."""

    properties: AssignmentProperties
    id: Annotated[Any, Field(exclude=True)] = None
    name: Annotated[Any, Field(exclude=True)] = None
    type: Annotated[Any, Field(exclude=True)] = None


_NAMES = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
    "4d97b98b-1d4f-4787-a291-c67834d212e7": "Network Contributor",
    "f1a07417-d97a-45cb-824c-7a7467783830": "Managed Identity Operator",
    "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59": "Managed Identity Contributor",
    "b12aa53e-6015-4669-85d0-8515ebb3ae7f": "Private DNS Zone Contributor",
    "7f951dda-4ed3-4680-a7ca-43fe172d538d": "AcrPull",
    "0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8": "Azure Kubernetes Service Cluster Admin Role",
    "4abbcc35-e782-43d8-92c5-2d3f1bd2253f": "Azure Kubernetes Service Cluster User Role",
    "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b": "Azure Kubernetes Service RBAC Cluster Admin",
    "ed7f3fbd-7b88-4dd4-9017-9adb7ce333f8": "Azure Kubernetes Service Contributor Role",
}
_CHANGEABLE = ("description", "condition", "conditionVersion")
_PROVIDER = "Microsoft.Authorization"
_ROLE_FILTER = re.compile(r"roleName\s+eq\s+'([^']*)'", re.IGNORECASE)
_PRINCIPAL_FILTER = re.compile(r"(?:principalId\s+eq\s+|assignedTo\()'([^']*)'", re.IGNORECASE)


def answer(  # noqa: PLR0911  one per kind of request
    context: Context, request: Request, scope: str, rest: list[str]
) -> Answer | None:
    """Answer a request about roles at a scope; None if it is about something else.

    Args:
        context: What the subscription has.
        request: The request.
        scope: Id of the subscription, resource group or resource; empty for the tenant.
        rest: What follows `providers/Microsoft.Authorization` in the path.

    Raises:
        ArmError: With the code of Azure's role-based access control.
    """
    match request.method, [rest[0].lower(), *rest[1:]]:
        case "GET", ["roledefinitions"]:
            return Answer(document=_definitions(scope, request.query.get("$filter", "")))
        case "GET", ["roledefinitions", name]:
            return Answer(document=_definition(scope, name.lower()))
        case "GET", ["roleassignments"]:
            return Answer(document=_listed(context, scope, request.query.get("$filter", "")))
        case "GET", ["roleassignments", name]:
            return Answer(document=_found(context, scope, name))
        case "PUT", ["roleassignments", name]:
            return _assign(context, scope, name, request.json_object())
        case "DELETE", ["roleassignments", name]:
            assignment = context.store.assignments.pop(_key(scope, name), None)
            return Answer(status=204) if assignment is None else Answer(document=assignment, changed=True)
        case _:
            return None


def _definitions(scope: str, condition: str) -> JsonObject:
    """Return the roles, all or the one whose name the filter says."""
    match = _ROLE_FILTER.search(condition)
    if condition and match is None:
        raise bad_request(
            "InvalidFilter", f"The filter '{condition}' is not supported; use roleName eq '...'."
        )
    role_name = match[1].lower() if match is not None else None
    rows: list[Json] = [
        _definition(scope, identity) for identity, name in _NAMES.items() if role_name in {None, name.lower()}
    ]
    return {"value": rows}


def _definition(scope: str, identity: str) -> JsonObject:
    if identity not in _NAMES:
        raise ArmError(
            404,
            "RoleDefinitionDoesNotExist",
            f"The specified role definition with ID '{identity}' does not exist.",
        )
    prefix = "/".join(scope.split("/")[:3])
    return {
        "id": f"{prefix}/providers/{_PROVIDER}/roleDefinitions/{identity}",
        "name": identity,
        "type": f"{_PROVIDER}/roleDefinitions",
        "properties": {
            "roleName": _NAMES[identity],
            "type": "BuiltInRole",
            "description": f"Built-in role {_NAMES[identity]}; the twin keeps assignments and enforces none.",
            "assignableScopes": ["/"],
            "permissions": [],
        },
    }


def _key(scope: str, name: str) -> str:
    return f"{scope}/providers/{_PROVIDER}/roleAssignments/{name}".lower()


def _found(context: Context, scope: str, name: str) -> JsonObject:
    assignment = context.store.assignments.get(_key(scope, name))
    if assignment is None:
        raise ArmError(404, "RoleAssignmentNotFound", f"The role assignment '{name}' is not found.")
    return assignment


def _listed(context: Context, scope: str, condition: str) -> JsonObject:
    """Return the assignments at a scope; without `atScope()` those below it too."""
    match = _PRINCIPAL_FILTER.search(condition)
    rows: list[Json] = []
    for assignment in context.store.assignments.values():
        place = (text(assignment, "properties", "scope") or "").lower()
        below = place.startswith(f"{scope.lower()}/") and "atscope()" not in condition.lower()
        above = scope.lower() == place or scope.lower().startswith(f"{place}/")
        principal = text(assignment, "properties", "principalId")
        if (below or above) and (match is None or match[1].lower() == principal):
            rows.append(assignment)
    return {"value": rows}


def _assign(context: Context, scope: str, name: str, body: JsonObject) -> Answer:
    """Make an assignment, or confirm the one there is."""
    _check_scope(context, scope)
    if not _is_guid(name):
        raise bad_request(
            "InvalidRoleAssignmentId",
            f"The role assignment ID '{name}' is not valid. The role assignment ID must be a GUID.",
        )
    assignment = parsed(Assignment, body).properties
    role, principal = assignment.role_definition_id, assignment.principal_id.lower()
    _definition(scope, role.rpartition("/")[2].lower())
    kind = _check_principal(context, principal, assignment.principal_type)
    kept = assignment.model_dump(mode="json", by_alias=True, exclude_none=True)
    kept |= {"principalId": principal, "principalType": kind}
    existing = context.store.assignments.get(_key(scope, name))
    same = (principal, role.lower())
    if existing is not None:
        if _what(existing) != same:
            raise bad_request(
                "RoleAssignmentUpdateNotPermitted",
                "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
            )
        return _changed(existing, kept)
    for other in context.store.assignments.values():
        if _what(other) == same and (text(other, "properties", "scope") or "").lower() == scope.lower():
            raise ArmError(
                409,
                "RoleAssignmentExists",
                "The role assignment already exists. The ID of the existing role assignment is "
                f"{other['name']}.",
            )
    document = _document(scope, name, kept)
    context.store.assignments[_key(scope, name)] = document
    return Answer(status=201, document=document, changed=True)


def _changed(existing: JsonObject, kept: JsonObject) -> Answer:
    """Write a new description or condition into an assignment; Azure calls that created, too."""
    members = properties(existing)
    changed = any(members.get(name) != kept.get(name) for name in _CHANGEABLE)
    for name in _CHANGEABLE:
        members.pop(name, None)
    members.update(kept)
    return Answer(document=existing, changed=changed)


def _document(scope: str, name: str, kept: JsonObject) -> JsonObject:
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return {
        "id": f"{scope}/providers/{_PROVIDER}/roleAssignments/{name}",
        "name": name,
        "type": f"{_PROVIDER}/roleAssignments",
        "properties": {
            **kept,
            "scope": scope,
            "createdOn": now,
            "updatedOn": now,
        },
    }


def _what(assignment: JsonObject) -> tuple[str, str]:
    role = text(assignment, "properties", "roleDefinitionId") or ""
    return text(assignment, "properties", "principalId") or "", role.lower()


def _check_scope(context: Context, scope: str) -> None:
    """Refuse a scope that is not there."""
    parts = scope.strip("/").split("/")
    if len(parts) == 2:  # noqa: PLR2004  /subscriptions/ID
        return
    groups.read(context.store, "/" + "/".join(parts[:4]))  # .../resourceGroups/NAME
    if len(parts) == 4:  # noqa: PLR2004  likewise
        return
    try:
        identity = ResourceId.parse(scope)
    except ValueError as error:
        raise bad_request("InvalidScope", f"'{scope}' is not the id of a resource.") from error
    if context.store.get(identity) is None:
        raise resource_not_found(identity.type, identity.name, identity.resource_group)


def _check_principal(context: Context, principal: str, kind: str | None) -> str:
    """Refuse a service principal that the twin does not have; return the principal's type."""
    if not _is_guid(principal):
        raise bad_request("InvalidPrincipalId", f"A valid principal ID must be provided, not '{principal}'.")
    known = {
        text(resource.body, "properties", "principalId") for resource in context.store.resources.values()
    }
    if kind in {"User", "Group"} or principal in known:
        return kind or "ServicePrincipal"
    clusters = context.store.of_type("Microsoft.ContainerService/managedClusters")
    if principal in {str(uuid.uuid5(uuid.NAMESPACE_URL, cluster.id.key)) for cluster in clusters}:
        return "ServicePrincipal"
    raise bad_request(
        "PrincipalNotFound",
        f"Principal {principal.replace('-', '')} does not exist in the directory {context.tenant_id}. Check "
        "that you "
        "have the correct principal ID. If you are creating this principal and then immediately assigning "
        "a role, "
        "this error might be related to a replication delay. In this case, set the role assignment "
        "principalType "
        "property to a value, such as ServicePrincipal, User, or Group.  See "
        "https://aka.ms/docs-principaltype",
    )


def _is_guid(value: str) -> bool:
    try:
        return str(uuid.UUID(value)) == value.lower()
    except ValueError:
        return False
