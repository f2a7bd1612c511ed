"""Security groups and network ACLs of a plan. Source: Terraform provider hashicorp/aws, versions 5 and 6."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Literal

from twinspan.network.aws_defaults import (
    ALL,
    DEFAULT_GROUP_NAME,
    NO_PORT,
    default_entries,
    last_entries,
    permissions_of_its_own,
)
from twinspan.network.filters import ICMP, PROTOCOLS
from twinspan.network.model import AwsSubnet, IpPermission, NetworkAcl, NetworkAclEntry, SecurityGroup
from twinspan.network.unknown import CLOUD_CHOOSES, UNKNOWN, Unknown
from twinspan.project.network.values import Reading, Values
from twinspan.project.network.vpc import SUBNET_TYPES, VPC_TYPES, made_with_vpc, own

GROUP_TYPES = ("aws_security_group", "aws_default_security_group")
CLUSTER_TYPE = "aws_eks_cluster"
_GROUP_ID = "security_group_id"
_RULE_TYPES = (
    "aws_security_group_rule",
    "aws_vpc_security_group_ingress_rule",
    "aws_vpc_security_group_egress_rule",
)
_NAMED_BY_RULES = (*GROUP_TYPES, *VPC_TYPES, CLUSTER_TYPE)
_ACL_TYPES = ("aws_network_acl", "aws_default_network_acl")
_NUMBERS = {str(number): word for word, number in PROTOCOLS.items() if word not in {"esp", "ah"}}
_WAYS: tuple[Literal["ingress", "egress"], ...] = ("ingress", "egress")
Way = Literal["ingress", "egress"]


def cluster_group_id(cluster: Values) -> str:
    """Return the id of the security group that EKS makes for a cluster."""
    group_id = cluster.block("vpc_config").get("cluster_security_group_id")
    return (
        group_id if isinstance(group_id, str) and group_id else f"{cluster.address}.cluster_security_group_id"
    )


def security_groups(reading: Reading) -> tuple[SecurityGroup[Unknown], ...]:
    """Return the security groups, also those that AWS makes with every VPC and EKS with every cluster.

    Of groups outside the plan that have rules in it there is nothing but these rules.
    """
    groups, clusters = reading.of(*GROUP_TYPES), reading.of(CLUSTER_TYPE)
    made = made_with_vpc(reading, "default_security_group_id", manager=GROUP_TYPES[1])
    holders = {
        **own(groups),
        **{key: group for vpc, (group, _) in made.items() for key in (vpc, group)},
        **{
            key: cluster_group_id(cluster)
            for cluster in clusters
            for key in (cluster.id, cluster_group_id(cluster))
        },
    }
    rules = reading.of(*_RULE_TYPES)
    apart = reading.by_holder(rules, holders, _GROUP_ID, *_NAMED_BY_RULES)
    apart = {**apart, **_outside(rules, holders)}
    permissions = {
        group: tuple(permission for member in members for permission in _rule(member, group, holders))
        for group, members in apart.items()
    }
    managed = [
        _managed(security_group, permissions.get(security_group.id, ()), holders) for security_group in groups
    ]
    makings: dict[str, tuple[str | Unknown, str | Unknown]] = {
        **{group: (DEFAULT_GROUP_NAME, vpc) for vpc, (group, values) in made.items() if values is None},
        **{cluster_group_id(cluster): (CLOUD_CHOOSES, UNKNOWN) for cluster in clusters},
    }
    by_aws = [
        SecurityGroup(
            id=group,
            name=name,
            vpc_id=vpc,
            permissions=(*permissions_of_its_own(group), *permissions.get(group, ())),
        )
        for group, (name, vpc) in makings.items()
    ]
    there = {security_group.id for security_group in (*managed, *by_aws)}
    outside = [
        SecurityGroup(id=group, name=UNKNOWN, vpc_id=UNKNOWN, permissions=group_permissions)
        for group, group_permissions in permissions.items()
        if group not in there
    ]
    return (*managed, *by_aws, *outside)


def _managed(
    group: Values, apart: tuple[IpPermission[Unknown], ...], holders: Mapping[str, str]
) -> SecurityGroup[Unknown]:
    return SecurityGroup(
        id=group.id,
        name=DEFAULT_GROUP_NAME if group.type == GROUP_TYPES[1] else group.text("name"),
        address=group.address,
        vpc_id=group.reference("vpc_id", *VPC_TYPES) or UNKNOWN,
        permissions=_permissions(group, apart, holders),
    )


def _outside(rules: Sequence[Values], holders: Mapping[str, str]) -> Mapping[str, tuple[Values, ...]]:
    """Return the rules of groups that are not in the plan, by the group's id, else by their own argument."""
    rules_by_group: dict[str, tuple[Values, ...]] = {}
    for rule in rules:
        group = rule.reference(_GROUP_ID, *_NAMED_BY_RULES)
        if not isinstance(group, str) or group not in holders:
            name = group if isinstance(group, str) else f"{rule.address}.{_GROUP_ID}"
            rules_by_group[name] = (*rules_by_group.get(name, ()), rule)
    return rules_by_group


