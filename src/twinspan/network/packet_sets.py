"""Sets of packets as boxes of numbers, cut and joined. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, summarize_address_range
from itertools import pairwise

from twinspan.network.limits import LAST_PORT

Range = tuple[int, int]
"""First and last number, both included."""
Box = tuple[Range, Range, Range, Range, Range]
"""Packets by IP protocol, source, destination, source port and destination port; of ICMP, type and code."""
ANY_PROTOCOL: Range = (0, 255)
ANY_ADDRESS: Range = (0, 2**32 - 1)
ANY_PORT: Range = (0, LAST_PORT)


def one_or_every(number: int | None, every: Range) -> Range:
    """Return the range of one number; the whole of `every` if there is none."""
    return every if number is None else (number, number)


def addresses_of(network: IPv4Network) -> Range:
    """Return the first and the last address of a network, as numbers."""
    return int(network.network_address), int(network.broadcast_address)


def networks_of(ranges: Iterable[Range]) -> tuple[IPv4Network, ...]:
    """Return the networks that together are some ranges of addresses."""
    return tuple(
        network
        for first, last in ranges
        for network in summarize_address_range(IPv4Address(first), IPv4Address(last))
    )


def minus(ranges: Sequence[Range], taken: Sequence[Range]) -> Iterator[Range]:
    """Yield, in order, what is in some of the ranges and in none of the taken ones."""
    edges = sorted({edge for first, last in (*ranges, *taken) for edge in (first, last + 1)})
    pending: Range | None = None
    for first, after in pairwise(edges):
        inside = any(low <= first <= high for low, high in ranges)
        if inside and not any(low <= first <= high for low, high in taken):
            pending = (pending[0] if pending else first, after - 1)
        elif pending:
            yield pending
            pending = None
    if pending:
        yield pending


def split(box: Box, shapes: Iterable[Box]) -> tuple[list[Box], list[Box]]:
    """Return the parts of a box that are in some shape, each packet once, and those that are in none."""
    matched: list[Box] = []
    rest = [box]
    for shape in shapes:
        pieces, rest = rest, []
        for piece in pieces:
            common, outside = _cut(piece, shape)
            rest += outside
            if common is not None:
                matched.append(common)
    return matched, rest


def _cut(box: Box, shape: Box) -> tuple[Box | None, list[Box]]:
    """Return what a box and a shape have in common, and the parts of the box outside the shape."""
    if any(low > last or high < first for (first, last), (low, high) in zip(box, shape, strict=True)):
        return None, [box]
    outside: list[Box] = []
    left = list(box)
    for index, (low, high) in enumerate(shape):
        first, last = left[index]
        parts = [part for part in ((first, low - 1), (high + 1, last)) if part[0] <= part[1]]
        outside += [box_of([*left[:index], part, *left[index + 1 :]]) for part in parts]
        left[index] = (max(first, low), min(last, high))
    return box_of(left), outside


def box_of(ranges: Sequence[Range]) -> Box:
    """Return a box of five ranges, in the order of `Box`."""
    protocol, source, destination, first, second = ranges
    return protocol, source, destination, first, second
