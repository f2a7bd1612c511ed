"""Network interfaces, and what is put on them: attachments and elastic addresses."""

from collections.abc import Iterator
from typing import Any, ClassVar

from twinspan.twin.providers.aws.base import (
    TIMEOUT_S,
    AwsResource,
    differs,
    filters,
    find,
    gone_is_fine,
    retry_while,
    tag_specifications,
    tags_of,
)
from twinspan.twin.providers.aws.cloud import AwsCloud
from twinspan.twin.providers.engine import Facts, State
from twinspan.twin.providers.resource import Problem, Record, one_of
from twinspan.twin.providers.values import UNKNOWN
from twinspan.wait import wait_until

_NOT_OFFLINE = (
    "enable_primary_ipv6",
    "ipv4_prefix_count",
    "ipv4_prefixes",
    "ipv6_address_count",
    "ipv6_address_list",
    "ipv6_addresses",
    "ipv6_prefix_count",
    "ipv6_prefixes",
    "private_ip_list",
    "private_ips_count",
)


def find_interface(cloud: AwsCloud, identity: str) -> dict[str, Any] | None:
    """Return an interface as DescribeNetworkInterfaces shows it, None if there is none."""
    return find(cloud, "describe_network_interfaces", "NetworkInterfaces", NetworkInterfaceIds=[identity])


def modify_interface(cloud: AwsCloud, identity: str, **attribute: object) -> None:
    """ModifyNetworkInterfaceAttribute, which takes one attribute at a time."""
    cloud.call("ec2", "modify_network_interface_attribute", NetworkInterfaceId=identity, **attribute)


class NetworkInterface(AwsResource):
    """`aws_network_interface` with IPv4 addresses."""

    type_name = "aws_network_interface"
    facts = Facts(
        defaults={"ipv6_address_list_enabled": False, "private_ip_list_enabled": False}
        | {"source_dest_check": True},
        force_new=frozenset({"region", "subnet_id", "interface_type", "private_ip", "private_ips"}),
        computed_blocks=frozenset({"attachment"}),
    )
    rules: ClassVar = {"interface_type": one_of("interface")}

    def validate(self, config: State) -> Iterator[Problem]:
        """Refuse what this offline provider does not do with an interface."""
        for name in _NOT_OFFLINE:
            if config[name] is not None:
                detail = f"The offline provider makes network interfaces without {name}; use the real one."
                yield Problem(summary=f"{name} is not supported offline", detail=detail, path=name)
        if config["attachment"]:
            detail = "Write an aws_network_interface_attachment, or use the real provider."
            yield Problem(summary="attachment is not supported offline", detail=detail, path="attachment")

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """CreateNetworkInterface, then the source/destination check if it shall be off."""
        addresses = planned["private_ips"] if isinstance(planned["private_ips"], list) else []
        groups = planned["security_groups"]
        made = cloud.call(
            "ec2",
            "create_network_interface",
            SubnetId=planned["subnet_id"],
            Description=planned["description"],
            Groups=groups if isinstance(groups, list) and groups else None,
            PrivateIpAddress=addresses[0] if len(addresses) == 1 else None,
            PrivateIpAddresses=[
                {"PrivateIpAddress": address, "Primary": not number}
                for number, address in enumerate(addresses)
            ]
            if len(addresses) > 1
            else None,
            TagSpecifications=tag_specifications("network-interface", planned["tags_all"]),
        )
        identity: str = made["NetworkInterface"]["NetworkInterfaceId"]
        record(identity)
        if not planned["source_dest_check"]:
            modify_interface(cloud, identity, SourceDestCheck={"Value": False})
        return identity

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """DescribeNetworkInterfaces."""
        interface = find_interface(cloud, state["id"])
        if interface is None:
            return None
        addresses = [item["PrivateIpAddress"] for item in interface["PrivateIpAddresses"]]
        return {
            "arn": cloud.arn("ec2", f"network-interface/{state['id']}"),
            "attachment": _attachments(interface),
            "description": interface.get("Description", ""),
            "enable_primary_ipv6": None,
            "interface_type": interface["InterfaceType"],
            "ipv4_prefix_count": 0,
            "ipv4_prefixes": [],
            "ipv6_address_count": 0,
            "ipv6_address_list": [],
            "ipv6_addresses": [],
            "ipv6_prefix_count": 0,
            "ipv6_prefixes": [],
            "mac_address": interface["MacAddress"],
            "outpost_arn": "",
            "owner_id": interface["OwnerId"],
            "private_dns_name": interface["PrivateDnsName"],
            "private_ip": interface["PrivateIpAddress"],
            "private_ip_list": addresses,
            "private_ips": addresses,
            "private_ips_count": len(addresses) - 1,
            "region": cloud.region,
            "security_groups": [group["GroupId"] for group in interface["Groups"]],
            "source_dest_check": interface["SourceDestCheck"],
            "subnet_id": interface["SubnetId"],
            **self.tag_state(cloud, tags_of({"Tags": interface.get("TagSet", [])}), state),
        }

    def update(self, cloud: AwsCloud, prior: State, planned: State) -> State:
        """Groups, description, source/destination check and tags."""
        identity = prior["id"]
        if differs(prior, planned, "security_groups"):
            modify_interface(cloud, identity, Groups=planned["security_groups"])
        if differs(prior, planned, "description"):
            modify_interface(cloud, identity, Description={"Value": planned["description"] or ""})
        if differs(prior, planned, "source_dest_check"):
            modify_interface(cloud, identity, SourceDestCheck={"Value": planned["source_dest_check"]})
        self.update_tags(cloud, identity, prior, planned)
        return {}

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """DeleteNetworkInterface, waiting until it is detached."""
        with gone_is_fine():
            retry_while(
                "InvalidParameterValue",
                lambda: cloud.call("ec2", "delete_network_interface", NetworkInterfaceId=state["id"]),
                what=f"network interface {state['id']} detached",
            )


