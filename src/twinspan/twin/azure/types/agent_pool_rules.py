"""The rules of node pools, whether they come with their cluster or on their own."""

import re
from collections.abc import Sequence

from twinspan.network.limits import AKS_NODES_PER_POOL, AKS_PODS_PER_NODE, AKS_SYSTEM_PODS
from twinspan.twin.azure import aks_versions
from twinspan.twin.azure.documents import Json, JsonObject, flag, number, text, texts
from twinspan.twin.azure.errors import ArmError, bad_request
from twinspan.twin.azure.locations import WITHOUT_ZONES
from twinspan.twin.azure.store import Store
from twinspan.twin.azure.types import aks_subnets

_NAME = re.compile(r"[a-z][a-z0-9]{0,11}")
_VM_SIZE = re.compile(r"Standard_[A-Z][A-Za-z0-9_-]+")
_ZONES = ("1", "2", "3")
_IMMUTABLE = (
    "vmSize",
    "osType",
    "osDiskSizeGB",
    "osDiskType",
    "vnetSubnetID",
    "podSubnetID",
    "maxPods",
    "availabilityZones",
    "scaleSetPriority",
)
"""Source: Learn, "Node pools limitations"; azurerm, arguments that force a new pool."""
DEFAULTS: dict[str, Json] = {
    "count": 1,
    "vmSize": "Standard_D2s_v5",
    "osDiskSizeGB": 128,
    "osDiskType": "Managed",
    "kubeletDiskType": "OS",
    "type": "VirtualMachineScaleSets",
    "mode": "User",
    "osType": "Linux",
    "osSKU": "Ubuntu",
    "scaleDownMode": "Delete",
    "enableNodePublicIP": False,
    "enableEncryptionAtHost": False,
    "enableUltraSSD": False,
    "enableFIPS": False,
    "enableAutoScaling": False,
}
"""Source: ARM, ManagedClusterAgentPoolProfileProperties. A workloadRuntime that nobody set is not shown."""
_PODS_OVERLAY, _PODS_SUBNET = 250, 30
"""Source: Learn, "Maximum pods per node": 250 for Overlay, 30 for the other Azure CNI modes."""


def check_name(name: str) -> None:
    """Refuse a bad pool name.

    Raises:
        ArmError: `InvalidParameter`. Source: Learn, "Create node pools", limitations.
    """
    if not _NAME.fullmatch(name):
        raise bad_request(
            "InvalidParameter",
            f"The value of parameter agentPoolProfile.name is invalid. Agent pool name '{name}' must start "
            "with a "
            "lowercase letter, have max length of 12, and only have characters a-z0-9. Please see "
            "https://aka.ms/aks-naming-rules for more details.",
        )


def complete(profile: JsonObject, *, version: str, overlay: bool) -> None:
    """Add what AKS sets where the request says nothing."""
    for name, value in DEFAULTS.items():
        profile.setdefault(name, value)
    profile.setdefault("maxPods", _PODS_OVERLAY if overlay else _PODS_SUBNET)
    profile["orchestratorVersion"] = aks_versions.full(text(profile, "orchestratorVersion") or version)
    profile.setdefault("powerState", {"code": "Running"})
    profile.setdefault("upgradeSettings", {"maxSurge": "10%"})


def check(store: Store, profile: JsonObject, *, where: str, location: str, overlay: bool) -> None:
    """Refuse a completed pool that breaks a rule by itself.

    Args:
        store: What the subscription has.
        profile: The pool's properties.
        where: Path of `profile` in the request.
        location: Where the cluster is.
        overlay: Pods have addresses of their own range.

    Raises:
        ArmError: With the code of the broken rule.
    """
    _check_size(profile, where)
    _check_pods(profile, where)
    _check_scaling(profile, where)
    _check_zones(profile, location)
    if text(profile, "osType") != "Linux":
        raise bad_request("InvalidParameter", f"{where}.osType: the twin has Linux nodes only.")
    if overlay and text(profile, "podSubnetID") is not None:
        raise bad_request(
            "InvalidParameter",
            f"{where}.podSubnetID is for Azure CNI with a pod subnet; networkPluginMode is overlay.",
        )
    aks_subnets.check_subnets(store, profile, where=where, location=location)


