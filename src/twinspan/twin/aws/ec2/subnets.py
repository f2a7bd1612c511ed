"""Subnets, over moto's, which takes the first one of a zone for its default, whoever made it.

Source: EC2 API, CreateDefaultSubnet; VPC user guide, default subnets.
"""

from ipaddress import IPv4Network
from typing import Any

from moto.ec2.exceptions import EC2ClientError, InvalidVPCRangeError
from moto.ec2.models.subnets import Subnet

from twinspan.network.limits import AWS_SUBNET_LENGTHS
from twinspan.twin.aws.ec2.network_acls import NetworkAclBackend

_DEFAULT_PREFIX = 20


class SubnetBackend(NetworkAclBackend):
    """EC2 whose default subnets are those that EC2 makes itself."""

    def associate_vpc_cidr_block(
        self, vpc_id: str, cidr_block: str, amazon_provided_ipv6_cidr_block: bool
    ) -> dict[str, Any]:
        """Add a block to a VPC. Source: VPC user guide, VPC CIDR blocks.

        Raises:
            EC2ClientError: It is larger than /16 or smaller than /28, or meets another one of the VPC.
        """
        block = IPv4Network(cidr_block)
        if block.prefixlen not in AWS_SUBNET_LENGTHS:
            raise InvalidVPCRangeError(cidr_block)
        for own in self._vpc_cidr_blocks(vpc_id):
            if block.overlaps(IPv4Network(own)):
                raise EC2ClientError("InvalidVpc.Range", f"The CIDR '{cidr_block}' conflicts with {own}.")
        answer: dict[str, Any] = super().associate_vpc_cidr_block(
            vpc_id, cidr_block, amazon_provided_ipv6_cidr_block
        )
        return answer

    def create_subnet(self, *args: Any, **kwargs: Any) -> Subnet:  # noqa: ANN401 - moto's own
        """Make a subnet, which is no default one."""
        made = super().create_subnet(*args, **kwargs)
        made.default_for_az = made.map_public_ip_on_launch = False
        return made

    def create_default_subnet(self, availability_zone: str) -> Subnet:
        """Make a zone's default subnet: the first /20 of the default VPC that is free."""
        vpc = self.get_default_vpc()
        if vpc is None or availability_zone in self.get_default_subnets():
            return super().create_default_subnet(availability_zone)  # which raises EC2's error
        taken = [subnet.cidr for subnet in self.describe_subnets(filters={"vpc-id": vpc.id})]
        blocks = IPv4Network(vpc.cidr_block).subnets(new_prefix=_DEFAULT_PREFIX)
        free = next((block for block in blocks if not any(block.overlaps(other) for other in taken)), None)
        if free is None:
            raise EC2ClientError("InvalidSubnet.Conflict", f"The default VPC has no /{_DEFAULT_PREFIX} left")
        made = self.create_subnet(vpc.id, str(free), availability_zone=availability_zone)
        made.default_for_az = made.map_public_ip_on_launch = True
        return made
