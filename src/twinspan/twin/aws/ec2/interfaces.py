"""Network interfaces, over moto's, which gives them any addresses and lets all of them go.

Sources: EC2 API, CreateNetworkInterface, AttachNetworkInterface, DetachNetworkInterface,
DeleteNetworkInterface, AssignPrivateIpAddresses. The words are those that public reports quote:
gruntwork-io/cloud-nuke issue 431, pulumi/pulumi-aws issue 2394, redhat-performance/cloud-governance pull
request 952, JamesWoolfenden/terraform-aws-cassandra issue 18.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.elastic_ip_addresses import ElasticAddress
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.security_groups import SecurityGroup
from moto.ec2.models.subnets import Subnet

from twinspan.network.limits import GROUPS_PER_INTERFACE, RESERVED_HOSTS
from twinspan.twin.aws.ec2.addresses import AddressBackend, free_public_address
from twinspan.twin.aws.ec2.errors import invalid_combination, invalid_value, missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Detachment:
    """An attachment that has ended, which the API shows for a while."""

    attachment_id: str
    instance_id: str
    device_index: int
    at: datetime


class TwinNetworkInterface(NetworkInterface):
    """An interface with groups of its own, and a public address of the twin's range."""

    requester_id = ""
    detached: Detachment | None = None
    """Its last attachment, if it has had one."""

    @property
    def group_set(self) -> list[SecurityGroup]:
        """Its groups."""
        return list(self._group_set)

    @property
    def elastic_address(self) -> ElasticAddress | None:
        """The elastic address that it has."""
        return next((address for address in self.ec2_backend.addresses if address.eni is self), None)

    def check_auto_public_ip(self) -> None:
        """Take a public address if it is to have one by itself."""
        if self.public_ip_auto_assign is True and self.public_ip is None:
            self.public_ip = free_public_address()

    def stop(self) -> None:
        """Give a public address back; an elastic one stays."""
        if self.elastic_address is None:
            self.public_ip = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceRequest:
    """What is asked of a new interface.

    Attributes:
        addresses: Private addresses, the primary one first; none: a free one.
        more_addresses: How many free ones besides.
        group_ids: Its groups; none: the VPC's default one.
    """

    subnet_id: str
    addresses: tuple[str, ...] = ()
    more_addresses: int = 0
    group_ids: tuple[str, ...] = ()
    description: str = ""


def interface_request(params: Mapping[str, Any], subnet_id: str) -> InterfaceRequest:
    """Read a CreateNetworkInterface, or one of RunInstances' interfaces.

    Raises:
        EC2ClientError: Several addresses are primary ones.
    """
    listed: list[Mapping[str, Any]] = params.get("PrivateIpAddresses") or []
    if any(not address.get("PrivateIpAddress") for address in listed):
        raise missing("PrivateIpAddresses.PrivateIpAddress")
    primary = [address["PrivateIpAddress"] for address in listed if address.get("Primary")]
    primary += [params["PrivateIpAddress"]] if params.get("PrivateIpAddress") else []
    if len(set(primary)) > 1:
        raise invalid_combination("Only one primary private IP address can be specified")
    others = [address["PrivateIpAddress"] for address in listed if not address.get("Primary")]
    return InterfaceRequest(
        subnet_id=subnet_id,
        addresses=tuple(dict.fromkeys([*primary, *others])),
        more_addresses=params.get("SecondaryPrivateIpAddressCount") or 0,
        group_ids=tuple(params.get("Groups") or ()),
        description=params.get("Description") or "",
    )


