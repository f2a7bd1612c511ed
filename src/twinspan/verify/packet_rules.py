"""Which rule of a packet filter decides about pings between two ranges. Pure.

A range is let through only if all of it is; it is denied if a part of it is.
Source: Amazon VPC User Guide, "Security group rules" and "Control subnet traffic with network access control
lists"; Azure, "Network security groups" (default security rules) and "Virtual network service tags".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError
from typing import Literal

from twinspan.network.model import (
    IpPermission,
    NetworkAcl,
    NetworkAclEntry,
    NetworkSecurityGroup,
    SecurityGroup,
    SecurityRule,
)

_ICMP = frozenset({"icmp", "1", "-1"})
_ECHO_REQUEST = 8
_ANY_TYPE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """Why a packet does not pass.

    Attributes:
        rule: The rule that denies, by the name its cloud gives it.
        number: Its number or priority; None if no rule of the user's own decided.
        peer: The range that is kept out.
        way: `ingress` or `egress`, seen from the filter's own side.
    """

    rule: str
    number: int | None
    peer: IPv4Network
    way: Literal["ingress", "egress"]

    @property
    def text(self) -> str:
        """One phrase about it."""
        return f"{self.rule} denies pings {'from' if self.way == 'ingress' else 'to'} {self.peer}"


def security_group_denial(
    group: SecurityGroup, peer: IPv4Network, way: Literal["ingress", "egress"]
) -> Denial | None:
    """Return why a security group keeps pings from or to a range out; None if it does not."""
    if any(_admits(permission, peer, way) for permission in group.permissions):
        return None
    return Denial(rule=f"no {way} rule admits it, so the group", number=None, peer=peer, way=way)


def _admits(permission: IpPermission, peer: IPv4Network, way: str) -> bool:
    if permission.direction != way or permission.cidr is None or permission.ip_protocol not in _ICMP:
        return False
    kinds = {_ANY_TYPE, _ECHO_REQUEST}
    right_kind = permission.ip_protocol == "-1" or permission.from_port in kinds
    return right_kind and peer.subnet_of(permission.cidr)


def network_acl_denial(
    acl: NetworkAcl, peer: IPv4Network, way: Literal["ingress", "egress"]
) -> Denial | None:
    """Return which entry of a network ACL keeps pings or their answers out; None if none does."""
    entries = [entry for entry in acl.entries if entry.egress == (way == "egress")]
    for entry in sorted(entries, key=lambda each: each.rule_number):
        if entry.protocol not in _ICMP or not entry.cidr_block.overlaps(peer):
            continue
        if not entry.allow:
            return Denial(rule=_entry_name(entry, way), number=entry.rule_number, peer=peer, way=way)
        if peer.subnet_of(entry.cidr_block):
            return None
    return Denial(rule=f"{way} rule * (no other matches)", number=None, peer=peer, way=way)


def _entry_name(entry: NetworkAclEntry, way: str) -> str:
    return f"{way} rule {entry.rule_number}"


def network_security_group_denial(
    group: NetworkSecurityGroup,
    *,
    own: IPv4Network,
    peer: IPv4Network,
    way: Literal["ingress", "egress"],
    connected: Sequence[IPv4Network],
) -> Denial | None:
    """Return which rule of an NSG keeps pings out; None if none does.

    Args:
        group: The subnet's group.
        own: The subnet.
        peer: The far range.
        way: Seen from the subnet.
        connected: What the tag VirtualNetwork stands for: the VNet's ranges and those learned.
    """
    direction = "Inbound" if way == "ingress" else "Outbound"
    source, target = (peer, own) if way == "ingress" else (own, peer)
    rules = [rule for rule in group.security_rules if rule.direction == direction]
    for rule in sorted(rules, key=lambda each: each.priority):
        if not _about_pings(rule):
            continue
        ends = (
            _matches(rule.source_address_prefixes, source, connected),
            _matches(rule.destination_address_prefixes, target, connected),
        )
        if rule.access == "Deny" and "none" not in ends:
            name = f"rule {rule.name} (priority {rule.priority})"
            return Denial(rule=name, number=rule.priority, peer=peer, way=way)
        if rule.access == "Allow" and set(ends) == {"all"}:
            return None
    if _matches(("VirtualNetwork",), peer, connected) == "all":
        return None
    return Denial(rule=f"the default rule DenyAll{direction[:-5]}Bound", number=None, peer=peer, way=way)


def _about_pings(rule: SecurityRule) -> bool:
    if rule.protocol.lower() == "icmp":
        return True
    ports = {*rule.source_port_ranges, *rule.destination_port_ranges}
    return rule.protocol == "*" and ports <= {"*", "0-65535"}


def _matches(
    prefixes: Sequence[str], network: IPv4Network, connected: Sequence[IPv4Network]
) -> Literal["all", "part", "none"]:
    """Return how much of a range the prefixes of a rule are about."""
    inside = any(network.subnet_of(each) for each in connected)
    found: Literal["all", "part", "none"] = "none"
    for prefix in prefixes:
        tag = prefix.lower()
        if tag == "*" or (tag == "virtualnetwork" and inside) or (tag == "internet" and not inside):
            return "all"
        block = _block(prefix)
        if block is not None and network.subnet_of(block):
            return "all"
        if block is not None and network.overlaps(block):
            found = "part"
    return found


def _block(prefix: str) -> IPv4Network | None:
    """Return an address prefix; None for a service tag or IPv6."""
    try:
        return IPv4Network(prefix, strict=False)
    except (AddressValueError, NetmaskValueError):
        return None
