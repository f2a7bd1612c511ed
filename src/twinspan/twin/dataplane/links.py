"""Wires between namespaces: pairs of virtual Ethernet devices with transit addresses."""

import hashlib
import itertools
import threading
from dataclasses import dataclass
from ipaddress import IPv4Address

from twinspan.network.ranges import TWIN_TRANSIT
from twinspan.twin.dataplane import namespaces


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkEnd:
    """One end of a link."""

    namespace: str
    interface: str


class TransitAddresses:
    """Hands out /31 transit networks; the lowest free one first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._used: set[int] = set()

    def take(self) -> int:
        """Return the number of a free network."""
        with self._lock:
            number = next(n for n in itertools.count() if n not in self._used)
            self._used.add(number)
            return number

    def give_back(self, number: int) -> None:
        """Free a network."""
        with self._lock:
            self._used.discard(number)

    @staticmethod
    def pair(number: int) -> tuple[IPv4Address, IPv4Address]:
        """Return both addresses of a transit network."""
        return TWIN_TRANSIT[2 * number], TWIN_TRANSIT[2 * number + 1]


def bridge(name: str, *, key: str) -> str:
    """Return the command that makes a bridge with a hardware address of its own, the same for the same key.

    Without one it takes the lowest of its ports': that changes when a host comes or goes, and neighbours send
    into the void until they ask again. Source: Linux, net/bridge/br_stp_if.c, br_stp_recalculate_bridge_id.
    """
    return f"link add name {name} address {hardware_address(key)} type bridge forward_delay 0"


def hardware_address(key: str) -> str:
    """Return a locally administered hardware address that is the same for the same key."""
    return "02:" + hashlib.sha256(key.encode()).digest()[:5].hex(":")


def join(first: LinkEnd, second: LinkEnd, *, mtu: int = 1500) -> None:
    """Make a wire, both ends down. Raises CommandError if a name is taken."""
    ours = f"name {first.interface} mtu {mtu} netns {first.namespace}"
    theirs = f"name {second.interface} mtu {mtu} netns {second.namespace}"
    namespaces.ip([f"link add {ours} type veth peer {theirs}"])


def cut(plug: LinkEnd) -> None:
    """Remove a wire by one of its ends. Raises CommandError if it is not there."""
    namespaces.ip([f"link delete {plug.interface}"], namespace=plug.namespace)
