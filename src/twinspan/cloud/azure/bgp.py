"""The calls that ask a VPN gateway about its BGP. They are asynchronous operations.

Source: ARM, virtualNetworkGateways getBgpPeerStatus, getLearnedRoutes, getAdvertisedRoutes; BgpPeerStatus,
GatewayRoute.
"""

from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Network
from typing import Any, Protocol

from azure.mgmt.network import models

from twinspan.cloud.azure.client import CONNECTIONS, clients, translated
from twinspan.cloud.azure.endpoint import AzureBgp, AzureEndpoint
from twinspan.cloud.azure.words import address, group_and_name, word
from twinspan.errors import CloudUnreachableError
from twinspan.network.model import BgpPeer, GatewayRoute

LIMIT_S = 120
"""How long one answer may take, in seconds."""
POLL_S = 2
"""Pause between two looks at an operation whose answer names none, in seconds."""


class _Poller(Protocol):
    def wait(self, timeout: float | None = None) -> None: ...
    def done(self) -> bool: ...
    def result(self, timeout: float | None = None) -> Any: ...  # noqa: ANN401 - the SDK's own answer


def read(endpoint: AzureEndpoint, gateway_id: str) -> AzureBgp:
    """Read sessions and routes; see `twinspan.cloud.azure.read_azure_bgp`."""
    group, name = group_and_name(gateway_id)
    gateway = clients(endpoint.owning(gateway_id)).network.virtual_network_gateways

    def peers() -> list[models.BgpPeerStatus]:
        with translated(endpoint, f"get the BGP peers of {name}"):
            poller = gateway.begin_get_bgp_peer_status(group, name, polling_interval=POLL_S)
            return _finished(poller, name).value or []

    def learned() -> list[models.GatewayRoute]:
        with translated(endpoint, f"get the routes learned by {name}"):
            poller = gateway.begin_get_learned_routes(group, name, polling_interval=POLL_S)
            return _finished(poller, name).value or []

    def advertised(peer: str) -> list[models.GatewayRoute]:
        with translated(endpoint, f"get the routes {name} advertises to {peer}"):
            poller = gateway.begin_get_advertised_routes(group, name, peer=peer, polling_interval=POLL_S)
            return _finished(poller, name).value or []

    with ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="read-azure-bgp") as pool:
        learning = pool.submit(learned)
        bgp_peers = [peer for raw in peers() if (peer := _peer(raw)) is not None]
        neighbors = dict.fromkeys(str(peer.neighbor) for peer in bgp_peers)
        sent = [route for routes in pool.map(advertised, neighbors) for route in routes]
        return AzureBgp(
            peers=tuple(bgp_peers),
            learned=_routes(learning.result()),
            advertised=_routes(sent),
        )


def _finished(poller: _Poller, name: str) -> Any:  # noqa: ANN401 - the SDK's own answer
    poller.wait(LIMIT_S)
    if not poller.done():
        raise CloudUnreachableError(f"the gateway {name} has not answered within {LIMIT_S} s")
    return poller.result()


def _peer(raw: models.BgpPeerStatus) -> BgpPeer | None:
    local, neighbor = address(raw.local_address), address(raw.neighbor)
    if local is None or neighbor is None:
        return None
    return BgpPeer(
        local_address=local,
        neighbor=neighbor,
        asn=raw.asn or 0,
        state=word(raw.state, "Unknown"),
        connected_duration=raw.connected_duration or "",
        routes_received=raw.routes_received or 0,
        messages_sent=raw.messages_sent or 0,
        messages_received=raw.messages_received or 0,
    )


def _routes(raw: list[models.GatewayRoute]) -> tuple[GatewayRoute, ...]:
    """Read routes; IPv6 ones are left out."""
    return tuple(route for item in raw if (route := _route(item)) is not None)


def _route(raw: models.GatewayRoute) -> GatewayRoute | None:
    local, source = address(raw.local_address), address(raw.source_peer)
    if local is None or not raw.network or ":" in raw.network:
        return None
    return GatewayRoute(
        local_address=local,
        network=IPv4Network(raw.network),
        next_hop=address(raw.next_hop),
        source_peer=source or local,
        origin=word(raw.origin, ""),
        as_path=raw.as_path or "",
        weight=raw.weight or 0,
    )
