"""Whether what a cluster names exists in EC2 and IAM and fits together.

Source: EKS User Guide, "View Amazon EKS networking requirements for VPC and subnets"; EKS API,
KubernetesNetworkConfigRequest, VpcConfigRequest.
"""

import ipaddress
import re
from collections.abc import Sequence
from ipaddress import IPv4Network

from moto.ec2.exceptions import EC2ClientError, InvalidSubnetIdError
from moto.ec2.models.subnets import Subnet

from twinspan.network.limits import EKS_SERVICES
from twinspan.network.ranges import PRIVATE, eks_default_services
from twinspan.twin.aws.eks.call import Call
from twinspan.twin.aws.eks.errors import invalid_parameter

ZONES_AT_LEAST = 2
SECURITY_GROUPS_AT_MOST = 5
PUBLIC_ACCESS_CIDRS_AT_MOST = 40

_ROLE = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/(?:.*/)?(?P<name>[\w+=,.@-]+)")
_ALL = "-1"


def subnets_of(call: Call, ids: Sequence[str]) -> list[Subnet]:
    """Return subnets that exist and are in one VPC."""
    subnets = []
    for subnet_id in ids:
        try:
            subnets.append(call.ec2.get_subnet(subnet_id))
        except InvalidSubnetIdError as error:
            raise invalid_parameter(f"The subnet ID '{subnet_id}' does not exist") from error
    if len({subnet.vpc_id for subnet in subnets}) > 1:
        raise invalid_parameter("Subnets specified must belong to the same VPC")
    return subnets


def cluster_subnets(call: Call, ids: Sequence[str]) -> list[Subnet]:
    """Return the subnets of a control plane: they must spread over two zones at least."""
    subnets = subnets_of(call, ids)
    if len({subnet.availability_zone for subnet in subnets}) < ZONES_AT_LEAST:
        raise invalid_parameter("Subnets specified must be in at least two different AZs")
    return subnets


def check_security_groups(call: Call, ids: Sequence[str], vpc_id: str) -> None:
    """Check the additional security groups of a control plane."""
    if len(ids) > SECURITY_GROUPS_AT_MOST:
        raise invalid_parameter(f"At most {SECURITY_GROUPS_AT_MOST} security groups can be specified")
    for group_id in ids:
        group = call.ec2.get_security_group_from_id(group_id)
        if group is None:
            raise invalid_parameter(f"The security group '{group_id}' does not exist")
        if group.vpc_id != vpc_id:
            raise invalid_parameter(f"Security group {group_id} is not in the VPC of the subnets, {vpc_id}")


def check_role(call: Call, arn: str, member: str) -> None:
    """Check that a role exists."""
    match = _ROLE.fullmatch(arn)
    if match is None:
        raise invalid_parameter(f"{member} {arn} is not the ARN of an IAM role")
    if not any(role.arn == arn for role in call.iam.roles.values()):
        raise invalid_parameter(f"Role with arn: {arn}, could not be assumed because it does not exist")


def check_principal(call: Call, arn: str) -> None:
    """Check that an IAM role or user exists, or is the one who asks."""
    known = {call.caller_arn}
    known |= {role.arn for role in call.iam.roles.values()} | {user.arn for user in call.iam.users.values()}
    if arn not in known:
        raise invalid_parameter("The specified principalArn is invalid: invalid principal.")


def vpc_ranges(call: Call, vpc_id: str) -> list[IPv4Network]:
    """Return all IPv4 ranges of a VPC."""
    vpc = call.ec2.get_vpc(vpc_id)
    texts = (
        [association["cidr_block"] for association in vpc.get_cidr_block_association_set()]
        if vpc is not None
        else []
    )
    return [IPv4Network(text) for text in texts]


def service_cidr(given: str | None, ranges: Sequence[IPv4Network]) -> str:
    """Return the range of a cluster's services; without one, AWS's default that the VPC leaves free."""
    if given is None:
        return str(eks_default_services(ranges))
    service_range = network(given, "serviceIpv4Cidr")
    if service_range.prefixlen not in EKS_SERVICES:
        raise invalid_parameter(f"serviceIpv4Cidr {given}: the prefix must be between /24 and /12")
    if not any(service_range.subnet_of(block) for block in PRIVATE):
        allowed = f"{', '.join(map(str, PRIVATE[:-1]))} or {PRIVATE[-1]}"
        raise invalid_parameter(f"serviceIpv4Cidr {given} must be within {allowed}")
    for vpc in ranges:
        if service_range.overlaps(vpc):
            raise invalid_parameter(f"serviceIpv4Cidr {given} overlaps the VPC's range {vpc}")
    return given


def check_endpoint(*, public: bool, private: bool, cidrs: Sequence[str]) -> None:
    """Check who may reach the endpoint."""
    if not public and not private:
        raise invalid_parameter("Private and public endpoint access cannot both be disabled")
    if len(cidrs) > PUBLIC_ACCESS_CIDRS_AT_MOST:
        raise invalid_parameter(f"At most {PUBLIC_ACCESS_CIDRS_AT_MOST} publicAccessCidrs can be specified")
    for text in cidrs:
        block = network(text, "publicAccessCidrs")
        if any(block.subnet_of(private_block) for private_block in PRIVATE):
            raise invalid_parameter(
                f"The following CIDRs are invalid in publicAccessCidrs: {text}; they are private"
            )


def create_cluster_group(call: Call, name: str, vpc_id: str, suffix: str) -> str:
    """Make the cluster security group: its members talk to each other, and to everybody. Return its id.

    Source: EKS User Guide, "View Amazon EKS security group requirements for clusters".
    """
    group_name = f"eks-cluster-sg-{name}-{suffix}"
    try:
        group = call.ec2.create_security_group(
            group_name,
            "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, "
            "as well as any managed workloads.",
            vpc_id=vpc_id,
            tags={
                "Name": group_name,
                "aws:eks:cluster-name": name,
                f"kubernetes.io/cluster/{name}": "owned",
            },
        )
        call.ec2.authorize_security_group_ingress(
            group.id,
            ip_protocol=_ALL,
            from_port=_ALL,
            to_port=_ALL,
            ip_ranges=[],
            source_groups=[{"GroupId": group.id}],
            vpc_id=vpc_id,
        )
    except EC2ClientError as error:
        raise invalid_parameter(f"The cluster security group cannot be made: {error.message}") from error
    return str(group.id)


def network(text: str, member: str) -> IPv4Network:
    """Return an IPv4 range. InvalidParameterException if it is none."""
    try:
        return IPv4Network(text)
    except (ipaddress.AddressValueError, ipaddress.NetmaskValueError, ValueError) as error:
        raise invalid_parameter(f"{member} {text} is not an IPv4 range") from error
