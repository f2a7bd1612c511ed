"""What has been made in the subscriptions, kept in memory and in one file."""

import json
import secrets
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from twinspan.errors import HostError
from twinspan.twin.azure.documents import Json, JsonObject, member, number, references, text
from twinspan.twin.azure.files import write_private
from twinspan.twin.azure.resource_id import ResourceId

_FORMAT = 1


@dataclass(slots=True, kw_only=True)
class Resource:
    """One resource, or one embedded part of a resource that has its own id.

    Attributes:
        id: In the spelling it was made with.
        body: `location`, `tags`, `properties` and the like as the client set them, cleaned; no secret.
        resource_guid: Given at creation, never changed.
        etag: Changes with every write.
    """

    id: ResourceId
    body: JsonObject
    resource_guid: str = field(default_factory=lambda: str(uuid.uuid4()))
    etag: str = field(default_factory=lambda: f'W/"{uuid.uuid4()}"')

    def touch(self) -> None:
        """Give it a new ETag."""
        self.etag = f'W/"{uuid.uuid4()}"'


@dataclass(slots=True, kw_only=True)
class ResourceGroup:
    """One resource group."""

    subscription_id: str
    name: str
    body: JsonObject

    @property
    def id(self) -> str:
        """Its id, with the name as it was made."""
        return f"/subscriptions/{self.subscription_id}/resourceGroups/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """An operation that goes on although it was announced to be over.

    Attributes:
        until_s: When it is over, on the monotonic clock.
        operation: Where clients ask about it.
    """

    until_s: float
    operation: str


@dataclass(slots=True, kw_only=True)
class Store:
    """The content of all subscriptions. Not thread safe: the server holds one lock around each request.

    Attributes:
        groups: Lower-case id -> resource group.
        resources: Lower-case id -> resource, in order of creation.
        shared_keys: Lower-case connection id -> pre-shared key.
        resets: Lower-case id of an ip configuration or machine -> how often that gateway instance, or the
            machine, was reset.
        power: Lower-case id of a machine that is not to run -> `stopped` or `deallocated`.
        deployments: Lower-case id -> what is told about a template deployment; no parameters.
        pending: Lower-case id of a cluster, pool or machine -> what is being done with it, or how it failed.
        assignments: Lower-case id -> role assignment.
        diagnostics: Lower-case id -> diagnostic setting of a resource.
        updating: Lower-case id -> the operation that a resource is in; not kept in the file.
    """

    groups: dict[str, ResourceGroup] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)
    shared_keys: dict[str, str] = field(default_factory=dict, repr=False)
    resets: dict[str, int] = field(default_factory=dict)
    power: dict[str, str] = field(default_factory=dict)
    deployments: dict[str, JsonObject] = field(default_factory=dict)
    pending: dict[str, JsonObject] = field(default_factory=dict)
    assignments: dict[str, JsonObject] = field(default_factory=dict)
    diagnostics: dict[str, JsonObject] = field(default_factory=dict)
    updating: dict[str, Busy] = field(default_factory=dict)
    _users: dict[str, list[tuple[Resource, str]]] | None = field(default=None, repr=False)
    _types: dict[str, list[Resource]] | None = field(default=None, repr=False)

    def users(self, resource_id: ResourceId) -> list[tuple[Resource, str]]:
        """Return who refers to a resource: (resource, path of the reference in its body)."""
        if self._users is None:
            self._users = {}
            for resource in self.resources.values():
                for path, identity in references(resource.body):
                    self._users.setdefault(identity.lower(), []).append((resource, path))
        return self._users.get(resource_id.key, [])

    def touch(self, resource: Resource) -> None:
        """Give a resource whose body has changed a new ETag."""
        resource.touch()
        self._users = None

    def busy(self, resource_id: ResourceId) -> str | None:
        """Return where to ask about the operation that a resource is in; None if it is in none."""
        update = self.updating.get(resource_id.key)
        if update is not None and update.until_s <= time.monotonic():
            update = None
            del self.updating[resource_id.key]
        return update.operation if update is not None else None

    def get(self, resource_id: str | ResourceId) -> Resource | None:
        """Return a resource by id, or None."""
        key = resource_id.key if isinstance(resource_id, ResourceId) else resource_id.lower()
        return self.resources.get(key)

    def children(self, parent: ResourceId, kind: str) -> list[Resource]:
        """Return the parts of a resource that are of one kind, in order of creation."""
        prefix = f"{parent.key}/{kind.lower()}/"
        depth = len(parent.types) + 1
        return [
            resource
            for key, resource in self.resources.items()
            if key.startswith(prefix) and len(resource.id.types) == depth
        ]

    def of_type(self, resource_type: str, *, scope: str = "") -> Iterator[Resource]:
        """Yield the resources of a type, all or those in one scope: the id of a subscription or group."""
        if self._types is None:
            self._types = {}
            for resource in self.resources.values():
                self._types.setdefault(resource.id.type.lower(), []).append(resource)
        for resource in self._types.get(resource_type.lower(), []):
            if resource.id.is_in(scope):
                yield resource

    def add(self, resource: Resource) -> None:
        """Keep a new resource."""
        self.resources[resource.id.key] = resource
        self._users = self._types = None

    def remove(self, resource_id: ResourceId) -> None:
        """Forget a resource with its parts and its secrets."""
        key = resource_id.key
        for resource_key in [
            candidate for candidate in self.resources if candidate == key or candidate.startswith(f"{key}/")
        ]:
            del self.resources[resource_key]
            self.pending.pop(resource_key, None)
            self.power.pop(resource_key, None)
        self._users = self._types = None
        self.shared_keys.pop(key, None)
        self.updating.pop(key, None)
        for kept in (self.assignments, self.diagnostics):
            for beside in [candidate for candidate in kept if candidate.startswith(f"{key}/providers/")]:
                del kept[beside]
        for instance in [
            candidate for candidate in self.resets if candidate == key or candidate.startswith(f"{key}/")
        ]:
            del self.resets[instance]

    def add_group(self, group: ResourceGroup) -> None:
        """Keep a resource group, new or changed."""
        self.groups[group.id.lower()] = group

    def remove_group(self, group: ResourceGroup) -> None:
        """Forget a resource group with everything in it."""
        for resource_id in [resource.id for resource in self.resources.values()]:
            if resource_id.is_in(group.id):
                self.remove(resource_id)
        prefix = f"{group.id.lower()}/"
        for kept in (self.deployments, self.assignments):
            for key in [candidate for candidate in kept if candidate.startswith(prefix)]:
                del kept[key]
        del self.groups[group.id.lower()]

    def subscriptions(self) -> tuple[str, ...]:
        """Return the ids of the subscriptions that have a resource group, in order of the first one."""
        return tuple(dict.fromkeys(group.subscription_id.lower() for group in [*self.groups.values()]))

    def new_shared_key(self, length: int = 32) -> str:
        """Return a random key from the characters that both clouds take."""
        first = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
        rest = first + "0123456789"
        return secrets.choice(first) + "".join(secrets.choice(rest) for _ in range(length - 1))

    def save(self, path: Path) -> None:
        """Write everything to `path`, mode 0600, whole or not at all."""
        document: JsonObject = {
            "format": _FORMAT,
            "groups": [
                {"subscription": group.subscription_id, "name": group.name, "body": group.body}
                for group in self.groups.values()
            ],
            "resources": [
                {
                    "id": str(resource.id),
                    "body": resource.body,
                    "resource_guid": resource.resource_guid,
                    "etag": resource.etag,
                }
                for resource in self.resources.values()
            ],
            "shared_keys": dict(self.shared_keys),
            "resets": dict(self.resets),
            "power": dict(self.power),
            "deployments": dict(self.deployments),
            "pending": dict(self.pending),
            "assignments": dict(self.assignments),
            "diagnostics": dict(self.diagnostics),
        }
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(path, json.dumps(document).encode())

    @classmethod
    def load(cls, path: Path, *, subscription_id: str) -> "Store":
        """Read a store back; an empty one if there is no file.

        Args:
            path: The file.
            subscription_id: Where groups are that name no subscription, as files of older versions have them.

        Raises:
            HostError: The file is not one that `save` wrote.
        """
        try:
            document: Json = json.loads(path.read_bytes())
        except FileNotFoundError:
            return cls()
        except ValueError as error:
            raise _damaged(path) from error
        if number(document, "format") != _FORMAT:
            raise _damaged(path)
        try:
            return cls._from_document(document, subscription_id)
        except (ValueError, TypeError) as error:
            raise _damaged(path) from error

    @classmethod
    def _from_document(cls, document: Json, subscription_id: str) -> "Store":
        """Build a store from a parsed file; ValueError or TypeError if it has other members than ours."""
        store = cls()
        for entry in _list(member(document, "groups")):
            store.add_group(
                ResourceGroup(
                    subscription_id=text(entry, "subscription") or subscription_id,
                    name=_text(entry, "name"),
                    body=_object(member(entry, "body")),
                )
            )
        for entry in _list(member(document, "resources")):
            store.add(
                Resource(
                    id=ResourceId.parse(_text(entry, "id")),
                    body=_object(member(entry, "body")),
                    resource_guid=_text(entry, "resource_guid"),
                    etag=_text(entry, "etag"),
                )
            )
        keys = _object(member(document, "shared_keys"))
        store.shared_keys = {name: _text(keys, name) for name in keys}
        resets = _object(member(document, "resets"))
        store.resets = {name: number(resets, name) or 0 for name in resets}
        power = _object(member(document, "power") or {})
        store.power = {name: _text(power, name) for name in power}
        deployments = _object(member(document, "deployments"))
        store.deployments = {name: _object(deployment) for name, deployment in deployments.items()}
        store.pending = _objects(document, "pending")
        store.assignments = _objects(document, "assignments")
        store.diagnostics = _objects(document, "diagnostics")
        return store


def _damaged(path: Path) -> HostError:
    return HostError(
        problem=f"{path} is not a state file of the twin's Azure API",
        remedy="Remove it with `twinspan twin down --purge`, or put a good copy in its place",
    )


def _list(value: Json) -> list[Json]:
    if not isinstance(value, list):
        msg = "not a list"
        raise TypeError(msg)
    return value


def _object(value: Json) -> JsonObject:
    if not isinstance(value, dict):
        msg = "not an object"
        raise TypeError(msg)
    return value


def _objects(document: Json, name: str) -> dict[str, JsonObject]:
    """Return a member that holds objects by id; files of older versions lack it."""
    held = member(document, name)
    return {} if held is None else {key: _object(item) for key, item in _object(held).items()}


def _text(value: Json, name: str) -> str:
    member_text = text(value, name)
    if member_text is None:
        msg = f"no text {name}"
        raise ValueError(msg)
    return member_text
