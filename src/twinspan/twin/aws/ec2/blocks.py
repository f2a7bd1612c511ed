"""CIDR blocks as EC2 takes them: one with host bits set is made canonical, 100.68.0.18/18 to 100.68.0.0/18.

Source: EC2 API, CreateVpc, CreateSubnet, CreateRoute, CreateNetworkAclEntry and IpRange, which all say so.
"""

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from moto.ec2.exceptions import EC2ClientError

_ALONE = frozenset({"CidrBlock", "DestinationCidrBlock", "Ipv6CidrBlock"})
_IN_RULES = frozenset({"CidrIp", "CidrIpv4"})
_STRICT = frozenset({"CreateVpnConnectionRoute", "DeleteVpnConnectionRoute"})
"""Actions whose documentation does not say so."""


def make_canonical(action: str, params: dict[str, Any]) -> None:
    """Make the blocks of a request canonical, in place; those of rules for groups are checked elsewhere.

    Raises:
        EC2ClientError: A block of a VPC, subnet, route or network ACL is none.
    """
    if action in _STRICT:
        return
    for holder, name in _blocks(params):
        try:
            kind = IPv6Network if name == "Ipv6CidrBlock" else IPv4Network
            holder[name] = str(kind(holder[name], strict=False))
        except ValueError as error:
            if name in _ALONE:
                raise EC2ClientError(
                    "InvalidParameterValue",
                    f"Value ({holder[name]}) for parameter {name[0].lower()}{name[1:]} is invalid."
                    " This is not a valid CIDR block.",
                ) from error


def _blocks(value: Any) -> Iterator[tuple[dict[str, Any], str]]:  # noqa: ANN401 - parsed parameters
    if isinstance(value, list):
        for item in value:
            yield from _blocks(item)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name in _ALONE | _IN_RULES and isinstance(inner, str):
                yield value, name
            else:
                yield from _blocks(inner)
