"""AWS's two packet filters as nftables text: security groups and network ACLs."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network

from twinspan.errors import DesignError
from twinspan.network.filters import ICMP, OF_IPV6, WITH_PORTS, protocol_number
from twinspan.network.limits import LAST_PORT
from twinspan.network.model import (
    AwsSubnet,
    IpPermission,
    NetworkAcl,
    NetworkAclEntry,
    SecurityGroup,
)
from twinspan.network.ranges import AWS_SERVICES
from twinspan.twin.dataplane.filters_text import (
    Chain,
    Edge,
    address_match,
    filter_chain,
    host,
    own_rules,
    port_match,
    rule_text,
    table_text,
)

SECURITY_GROUP_TABLE = "twinspan_security_groups"
_NODE_PORTS = "30000-32767"
_MAX_PROTOCOL = 255
_MAX_RULE_NUMBER = 32766
_INTERFACE = re.compile(r"[A-Za-z0-9_.-]{1,15}")


def security_group_ruleset(
    groups: Sequence[SecurityGroup],
    *,
    interface_address: IPv4Address,
    vpc_cidr_blocks: Sequence[IPv4Network],
    members: Mapping[str, Collection[IPv4Address | IPv4Network]] | None = None,
    pod_networks: Sequence[IPv4Network] = (),
    balancers: Collection[IPv4Address] = (),
    forwards: bool = False,
    edge: Edge | None = None,
) -> str:
    """Return the filter of one network interface, to be loaded inside the host's namespace.

    What any group allows is allowed; all else is dropped. Answers to what was let through pass (connection
    tracking), also after the rule has gone. The VPC's resolver and the link-local services are not filtered.

    Source: Amazon VPC User Guide, "Security groups for your VPC" and "Security group rules"; EC2 User Guide,
    "Security group connection tracking"; EC2 API, NetworkInterface.SourceDestCheck.

    Args:
        groups: The interface's groups; with none, nothing passes.
        interface_address: The interface's private address.
        vpc_cidr_blocks: The VPC's ranges, the primary one first: its third address is the resolver.
        members: Group id -> private addresses of the interfaces in it, for rules that name a group.
        pod_networks: Prefixes assigned to the interface besides its address, for pods.
        balancers: Addresses of load balancers, whose controller has opened the node ports for them.
        forwards: Whether the source/destination check is off.
        edge: A node's or machine's interface; None: a host's only one.

    Raises:
        DesignError: A rule names a protocol or ports that do not exist, or no range and no group.
        ValueError: No VPC range.
    """
    if not vpc_cidr_blocks:
        raise ValueError("a VPC has at least one CIDR block")
    services = [*map(host, AWS_SERVICES), host(vpc_cidr_blocks[0][2])]
    own = [host(interface_address), *pod_networks]
    ingress = [
        'iifname "lo" accept',
        *own_rules("daddr", () if forwards else own, comment="source/destination check"),
        "ct state established,related accept",
        rule_text([address_match("saddr", services)], "accept", comment="VPC services"),
        *_balancer_rules(balancers),
        *_group_rules(groups, "ingress", members or {}),
        rule_text([], "drop", comment="no group allows it"),
    ]
    egress = [
        'oifname "lo" accept',
        *own_rules("saddr", () if forwards else own, comment="source/destination check"),
        "ct state established,related accept",
        rule_text([address_match("daddr", services)], "accept", comment="VPC services"),
        *_group_rules(groups, "egress", members or {}),
        rule_text([], "drop", comment="no group allows it"),
    ]
    return table_text(
        edge.table(SECURITY_GROUP_TABLE) if edge else SECURITY_GROUP_TABLE,
        [
            filter_chain(name="ingress", inbound=True, rules=ingress, edge=edge),
            filter_chain(name="egress", inbound=False, rules=egress, edge=edge),
        ],
    )


def network_acl_ruleset(acl: NetworkAcl, *, subnet: AwsSubnet, interface: str) -> str:
    """Return the filter of one subnet's edge, to be loaded in the VPC router's namespace.

    Stateless: the first entry by number that matches decides, and what none matches is dropped. Traffic
    within the subnet, and to the router itself, is not filtered.

    Source: Amazon VPC User Guide, "Control subnet traffic with network access control lists".

    Args:
        acl: The list that the subnet is associated with.
        subnet: The subnet; each has a table of its own (`network_acl_table`).
        interface: The router's interface towards the subnet.

    Raises:
        DesignError: An entry names a protocol or ports that do not exist, or two have one number.
        ValueError: `interface` is no interface name.
    """
    if not _INTERFACE.fullmatch(interface):
        raise ValueError(f"{interface!r} is no interface name")
    _refuse_same_numbers(acl)
    # A chain for each way: a packet between two subnets must pass both ACLs, and in nftables an `accept`
    # ends only the chain it is in. Into the subnet is out of the router.
    return table_text(
        network_acl_table(subnet.id),
        [
            _acl_chain(acl, subnet, egress=False, edge=f'oifname "{interface}"'),
            _acl_chain(acl, subnet, egress=True, edge=f'iifname "{interface}"'),
        ],
    )


def network_acl_table(subnet_id: str) -> str:
    """Return the name of the table that holds a subnet's network ACL."""
    return "twinspan_acl_" + re.sub(r"[^A-Za-z0-9_]", "_", subnet_id)


