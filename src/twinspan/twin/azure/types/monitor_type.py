"""What the types of Azure Monitor have in common: bodies described here, and answers without delay."""

import copy
from typing import ClassVar

from typing_extensions import override

from twinspan.twin.azure.documents import JsonObject, properties
from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types import identities
from twinspan.twin.azure.types.base import Context, Put, ResourceType
from twinspan.twin.azure.types.bodies import Envelope, cleaner


class MonitorType(ResourceType):
    """A type whose body is a pydantic model.

    Attributes:
        document: The model.
    """

    at_once = True
    document: ClassVar[type[Envelope]]

    @override
    def clean(self, body: JsonObject) -> JsonObject:
        return cleaner(self.document)(body)

    @override
    def complete(self, context: Context, put: Put) -> None:
        identities.tidy(context.store, put.body)

    @override
    def render(self, context: Context, resource: Resource, *, listed: bool = False) -> JsonObject:
        told: JsonObject = {
            "id": str(resource.id),
            "name": resource.id.name,
            "type": resource.id.type,
            **copy.deepcopy(resource.body),
        }
        identities.add_principals(context.store, told, tenant_id=context.tenant_id)
        self.decorate(context, resource, properties(told), listed=listed)
        return told
