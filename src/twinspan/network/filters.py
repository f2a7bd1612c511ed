"""What packet filters let through, whatever cloud they are of. Pure.

A question is about a set of packets (`Traffic`), which may be a single one; the answer is exact for each.
`aws_filters` and `azure_filters` make filters of what the clouds have.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from ipaddress import IPv4Network
from typing import Literal

from twinspan.network.limits import LAST_PORT
from twinspan.network.packet_sets import (
    ANY_PORT,
    ANY_PROTOCOL,
    Box,
    Range,
    addresses_of,
    minus,
    networks_of,
    one_or_every,
    split,
)
from twinspan.network.ranges import ANYWHERE

Direction = Literal["ingress", "egress"]
"""Seen from what the filter protects."""
ICMP, TCP, UDP, ESP, AH, ICMPV6 = 1, 6, 17, 50, 51, 58
"""Source: IANA, Assigned Internet Protocol Numbers."""
PROTOCOLS = {"icmp": ICMP, "tcp": TCP, "udp": UDP, "esp": ESP, "ah": AH, "icmpv6": ICMPV6}
OF_IPV6 = ("icmpv6", str(ICMPV6))
"""What AWS calls ICMPv6, which no IPv4 packet is."""
WITH_PORTS = (TCP, UDP)
ECHO_REQUEST, ECHO_REPLY = 8, 0
_SOURCE = 1
_NO_PROTOCOL = -1
_PORT_RANGE = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")


def protocol_number(word: str) -> int | None:
    """Return the IANA number of a protocol as either cloud writes it; None for all protocols.

    Raises:
        ValueError: There is no such protocol.
    """
    if word in {"-1", "*", "all"}:
        return None
    number = int(word) if word.isascii() and word.isdigit() else PROTOCOLS.get(word.lower(), _NO_PROTOCOL)
    if not 0 <= number <= ANY_PROTOCOL[1]:
        raise ValueError(f"{word!r} is no IP protocol")
    return number


def port_range(word: str) -> Range:
    """Return the ports that a security rule names, e.g. `443`, `8000-8999` or `*`.

    Raises:
        ValueError: It is no port range.
    """
    if word == "*":
        return ANY_PORT
    numbers = _PORT_RANGE.fullmatch(word)
    if numbers is None or not int(numbers[1]) <= int(numbers[2] or numbers[1]) <= LAST_PORT:
        raise ValueError(f"{word!r} is no port range within 0-{LAST_PORT}")
    return int(numbers[1]), int(numbers[2] or numbers[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """A set of packets; a single one if each member has one value. What is not given may be anything.

    Attributes:
        source: Where they come from.
        destination: Where they go to.
        protocol: IANA number.
        source_ports: Of TCP and UDP.
        destination_ports: Of TCP and UDP.
        icmp_type: Of ICMP.
        icmp_code: Of ICMP.
        established: Whether they belong to a flow that was let through before, in either direction.
    """

    source: IPv4Network = ANYWHERE
    destination: IPv4Network = ANYWHERE
    protocol: int | None = None
    source_ports: Range = ANY_PORT
    destination_ports: Range = ANY_PORT
    icmp_type: int | None = None
    icmp_code: int | None = None
    established: bool = False

    @property
    def box(self) -> Box:
        """The same in numbers."""
        first, second = self.source_ports, self.destination_ports
        if self.protocol == ICMP:
            first, second = one_or_every(self.icmp_type, ANY_PORT), one_or_every(self.icmp_code, ANY_PORT)
        ends = addresses_of(self.source), addresses_of(self.destination)
        return (one_or_every(self.protocol, ANY_PROTOCOL), *ends, first, second)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of a filter.

    Attributes:
        name: How its cloud names it, e.g. `rule 100`.
        number: Its rule number or priority; None if it has none.
        allow: Whether it lets through what it matches; None if that is not known.
        boxes: What it matches.
        known: Whether it certainly matches all of `boxes`; else a part of it, or nothing.
    """

    name: str
    number: int | None = None
    allow: bool | None
    boxes: tuple[Box, ...]
    known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Rules in order: the first that matches decides, and what none matches is denied.

    Attributes:
        name: What its cloud calls it.
        rules: Of one direction.
        stateful: Whether packets of a flow that was let through pass whatever the rules say.
    """

    name: str
    rules: tuple[Rule, ...]
    stateful: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Packets that have one fate.

    Attributes:
        box: Which packets.
        passes: Whether they pass; None if that is not known.
        filter: Name of the filter that denies them or leaves it open.
        rule: The rule that does; None if they are denied since no rule matches.
    """

    box: Box
    passes: bool | None = True
    filter: str = ""
    rule: Rule | None = None


class Admitted(StrEnum):
    """How much of some traffic passes."""

    ALL = "all"
    SOME = "some"
    NONE = "none"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of some traffic: each of its packets is in one of `parts`."""

    parts: tuple[Part, ...]

    @property
    def admitted(self) -> Admitted:
        """How much of it passes."""
        fates = {part.passes for part in self.parts}
        if {True, False} <= fates:
            return Admitted.SOME
        if None in fates:
            return Admitted.UNKNOWN
        return Admitted.ALL if fates == {True} else Admitted.NONE

    def first(self, *, passes: bool | None) -> Part | None:
        """Return the first part with that fate, in the order of the rules; None if there is none."""
        return next((part for part in self.parts if part.passes is passes), None)

    def silenced(self) -> tuple[tuple[IPv4Network, ...], tuple[IPv4Network, ...]]:
        """Return the sources none of whose packets pass, and those of which that is not known."""
        passing, unsure, denied = (
            [part.box[_SOURCE] for part in self.parts if part.passes is fate] for fate in (True, None, False)
        )
        return networks_of(minus(denied, [*passing, *unsure])), networks_of(minus(unsure, passing))


def judge(filters: Iterable[Filter], traffic: Traffic) -> Answer:
    """Return what becomes of traffic that must pass several filters, in their order; with none it passes.

    In Azure a packet passes the filter of the subnet first and that of the interface then, or the reverse on
    its way out. Source: Azure, "How network security groups filter network traffic".
    """
    parts = [Part(box=traffic.box)]
    for traffic_filter in filters:
        if not (traffic_filter.stateful and traffic.established):
            parts = [part for before in parts for part in _judged(traffic_filter, before)]
    return Answer(tuple(parts))


def _judged(by: Filter, before: Part) -> Iterator[Part]:
    if before.passes is False:
        yield before
        return
    # Packets that no rule has certainly matched, the fates they may have met, and the rule that is unsure.
    waiting: list[tuple[Box, frozenset[bool], Rule | None]] = [(before.box, frozenset(), None)]
    for rule in by.rules:
        fates = frozenset({True, False} if rule.allow is None else {rule.allow})
        later = []
        for box, met, unsure in waiting:
            matched, rest = split(box, rule.boxes)
            why = unsure or (None if rule.known and rule.allow is not None else rule)
            for common in matched:
                if rule.known:
                    yield _part(by, before, common, met | fates, why or rule)
                else:
                    later.append((common, met | fates, why))
            later += [(piece, met, unsure) for piece in rest]
        waiting = later
    for box, met, unsure in waiting:
        yield _part(by, before, box, met | {False}, unsure)


def _part(by: Filter, before: Part, box: Box, fates: frozenset[bool], rule: Rule | None) -> Part:
    if fates == {True}:
        return replace(before, box=box)
    return Part(box=box, passes=None if True in fates else False, filter=by.name, rule=rule)
