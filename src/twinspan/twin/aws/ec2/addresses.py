"""Elastic addresses, over moto's, which makes up addresses of the loopback range.

Source: EC2 API, AllocateAddress.
"""

from ipaddress import IPv4Address

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends
from moto.ec2.models.elastic_ip_addresses import ElasticAddress

from twinspan.twin.aws.ec2.choices import ELASTIC_ADDRESSES
from twinspan.twin.aws.ec2.network_acls import NetworkAclBackend


class AddressBackend(NetworkAclBackend):
    """EC2 with elastic addresses of the twin's own range."""

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
