"""AWS's view of the tunnels."""

from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import IPv4Address

from twinspan.cloud.aws import AwsEndpoint
from twinspan.cloud.aws.metrics import AwsTunnelMetrics, read_tunnel_metrics
from twinspan.monitor.model import PERIODS, Part, Session, Tunnel
from twinspan.network.elsewhere import azure_elsewhere
from twinspan.network.links import TunnelLink, spare_links, tunnel_links
from twinspan.network.model import Network, TelemetryStatus, VpnConnection, VpnTunnel


def aws_part(endpoint: AwsEndpoint | None, network: Network, period_s: int, now: datetime) -> Part:
    """Return AWS's view of every tunnel and its BGP session.

    Args:
        endpoint: The account; None: nothing is there.
        network: What both clouds have.
        period_s: Grain of the metrics, in seconds.
        now: The time, UTC.

    Raises:
        CloudError: It cannot be read.
    """
    if endpoint is None or network.aws is None:
        return (), ()
    links = tunnel_links(network)
    away = azure_elsewhere(network)
    spare = spare_links([link for link in links if link.azure_connection not in away])
    ends = [
        (link, link.vpn_connection, link.tunnel, link.tunnel.outside_ip_address)
        for link in links
        if link.vpn_connection and link.tunnel and link.tunnel.outside_ip_address
    ]
    if not ends:
        return (), ()
    metrics: dict[tuple[str, IPv4Address], AwsTunnelMetrics] = {}
    for region in dict.fromkeys(connection.region for _, connection, _, _ in ends):
        measured = read_tunnel_metrics(
            endpoint.in_region(region),
            [(connection.id, outside) for _, connection, _, outside in ends if connection.region == region],
            period_s=period_s,
            start=now - timedelta(seconds=PERIODS * max(period_s, 60)),
            end=now,
        )
        metrics |= {(metric.vpn_connection_id, metric.outside_ip_address): metric for metric in measured}
    tunnels, sessions = [], []
    for link, connection, tunnel, outside in ends:
        shown = _tunnel(link, connection, tunnel, metrics[connection.id, outside])
        tunnels.append(replace(shown, spare=link in spare))
        if not connection.static_routes_only and link not in spare:
            sessions.append(_session(link.name, tunnel))
    return tuple(tunnels), tuple(sessions)


def _tunnel(
    link: TunnelLink, connection: VpnConnection, tunnel: VpnTunnel, measured: AwsTunnelMetrics
) -> Tunnel:
    telemetry = tunnel.telemetry
    return Tunnel(
        cloud="aws",
        name=link.name,
        connection=connection.id,
        aws_address=tunnel.outside_ip_address,
        azure_address=link.azure_address,
        up=telemetry.status is TelemetryStatus.UP if telemetry else None,
        reason=telemetry.status_message if telemetry else "",
        bgp=not connection.static_routes_only,
        since=telemetry.last_status_change if telemetry else None,
        receive_bytes_per_s=_rate(measured.bytes_in, measured.period_s),
        transmit_bytes_per_s=_rate(measured.bytes_out, measured.period_s),
        measured_at=measured.at,
    )


def _session(name: str, tunnel: VpnTunnel) -> Session:
    """Return the session: with BGP, AWS calls a tunnel up when its session is established."""
    telemetry = tunnel.telemetry
    up = telemetry is not None and telemetry.status is TelemetryStatus.UP
    return Session(
        cloud="aws",
        tunnel=name,
        neighbor=tunnel.customer_inside_address,
        up=up,
        state="Established" if up else "Down",
        routes_learned=telemetry.accepted_route_count if telemetry else 0,
    )


def _rate(amount: float | None, period_s: int) -> float | None:
    return None if amount is None else amount / period_s
