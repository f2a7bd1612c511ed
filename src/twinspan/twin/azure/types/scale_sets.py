"""Microsoft.Compute/virtualMachineScaleSets of a fixed size, in the orchestration mode Uniform."""

import copy
from typing import ClassVar

from typing_extensions import override

from twinspan.network.limits import PLACEMENT_GROUP_INSTANCES
from twinspan.twin.azure.documents import Json, JsonObject, member, number, objects, properties, text, texts
from twinspan.twin.azure.errors import bad_request
from twinspan.twin.azure.operations import Outcome
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types import (
    identities,
    machine_progress,
    machine_rules,
    progress,
    scale_set_instances,
    timestamps,
)
from twinspan.twin.azure.types.base import Action, Context, Put, ResourceType
from twinspan.twin.azure.types.network_interfaces import check_interface
from twinspan.twin.azure.types.scale_set_instances import INSTANCES, INTERFACES

_POWER_OF_ALL = frozenset({"start", "poweroff", "deallocate", "restart"})
_FIXED = (
    "orchestrationMode",
    "virtualMachineProfile.osProfile.computerNamePrefix",
    "virtualMachineProfile.osProfile.adminUsername",
    "singlePlacementGroup",
    "platformFaultDomainCount",
)
_DEFAULTS: JsonObject = {
    "orchestrationMode": "Uniform",
    "singlePlacementGroup": True,
    "overprovision": True,
    "platformFaultDomainCount": 5,
}


class _ScaleSets(ResourceType):
    type = machine_progress.SCALE_SET
    model = "compute.VirtualMachineScaleSet"
    patched_later = True
    changing: ClassVar[frozenset[str]] = frozenset({*_POWER_OF_ALL, "manualupgrade", "delete"})

    @override
    def check(self, context: Context, put: Put) -> None:
        machine_progress.refuse_while_busy(context, put.id)
        identities.tidy(context.store, put.body)
        members, where = put.properties, str(put.id)
        if (text(members, "orchestrationMode") or "Uniform") != "Uniform":
            raise bad_request(
                "NotSupported",
                f"orchestrationMode of {where}: the twin has Uniform alone; make virtual machines for "
                "Flexible.",
            )
        _check_size(put)
        profile = members.get("virtualMachineProfile")
        if not isinstance(profile, dict):
            raise bad_request(
                "InvalidParameter",
                f"Required parameter 'virtualMachineProfile' of {where} is missing (null).",
            )
        if put.existing is not None:
            machine_rules.check_unchanged(properties(put.existing.body), members, *_FIXED)
        _check_profile(context, put, profile)

    @override
    def complete(self, context: Context, put: Put) -> None:
        members = put.properties
        machine_rules.without_empty(members)
        for name, value in _DEFAULTS.items():
            members.setdefault(name, value)
        policy = members.setdefault("upgradePolicy", {})
        if isinstance(policy, dict):
            policy.setdefault("mode", "Manual")
        before = put.existing.body if put.existing is not None else None
        members["timeCreated"] = text(before, "properties", "timeCreated") or timestamps.now()
        sku = put.body["sku"]
        if isinstance(sku, dict):
            sku.setdefault("tier", "Standard")
            sku.setdefault("capacity", number(before, "sku", "capacity") or 0)
        profile = members["virtualMachineProfile"]
        if isinstance(profile, dict):
            _complete_profile(profile)
        profiles = [member(body, "properties", "virtualMachineProfile") for body in (before, put.body)]
        sizes = [text(body, "sku", "name") for body in (before, put.body)]
        changed = profiles[0] != profiles[1] or sizes[0] != sizes[1]
        scale_set_instances.follow(context, put, changed=changed)
        if before is None:
            progress.begin(context, put.id, progress.CREATING)
        elif number(before, "sku", "capacity") != number(put.body, "sku", "capacity"):
            progress.begin(context, put.id, progress.UPDATING)

    @override
    def patch(self, context: Context, resource: Resource, body: JsonObject) -> None:
        merged = {name: machine_rules.merged(resource.body.get(name), value) for name, value in body.items()}
        merged = {**copy.deepcopy(resource.body), **merged, "location": resource.body["location"]}
        if "tags" in body:
            merged["tags"] = body["tags"]
        put = Put(id=resource.id, body=self.clean(merged), existing=resource)
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
        members["uniqueId"] = resource.resource_guid
        members["provisioningState"] = progress.state_of(context, resource.id)
        profile = members.get("virtualMachineProfile")
        if isinstance(profile, dict):
            profile.pop("userData", None)
        return document

    @override
    def expand(self, context: Context, resource: Resource, document: JsonObject, what: str) -> None:
        data = text(resource.body, "properties", "virtualMachineProfile", "userData")
        profile = member(document, "properties", "virtualMachineProfile")
        if what.lower() == "userdata" and data is not None and isinstance(profile, dict):
            profile["userData"] = data

    @override
    def view(self, context: Context, resource: Resource, name: str) -> Json:
        instances = scale_set_instances.of(context, resource.id)
        match name:
            case "instanceview":
                return _instance_view(context, resource.id, instances)
            case "networkinterfaces":
                rows = [
                    INTERFACES.render(context, interface)
                    for instance in instances
                    for interface in context.store.children(instance.id, "networkInterfaces")
                ]
                return {"value": list(rows)}
            case _:
                return None

    @override
    def delete(self, context: Context, resource: Resource) -> None:
        progress.begin(context, resource.id, progress.DELETING)
        for instance in scale_set_instances.of(context, resource.id):
            progress.begin(context, instance.id, progress.DELETING)

    @override
    def outcome(self, context: Context, resource_id: ResourceId) -> Outcome | None:
        return progress.outcome(context, resource_id, code=machine_progress.FAILURE)

    @override
    def act(self, context: Context, resource: Resource, action: Action) -> Json:
        if action.name not in self.changing:
            return super().act(context, resource, action)
        machine_progress.refuse_while_busy(context, resource.id)
        chosen = _chosen(context, resource, action)
        if action.name == "manualupgrade":
            scale_set_instances.upgrade(context, resource, chosen)
        elif action.name == "delete":
            for instance in chosen:
                progress.begin(context, instance.id, progress.DELETING)
            left = len(scale_set_instances.of(context, resource.id)) - len(chosen)
            scale_set_instances.set_capacity(context, resource, left)
        else:
            for instance in chosen:
                INSTANCES.act(context, instance, action)
        progress.begin(context, resource.id, progress.UPDATING)
        return None