def _check_size(profile: JsonObject, where: str) -> None:
    size, count = text(profile, "vmSize") or "", number(profile, "count") or 0
    if not _VM_SIZE.fullmatch(size):
        raise bad_request(
            "BadRequest", f"The VM size of {size} is not allowed in your subscription. See {where}.vmSize."
        )
    fewest = 1 if text(profile, "mode") == "System" else 0
    if not fewest <= count <= AKS_NODES_PER_POOL:
        raise bad_request(
            "InvalidParameter",
            f"The value of parameter agentPoolProfile.count is invalid: {count} at {where}.count. A "
            f"{text(profile, 'mode')} pool has {fewest} to {AKS_NODES_PER_POOL} nodes.",
        )


def _check_pods(profile: JsonObject, where: str) -> None:
    limit, count = number(profile, "maxPods") or 0, number(profile, "count") or 0
    if limit not in AKS_PODS_PER_NODE:
        raise bad_request(
            "InvalidParameter",
            f"The value of parameter agentPoolProfile.maxPods is invalid: {limit} at {where}.maxPods. The "
            "range is "
            f"{AKS_PODS_PER_NODE[0]} to {AKS_PODS_PER_NODE[-1]}.",
        )
    if text(profile, "mode") == "System" and limit * count < AKS_SYSTEM_PODS:
        raise bad_request(
            "InsufficientMaxPods",
            f"{where} has room for {limit * count} pods ({count} nodes of {limit}); a system pool needs at "
            "least "
            f"{AKS_SYSTEM_PODS}. Raise maxPods or count.",
        )


def _check_scaling(profile: JsonObject, where: str) -> None:
    if not flag(profile, "enableAutoScaling"):
        return
    least, count, most = (number(profile, name) for name in ("minCount", "count", "maxCount"))
    if least is None or most is None or count is None or not least <= count <= most:
        raise bad_request(
            "InvalidParameter",
            f"{where}: with enableAutoScaling, minCount <= count <= maxCount must hold; they are {least}, "
            f"{count} "
            f"and {most}.",
        )


def _check_zones(profile: JsonObject, location: str) -> None:
    supported = () if location in WITHOUT_ZONES else _ZONES
    wrong = [zone for zone in texts(profile, "availabilityZones") if zone not in supported]
    if wrong:
        raise bad_request(
            "AvailabilityZoneNotSupported",
            f"The zone(s) '{','.join(wrong)}' for resource 'agentpool' is not supported. The supported "
            "zones for "
            f"location '{location}' are '{','.join(supported)}'",
        )


def check_change(before: JsonObject, after: JsonObject, *, where: str) -> None:
    """Refuse a change of what is fixed once a pool exists.

    Raises:
        ArmError: `PropertyChangeNotAllowed`.
    """
    for name in _IMMUTABLE:
        old, new = before.get(name), after.get(name)
        same = old.lower() == new.lower() if isinstance(old, str) and isinstance(new, str) else old == new
        if not same:
            raise bad_request(
                "PropertyChangeNotAllowed", f"Changing property '{where}.{name}' is not allowed."
            )
    aks_versions.check_change(
        text(before, "orchestratorVersion") or "", text(after, "orchestratorVersion") or ""
    )


def check_together(profiles: Sequence[JsonObject]) -> None:
    """Refuse pools that do not fit together: one system pool at least, one network mode, one virtual network.

    Raises:
        ArmError: `OperationNotAllowed`, `InvalidParameter`.
    """
    if not any(text(profile, "mode") == "System" for profile in profiles):
        raise ArmError(400, "OperationNotAllowed", "There has to be at least one system agent pool.")
    if len({text(profile, "podSubnetID") is None for profile in profiles}) > 1:
        raise bad_request(
            "InvalidParameter", "Either all agent pools of a cluster have a podSubnetID, or none has."
        )
    networks = {
        (text(profile, "vnetSubnetID") or "").lower().partition("/subnets/")[0] for profile in profiles
    }
    if len(networks) > 1:
        raise bad_request("InvalidParameter", "All agent pools must use subnets of one virtual network.")


def began(before: JsonObject | None, after: JsonObject) -> str | None:
    """Return what a write begins, in the API's words; None if it changes nothing."""
    if before is None:
        return "Creating"
    if before.get("count") != after.get("count"):
        return "Scaling"
    if before.get("orchestratorVersion") != after.get("orchestratorVersion"):
        return "Upgrading"
    return None if before == after else "Updating"
