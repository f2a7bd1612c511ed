"""What the members of a filter's rule match: certainly, and at most. Pure.

What is not known of a rule, e.g. in a plan, leaves those packets open that the rule could be about.
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network
from itertools import product
from typing import NamedTuple

from twinspan.network.filters import OF_IPV6, WITH_PORTS, Rule, protocol_number
from twinspan.network.packet_sets import ANY_ADDRESS, ANY_PORT, ANY_PROTOCOL, Range, addresses_of, box_of


class Matched(NamedTuple):
    """The numbers that a member of a rule certainly matches, and all that it may match."""

    sure: tuple[Range, ...]
    possible: tuple[Range, ...]


ANY_TYPE = -1
ALL_PORTS: Range = (ANY_TYPE, ANY_TYPE)
EVERY_PORT = Matched((ANY_PORT,), (ANY_PORT,))
EVERY_ADDRESS = Matched((ANY_ADDRESS,), (ANY_ADDRESS,))
EVERY_PROTOCOL = Matched((ANY_PROTOCOL,), (ANY_PROTOCOL,))
UNKNOWN_PORT = Matched((), (ANY_PORT,))
UNKNOWN_ADDRESS = Matched((), (ANY_ADDRESS,))
PROTOCOLS_WITH_PORTS = tuple(((number, number),) for number in WITH_PORTS)


def rules_of(
    name: str, number: int | None, allow: bool | None, members: tuple[Matched, ...]
) -> Iterator[Rule]:
    """Yield the rule of what all members certainly match; a second one, not known, if they may match more."""
    sure, possible = (tuple(box_of(box) for box in product(*ranges)) for ranges in zip(*members, strict=True))
    yield Rule(name=name, number=number, allow=allow, boxes=sure)
    if possible != sure:
        yield Rule(name=name, number=number, allow=allow, boxes=possible, known=False)


def together(values: Iterable[Matched]) -> Matched:
    """Return what any of the values matches."""
    every = tuple(values)
    return Matched(
        tuple(r for part in every for r in part.sure), tuple(r for part in every for r in part.possible)
    )


def exactly(*ranges: Range) -> Matched:
    """Return what matches these ranges, and nothing else."""
    return Matched(ranges, ranges)


def matched_protocols(word: str | None) -> Matched:
    """Return what a protocol's name or number matches; None, or no protocol at all: not known."""
    try:
        number = protocol_number(word) if word is not None else ANY_TYPE
    except ValueError:
        number = ANY_TYPE
    if number == ANY_TYPE:
        return Matched((), (ANY_PROTOCOL,))
    if word in OF_IPV6:
        return exactly()
    return EVERY_PROTOCOL if number is None else exactly((number, number))


def matched_addresses(network: IPv4Network | None) -> Matched:
    """Return what a network matches; None: not known."""
    return UNKNOWN_ADDRESS if network is None else exactly(addresses_of(network))
