"""The tunnels whose keys are changed, and in which order."""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address

from twinspan.drill.tunnel_names import tunnel_named
from twinspan.errors import DesignError, HostError
from twinspan.network.links import TunnelLink
from twinspan.results.document import Document


class Tunnel(Document):
    """One tunnel, by what both clouds call it."""

    key: str
    label: str
    vpn_connection_id: str
    outside_ip_address: IPv4Address
    azure_connection_id: str
    static: bool
    number: int
    """1 or 2: its place in its VPN connection."""
    region: str = ""
    """AWS's; empty: the main one."""


def tunnel_of(link: TunnelLink) -> Tunnel:
    """Return the tunnel of a link.

    Raises:
        HostError: One of its ends is missing.
    """
    tunnel = link.tunnel
    outside = tunnel.outside_ip_address if tunnel else None
    if tunnel is None or outside is None or link.vpn_connection is None or link.azure_connection is None:
        raise HostError(
            problem=f"{link.label} has no end in one of the clouds",
            remedy="See what is missing with `twinspan verify`",
        )
    return Tunnel(
        key=link.key,
        label=link.label,
        vpn_connection_id=link.vpn_connection.id,
        outside_ip_address=outside,
        azure_connection_id=link.azure_connection.id,
        static=link.static,
        number=1 + link.vpn_connection.tunnels.index(tunnel),
        region=link.vpn_connection.region,
    )


def choose_tunnels(links: Sequence[TunnelLink], names: Sequence[str], *, carrying: str) -> tuple[Tunnel, ...]:
    """Return the tunnels to rotate, the one that carries the traffic from AWS last: so that moves once.

    Args:
        links: All tunnels.
        names: Those named by the user, by any name; none for all that join both clouds.
        carrying: Key of the tunnel in use; empty if nobody knows.

    Raises:
        DesignError: There is no such tunnel, or none at all.
    """
    joined = [link for link in links if link.joined]
    if not joined:
        raise DesignError(
            where="--tunnel",
            problem="no tunnel joins both clouds",
            remedy="See what is missing with `twinspan verify`",
        )
    chosen = [tunnel_named(joined, name) for name in names] or joined
    tunnels = {link.key: tunnel_of(link) for link in chosen}
    return tuple(sorted(tunnels.values(), key=lambda tunnel: tunnel.key == carrying))


def link_of(links: Sequence[TunnelLink], tunnel: Tunnel) -> TunnelLink:
    """Return how a tunnel is doing now.

    Raises:
        HostError: It is no longer there.
    """
    for link in links:
        if (
            link.azure_connection
            and link.vpn_connection
            and link.tunnel
            and link.azure_connection.id.lower() == tunnel.azure_connection_id.lower()
            and link.tunnel.outside_ip_address == tunnel.outside_ip_address
        ):
            return link
    raise HostError(
        problem=f"{tunnel.label} is no longer there", remedy="See what is missing with `twinspan verify`"
    )


def state_of(link: TunnelLink) -> str:
    """Return what both clouds say of a tunnel, for a reader."""
    telemetry = link.tunnel.telemetry if link.tunnel else None
    aws = f"{telemetry.status.value} {telemetry.status_message}" if telemetry else "no telemetry"
    azure = link.azure_connection.connection_status if link.azure_connection else "no connection"
    return f"AWS: {aws}, Azure: {azure}"


def accepted_routes(link: TunnelLink) -> int:
    """Return how many routes AWS has for a tunnel: learned by BGP, or static ones of its connection."""
    telemetry = link.tunnel.telemetry if link.tunnel else None
    return telemetry.accepted_route_count if telemetry else 0


def sent_bytes(link: TunnelLink) -> int:
    """Return how much Azure has sent into a tunnel so far."""
    return link.azure_connection.egress_bytes_transferred if link.azure_connection else 0


def needs_another(links: Sequence[TunnelLink], tunnels: Sequence[Tunnel]) -> Mapping[str, str]:
    """Return key -> why of the tunnels that cannot be taken off: nothing else would carry their traffic."""
    return {
        tunnel.key: f"no tunnel takes over from {tunnel.label}"
        for tunnel in tunnels
        if not any(other.takes_over_from(link_of(links, tunnel)) for other in links)
    }
