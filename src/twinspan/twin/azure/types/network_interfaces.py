"""Microsoft.Network/networkInterfaces."""

import hashlib

from typing_extensions import override

from twinspan.twin.azure import effective
from twinspan.twin.azure.documents import JsonObject, member, objects, properties, text
from twinspan.twin.azure.errors import bad_request
from twinspan.twin.azure.operations import Asked
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.store import Resource, Store
from twinspan.twin.azure.types.application_security_groups import only_references
from twinspan.twin.azure.types.base import Action, Context, Put, ResourceType
from twinspan.twin.azure.types.interface_addresses import check_addresses, give_addresses

MACHINE = "Microsoft.Compute/virtualMachines"
_DEFAULTS: JsonObject = {
    "enableAcceleratedNetworking": False,
    "enableIPForwarding": False,
    "disableTcpStateTracking": False,
    "nicType": "Standard",
    "auxiliaryMode": "None",
    "auxiliarySku": "None",
}
_LACKING = ("gatewayLoadBalancer", "virtualNetworkTaps", "privateIPAddressPrefixLength")
_READ_ONLY: JsonObject = {
    "vnetEncryptionSupported": False,
    "defaultOutboundConnectivityEnabled": False,
}


class _NetworkInterfaces(ResourceType):
    type = "Microsoft.Network/networkInterfaces"
    model = "NetworkInterface"

    @override
    def check(self, context: Context, put: Put) -> None:
        check_interface(context, put)

    @override
    def complete(self, context: Context, put: Put) -> None:
        complete_interface(context, put)

    @override
    def decorate(self, context: Context, resource: Resource, members: JsonObject, *, listed: bool) -> None:
        decorate_interface(context, resource, members)

    @override
    def begin(self, context: Context, resource: Resource, action: Action) -> Asked | None:
        if action.name not in {effective.ROUTES, effective.GROUPS}:
            return None
        owner = machine_of(context.store, resource.id)
        return effective.ask(context, resource, owner.id if owner is not None else None, action.name)

    @override
    def refuse_delete(self, context: Context, resource: Resource) -> None:
        owner = machine_of(context.store, resource.id)
        if owner is not None:
            raise bad_request(
                "NicInUse",
                f"Network Interface {resource.id} is used by existing resource {owner.id}. In order to "
                "delete the network interface, it must be dissociated from the resource. To learn more, "
                "see aka.ms/deletenic.",
            )


def check_interface(context: Context, put: Put) -> None:
    """Refuse an interface that Azure would not make.

    Raises:
        ArmError: With the code of the broken rule.
    """
    configurations = objects(put.properties, "ipConfigurations")
    if not configurations:
        raise bad_request(
            "NetworkInterfaceMustHaveIpConfiguration",
            f"Network interface {put.id} must have one or more ipConfigurations.",
        )
    names = [(text(ip_configuration, "name") or "").lower() for ip_configuration in configurations]
    if "" in names or len(set(names)) != len(names):
        raise bad_request(
            "DuplicateResourceName",
            f"Each of the ipConfigurations of {put.id} needs a name of its own.",
        )
    for configuration in configurations:
        _check_configuration(put.id, configuration)
    first = [
        ip_configuration
        for ip_configuration in configurations
        if member(ip_configuration, "properties", "primary") is True
    ]
    if len(first) > 1 or (len(configurations) > 1 and not first):
        raise bad_request(
            "NetworkInterfaceMustHaveOnePrimaryIpConfiguration",
            f"Network interface {put.id} has several ipConfigurations; exactly one of them must be primary.",
        )
    check_addresses(context, put)