def _permissions(
    group: Values, apart: tuple[IpPermission[Unknown], ...], holders: Mapping[str, str]
) -> tuple[IpPermission[Unknown], ...]:
    """Return the rules inside a group and those apart, which a state shows inside as well."""
    there = {replace(rule, address="") for rule in apart}
    inside = [
        permission
        for way in _WAYS
        for block in group.blocks(way)
        for permission in _permission(block, way, group.id, holders, address="")
        if permission not in there
    ]
    unknown = [_unknown_permission(way) for way in _WAYS if group.get(way) is UNKNOWN]
    return tuple(sorted((*inside, *apart, *unknown), key=lambda rule: rule.direction == "egress"))


def _unknown_permission(way: Way) -> IpPermission[Unknown]:
    return IpPermission(direction=way, ip_protocol=UNKNOWN, from_port=UNKNOWN, to_port=UNKNOWN, cidr=UNKNOWN)


def _rule(values: Values, group_id: str, holders: Mapping[str, str]) -> Iterator[IpPermission[Unknown]]:
    way = values.get("type") if values.type == "aws_security_group_rule" else values.type.split("_")[4]
    for direction in _WAYS:
        if way == direction or isinstance(way, Unknown):
            yield from _permission(values, direction, group_id, holders, address=values.address)


def _permission(
    values: Values, way: Way, group_id: str, holders: Mapping[str, str], *, address: str
) -> Iterator[IpPermission[Unknown]]:
    """Yield a permission for each source or destination; none for those of IPv6."""
    word = values.text(values.first("ip_protocol", "protocol"))
    protocol = word if isinstance(word, Unknown) else _protocol(word)
    first, last = (
        NO_PORT if protocol == ALL else values.number(name, NO_PORT) for name in ("from_port", "to_port")
    )

    def permission(
        cidr: IPv4Network | Unknown | None = None,
        *,
        group: str | Unknown | None = None,
        prefix_list: str | Unknown | None = None,
    ) -> IpPermission[Unknown]:
        return IpPermission(
            address=address,
            direction=way,
            ip_protocol=protocol,
            from_port=first,
            to_port=last,
            cidr=cidr,
            group_id=group,
            prefix_list_id=prefix_list,
        )

    one = values.cidr("cidr_ipv4")
    for cidr in (*values.cidrs("cidr_blocks"), *((one,) if one else ())):
        yield permission(cidr)
    named = [
        values.reference(name, *_NAMED_BY_RULES)
        for name in ("referenced_security_group_id", "source_security_group_id")
    ]
    for peer_group in (*values.references("security_groups", *_NAMED_BY_RULES), *named):
        if peer_group is not None:
            yield permission(
                group=holders.get(peer_group, peer_group) if isinstance(peer_group, str) else peer_group
            )
    if values.get("self") is True:
        yield permission(group=group_id)
    lists = values.references("prefix_list_ids", "aws_ec2_managed_prefix_list")
    for list_id in (*lists, values.reference("prefix_list_id", "aws_ec2_managed_prefix_list")):
        if list_id is not None:
            yield permission(prefix_list=list_id)


def _protocol(word: str) -> str:
    """Return a protocol as EC2 shows it, which has words for some."""
    if word.lower() in {"", "all", ALL}:
        return ALL
    return _NUMBERS.get(word, word.lower())


