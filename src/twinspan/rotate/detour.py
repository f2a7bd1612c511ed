"""Take a tunnel off the routes of both clouds, while its IPsec goes on, and put it back.

With BGP: Azure's connection is written with `enableBgp` false. Azure's gateway closes the session with a
Cease and no longer sends into the tunnel; AWS gets the Cease and withdraws its routes at once. Packets that
are under way still arrive, since no security association has been touched. AWS has no request that does so: a
virtual private gateway takes no local preference, and Azure's VPN gateway cannot prepend. Source: ARM,
VirtualNetworkGatewayConnection.enableBgp; RFC 4271, section 6.7; AWS Site-to-Site VPN User Guide, routing.

Without BGP: AWS's static routes of the VPN connection are deleted if another connection has the same ones,
and Azure's local network gateway gets the address of a BGP peer, which nobody uses, in place of its prefixes:
it must have one of both. Source: EC2 API, DeleteVpnConnectionRoute; ARM, LocalNetworkGateway.
"""

from collections.abc import Sequence
from ipaddress import IPv4Network
from typing import Any

from twinspan.network.asns import NOBODYS_ASN
from twinspan.network.links import TunnelLink
from twinspan.network.model import TelemetryStatus
from twinspan.rotate.clouds import Clouds
from twinspan.rotate.tunnels import Tunnel, accepted_routes, link_of

_CONNECTION, _LOCAL_GATEWAY, _ROUTES, _COUNT = "connection", "local_network_gateway", "routes", "count"
"""What `saved` holds: two ARM objects, prefixes, and how many routes AWS had."""


def save(clouds: Clouds, tunnel: Tunnel, links: Sequence[TunnelLink]) -> dict[str, Any]:
    """Return what `end` needs. Raises CloudError."""
    link = link_of(links, tunnel)
    if not tunnel.static:
        return {_CONNECTION: clouds.resource(tunnel.azure_connection_id), _COUNT: accepted_routes(link)}
    local = link.local_network_gateway
    if local is None:
        raise AssertionError("a tunnel that joins both clouds has a local network gateway")
    return {
        _LOCAL_GATEWAY: clouds.resource(local.id),
        _ROUTES: [str(route) for route in _replaceable(link, links)],
        _COUNT: accepted_routes(link),
    }


def begin(clouds: Clouds, tunnel: Tunnel, saved: dict[str, Any], *, key: str) -> None:
    """Take the tunnel off the routes.

    Raises:
        CloudError: A cloud does not do it.
    """
    if not tunnel.static:
        before = saved[_CONNECTION]
        properties = {**before["properties"], "enableBgp": False, "gatewayCustomBgpIpAddresses": []}
        clouds.put_connection(tunnel, {**before, "properties": properties}, key)
        return
    clouds.delete_routes(tunnel, saved[_ROUTES])
    before = saved[_LOCAL_GATEWAY]
    peer = {"asn": NOBODYS_ASN, "bgpPeeringAddress": _NOBODY}
    space: dict[str, list[str]] = {"addressPrefixes": []}
    changed = {**before["properties"], "localNetworkAddressSpace": space, "bgpSettings": peer}
    clouds.put_local_gateway({**before, "properties": changed})


def taken_off(link: TunnelLink, saved: dict[str, Any]) -> bool:
    """Return whether AWS no longer uses the tunnel, as far as it can be made to."""
    if not link.static:
        return link.aws_status is not TelemetryStatus.UP
    return not saved[_ROUTES] or accepted_routes(link) == saved[_COUNT] - len(saved[_ROUTES])


def end(clouds: Clouds, tunnel: Tunnel, saved: dict[str, Any], *, key: str) -> None:
    """Put the tunnel back on the routes.

    Raises:
        CloudError: A cloud does not do it.
    """
    if not tunnel.static:
        clouds.put_connection(tunnel, saved[_CONNECTION], key)
        return
    clouds.put_local_gateway(saved[_LOCAL_GATEWAY])
    clouds.create_routes(tunnel, saved[_ROUTES])


def put_back(link: TunnelLink, saved: dict[str, Any]) -> bool:
    """Return whether both clouds use the tunnel as before."""
    return link.carries and accepted_routes(link) >= saved[_COUNT]


def _replaceable(link: TunnelLink, links: Sequence[TunnelLink]) -> list[IPv4Network]:
    """Return the connection's static routes that tunnels of another connection carry, too; all or none."""
    own = link.vpn_connection
    if own is None:
        return []
    others = {
        route
        for other in links
        if other.vpn_connection
        and other.vpn_connection.id != own.id
        and other.vpn_connection.vpn_gateway_id == own.vpn_gateway_id
        and other.carries
        for route in other.vpn_connection.static_routes
    }
    return list(own.static_routes) if set(own.static_routes) <= others else []


_NOBODY = "169.254.21.1"
"""A BGP peer that no connection speaks to: its connection has BGP off."""
