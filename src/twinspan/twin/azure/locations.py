"""The regions of the twin's subscription."""

from twinspan.twin.azure.errors import bad_request

LOCATIONS = {
    "australiaeast": "Australia East",
    "brazilsouth": "Brazil South",
    "canadacentral": "Canada Central",
    "centralindia": "Central India",
    "centralus": "Central US",
    "eastasia": "East Asia",
    "eastus": "East US",
    "eastus2": "East US 2",
    "francecentral": "France Central",
    "germanywestcentral": "Germany West Central",
    "italynorth": "Italy North",
    "japaneast": "Japan East",
    "koreacentral": "Korea Central",
    "northcentralus": "North Central US",
    "northeurope": "North Europe",
    "norwayeast": "Norway East",
    "polandcentral": "Poland Central",
    "southafricanorth": "South Africa North",
    "southcentralus": "South Central US",
    "southeastasia": "Southeast Asia",
    "spaincentral": "Spain Central",
    "swedencentral": "Sweden Central",
    "switzerlandnorth": "Switzerland North",
    "uaenorth": "UAE North",
    "uksouth": "UK South",
    "westeurope": "West Europe",
    "westus": "West US",
    "westus2": "West US 2",
    "westus3": "West US 3",
}
"""Name -> display name, of the regions with availability zones and a few more.

Source: Azure regions list, Microsoft Learn.
"""


WITHOUT_ZONES = frozenset({"northcentralus", "westus"})
"""Regions of the list above without availability zones. Source: Azure regions list, Microsoft Learn."""


def canonical_location(location: str, resource_type: str) -> str:
    """Return a region's name for any spelling of it, e.g. `West Europe`.

    Raises:
        ArmError: `LocationNotAvailableForResourceType`.
    """
    name = location.replace(" ", "").lower()
    if name not in LOCATIONS:
        raise bad_request(
            "LocationNotAvailableForResourceType",
            f"The provided location '{location}' is not available for resource type '{resource_type}'. "
            "List of "
            f"available regions for the resource type is '{','.join(LOCATIONS)}'.",
        )
    return name
