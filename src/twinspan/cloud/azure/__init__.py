"""Read what exists in the Azure subscriptions in use; the same for real ones and for the twin."""

from collections.abc import Mapping
from typing import Any

from twinspan.cloud.azure.endpoint import AzureBgp, AzureEndpoint
from twinspan.cloud.objects import Unreadable, refuse
from twinspan.network.model import AzureNetwork

__all__ = ["AzureBgp", "AzureEndpoint", "aks_kubeconfig", "read_azure", "read_azure_bgp"]


def read_azure(
    endpoint: AzureEndpoint, *, unreadable: Unreadable = refuse
) -> tuple[AzureNetwork, Mapping[str, str]]:
    """Read the network, and apart from it the pre-shared keys: connection id (lower case) -> key.

    Objects that are being deleted are left out. Calls run at the same time.

    Args:
        endpoint: The tenant and its subscriptions in use.
        unreadable: Gets objects that cannot be understood, which are left out then.

    Raises:
        CloudError: An object cannot be understood, unless `unreadable` says otherwise.
        CloudRefusedError: Azure said no, or there are no usable credentials.
        CloudUnreachableError: Azure did not answer in time.
    """
    from twinspan.cloud.azure.reader import read  # noqa: PLC0415 - the SDK takes a second to load

    return read(endpoint, unreadable)


def read_azure_bgp(endpoint: AzureEndpoint, gateway_id: str) -> AzureBgp:
    """Read the BGP sessions of a VPN gateway and the routes it has learned and advertises.

    Azure answers these asynchronously, so this takes seconds.

    Args:
        endpoint: The subscription.
        gateway_id: Resource id of the virtual network gateway, in any case.

    Raises:
        CloudRefusedError: Azure said no.
        CloudUnreachableError: Azure did not answer in time.
    """
    from twinspan.cloud.azure.bgp import read  # noqa: PLC0415 - the SDK takes a second to load

    return read(endpoint, gateway_id)


def aks_kubeconfig(endpoint: AzureEndpoint, cluster_id: str, *, admin: bool = False) -> dict[str, Any]:
    """Return the kubeconfig of an AKS cluster, which holds a secret.

    Args:
        endpoint: The subscription.
        cluster_id: Resource id of the cluster, in any case.
        admin: As a cluster administrator, which works while local accounts are enabled; else as a user.

    Raises:
        CloudRefusedError: Azure said no, e.g. because local accounts are disabled.
        CloudUnreachableError: Azure did not answer in time.
    """
    from twinspan.cloud.azure import clusters  # noqa: PLC0415 - the SDK takes a second to load

    return clusters.aks_kubeconfig(endpoint, cluster_id, admin=admin)
