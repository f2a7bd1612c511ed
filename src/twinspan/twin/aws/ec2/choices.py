"""What AWS chooses for a tunnel when the request does not say."""

import secrets
import string
from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network

from moto.ec2.exceptions import EC2ClientError

from twinspan.twin.aws.ec2.tunnel_options import INSIDE_ADDRESSES, INSIDE_PREFIX_LENGTH, RESERVED_INSIDE_CIDRS

OUTSIDE_ADDRESSES = IPv4Network("198.19.0.0/24")
"""AWS's ends of tunnels. Addresses for benchmarks (RFC 2544, RFC 6890), which no network announces, and which
examples and documentation do not use for the remote side, as they use those of RFC 5737."""
ELASTIC_ADDRESSES = IPv4Network("198.19.1.0/24")
"""Elastic addresses, of the same block."""
PRE_SHARED_KEY_LENGTH = 32

_FIRST_PAIR = 5
_LAST_PAIR = 126
_KEY_START = string.ascii_letters + "123456789._"
_KEY_REST = string.ascii_letters + string.digits + "._"


def choose_outside_addresses(
    *, live: Collection[IPv4Address], deleted: Collection[IPv4Address], named: Collection[IPv4Address] = ()
) -> tuple[IPv4Address, IPv4Address]:
    """Return the two outside addresses of a new connection.

    It is the lowest pair that never was in use; if there is none, the lowest that is not now. A pair is
    an even address and the next one, from .10 up: both have as many digits, so they are in the same
    order as text, by which Terraform's provider tells tunnel 1 from tunnel 2. What a customer gateway names
    is never chosen: both ends of a tunnel would have the same address.

    Raises:
        EC2ClientError: None is left.
    """
    for taken in ({*live, *deleted, *named}, {*live, *named}):
        for pair in range(_FIRST_PAIR, _LAST_PAIR + 1):
            first, second = OUTSIDE_ADDRESSES[2 * pair], OUTSIDE_ADDRESSES[2 * pair + 1]
            if first not in taken and second not in taken:
                return first, second
    raise EC2ClientError(
        "VpnConnectionLimitExceeded", f"The twin has no outside address left in {OUTSIDE_ADDRESSES}"
    )


def choose_inside_cidr(taken: Collection[IPv4Network]) -> IPv4Network:
    """Return a random /30 that is neither reserved nor taken on the same gateway."""
    while True:
        start = secrets.randbelow(INSIDE_ADDRESSES.num_addresses // 4) * 4
        cidr = IPv4Network((INSIDE_ADDRESSES[start], INSIDE_PREFIX_LENGTH))
        if cidr not in RESERVED_INSIDE_CIDRS and cidr not in taken:
            return cidr


def choose_pre_shared_key() -> str:
    """Return a random key of 32 characters that AWS would take."""
    rest = (secrets.choice(_KEY_REST) for _ in range(PRE_SHARED_KEY_LENGTH - 1))
    return secrets.choice(_KEY_START) + "".join(rest)
