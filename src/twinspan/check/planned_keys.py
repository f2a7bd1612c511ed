"""The pre-shared keys in a plan."""

from twinspan.network.model import Network
from twinspan.network.unknown import UNKNOWN, Unknown
from twinspan.project.joins import references
from twinspan.project.plan import Plan, PlannedResource, split_address
from twinspan.rules.design import Design
from twinspan.rules.parts import Key, subject

_VARYING = ("each", "count", "var", "local", "module")
"""What these stand for differs from instance to instance."""


def planned_keys(plan: Plan, network: Network[Unknown]) -> tuple[Key, ...]:
    """Return the keys of every tunnel of AWS and every connection of Azure, as far as they are set.

    Args:
        plan: The plan.
        network: As it is planned.
    """
    resources, design = (
        {planned_resource.address: planned_resource for planned_resource in plan.resources},
        Design(network=network, planned=True),
    )
    keys = []
    for tunnel in design.tunnels:
        resource, argument = resources[tunnel.connection.address], f"tunnel{tunnel.number}_preshared_key"
        keys.append(
            Key(
                owner=tunnel.id,
                where=tunnel.where("preshared_key"),
                value=(value := _value(resource, argument)),
                named=_named(plan, resource, argument) if value is UNKNOWN else (),
            )
        )
    for connection in design.azure_connections:
        value = _value(resources[connection.address], "shared_key")
        keys.append(Key(owner=connection.id, where=subject(connection, "shared_key"), value=value))
    return tuple(key for key in keys if key.value is not None)


def _value(resource: PlannedResource, argument: str) -> str | Unknown | None:
    value = resource.get(argument)
    return value if isinstance(value, str | Unknown) else None


def _named(plan: Plan, resource: PlannedResource, argument: str) -> tuple[str, ...]:
    named = references(plan, resource, argument)
    if any(name.split(".")[0] in _VARYING for name in named):
        return ()
    module, _ = split_address(resource.address)
    return tuple(f"{module}.{name}" if module else name for name in named)
