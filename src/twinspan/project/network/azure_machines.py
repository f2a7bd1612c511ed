"""Virtual machines and network interfaces of a plan. Source: Terraform provider azurerm, versions 3 to 5."""

from collections.abc import Iterable, Iterator, Mapping

from twinspan.network.limits import SCALE_SET_INSTANCES
from twinspan.network.machines import RUNNING
from twinspan.network.model import Machine, NetworkInterface
from twinspan.network.unknown import CLOUD_CHOOSES, UNKNOWN, Unknown
from twinspan.project.network.values import Reading, Values
from twinspan.project.network.vnet import ASG_TYPE, GROUP_TYPE, SUBNET_TYPE

INTERFACE_TYPE = "azurerm_network_interface"
_MACHINE_TYPES = (
    "azurerm_linux_virtual_machine",
    "azurerm_windows_virtual_machine",
    "azurerm_virtual_machine",
)
_SCALE_SET_TYPES = ("azurerm_linux_virtual_machine_scale_set", "azurerm_windows_virtual_machine_scale_set")
_PUBLIC_TYPE = "azurerm_public_ip"
_GROUP_ASSOCIATION = "azurerm_network_interface_security_group_association"
_ASG_ASSOCIATION = "azurerm_network_interface_application_security_group_association"
_Interface = NetworkInterface[Unknown]
_Machine = Machine[Unknown]


def machines_and_interfaces(reading: Reading) -> tuple[tuple[_Machine, ...], tuple[_Interface, ...]]:
    """Return the virtual machines, those of scale sets included, and the network interfaces."""
    machines = tuple(_machine(values) for values in reading.of(*_MACHINE_TYPES))
    owners = {key: machine.id for machine in machines for key in machine.interface_ids}
    values = reading.of(INTERFACE_TYPE)
    holders = {network_interface.id: network_interface.id for network_interface in values}
    groups, asgs = (
        reading.by_holder(reading.of(kind), holders, "network_interface_id", INTERFACE_TYPE)
        for kind in (_GROUP_ASSOCIATION, _ASG_ASSOCIATION)
    )
    interfaces = tuple(
        _interface(network_interface, owners.get(network_interface.id), groups, asgs)
        for network_interface in values
    )
    instances = [pair for scale_set in reading.of(*_SCALE_SET_TYPES) for pair in _instances(scale_set)]
    return (
        (*machines, *(machine for machine, _ in instances)),
        (
            *interfaces,
            *(interface for _, instance_interfaces in instances for interface in instance_interfaces),
        ),
    )


def _machine(values: Values) -> _Machine:
    named = values.references("network_interface_ids", INTERFACE_TYPE)
    primary = values.reference("primary_network_interface_id", INTERFACE_TYPE)
    return Machine(
        id=values.id,
        name=values.text("name"),
        address=values.address,
        state=RUNNING,
        interface_ids=tuple(sorted(named, key=lambda interface_id: interface_id != primary))
        if primary
        else named,
        tags=values.tags,
    )


def _interface(
    values: Values,
    machine_id: str | None,
    groups: Mapping[str, tuple[Values, ...]],
    asgs: Mapping[str, tuple[Values, ...]],
) -> _Interface:
    blocks = _primary_first(values.blocks("ip_configuration"))
    return NetworkInterface(
        id=values.id,
        name=values.text("name"),
        address=values.address,
        subnet_id=_subnet(blocks),
        private_ip_addresses=tuple(
            block.ip_address("private_ip_address") or CLOUD_CHOOSES for block in blocks
        )
        or (UNKNOWN,),
        public_ip_address_ids=_present(
            block.reference("public_ip_address_id", _PUBLIC_TYPE) for block in blocks
        ),
        security_group_ids=_associated(groups.get(values.id, ()), "network_security_group_id", GROUP_TYPE),
        application_security_group_ids=_associated(
            asgs.get(values.id, ()), "application_security_group_id", ASG_TYPE
        ),
        forwards=_forwards(values),
        machine_id=machine_id,
        tags=values.tags,
    )


def _associated(associations: tuple[Values, ...], attribute: str, kind: str) -> tuple[str | Unknown, ...]:
    return tuple(association.reference(attribute, kind) or UNKNOWN for association in associations)


def _instances(values: Values) -> Iterator[tuple[_Machine, tuple[_Interface, ...]]]:
    """Yield the machines of a scale set with their interfaces; none if it is not known how many there are."""
    count = values.number("instances", 0)
    blocks = _primary_first(values.blocks("network_interface"))
    for number in range(min(count, SCALE_SET_INSTANCES) if isinstance(count, int) else 0):
        machine = f"{values.id}/virtualmachines/{number}"
        interfaces = tuple(_of_instance(block, machine) for block in blocks)
        yield (
            Machine(
                id=machine,
                name=f"{values.text('name')}_{number}",
                address=values.address,
                state=RUNNING,
                interface_ids=tuple(interface.id for interface in interfaces),
                tags=values.tags,
            ),
            interfaces,
        )


def _of_instance(block: Values, machine: str) -> _Interface:
    parts = _primary_first(block.blocks("ip_configuration"))
    asgs = [group for part in parts for group in part.references("application_security_group_ids", ASG_TYPE)]
    return NetworkInterface(
        id=f"{machine}/networkinterfaces/{str(block.text('name')).lower()}",
        name=block.text("name"),
        address=block.address,
        subnet_id=_subnet(parts),
        private_ip_addresses=(CLOUD_CHOOSES,) * len(parts) or (UNKNOWN,),
        security_group_ids=_present([block.reference("network_security_group_id", GROUP_TYPE)]),
        application_security_group_ids=tuple(dict.fromkeys(asgs)),
        forwards=_forwards(block),
        machine_id=machine,
    )


def _subnet(blocks: tuple[Values, ...]) -> str | Unknown:
    return (blocks[0].reference("subnet_id", SUBNET_TYPE) if blocks else None) or UNKNOWN


def _present(ids: Iterable[str | Unknown | None]) -> tuple[str | Unknown, ...]:
    return tuple(resource_id for resource_id in ids if resource_id is not None)


def _primary_first(blocks: tuple[Values, ...]) -> tuple[Values, ...]:
    return tuple(sorted(blocks, key=lambda block: block.flag("primary") is not True))


def _forwards(values: Values) -> bool | Unknown:
    """Return whether IP forwarding is on; before azurerm 4 the argument had another name."""
    return values.flag(values.first("ip_forwarding_enabled", "enable_ip_forwarding"))
