"""The evaluator of filters and the rules that the data plane makes of them: one verdict for each packet.

Random filters are loaded by nft into real namespaces; real packets are sent, and what passes is compared.
"""

import random
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network
from typing import Literal, Protocol, TypeVar

import pytest
from packets import TTL, Flows, Packet, Path, Sockets, arrived, identity, one_processor
from wire_hosts import AWS_ADDRESS, AZURE_ADDRESS, NamespaceHost, Wire, build_wire, needs_root_and

from twinspan.network.aws_filters import network_acl_filter, security_group_filter
from twinspan.network.azure_filters import network_security_group_filter
from twinspan.network.filters import (
    AH,
    ESP,
    ICMP,
    TCP,
    UDP,
    WITH_PORTS,
    Admitted,
    Direction,
    Filter,
    Traffic,
    judge,
)
from twinspan.network.model import (
    AwsSubnet,
    IpPermission,
    NetworkAcl,
    NetworkAclEntry,
    NetworkSecurityGroup,
    SecurityGroup,
    SecurityRule,
    VirtualNetwork,
)
from twinspan.twin.dataplane.filters import (
    NSG_TABLE,
    SECURITY_GROUP_TABLE,
    Edge,
    network_acl_ruleset,
    nsg_ruleset,
    security_group_ruleset,
)

pytestmark = pytest.mark.root

T = TypeVar("T")
Kind = Literal["security group", "network ACL", "network security group"]
WAYS: tuple[Direction, Direction] = ("ingress", "egress")
OTHER: dict[Direction, Direction] = {"ingress": "egress", "egress": "ingress"}

SEED = 20261129
VPC, VNET = IPv4Network("10.2.0.0/16"), IPv4Network("10.1.0.0/16")
SUBNET = AwsSubnet(
    id="subnet-1",
    name="",
    vpc_id="vpc-1",
    cidr_block=IPv4Network("10.2.1.0/24"),
    availability_zone="us-west-2a",
)
PROTOCOLS = (TCP, TCP, UDP, UDP, ICMP, ICMP, ESP, AH, 47, 99)
PORTS = (1, 22, 79, 80, 81, 443, 1023, 1024, 7999, 8000, 8080, 9000, 9001, 32768, 65535)
TYPES = (0, 3, 8, 8, 8, 11, 13)
UNIVERSE = (VNET, VPC, SUBNET.cidr_block, IPv4Network("10.9.0.0/16"), IPv4Network("8.8.8.0/24"))
EXEMPT = tuple(
    IPv4Network(exempt_address) for exempt_address in ("10.2.0.2", "168.63.129.16", "169.254.169.254")
)
"""The VPC's resolver, and what is not filtered by Azure."""
EDGE = Edge(device="eth0")
PACKETS = 12
"""For each filter and direction."""

DEAF = "table ip deaf {\nchain in { type filter hook prerouting priority -500; policy drop; }\n}\n"
"""For a namespace at the other end: it answers nothing."""
MUTE = f"table ip mute {{\nchain out {{ type filter hook output priority -500; ip ttl != {TTL} drop; }}\n}}\n"
"""For a host: nothing but our packets leaves it, no answer of its own kernel."""


class Case(Protocol):
    """A filter as both sides take it."""

    def text(self) -> str:
        """Return the data plane's nftables rules."""

    def filter(self, way: Direction) -> Filter:
        """Return the evaluator's form."""

    def smaller(self) -> "Iterator[Case]":
        """Yield the same with one part less."""

    def named(self) -> list[IPv4Network]:
        """Return the networks that it names."""


def any_network(dice: random.Random) -> IPv4Network:
    base = dice.choice(UNIVERSE)
    length = dice.choice((base.prefixlen, 24, 25, 30, 31, 32, dice.randint(8, 32), 0))
    return IPv4Network((int(base[dice.randrange(base.num_addresses)]), length), strict=False)


def any_ports(dice: random.Random) -> tuple[int, int]:
    first, last = sorted(dice.choices(PORTS, k=2))
    return dice.choice(((first, last), (first, first), (0, 65535)))


def without(items: tuple[T, ...], index: int) -> tuple[T, ...]:
    return (*items[:index], *items[index + 1 :])


def without_other(table: str, edge: Edge | None) -> str:
    """Remove the table of the other place, where the filter before may have been."""
    other = table if edge else EDGE.table(table)
    return f"table ip {other}\ndelete table ip {other}\n"


