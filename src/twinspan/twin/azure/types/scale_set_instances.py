"""Microsoft.Compute/virtualMachineScaleSets/virtualMachines and their network interfaces.

The scale set makes them; a request can read, start, stop and delete them.
"""

import copy
from typing import ClassVar

from typing_extensions import override

from twinspan.twin.azure import run_commands
from twinspan.twin.azure.documents import Json, JsonObject, member, number, objects, properties, text
from twinspan.twin.azure.operations import Asked, Outcome
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types import machine_disks, machine_progress, machine_rules, progress
from twinspan.twin.azure.types.base import Action, Context, Put, ResourceType
from twinspan.twin.azure.types.interface_addresses import check_room
from twinspan.twin.azure.types.network_interfaces import complete_interface, decorate_interface
from twinspan.twin.azure.types.virtual_machines import act_on_machine, instance_view

_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_COMPUTER_DIGITS = 6
"""Source: Azure, "Learn about virtual machine scale set instance names": six characters, base 36."""
_OF_INTERFACE = (
    "enableAcceleratedNetworking",
    "enableIPForwarding",
    "disableTcpStateTracking",
    "networkSecurityGroup",
    "dnsSettings",
    "auxiliaryMode",
    "auxiliarySku",
)
_OF_CONFIGURATION = ("subnet", "primary", "privateIPAddressVersion", "applicationSecurityGroups")
_NOT_OURS = (
    "publicIPAddressConfiguration",
    "loadBalancerBackendAddressPools",
    "loadBalancerInboundNatPools",
    "applicationGatewayBackendAddressPools",
)


class _Instances(ResourceType):
    type = machine_progress.INSTANCE
    model = "compute.VirtualMachineScaleSetVM"
    made_by_service = True
    changing: ClassVar[frozenset[str]] = frozenset({"start", "poweroff", "deallocate", "restart"})

    @override
    def render(self, context: Context, resource: Resource, *, listed: bool = False) -> JsonObject:
        document: JsonObject = {
            "id": str(resource.id),
            "name": "_".join(resource.id.names),
            "instanceId": resource.id.name,
            "type": resource.id.type,
            "etag": resource.etag.removeprefix("W/"),
            **copy.deepcopy(resource.body),
        }
        members = properties(document)
        members["vmId"] = resource.resource_guid
        members["provisioningState"] = progress.state_of(context, resource.id)
        return document

    @override
    def expand(self, context: Context, resource: Resource, document: JsonObject, what: str) -> None:
        if what.lower() == "instanceview":
            properties(document)["instanceView"] = instance_view(context, resource)

    @override
    def view(self, context: Context, resource: Resource, name: str) -> Json:
        return instance_view(context, resource) if name == "instanceview" else None

    @override
    def delete(self, context: Context, resource: Resource) -> None:
        scale_set = context.store.get(resource.id.parent) if resource.id.parent is not None else None
        progress.begin(context, resource.id, progress.DELETING)
        if scale_set is not None:
            set_capacity(context, scale_set, len(of(context, scale_set.id)))

    @override
    def outcome(self, context: Context, resource_id: ResourceId) -> Outcome | None:
        return progress.outcome(context, resource_id, code=machine_progress.FAILURE)

    @override
    def begin(self, context: Context, resource: Resource, action: Action) -> Asked | None:
        return run_commands.run(context, resource, action.body) if action.name == "runcommand" else None

    @override
    def act(self, context: Context, resource: Resource, action: Action) -> Json:
        if not act_on_machine(context, resource.id, action.name):
            return super().act(context, resource, action)
        return None


class _Interfaces(ResourceType):
    type = f"{machine_progress.INSTANCE}/networkInterfaces"
    model = "NetworkInterface"
    made_by_service = True

    @override
    def decorate(self, context: Context, resource: Resource, members: JsonObject, *, listed: bool) -> None:
        decorate_interface(context, resource, members)


def of(context: Context, scale_set: ResourceId) -> list[Resource]:
    """Return the instances of a scale set that are not being deleted, in order of their numbers."""
    instances = [
        instance
        for instance in context.store.children(scale_set, "virtualMachines")
        if progress.state_of(context, instance.id) != progress.DELETING
    ]
    return sorted(instances, key=lambda instance: int(instance.id.name))


def set_capacity(context: Context, scale_set: Resource, capacity: int) -> None:
    """Note how many instances a scale set has now."""
    sku = scale_set.body["sku"]
    if isinstance(sku, dict):
        sku["capacity"] = capacity
    context.store.touch(scale_set)


def follow(context: Context, put: Put, *, changed: bool) -> None:
    """Make and delete instances until there are as many as a scale set says; change them if it says so.

    Args:
        context: Where they are kept.
        put: The scale set, complete.
        changed: Whether its instances are to be something else than before.

    Raises:
        ArmError: A subnet has no room for them.
    """
    instances = of(context, put.id)
    capacity = number(put.body, "sku", "capacity") or 0
    _check_room(context, put, capacity - len(instances))
    for instance in instances[capacity:]:
        progress.begin(context, instance.id, progress.DELETING)
    for instance in instances[:capacity] if changed else ():
        properties(instance.body)["latestModelApplied"] = False
        if text(put.properties, "upgradePolicy", "mode") != "Manual":
            _apply(context, instance, put)
    numbers = [int(child.id.name) for child in context.store.children(put.id, "virtualMachines")]
    first = max(numbers, default=-1) + 1
    for instance_number in range(first, first + capacity - len(instances)):
        _make(context, put, instance_number)


