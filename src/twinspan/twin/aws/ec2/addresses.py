"""Elastic addresses, over moto's, which makes up addresses of the loopback range.

Source: EC2 API, AllocateAddress, CreateDefaultSubnet.
"""

from ipaddress import IPv4Address, IPv4Network

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends
from moto.ec2.models.elastic_ip_addresses import ElasticAddress
from moto.ec2.models.subnets import Subnet

from twinspan.twin.aws.ec2.choices import ELASTIC_ADDRESSES
from twinspan.twin.aws.ec2.network_acls import NetworkAclBackend

_DEFAULT_SUBNET_PREFIX = 20


class AddressBackend(NetworkAclBackend):
    """EC2 with elastic addresses of the twin's own range, and default subnets that overlap no other."""

    def create_default_subnet(self, availability_zone: str) -> Subnet:
        """Make a zone's default subnet: the first /20 of the default VPC that is free."""
        vpc = self.get_default_vpc()
        if vpc is None or availability_zone in self.get_default_subnets():
            return super().create_default_subnet(availability_zone)  # which raises EC2's error
        taken = [
            IPv4Network(subnet.cidr_block)
            for zone in self.subnets.values()
            for subnet in zone.values()
            if subnet.vpc_id == vpc.id
        ]
        blocks = IPv4Network(vpc.cidr_block).subnets(new_prefix=_DEFAULT_SUBNET_PREFIX)
        free = next((each for each in blocks if not any(each.overlaps(other) for other in taken)), None)
        if free is None:
            raise EC2ClientError(
                "InvalidSubnet.Conflict", f"The default VPC has no /{_DEFAULT_SUBNET_PREFIX} left"
            )
        return self.create_subnet(vpc.id, str(free), availability_zone=availability_zone)

    def allocate_address(
        self, domain: str, address: str | None = None, tags: dict[str, str] | None = None
    ) -> ElasticAddress:
        """Allocate an address; the one that is asked for only if it was the twin's and is free.

        Raises:
            EC2ClientError: It is not to be had, or none is left.
        """
        free = _free_addresses()
        if address is None:
            if not free:
                raise EC2ClientError(
                    "AddressLimitExceeded", f"All addresses of {ELASTIC_ADDRESSES} are in use"
                )
            address = str(free[0])
        elif address not in {str(candidate) for candidate in free}:
            raise EC2ClientError("InvalidAddress.NotFound", f"Address '{address}' not found.")
        return super().allocate_address(domain, address, tags)


def _free_addresses() -> list[IPv4Address]:
    """Return what no region has allocated and no customer gateway names, lowest first."""
    taken = {
        text
        for _, _, backend in ec2_backends.iter_backends()
        if isinstance(backend, AddressBackend)
        for text in (
            *(each.public_ip for each in backend.addresses),
            *(each.ip_address for each in backend.customer_gateways.values()),
        )
    }
    return [candidate for candidate in ELASTIC_ADDRESSES.hosts() if str(candidate) not in taken]
