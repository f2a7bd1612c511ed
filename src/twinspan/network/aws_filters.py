"""Security groups and network ACLs as filters. Pure.

Sources: Amazon VPC User Guide, "Security group rules" and "Control subnet traffic with network access
control lists"; EC2 API, IpPermission and NetworkAclEntry.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network
from types import MappingProxyType

from twinspan.network.filters import ICMP, Direction, Filter, Rule
from twinspan.network.model import (
    IpPermission,
    NetworkAcl,
    SecurityGroup,
)
from twinspan.network.packet_sets import Range
from twinspan.network.ranges import AWS_SERVICES
from twinspan.network.rule_members import (
    ALL_PORTS,
    ANY_TYPE,
    EVERY_ADDRESS,
    EVERY_PORT,
    EVERY_PROTOCOL,
    PROTOCOLS_WITH_PORTS,
    UNKNOWN_PORT,
    Matched,
    exactly,
    matched_addresses,
    matched_protocols,
    rules_of,
    together,
)
from twinspan.network.unknown import Unknown, known

_NO_MEMBERS: Mapping[str, Iterable[IPv4Network]] = MappingProxyType({})


def aws_rules(
    name: str,
    direction: Direction,
    *,
    protocol: str | None,
    ports: Range | None,
    peers: Iterable[IPv4Network | None],
    allow: bool | None = True,
    number: int | None = None,
) -> Iterator[Rule]:
    """Yield a rule of a security group or a network ACL; a second one for what may match. None: not known.

    Args:
        name: See `Rule`.
        direction: Which way it filters.
        protocol: `tcp`, `udp`, `icmp`, `-1` (all) or an IANA number.
        ports: Destination ports; of ICMP, type and code. -1: any.
        peers: Sources of ingress, destinations of egress.
        allow: See `Rule`.
        number: See `Rule`.
    """
    protocols = matched_protocols(protocol)
    first = second = EVERY_PORT
    if protocols.sure == ((ICMP, ICMP),):
        first, second = (
            (UNKNOWN_PORT, UNKNOWN_PORT) if ports is None else tuple(_type(port) for port in ports)
        )
    elif protocols.sure in PROTOCOLS_WITH_PORTS and ports != ALL_PORTS:
        second = UNKNOWN_PORT if ports is None or ports[0] > ports[1] else exactly(ports)
    ends = [EVERY_ADDRESS, EVERY_ADDRESS]
    ends[direction == "egress"] = together(matched_addresses(peer) for peer in peers)
    yield from rules_of(name, number, allow, (protocols, *ends, first, second))


def security_group_filter(
    groups: Sequence[SecurityGroup[Unknown]],
    direction: Direction,
    *,
    members: Mapping[str, Iterable[IPv4Network]] = _NO_MEMBERS,
    vpc_cidr_blocks: Sequence[IPv4Network] = (),
) -> Filter:
    """Return the filter of a network interface: what any of its groups allows.

    Args:
        groups: The interface's groups; with none, nothing passes.
        direction: Seen from the interface.
        members: Group id -> addresses of the interfaces in it, for rules that name a group; one that is not
            here has none.
        vpc_cidr_blocks: The VPC's ranges, the primary one first: its third address is the resolver.
    """
    rules = [
        rule
        for group in groups
        for permission in group.permissions
        if permission.direction == direction
        for rule in aws_rules(
            permission.address or f"{group.address or group.id} {direction}",
            direction,
            protocol=known(permission.ip_protocol),
            ports=_both((permission.from_port, permission.to_port)),
            peers=_peers(permission, members),
        )
    ]
    resolver = [cidr_block[2] for cidr_block in vpc_cidr_blocks[:1]]
    name = ", ".join(group.id for group in groups) or "no security group"
    return Filter(name=name, rules=(*_services(direction, resolver), *rules))


def _peers(
    permission: IpPermission[Unknown], members: Mapping[str, Iterable[IPv4Network]]
) -> Iterable[IPv4Network | None]:
    """Return the ranges that a permission is for; None: not known, as of what is in a prefix list."""
    if isinstance(permission.group_id, str):
        return members.get(permission.group_id, ())
    if permission.group_id is not None or permission.prefix_list_id is not None:
        return (None,)
    return (known(permission.cidr) if permission.cidr is not None else None,)


def network_acl_filter(
    acl: NetworkAcl[Unknown], direction: Direction, *, subnet: IPv4Network | None = None
) -> Filter:
    """Return the filter at the edge of a subnet, which traffic within the subnet does not cross.

    Args:
        acl: The list that the subnet is associated with; an entry whose number is not known comes first.
        direction: Seen from the subnet.
        subnet: Its range; None: what comes from within is not asked for.
    """
    entries = [acl_entry for acl_entry in acl.entries if acl_entry.egress == (direction == "egress")]
    rules = [
        rule
        for acl_entry in sorted(entries, key=lambda entry: known(entry.rule_number) or 0)
        for rule in aws_rules(
            f"{direction} rule {known(acl_entry.rule_number) or acl_entry.address or 'of an unknown number'}",
            direction,
            protocol=known(acl_entry.protocol),
            ports=_both(
                (acl_entry.icmp_type_code if acl_entry.protocol == str(ICMP) else acl_entry.port_range)
                or ALL_PORTS
            ),
            peers=(known(acl_entry.cidr_block),),
            allow=known(acl_entry.allow),
            number=known(acl_entry.rule_number),
        )
    ]
    own = exactly() if subnet is None else matched_addresses(subnet)
    within = rules_of("within the subnet", None, True, (EVERY_PROTOCOL, own, own, EVERY_PORT, EVERY_PORT))
    return Filter(name=acl.id, rules=(*within, *_services(direction), *rules), stateful=False)


def _services(direction: Direction, resolver: Iterable[IPv4Address] = ()) -> Iterator[Rule]:
    """Yield the rule that lets through what goes to and comes from the VPC's own services.

    Source: Amazon VPC User Guide, "Security groups for your VPC" and "Network ACL basics".
    """
    peers = [IPv4Network(address) for address in (*AWS_SERVICES, *resolver)]
    return aws_rules("VPC services", direction, protocol="-1", ports=None, peers=peers)


def _both(numbers: tuple[int | Unknown, int | Unknown]) -> Range | None:
    """Return a range if both its ends are known."""
    first, last = numbers
    return (first, last) if isinstance(first, int) and isinstance(last, int) else None


def _type(number: int) -> Matched:
    return EVERY_PORT if number == ANY_TYPE else exactly((number, number))
