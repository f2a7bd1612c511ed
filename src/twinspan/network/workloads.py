"""Which machines are in a subnet, and which security groups a host in it has. Pure.

Source: Amazon VPC user guide, "Default security groups for your VPCs": an instance for which no group is
named has the VPC's default one, which admits its own members alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from twinspan.network.aws import AwsNetwork, AwsSubnet
from twinspan.network.aws_defaults import ALL, DEFAULT_GROUP_NAME
from twinspan.network.azure import AzureNetwork
from twinspan.network.elsewhere import overlap
from twinspan.network.machines import RUNNING, Machine, NetworkInterface
from twinspan.network.unknown import Unknown, known


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedMachine:
    """A machine, and the interface and address by which it is in a subnet."""

    machine: Machine
    interface: NetworkInterface
    address: IPv4Address

    @property
    def primary(self) -> bool:
        """Whether it is the machine's primary interface: its operating system answers by this one."""
        return self.interface.id.lower() == self.machine.interface_ids[0].lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class HostGroups:
    """The security groups of a host.

    Attributes:
        ids: Of the groups, which admit what one of them admits.
        why: Why these, for a reader.
    """

    ids: tuple[str, ...]
    why: str

    @property
    def branch(self) -> str:
        """What the findings about them have as their branch."""
        return " ".join(self.ids)


def machines_in(network: AwsNetwork | AzureNetwork, subnet_id: str) -> tuple[PlacedMachine, ...]:
    """Return the machines with an interface in a subnet.

    Those that run come first; then those whose primary interface it is; then by name and id.
    """
    interfaces = {interface.id.lower(): interface for interface in network.network_interfaces}
    placed_machines = [
        PlacedMachine(machine=machine, interface=interface, address=interface.private_ip_addresses[0])
        for machine in network.machines
        for identifier in machine.interface_ids
        if (interface := interfaces.get(identifier.lower()))
        if interface.subnet_id.lower() == subnet_id.lower() and interface.private_ip_addresses
    ]
    return tuple(
        sorted(
            placed_machines,
            key=lambda placed: (
                placed.machine.state != RUNNING,
                not placed.primary,
                placed.machine.name,
                placed.machine.id,
            ),
        )
    )


def host_groups(
    aws: AwsNetwork, subnet: AwsSubnet, remote: Sequence[IPv4Network], *, expected: str | None = None
) -> HostGroups | None:
    """Return the groups of a host in a subnet; None if its VPC shows none.

    Those of the machine that is there; else the group that is expected; else the one of the VPC that admits
    the most from the remote side; else that of the EKS cluster which has nodes there; else the default one.

    Args:
        aws: What exists.
        subnet: Where the host is.
        remote: Ranges of the remote side.
        expected: Group that Terraform has for it.
    """
    for placed in machines_in(aws, subnet.id):
        if placed.interface.security_group_ids:
            why = f"of machine {placed.machine.name or placed.machine.id}"
            return HostGroups(ids=placed.interface.security_group_ids, why=why)
    if expected:
        return HostGroups(ids=(expected,), why="made for it by Terraform")
    clusters = [cluster for cluster in aws.eks_clusters if subnet.id in cluster.subnet_ids]
    owned = {cluster.cluster_security_group_id for cluster in aws.eks_clusters}
    if made := admitting_group(aws, subnet.vpc_id, remote, but=owned):
        return HostGroups(ids=(made,), why="of no machine yet, but it admits the remote side")
    for cluster in clusters:
        return HostGroups(ids=(cluster.cluster_security_group_id,), why=f"of EKS cluster {cluster.name}")
    why = "the VPC's default, which hosts have for which no other is named"
    groups = [group for group in aws.security_groups if group.vpc_id == subnet.vpc_id]
    default = next((group.id for group in groups if group.name == DEFAULT_GROUP_NAME), None)
    return HostGroups(ids=(default,), why=why) if default else None


def admitting_group(
    aws: AwsNetwork[Unknown],
    vpc_id: str | Unknown,
    remote: Sequence[IPv4Network | Unknown],
    *,
    but: Iterable[str | Unknown] = (),
    terraform: bool = False,
) -> str | None:
    """Return the group of a VPC that admits the most from the remote side: every protocol, or some.

    Args:
        aws: Its network.
        vpc_id: The VPC.
        remote: Ranges of the remote side.
        but: Groups that do not count.
        terraform: Whether only groups count that Terraform has.
    """
    candidates = [
        (rule.ip_protocol != ALL, group.id)
        for group in aws.security_groups
        for rule in group.permissions
        if group.vpc_id == vpc_id and group.id not in but and (group.address or not terraform)
        if rule.direction == "ingress" and overlap([known(rule.cidr) if rule.cidr else None], remote)
    ]
    return min(candidates, key=lambda candidate: candidate[0])[1] if candidates else None
