"""What the twin has behind the types of hashicorp/azurerm.

A resource type is named after the ARM type that it makes: `azurerm_virtual_network` after
`Microsoft.Network/virtualNetworks`. Those of the offline provider say themselves what they make.
Source: hashicorp/azurerm, documentation of its resources; Azure REST API specifications, names of types.
"""

from collections.abc import Mapping
from functools import cache

from twinspan.results.support import Support
from twinspan.twin.azure import absent
from twinspan.twin.azure.types import RESOURCE_TYPES
from twinspan.twin.providers import azurerm
from twinspan.twin.providers.azurerm.base import ArmResource

_NETWORK = ("microsoft.compute/", "microsoft.containerservice/", "microsoft.network/")
"""Of ARM types whose objects are on the data plane."""
_ENTRIES: Mapping[str, str] = {
    "microsoft.compute/availabilitysets": "an availability set is an entry: all machines run on one host",
    "microsoft.compute/disks": "a disk is an entry: machines have the files of the twin's own machine",
    "microsoft.compute/sshpublickeys": "nobody logs in to a machine by SSH; use its run-command",
}
"""ARM types of those services that have nothing on the data plane, and why they are served all the same."""
_TYPES: Mapping[str, str] = {
    "azurerm_container_registry": "microsoft.containerregistry/registries",
    "azurerm_dedicated_host_group": "microsoft.compute/hostgroups",
    "azurerm_dns_zone": "microsoft.network/dnszones",
    "azurerm_firewall": "microsoft.network/azurefirewalls",
    "azurerm_key_vault": "microsoft.keyvault/vaults",
    "azurerm_lb": "microsoft.network/loadbalancers",
    "azurerm_linux_virtual_machine": "microsoft.compute/virtualmachines",
    "azurerm_linux_virtual_machine_scale_set": "microsoft.compute/virtualmachinescalesets",
    "azurerm_managed_disk": "microsoft.compute/disks",
    "azurerm_orchestrated_virtual_machine_scale_set": "microsoft.compute/virtualmachinescalesets",
    "azurerm_private_dns_zone": "microsoft.network/privatednszones",
    "azurerm_shared_image_gallery": "microsoft.compute/galleries",
    "azurerm_virtual_machine_extension": "microsoft.compute/virtualmachines/extensions",
    "azurerm_virtual_machine_run_command": "microsoft.compute/virtualmachines/runcommands",
    "azurerm_virtual_network_gateway_nat_rule": "microsoft.network/virtualnetworkgateways/natrules",
    "azurerm_windows_virtual_machine": "microsoft.compute/virtualmachines",
    "azurerm_windows_virtual_machine_scale_set": "microsoft.compute/virtualmachinescalesets",
}
"""Type -> ARM type in small letters, where the one does not follow from the other."""
_JOINS = "_association"
_NO_CALL = frozenset({"azurerm_client_config"})


def support_of(mode: str, type_name: str) -> Support:
    """Return what is behind a type of hashicorp/azurerm."""
    if mode == "data" and type_name in _NO_CALL:
        return Support(level="objects only", reason="the provider works it out itself; Azure is not asked")
    arm_type = arm_type_of(type_name)
    service = arm_type.partition("/")[0]
    if arm_type in _ENTRIES:
        return Support(level="objects only", service=service, reason=_ENTRIES[arm_type])
    if arm_type in RESOURCE_TYPES and arm_type.startswith(_NETWORK):
        return Support(level="packets", service=service)
    if arm_type in RESOURCE_TYPES or type_name in azurerm.definition().resources:
        service = service if arm_type in RESOURCE_TYPES else ""
        reason = f"{service or 'it'} is served, and is no part of the network"
        return Support(level="objects only", service=service, reason=reason)
    lack = absent.TYPES.get(arm_type, "no such resource type")
    return Support(level="refused", service=service, reason=f"the twin has {lack}")


def arm_type_of(type_name: str) -> str:
    """Return the ARM type, in small letters, that a resource type makes; empty if it is not known."""
    if type_name in _offline():
        return _offline()[type_name]
    if type_name in _TYPES:
        return _TYPES[type_name]
    noun = type_name.removeprefix("azurerm_").replace("_", "")
    known = {**dict.fromkeys(absent.TYPES), **dict.fromkeys(RESOURCE_TYPES)}
    for arm_type in known:
        last = arm_type.rpartition("/")[2]
        if last in {f"{noun}s", f"{noun}es", noun, f"{noun.removesuffix('y')}ies"}:
            return arm_type
    if type_name.endswith(_JOINS):
        return _joined(type_name)
    return ""


def _joined(type_name: str) -> str:
    """Return the ARM type of what an association changes: the longest name that it begins with."""
    words = type_name.removesuffix(_JOINS).split("_")
    for count in range(len(words) - 1, 1, -1):
        if arm_type := arm_type_of("_".join(words[:count])):
            return arm_type
    return ""


@cache
def _offline() -> Mapping[str, str]:
    """Return what the offline provider's types make."""
    return {
        name: f"{resource._provider}/{'/'.join(kind for kind, _ in resource._segments)}".lower()  # noqa: SLF001
        for name, resource in azurerm.definition().resources.items()
        if isinstance(resource, ArmResource)
    }
