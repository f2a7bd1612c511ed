"""Keep a set of `ip` objects in a namespace as wanted, touching only what differs."""

import hashlib
from ipaddress import IPv4Address, IPv4Network

from twinspan.twin.dataplane import namespaces

_IDENTIFIERS = IPv4Network("100.64.0.0/10")


class IpObjects:
    """Addresses, routes and rules that this agent has put into one namespace.

    An object is a noun and the rest of its `ip` command, e.g. `("route", "10.1.0.0/16 dev a")`.
    """

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._present: set[tuple[str, str]] = set()

    def sync(self, wanted: set[tuple[str, str]]) -> None:
        """Delete what is no longer wanted, then add what is new. Raises CommandError."""
        gone, new = self._present - wanted, wanted - self._present
        namespaces.ip(
            [f"{noun} delete {rest}" for noun, rest in sorted(gone)]
            + [f"{noun} add {rest}" for noun, rest in sorted(new)],
            namespace=self._namespace,
        )
        self._present = set(wanted)

    def forget(self, device: str) -> None:
        """Drop the objects that went away with a device."""
        self._present = {item for item in self._present if device not in item[1].split()}


def bgp_identifier(key: str) -> IPv4Address:
    """Return a BGP identifier that is the same for the same key."""
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big")
    return _IDENTIFIERS[number % _IDENTIFIERS.num_addresses]
