"""Microsoft.Compute/availabilitySets: they group machines; here they keep nothing apart."""

from typing_extensions import override

from twinspan.network.limits import AVAILABILITY_FAULT_DOMAINS, AVAILABILITY_UPDATE_DOMAINS
from twinspan.twin.azure.documents import JsonObject, number, text
from twinspan.twin.azure.errors import ArmError, bad_request
from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types.base import Context, Put, ResourceType, reference_list

_DEFAULTS: JsonObject = {"platformUpdateDomainCount": 5, "platformFaultDomainCount": 2}


class _AvailabilitySets(ResourceType):
    type = "Microsoft.Compute/availabilitySets"
    model = "compute.AvailabilitySet"
    at_once = True
    created = 200

    @override
    def check(self, context: Context, put: Put) -> None:
        if put.properties.pop("virtualMachines", None):
            raise bad_request(
                "InvalidParameter",
                f"virtualMachines of {put.id}: a machine names its set, and not the reverse.",
            )
        for name, most in (
            ("platformUpdateDomainCount", AVAILABILITY_UPDATE_DOMAINS),
            ("platformFaultDomainCount", AVAILABILITY_FAULT_DOMAINS),
        ):
            given = number(put.properties, name)
            if given is not None and not 1 <= given <= most:
                raise bad_request(
                    "InvalidParameter", f"The value {given} of parameter {name} must be between 1 and {most}."
                )
            before = number(put.existing.body, "properties", name) if put.existing is not None else None
            if before is not None and given not in {None, before}:
                raise ArmError(409, "PropertyChangeNotAllowed", f"Changing property '{name}' is not allowed.")

    @override
    def complete(self, context: Context, put: Put) -> None:
        for name, value in _DEFAULTS.items():
            put.properties.setdefault(name, value)
        put.body.setdefault("sku", {"name": "Classic"})

    @override
    def decorate(self, context: Context, resource: Resource, members: JsonObject, *, listed: bool) -> None:
        members["virtualMachines"] = reference_list(_machines(context, resource))
        members.pop("resourceGuid", None)

    @override
    def refuse_delete(self, context: Context, resource: Resource) -> None:
        machines = _machines(context, resource)
        if machines:
            raise ArmError(
                409,
                "OperationNotAllowed",
                f"Availability Set '{resource.id.name}' cannot be deleted. Before deleting an Availability "
                "Set "
                f"please ensure that it does not contain any VM; it has {', '.join(machines)}.",
            )


def _machines(context: Context, resource: Resource) -> list[str]:
    return [
        str(user.id)
        for user, path in context.store.users(resource.id)
        if path == "properties.availabilitySet" and text(user.body, "location") is not None
    ]


AVAILABILITY_SETS = _AvailabilitySets()
"""Source: Availability Sets - Create Or Update (REST)."""
