# ruff: noqa: ARG002 - the arguments are those of Resource, needed or not
"""Virtual machines of Linux, made of a platform image."""

from collections.abc import Iterator
from typing import ClassVar

from twinspan.twin.providers.azurerm.base import ArmResource, given, id_in, without_nones
from twinspan.twin.providers.azurerm.cloud import ArmCloud, Document
from twinspan.twin.providers.azurerm.network import NAMED
from twinspan.twin.providers.engine import Facts, State
from twinspan.twin.providers.resource import Problem, one_of
from twinspan.twin.providers.values import UNKNOWN, is_zero

_DEFAULTS = {
    "bypass_platform_safety_checks_on_user_schedule_enabled": False,
    "extensions_time_budget": "PT1H30M",
    "max_bid_price": -1,
    "os_disk.write_accelerator_enabled": False,
    "platform_fault_domain": -1,
    "priority": "Regular",
}
_NOT_OFFLINE = (
    "additional_capabilities",
    "availability_set_id",
    "boot_diagnostics",
    "bypass_platform_safety_checks_on_user_schedule_enabled",
    "capacity_reservation_group_id",
    "dedicated_host_group_id",
    "dedicated_host_id",
    "disk_controller_type",
    "edge_zone",
    "encryption_at_host_enabled",
    "eviction_policy",
    "gallery_application",
    "identity",
    "license_type",
    "os_image_notification",
    "os_managed_disk_id",
    "plan",
    "proximity_placement_group_id",
    "reboot_setting",
    "secret",
    "secure_boot_enabled",
    "source_image_id",
    "termination_notification",
    "virtual_machine_scale_set_id",
    "vtpm_enabled",
)
_PATCHES = "ImageDefault"
"""Who installs updates, and who looks for them, if nothing is said. Source: ARM, LinuxPatchSettings."""


class LinuxVirtualMachine(ArmResource):
    """`azurerm_linux_virtual_machine`."""

    type_name = "azurerm_linux_virtual_machine"
    facts = Facts(
        defaults=_DEFAULTS,
        force_new=NAMED
        | {"admin_password", "admin_ssh_key", "admin_username", "computer_name", "custom_data"}
        | {"disable_password_authentication", "os_disk.name", "os_disk.storage_account_type"}
        | {"platform_fault_domain", "priority", "provision_vm_agent", "source_image_reference", "zone"},
    )
    rules: ClassVar = {
        "os_disk.caching": one_of("None", "ReadOnly", "ReadWrite"),
        "priority": one_of("Regular"),
    }
    _provider = "Microsoft.Compute"
    _segments = (("virtualMachines", "name"),)

    def validate(self, config: State) -> Iterator[Problem]:
        """Refuse a machine that nobody can enter, and what this offline provider does not do with one."""
        by_key = config["disable_password_authentication"] in {None, True}
        if by_key and config["admin_ssh_key"] == []:
            detail = "Without a password there must be an admin_ssh_key."
            yield Problem(summary="nobody can sign in", detail=detail, path="admin_ssh_key")
        if config["disable_password_authentication"] is False and config["admin_password"] is None:
            detail = "With disable_password_authentication = false there must be an admin_password."
            yield Problem(summary="nobody can sign in", detail=detail, path="admin_password")
        if config["source_image_reference"] == []:
            detail = "The offline provider makes machines of a platform image: set source_image_reference."
            yield Problem(summary="no image", detail=detail, path="source_image_reference")
        for name in _NOT_OFFLINE:
            if config[name] is not UNKNOWN and not is_zero(config[name]):
                detail = f"The offline provider makes machines without {name}; use the real one."
                yield Problem(summary=f"{name} is not supported offline", detail=detail, path=name)

    def extras(self, planned: State) -> Document:
        """Return the zone."""
        zone = given(planned["zone"])
        return {"zones": None if zone is None else [zone]}

    def body(self, cloud: ArmCloud, planned: State, existing: Document) -> Document:
        """Return the machine's profiles; a disk that is there is named."""
        image = planned["source_image_reference"][0]
        return {
            "extensionsTimeBudget": planned["extensions_time_budget"],
            "hardwareProfile": {"vmSize": planned["size"]},
            "networkProfile": {
                "networkInterfaces": [
                    {"id": identity, "properties": {"primary": not number}}
                    for number, identity in enumerate(planned["network_interface_ids"])
                ]
            },
            "osProfile": _system(planned),
            "priority": planned["priority"],
            "storageProfile": {
                "dataDisks": existing.get("storageProfile", {}).get("dataDisks", []),
                "imageReference": {name: image[name] for name in ("publisher", "offer", "sku", "version")},
                "osDisk": _disk(planned["os_disk"][0], existing.get("storageProfile", {}).get("osDisk", {})),
            },
            "userData": given(planned["user_data"]),
        }

    def flatten(self, cloud: ArmCloud, document: Document, state: State) -> State:
        """Return the machine, its disk and the addresses of its interfaces."""
        properties = document["properties"]
        interfaces = [item["id"] for item in properties["networkProfile"]["networkInterfaces"]]
        known = state.get("network_interface_ids")
        if isinstance(known, list) and [name.lower() for name in known] == [i.lower() for i in interfaces]:
            interfaces = known
        return {
            "disk_controller_type": "",
            "extensions_time_budget": properties.get("extensionsTimeBudget", "PT1H30M"),
            "max_bid_price": -1,
            "network_interface_ids": interfaces,
            "platform_fault_domain": -1,
            "priority": properties.get("priority") or "Regular",
            "size": properties["hardwareProfile"]["vmSize"],
            "virtual_machine_id": properties["vmId"],
            "zone": next(iter(document.get("zones", [])), ""),
            **_system_state(properties["osProfile"]),
            **_storage_state(properties["storageProfile"]),
            **_addresses(cloud, interfaces),
        }

    def delete(self, cloud: ArmCloud, state: State) -> None:
        """DELETE the machine, then the disk that was made with it, as the real provider does by default."""
        super().delete(cloud, state)
        disk = state["os_managed_disk_id"]
        if isinstance(disk, str) and disk:
            cloud.delete(disk)


