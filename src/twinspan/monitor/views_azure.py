"""Azure's view of the tunnels."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from twinspan.cloud.azure import AzureEndpoint, read_azure_bgp
from twinspan.cloud.azure.metrics import AzureMetric, read_gateway_metrics, written
from twinspan.monitor.model import PERIODS, Part, Session, Tunnel
from twinspan.network.links import TunnelLink, tunnel_links
from twinspan.network.model import AzureConnection, Network, VirtualNetworkGateway

_METRICS = {"TunnelIngressBytes": ("ConnectionName",), "TunnelEgressBytes": ("ConnectionName",)}
Newest = Mapping[tuple[str, str, str], AzureMetric]
"""(gateway's id, metric, connection's name in small letters) -> its newest value."""


def azure_part(endpoint: AzureEndpoint | None, network: Network, period_s: int, now: datetime) -> Part:
    """Return Azure's view of every connection's tunnel and its BGP session.

    Args:
        endpoint: The subscription; None: nothing is there.
        network: What both clouds have.
        period_s: Grain of the metrics, in seconds.
        now: The time, UTC.

    Raises:
        CloudError: It cannot be read.
    """
    if endpoint is None or network.azure is None:
        return (), ()
    gateways = network.azure.virtual_network_gateways
    newest: dict[tuple[str, str, str], AzureMetric] = {}
    for gateway in gateways:
        metrics = read_gateway_metrics(
            endpoint,
            gateway.id,
            metrics=_METRICS,
            interval=written(period_s),
            start=now - timedelta(seconds=PERIODS * max(period_s, 60)),
            end=now,
        )
        newest |= {
            (gateway.id, metric.name, metric.dimensions.get("connectionname", "").lower()): metric
            for metric in metrics
        }
    links = tunnel_links(network)
    return (
        tuple(_tunnel(link, link.azure_connection, newest) for link in links if link.azure_connection),
        tuple(session for azure_gateway in gateways for session in _sessions(endpoint, links, azure_gateway)),
    )


def _tunnel(link: TunnelLink, connection: AzureConnection, newest: Newest) -> Tunnel:
    gateway = connection.virtual_network_gateway_id
    into = newest.get((gateway, "TunnelIngressBytes", connection.name.lower()))
    out = newest.get((gateway, "TunnelEgressBytes", connection.name.lower()))
    established = [
        tunnel_status.last_connection_established_utc_time
        for tunnel_status in connection.tunnel_connection_status
        if tunnel_status.last_connection_established_utc_time
        and tunnel_status.connection_status == "Connected"
    ]
    status = connection.connection_status
    return Tunnel(
        cloud="azure",
        name=connection.name,
        connection=connection.name,
        aws_address=link.outside_address,
        azure_address=link.azure_address,
        up=None if status == "Unknown" else status == "Connected",
        reason=status,
        bgp=connection.bgp_enabled,
        since=max(established, default=None),
        receive_bytes_per_s=into.value / into.interval_s if into else None,
        transmit_bytes_per_s=out.value / out.interval_s if out else None,
        measured_at=into.at if into else None,
    )


def _sessions(
    endpoint: AzureEndpoint, links: Iterable[TunnelLink], gateway: VirtualNetworkGateway
) -> list[Session]:
    """Return the sessions that run over tunnels that AWS has, too; the others are between instances."""
    if not gateway.bgp_enabled:
        return []
    bgp = read_azure_bgp(endpoint, gateway.id)
    names = {
        (link.tunnel.customer_inside_address, link.tunnel.aws_inside_address): link.name
        for link in links
        if link.tunnel
    }
    sent = Counter((route.local_address, route.source_peer) for route in bgp.advertised)
    return [
        Session(
            cloud="azure",
            tunnel=names[peer.local_address, peer.neighbor],
            neighbor=peer.neighbor,
            up=peer.state == "Connected",
            state=peer.state,
            routes_learned=peer.routes_received,
            routes_advertised=sent[peer.local_address, peer.neighbor],
        )
        for peer in bgp.peers
        if (peer.local_address, peer.neighbor) in names
    ]
