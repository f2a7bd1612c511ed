"""Microsoft.Compute/virtualMachines."""

import copy
from typing import ClassVar

from typing_extensions import override

from twinspan.twin.azure import machine_sizes, run_commands
from twinspan.twin.azure.documents import Json, JsonObject, member, objects, properties, text
from twinspan.twin.azure.errors import ArmError, bad_request
from twinspan.twin.azure.operations import Asked, Outcome
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types import (
    identities,
    machine_disks,
    machine_progress,
    machine_rules,
    progress,
    timestamps,
)
from twinspan.twin.azure.types.base import Action, Context, Put, ResourceType
from twinspan.twin.azure.types.machine_progress import DEALLOCATED, RUNNING, STOPPED
from twinspan.twin.azure.types.network_interfaces import NETWORK_INTERFACES, interfaces_of, machine_of

_FIXED = (
    "osProfile.adminUsername",
    "osProfile.computerName",
    "osProfile.linuxConfiguration.ssh",
    "osProfile.linuxConfiguration.disablePasswordAuthentication",
    "storageProfile.imageReference.publisher",
    "storageProfile.imageReference.offer",
    "storageProfile.imageReference.sku",
    "storageProfile.osDisk.name",
    "availabilitySet",
)
"""Source: azurerm, arguments that force a new machine; ARM answers PropertyChangeNotAllowed."""
_POWER = {"start": RUNNING, "poweroff": STOPPED, "deallocate": DEALLOCATED}
_PROFILES = ("hardwareProfile", "storageProfile", "osProfile", "networkProfile")


class _VirtualMachines(ResourceType):
    type = machine_progress.MACHINE
    model = "compute.VirtualMachine"
    patched_later = True
    changing: ClassVar[frozenset[str]] = frozenset({*_POWER, "restart", "reapply"})

    @override
    def check(self, context: Context, put: Put) -> None:
        machine_progress.refuse_while_busy(context, put.id)
        identities.tidy(context.store, put.body)
        where = str(put.id)
        size = text(put.properties, "hardwareProfile", "vmSize")
        if put.existing is None:
            machine_rules.check_size(size, where=where)
            _check_new(put)
        else:
            before = properties(put.existing.body)
            machine_rules.check_unchanged(before, put.properties, *_FIXED)
            _keep(before, put.properties)
            machine_rules.check_size(text(put.properties, "hardwareProfile", "vmSize"), where=where)
        _check_interfaces(context, put)

    @override
    def complete(self, context: Context, put: Put) -> None:
        members = put.properties
        machine_rules.without_empty(members)
        storage, profile = members["storageProfile"], members.get("osProfile")
        if isinstance(profile, dict):
            profile.setdefault("computerName", put.id.name)
            profile.setdefault("secrets", [])
            profile.setdefault("allowExtensionOperations", True)
            profile.setdefault("requireGuestProvisionSignal", True)
            for name in machine_rules.SECRETS:
                profile.pop(name, None)
        if put.existing is None:
            members["timeCreated"] = timestamps.now()
        if isinstance(storage, dict):
            for disk in _complete_storage(context, put, storage):
                context.store.add(disk)
        if put.existing is None:
            progress.begin(context, put.id, progress.CREATING)

    @override
    def patch(self, context: Context, resource: Resource, body: JsonObject) -> None:
        merged = {name: machine_rules.merged(resource.body.get(name), value) for name, value in body.items()}
        merged = {**copy.deepcopy(resource.body), **merged, "location": resource.body["location"]}
        if "tags" in body:
            merged["tags"] = body["tags"]
        put = Put(id=resource.id, body=self.clean(merged), existing=resource)
        put.properties["timeCreated"] = properties(resource.body)["timeCreated"]
        self.check(context, put)
        self.complete(context, put)
        resource.body = put.body

    @override
    def render(self, context: Context, resource: Resource, *, listed: bool = False) -> JsonObject:
        document: JsonObject = {
            "id": str(resource.id),
            "name": resource.id.name,
            "type": resource.id.type,
            "etag": resource.etag.removeprefix("W/"),
            **copy.deepcopy(resource.body),
        }
        identities.add_principals(context.store, document, tenant_id=context.tenant_id)
        members = properties(document)
        members.pop("userData", None)
        members["vmId"] = resource.resource_guid
        members["provisioningState"] = progress.state_of(context, resource.id)
        return document

    @override
    def expand(self, context: Context, resource: Resource, document: JsonObject, what: str) -> None:
        members = properties(document)
        if what.lower() == "userdata" and "userData" in properties(resource.body):
            members["userData"] = properties(resource.body)["userData"]
        elif what.lower() == "instanceview":
            members["instanceView"] = instance_view(context, resource)

    @override
    def view(self, context: Context, resource: Resource, name: str) -> Json:
        match name:
            case "instanceview":
                return instance_view(context, resource)
            case "vmsizes":
                return machine_sizes.listed()
            case _:
                return None

    @override
    def delete(self, context: Context, resource: Resource) -> None:
        progress.begin(context, resource.id, progress.DELETING)

    @override
    def outcome(self, context: Context, resource_id: ResourceId) -> Outcome | None:
        return progress.outcome(context, resource_id, code=machine_progress.FAILURE)

    @override
    def begin(self, context: Context, resource: Resource, action: Action) -> Asked | None:
        return run_commands.run(context, resource, action.body) if action.name == "runcommand" else None

    @override
    def act(self, context: Context, resource: Resource, action: Action) -> Json:
        if action.name == "reapply" or act_on_machine(context, resource.id, action.name):
            return None
        return super().act(context, resource, action)


