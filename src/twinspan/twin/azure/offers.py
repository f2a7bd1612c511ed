"""What `doctor` asks of a subscription: rights, what is used up, and which machine sizes are offered."""

import re

from twinspan.twin.azure.documents import Json, JsonObject
from twinspan.twin.azure.errors import bad_request
from twinspan.twin.azure.http import Answer, Request
from twinspan.twin.azure.locations import LOCATIONS
from twinspan.twin.azure.store import Store

_LOCATION = re.compile(r"location eq '(?P<name>[A-Za-z0-9]+)'")
_LIMITS = {
    "VirtualNetworks": ("Virtual Networks", "microsoft.network/virtualnetworks", 1000),
    "NetworkSecurityGroups": ("Network Security Groups", "microsoft.network/networksecuritygroups", 5000),
    "RouteTables": ("Route Tables", "microsoft.network/routetables", 200),
    "StandardSkuPublicIpAddresses": (
        "Public IP Addresses - Standard",
        "microsoft.network/publicipaddresses",
        1000,
    ),
}
"""Usage -> its words, the resource type that counts, the default limit per region.

Source: Azure subscription and service limits, "Networking limits"."""

VM_SIZES = (
    "Standard_B2s",
    "Standard_B2s_v2",
    "Standard_B2as_v2",
    "Standard_B4as_v2",
    "Standard_B2ms",
    "Standard_B4ms",
    "Standard_D2s_v3",
    "Standard_D4s_v3",
    "Standard_D2s_v5",
    "Standard_D4s_v5",
    "Standard_D8s_v5",
    "Standard_D2as_v5",
    "Standard_D4as_v5",
    "Standard_D2ads_v5",
    "Standard_D4ads_v5",
    "Standard_D2ds_v5",
    "Standard_D4ds_v5",
    "Standard_D2s_v6",
    "Standard_D4s_v6",
    "Standard_E2s_v5",
    "Standard_E4s_v5",
)
"""Virtual machine sizes that the twin offers, in every region: a choice of those that are common."""


def answer(store: Store, request: Request, lower: list[str]) -> Answer | None:
    """Answer a GET below `/subscriptions/{id}/providers`, if it is one of those; None if it is another.

    Args:
        store: What the subscription has.
        request: What was asked.
        lower: The path from the namespace on, in small letters.

    Raises:
        ArmError: It is one of those, but its filter makes no sense.
    """
    match request.method, lower:
        case "GET", ["microsoft.authorization", "permissions"]:
            return Answer(document=permissions())
        case "GET", ["microsoft.network", "locations", location, "usages"]:
            return Answer(document=usages(store, location))
        case "GET", ["microsoft.compute", "skus"]:
            return Answer(document=skus(_location_in(request.query.get("$filter", ""))))
        case _:
            return None


def permissions() -> JsonObject:
    """Return what the caller may do at the subscription: everything, as its owner."""
    return {"value": [{"actions": ["*"], "notActions": [], "dataActions": [], "notDataActions": []}]}


def usages(store: Store, location: str) -> JsonObject:
    """Return how much of each network quota is in use in a region. Source: ARM, Usages - List."""
    found = [
        (resource.id.type.lower(), str(resource.body.get("location", "")).lower().replace(" ", ""))
        for resource in store.resources.values()
    ]
    return {
        "value": [
            {
                "name": {"value": name, "localizedValue": words},
                "currentValue": found.count((kind, location.lower())),
                "limit": limit,
                "unit": "Count",
            }
            for name, (words, kind, limit) in _LIMITS.items()
        ]
    }


def skus(location: str) -> JsonObject:
    """Return the virtual machine sizes of a region. Source: ARM, Resource SKUs - List."""
    zones: Json = ["1", "2", "3"]
    return {
        "value": [
            {
                "resourceType": "virtualMachines",
                "name": name,
                "tier": "Standard",
                "locations": [location],
                "locationInfo": [{"location": location, "zones": zones}],
                "restrictions": [],
            }
            for name in VM_SIZES
        ]
    }


def _location_in(condition: str) -> str:
    """Return the region of `location eq 'westus2'`, the one condition that this list takes.

    Raises:
        ArmError: Another condition, none, or a region that the subscription does not have.
    """
    found = _LOCATION.fullmatch(condition.strip())
    if found is None or found["name"].lower() not in LOCATIONS:
        raise bad_request("InvalidFilter", f"The filter '{condition}' must be \"location eq 'REGION'\".")
    return found["name"].lower()
