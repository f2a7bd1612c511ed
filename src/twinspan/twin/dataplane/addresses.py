"""Who has which address in the subnets: hosts, nodes, and nodes' blocks of pod addresses."""

import threading
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from twinspan.errors import DesignError
from twinspan.network.limits import RESERVED_HOSTS
from twinspan.twin.dataplane.filters_text import host

BLOCK_LENGTH = 28
"""Pods' addresses are handed to nodes 16 at a time. Sources: Amazon EKS user guide, "Assign more IP addresses
to Amazon EKS nodes with prefixes"; AKS, "Configure Azure CNI Pod Subnet - dynamic IP allocation"."""


class Addresses:
    """The addresses in use in the subnets of all routers. Thread safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._used: dict[str, set[IPv4Network]] = {}

    def take(self, router: str, subnet: IPv4Network, *, where: str) -> IPv4Address:
        """Take the lowest free address of a subnet.

        Args:
            router: Key of the subnet's router.
            subnet: The subnet's prefix.
            where: Who wants it, for the error.

        Raises:
            DesignError: None is free.
        """
        with self._lock:
            for number in _usable(subnet):
                if not self._overlaps(router, host(subnet[number])):
                    self._used.setdefault(router, set()).add(host(subnet[number]))
                    return subnet[number]
        raise DesignError(
            where=where,
            problem=f"no address is free in {subnet}",
            remedy="Detach a host, run fewer nodes, or make the subnet larger",
        )

    def claim(self, router: str, subnet: IPv4Network, address: IPv4Address, *, where: str) -> None:
        """Take one certain address.

        Raises:
            DesignError: It is taken, reserved or not in the subnet.
        """
        with self._lock:
            fits = address in subnet and int(address) - int(subnet.network_address) in _usable(subnet)
            if fits and not self._overlaps(router, host(address)):
                self._used.setdefault(router, set()).add(host(address))
                return
        raise DesignError(
            where=where,
            problem=f"{address} is taken, reserved or not in {subnet}",
            remedy="Choose a free address of the subnet, from its fifth on, or none",
        )

    def take_block(self, router: str, subnet: IPv4Network, *, where: str) -> IPv4Network:
        """Take a free block of 16 addresses, from the subnet's end, so that single ones do not split it.

        Raises:
            DesignError: None is free.
        """
        with self._lock:
            for block in _blocks(subnet):
                if not self._overlaps(router, block):
                    self._used.setdefault(router, set()).add(block)
                    return block
        raise DesignError(
            where=where,
            problem=f"no block of 16 addresses for pods is free in {subnet}",
            remedy="Use a larger subnet for the pods, or fewer nodes or pods per node",
        )

    def give_back(self, router: str, network: IPv4Network | IPv4Address) -> None:
        """Free an address or a block."""
        freed = host(network) if isinstance(network, IPv4Address) else network
        with self._lock:
            self._used.get(router, set()).discard(freed)

    def _overlaps(self, router: str, network: IPv4Network) -> bool:
        return any(network.overlaps(used) for used in self._used.get(router, ()))


def _usable(subnet: IPv4Network) -> range:
    return range(RESERVED_HOSTS, subnet.num_addresses - 1)


def _blocks(subnet: IPv4Network) -> Iterator[IPv4Network]:
    if subnet.prefixlen > BLOCK_LENGTH:
        return
    blocks = list(subnet.subnets(new_prefix=BLOCK_LENGTH))
    # The first and the last one hold addresses that the cloud keeps.
    yield from reversed(blocks[1:-1])
