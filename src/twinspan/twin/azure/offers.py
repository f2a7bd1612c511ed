"""What `doctor` asks of a subscription: rights, what is used up, and which machine sizes are offered."""

import re

from twinspan.twin.azure import machine_sizes
from twinspan.twin.azure.documents import Json, JsonObject
from twinspan.twin.azure.errors import bad_request
from twinspan.twin.azure.http import Answer, Request
from twinspan.twin.azure.locations import LOCATIONS, canonical_location
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
            return Answer(document=usages(store, location, subscription=request.path.split("/")[2]))
        case "GET", ["microsoft.compute", "skus"]:
            return Answer(document=skus(_location_in(request.query.get("$filter", ""))))
        case "GET", ["microsoft.compute", "locations", location, "vmsizes"]:
            canonical_location(location, "Microsoft.Compute/locations/vmSizes")
            return Answer(document=machine_sizes.listed())
        case _:
            return None


def permissions() -> JsonObject:
    """Return what the caller may do at the subscription: everything, as its owner."""
    return {"value": [{"actions": ["*"], "notActions": [], "dataActions": [], "notDataActions": []}]}


def usages(store: Store, location: str, *, subscription: str) -> JsonObject:
    """Return how much of each network quota is in use in a region. Source: ARM, Usages - List."""
    resources = [
        (resource.id.type.lower(), str(resource.body.get("location", "")).lower().replace(" ", ""))
        for resource in store.resources.values()
        if resource.id.is_in(f"/subscriptions/{subscription}")
    ]
    return {
        "value": [
            {
                "name": {"value": name, "localizedValue": words},
                "currentValue": resources.count((kind, location.lower())),
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
                "size": name.removeprefix("Standard_"),
                "locations": [location],
                "locationInfo": [{"location": location, "zones": zones}],
                "capabilities": machine_sizes.capabilities(size),
                "restrictions": [],
            }
            for name, size in machine_sizes.SIZES.items()
        ]
    }


def _location_in(condition: str) -> str:
    """Return the region of `location eq 'westus2'`, the one condition that this list takes.

    Raises:
        ArmError: Another condition, none, or a region that the subscription does not have.
    """
    match = _LOCATION.fullmatch(condition.strip())
    if match is None or match["name"].lower() not in LOCATIONS:
        raise bad_request("InvalidFilter", f"The filter '{condition}' must be \"location eq 'REGION'\".")
    return match["name"].lower()
