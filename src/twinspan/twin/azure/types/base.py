"""What every resource type has in common."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from twinspan.twin.azure import absent, schema
from twinspan.twin.azure.documents import Json, JsonObject, properties
from twinspan.twin.azure.errors import ArmError
from twinspan.twin.azure.operations import Asked, Outcome
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.store import Resource, Store
from twinspan.twin.dataplane.wire import MachineCalls
from twinspan.twin.kubernetes.access import ClusterAccess
from twinspan.twin.metrics.series import MetricStore
from twinspan.twin.observed import ObservedState


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a resource type may look at."""

    store: Store
    board: ObservedState
    clusters: ClusterAccess | None = None
    """None: there is no data plane, so nothing of a cluster is waited for."""
    tenant_id: str = ""
    metrics: MetricStore | None = None
    """What Azure Monitor knows of the gateways; None: nothing."""
    machines: Callable[[], MachineCalls] | None = None
    """Who runs commands on machines; None: there is no data plane, so nothing of a machine is waited for."""
    unbuilt: Callable[[], tuple[str, ...]] = tuple
    """Says what the data plane could not build; each line begins with the id of what it is about."""


@dataclass(slots=True, kw_only=True)
class Put:
    """A PUT whose body fits the schema.

    Attributes:
        id: What is put.
        body: Cleaned; embedded parts (subnets, routes, rules) are still in it.
        existing: What was there before.
        shared_key: A connection's key, already taken out of `body`.
    """

    id: ResourceId
    body: JsonObject
    existing: Resource | None
    shared_key: str | None = None

    @property
    def properties(self) -> JsonObject:
        """The body's `properties`."""
        return properties(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A POST on a resource, e.g. `getBgpPeerStatus`."""

    name: str
    query: Mapping[str, str]
    body: JsonObject = field(default_factory=dict)


class ResourceType:
    """Rules of one resource type; the common ones are here.

    Attributes:
        type: Full type name, e.g. `Microsoft.Network/virtualNetworks`.
        model: Its class, as `schema.model_class` takes it.
        parts: Member of `properties` that holds embedded parts -> their full type.
        parts_kept_if_absent: A PUT without the member leaves the parts alone.
        made_by_service: Whether no PUT makes it.
        is_global: Whether its location is `global`, and no region.
        patched_later: Whether a PATCH is answered as an operation.
        at_once: Whether a PUT or DELETE is over when it is answered, so that there is no operation to follow.
        created: Status of the answer to a PUT that made it.
        synchronous: Actions, in small letters, that answer at once; the others answer as operations.
        changing: Actions, in small letters, that change something.
    """

    type: str
    model: str
    parts: ClassVar[Mapping[str, str]] = {}
    parts_kept_if_absent: bool = False
    made_by_service: bool = False
    is_global: bool = False
    patched_later: bool = False
    at_once: bool = False
    created: int = 201
    synchronous: ClassVar[frozenset[str]] = frozenset()
    changing: ClassVar[frozenset[str]] = frozenset()

    @property
    def top_level(self) -> bool:
        """Whether it is a resource of its own, with a location, and not part of another one."""
        return self.type.count("/") == 1

    def check_first(self, resource_id: ResourceId, body: JsonObject) -> None:
        """Refuse what Azure refuses before it compares a body with its schema.

        Raises:
            ArmError: With the code and message of the broken rule.
        """

    def clean(self, body: JsonObject) -> JsonObject:
        """Return a body without what the service ignores.

        Raises:
            ArmError: It does not fit the type's schema.
        """
        return schema.clean(self.model, body)

    def patch(self, context: Context, resource: Resource, body: JsonObject) -> None:  # noqa: ARG002  for subclasses
        """Change a resource as a PATCH says: its tags, which is all that most types let it name.

        Raises:
            ArmError: The body does not fit.
        """
        patched = schema.clean("TagsObject", body)
        resource.body["tags"] = patched.get("tags") or {}

    def check(self, context: Context, put: Put) -> None:
        """Refuse a body that breaks the type's rules.

        Raises:
            ArmError: With the code and message of the broken rule.
        """

    def complete(self, context: Context, put: Put) -> None:
        """Add to a checked body what the service decides itself, e.g. an address."""

    def render(self, context: Context, resource: Resource, *, listed: bool = False) -> JsonObject:
        """Return the resource as the API tells it; `listed` is an entry of a list."""
        document: JsonObject = {
            "id": str(resource.id),
            "name": resource.id.name,
            "type": resource.id.type,
            "etag": resource.etag,
            **copy.deepcopy(resource.body),
        }
        members = properties(document)
        members["provisioningState"] = "Updating" if context.store.busy(resource.id) else "Succeeded"
        if self.top_level:
            members["resourceGuid"] = resource.resource_guid
        self.decorate(context, resource, members, listed=listed)
        return document

    def decorate(self, context: Context, resource: Resource, members: JsonObject, *, listed: bool) -> None:
        """Add the read-only members and the defaults of `properties` to `members`."""

    def expand(self, context: Context, resource: Resource, document: JsonObject, what: str) -> None:
        """Add to a rendered resource what a GET asks for with `$expand`."""

    def view(self, context: Context, resource: Resource, name: str) -> Json:  # noqa: ARG002  for subclasses
        """Return what a GET below a resource asks for, e.g. `instanceView`; None: it has no such thing."""
        return None

    def refuse_delete(self, context: Context, resource: Resource) -> None:
        """Refuse to delete a resource that others need.

        Raises:
            ArmError: 400 with the type's in-use code.
        """

    def delete(self, context: Context, resource: Resource) -> None:
        """Remove a resource that nobody needs, with its parts."""
        context.store.remove(resource.id)

    def outcome(self, context: Context, resource_id: ResourceId) -> Outcome | None:  # noqa: ARG002  for subclasses
        """Return how the last change of a resource ended; None while it goes on."""
        return Outcome()

    def begin(self, context: Context, resource: Resource, action: Action) -> Asked | None:  # noqa: ARG002  for subclasses
        """Begin a POST action whose result takes a time and return how to ask for it; None: `act` does it.

        Raises:
            ArmError: The action refuses.
        """
        return None

    def act(self, context: Context, resource: Resource, action: Action) -> Json:  # noqa: ARG002  for subclasses
        """Carry out a POST action and return its result, None if it has none.

        Raises:
            ArmError: The type has no such action, or the action refuses.
        """
        lacks = absent.ACTIONS.get(action.name)
        raise ArmError(
            404,
            "NotFound",
            f"The twin has {lacks}: it refuses the action '{action.name}' of {resource.id}."
            if lacks is not None
            else f"The action '{action.name}' of {resource.id} is not part of the twin.",
        )


def reference_list(identities: list[str]) -> Json:
    """Return ids as a list of references."""
    return [{"id": identity} for identity in identities]
