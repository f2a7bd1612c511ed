"""Instances and network interfaces, from the EC2 API's answers, without IPv6.

Source: EC2 API, Instance, NetworkInterface.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from twinspan.cloud.aws.vpc import name_of
from twinspan.network.model import Machine, NetworkInterface

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import (
        InstanceTypeDef,
        NetworkInterfaceTypeDef,
        TagTypeDef,
    )

_GONE = "terminated"
_OF_ENDPOINTS = "vpc_endpoint"
"""Source: EC2 API, NetworkInterface, InterfaceType."""
_ATTACHED = ("attaching", "attached")


def network_interface(raw: "NetworkInterfaceTypeDef") -> NetworkInterface | None:
    """Read an interface, the primary address first; None for one of a VPC endpoint, which is no host."""
    if raw.get("InterfaceType") == _OF_ENDPOINTS:
        return None
    addresses = sorted(
        raw.get("PrivateIpAddresses", ()), key=lambda address: not address.get("Primary", False)
    )
    allocations = [address.get("Association", {}).get("AllocationId") for address in addresses]
    attachment = raw.get("Attachment", {})
    return NetworkInterface(
        id=raw["NetworkInterfaceId"],
        name=name_of(raw.get("TagSet")),
        subnet_id=raw["SubnetId"],
        private_ip_addresses=tuple(IPv4Address(address["PrivateIpAddress"]) for address in addresses),
        public_ip_address_ids=tuple(allocation for allocation in allocations if allocation),
        security_group_ids=tuple(group["GroupId"] for group in raw.get("Groups", ())),
        forwards=not raw.get("SourceDestCheck", True),
        machine_id=attachment.get("InstanceId") if attachment.get("Status") in _ATTACHED else None,
        tags=_tags(raw.get("TagSet")),
    )


def machine(raw: "InstanceTypeDef") -> Machine | None:
    """Read an instance; None if it is terminated."""
    if raw["State"]["Name"] == _GONE:
        return None
    interfaces = sorted(
        raw.get("NetworkInterfaces", ()),
        key=lambda interface: interface.get("Attachment", {}).get("DeviceIndex", 0),
    )
    return Machine(
        id=raw["InstanceId"],
        name=name_of(raw.get("Tags")),
        state=raw["State"]["Name"],
        interface_ids=tuple(interface["NetworkInterfaceId"] for interface in interfaces),
        tags=_tags(raw.get("Tags")),
    )


def _tags(tags: "Iterable[TagTypeDef] | None") -> dict[str, str]:
    return {tag.get("Key", ""): tag.get("Value", "") for tag in tags or ()}