@dataclass(frozen=True, kw_only=True)
class GroupCase:
    """Security groups of one interface."""

    groups: tuple[SecurityGroup, ...]
    members: dict[str, list[IPv4Network]]
    edge: Edge | None

    @classmethod
    def make(cls, dice: random.Random) -> "GroupCase":
        groups = tuple(
            SecurityGroup(
                id=f"sg-{number}",
                name=f"{number}",
                vpc_id="vpc-1",
                permissions=tuple(cls._permission(dice) for _ in range(dice.randint(0, 6))),
            )
            for number in range(dice.randint(0, 3))
        )
        members = {f"sg-{number}": [any_network(dice) for _ in range(2)] for number in range(2)}
        return cls(groups=groups, members=members, edge=dice.choice((None, None, EDGE)))

    @staticmethod
    def _permission(dice: random.Random) -> IpPermission:
        protocol = dice.choice(("-1", "tcp", "tcp", "udp", "17", "icmp", "50", "47", "icmpv6", "58"))
        group = dice.choice((None, None, None, "sg-0", "sg-1", "sg-2"))
        ports = dice.choice((any_ports(dice), (-1, -1)))
        if protocol == "icmp":
            kind = dice.choice(TYPES)
            ports = dice.choice(((-1, -1), (kind, -1), (kind, dice.randint(0, 1))))
        return IpPermission(
            direction=dice.choice(WAYS),
            ip_protocol=protocol,
            from_port=ports[0],
            to_port=ports[1],
            cidr=None if group else any_network(dice),
            group_id=group,
        )

    def text(self) -> str:
        return without_other(SECURITY_GROUP_TABLE, self.edge) + security_group_ruleset(
            self.groups,
            interface_address=AWS_ADDRESS,
            vpc_cidr_blocks=[VPC],
            members=self.members,
            edge=self.edge,
        )

    def filter(self, way: Direction) -> Filter:
        return security_group_filter(self.groups, way, members=self.members, vpc_cidr_blocks=[VPC])

    def smaller(self) -> Iterator[Case]:
        for index, group in enumerate(self.groups):
            yield replace(self, groups=without(self.groups, index))
            for number in range(len(group.permissions)):
                less = replace(group, permissions=without(group.permissions, number))
                yield replace(self, groups=(*self.groups[:index], less, *self.groups[index + 1 :]))

    def named(self) -> list[IPv4Network]:
        ranges = [
            permission.cidr for group in self.groups for permission in group.permissions if permission.cidr
        ]
        return [*ranges, *(network for group in self.members.values() for network in group), *EXEMPT]


@dataclass(frozen=True, kw_only=True)
class AclCase:
    """A network ACL of one subnet."""

    acl: NetworkAcl

    @classmethod
    def make(cls, dice: random.Random) -> "AclCase":
        numbers = dice.sample(range(1, 30), dice.randint(0, 9))
        entries = tuple(cls._entry(dice, number) for number in numbers)
        acl = NetworkAcl(id="acl-1", vpc_id="vpc-1", default=False, subnet_ids=(SUBNET.id,), entries=entries)
        return cls(acl=acl)

    @staticmethod
    def _entry(dice: random.Random, number: int) -> NetworkAclEntry:
        kind = dice.choice((-1, *TYPES))
        return NetworkAclEntry(
            egress=dice.choice((True, False)),
            rule_number=number,
            protocol=dice.choice(("-1", "6", "6", "17", "1", "50", "58")),
            allow=dice.choice((True, True, False)),
            cidr_block=any_network(dice),
            port_range=dice.choice((any_ports(dice), None)),
            icmp_type_code=dice.choice((None, (kind, -1 if kind == -1 else dice.randint(-1, 1)))),
        )

    def text(self) -> str:
        return network_acl_ruleset(self.acl, subnet=SUBNET, interface="aws0")

    def filter(self, way: Direction) -> Filter:
        return network_acl_filter(self.acl, way, subnet=SUBNET.cidr_block)

    def smaller(self) -> Iterator[Case]:
        for index in range(len(self.acl.entries)):
            yield AclCase(acl=replace(self.acl, entries=without(self.acl.entries, index)))

    def named(self) -> list[IPv4Network]:
        return [entry.cidr_block for entry in self.acl.entries]


