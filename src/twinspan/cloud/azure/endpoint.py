"""Where an Azure Resource Manager is, as whom it is asked, and what a gateway says of its BGP."""

from dataclasses import dataclass, field
from pathlib import Path

from twinspan.network.model import BgpPeer, GatewayRoute


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureEndpoint:
    """An Azure subscription.

    Attributes:
        subscription_id: GUID of the subscription.
        resource_manager_url: E.g. `https://localhost:8443`; None for Azure itself.
        authority: Where tokens are issued; None for Azure itself.
        tenant_id: The tenant of the service principal.
        client_id: The service principal; None for the user's own chain (environment, managed identity, az).
        client_secret: Its secret; never printed.
        ca_certificate: PEM file with the authorities to trust; None for the usual ones.
    """

    subscription_id: str
    resource_manager_url: str | None = None
    authority: str | None = None
    tenant_id: str | None = None
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    ca_certificate: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureBgp:
    """What a VPN gateway says of its BGP, over all its instances.

    Attributes:
        peers: Sessions; one per instance and peer.
        learned: Routes it has, its own networks among them.
        advertised: Routes it sends to its peers.
    """

    peers: tuple[BgpPeer, ...] = ()
    learned: tuple[GatewayRoute, ...] = ()
    advertised: tuple[GatewayRoute, ...] = ()
