"""The options of a whole VPN connection. Source: EC2 API, VpnConnectionOptionsSpecification."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError
from typing import Any

from twinspan.network.limits import TRANSIT_GATEWAY_OPTIONS
from twinspan.network.ranges import ANYWHERE
from twinspan.twin.aws.ec2.errors import invalid_combination, invalid_value

_ALLOWED: Mapping[str, tuple[str, ...]] = {
    "TunnelInsideIpVersion": ("ipv4", "ipv6"),
    "OutsideIpAddressType": ("PublicIpv4", "PrivateIpv4", "Ipv6"),
    "TunnelBandwidth": ("standard", "large"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionOptions:
    """Options of a connection to a virtual private gateway; the rest is fixed there."""

    static_routes_only: bool = False
    local_ipv4_network_cidr: IPv4Network = ANYWHERE
    """What the customer gateway's side may have behind it."""
    remote_ipv4_network_cidr: IPv4Network = ANYWHERE
    """What AWS's side may have behind it."""


def apply_request(base: ConnectionOptions, request: Mapping[str, Any]) -> ConnectionOptions:
    """Return `base` with what a request asks for put over it.

    Raises:
        EC2ClientError: A value is not allowed, or not on a virtual private gateway.
    """
    for name, allowed in _ALLOWED.items():
        if name in request and request[name] not in allowed:
            raise invalid_value(name, request[name], f"Valid values: {' | '.join(allowed)}")
    for option, harmless in TRANSIT_GATEWAY_OPTIONS.items():
        name = option.title().replace("_", "")
        if name in request and request[name] not in harmless:
            raise invalid_combination(f"{name} {request[name]} is only supported on a transit gateway")
    changes: dict[str, Any] = {}
    if "StaticRoutesOnly" in request:
        changes["static_routes_only"] = bool(request["StaticRoutesOnly"])
    for name, attribute in (
        ("LocalIpv4NetworkCidr", "local_ipv4_network_cidr"),
        ("RemoteIpv4NetworkCidr", "remote_ipv4_network_cidr"),
    ):
        if name in request:
            changes[attribute] = parse_cidr(name, request[name])
    return replace(base, **changes)


def parse_cidr(name: str, text: str) -> IPv4Network:
    """Read a network in CIDR notation.

    Raises:
        EC2ClientError: It is none, or has host bits set.
    """
    try:
        return IPv4Network(text)
    except (AddressValueError, NetmaskValueError, ValueError) as error:
        raise invalid_value(name, text, "It must be a network in CIDR notation") from error
