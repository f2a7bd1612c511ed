"""CloudWatch's metrics of Site-to-Site VPN.

Source: AWS Site-to-Site VPN User Guide, "Monitor AWS Site-to-Site VPN tunnels using Amazon CloudWatch".
"""

from twinspan.network.model import AwsNetwork, VpnConnection
from twinspan.twin.attempts import attempt
from twinspan.twin.metrics.counters import Counters
from twinspan.twin.metrics.series import MetricStore, dimensions
from twinspan.twin.observed import AwsTunnelEnd, Observed

NAMESPACE = "AWS/VPN"
UNITS = {"TunnelState": "None", "TunnelDataIn": "Bytes", "TunnelDataOut": "Bytes"}
"""Metric -> unit, as CloudWatch names units."""


def sample_aws(
    store: MetricStore, counters: Counters, aws: AwsNetwork, observed: Observed, now_s: float
) -> list[str]:
    """Sample every tunnel of every connection; one that the data plane does not have is down.

    Returns:
        What cannot be sampled, in words.
    """
    ends = {(end.vpn_connection_id, end.outside_ip_address): end for end in observed.aws_tunnels}

    def sample(connection: VpnConnection) -> None:
        for tunnel in connection.tunnels:
            outside = tunnel.outside_ip_address
            if outside is None or connection.state != "available":
                continue
            end = ends.get((connection.id, outside))
            dims = dimensions(VpnId=connection.id, TunnelIpAddress=str(outside))
            key = ("aws", connection.id, str(outside))
            region = connection.region or aws.region
            store.sample(region, "TunnelState", dims, float(is_up(connection, end)), now_s)
            grown_in = counters.growth((*key, "in"), end.bytes_in) if end else 0
            grown_out = counters.growth((*key, "out"), end.bytes_out) if end else 0
            store.add(region, "TunnelDataIn", dims, grown_in, now_s)
            store.add(region, "TunnelDataOut", dims, grown_out, now_s)

    problems: list[str] = []
    attempt(aws.vpn_connections, sample, name=lambda connection: connection.id, problems=problems)
    return problems


def is_up(connection: VpnConnection, end: AwsTunnelEnd | None) -> bool:
    """Whether `TunnelState` is 1: with BGP, the session is established; with static routes, IPsec is up."""
    if end is None or not end.ipsec_up:
        return False
    return connection.static_routes_only or end.bgp_state == "Established"