def _system(planned: State) -> Document:
    """Return the `osProfile`; what is not known yet is left to Azure."""
    by_key, agent = given(planned["disable_password_authentication"]), given(planned["provision_vm_agent"])
    keys = [
        {"keyData": key["public_key"], "path": f"/home/{key['username']}/.ssh/authorized_keys"}
        for key in planned["admin_ssh_key"]
    ]
    patches = {
        "assessmentMode": given(planned["patch_assessment_mode"]) or _PATCHES,
        "patchMode": given(planned["patch_mode"]) or _PATCHES,
    }
    extensions = given(planned["allow_extension_operations"])
    profile = {
        "adminPassword": given(planned["admin_password"]),
        "adminUsername": planned["admin_username"],
        "allowExtensionOperations": True if extensions is None else extensions,
        "computerName": given(planned["computer_name"]) or planned["name"],
        "customData": given(planned["custom_data"]),
        "linuxConfiguration": {
            "disablePasswordAuthentication": True if by_key is None else by_key,
            "patchSettings": patches,
            "provisionVMAgent": True if agent is None else agent,
            "ssh": {"publicKeys": keys},
        },
        "secrets": [],
    }
    return without_nones(profile)


def _disk(block: State, existing: Document) -> Document:
    managed = {"storageAccountType": given(block["storage_account_type"])}
    disk = {
        "caching": block["caching"],
        "createOption": "FromImage",
        "diskSizeGB": given(block["disk_size_gb"]),
        "managedDisk": without_nones({**existing.get("managedDisk", {}), **without_nones(managed)}),
        "name": given(block["name"]) or existing.get("name"),
        "osType": "Linux",
        "writeAcceleratorEnabled": block["write_accelerator_enabled"],
    }
    return without_nones(disk)


def _system_state(profile: Document) -> State:
    linux = profile.get("linuxConfiguration", {})
    patches = linux.get("patchSettings", {})
    keys = linux.get("ssh", {}).get("publicKeys", [])
    return {
        "admin_ssh_key": [
            {"public_key": key["keyData"], "username": key["path"].split("/")[2]} for key in keys
        ],
        "admin_username": profile["adminUsername"],
        "allow_extension_operations": profile.get("allowExtensionOperations", True),
        "bypass_platform_safety_checks_on_user_schedule_enabled": False,
        "computer_name": profile["computerName"],
        "disable_password_authentication": linux.get("disablePasswordAuthentication", False),
        "patch_assessment_mode": patches.get("assessmentMode", _PATCHES),
        "patch_mode": patches.get("patchMode", _PATCHES),
        "provision_vm_agent": linux.get("provisionVMAgent", True),
        "vm_agent_platform_updates_enabled": linux.get("enableVMAgentPlatformUpdates", False),
    }


def _storage_state(profile: Document) -> State:
    disk, image = profile["osDisk"], profile.get("imageReference", {})
    return {
        "os_disk": [
            {
                "caching": disk["caching"],
                "diff_disk_settings": [],
                "disk_encryption_set_id": "",
                "disk_size_gb": disk.get("diskSizeGB", 0),
                "id": id_in(disk.get("managedDisk"), None),
                "name": disk["name"],
                "secure_vm_disk_encryption_set_id": "",
                "security_encryption_type": "",
                "storage_account_type": disk.get("managedDisk", {}).get("storageAccountType", ""),
                "write_accelerator_enabled": disk.get("writeAcceleratorEnabled", False),
            }
        ],
        "os_managed_disk_id": id_in(disk.get("managedDisk"), None),
        "source_image_reference": [
            {name: image.get(name, "") for name in ("offer", "publisher", "sku", "version")}
        ],
    }


def _addresses(cloud: ArmCloud, interfaces: list[str]) -> State:
    """Return the private and public addresses of a machine's interfaces, the first of each apart."""
    private: list[str] = []
    public: list[str] = []
    for identity in interfaces:
        interface = cloud.get(identity) or {"properties": {}}
        for item in interface["properties"].get("ipConfigurations", []):
            private.append(item["properties"].get("privateIPAddress", ""))
            if address := id_in(item["properties"].get("publicIPAddress"), None):
                known = cloud.get(address) or {"properties": {}}
                public.append(known["properties"].get("ipAddress", ""))
    return {
        "private_ip_address": next(iter(private), ""),
        "private_ip_addresses": private,
        "public_ip_address": next(iter(public), ""),
        "public_ip_addresses": public,
    }