def _chosen(context: Context, resource: Resource, action: Action) -> list[Resource]:
    """Return the instances that an action is for: those that its body names, or all.

    Raises:
        ArmError: There is no such instance.
    """
    every = scale_set_instances.of(context, resource.id)
    named = texts(action.body, "instanceIds")
    if not named or named == ["*"]:
        return every
    by_name = {instance.id.name: instance for instance in every}
    unknown = [name for name in named if name not in by_name]
    if unknown:
        raise bad_request(
            "InvalidParameter",
            f"The provided instanceId {unknown[0]} is not an active Virtual Machine Scale Set VM instanceId.",
        )
    return [by_name[name] for name in named]


def _check_size(put: Put) -> None:
    machine_rules.check_size(text(put.body, "sku", "name"), where=f"sku.name of {put.id}")
    capacity = number(put.body, "sku", "capacity")
    if capacity is not None and not 0 <= capacity <= PLACEMENT_GROUP_INSTANCES:
        raise bad_request(
            "InvalidParameter",
            f"The value of parameter sku.capacity of {put.id} is {capacity}; it must be between 0 and "
            f"{PLACEMENT_GROUP_INSTANCES}.",
        )


def _check_profile(context: Context, put: Put, profile: JsonObject) -> None:
    """Refuse a profile of which no instance can be made."""
    where = f"virtualMachineProfile of {put.id}"
    if objects(profile, "extensionProfile", "extensions"):
        raise bad_request(
            "NotSupported", f"extensionProfile.extensions of {where}: the twin has no extensions."
        )
    storage, system = profile.get("storageProfile"), profile.get("osProfile")
    if not isinstance(storage, dict) or (put.existing is None and not isinstance(system, dict)):
        raise bad_request(
            "InvalidParameter",
            f"Required parameter 'storageProfile' or 'osProfile' of {where} is missing (null).",
        )
    image = machine_rules.image_of(storage, where=where)
    if image is None:
        raise bad_request(
            "InvalidParameter", f"Required parameter 'imageReference' of {where} is missing (null)."
        )
    if put.existing is None and isinstance(system, dict):
        prefix = text(system, "computerNamePrefix") or put.id.name
        machine_rules.check_system(system, image.system, name=f"{prefix}000000", where=where)
    configurations = objects(profile, "networkProfile", "networkInterfaceConfigurations")
    if not configurations:
        raise bad_request(
            "InvalidParameter",
            f"Required parameter 'networkInterfaceConfigurations' of {where} is missing (null).",
        )
    primary = [
        interface_configuration
        for interface_configuration in configurations
        if member(interface_configuration, "properties", "primary") is True
    ]
    if len(primary) > 1 or (len(configurations) > 1 and not primary):
        raise bad_request(
            "VirtualMachineScaleSetMustHaveOneNetworkInterfaceAsPrimary",
            f"networkInterfaceConfigurations of {where}: exactly one of them must be primary.",
        )
    for configuration in configurations:
        name = text(configuration, "name") or ""
        identity = put.id.child("virtualMachines", "0").child("networkInterfaces", name)
        body = scale_set_instances.interface_body(configuration, put.body)
        check_interface(context, Put(id=identity, body=body, existing=None))


def _complete_profile(profile: JsonObject) -> None:
    system = profile.get("osProfile")
    if isinstance(system, dict):
        system.setdefault("secrets", [])
        system.setdefault("allowExtensionOperations", True)
        system.setdefault("requireGuestProvisionSignal", True)
        for name in machine_rules.SECRETS:
            system.pop(name, None)
    storage = profile.get("storageProfile")
    disk = storage.get("osDisk") if isinstance(storage, dict) else None
    image = machine_rules.image_of(storage, where="") if isinstance(storage, dict) else None
    if isinstance(disk, dict) and image is not None:
        disk.setdefault("osType", image.system)
        disk.setdefault("diskSizeGB", image.disk_gb)
        disk.setdefault("caching", "None")
        managed = disk.setdefault("managedDisk", {})
        if isinstance(managed, dict):
            managed.setdefault("storageAccountType", "Standard_LRS")


def _instance_view(context: Context, scale_set: ResourceId, instances: list[Resource]) -> JsonObject:
    """Return how many instances are in which state. Source: ARM, VirtualMachineScaleSetInstanceView."""
    counts: dict[str, int] = {}
    for instance in instances:
        for status in machine_progress.statuses(context, instance.id):
            code = str(status["code"])
            counts[code] = counts.get(code, 0) + 1
    state = progress.state_of(context, scale_set)
    return {
        "virtualMachine": {
            "statusesSummary": [{"code": code, "count": count} for code, count in counts.items()]
        },
        "statuses": [
            {
                "code": f"ProvisioningState/{state.lower()}",
                "level": "Info",
                "displayStatus": "Provisioning succeeded" if state == progress.SUCCEEDED else state,
            }
        ],
    }


SCALE_SETS = _ScaleSets()
"""Source: Virtual Machine Scale Sets - Create Or Update, Update, Get Instance View, Power Off (REST)."""
