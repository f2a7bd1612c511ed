"""In which Azure subscription each object is: its id says so.

Source: ARM, resource ids begin `/subscriptions/ID/`.
"""

from twinspan.network.azure import AzureNetwork
from twinspan.network.unknown import Unknown, known

_PLACED = (
    "virtual_networks",
    "virtual_network_gateways",
    "local_network_gateways",
    "connections",
    "aks_clusters",
)
"""Collections of an `AzureNetwork` whose objects tell where a network is."""


def subscription_of(resource_id: str) -> str:
    """Return the subscription of a resource, in lower case; empty for what is no resource id."""
    parts = resource_id.lower().split("/")
    return parts[2] if parts[:2] == ["", "subscriptions"] and len(parts) > 2 else ""  # noqa: PLR2004 - /subscriptions/ID


def subscriptions_of(network: AzureNetwork[Unknown]) -> tuple[str, ...]:
    """Return the subscriptions that hold something, as far as they are known; the main one first."""
    objects = (item for name in _PLACED for item in getattr(network, name))
    subscriptions = [
        (known(network.subscription_id) or "").lower(),
        *(subscription_of(item.id) for item in objects),
    ]
    return tuple(subscription for subscription in dict.fromkeys(subscriptions) if subscription)
