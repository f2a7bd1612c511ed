"""What types have in common whose bodies are described by models of ours, and which answer without delay."""

import copy
from typing import ClassVar

from typing_extensions import override

from twinspan.twin.azure.documents import JsonObject, properties
from twinspan.twin.azure.errors import Detail, invalid_format
from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types import identities
from twinspan.twin.azure.types.base import Context, Put, ResourceType
from twinspan.twin.azure.types.bodies import Envelope, cleaner

_READ_ONLY = frozenset({"id", "name", "type", "etag", "systemData"})


class DescribedType(ResourceType):
    """A type whose body is a pydantic model.

    Attributes:
        document: The model.
        patched: What a PATCH may name beside the tags.
        patched_properties: The same within `properties`; empty: whatever a PUT may name.
    """

    at_once = True
    document: ClassVar[type[Envelope]]
    patched: ClassVar[frozenset[str]] = frozenset({"properties"})
    patched_properties: ClassVar[frozenset[str]] = frozenset()

    @override
    def clean(self, body: JsonObject) -> JsonObject:
        return cleaner(self.document)(body)

    @override
    def patch(self, context: Context, resource: Resource, body: JsonObject) -> None:
        inner = body.get("properties")
        self._refuse_others(resource, body, inner if isinstance(inner, dict) else {})
        merged = {**copy.deepcopy(resource.body), **body, "location": resource.body["location"]}
        if isinstance(inner, dict):
            merged["properties"] = {**properties(resource.body), **inner}
        put = Put(id=resource.id, body=self.clean(merged), existing=resource)
        self.check(context, put)
        self.complete(context, put)
        resource.body = put.body

    def _refuse_others(self, resource: Resource, body: JsonObject, inner: JsonObject) -> None:
        """Refuse a PATCH that names what only a PUT may."""
        allowed = {"tags", *self.patched, *_READ_ONLY}
        if str(body.get("location", "")).replace(" ", "").lower() == resource.body["location"]:
            allowed.add("location")
        others = [name for name, value in body.items() if value is not None and name not in allowed]
        if self.patched_properties:
            others += [f"properties.{name}" for name in inner if name not in self.patched_properties]
        if others:
            message = "A PATCH cannot change it. Path '{}'."
            raise invalid_format(
                [Detail(code="InvalidJson", message=message.format(path)) for path in others]
            )

    @override
    def complete(self, context: Context, put: Put) -> None:
        identities.tidy(context.store, put.body)

    @override
    def render(self, context: Context, resource: Resource, *, listed: bool = False) -> JsonObject:
        document: JsonObject = {
            "id": str(resource.id),
            "name": resource.id.name,
            "type": resource.id.type,
            **copy.deepcopy(resource.body),
        }
        identities.add_principals(context.store, document, tenant_id=context.tenant_id)
        self.decorate(context, resource, properties(document), listed=listed)
        return document
