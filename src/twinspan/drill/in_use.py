"""Which tunnel carries the traffic from AWS to Azure.

A virtual private gateway uses one tunnel at a time, and no API says which. What Azure's connections have
received tells.

Source: AWS Site-to-Site VPN User Guide, routing options (no ECMP on a virtual private gateway); ARM,
VirtualNetworkGatewayConnection.ingressBytesTransferred.
"""

from collections.abc import Mapping, Sequence

from twinspan.errors import DesignError, HostError
from twinspan.verify.facts import TunnelLink

IN_USE, UNUSED = "in-use", "unused"


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


def choose(links: Sequence[TunnelLink], wanted: str, *, carrying: str) -> TunnelLink:
    """Return the tunnel to break.

    Args:
        links: All tunnels.
        wanted: `in-use`, `unused` (the first that carries nothing from AWS) or a tunnel's key.
        carrying: The key of the tunnel in use.

    Raises:
        DesignError: There is no such tunnel.
    """
    by_key = {link.key: link for link in links}
    if wanted == IN_USE:
        return by_key[carrying]
    idle = [link for link in links if link.key != carrying]
    if wanted == UNUSED and idle:
        return idle[0]
    if wanted in by_key:
        return by_key[wanted]
    raise DesignError(
        where="--tunnel",
        problem=f"there is no tunnel {wanted}",
        remedy=f"Choose {IN_USE}, {UNUSED} or one of {', '.join(sorted(by_key))}",
    )