def _attachments(interface: dict[str, Any]) -> list[State]:
    attachment = interface.get("Attachment")
    if not attachment:
        return []
    return [
        {
            "attachment_id": attachment["AttachmentId"],
            "device_index": attachment["DeviceIndex"],
            "instance": attachment.get("InstanceId", ""),
            "network_card_index": attachment.get("NetworkCardIndex", 0),
        }
    ]


class NetworkInterfaceAttachment(AwsResource):
    """`aws_network_interface_attachment`."""

    type_name = "aws_network_interface_attachment"
    facts = Facts(
        force_new=frozenset(
            {"region", "device_index", "instance_id", "network_card_index", "network_interface_id"}
        )
    )

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """AttachNetworkInterface, and wait until it is attached."""
        made = cloud.call(
            "ec2",
            "attach_network_interface",
            DeviceIndex=planned["device_index"],
            InstanceId=planned["instance_id"],
            NetworkInterfaceId=planned["network_interface_id"],
        )
        identity: str = made["AttachmentId"]
        record(identity)
        wait_until(
            lambda: self._find(cloud, identity),
            lambda interface: interface is not None and interface["Attachment"]["Status"] == "attached",
            what=f"attachment {identity} attached",
            timeout_s=TIMEOUT_S,
        )
        return identity

    def _find(self, cloud: AwsCloud, identity: str) -> dict[str, Any] | None:
        return find(
            cloud,
            "describe_network_interfaces",
            "NetworkInterfaces",
            Filters=filters(attachment__attachment_id=identity),
        )

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """DescribeNetworkInterfaces, by the attachment."""
        interface = self._find(cloud, state["id"])
        if interface is None or interface["Attachment"]["Status"] in {"detaching", "detached"}:
            return None
        attachment = interface["Attachment"]
        return {
            "attachment_id": attachment["AttachmentId"],
            "device_index": attachment["DeviceIndex"],
            "instance_id": attachment["InstanceId"],
            "network_card_index": attachment.get("NetworkCardIndex", 0),
            "network_interface_id": interface["NetworkInterfaceId"],
            "region": cloud.region,
            "status": attachment["Status"],
        }

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """DetachNetworkInterface, and wait until it is detached."""
        with gone_is_fine():
            cloud.call("ec2", "detach_network_interface", AttachmentId=state["id"], Force=True)
        wait_until(
            lambda: self.read(cloud, state),
            lambda known: known is None,
            what=f"attachment {state['id']} detached",
            timeout_s=TIMEOUT_S,
        )


class ElasticAddressAssociation(AwsResource):
    """`aws_eip_association`."""

    type_name = "aws_eip_association"
    facts = Facts(
        force_new=frozenset(
            {"region", "allocation_id", "allow_reassociation", "instance_id", "network_interface_id"}
            | {"private_ip_address", "public_ip"}
        )
    )

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """AssociateAddress."""
        given = {name: value for name, value in planned.items() if value is not UNKNOWN}
        made = cloud.call(
            "ec2",
            "associate_address",
            AllocationId=given.get("allocation_id"),
            AllowReassociation=given.get("allow_reassociation"),
            InstanceId=given.get("instance_id"),
            NetworkInterfaceId=given.get("network_interface_id"),
            PrivateIpAddress=given.get("private_ip_address"),
            PublicIp=given.get("public_ip"),
        )
        identity: str = made["AssociationId"]
        record(identity)
        return identity

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """DescribeAddresses, by the association."""
        address = find(cloud, "describe_addresses", "Addresses", Filters=filters(association_id=state["id"]))
        if address is None:
            return None
        return {
            "allocation_id": address["AllocationId"],
            "instance_id": address.get("InstanceId", ""),
            "network_interface_id": address.get("NetworkInterfaceId", ""),
            "private_ip_address": address.get("PrivateIpAddress", ""),
            "public_ip": address["PublicIp"],
            "region": cloud.region,
        }

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """DisassociateAddress."""
        with gone_is_fine():
            cloud.call("ec2", "disassociate_address", AssociationId=state["id"])