def _check_room(context: Context, put: Put, more: int) -> None:
    """Refuse more instances than there are addresses for.

    Raises:
        ArmError: `SubnetIsFull`.
    """
    needed: dict[str, int] = {}
    for configuration in _configurations(put):
        for part in objects(configuration, "properties", "ipConfigurations"):
            subnet = text(part, "properties", "subnet", "id") or ""
            needed[subnet] = needed.get(subnet, 0) + max(more, 0)
    for subnet, count in needed.items():
        check_room(context, subnet, count)


def _configurations(put: Put) -> list[JsonObject]:
    return objects(
        put.properties, "virtualMachineProfile", "networkProfile", "networkInterfaceConfigurations"
    )


def upgrade(context: Context, scale_set: Resource, instances: list[Resource]) -> None:
    """Change instances to what their scale set says now."""
    put = Put(id=scale_set.id, body=scale_set.body, existing=scale_set)
    for instance in instances:
        _apply(context, instance, put)


def _make(context: Context, put: Put, instance_number: int) -> None:
    profile = member(put.body, "properties", "virtualMachineProfile")
    identity = put.id.child("virtualMachines", str(instance_number))
    storage = copy.deepcopy(member(profile, "storageProfile"))
    system = copy.deepcopy(member(profile, "osProfile"))
    body: JsonObject = {"location": put.body["location"], "sku": _sku(put), "properties": {}}
    for name in ("tags", "zones"):
        if name in put.body:
            body[name] = copy.deepcopy(put.body[name])
    if isinstance(system, dict):
        prefix = system.pop("computerNamePrefix", put.id.name)
        system["computerName"] = f"{prefix}{_base36(instance_number)}"
    if isinstance(storage, dict):
        disk = storage["osDisk"]
        if isinstance(disk, dict):
            disk["deleteOption"] = "Delete"
            image = machine_rules.image_of(storage, where=str(identity))
            made = machine_disks.new_disk(context, identity, disk, image=image, body=put.body)
            if made is not None:
                context.store.add(made)
    properties(body).update(
        {
            "hardwareProfile": {"vmSize": text(put.body, "sku", "name")},
            "storageProfile": storage,
            "osProfile": system,
            "modelDefinitionApplied": "VirtualMachineScaleSet",
        }
    )
    instance = Resource(id=identity, body=body)
    context.store.add(instance)
    _apply(context, instance, put)
    progress.begin(context, identity, progress.CREATING)


def _sku(put: Put) -> JsonObject:
    return {"name": text(put.body, "sku", "name"), "tier": text(put.body, "sku", "tier")}


def _base36(value: int) -> str:
    digits = ""
    for _ in range(_COMPUTER_DIGITS):
        value, digit = divmod(value, len(_LETTERS))
        digits = _LETTERS[digit] + digits
    return digits


def _apply(context: Context, instance: Resource, put: Put) -> None:
    """Give an instance the interfaces of its scale set; those of the same name keep their addresses."""
    store = context.store
    configurations = _configurations(put)
    named: list[Json] = []
    for configuration in configurations:
        identity = instance.id.child("networkInterfaces", text(configuration, "name") or "")
        existing = store.get(identity)
        made = Put(id=identity, body=interface_body(configuration, put.body), existing=existing)
        complete_interface(context, made)
        if existing is None:
            store.add(Resource(id=identity, body=made.body))
        else:
            existing.body = made.body
            store.touch(existing)
        primary = len(configurations) == 1 or member(configuration, "properties", "primary") is True
        named.append({"id": str(identity), "properties": {"primary": primary}})
    keys = {str(member(reference, "id")).lower() for reference in named}
    for stale in store.children(instance.id, "networkInterfaces"):
        if stale.id.key not in keys:
            store.remove(stale.id)
    properties(instance.body)["networkProfile"] = {"networkInterfaces": named}
    properties(instance.body)["latestModelApplied"] = True
    instance.body["sku"] = _sku(put)
    properties(instance.body)["hardwareProfile"] = {"vmSize": text(put.body, "sku", "name")}
    store.touch(instance)


def interface_body(configuration: JsonObject, scale_set: JsonObject) -> JsonObject:
    """Return an instance's interface as a body for `network_interfaces`.

    Args:
        configuration: One of `networkInterfaceConfigurations`.
        scale_set: The scale set's body.

    Raises:
        ArmError: It asks for something that the twin does not have.
    """
    settings = properties(configuration)
    inner: JsonObject = {name: copy.deepcopy(settings[name]) for name in _OF_INTERFACE if name in settings}
    parts: list[Json] = []
    for part in objects(settings, "ipConfigurations"):
        where = f"ipConfigurations {text(part, 'name')} of {text(configuration, 'name')}"
        machine_rules.refuse_members(properties(part), _NOT_OURS, where=where)
        members = {name: copy.deepcopy(value) for name, value in properties(part).items()}
        kept: JsonObject = {name: members[name] for name in _OF_CONFIGURATION if name in members}
        parts.append({"name": text(part, "name"), "properties": kept})
    inner["ipConfigurations"] = parts
    return {"location": scale_set["location"], "properties": inner}


INSTANCES = _Instances()
"""Source: Virtual Machine Scale Set VMs - Get, List, Run Command, Power Off (REST)."""
INTERFACES = _Interfaces()
"""Source: Network Interfaces - List Virtual Machine Scale Set Network Interfaces (REST)."""
