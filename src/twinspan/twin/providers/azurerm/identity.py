# ruff: noqa: ARG002 - the arguments are those of Resource, needed or not
"""Managed identities and role assignments."""

import re
import uuid
from collections.abc import Iterator
from typing import ClassVar

from twinspan.errors import CloudRefusedError
from twinspan.twin.providers.azurerm.base import ArmResource, given, last, without_nones
from twinspan.twin.providers.azurerm.cloud import ArmCloud, Document
from twinspan.twin.providers.azurerm.network import NAMED
from twinspan.twin.providers.engine import Facts, State
from twinspan.twin.providers.resource import Problem, Record, Resource, matches, one_of

_UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_AUTHORIZATION = "/providers/Microsoft.Authorization"
_ASSIGNMENT = re.compile(rf"(?P<scope>/.+){re.escape(_AUTHORIZATION)}/roleAssignments/{_UUID}", re.IGNORECASE)


class UserAssignedIdentity(ArmResource):
    """`azurerm_user_assigned_identity`."""

    type_name = "azurerm_user_assigned_identity"
    facts = Facts(force_new=NAMED)
    rules: ClassVar = {
        "name": matches(r"[A-Za-z0-9][\w-]{2,127}", "3 to 128 letters, digits, hyphens and underscores"),
        "isolation_scope": one_of("Regional"),
    }
    _provider = "Microsoft.ManagedIdentity"
    _segments = (("userAssignedIdentities", "name"),)

    def body(self, cloud: ArmCloud, planned: State, existing: Document) -> Document:
        """Return where the identity may be used."""
        return {"isolationScope": given(planned["isolation_scope"])}

    def flatten(self, cloud: ArmCloud, document: Document, state: State) -> State:
        """Return the ids that Entra gave it."""
        properties = document["properties"]
        scope = properties.get("isolationScope")
        return {
            "client_id": properties["clientId"],
            "isolation_scope": scope if scope != "None" else "",
            "principal_id": properties["principalId"],
            "tenant_id": properties["tenantId"],
        }


class RoleAssignment(Resource[ArmCloud]):
    """`azurerm_role_assignment`."""

    type_name = "azurerm_role_assignment"
    facts = Facts(
        force_new=frozenset(
            {"name", "scope", "role_definition_id", "role_definition_name", "principal_id", "principal_type"}
            | {"condition", "condition_version", "delegated_managed_identity_resource_id"}
            | {"skip_service_principal_aad_check"}
        )
    )
    rules: ClassVar = {
        "name": matches(_UUID, "a UUID"),
        "principal_type": one_of("User", "Group", "ServicePrincipal"),
        "scope": matches(r"/.*", "the id of a resource, group or subscription"),
    }

    def validate(self, config: State) -> Iterator[Problem]:
        """Demand exactly one way of naming the role."""
        if (config["role_definition_id"] is None) == (config["role_definition_name"] is None):
            detail = "Give one of role_definition_id and role_definition_name."
            yield Problem(summary="invalid role", detail=detail, path="role_definition_name")

    def create(self, cloud: ArmCloud, planned: State, record: Record) -> str:
        """PUT the assignment under a new name."""
        name = planned["name"] if isinstance(planned["name"], str) else str(uuid.uuid4())
        scope = planned["scope"].rstrip("/")
        identity = f"{scope}{_AUTHORIZATION}/roleAssignments/{name}"
        definition = planned["role_definition_id"]
        if not isinstance(definition, str) or not definition:
            definition = _definition(cloud, scope, planned["role_definition_name"])
        properties = {
            "condition": given(planned["condition"]),
            "conditionVersion": given(planned["condition_version"]),
            "principalId": planned["principal_id"],
            "principalType": given(planned["principal_type"]),
            "roleDefinitionId": definition,
        }
        cloud.put(identity, {"properties": without_nones(properties)})
        record(identity)
        return identity

    def read(self, cloud: ArmCloud, state: State) -> State | None:
        """GET the assignment and the name of its role."""
        document = cloud.get(state["id"])
        if document is None:
            return None
        properties = document["properties"]
        role = cloud.get(properties["roleDefinitionId"]) or {}
        known, scope = state.get("scope"), properties.get("scope", "")
        same = isinstance(known, str) and known.lower() == scope.lower()
        return {
            "condition": properties.get("condition") or "",
            "condition_version": properties.get("conditionVersion") or "",
            "name": last(state["id"]),
            "principal_id": properties["principalId"],
            "principal_type": properties.get("principalType", ""),
            "role_definition_id": properties["roleDefinitionId"],
            "role_definition_name": (role.get("properties") or {}).get("roleName", ""),
            "scope": known if same else scope,
        }

    def delete(self, cloud: ArmCloud, state: State) -> None:
        """DELETE the assignment."""
        cloud.delete(state["id"])

    def import_state(self, cloud: ArmCloud, import_id: str) -> State:
        """Read the id of an assignment at any scope."""
        match = _ASSIGNMENT.fullmatch(import_id)
        if match is None:
            raise ValueError(f"expected SCOPE{_AUTHORIZATION}/roleAssignments/UUID")
        return {"id": import_id, "scope": match["scope"]}


def _definition(cloud: ArmCloud, scope: str, name: str) -> str:
    """Return the id of the role with this name, as it can be assigned at `scope`."""
    quoted = name.replace("'", "''")
    roles = cloud.find(f"{scope}{_AUTHORIZATION}/roleDefinitions", f"roleName eq '{quoted}'")
    if len(roles) != 1:
        raise CloudRefusedError(
            operation="arm:GET roleDefinitions",
            code="RoleDefinitionDoesNotExist",
            message=f"{len(roles)} roles are called {name!r}; give role_definition_id",
        )
    return str(roles[0]["id"])
