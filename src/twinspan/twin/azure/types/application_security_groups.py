"""Microsoft.Network/applicationSecurityGroups."""

from typing_extensions import override

from twinspan.twin.azure.documents import JsonObject, objects
from twinspan.twin.azure.errors import bad_request
from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types.base import Context, ResourceType


class _ApplicationSecurityGroups(ResourceType):
    type = "Microsoft.Network/applicationSecurityGroups"
    model = "ApplicationSecurityGroup"

    @override
    def refuse_delete(self, context: Context, resource: Resource) -> None:
        users = sorted({str(user.id) for user, _ in context.store.users(resource.id)})
        if users:
            raise bad_request(
                "InUseApplicationSecurityGroupCannotBeDeleted",
                f"Application security group {resource.id} cannot be deleted because it is in use by the "
                f"following resources: {', '.join(users)}.",
            )


def only_references(holder: JsonObject, *names: str) -> None:
    """Keep of each group in a list nothing but its id: clients write back whole groups as they read them."""
    for name in names:
        if name in holder:
            holder[name] = [{"id": reference.get("id")} for reference in objects(holder, name)]


APPLICATION_SECURITY_GROUPS = _ApplicationSecurityGroups()
"""Source: Application Security Groups - Create Or Update (REST)."""