@dataclass(frozen=True, kw_only=True)
class NsgCase:
    """A network security group of one subnet."""

    nsg: NetworkSecurityGroup
    learned: tuple[IPv4Network, ...]
    edge: Edge | None

    @classmethod
    def make(cls, dice: random.Random) -> "NsgCase":
        priorities = dice.sample(range(100, 140), dice.randint(0, 8))
        rules = tuple(cls._rule(dice, priority) for priority in priorities)
        learned = dice.choice(((), (VPC,), (any_network(dice), any_network(dice))))
        group = NetworkSecurityGroup(id="n", name="n", security_rules=rules)
        return cls(nsg=group, learned=learned, edge=dice.choice((None, None, EDGE)))

    @classmethod
    def _rule(cls, dice: random.Random, priority: int) -> SecurityRule:
        return SecurityRule(
            name=f"rule{priority}",
            priority=priority,
            direction=dice.choice(("Inbound", "Outbound")),
            access=dice.choice(("Allow", "Deny")),
            protocol=dice.choice(("*", "*", "Tcp", "Udp", "Icmp", "Esp", "Ah")),
            source_address_prefixes=cls._prefixes(dice),
            source_port_ranges=cls._ports(dice, often=False),
            destination_address_prefixes=cls._prefixes(dice),
            destination_port_ranges=cls._ports(dice, often=True),
        )

    @staticmethod
    def _prefixes(dice: random.Random) -> tuple[str, ...]:
        tags = ("VirtualNetwork", "virtualnetwork", "Internet", "AzureLoadBalancer", "2001:db8::/32")
        some = tuple(
            dice.choice((dice.choice(tags), str(any_network(dice)))) for _ in range(dice.randint(1, 3))
        )
        return dice.choice((("*",), ("*",), some))

    @staticmethod
    def _ports(dice: random.Random, *, often: bool) -> tuple[str, ...]:
        if dice.random() > (0.6 if often else 0.2):
            return ("*",)
        ranges = [any_ports(dice) for _ in range(dice.randint(1, 3))]
        return tuple(str(first) if first == last else f"{first}-{last}" for first, last in ranges)

    def text(self) -> str:
        network = VirtualNetwork(id="v", name="v", location="westus2", address_space=(VNET,), subnets=())
        return without_other(NSG_TABLE, self.edge) + nsg_ruleset(
            self.nsg, virtual_network=network, gateway_prefixes=self.learned, edge=self.edge
        )

    def filter(self, way: Direction) -> Filter:
        return network_security_group_filter(self.nsg, way, connected=(VNET, *self.learned))

    def smaller(self) -> Iterator[Case]:
        for index in range(len(self.nsg.security_rules)):
            yield replace(self, nsg=replace(self.nsg, security_rules=without(self.nsg.security_rules, index)))

    def named(self) -> list[IPv4Network]:
        words = [
            word
            for rule in self.nsg.security_rules
            for word in (*rule.source_address_prefixes, *rule.destination_address_prefixes)
        ]
        ranges = [IPv4Network(word) for word in words if word[0].isdigit() and ":" not in word]
        return [*ranges, *self.learned, *EXEMPT]


class Bench(Protocol):
    """Where filters of one kind are in force and packets are sent through them."""

    def load(self, rules: str) -> None:
        """Put a filter in force; no flow has been seen yet."""

    def passed(self, way: Direction, packets: Sequence[bytes]) -> set[bytes]:
        """Send packets and return the identities of those that pass."""

    def ends(
        self, way: Direction, peer: IPv4Address, dice: random.Random, /
    ) -> tuple[IPv4Address, IPv4Address]:
        """Return source and destination of a packet from or to a peer."""

    def carries(self, way: Direction, packet: Packet) -> bool:
        """Whether a packet goes this way."""


class HostBench:
    """A host whose own namespace has the filter."""

    def __init__(self, sockets: Sockets, wire: Wire, host: NamespaceHost) -> None:
        device, gateway = f"{host.side}0", host.address + 1
        unfiltered(host, "all", "eth0")
        known(host, gateway, "eth0", near=(wire.router, device))
        for half in IPv4Network((int(host.address), 24), strict=False).subnets():
            run(host, "ip", "route", "add", f"{half}", "via", f"{gateway}", "dev", "eth0", "onlink")
        host.load(MUTE)
        wire.router.load(DEAF)
        self._host = host
        self._in = Path(sockets, wire.router, device, host, "eth0")
        self._out = Path(sockets, host, "eth0", wire.router, device)
        raw = (socket.AF_INET, socket.SOCK_RAW)
        self._heard = [sockets.open(host, *raw, protocol) for protocol in sorted({*PROTOCOLS})]
        self._left = sockets.seen(wire.router, device)
        self._sender = sockets.open(host, *raw, socket.IPPROTO_RAW)
        self._flows = Flows(sockets, host)

    def load(self, rules: str) -> None:
        self._host.load(rules)
        self._flows.forget()

    def passed(self, way: Direction, packets: Sequence[bytes]) -> set[bytes]:
        if way == "ingress":
            self._in.send(packets)
            return arrived(self._heard)
        for packet in packets:
            self._send(packet)
        self._out.settle()
        return arrived([self._left])

    def _send(self, packet: bytes) -> None:
        try:
            self._sender.sendto(packet, (socket.inet_ntoa(packet[16:20]), 0))
        except PermissionError:  # how the kernel says that a filter has dropped it
            return

    def ends(self, way: Direction, peer: IPv4Address, _: random.Random) -> tuple[IPv4Address, IPv4Address]:
        return (peer, self._host.address) if way == "ingress" else (self._host.address, peer)

    def carries(self, way: Direction, packet: Packet) -> bool:
        return self._host.address == (packet.destination if way == "ingress" else packet.source)


