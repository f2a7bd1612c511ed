"""Instances and network interfaces of a plan. Source: Terraform provider hashicorp/aws, versions 5 and 6."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from twinspan.network.machines import RUNNING
from twinspan.network.model import Machine, NetworkInterface
from twinspan.network.unknown import CLOUD_CHOOSES, UNKNOWN, Unknown
from twinspan.project.network.aws_filters import GROUP_TYPES
from twinspan.project.network.values import Reading, Values
from twinspan.project.network.vpc import INSTANCE_TYPE, INTERFACE_TYPE, SUBNET_TYPES, primary_interface_id

_ADDRESS_TYPE = "aws_eip"
_ATTACHMENT_TYPE = "aws_network_interface_attachment"
_GROUP_ATTACHMENT_TYPE = "aws_network_interface_sg_attachment"
_ASSOCIATION_TYPE = "aws_eip_association"
_Interface = NetworkInterface[Unknown]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attachment:
    """An interface at an instance; both as their ids, as far as the plan tells."""

    interface: str | Unknown | None
    instance: str | Unknown | None
    device_index: int


def machines(reading: Reading) -> tuple[Machine[Unknown], ...]:
    """Return the instances, each with its primary interface first."""
    attachments = sorted(
        _attachments(reading), key=lambda interface_attachment: interface_attachment.device_index
    )
    return tuple(
        Machine(
            id=instance.id,
            name=instance.name,
            address=instance.address,
            state=instance.text("instance_state", RUNNING),
            interface_ids=tuple(
                dict.fromkeys(
                    attachment.interface
                    for attachment in attachments
                    if attachment.instance == instance.id and attachment.interface is not None
                )
            ),
            tags=instance.tags,
        )
        for instance in reading.of(INSTANCE_TYPE)
    )


def network_interfaces(reading: Reading) -> tuple[_Interface, ...]:
    """Return the interfaces, also the primary ones that AWS makes with instances."""
    machine_of = {attachment.interface: attachment.instance for attachment in _attachments(reading)}
    interfaces = {
        network_interface.id: _interface(
            network_interface, network_interface.id, "security_groups", machine_of.get(network_interface.id)
        )
        for network_interface in reading.of(INTERFACE_TYPE)
    }
    for instance in reading.of(INSTANCE_TYPE):
        primary = primary_interface_id(instance)
        if 0 not in _indexes(instance):
            interfaces[primary] = _interface(instance, primary, "vpc_security_group_ids", instance.id)
    groups = _by_interface(reading, _GROUP_ATTACHMENT_TYPE, "security_group_id", *GROUP_TYPES)
    allocations = _by_interface(reading, _ASSOCIATION_TYPE, "allocation_id", _ADDRESS_TYPE)
    for address in reading.of(_ADDRESS_TYPE):
        allocations.setdefault(_interface_of(address, "network_interface", "instance"), []).append(address.id)
    return tuple(
        replace(
            interface,
            security_group_ids=tuple(dict.fromkeys((*interface.security_group_ids, *groups.get(name, ())))),
            public_ip_address_ids=tuple(allocations.get(name, ())),
        )
        for name, interface in interfaces.items()
    )


def _interface(values: Values, name: str, groups: str, machine_id: str | Unknown | None) -> _Interface:
    """Read an interface; of an instance, what is written there of its primary one."""
    given = values.references(groups, *GROUP_TYPES)
    return NetworkInterface(
        id=name,
        name=values.name if values.type == INTERFACE_TYPE else "",
        address=values.address if values.type == INTERFACE_TYPE else "",
        subnet_id=values.reference("subnet_id", *SUBNET_TYPES) or CLOUD_CHOOSES,
        private_ip_addresses=_addresses(values),
        security_group_ids=given or (CLOUD_CHOOSES,),
        forwards=_turned(values.flag("source_dest_check", default=True)),
        machine_id=machine_id,
        tags=values.tags if values.type == INTERFACE_TYPE else {},
    )


def _addresses(values: Values) -> tuple[IPv4Address | Unknown, ...]:
    """Return the private addresses, the primary one first."""
    first = values.ip_address("private_ip")
    listed = values.addresses("private_ip_list") or values.addresses("private_ips")
    if values.type == INSTANCE_TYPE:
        listed = values.addresses("secondary_private_ips")
    if not isinstance(first, IPv4Address):
        return listed if listed and values.type == INTERFACE_TYPE else (first or CLOUD_CHOOSES, *listed)
    return (first, *(address for address in listed if address != first))


def _attachments(reading: Reading) -> Iterator[_Attachment]:
    """Yield what is attached to what, however it is written."""
    for instance in reading.of(INSTANCE_TYPE):
        blocks = instance.blocks("network_interface")
        for block in blocks:
            yield _Attachment(
                interface=block.reference("network_interface_id", INTERFACE_TYPE),
                instance=instance.id,
                device_index=_index(block),
            )
        if 0 not in _indexes(instance):
            yield _Attachment(interface=primary_interface_id(instance), instance=instance.id, device_index=0)
    for interface in reading.of(INTERFACE_TYPE):
        for block in interface.blocks("attachment"):
            yield _Attachment(
                interface=interface.id,
                instance=block.reference("instance", INSTANCE_TYPE),
                device_index=_index(block),
            )
    for attachment in reading.of(_ATTACHMENT_TYPE):
        yield _Attachment(
            interface=attachment.reference("network_interface_id", INTERFACE_TYPE),
            instance=attachment.reference("instance_id", INSTANCE_TYPE),
            device_index=_index(attachment),
        )


def _indexes(instance: Values) -> set[int]:
    return {_index(block) for block in instance.blocks("network_interface")}


def _index(values: Values) -> int:
    """Return a device index; one that is not known is none of the first."""
    number = values.number("device_index")
    return number if isinstance(number, int) else 1


def _by_interface(
    reading: Reading, kind: str, attribute: str, *types: str
) -> dict[str | Unknown | None, list[str | Unknown]]:
    """Return interface -> what resources of a kind give to it."""
    ids_by_interface: dict[str | Unknown | None, list[str | Unknown]] = {}
    for resource in reading.of(kind):
        given = resource.reference(attribute, *types) or UNKNOWN
        ids_by_interface.setdefault(
            _interface_of(resource, "network_interface_id", "instance_id"), []
        ).append(given)
    return ids_by_interface


def _interface_of(values: Values, interface: str, instance: str) -> str | Unknown | None:
    """Return the interface that a resource names, itself or by its instance."""
    primaries: Mapping[object, str] = {
        machine.id: primary_interface_id(machine) for machine in values.reading.of(INSTANCE_TYPE)
    }
    named = values.reference(interface, INTERFACE_TYPE, INSTANCE_TYPE)
    named = named if named is not None else values.reference(instance, INSTANCE_TYPE)
    return primaries.get(named, named)


def _turned(check: bool | Unknown) -> bool | Unknown:
    return check if isinstance(check, Unknown) else not check
