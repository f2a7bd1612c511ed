"""Resource groups, and the lists of what is in them."""

import re
from dataclasses import replace

from twinspan.twin.azure.documents import JsonObject, member, text
from twinspan.twin.azure.errors import (
    ArmError,
    Detail,
    bad_request,
    invalid_format,
    resource_group_not_found,
)
from twinspan.twin.azure.http import Answer, Request
from twinspan.twin.azure.locations import canonical_location
from twinspan.twin.azure.store import Resource, ResourceGroup, Store
from twinspan.twin.azure.types import RESOURCE_TYPES

_TYPE = "Microsoft.Resources/resourceGroups"
_NAME = re.compile(r"[\w().-]{0,89}[\w()-]")
_PUT = frozenset({"location", "tags", "managedBy", "id", "name", "type", "properties"})
_PATCH = frozenset({"tags", "id", "name", "type", "properties"})
"""What a body may name; the last ones are the service's own, and are not taken from it."""
_CLAUSE = re.compile(r"\s*(resourceType|resourceGroup|name|location)\s+eq\s+'([^']*)'\s*", re.IGNORECASE)


def answer(store: Store, request: Request, subscription_id: str, name: str) -> Answer | None:
    """Answer on one resource group; None to another method.

    Args:
        store: Where it is.
        request: What was asked.
        subscription_id: The group's.
        name: The group's.

    Raises:
        ArmError: It is refused.
    """
    group = ResourceGroup(subscription_id=subscription_id, name=name, body={})
    match request.method:
        case "GET":
            return Answer(document=render(read(store, group.id)))
        case "HEAD":
            return Answer(status=204 if group.id.lower() in store.groups else 404)
        case "PUT":
            group, created = put(store, group, request.json_object())
            return Answer(status=201 if created else 200, document=render(group), changed=True)
        case "PATCH":
            return Answer(document=render(set_tags(store, group.id, request.json_object())), changed=True)
        case "DELETE":
            group = read(store, group.id)
            refuse_delete(store, group)
            store.remove_group(group)
            return Answer(status=202, changed=True)
        case _:
            return None


def render(group: ResourceGroup) -> JsonObject:
    """Return a resource group as the API tells it."""
    return {
        "id": group.id,
        "name": group.name,
        "type": _TYPE,
        **group.body,
        "properties": {"provisioningState": "Succeeded"},
    }


def read(store: Store, group_id: str) -> ResourceGroup:
    """Return a resource group by its id.

    Raises:
        ArmError: 404 `ResourceGroupNotFound`.
    """
    group = store.groups.get(group_id.lower())
    if group is None:
        raise resource_group_not_found(group_id.rpartition("/")[2])
    return group


def put(store: Store, group: ResourceGroup, body: JsonObject) -> tuple[ResourceGroup, bool]:
    """Create or replace a resource group, named by one without a body; return it and whether it is new.

    Raises:
        ArmError: A bad name, no or another location.
    """
    if not _NAME.fullmatch(group.name):
        raise bad_request(
            "InvalidResourceGroupName",
            f"The provided resource group name '{group.name}' has these invalid characters or length: use "
            "up to 90 letters, digits, '_', '-', '(', ')' and '.', and no '.' at the end.",
        )
    location = text(body, "location")
    if location is None:
        raise bad_request("LocationRequired", "The location property is required for this definition.")
    location = canonical_location(location, _TYPE)
    existing = store.groups.get(group.id.lower())
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
    group = replace(existing or group, body=kept)
    store.add_group(group)
    return group, existing is None


def set_tags(store: Store, group_id: str, body: JsonObject) -> ResourceGroup:
    """Replace a group's tags (PATCH) and return it.

    Raises:
        ArmError: 404, or a body that names something else.
    """
    group = read(store, group_id)
    _refuse_others(body, _PATCH)
    if "tags" in body:
        group.body["tags"] = _tags(body)
    return group


def _refuse_others(body: JsonObject, known: frozenset[str]) -> None:
    others = [name for name, value in body.items() if name not in known and value is not None]
    if others:
        message = "Could not find member '{0}' on object of type 'ResourceGroup'. Path '{0}'."
        raise invalid_format([Detail(code="InvalidJson", message=message.format(name)) for name in others])


def refuse_delete(store: Store, group: ResourceGroup) -> None:
    """Refuse to delete a group with something that a resource of another group needs.

    Raises:
        ArmError: 409 `ResourceGroupDeletionBlocked`; Azure says so when the operation ends. Source:
            hashicorp/terraform-provider-azurerm, reports of that code.
    """
    blocked = sorted(
        str(resource.id)
        for resource in store.resources.values()
        if resource.id.is_in(group.id)
        and any(not user.id.is_in(group.id) for user in _users(store, resource))
    )
    if blocked:
        raise ArmError(
            409,
            "ResourceGroupDeletionBlocked",
            f"Deletion of resource group '{group.name}' failed as resources with identifiers "
            f"'{', '.join(blocked)}' could "
            "not be deleted: resources of other groups use them.",
        )


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


def summaries(store: Store, *, scope: str, condition: str | None) -> JsonObject:
    """Return the short list of the resources in a scope.

    Args:
        store: Where they are.
        scope: Id of a subscription or resource group.
        condition: `$filter`: comparisons `resourceType|resourceGroup|name|location eq 'x'` joined by `and`.

    Raises:
        ArmError: Another `$filter`.
    """
    clauses = _clauses(condition)
    rows = []
    for resource in store.resources.values():
        top = resource.id.parent is None and resource.id.type.lower() in RESOURCE_TYPES
        if (
            top
            and resource.id.is_in(scope)
            and all(_value(resource, name) == value for name, value in clauses)
        ):
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
