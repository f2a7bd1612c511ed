"""What AWS chooses for a tunnel when the request does not say."""

import secrets
import string
from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network

from moto.ec2.exceptions import EC2ClientError

from twinspan.network.ranges import AWS_RESERVED_INSIDE, INSIDE_LENGTH, LINK_LOCAL, TWIN_AWS_OUTSIDE

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
            first, second = TWIN_AWS_OUTSIDE[2 * pair], TWIN_AWS_OUTSIDE[2 * pair + 1]
            if first not in taken and second not in taken:
                return first, second
    raise EC2ClientError(
        "VpnConnectionLimitExceeded", f"The twin has no outside address left in {TWIN_AWS_OUTSIDE}"
    )


def choose_inside_cidr(taken: Collection[IPv4Network]) -> IPv4Network:
    """Return a random /30 that is neither reserved nor taken on the same gateway."""
    while True:
        start = secrets.randbelow(LINK_LOCAL.num_addresses // 4) * 4
        cidr = IPv4Network((LINK_LOCAL[start], INSIDE_LENGTH))
        if cidr not in AWS_RESERVED_INSIDE and cidr not in taken:
            return cidr


def choose_pre_shared_key() -> str:
    """Return a random key of 32 characters that AWS would take."""
    rest = (secrets.choice(_KEY_REST) for _ in range(PRE_SHARED_KEY_LENGTH - 1))
    return secrets.choice(_KEY_START) + "".join(rest)
