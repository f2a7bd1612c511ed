"""The packet filters of the verified network."""

from verified_names import GROUP, PRIVATE_A, PRIVATE_B, PUBLIC_SUBNET, VNET_CIDR, VPC_CIDR

from twinspan.network import model
from twinspan.network.aws_defaults import (
    DEFAULT_GROUP_NAME,
    default_entries,
    last_entries,
    permissions_of_its_own,
)


def security_group() -> model.SecurityGroup:
    """The workloads' group: everything from and to the VNet."""
    return model.SecurityGroup(
        id="sg-0a",
        name="workload",
        vpc_id="vpc-0a",
        permissions=(
            model.IpPermission(
                direction="ingress", ip_protocol="-1", from_port=-1, to_port=-1, cidr=VNET_CIDR
            ),
            model.IpPermission(
                direction="egress", ip_protocol="-1", from_port=-1, to_port=-1, cidr=VNET_CIDR
            ),
        ),
    )


def default_security_group() -> model.SecurityGroup:
    """What AWS makes with the VPC; nothing is in it."""
    return model.SecurityGroup(
        id="sg-00", name=DEFAULT_GROUP_NAME, vpc_id="vpc-0a", permissions=permissions_of_its_own("sg-00")
    )


def network_acl() -> model.NetworkAcl:
    """The VPC's default list: everything, both ways."""
    return model.NetworkAcl(
        id="acl-0a",
        vpc_id="vpc-0a",
        default=True,
        subnet_ids=(PRIVATE_A, PRIVATE_B, PUBLIC_SUBNET),
        entries=(*default_entries(), *last_entries()),
    )


def network_security_group() -> model.NetworkSecurityGroup:
    """A group with one rule: everything from the VPC."""
    return model.NetworkSecurityGroup(
        id=f"{GROUP}/networksecuritygroups/dev-nsg",
        name="dev-nsg",
        security_rules=(
            model.SecurityRule(
                name="FarSide",
                priority=100,
                direction="Inbound",
                access="Allow",
                protocol="*",
                source_address_prefixes=(str(VPC_CIDR),),
                source_port_ranges=("*",),
                destination_address_prefixes=(str(VNET_CIDR),),
                destination_port_ranges=("*",),
            ),
        ),
    )
