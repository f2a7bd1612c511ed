"""Which traffic the two ends of a tunnel agree to carry. Pure.

A selector pair is (range behind Azure, range behind AWS). Source: RFC 7296, section 2.9; EC2 API,
VpnConnectionOptionsSpecification; Azure, "Connect a VPN gateway to multiple on-premises policy-based VPN
devices" and "Custom traffic selectors for VPN Gateway".
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network

from twinspan.network.ranges import ANYWHERE

Pair = tuple[IPv4Network, IPv4Network]


def azure_pairs(
    *,
    policy_based: bool,
    given: Sequence[Pair],
    address_space: Iterable[IPv4Network],
    prefixes: Sequence[IPv4Network],
) -> tuple[Pair, ...]:
    """Return what Azure's end proposes.

    Args:
        policy_based: `usePolicyBasedTrafficSelectors`.
        given: `trafficSelectorPolicies`, every combination of each entry; they win.
        address_space: Of the VNet.
        prefixes: Of the local network gateway.
    """
    if given:
        return tuple(given)
    if not policy_based:
        return ((ANYWHERE, ANYWHERE),)
    return tuple((azure, aws) for azure in address_space for aws in prefixes)


def admitted(azure: Iterable[Pair], aws: Pair) -> tuple[Pair, ...]:
    """Return what both ends admit, pair by pair; empty if they have nothing in common."""
    return tuple(
        (_narrow(left, aws[0]), _narrow(right, aws[1]))
        for left, right in azure
        if left.overlaps(aws[0]) and right.overlaps(aws[1])
    )


def admit(pairs: Iterable[Pair], between: Pair) -> bool:
    """Whether one pair admits everything between two ranges."""
    return any(between[0].subnet_of(azure) and between[1].subnet_of(aws) for azure, aws in pairs)


def shown(pairs: Iterable[Pair]) -> str:
    """Return pairs as text, Azure's range first."""
    return ", ".join(f"{azure} - {aws}" for azure, aws in pairs)


def _narrow(one: IPv4Network, other: IPv4Network) -> IPv4Network:
    return one if one.subnet_of(other) else other