def _check_configuration(interface: ResourceId, configuration: JsonObject) -> None:
    name = text(configuration, "name")
    if text(configuration, "properties", "privateIPAddressVersion") == "IPv6":
        raise bad_request(
            "IPv6NotSupported",
            f"privateIPAddressVersion of ipConfiguration {name} of {interface} is IPv6; the twin has IPv4 "
            "only.",
        )
    if text(configuration, "properties", "subnet", "id") is None:
        raise bad_request(
            "SubnetIsRequired", f"ipConfiguration {name} of network interface {interface} names no subnet."
        )
    for lacking in _LACKING:
        if member(configuration, "properties", lacking):
            raise bad_request(
                "NotSupported",
                f"{lacking} of ipConfiguration {name} of {interface}: the twin does not have it.",
            )


def complete_interface(context: Context, put: Put) -> None:
    """Add an interface's addresses, ids and defaults."""
    members = put.properties
    for name, value in _DEFAULTS.items():
        members.setdefault(name, value)
    settings = members.setdefault("dnsSettings", {})
    if isinstance(settings, dict):
        settings.setdefault("dnsServers", [])
    configurations = objects(members, "ipConfigurations")
    for configuration in configurations:
        inner = properties(configuration)
        inner.setdefault("privateIPAllocationMethod", "Dynamic")
        inner.setdefault("privateIPAddressVersion", "IPv4")
        inner["primary"] = len(configurations) == 1 or inner.get("primary", False)
        only_references(inner, "applicationSecurityGroups")
        configuration["id"] = f"{put.id}/ipConfigurations/{text(configuration, 'name')}"
    give_addresses(context, put)


def decorate_interface(context: Context, resource: Resource, members: JsonObject) -> None:
    """Add what the service tells about an interface."""
    members.update(_READ_ONLY)
    members.setdefault("hostedWorkloads", [])
    members.setdefault("tapConfigurations", [])
    for configuration in objects(members, "ipConfigurations"):
        configuration["type"] = f"{resource.id.type}/ipConfigurations"
        properties(configuration)["provisioningState"] = "Succeeded"
    settings = members.get("dnsSettings")
    if isinstance(settings, dict):
        settings["appliedDnsServers"] = settings.get("dnsServers")
        settings["internalDomainNameSuffix"] = _suffix(resource)
    owner = machine_of(context.store, resource.id)
    if owner is not None:
        members["virtualMachine"] = {"id": str(owner.id)}
        members["primary"] = primary_of(owner) == resource.id.key
        members["macAddress"] = _hardware_address(resource)


def machine_of(store: Store, interface: ResourceId) -> Resource | None:
    """Return the virtual machine that has an interface."""
    parent = interface.parent
    if parent is not None:  # of a scale set's instance
        return store.get(parent)
    machines = store.of_type(MACHINE)
    return next((machine for machine in machines if interface.key in interfaces_of(machine)), None)


def interfaces_of(machine: Resource) -> list[str]:
    """Return the lower-case ids of a machine's interfaces, the primary one first."""
    named = objects(machine.body, "properties", "networkProfile", "networkInterfaces")
    ordered = sorted(named, key=lambda reference: member(reference, "properties", "primary") is not True)
    return [(text(reference, "id") or "").lower() for reference in ordered]


def primary_of(machine: Resource) -> str:
    """Return the lower-case id of a machine's primary interface; empty if it has none."""
    return next(iter(interfaces_of(machine)), "")


def _hardware_address(resource: Resource) -> str:
    """Return an interface's address on the link, which Azure gives it with its first machine.

    Source: IEEE, 00-0D-3A is one of Microsoft's blocks.
    """
    digits = hashlib.sha256(resource.resource_guid.encode()).hexdigest()[:6].upper()
    return "-".join(["00", "0D", "3A", digits[:2], digits[2:4], digits[4:]])


def _suffix(resource: Resource) -> str:
    """Return the domain of an interface's internal name; the part before the region is made up."""
    label = hashlib.sha256(resource.id.group_path.lower().encode()).hexdigest()[:26]
    return f"{label}.ax.internal.cloudapp.net"


NETWORK_INTERFACES = _NetworkInterfaces()
"""Source: Network Interfaces - Create Or Update (REST)."""
