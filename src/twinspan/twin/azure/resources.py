"""Create, read, change and delete resources: what all types share."""

import copy
import re
from dataclasses import dataclass

from twinspan.twin.azure import absent
from twinspan.twin.azure.documents import JsonObject, objects, properties, references, text
from twinspan.twin.azure.errors import (
    ArmError,
    Detail,
    bad_request,
    invalid_format,
    resource_group_not_found,
    resource_not_found,
)
from twinspan.twin.azure.locations import canonical_location
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types import ALL_TYPES, RESOURCE_TYPES
from twinspan.twin.azure.types.base import Context, Put, ResourceType

GLOBAL = "global"
"""Location of what is in no region."""

_CONNECTION = "VirtualNetworkGatewayConnection"
_NAME = re.compile(r"\w([\w.-]{0,78}\w)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """The conditional headers of a request (RFC 9110 13.1)."""

    if_match: str | None = None
    if_none_match: str | None = None


def type_of(resource_id: ResourceId) -> ResourceType:
    """Return the rules of a resource's type.

    Raises:
        ArmError: The twin has no such type.
    """
    resource_type = ALL_TYPES.get(resource_id.type.lower())
    if resource_type is None:
        raise unknown_type(resource_id.provider, resource_id.types)
    return resource_type


def unknown_type(provider: str, kinds: tuple[str, ...]) -> ArmError:
    """Return the refusal of a type that the twin does not have."""
    known = any(resource_type.startswith(f"{provider.lower()}/") for resource_type in RESOURCE_TYPES)
    lacks = absent.TYPES.get("/".join((provider, *kinds)).lower())
    if lacks is not None:
        return ArmError(
            404,
            "InvalidResourceType" if known else "InvalidResourceNamespace",
            f"The twin has {lacks}: it refuses the resource type '{'/'.join(kinds)}' of '{provider}'.",
        )
    if not known:
        return ArmError(404, "InvalidResourceNamespace", f"The resource namespace '{provider}' is invalid.")
    return ArmError(
        404,
        "InvalidResourceType",
        f"The resource type '{'/'.join(kinds)}' could not be found in the namespace '{provider}'. The twin "
        "has "
        f"{', '.join(sorted(resource_type.type for resource_type in RESOURCE_TYPES.values()))}.",
    )


def read(context: Context, resource_id: ResourceId) -> Resource:
    """Return a resource.

    Raises:
        ArmError: 404; which one tells whether the group, the parent or the resource is missing.
    """
    kind = type_of(resource_id)
    if resource_id.group_path.lower() not in context.store.groups:
        raise resource_group_not_found(resource_id.resource_group)
    resource = context.store.get(resource_id)
    if resource is not None:
        return resource
    parent = resource_id.parent
    if parent is None:
        raise resource_not_found(kind.type, resource_id.name, resource_id.resource_group)
    read(context, parent)
    raise ArmError(404, "NotFound", f"Resource {resource_id} not found.")


def put(
    context: Context, resource_id: ResourceId, body: JsonObject, conditions: Conditions
) -> tuple[Resource, bool]:
    """Create or replace a resource; return it and whether it is new. Nothing changes if it is refused.

    Raises:
        ArmError: The body does not fit the schema or breaks a rule; 404 parent; 412 condition.
    """
    kind = type_of(resource_id)
    if resource_id.group_path.lower() not in context.store.groups:
        raise resource_group_not_found(resource_id.resource_group)
    if kind.made_by_service:
        raise ArmError(405, "MethodNotAllowed", f"{kind.type} takes no PUT: its parent makes it.")
    if not _NAME.fullmatch(resource_id.name):
        raise bad_request("InvalidResourceName", f"Resource name {resource_id.name} is invalid. {_NAME_RULE}")
    existing = context.store.get(resource_id)
    check_idle(context, resource_id)
    check_conditions(existing, conditions)
    body = copy.deepcopy(body)
    body.pop("id", None)
    if kind.top_level and body.get("location") is None:
        raise bad_request("LocationRequired", "The location property is required for this definition.")
    kind.check_first(resource_id, body)
    shared_key = _take_secret(kind, body)
    put = Put(
        id=existing.id if existing is not None else resource_id,
        body=kind.clean(body),
        existing=existing,
        shared_key=shared_key,
    )
    _tidy(kind, put)
    _check_references(context, put)
    kind.check(context, put)
    parts = _check_parts(context, kind, put)
    kind.complete(context, put)
    return _commit(context, put, parts), existing is None


_NAME_RULE = (
    "The name can be up to 80 characters long. It must begin with a word character, and it must end with a "
    "word "
    "character or with '_'. The name may contain word characters or '.', '-', '_'."
)


def check_conditions(existing: Resource | None, conditions: Conditions) -> None:
    """Refuse a write whose `If-Match` or `If-None-Match` does not hold.

    Raises:
        ArmError: 412 `PreconditionFailed`.
    """
    etag = existing.etag if existing is not None else None
    blocked = conditions.if_none_match is not None and existing is not None
    if blocked and conditions.if_none_match in {"*", etag}:
        raise ArmError(412, "PreconditionFailed", "The resource exists, and If-None-Match says it must not.")
    if conditions.if_match is not None and (etag is None or conditions.if_match not in {"*", etag}):
        raise ArmError(
            412,
            "PreconditionFailed",
            f"Etag provided in if-match header {conditions.if_match} does "
            f"not match etag {etag} of resource in NRP data store.",
        )


def check_idle(context: Context, resource_id: ResourceId) -> None:
    """Refuse a write while the one before goes on.

    Raises:
        ArmError: 409 `AnotherOperationInProgress`. Source: Azure/azure-rest-api-specs issue 14473 for a
            connection whose key was set, Azure/Azure-Landing-Zones issue 1348 and public logs for the status.
    """
    operation = context.store.busy(resource_id)
    if operation is not None:
        raise ArmError(
            409,
            "AnotherOperationInProgress",
            "Another operation on this or dependent resource is in progress. To retrieve status of the "
            "operation "
            f"use uri: {operation}.",
        )


def patch(context: Context, resource_id: ResourceId, body: JsonObject) -> Resource:
    """Change what a PATCH names, leave the rest as it is, and return the resource.

    Raises:
        ArmError: 404, 405 for what takes no PATCH, or a body that names something else or breaks a rule.
    """
    resource = read(context, resource_id)
    kind = type_of(resource_id)
    if not kind.top_level:
        raise ArmError(405, "MethodNotAllowed", f"{resource_id.type} takes no PATCH.")
    check_idle(context, resource_id)
    kind.patch(context, resource, body)
    context.store.touch(resource)
    return resource


def delete(context: Context, resource_id: ResourceId, conditions: Conditions) -> bool:
    """Delete a resource with its parts; return whether there was one.

    Raises:
        ArmError: It is in use, or 412.
    """
    kind = type_of(resource_id)
    resource = context.store.get(resource_id)
    if resource is None:
        return False
    check_idle(context, resource_id)
    check_conditions(resource, conditions)
    kind.refuse_delete(context, resource)
    kind.delete(context, resource)
    _touch_parent(context, resource.id)
    return True


def _take_secret(kind: ResourceType, body: JsonObject) -> str | None:
    """Remove a connection's shared key from a body and return it."""
    inner = body.get("properties")
    if kind.model != _CONNECTION or not isinstance(inner, dict):
        return None
    key = inner.pop("sharedKey", None)
    if key is None or key == "":
        return None
    if not isinstance(key, str):
        message = "Error converting the value to 'str'. Path 'properties.sharedKey'."
        raise invalid_format([Detail(code="InvalidJson", message=message)])
    return key


def _tidy(kind: ResourceType, put: Put) -> None:
    """Check the envelope: location, tags and `properties`."""
    properties(put.body)
    put.body.pop("id", None)
    put.body.pop("name", None)
    if not kind.top_level:
        return
    location = _location(kind, put)
    before = text(put.existing.body, "location") if put.existing is not None else None
    if before not in {None, location}:
        raise ArmError(
            409,
            "InvalidResourceLocation",
            f"The resource '{put.id.name}' already exists in location '{before}' in resource group "
            f"'{put.id.resource_group}'. A resource with the same name cannot be created in location "
            f"'{location}'. Please select a new resource name.",
        )
    put.body["location"] = location


def _location(kind: ResourceType, put: Put) -> str:
    """Return the region, or `global` for a type that has none."""
    given = text(put.body, "location") or ""
    if not kind.is_global:
        return canonical_location(given, put.id.type)
    if given.lower() != GLOBAL:
        raise bad_request(
            "LocationNotAvailableForResourceType",
            f"The provided location '{given}' is not available for resource type '{put.id.type}'. "
            f"The twin has it as '{GLOBAL}' only.",
        )
    return GLOBAL


def _check_references(context: Context, put: Put) -> None:
    """Check that everything a body refers to exists, in the same region."""
    for path, target in references(put.body):
        try:
            identity = ResourceId.parse(target)
        except ValueError as error:
            message = f"Reference Id {target} is not formatted correctly. Path {path}."
            raise invalid_format([Detail(code="InvalidJsonReferenceFormat", message=message)]) from error
        resource = context.store.get(identity)
        if resource is None or not _same_region(context, put, resource):
            raise bad_request(
                "InvalidResourceReference",
                f"Resource {target} referenced by resource {put.id} was not found. Please make sure "
                "that the "
                "referenced resource exists, and that both resources are in the same region.",
            )


def _same_region(context: Context, put: Put, target: Resource) -> bool:
    """Whether two resources are in one region; a part is where its parent is."""
    top = target
    while top.id.parent is not None:
        parent = context.store.get(top.id.parent)
        if parent is None:
            return True
        top = parent
    own = text(put.body, "location")
    return own is None or own == text(top.body, "location")


def _check_parts(
    context: Context, kind: ResourceType, put: Put
) -> dict[str, list[tuple[ResourceId, JsonObject]]] | None:
    """Take the embedded parts out of a body later on: return them by member; None if they stay as they are.

    Raises:
        ArmError: Two of them have one name, or one that is not listed any more is in use.
    """
    if not kind.parts:
        return {}
    parts: dict[str, list[tuple[ResourceId, JsonObject]]] = {}
    for name in kind.parts:
        if name not in put.properties and kind.parts_kept_if_absent:
            continue
        listed = [
            (put.id.child(name, text(item, "name") or ""), item) for item in objects(put.properties, name)
        ]
        keys = [identity.key for identity, _ in listed]
        if len(set(keys)) != len(keys):
            raise bad_request("DuplicateResourceName", f"Two of the {name} of {put.id} have the same name.")
        for child in context.store.children(put.id, name):
            if child.id.key not in keys:
                type_of(child.id).refuse_delete(context, child)
        parts[name] = listed
    return parts


def _commit(
    context: Context, put: Put, parts: dict[str, list[tuple[ResourceId, JsonObject]]] | None
) -> Resource:
    """Write what was checked."""
    store = context.store
    for name in type_of(put.id).parts:
        put.properties.pop(name, None)
    resource = put.existing
    if resource is None:
        resource = Resource(id=put.id, body=put.body)
        store.add(resource)
    else:
        resource.body = put.body
        context.store.touch(resource)
    for name, listed in (parts or {}).items():
        keys = {identity.key for identity, _ in listed}
        for stale in store.children(put.id, name):
            if stale.id.key not in keys:
                store.remove(stale.id)
        for identity, body in listed:
            _write_part(context, identity, body)
    if put.shared_key is not None:
        store.shared_keys[resource.id.key] = put.shared_key
    elif type_of(put.id).model == _CONNECTION:
        store.shared_keys.setdefault(resource.id.key, store.new_shared_key())
    _touch_parent(context, resource.id)
    return resource


def _write_part(context: Context, identity: ResourceId, body: JsonObject) -> None:
    """Write one embedded part."""
    body.pop("name", None)
    body.pop("id", None)
    existing = context.store.get(identity)
    if existing is None:
        context.store.add(Resource(id=identity, body=body))
    elif existing.body != body:
        existing.body = body
        context.store.touch(existing)


def _touch_parent(context: Context, resource_id: ResourceId) -> None:
    """A change of a part changes its parent's ETag."""
    parent = context.store.get(resource_id.parent) if resource_id.parent is not None else None
    if parent is not None:
        context.store.touch(parent)
