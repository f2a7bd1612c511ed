"""AWS's view of the tunnels."""

from datetime import datetime, timedelta
from ipaddress import IPv4Address

from twinspan.cloud.aws import AwsEndpoint
from twinspan.cloud.aws.metrics import AwsTunnelMetrics, read_tunnel_metrics
from twinspan.monitor.model import Session, Tunnel
from twinspan.monitor.names import PERIODS, Part, azure_ends, tunnel_names
from twinspan.network.model import Network, TelemetryStatus, VpnConnection, VpnTunnel


def aws_part(endpoint: AwsEndpoint | None, network: Network, period_s: int, now: datetime) -> Part:
    """Return AWS's view of every tunnel and its BGP session.

    Args:
        endpoint: Account and region; None: nothing is there.
        network: What both clouds have.
        period_s: Grain of the metrics, in seconds.
        now: The time, UTC.

    Raises:
        CloudError: It cannot be read.
    """
    if endpoint is None or network.aws is None:
        return (), ()
    wanted = [
        (connection, tunnel, tunnel.outside_ip_address)
        for connection in network.aws.vpn_connections
        for tunnel in connection.tunnels
        if tunnel.outside_ip_address is not None
    ]
    if not wanted:
        return (), ()
    metrics = read_tunnel_metrics(
        endpoint,
        [(connection.id, outside) for connection, _, outside in wanted],
        period_s=period_s,
        start=now - timedelta(seconds=PERIODS * max(period_s, 60)),
        end=now,
    )
    names, ends = tunnel_names(network), azure_ends(network)
    tunnels, sessions = [], []
    for (connection, tunnel, outside), measured in zip(wanted, metrics, strict=True):
        name = names.get(outside, str(outside))
        tunnels.append(_tunnel(name, connection, tunnel, ends.get(outside), measured))
        if not connection.static_routes_only:
            sessions.append(_session(name, tunnel))
    return tuple(tunnels), tuple(sessions)


def _tunnel(
    name: str,
    connection: VpnConnection,
    tunnel: VpnTunnel,
    far_end: IPv4Address | None,
    measured: AwsTunnelMetrics,
) -> Tunnel:
    told = tunnel.telemetry
    return Tunnel(
        cloud="aws",
        name=name,
        connection=connection.id,
        aws_address=tunnel.outside_ip_address,
        azure_address=far_end,
        up=told.status is TelemetryStatus.UP if told else None,
        reason=told.status_message if told else "",
        bgp=not connection.static_routes_only,
        since=told.last_status_change if told else None,
        receive_bytes_per_s=_rate(measured.bytes_in, measured.period_s),
        transmit_bytes_per_s=_rate(measured.bytes_out, measured.period_s),
        measured_at=measured.at,
    )


def _session(name: str, tunnel: VpnTunnel) -> Session:
    """Return the session: with BGP, AWS calls a tunnel up when its session is established."""
    told = tunnel.telemetry
    up = told is not None and told.status is TelemetryStatus.UP
    return Session(
        cloud="aws",
        tunnel=name,
        neighbor=tunnel.customer_inside_address,
        up=up,
        state="Established" if up else "Down",
        routes_learned=told.accepted_route_count if told else 0,
    )


def _rate(amount: float | None, period_s: int) -> float | None:
    return None if amount is None else amount / period_s
