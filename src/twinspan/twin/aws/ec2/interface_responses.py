"""The EC2 actions on network interfaces and images. Source of each: EC2 API, the action of that name."""

from moto.core.responses import ActionResult, EmptyResult

from twinspan.twin.aws.ec2.base_response import ExactResult
from twinspan.twin.aws.ec2.dhcp_options import DhcpActions
from twinspan.twin.aws.ec2.errors import invalid_value, missing
from twinspan.twin.aws.ec2.filters import select
from twinspan.twin.aws.ec2.images import describe_images
from twinspan.twin.aws.ec2.interface_views import INTERFACES, InterfaceView
from twinspan.twin.aws.ec2.interfaces import interface_request
from twinspan.twin.aws.ec2.machines import MachineBackend


class InterfaceActions(DhcpActions):
    """Network interfaces, and the images that instances are made of."""

    @property
    def machines(self) -> MachineBackend:
        """The state of the region that was asked."""
        backend = self.ec2_backend
        if not isinstance(backend, MachineBackend):
            raise TypeError(f"the EC2 backend is a {type(backend).__name__}, not the twin's")
        return backend

    def describe_images(self) -> ActionResult:
        """DescribeImages."""
        images = describe_images(
            self.region,
            ids=self._get_param("ImageIds", []),
            owners=self._get_param("Owners", []),
            filters=self.filters(),
        )
        return ExactResult({"Images": [image.wire() for image in images]})

    def create_network_interface(self) -> ActionResult:
        """CreateNetworkInterface."""
        interface = self.machines.add_interface(
            interface_request(self._get_params(), self._get_param("SubnetId")),
            tags=self.tags_for("network-interface"),
        )
        view = InterfaceView(interface=interface, board=self.board)
        return ExactResult({"NetworkInterface": view.wire()})

    def describe_network_interfaces(self) -> ActionResult:
        """DescribeNetworkInterfaces."""
        interface_ids = self._get_param("NetworkInterfaceIds") or list(self.machines.enis)
        interfaces = [self.machines.get_network_interface(name) for name in interface_ids]
        views = [InterfaceView(interface=interface, board=self.board) for interface in interfaces]
        matching = select(INTERFACES, views, self.filters())
        return ExactResult({"NetworkInterfaces": [view.wire() for view in matching]})

    def describe_network_interface_attribute(self) -> ActionResult:
        """DescribeNetworkInterfaceAttribute."""
        interface = self.machines.get_network_interface(self._get_param("NetworkInterfaceId"))
        view = InterfaceView(interface=interface, board=self.board)
        values: dict[str, dict[str, object]] = {
            "attachment": {"Attachment": view.attachment()},
            "description": {"Description": {"Value": interface.description}},
            "groupSet": {"Groups": view.groups()},
            "sourceDestCheck": {"SourceDestCheck": {"Value": interface.source_dest_check}},
        }
        name = self._get_param("Attribute")
        if name not in values:
            raise invalid_value("attribute", name, f"Valid values: {' | '.join(values)}")
        return ExactResult({"NetworkInterfaceId": interface.id, **values[name]})

    def modify_network_interface_attribute(self) -> ActionResult:
        """ModifyNetworkInterfaceAttribute, one attribute at a time."""
        interface = self.machines.get_network_interface(self._get_param("NetworkInterfaceId"))
        groups, check = self._get_param("Groups"), self._get_param("SourceDestCheck")
        description, attachment = self._get_param("Description"), self._get_param("Attachment")
        if groups:
            interface._group_set = self.machines.groups_in(interface.vpc_id, groups)  # noqa: SLF001 - moto's only place
        elif check is not None:
            interface.source_dest_check = check["Value"]
        elif description is not None:
            interface.description = description.get("Value", "")
        elif attachment is not None:
            if attachment.get("AttachmentId") != interface.attachment_id:
                raise invalid_value(
                    "AttachmentId", attachment.get("AttachmentId"), "It is not its attachment"
                )
            interface.delete_on_termination = attachment.get("DeleteOnTermination", False)
        else:
            raise missing("Groups, SourceDestCheck, Description or Attachment")
        return EmptyResult()

    def attach_network_interface(self) -> ActionResult:
        """AttachNetworkInterface."""
        instance = self.machines.live_instance(self._get_param("InstanceId"))
        interface = self.machines.get_network_interface(self._get_param("NetworkInterfaceId"))
        attachment = self.machines.attach(interface, instance, self._get_param("DeviceIndex"))
        return ExactResult({"AttachmentId": attachment, "NetworkCardIndex": 0})

    def assign_private_ip_addresses(self) -> ActionResult:
        """AssignPrivateIpAddresses."""
        requested_addresses, count = (
            self._get_param("PrivateIpAddresses", []),
            self._get_param("SecondaryPrivateIpAddressCount"),
        )
        if not requested_addresses and not count:
            raise missing("PrivateIpAddresses or SecondaryPrivateIpAddressCount")
        name = self._get_param("NetworkInterfaceId")
        before = list(self.machines.get_network_interface(name).private_ip_addresses)
        interface = self.machines.assign_private_ip_addresses(name, requested_addresses, count)
        added = [address for address in interface.private_ip_addresses if address not in before]
        return ExactResult(
            {
                "NetworkInterfaceId": name,
                "AssignedPrivateIpAddresses": [
                    {"PrivateIpAddress": address["PrivateIpAddress"]} for address in added
                ],
            }
        )