def act_on_machine(context: Context, machine: ResourceId, name: str) -> bool:
    """Start, stop or restart a machine; return whether that is what the action does.

    Raises:
        ArmError: Something else is being done with it, or it does not run.
    """
    if name in _POWER:
        machine_progress.refuse_while_busy(context, machine)
        machine_progress.set_power(context, machine, _POWER[name])
    elif name == "restart":
        machine_progress.refuse_while_busy(context, machine)
        machine_progress.refuse_unless_running(context, machine)
        machine_progress.restart(context, machine)
    return name in {*_POWER, "restart"}


def _check_new(put: Put) -> None:
    """Refuse a new machine's operating system and disks."""
    storage, where = put.properties.get("storageProfile"), str(put.id)
    if not isinstance(storage, dict):
        raise bad_request(
            "InvalidParameter", f"Required parameter 'storageProfile' of {where} is missing (null)."
        )
    image = machine_rules.image_of(storage, where=where)
    profile = put.properties.get("osProfile")
    if image is None:
        if profile is not None:
            raise bad_request(
                "InvalidParameter", f"Parameter 'osProfile' is not allowed: {where} is made of a disk."
            )
        return
    if not isinstance(profile, dict):
        raise bad_request("InvalidParameter", f"Required parameter 'osProfile' of {where} is missing (null).")
    name = text(profile, "computerName") or put.id.name
    machine_rules.check_system(profile, image.system, name=name, where=where)


def _keep(before: JsonObject, after: JsonObject) -> None:
    """Take what a PUT leaves out of a machine's profiles as it is."""
    for name in (*_PROFILES, "timeCreated"):
        after[name] = machine_rules.merged(before.get(name), after.get(name))


def _check_interfaces(context: Context, put: Put) -> None:
    """Refuse interfaces that are not there, are another machine's, or do not fit together."""
    if member(put.properties, "networkProfile", "networkInterfaceConfigurations"):
        raise bad_request(
            "NotSupported",
            f"networkInterfaceConfigurations of {put.id}: make the interfaces first, and name them in "
            "networkInterfaces.",
        )
    named = objects(put.properties, "networkProfile", "networkInterfaces")
    if not named:
        raise bad_request(
            "InvalidParameter", f"Required parameter 'networkInterfaces' of {put.id} is missing (null)."
        )
    interfaces = [_interface(context, put, text(reference, "id") or "") for reference in named]
    primary = [reference for reference in named if member(reference, "properties", "primary") is True]
    if len(primary) > 1 or (len(named) > 1 and not primary):
        raise bad_request(
            "VirtualMachineMustHaveOneNetworkInterfaceAsPrimary",
            f"Virtual machine {put.id} has several networkInterfaces; exactly one of them must be primary.",
        )
    size = machine_sizes.find(text(put.properties, "hardwareProfile", "vmSize") or "")
    if size is not None and len(named) > size.interfaces:
        raise bad_request(
            "NetworkInterfaceCountExceeded",
            f"The number of network interfaces (networkInterfaces) for virtual machine {put.id} exceeds the "
            f"maximum allowed for its size: {len(named)}, {size.interfaces}.",
        )
    networks = {vnet_of(interface) for interface in interfaces}
    if len(networks) > 1:
        raise bad_request(
            "NetworkInterfacesMustBeInSameVirtualNetwork",
            f"The networkInterfaces of {put.id} are in different virtual networks: "
            f"{', '.join(sorted(networks))}.",
        )
    _check_attachment(context, put, {interface.id.key for interface in interfaces})


