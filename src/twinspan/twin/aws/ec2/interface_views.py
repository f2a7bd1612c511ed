"""Network interfaces as the EC2 API answers them.

Source: EC2 API, NetworkInterface, InstanceNetworkInterface; DescribeNetworkInterfaces, Filters.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from moto.ec2.models.elastic_ip_addresses import ElasticAddress
from moto.ec2.models.elastic_network_interfaces import NetworkInterface

from twinspan.network.machines import RUNNING
from twinspan.twin.aws.ec2.filters import Filterable
from twinspan.twin.aws.ec2.instances import TwinInstance
from twinspan.twin.aws.ec2.interfaces import Detachment
from twinspan.twin.aws.ec2.tags import tag_list, tags_of
from twinspan.twin.observed import ObservedState

Wire = dict[str, object]
_DETACHED_STAYS_VISIBLE = timedelta(seconds=30)
"""How long an ended attachment is shown. AWS has the status, and does not say for how long: ours."""
_Read = Callable[["InterfaceView"], list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceView:
    """One interface, and what the data plane says of it."""

    interface: NetworkInterface
    board: ObservedState

    @property
    def elastic_address(self) -> ElasticAddress | None:
        """The elastic address that it has."""
        addresses: Iterable[ElasticAddress] = self.interface.ec2_backend.addresses
        return next((address for address in addresses if address.eni is self.interface), None)

    @property
    def attachment_status(self) -> str:
        """`attached` if it is plugged in, or if its instance does not run."""
        instance = self.interface.instance
        running = isinstance(instance, TwinInstance) and instance.state_now(self.board) == RUNNING
        plugged = self.interface.id in self.board.latest().interfaces
        return "attached" if plugged or not running else "attaching"

    @property
    def private_dns_name(self) -> str:
        """Its name in its VPC. Source: EC2 User Guide, "EC2 instance hostnames and domains", IP name."""
        return private_name(self.interface.private_ip_address or "", self.interface.ec2_backend.region_name)

    def association(self) -> Wire | None:
        """Return its public address in the shape of `NetworkInterfaceAssociation`."""
        public = self.interface.public_ip
        if public is None:
            return None
        elastic = self.elastic_address
        association: Wire = {
            "PublicIp": public,
            "PublicDnsName": public_name(public, self.interface.ec2_backend.region_name),
            "IpOwnerId": self.interface.owner_id if elastic else "amazon",
        }
        if elastic:
            association |= {"AllocationId": elastic.allocation_id, "AssociationId": elastic.association_id}
        return association

    def addresses(self) -> list[Wire]:
        """Return its private addresses in the shape of `NetworkInterfacePrivateIpAddress`."""
        region = self.interface.ec2_backend.region_name
        return [
            {
                "Primary": not number,
                "PrivateIpAddress": address["PrivateIpAddress"],
                "PrivateDnsName": private_name(address["PrivateIpAddress"], region),
                "Association": None if number else self.association(),
            }
            for number, address in enumerate(self.interface.private_ip_addresses)
        ]

    def groups(self) -> list[Wire]:
        """Return its groups in the shape of `GroupIdentifier`."""
        groups = self.interface._group_set  # noqa: SLF001 - moto keeps it so
        return [{"GroupId": group.id, "GroupName": group.name} for group in groups]

    def attachment(self) -> Wire | None:
        """Return its attachment in the shape of `NetworkInterfaceAttachment`."""
        interface = self.interface
        if interface.attachment_id is None or interface.instance is None:
            return self._ended_attachment()
        return {
            "AttachmentId": interface.attachment_id,
            "AttachTime": interface.attach_time,
            "DeleteOnTermination": interface.delete_on_termination,
            "DeviceIndex": interface.device_index,
            "NetworkCardIndex": 0,
            "InstanceId": interface.instance.id,
            "InstanceOwnerId": interface.owner_id,
            "Status": self.attachment_status,
        }

    def _ended_attachment(self) -> Wire | None:
        """Return the last attachment: it is `detaching` until the data plane has unplugged the interface."""
        ended = getattr(self.interface, "detached", None)
        if not isinstance(ended, Detachment):
            return None
        plugged = self.interface.id in self.board.latest().interfaces
        if not plugged and datetime.now(UTC) - ended.at > _DETACHED_STAYS_VISIBLE:
            return None
        return {
            "AttachmentId": ended.attachment_id,
            "DeviceIndex": ended.device_index,
            "NetworkCardIndex": 0,
            "InstanceId": ended.instance_id,
            "InstanceOwnerId": self.interface.owner_id,
            "DeleteOnTermination": False,
            "Status": "detaching" if plugged else "detached",
        }

    def wire(self) -> Wire:
        """Return it in the shape of `NetworkInterface`."""
        interface = self.interface
        return {
            **self.common(),
            "Association": self.association(),
            "Attachment": self.attachment(),
            "AvailabilityZone": interface.availability_zone,
            "PrivateIpAddresses": self.addresses(),
            "RequesterManaged": interface.requester_managed,
            "TagSet": tag_list(interface),
        }

    def in_instance(self) -> Wire:
        """Return it in the shape of `InstanceNetworkInterface`."""
        return {
            **self.common(),
            "Association": self.association(),
            "Attachment": self.attachment(),
            "PrivateIpAddresses": self.addresses(),
        }

    def common(self) -> Wire:
        """Return the members that both shapes have."""
        interface = self.interface
        return {
            "Description": interface.description,
            "Groups": self.groups(),
            "InterfaceType": interface.interface_type,
            "Ipv6Addresses": [],
            "MacAddress": interface.mac_address,
            "NetworkInterfaceId": interface.id,
            "OwnerId": interface.owner_id,
            "PrivateDnsName": self.private_dns_name,
            "PrivateIpAddress": interface.private_ip_address,
            "SourceDestCheck": interface.source_dest_check,
            "Status": interface.status,
            "SubnetId": interface.subnet_id,
            "VpcId": interface.vpc_id,
        }


def private_name(address: str, region: str) -> str:
    """Return the name of a private address."""
    domain = "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
    return f"ip-{address.replace('.', '-')}.{domain}"


def public_name(address: str, region: str) -> str:
    """Return the name of a public address."""
    domain = "compute-1" if region == "us-east-1" else f"{region}.compute"
    return f"ec2-{address.replace('.', '-')}.{domain}.amazonaws.com"


def _of(part: Callable[[InterfaceView], Mapping[str, object] | None], member: str) -> _Read:
    def read(view: InterfaceView) -> list[str]:
        value = (part(view) or {}).get(member)
        if value is None:
            return []
        if isinstance(value, datetime):
            return [value.isoformat()]
        return [str(value).lower() if isinstance(value, bool) else str(value)]

    return read


_ATTACHMENT = InterfaceView.attachment
_ASSOCIATION = InterfaceView.association
_ITSELF = InterfaceView.wire
INTERFACES: Filterable[InterfaceView] = Filterable(
    fields={
        "addresses.private-ip-address": lambda view: [
            str(private_address["PrivateIpAddress"]) for private_address in view.addresses()
        ],
        "addresses.primary": lambda view: [
            str(private_address["Primary"]).lower() for private_address in view.addresses()
        ],
        "addresses.association.public-ip": _of(_ASSOCIATION, "PublicIp"),
        "association.allocation-id": _of(_ASSOCIATION, "AllocationId"),
        "association.association-id": _of(_ASSOCIATION, "AssociationId"),
        "association.ip-owner-id": _of(_ASSOCIATION, "IpOwnerId"),
        "association.public-dns-name": _of(_ASSOCIATION, "PublicDnsName"),
        "association.public-ip": _of(_ASSOCIATION, "PublicIp"),
        "attachment.attach-time": _of(_ATTACHMENT, "AttachTime"),
        "attachment.attachment-id": _of(_ATTACHMENT, "AttachmentId"),
        "attachment.delete-on-termination": _of(_ATTACHMENT, "DeleteOnTermination"),
        "attachment.device-index": _of(_ATTACHMENT, "DeviceIndex"),
        "attachment.instance-id": _of(_ATTACHMENT, "InstanceId"),
        "attachment.instance-owner-id": _of(_ATTACHMENT, "InstanceOwnerId"),
        "attachment.status": _of(_ATTACHMENT, "Status"),
        "availability-zone": _of(_ITSELF, "AvailabilityZone"),
        "description": _of(_ITSELF, "Description"),
        "group-id": lambda view: [str(group["GroupId"]) for group in view.groups()],
        "group-name": lambda view: [str(group["GroupName"]) for group in view.groups()],
        "interface-type": _of(_ITSELF, "InterfaceType"),
        "ipv6-addresses.ipv6-address": lambda _: [],
        "mac-address": _of(_ITSELF, "MacAddress"),
        "network-interface-id": _of(_ITSELF, "NetworkInterfaceId"),
        "owner-id": _of(_ITSELF, "OwnerId"),
        "private-dns-name": _of(_ITSELF, "PrivateDnsName"),
        "private-ip-address": _of(_ITSELF, "PrivateIpAddress"),
        "requester-id": lambda _: [],
        "requester-managed": _of(_ITSELF, "RequesterManaged"),
        "source-dest-check": _of(_ITSELF, "SourceDestCheck"),
        "status": _of(_ITSELF, "Status"),
        "subnet-id": _of(_ITSELF, "SubnetId"),
        "vpc-id": _of(_ITSELF, "VpcId"),
    },
    tags=lambda view: tags_of(view.interface),
)
