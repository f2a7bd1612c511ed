"""Microsoft.Compute/disks: those of machines' operating systems and data. Nothing is stored on them."""

import secrets
from collections.abc import Iterator

from typing_extensions import override

from twinspan.twin.azure.documents import JsonObject, number, objects, properties, text
from twinspan.twin.azure.errors import ArmError, bad_request
from twinspan.twin.azure.images import Image
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types import timestamps
from twinspan.twin.azure.types.base import Context, Put, ResourceType

_DISK = "Microsoft.Compute/disks"
_FREE, _ATTACHED = "Unattached", "Attached"
_SKU = "Standard_LRS"
_TIERS = ("Standard_LRS", "StandardSSD_LRS", "StandardSSD_ZRS", "Premium_LRS", "Premium_ZRS")
_GB = 1024**3


class _Disks(ResourceType):
    type = _DISK
    model = "compute.Disk"
    at_once = True
    created = 200

    @override
    def check(self, context: Context, put: Put) -> None:
        option = text(put.properties, "creationData", "createOption")
        if put.existing is None and option != "Empty":
            raise bad_request(
                "NotSupported",
                f"Disk {put.id} has the createOption {option}; the twin makes disks that are Empty, and "
                "those "
                "of machines.",
            )
        if number(put.properties, "diskSizeGB") is None and put.existing is None:
            raise bad_request(
                "InvalidParameter", f"Disk {put.id}: required parameter 'diskSizeGB' is missing (null)."
            )
        before = number(put.existing.body, "properties", "diskSizeGB") if put.existing is not None else None
        if before is not None and (number(put.properties, "diskSizeGB") or before) < before:
            raise ArmError(
                409, "OperationNotAllowed", f"diskSizeGB of {put.id} is {before}; it cannot shrink."
            )

    @override
    def complete(self, context: Context, put: Put) -> None:
        members = put.properties
        if put.existing is not None:
            for name in ("creationData", "diskSizeGB", "osType", "hyperVGeneration", "timeCreated"):
                members[name] = properties(put.existing.body).get(name, members.get(name))
        members.setdefault("timeCreated", timestamps.now())
        put.body.setdefault("sku", {"name": _SKU})

    @override
    def patch(self, context: Context, resource: Resource, body: JsonObject) -> None:
        cleaned = self.clean({**body, "location": text(resource.body, "location")})
        cleaned.pop("location")
        inner = properties(cleaned)
        inner.setdefault("creationData", properties(resource.body)["creationData"])
        properties(resource.body).update(inner)
        cleaned.pop("properties")
        resource.body.update(cleaned)

    @override
    def clean(self, body: JsonObject) -> JsonObject:
        inner = body.get("properties")
        if isinstance(inner, dict):
            inner.setdefault("creationData", {"createOption": "Empty"})
        return super().clean(body)

    @override
    def decorate(self, context: Context, resource: Resource, members: JsonObject, *, listed: bool) -> None:
        size = number(members, "diskSizeGB") or 0
        members.update(
            {
                "diskSizeBytes": size * _GB,
                "uniqueId": resource.resource_guid,
                "diskState": _ATTACHED if holder_of(context, resource.id) else _FREE,
            }
        )
        members.setdefault("encryption", {"type": "EncryptionAtRestWithPlatformKey"})
        members.setdefault("networkAccessPolicy", "AllowAll")
        members.setdefault("publicNetworkAccess", "Enabled")
        members.pop("resourceGuid", None)

    @override
    def render(self, context: Context, resource: Resource, *, listed: bool = False) -> JsonObject:
        document = super().render(context, resource, listed=listed)
        holder = holder_of(context, resource.id)
        if holder is not None:
            document["managedBy"] = str(holder.id)
        sku = document.get("sku")
        if isinstance(sku, dict):
            sku["tier"] = (text(sku, "name") or _SKU).partition("_")[0].removesuffix("SSD")
        return document

    @override
    def refuse_delete(self, context: Context, resource: Resource) -> None:
        holder = holder_of(context, resource.id)
        if holder is not None:
            raise ArmError(
                409,
                "OperationNotAllowed",
                f"Disk {resource.id.name} is attached to VM {holder.id}.",
            )


def holder_of(context: Context, disk: ResourceId) -> Resource | None:
    """Return the machine that has a disk."""
    for kind in (
        "Microsoft.Compute/virtualMachines",
        "Microsoft.Compute/virtualMachineScaleSets/virtualMachines",
    ):
        for machine in context.store.of_type(kind):
            if disk.key in {key for key, _ in disks_of(machine)}:
                return machine
    return None


def disks_of(machine: Resource) -> Iterator[tuple[str, JsonObject]]:
    """Yield the lower-case id of each disk of a machine, with what its storage profile says of it."""
    profile = properties(machine.body).get("storageProfile")
    system = profile.get("osDisk") if isinstance(profile, dict) else None
    for disk in [*([system] if isinstance(system, dict) else []), *objects(profile, "dataDisks")]:
        identity = text(disk, "managedDisk", "id")
        if identity is not None:
            yield identity.lower(), disk


def new_disk(
    context: Context, machine: ResourceId, disk: JsonObject, *, image: Image | None, body: JsonObject
) -> Resource | None:
    """Return the disk that a new machine's storage profile describes, to be kept; None: it names one.

    Args:
        context: Where disks are kept.
        machine: Whose it is.
        disk: The profile's `osDisk`, or one of its `dataDisks`; gets the name and id.
        image: What is on it; None: nothing.
        body: The machine's, which the disk has its region and zones of.

    Raises:
        ArmError: There is a disk of that name.
    """
    managed = disk.setdefault("managedDisk", {})
    if not isinstance(managed, dict):
        raise bad_request("InvalidParameter", "managedDisk is no object")
    if text(managed, "id") is not None:
        existing_disk = context.store.get(text(managed, "id") or "")
        if existing_disk is not None:
            disk.setdefault("name", existing_disk.id.name)
            managed.setdefault("storageAccountType", text(existing_disk.body, "sku", "name"))
            disk.setdefault("diskSizeGB", number(existing_disk.body, "properties", "diskSizeGB"))
        return None
    kind = "OsDisk_1" if image is not None else f"disk{number(disk, 'lun') or 0}"
    name = disk.setdefault("name", f"{machine.names[0]}_{kind}_{secrets.token_hex(16)}")
    sku = managed.setdefault("storageAccountType", _SKU)
    size = disk.setdefault("diskSizeGB", image.disk_gb if image is not None else 1)
    made = ResourceId(
        subscription_id=machine.subscription_id,
        resource_group=machine.resource_group,
        provider="Microsoft.Compute",
        types=("disks",),
        names=(str(name),),
    )
    managed["id"] = str(made)
    if context.store.get(made) is not None:
        raise ArmError(
            409, "ConflictingUserInput", f"Disk '{name}' of {machine} already exists. Choose another name."
        )
    members: JsonObject = {
        "creationData": {"createOption": "FromImage" if image is not None else "Empty"},
        "diskSizeGB": size,
        "timeCreated": timestamps.now(),
    }
    if image is not None:
        members |= {"osType": image.system, "hyperVGeneration": image.generation}
    document: JsonObject = {"location": body["location"], "sku": {"name": sku}, "properties": members}
    for shared in ("zones", "tags"):
        if shared in body:
            document[shared] = body[shared]
    return Resource(id=made, body=document)


DISKS = _Disks()
"""Source: Disks - Create Or Update, Get (REST)."""
