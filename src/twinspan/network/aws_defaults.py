"""What AWS makes of its own accord: with every VPC, every network ACL, every EKS cluster. Pure.

Sources: Amazon VPC user guide, "Default security groups", "Default network ACL" and "Local routes"; Amazon
EKS user guide, "View Amazon EKS security group requirements".
"""

from collections.abc import Iterable
from ipaddress import IPv4Network

from twinspan.network.aws import AwsRoute, IpPermission, NetworkAclEntry
from twinspan.network.ranges import ANYWHERE
from twinspan.network.routes import LOCAL, SYSTEM_ORIGIN
from twinspan.network.unknown import Unknown

DEFAULT_GROUP_NAME = "default"
ALL = "-1"
"""Every protocol, or every port."""
NO_PORT = -1
LAST_RULE = 32767
"""Number of the last rule of every network ACL, which denies."""
DEFAULT_RULE = 100
"""Number of the rule of a default network ACL that allows everything."""


def permissions_of_its_own(group_id: str) -> tuple[IpPermission, ...]:
    """Return what a VPC's default group and a cluster's own allow: from members, and to anywhere."""
    return (
        IpPermission(
            direction="ingress",
            ip_protocol=ALL,
            from_port=NO_PORT,
            to_port=NO_PORT,
            cidr=None,
            group_id=group_id,
        ),
        IpPermission(direction="egress", ip_protocol=ALL, from_port=NO_PORT, to_port=NO_PORT, cidr=ANYWHERE),
    )


def last_entries() -> tuple[NetworkAclEntry, ...]:
    """Return the entries that end every network ACL."""
    return tuple(_entry(LAST_RULE, egress=egress, allow=False) for egress in (False, True))


def default_entries() -> tuple[NetworkAclEntry, ...]:
    """Return the entries of a default network ACL that nobody has changed, without the last ones."""
    return tuple(_entry(DEFAULT_RULE, egress=egress, allow=True) for egress in (False, True))


def _entry(number: int, *, egress: bool, allow: bool) -> NetworkAclEntry:
    return NetworkAclEntry(egress=egress, rule_number=number, protocol=ALL, allow=allow, cidr_block=ANYWHERE)


def local_routes(cidr_blocks: Iterable[IPv4Network | Unknown]) -> tuple[AwsRoute[Unknown], ...]:
    """Return the routes of a VPC to itself, which every of its tables has."""
    return tuple(
        AwsRoute(destination=cidr_block, target=LOCAL, state="active", origin=SYSTEM_ORIGIN)
        for cidr_block in cidr_blocks
    )
