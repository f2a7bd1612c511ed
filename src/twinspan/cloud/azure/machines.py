"""Network interfaces and virtual machines, from Azure Resource Manager's answers.

Machines are read by plain requests, as clusters are: the typed client of their service takes long to load.
Source: ARM, Microsoft.Network networkInterfaces (NetworkInterfacePropertiesFormat); Microsoft.Compute
virtualMachines, virtualMachineScaleSets/virtualMachines (VirtualMachineProperties, InstanceViewStatus).
"""

from collections.abc import Iterable

from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.network import models
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from twinspan.cloud.azure.client import clients, translated
from twinspan.cloud.azure.endpoint import AzureEndpoint
from twinspan.cloud.azure.rest import get_all
from twinspan.cloud.azure.words import address, group_and_name, identity, required_identity
from twinspan.cloud.objects import Unreadable, read_each
from twinspan.network.model import Machine, NetworkInterface

_API_VERSION = "2024-11-01"
_COMPUTE = "/subscriptions/{subscription}/providers/Microsoft.Compute/{kind}"
_POWER = "PowerState/"
_CREATING = "starting"
_WITH_STATE = {"$expand": "instanceView"}


class _Answer(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="ignore")


class _Status(_Answer):
    code: str = ""


class _InstanceView(_Answer):
    statuses: list[_Status] = Field(default_factory=list)


class _Primary(_Answer):
    primary: bool | None = None


class _Named(_Answer):
    id: str
    properties: _Primary | None = None


class _NetworkProfile(_Answer):
    network_interfaces: list[_Named] = Field(default_factory=list)


class _Properties(_Answer):
    provisioning_state: str = "Succeeded"
    network_profile: _NetworkProfile | None = None
    instance_view: _InstanceView | None = None


class _Machine(_Answer):
    id: str
    name: str
    tags: dict[str, str] | None = None
    properties: _Properties


class _ScaleSet(_Answer):
    id: str


def network_interface(raw: models.NetworkInterface) -> NetworkInterface:
    """Read a network interface."""
    properties = raw.properties or models.NetworkInterfacePropertiesFormat()
    configurations = sorted(
        [
            ip_configuration.properties
            for ip_configuration in properties.ip_configurations or ()
            if ip_configuration.properties is not None
        ],
        key=lambda configuration: not configuration.primary,
    )
    addresses = [address(configuration.private_ip_address) for configuration in configurations]
    groups = [
        group for configuration in configurations for group in configuration.application_security_groups or ()
    ]
    return NetworkInterface(
        id=required_identity(raw),
        name=raw.name or "",
        subnet_id=required_identity(configurations[0].subnet) if configurations else "",
        private_ip_addresses=tuple(
            private_address for private_address in addresses if private_address is not None
        ),
        public_ip_address_ids=_present(
            identity(configuration.public_ip_address) for configuration in configurations
        ),
        security_group_ids=_present([identity(properties.network_security_group)]),
        application_security_group_ids=tuple(dict.fromkeys(map(required_identity, groups))),
        forwards=bool(properties.enable_ip_forwarding),
        machine_id=identity(properties.virtual_machine),
        tags=raw.tags or {},
    )


def _present(ids: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(resource_id for resource_id in ids if resource_id is not None)


def machines(
    endpoint: AzureEndpoint, unreadable: Unreadable
) -> tuple[tuple[Machine, ...], tuple[NetworkInterface, ...]]:
    """Read all virtual machines, those of scale sets included; of what is being deleted nothing.

    Returns:
        The machines, and the interfaces of those of scale sets, which no other list has.
    """
    rows = get_all(endpoint, _path(endpoint, "virtualMachines"), api_version=_API_VERSION, params=_WITH_STATE)
    interfaces: list[models.NetworkInterface] = []
    for scale_set in _scale_sets(endpoint):
        interfaces += _interfaces_of(endpoint, scale_set)
        instances = f"{scale_set}/virtualMachines"
        rows += get_all(endpoint, instances, api_version=_API_VERSION, params=_WITH_STATE)
    read = read_each(
        rows,
        lambda raw: _machine(_Machine.model_validate(raw)),
        name=lambda raw: str(raw.get("id")),
        unreadable=unreadable,
    )
    of_sets = read_each(interfaces, network_interface, name=lambda raw: raw.id, unreadable=unreadable)
    return tuple(machine for machine in read if machine is not None), tuple(of_sets)


def _interfaces_of(endpoint: AzureEndpoint, scale_set: str) -> list[models.NetworkInterface]:
    group, name = group_and_name(scale_set)
    network = clients(endpoint).network.network_interfaces
    with translated(endpoint, f"list networkInterfaces of {name}"):
        try:
            return list(network.list_virtual_machine_scale_set_network_interfaces(group, name))
        except ResourceNotFoundError:
            return []


def _scale_sets(endpoint: AzureEndpoint) -> list[str]:
    """Return the ids of all virtual machine scale sets whose machines are no resources of their own."""
    rows = get_all(endpoint, _path(endpoint, "virtualMachineScaleSets"), api_version=_API_VERSION)
    return [
        _ScaleSet.model_validate(raw).id
        for raw in rows
        if raw.get("properties", {}).get("orchestrationMode", "Uniform") == "Uniform"
    ]


def _path(endpoint: AzureEndpoint, kind: str) -> str:
    return _COMPUTE.format(subscription=endpoint.subscription_id, kind=kind)


def _machine(raw: _Machine) -> Machine | None:
    properties = raw.properties
    if properties.provisioning_state == "Deleting":
        return None
    codes = [status.code for status in properties.instance_view.statuses] if properties.instance_view else []
    states = [code.removeprefix(_POWER) for code in codes if code.startswith(_POWER)]
    named = properties.network_profile.network_interfaces if properties.network_profile else []
    ordered = sorted(named, key=lambda interface: not (interface.properties and interface.properties.primary))
    return Machine(
        id=raw.id.lower(),
        name=raw.name,
        state=states[0] if states else _CREATING,
        interface_ids=tuple(interface.id.lower() for interface in ordered),
        tags=raw.tags or {},
    )