def _interface(context: Context, put: Put, identity: str) -> Resource:
    interface = context.store.get(identity)
    if (
        interface is None
        or interface.id.type != NETWORK_INTERFACES.type
        or interface.body["location"] != put.body["location"]
    ):
        raise bad_request(
            "InvalidResourceReference",
            f"Resource {identity} referenced by resource {put.id} was not found. Please make sure that the "
            "referenced resource exists, and that both resources are in the same region.",
        )
    owner = machine_of(context.store, interface.id)
    if owner is not None and owner.id.key != put.id.key:
        raise bad_request("NicInUse", f"Network Interface {interface.id} is used by existing VM {owner.id}.")
    return interface


def _check_attachment(context: Context, put: Put, named: set[str]) -> None:
    """Refuse other interfaces for a machine that runs.

    Source: hashicorp/terraform-provider-azurerm, reports of that code.
    """
    if put.existing is None or set(interfaces_of(put.existing)) == named:
        return
    if machine_progress.power_of(context, put.id) != DEALLOCATED:
        raise ArmError(
            409,
            "AddingOrDeletingNetworkInterfacesOnARunningVirtualMachineNotSupported",
            "Secondary network interfaces (networkInterfaces) cannot be added or deleted from a running "
            "virtual "
            f"machine '{put.id.name}'.",
        )


def vnet_of(interface: Resource) -> str:
    """Return the lower-case id of the virtual network that an interface is in."""
    configurations = objects(interface.body, "properties", "ipConfigurations")
    subnet = text(configurations[0], "properties", "subnet", "id") if configurations else None
    return (subnet or "").lower().rpartition("/subnets/")[0]


def _complete_storage(context: Context, put: Put, storage: JsonObject) -> list[Resource]:
    """Return the disks of a new machine, or those that are added to one that is there."""
    made = []
    system = storage.setdefault("osDisk", {})
    if put.existing is None and isinstance(system, dict):
        image = machine_rules.image_of(storage, where=str(put.id))
        reference = storage.get("imageReference")
        if image is not None:
            system["osType"] = image.system
            if isinstance(reference, dict):
                reference["exactVersion"] = (
                    image.version if text(reference, "version") == "latest" else text(reference, "version")
                )
        system.setdefault("caching", "None")
        system.setdefault("deleteOption", "Detach")
        made.append(machine_disks.new_disk(context, put.id, system, image=image, body=put.body))
    for disk in objects(storage.setdefault("dataDisks", [])):
        disk.setdefault("deleteOption", "Detach")
        made.append(machine_disks.new_disk(context, put.id, disk, image=None, body=put.body))
    return [disk for disk in made if disk is not None]


def instance_view(context: Context, machine: Resource) -> JsonObject:
    """Return what is known of a machine now. Source: ARM, VirtualMachineInstanceView."""
    view: JsonObject = {
        "statuses": list(machine_progress.statuses(context, machine.id)),
        "hyperVGeneration": "V2",
        "disks": [
            {
                "name": text(disk, "name"),
                "statuses": [{"code": "ProvisioningState/succeeded", "level": "Info"}],
            }
            for _, disk in machine_disks.disks_of(machine)
        ],
    }
    if machine_progress.power_of(context, machine.id) == RUNNING:
        view["computerName"] = text(machine.body, "properties", "osProfile", "computerName")
        view["vmAgent"] = {
            "vmAgentVersion": "2.14.0.1",
            "statuses": [{"code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Ready"}],
        }
    return view


VIRTUAL_MACHINES = _VirtualMachines()
"""Source: Virtual Machines - Create Or Update, Update, Get, Instance View, Start, Power Off, Deallocate,
Restart, Run Command (REST)."""