def _balancer_rules(balancers: Collection[IPv4Address]) -> Iterator[str]:
    """Source: Kubernetes, AWS cloud provider: it adds rules for node ports to the nodes' security group."""
    if balancers:
        matches = [address_match("saddr", map(host, balancers)), "meta l4proto { tcp, udp }"]
        yield rule_text([*matches, f"th dport {_NODE_PORTS}"], "accept", comment="load balancer")


def _group_rules(
    groups: Sequence[SecurityGroup],
    direction: str,
    members: Mapping[str, Collection[IPv4Address | IPv4Network]],
) -> Iterator[str]:
    field = "saddr" if direction == "ingress" else "daddr"
    for group in groups:
        for permission in group.permissions:
            if permission.direction != direction or permission.ip_protocol in OF_IPV6:
                continue
            networks = _peers(group, permission, members)
            if networks:
                matches = [address_match(field, networks), *_permission_matches(group, permission)]
                yield rule_text(matches, "accept", comment=f"{group.id} {direction}")


def _peers(
    group: SecurityGroup,
    permission: IpPermission,
    members: Mapping[str, Collection[IPv4Address | IPv4Network]],
) -> list[IPv4Network]:
    if permission.group_id is not None:
        return [IPv4Network(address) for address in members.get(permission.group_id, ())]
    if permission.cidr is None:
        raise DesignError(
            where=f"security group {group.id}",
            problem=f"an {permission.direction} rule names neither a range nor a group",
            remedy="Give the rule an IPv4 range or a security group; prefix lists are not modelled",
        )
    return [permission.cidr]


def _permission_matches(group: SecurityGroup, permission: IpPermission) -> list[str]:
    where = f"security group {group.id}"
    number = _protocol_number(permission.ip_protocol, where)
    if number is None:
        return []
    if number == ICMP:
        return _icmp_matches(permission.from_port, permission.to_port, where)
    matches = [f"meta l4proto {number}"]
    if number in WITH_PORTS and (permission.from_port, permission.to_port) != (-1, -1):
        matches.append(_ports(permission.from_port, permission.to_port, where))
    return matches


def _icmp_matches(kind: int, code: int, where: str) -> list[str]:
    if not (-1 <= kind <= _MAX_PROTOCOL and -1 <= code <= _MAX_PROTOCOL) or (kind == -1 and code != -1):
        raise DesignError(
            where=where,
            problem=f"{kind}/{code} is no ICMP type and code",
            remedy="Give -1 for any type and code, or a type of 0-255 and a code of -1 or 0-255",
        )
    matches = ["meta l4proto 1"]
    if kind != -1:
        matches.append(f"icmp type {kind}")
    if code != -1:
        matches.append(f"icmp code {code}")
    return matches


def _acl_chain(acl: NetworkAcl, subnet: AwsSubnet, *, egress: bool, edge: str) -> Chain:
    within = [f"ip saddr {subnet.cidr_block}", f"ip daddr {subnet.cidr_block}"]
    direction = "egress" if egress else "ingress"
    entries = sorted((entry for entry in acl.entries if entry.egress is egress), key=lambda e: e.rule_number)
    return Chain(
        name=direction,
        hook="forward",
        policy="accept",
        rules=[
            rule_text(within, "accept", comment="within the subnet"),
            *(_acl_rule(acl, entry, edge) for entry in entries if entry.protocol not in OF_IPV6),
            rule_text([edge], "drop", comment=f"{acl.id} {direction} *"),
        ],
    )


def _acl_rule(acl: NetworkAcl, entry: NetworkAclEntry, edge: str) -> str:
    chosen = "egress" if entry.egress else "ingress"
    where = f"network ACL {acl.id} {chosen} rule {entry.rule_number}"
    number = _protocol_number(entry.protocol, where)
    matches = [edge, address_match("daddr" if entry.egress else "saddr", [entry.cidr_block])]
    if number == ICMP:
        matches += _icmp_matches(*(entry.icmp_type_code or (-1, -1)), where)
    elif number is not None:
        matches.append(f"meta l4proto {number}")
        if number in WITH_PORTS and entry.port_range is not None:
            matches.append(_ports(*entry.port_range, where))
    comment = f"{acl.id} {chosen} {entry.rule_number}"
    return rule_text(matches, "accept" if entry.allow else "drop", comment=comment)


def _refuse_same_numbers(acl: NetworkAcl) -> None:
    numbers = [(entry.egress, entry.rule_number) for entry in acl.entries]
    for egress, number in numbers:
        if numbers.count((egress, number)) > 1:
            raise DesignError(
                where=f"network ACL {acl.id}",
                problem=f"two {'egress' if egress else 'ingress'} rules have the number {number}",
                remedy=f"Give each rule of a direction its own number, 1-{_MAX_RULE_NUMBER}",
            )


def _protocol_number(protocol: str, where: str) -> int | None:
    """Return the IANA number, None for all protocols."""
    try:
        return protocol_number(protocol)
    except ValueError as error:
        raise DesignError(
            where=where,
            problem=str(error),
            remedy="Use tcp, udp, icmp, -1 for all, or an IANA number of 0-255",
        ) from error


def _ports(first: int, last: int, where: str) -> str:
    try:
        return port_match("dport", [(first, last)])
    except ValueError as error:
        raise DesignError(
            where=where, problem=str(error), remedy=f"Use ports of 0-{LAST_PORT}, the lower one first"
        ) from error
