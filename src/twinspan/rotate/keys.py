"""New pre-shared keys."""

import secrets
import string

KEY_LENGTH = 32
"""Characters: as many as AWS's own keys have; 190 bits of these characters."""
_LETTERS = string.ascii_letters
_ALL = string.ascii_letters + string.digits


def new_key() -> str:
    """Return a random key of 32 letters and digits that begins with a letter.

    Both clouds take these: AWS letters, digits, periods and underscores, no zero first; Azure printable ASCII
    without space, hyphen and tilde. Source: EC2 API, VpnTunnelOptionsSpecification.PreSharedKey; Azure VPN
    Gateway FAQ, pre-shared key.
    """
    return secrets.choice(_LETTERS) + "".join(secrets.choice(_ALL) for _ in range(KEY_LENGTH - 1))
