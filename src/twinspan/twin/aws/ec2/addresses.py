"""Elastic addresses, over moto's, which makes up addresses of the loopback range.

Source: EC2 API, AllocateAddress, DeleteNatGateway; error codes, InsufficientFreeAddressesInSubnet.
"""

from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends
from moto.ec2.models.elastic_ip_addresses import ElasticAddress
from moto.ec2.models.nat_gateways import NatGateway

from twinspan.network.limits import RESERVED_HOSTS
from twinspan.network.ranges import TWIN_AWS_ELASTIC
from twinspan.twin.aws.ec2.subnets import SubnetBackend


class AddressBackend(SubnetBackend):
    """EC2 with elastic addresses of the twin's own range."""

    def create_nat_gateway(
        self,
        subnet_id: str,
        allocation_id: str,
        tags: dict[str, str] | None = None,
        connectivity_type: str = "public",
    ) -> NatGateway:
        """Make a NAT gateway with an address of its subnet."""
        address = self._free_address(subnet_id)
        gateway = super().create_nat_gateway(subnet_id, allocation_id, tags, connectivity_type)
        interface = gateway._eni  # noqa: SLF001 - moto keeps it so
        gateway.private_ip = interface.private_ip_address = address
        interface.private_ip_addresses = [{"Primary": True, "PrivateIpAddress": address}]
        gateway.address_set[-1]["privateIp"] = address
        return gateway

    def _used_addresses(self) -> set[tuple[str, str]]:
        """Return the VPC and each private address of all interfaces."""
        return {
            (interface.vpc_id, address["PrivateIpAddress"])
            for interface in self.enis.values()
            for address in interface.private_ip_addresses
        }

    def _free_address(self, subnet_id: str, *, besides: Collection[str] = ()) -> str:
        """Return an address of a subnet that no interface has, from its middle on.

        The data plane, which knows of no NAT gateways, takes hosts' addresses from the beginning and pods'
        from the end.
        """
        subnet = self.get_subnet(subnet_id)
        network = IPv4Network(subnet.cidr_block)
        taken = {address for vpc_id, address in self._used_addresses() if vpc_id == subnet.vpc_id}
        taken.update(besides)
        middle, end = network.num_addresses // 2, network.num_addresses - 1
        for place in (*range(middle, end), *range(RESERVED_HOSTS, middle)):
            if str(network[place]) not in taken:
                return str(network[place])
        raise EC2ClientError(
            "InsufficientFreeAddressesInSubnet",
            f"The specified subnet '{subnet_id}' has no free addresses to satisfy the request.",
        )

    def delete_nat_gateway(self, nat_gateway_id: str) -> NatGateway:
        """Delete a NAT gateway, which gives back its elastic address and its interface."""
        gateway = super().delete_nat_gateway(nat_gateway_id)
        interface = gateway._eni  # noqa: SLF001 - as above
        for address in self.addresses:
            if address.eni is interface:
                address.eni = address.association_id = None
        self.enis.pop(interface.id, None)
        return gateway

    def allocate_address(
        self, domain: str, address: str | None = None, tags: dict[str, str] | None = None
    ) -> ElasticAddress:
        """Allocate an address; the one that is asked for only if it was the twin's and is free.

        Raises:
            EC2ClientError: It is not to be had, or none is left.
        """
        if address is None:
            address = free_public_address()
        elif address not in map(str, _free_addresses()):
            raise EC2ClientError("InvalidAddress.NotFound", f"Address '{address}' not found.")
        return super().allocate_address(domain, address, tags)


def free_public_address() -> str:
    """Return a public address that nothing has. AddressLimitExceeded: none is left."""
    free = _free_addresses()
    if not free:
        raise EC2ClientError("AddressLimitExceeded", f"All addresses of {TWIN_AWS_ELASTIC} are in use")
    return str(free[0])


def _free_addresses() -> list[IPv4Address]:
    """Return what no region has allocated and no customer gateway names, lowest first."""
    taken = {
        text
        for _, _, backend in ec2_backends.iter_backends()
        if isinstance(backend, AddressBackend)
        for text in (
            *(address.public_ip for address in backend.addresses),
            *(gateway.ip_address for gateway in backend.customer_gateways.values()),
            *(interface.public_ip for interface in backend.enis.values()),
        )
    }
    return [candidate for candidate in TWIN_AWS_ELASTIC.hosts() if str(candidate) not in taken]