class RouterBench:
    """A router with the filter at the edge of the subnet of AWS."""

    def __init__(self, sockets: Sockets, wire: Wire) -> None:
        unfiltered(wire.router, "all", "aws0", "azure0")
        for host, ways in ((wire.aws, SUBNET.cidr_block.subnets()), (wire.azure, [IPv4Network("0.0.0.0/0")])):
            host.load(DEAF)
            device = f"{host.side}0"
            known(wire.router, host.address, device, near=(host, "eth0"))
            for way in ways:
                run(wire.router, "ip", "route", "add", f"{way}", "via", f"{host.address}", "dev", device)
        self._router = wire.router
        self._ends = {
            "ingress": self._end(sockets, wire.azure, wire.aws),
            "egress": self._end(sockets, wire.aws, wire.azure),
        }

    def _end(
        self, sockets: Sockets, near: NamespaceHost, far: NamespaceHost
    ) -> tuple[Path, Path, socket.socket]:
        return (
            Path(sockets, near, "eth0", self._router, f"{near.side}0"),
            Path(sockets, self._router, f"{far.side}0", far, "eth0"),
            sockets.seen(far, "eth0"),
        )

    def load(self, rules: str) -> None:
        self._router.load(rules)

    def passed(self, way: Direction, packets: Sequence[bytes]) -> set[bytes]:
        first, second, seen = self._ends[way]
        first.send(packets)
        second.settle()
        return arrived([seen])

    def ends(self, way: Direction, peer: IPv4Address, dice: random.Random) -> tuple[IPv4Address, IPv4Address]:
        own = SUBNET.cidr_block[dice.randint(20, 250)]
        return (peer, own) if way == "ingress" else (dice.choice((own, own, usable(dice, []))), peer)

    def carries(self, way: Direction, packet: Packet) -> bool:
        return (packet.destination in SUBNET.cidr_block) == (way == "ingress")


def run(host: NamespaceHost, *argv: str) -> str:
    done = host.run(argv, timeout_s=10)
    assert done.returncode == 0, done.stderr
    return done.stdout


def unfiltered(host: NamespaceHost, *devices: str) -> None:
    """Let the kernel take packets from any source."""
    run(host, "sysctl", "-qw", *(f"net.ipv4.conf.{device}.rp_filter=0" for device in devices))


def known(host: NamespaceHost, peer: IPv4Address, device: str, *, near: tuple[NamespaceHost, str]) -> None:
    """Spare the kernel the question where a neighbour is."""
    address = run(near[0], "cat", f"/sys/class/net/{near[1]}/address").strip()
    run(host, "ip", "neigh", "replace", f"{peer}", "lladdr", address, "dev", device, "nud", "permanent")


def usable(dice: random.Random, named: Sequence[IPv4Network]) -> IPv4Address:
    """Return an address, as a rule at or near the edge of a network that a filter names."""
    taken = {address + more for address in (AWS_ADDRESS, AZURE_ADDRESS) for more in (0, 1)}
    taken |= {IPv4Address(address) for address in ("10.1.1.0", "10.1.1.255", "10.2.1.0", "10.2.1.255")}
    while True:
        network = dice.choice([*named, *UNIVERSE])
        first, last = int(network[0]), int(network[-1])
        number = dice.choice((first, last, first - 1, last + 1, dice.randint(first, last)))
        if 1 <= number >> 24 <= 223 and number >> 24 != 127 and IPv4Address(number) not in taken:
            return IPv4Address(number)


