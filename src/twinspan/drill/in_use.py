"""Which tunnels carry the traffic.

A virtual private gateway uses one tunnel at a time, and no API says which; Azure's gateway spreads flows over
all of them by their addresses and ports, and may by chance leave one out. What Azure's connections have
received and sent tells.

Source: AWS Site-to-Site VPN User Guide, routing options (no ECMP on a virtual private gateway); ARM,
VirtualNetworkGatewayConnection.ingressBytesTransferred and egressBytesTransferred.
"""

from collections.abc import Mapping, Sequence

from twinspan.drill.flows import FLOWS
from twinspan.drill.tunnel_names import tunnel_named
from twinspan.errors import HostError
from twinspan.faults.definition import IN_USE, UNUSED
from twinspan.network.links import TunnelLink


def received_bytes(links: Sequence[TunnelLink]) -> dict[str, int]:
    """Return tunnel key -> bytes that Azure's end has received so far."""
    return {
        link.key: link.azure_connection.ingress_bytes_transferred for link in links if link.azure_connection
    }


def carrying_key(before: Mapping[str, int], after: Mapping[str, int]) -> str:
    """Return the key of the tunnel that received most between two readings.

    Raises:
        HostError: No counter moved, so nothing crossed or the API does not count.
    """
    growth = {key: after[key] - before[key] for key in after if key in before}
    key = max(growth, key=lambda name: growth[name], default=None)
    if key is None or growth[key] <= 0:
        raise HostError(
            problem="no Azure connection received anything while traffic was sent from AWS",
            remedy="See with `twinspan verify` that packets cross, or name the tunnel with --tunnel",
        )
    return key


def azure_uses(key: str, before: Sequence[TunnelLink], after: Sequence[TunnelLink]) -> bool:
    """Return whether Azure sends at least one of the flows over a tunnel; True if the counters do not tell.

    Args:
        key: The tunnel.
        before: All tunnels, with their counters, at one time.
        after: The same later, when flows have run for a while.
    """
    earlier = _sent_bytes(before)
    growth = {name: size - earlier.get(name, size) for name, size in _sent_bytes(after).items()}
    # BGP's own packets move every counter, too, but far less than half of one flow's share.
    return growth.get(key, 0) * 2 * FLOWS >= sum(growth.values())


def _sent_bytes(links: Sequence[TunnelLink]) -> dict[str, int]:
    return {
        link.key: link.azure_connection.egress_bytes_transferred for link in links if link.azure_connection
    }


def choose(links: Sequence[TunnelLink], requested_tunnel: str, *, carrying: str) -> TunnelLink:
    """Return the tunnel to break.

    Args:
        links: All tunnels.
        requested_tunnel: `in-use`, `unused` (the first that carries nothing from AWS) or one of its names.
        carrying: The key of the tunnel in use; empty if nobody knows: then the first one is as good.

    Raises:
        DesignError: There is no such tunnel, or several are called so.
    """
    by_key = {link.key: link for link in links}
    if requested_tunnel in {IN_USE, UNUSED} and links and not carrying:
        return links[0]
    if requested_tunnel == IN_USE and carrying:
        return by_key[carrying]
    idle = [link for link in links if link.key != carrying]
    if requested_tunnel == UNUSED and idle:
        return idle[0]
    return tunnel_named(links, requested_tunnel)