class InterfaceBackend(AddressBackend):
    """EC2 with interfaces whose addresses and groups are those of their subnet and VPC."""

    def add_interface(
        self, request: InterfaceRequest, *, public: bool = False, tags: Mapping[str, str] | None = None
    ) -> TwinNetworkInterface:
        """Make an interface; addresses that are not asked for are free ones.

        Args:
            request: What is asked for.
            public: Whether it gets a public address by itself.
            tags: Its tags.
        """
        subnet = self.get_subnet(request.subnet_id)
        groups = self.groups_in(subnet.vpc_id, request.group_ids)
        addresses = self._taken_addresses(subnet, request.addresses)
        for _ in range((0 if addresses else 1) + request.more_addresses):
            addresses.append(self._free_address(subnet.id, besides=addresses))
        interface = TwinNetworkInterface(  # type: ignore[abstract]  # what is abstract is for CloudFormation
            self,
            subnet,
            addresses[0],
            [
                {"Primary": not number, "PrivateIpAddress": address}
                for number, address in enumerate(addresses)
            ],
            group_ids=[group.id for group in groups],
            description=request.description,
            tags=dict(tags or {}),
            public_ip_auto_assign=public,
        )
        self.enis[interface.id] = interface
        return interface

    def groups_in(self, vpc_id: str, group_ids: Iterable[str]) -> list[SecurityGroup]:
        """Return groups of a VPC. InvalidGroup.NotFound: the VPC does not have one."""
        groups = []
        for group_id in group_ids:
            group = self.get_security_group_from_id(group_id)
            if group is None or group.vpc_id != vpc_id:
                raise EC2ClientError(
                    "InvalidGroup.NotFound",
                    f"The security group '{group_id}' does not exist in VPC '{vpc_id}'",
                )
            groups.append(group)
        if len(groups) > GROUPS_PER_INTERFACE:
            raise EC2ClientError(
                "SecurityGroupsPerInterfaceLimitExceeded",
                f"An interface has at most {GROUPS_PER_INTERFACE} security groups",
            )
        return groups

    def delete_network_interface(self, eni_id: str) -> None:
        """Delete an interface, which gives back elastic addresses. InvalidParameterValue: it is in use."""
        interface = self.get_network_interface(eni_id)
        if interface.attachment_id is not None or interface.id in self._interfaces_of_gateways():
            raise EC2ClientError(
                "InvalidParameterValue", f"Network interface '{eni_id}' is currently in use."
            )
        self._remove_interface(interface)

    def assign_private_ip_addresses(
        self,
        eni_id: str,
        private_ip_addresses: list[str] | None = None,
        secondary_ips_count: int | None = None,
    ) -> NetworkInterface:
        """Give an interface more addresses."""
        interface = self.get_network_interface(eni_id)
        own = [address["PrivateIpAddress"] for address in interface.private_ip_addresses]
        new_addresses = [address for address in private_ip_addresses or () if address not in own]
        added = self._taken_addresses(interface.subnet, new_addresses)
        for _ in range(secondary_ips_count or 0):
            added.append(self._free_address(interface.subnet.id, besides=added))
        interface.private_ip_addresses += [
            {"Primary": False, "PrivateIpAddress": address} for address in added
        ]
        return interface

    def unassign_private_ip_addresses(
        self, eni_id: str, private_ip_address: list[str] | None = None
    ) -> NetworkInterface:
        """Take addresses from an interface. InvalidParameterValue: one is not its, or is the primary one."""
        interface = self.get_network_interface(eni_id)
        own = [entry["PrivateIpAddress"] for entry in interface.private_ip_addresses[1:]]
        for address in private_ip_address or ():
            if address not in own:
                raise EC2ClientError(
                    "InvalidParameterValue",
                    f"Some of [{address}] are not assigned to interface {eni_id}",
                )
        return super().unassign_private_ip_addresses(eni_id, private_ip_address)

    def _remove_interface(self, interface: NetworkInterface) -> None:
        held: list[Any] = self.addresses  # moto's annotations know no interface
        for address in held:
            if address.eni is interface:
                address.eni = address.instance = address.association_id = None
        self.enis.pop(interface.id, None)

    def _interfaces_of_gateways(self) -> set[str]:
        live = [nat_gateway for nat_gateway in self.nat_gateways.values() if nat_gateway.state != "deleted"]
        return {gateway._eni.id for gateway in live}  # noqa: SLF001 - moto keeps it so

    def _taken_addresses(self, subnet: Subnet, asked: Sequence[str]) -> list[str]:
        """Return addresses that are asked for.

        Raises:
            EC2ClientError: One is not of the subnet, is reserved, or another interface has it.
        """
        network = IPv4Network(subnet.cidr_block)
        used = self._used_addresses()
        for text in asked:
            try:
                address = IPv4Address(text)
            except AddressValueError as error:
                raise invalid_value("address", text, "It must be an IPv4 address") from error
            if address not in network:
                raise EC2ClientError(
                    "InvalidParameterValue", f"Address {text} does not fall within the subnet's address range"
                )
            if not RESERVED_HOSTS <= int(address) - int(network[0]) < network.num_addresses - 1:
                raise EC2ClientError(
                    "InvalidParameterValue", f"Address {text} is in subnet's reserved address range"
                )
            if (subnet.vpc_id, text) in used or asked.count(text) > 1:
                raise EC2ClientError("InvalidIPAddress.InUse", f"Address {text} is in use.")
        return list(asked)
