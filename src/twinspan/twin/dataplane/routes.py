"""Keep a set of `ip` objects in a namespace as wanted, touching only what differs."""

import hashlib
from contextlib import suppress
from ipaddress import IPv4Address

from twinspan.errors import ItemsError
from twinspan.network.ranges import SHARED
from twinspan.twin.attempts import raise_any
from twinspan.twin.dataplane import namespaces


class IpObjects:
    """Addresses, routes and rules that this agent has put into one namespace.

    An object is a noun and the rest of its `ip` command, e.g. `("route", "10.1.0.0/16 dev a")`.
    """

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._present: set[tuple[str, str]] = set()

    def add(self, desired_objects: set[tuple[str, str]]) -> None:
        """Add what is new and has room; what takes another's place waits for `sync`."""
        with suppress(ItemsError):
            self.sync(self._present | desired_objects)

    def sync(self, desired_objects: set[tuple[str, str]]) -> None:
        """Delete what is no longer wanted, then add what is new.

        Raises:
            ItemsError: Some could not be added or deleted; the others were, and those are tried again.
        """
        changes = [("delete", ip_object) for ip_object in sorted(self._present - desired_objects)]
        changes += [("add", ip_object) for ip_object in sorted(desired_objects - self._present)]
        if not changes:
            return
        lines = [f"{noun} {verb} {rest}" for verb, (noun, rest) in changes]
        failed = namespaces.ip_each(lines, namespace=self._namespace)
        lost = {changes[number][1] for number in failed if changes[number][0] == "add"}
        self._present = desired_objects - lost
        raise_any(f"`ip {lines[number]}`: {why}" for number, why in failed.items())

    def forget(self, device: str) -> None:
        """Drop the objects that went away with a device."""
        self._present = {item for item in self._present if device not in item[1].split()}


def bgp_identifier(key: str) -> IPv4Address:
    """Return a BGP identifier that is the same for the same key."""
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big")
    return SHARED[number % SHARED.num_addresses]