def drawn(case: Case, bench: Bench, way: Direction, dice: random.Random) -> Packet:
    """Return a random packet that a filter may be about."""
    while True:
        source, destination = bench.ends(way, usable(dice, case.named()), dice)
        protocol = dice.choice(PROTOCOLS)
        first = second = 0
        if protocol == ICMP:
            first, second = dice.choice(TYPES), dice.randint(0, 1)
        elif protocol in WITH_PORTS:
            first, second = (dice.choice((*PORTS, dice.randint(1, 65535))) for _ in range(2))
        packet = Packet(protocol=protocol, source=source, destination=destination, first=first, second=second)
        if bench.carries(way, packet):
            return packet


def traffic(packet: Packet, *, established: bool) -> Traffic:
    return Traffic(
        source=IPv4Network(packet.source),
        destination=IPv4Network(packet.destination),
        protocol=packet.protocol,
        source_ports=(packet.first, packet.first),
        destination_ports=(packet.second, packet.second),
        icmp_type=packet.first,
        icmp_code=packet.second,
        established=established,
    )


Sent = tuple[Direction, Packet]


def disagreements(case: Case, bench: Bench, sent: Sequence[Sent]) -> Iterator[str]:
    """Yield each packet, and each answer to one, that has two verdicts; all are of different flows."""
    bench.load(case.text())
    filters = {way: case.filter(way) for way in WAYS}
    answers: list[Sent] = []
    before: dict[Packet, bool] = {}
    for round_ in (sent, answers):
        for way in WAYS:
            own = [packet for direction, packet in round_ if direction == way]
            texts = [packet.wire(number) for number, packet in enumerate(own, 1)]
            passing = bench.passed(way, texts)
            for packet, text in zip(own, texts, strict=True):
                established = before.get(packet, False)
                said = judge([filters[way]], traffic(packet, established=established)).admitted
                if said != (Admitted.ALL if identity(text) in passing else Admitted.NONE):
                    yield f"{way} {packet} established={established}: the evaluator says {said}"
                answer = packet.answer() if round_ is sent else None
                if answer is not None and bench.carries(OTHER[way], answer):
                    answers.append((OTHER[way], answer))
                    before[answer] = said is Admitted.ALL


def batch(case: Case, bench: Bench, dice: random.Random) -> list[Sent]:
    """Return packets of different flows, in both directions."""
    flows: dict[frozenset[object], Sent] = {}
    for way in WAYS * PACKETS:
        packet = drawn(case, bench, way, dice)
        flows.setdefault(packet.flow, (way, packet))
    return list(flows.values())


def shrunk(case: Case, bench: Bench, sent: Sequence[Sent]) -> tuple[Case, Sequence[Sent]]:
    """Return a smaller case with fewer packets that still disagrees."""
    for sent_packet in sent:
        if any(disagreements(case, bench, [sent_packet])):
            sent = [sent_packet]
            break
    smaller = next(
        (smaller_case for smaller_case in case.smaller() if any(disagreements(smaller_case, bench, sent))),
        None,
    )
    return shrunk(smaller, bench, sent) if smaller else (case, sent)


MAKERS: dict[Kind, Callable[[random.Random], Case]] = {
    "security group": GroupCase.make,
    "network ACL": AclCase.make,
    "network security group": NsgCase.make,
}


@pytest.fixture
def bench(kind: Kind) -> Iterator[Bench]:
    needs_root_and("ip", "nft", "sysctl")
    with ExitStack() as stack:
        stack.enter_context(one_processor())
        wire, sockets = build_wire(stack), Sockets(stack)
        if kind == "network ACL":
            yield RouterBench(sockets, wire)
        else:
            yield HostBench(sockets, wire, wire.aws if kind == "security group" else wire.azure)


def compare(kind: Kind, bench: Bench, numbers: range) -> None:
    for number in numbers:
        seed = f"{SEED} {kind} {number}"
        dice = random.Random(seed)
        case = MAKERS[kind](dice)
        sent = batch(case, bench, dice)
        if conflicts := list(disagreements(case, bench, sent)):
            case, few = shrunk(case, bench, sent)
            less = list(disagreements(case, bench, few))
            pytest.fail(f"seed {seed!r}: {conflicts[0]}\nsmallest: {less}\n{case}\n{case.text()}")


@pytest.mark.parametrize("kind", MAKERS)
def test_every_packet_has_one_verdict(kind: Kind, bench: Bench) -> None:
    compare(kind, bench, range(40))


@pytest.mark.slow
@pytest.mark.parametrize("kind", MAKERS)
def test_every_packet_has_one_verdict_of_two_thousand_filters(kind: Kind, bench: Bench) -> None:
    compare(kind, bench, range(40, 707))