def network_acls(
    reading: Reading, subnets: tuple[AwsSubnet[Unknown], ...]
) -> tuple[NetworkAcl[Unknown], ...]:
    """Return the network ACLs, also the one that AWS makes with every VPC, for subnets without another."""
    acls = reading.of(*_ACL_TYPES)
    made = made_with_vpc(reading, "default_network_acl_id", manager=_ACL_TYPES[1])
    holders = {
        **own(acls),
        **{key: acl for vpc, (acl, _) in made.items() for key in (vpc, acl)},
    }
    types = (*_ACL_TYPES, *VPC_TYPES)
    rules = reading.by_holder(reading.of("aws_network_acl_rule"), holders, "network_acl_id", *types)
    joined = reading.by_holder(reading.of("aws_network_acl_association"), holders, "network_acl_id", *types)
    there = {network_acl.id: network_acl for network_acl in acls}
    vpc_of: dict[str, str | Unknown] = {
        network_acl.id: network_acl.reference("vpc_id", *VPC_TYPES) or UNKNOWN for network_acl in acls
    }
    vpc_of |= {acl: vpc for vpc, (acl, _) in made.items()}
    members = {acl: _subnets(there.get(acl), joined.get(acl, ())) for acl in vpc_of}
    taken = {subnet for subnet_ids in members.values() for subnet in subnet_ids}
    defaults = {acl for acl, _ in made.values()} | {
        network_acl.id for network_acl in acls if network_acl.type == _ACL_TYPES[1]
    }
    return tuple(
        NetworkAcl(
            id=acl,
            address=there[acl].address if acl in there else "",
            vpc_id=vpc,
            default=acl in defaults,
            subnet_ids=(
                *members[acl],
                *(
                    aws_subnet.id
                    for aws_subnet in subnets
                    if acl in defaults and aws_subnet.vpc_id == vpc and aws_subnet.id not in taken
                ),
            ),
            entries=_entries(there.get(acl), rules.get(acl, ())),
        )
        for acl, vpc in vpc_of.items()
    )


def _subnets(acl: Values | None, apart: tuple[Values, ...]) -> tuple[str | Unknown, ...]:
    written = acl.references("subnet_ids", *SUBNET_TYPES) if acl else ()
    named = (association.reference("subnet_id", *SUBNET_TYPES) or UNKNOWN for association in apart)
    return tuple(dict.fromkeys((*written, *named)))


def _entries(acl: Values | None, apart: tuple[Values, ...]) -> tuple[NetworkAclEntry[Unknown], ...]:
    own_entries = [
        entry
        for rule in apart
        for entry in _entry(rule, egress=rule.get("egress") is True, address=rule.address)
    ]
    there = {replace(own_entry, address="") for own_entry in own_entries}
    inside = [
        entry
        for way in _WAYS
        for block in (acl.blocks(way) if acl else ())
        for entry in _entry(block, egress=way == "egress", address="")
        if entry not in there
    ]
    unchanged = default_entries() if acl is None else ()
    unknown = [_unknown_entry(way) for way in _WAYS if acl and acl.get(way) is UNKNOWN]
    entries = (*own_entries, *inside, *unchanged, *unknown, *last_entries())
    return tuple(
        sorted(
            entries, key=lambda entry: (entry.egress, isinstance(entry.rule_number, Unknown), _order(entry))
        )
    )


def _unknown_entry(way: Way) -> NetworkAclEntry[Unknown]:
    return NetworkAclEntry(
        egress=way == "egress", rule_number=UNKNOWN, protocol=UNKNOWN, allow=UNKNOWN, cidr_block=UNKNOWN
    )


def _order(entry: NetworkAclEntry[Unknown]) -> int:
    return entry.rule_number if isinstance(entry.rule_number, int) else 0


def _entry(values: Values, *, egress: bool, address: str) -> Iterator[NetworkAclEntry[Unknown]]:
    """Yield an entry; none for IPv6."""
    cidr = values.cidr("cidr_block")
    if cidr is None or cidr is CLOUD_CHOOSES:
        return
    word = values.text("protocol")
    protocol = word if isinstance(word, Unknown) else _number(word)
    action = values.text(values.first("rule_action", "action"))
    ports = (values.number("from_port", 0), values.number("to_port", 0))
    types = (values.number("icmp_type", 0), values.number("icmp_code", 0))
    yield NetworkAclEntry(
        address=address,
        egress=egress,
        rule_number=values.number(values.first("rule_number", "rule_no")),
        protocol=protocol,
        allow=action if isinstance(action, Unknown) else action.lower() == "allow",
        cidr_block=cidr,
        port_range=None if protocol in {ALL, str(ICMP)} else ports,
        icmp_type_code=types if protocol == str(ICMP) else None,
    )


def _number(word: str) -> str:
    """Return a protocol as EC2 shows it in a network ACL: by number."""
    if word.lower() in {"", "all", ALL}:
        return ALL
    return str(PROTOCOLS.get(word.lower(), word))
