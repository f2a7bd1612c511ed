"""What the data plane observed, in the words of Azure Resource Manager."""

from dataclasses import dataclass
from datetime import UTC, datetime

from twinspan.network.model import GatewayRoute
from twinspan.twin.azure.documents import Json, JsonObject
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.observed import AzureTunnelEnd, Observed, ObservedState


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionStatus:
    """Status of a connection over all gateway instances.

    Source: ARM, VirtualNetworkGatewayConnectionPropertiesFormat and TunnelConnectionHealth.
    """

    state: str
    ingress_bytes: int
    egress_bytes: int
    tunnels: tuple[JsonObject, ...]

    def document(self) -> JsonObject:
        """Return the read-only members of the connection."""
        return {
            "connectionStatus": self.state,
            "ingressBytesTransferred": self.ingress_bytes,
            "egressBytesTransferred": self.egress_bytes,
            "tunnelConnectionStatus": list(self.tunnels),
        }


def connection_status(board: ObservedState, connection: ResourceId) -> ConnectionStatus:
    """Return a connection's status.

    It is `Connected` as soon as one instance's tunnel is: an AWS gateway answers one instance only, so the
    other never comes up. Without any observation it is `Unknown`.
    """
    ends = board.azure_tunnels(connection.key)
    return ConnectionStatus(
        state=_overall([_state(end) for end in ends]),
        ingress_bytes=sum(end.bytes_in for end in ends),
        egress_bytes=sum(end.bytes_out for end in ends),
        tunnels=tuple(_tunnel(connection, end) for end in ends),
    )


def _overall(states: list[str]) -> str:
    """Return the best of the states."""
    for state in ("Connected", "Connecting", "NotConnected"):
        if state in states:
            return state
    return "Unknown"


def _state(end: AzureTunnelEnd) -> str:
    """Return one tunnel's state: a tunnel that lost its child SA or was refused is not merely connecting."""
    if end.ipsec_up:
        return "Connected"
    if end.since is not None or end.last_error:
        return "NotConnected"
    return "Connecting"


def _tunnel(connection: ResourceId, end: AzureTunnelEnd) -> JsonObject:
    """Return one entry of `tunnelConnectionStatus`."""
    document: JsonObject = {
        "tunnel": f"{connection.name}_{end.public_ip_address}",
        "connectionStatus": _state(end),
        "ingressBytesTransferred": end.bytes_in,
        "egressBytesTransferred": end.bytes_out,
    }
    if end.ipsec_up and end.since is not None:
        document["lastConnectionEstablishedUtcTime"] = _utc(end.since)
    return document


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def bgp_peers(observed: Observed, gateway: str, *, peer: str | None) -> Json:
    """Return the answer of `getBgpPeerStatus`.

    Args:
        observed: The newest snapshot.
        gateway: Id of the gateway in lower case.
        peer: Only the session with this BGP address.
    """
    return {
        "value": [
            {
                "localAddress": str(bgp_peer.local_address),
                "neighbor": str(bgp_peer.neighbor),
                "asn": bgp_peer.asn,
                "state": bgp_peer.state,
                "connectedDuration": bgp_peer.connected_duration,
                "routesReceived": bgp_peer.routes_received,
                "messagesSent": bgp_peer.messages_sent,
                "messagesReceived": bgp_peer.messages_received,
            }
            for bgp_peer in observed.azure_bgp_peers.get(gateway, ())
            if peer in {None, "", str(bgp_peer.neighbor)}
        ]
    }


def learned_routes(observed: Observed, gateway: str) -> Json:
    """Return the answer of `getLearnedRoutes`."""
    return {"value": [_route(route) for route in observed.azure_learned_routes.get(gateway, ())]}


def advertised_routes(observed: Observed, gateway: str, *, peer: str) -> Json:
    """Return the answer of `getAdvertisedRoutes` for one peer's BGP address."""
    return {
        "value": [
            _route(route)
            for route in observed.azure_advertised_routes.get(gateway, ())
            if str(route.source_peer) == peer
        ]
    }


def _route(route: GatewayRoute) -> JsonObject:
    document: JsonObject = {
        "localAddress": str(route.local_address),
        "network": str(route.network),
        "sourcePeer": str(route.source_peer),
        "origin": route.origin,
        "asPath": route.as_path,
        "weight": route.weight,
    }
    if route.next_hop is not None:
        document["nextHop"] = str(route.next_hop)
    return document
