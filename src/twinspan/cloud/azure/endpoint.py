"""Where an Azure Resource Manager is, as whom it is asked, and what a gateway says of its BGP."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from twinspan.network.model import BgpPeer, GatewayRoute


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureEndpoint:
    """A tenant of Azure and its subscriptions in use.

    Attributes:
        subscription_id: GUID of the main subscription; where a single one is asked, this one is.
        subscriptions: Those that are read; the main one is read as well, whether it is among them or not.
        resource_manager_url: E.g. `https://localhost:8443`; None for Azure itself.
        authority: Where tokens are issued; None for Azure itself.
        tenant_id: The tenant of the service principal.
        client_id: The service principal; None for the user's own chain (environment, managed identity, az).
        client_secret: Its secret; never printed.
        ca_certificate: PEM file with the authorities to trust; None for the usual ones.
    """

    subscription_id: str
    subscriptions: tuple[str, ...] = ()
    resource_manager_url: str | None = None
    authority: str | None = None
    tenant_id: str | None = None
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    ca_certificate: Path | None = None

    def in_subscription(self, subscription_id: str) -> Self:
        """Return the same tenant with this subscription alone."""
        return replace(self, subscription_id=subscription_id, subscriptions=())

    def owning(self, resource_id: str) -> Self:
        """Return the same tenant with the subscription of a resource; its id begins `/subscriptions/ID`."""
        return self.in_subscription(resource_id.split("/")[2])

    def reading(self, subscriptions: Iterable[str]) -> Self:
        """Return the same tenant, of which these subscriptions are read too; the first becomes the main one.

        Without any it stays as it is.
        """
        more = tuple(dict.fromkeys(subscriptions))
        if not more:
            return self
        return replace(self, subscription_id=more[0], subscriptions=(*more, *self.subscriptions))

    def each_subscription(self) -> tuple[Self, ...]:
        """Return an endpoint for each subscription that is read, the main one first."""
        every = (self.subscription_id, *self.subscriptions)
        return tuple(
            map(self.in_subscription, dict.fromkeys(subscription_id.lower() for subscription_id in every))
        )


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
