"""Resource groups, and the lists of what is in them."""

import re

from twinspan.twin.azure.credentials import ArmCredentials
from twinspan.twin.azure.documents import JsonObject, member, text
from twinspan.twin.azure.errors import (
    ArmError,
    Detail,
    bad_request,
    invalid_format,
    resource_group_not_found,
)
from twinspan.twin.azure.locations import canonical_location
from twinspan.twin.azure.store import Resource, ResourceGroup, Store
from twinspan.twin.azure.types import RESOURCE_TYPES

_TYPE = "Microsoft.Resources/resourceGroups"
_NAME = re.compile(r"[\w().-]{0,89}[\w()-]")
_PUT = frozenset({"location", "tags", "managedBy", "id", "name", "type", "properties"})
_PATCH = frozenset({"tags", "id", "name", "type", "properties"})
"""What a body may name; the last ones are the service's own, and are not taken from it."""
_CLAUSE = re.compile(r"\s*(resourceType|resourceGroup|name|location)\s+eq\s+'([^']*)'\s*", re.IGNORECASE)


def render(credentials: ArmCredentials, group: ResourceGroup) -> JsonObject:
    """Return a resource group as the API tells it."""
    return {
        "id": f"/subscriptions/{credentials.subscription_id}/resourceGroups/{group.name}",
        "name": group.name,
        "type": _TYPE,
        **group.body,
        "properties": {"provisioningState": "Succeeded"},
    }


def read(store: Store, name: str) -> ResourceGroup:
    """Return a resource group.

    Raises:
        ArmError: 404 `ResourceGroupNotFound`.
    """
    group = store.groups.get(name.lower())
    if group is None:
        raise resource_group_not_found(name)
    return group


def put(store: Store, name: str, body: JsonObject) -> tuple[ResourceGroup, bool]:
    """Create or replace a resource group; return it and whether it is new.

    Raises:
        ArmError: A bad name, no or another location.
    """
    if not _NAME.fullmatch(name):
        raise bad_request(
            "InvalidResourceGroupName",
            f"The provided resource group name '{name}' has these invalid characters or length: use up to 90 "
            "letters, digits, '_', '-', '(', ')' and '.', and no '.' at the end.",
        )
    location = text(body, "location")
    if location is None:
        raise bad_request("LocationRequired", "The location property is required for this definition.")
    location = canonical_location(location, _TYPE)
    existing = store.groups.get(name.lower())
    if existing is not None and text(existing.body, "location") != location:
        raise ArmError(
            409,
            "InvalidResourceGroupLocation",
            f"Invalid resource group location '{location}'. The Resource group already exists in location "
            f"'{text(existing.body, 'location')}'.",
        )
    _refuse_others(body, _PUT)
    kept: JsonObject = {"location": location, "tags": _tags(body)}
    owner = text(body, "managedBy") or (text(existing.body, "managedBy") if existing is not None else None)
    if owner is not None:
        kept["managedBy"] = owner
    group = ResourceGroup(name=existing.name if existing is not None else name, body=kept)
    store.groups[name.lower()] = group
    return group, existing is None


def set_tags(store: Store, name: str, body: JsonObject) -> ResourceGroup:
    """Replace a group's tags (PATCH) and return it.

    Raises:
        ArmError: 404, or a body that names something else.
    """
    group = read(store, name)
    _refuse_others(body, _PATCH)
    if "tags" in body:
        group.body["tags"] = _tags(body)
    return group


def _refuse_others(body: JsonObject, known: frozenset[str]) -> None:
    others = [name for name, value in body.items() if name not in known and value is not None]
    if others:
        message = "Could not find member '{0}' on object of type 'ResourceGroup'. Path '{0}'."
        raise invalid_format([Detail(code="InvalidJson", message=message.format(name)) for name in others])


def refuse_delete(store: Store, name: str) -> None:
    """Refuse to delete a group with something that a resource of another group needs.

    Raises:
        ArmError: 409 `ResourceGroupDeletionBlocked`; Azure says so when the operation ends. Source:
            hashicorp/terraform-provider-azurerm, reports of that code.
    """
    blocked = sorted(
        str(resource.id)
        for resource in store.resources.values()
        if _in(resource, name) and any(not _in(user, name) for user in _users(store, resource))
    )
    if blocked:
        raise ArmError(
            409,
            "ResourceGroupDeletionBlocked",
            f"Deletion of resource group '{name}' failed as resources with identifiers "
            f"'{', '.join(blocked)}' could "
            "not be deleted: resources of other groups use them.",
        )


def _in(resource: Resource, group: str) -> bool:
    return resource.id.resource_group.lower() == group.lower()


def _users(store: Store, resource: Resource) -> list[Resource]:
    """Return who needs a resource; node pools name their subnets otherwise than by a reference."""
    pools = [
        pool
        for pool in store.of_type("Microsoft.ContainerService/managedClusters/agentPools")
        for name in ("vnetSubnetID", "podSubnetID")
        if (text(pool.body, "properties", name) or "").lower() == resource.id.key
    ]
    return pools + [user for user, _ in store.users(resource.id)]


def _tags(body: JsonObject) -> JsonObject:
    """Return the tags of a body, which must be texts."""
    tags = member(body, "tags")
    if tags is None:
        return {}
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        raise bad_request("InvalidTagsFormat", "tags must be an object of texts.")
    return dict(tags)


def summaries(store: Store, *, group: str | None, condition: str | None) -> JsonObject:
    """Return the short list of resources, of one group or all.

    Args:
        store: Where they are.
        group: Name of a resource group.
        condition: `$filter`: comparisons `resourceType|resourceGroup|name|location eq 'x'` joined by `and`.

    Raises:
        ArmError: Another `$filter`.
    """
    clauses = _clauses(condition)
    rows = []
    for resource in store.resources.values():
        top = resource.id.parent is None and resource.id.type.lower() in RESOURCE_TYPES
        in_group = group is None or resource.id.resource_group.lower() == group.lower()
        if top and in_group and all(_value(resource, name) == value for name, value in clauses):
            rows.append(_summary(resource))
    return {"value": list(rows)}


def _clauses(condition: str | None) -> list[tuple[str, str]]:
    """Return the comparisons of a `$filter`, in lower case."""
    clauses = []
    for part in re.split(r"\s+and\s+", condition, flags=re.IGNORECASE) if condition else []:
        match = _CLAUSE.fullmatch(part)
        if match is None:
            raise bad_request(
                "InvalidFilterInQueryString", f"Invalid $filter '{condition}' specified in the query string."
            )
        clauses.append((match[1].lower(), match[2].lower()))
    return clauses


def _value(resource: Resource, name: str) -> str:
    """Return what a `$filter` compares, in lower case."""
    values = {
        "resourcetype": resource.id.type,
        "resourcegroup": resource.id.resource_group,
        "name": resource.id.name,
        "location": text(resource.body, "location") or "",
    }
    return values[name].lower()


def _summary(resource: Resource) -> JsonObject:
    row: JsonObject = {
        "id": str(resource.id),
        "name": resource.id.name,
        "type": resource.id.type,
        "provisioningState": "Succeeded",
    }
    for name in ("location", "tags", "sku", "zones"):
        if name in resource.body:
            row[name] = resource.body[name]
    return row
