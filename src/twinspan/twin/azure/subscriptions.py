"""Subscription, tenant, regions and resource providers: what clients ask before they begin."""

from twinspan.twin.azure.credentials import ArmCredentials
from twinspan.twin.azure.documents import Json, JsonObject
from twinspan.twin.azure.errors import ArmError
from twinspan.twin.azure.locations import LOCATIONS, WITHOUT_ZONES
from twinspan.twin.azure.types import RESOURCE_TYPES

NAME = "twinspan twin"
_API_VERSIONS: Json = ["2025-01-01", "2024-05-01", "2023-11-01"]
_PROVIDERS = (
    "Microsoft.Network",
    "Microsoft.Compute",
    "Microsoft.Resources",
    "Microsoft.ContainerService",
    "Microsoft.ManagedIdentity",
    "Microsoft.Authorization",
    "Microsoft.Insights",
    "Microsoft.OperationalInsights",
    "Microsoft.AlertsManagement",
)


def subscription(credentials: ArmCredentials) -> JsonObject:
    """Return the one subscription."""
    return {
        "id": f"/subscriptions/{credentials.subscription_id}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": credentials.subscription_id,
        "tenantId": credentials.tenant_id,
        "displayName": NAME,
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    }


def tenants(credentials: ArmCredentials) -> JsonObject:
    """Return the list of tenants: ours."""
    return {
        "value": [
            {
                "id": f"/tenants/{credentials.tenant_id}",
                "tenantId": credentials.tenant_id,
                "displayName": NAME,
                "tenantCategory": "Home",
                "tenantType": "AAD",
                "countryCode": "US",
                "defaultDomain": "localhost",
                "domains": ["localhost"],
            }
        ]
    }


def locations(credentials: ArmCredentials) -> JsonObject:
    """Return the list of regions."""
    prefix = f"/subscriptions/{credentials.subscription_id}/locations"
    return {
        "value": [
            {
                "id": f"{prefix}/{name}",
                "name": name,
                "type": "Region",
                "displayName": display,
                "regionalDisplayName": display,
                "metadata": {"regionType": "Physical", "regionCategory": "Recommended"},
                "availabilityZoneMappings": _zones(name),
            }
            for name, display in LOCATIONS.items()
        ]
    }


def _zones(location: str) -> Json:
    """Return how a region's logical zones map to physical ones; none for a region without zones."""
    if location in WITHOUT_ZONES:
        return []
    return [{"logicalZone": zone, "physicalZone": f"{location}-az{zone}"} for zone in ("1", "2", "3")]


def providers(credentials: ArmCredentials) -> JsonObject:
    """Return the list of resource providers; all are registered."""
    return {"value": [provider(credentials, namespace) for namespace in _PROVIDERS]}


def provider(credentials: ArmCredentials, namespace: str) -> JsonObject:
    """Return one resource provider.

    Raises:
        ArmError: The twin does not have it.
    """
    for name in _PROVIDERS:
        if name.lower() == namespace.lower():
            return {
                "id": f"/subscriptions/{credentials.subscription_id}/providers/{name}",
                "namespace": name,
                "registrationPolicy": "RegistrationRequired",
                "registrationState": "Registered",
                "resourceTypes": _resource_types(name),
            }
    raise ArmError(404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid.")


def _resource_types(namespace: str) -> Json:
    """Return a provider's resource types with their regions and API versions."""
    others = {
        "Microsoft.Resources": ["resourceGroups", "deployments", "subscriptions"],
        "Microsoft.Authorization": ["roleAssignments", "roleDefinitions", "permissions"],
        "Microsoft.AlertsManagement": ["alerts"],
    }
    known = others.get(namespace) or [
        resource_type.type.split("/", 1)[1]
        for resource_type in RESOURCE_TYPES.values()
        if resource_type.type.startswith(f"{namespace}/")
    ]
    return [
        {"resourceType": kind, "locations": list(LOCATIONS.values()), "apiVersions": _API_VERSIONS}
        for kind in known
    ]
