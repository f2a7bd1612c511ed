"""Instances as the EC2 API answers them.

Source: EC2 API, Instance, InstanceStatus, InstanceState; Filters of DescribeInstances and of
DescribeInstanceStatus.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.ec2.models.instances import Reservation

from twinspan.network.machines import RUNNING
from twinspan.twin.aws.ec2.filters import Filterable
from twinspan.twin.aws.ec2.instances import STATE_CODES, TwinInstance
from twinspan.twin.aws.ec2.interface_views import INTERFACES, InterfaceView, private_name, public_name
from twinspan.twin.aws.ec2.tags import tag_list, tags_of
from twinspan.twin.observed import ObservedState

Wire = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceView:
    """One instance, and what the data plane says of it."""

    instance: TwinInstance
    reservation: Reservation
    board: ObservedState

    @property
    def state(self) -> str:
        """The state that the API shows."""
        return self.instance.state_now(self.board)

    def interfaces(self) -> list[InterfaceView]:
        """Return its interfaces, the primary one first."""
        return [
            InterfaceView(interface=interface, board=self.board)
            for _, interface in sorted(self.instance.nics.items())
        ]

    def volumes(self) -> list[Wire]:
        """Return its disks in the shape of `InstanceBlockDeviceMapping`."""
        return [
            {
                "DeviceName": device,
                "Ebs": {
                    "AttachTime": block.attach_time,
                    "DeleteOnTermination": block.delete_on_termination,
                    "Status": "attached",
                    "VolumeId": block.volume_id,
                },
            }
            for device, block in self.instance.block_device_mapping.items()
        ]

    def wire(self) -> Wire:
        """Return it in the shape of `Instance`."""
        instance, image = self.instance, self.instance.image
        return {
            "AmiLaunchIndex": instance.ami_launch_index,
            "Architecture": image.architecture,
            "BlockDeviceMappings": self.volumes(),
            "ClientToken": instance.client_token,
            "CurrentInstanceBootMode": "legacy-bios",
            "EbsOptimized": instance.ebs_optimized,
            "EnaSupport": True,
            "EnclaveOptions": {"Enabled": False},
            "HibernationOptions": {"Configured": False},
            "Hypervisor": "xen",
            "IamInstanceProfile": instance.iam_instance_profile,
            "ImageId": instance.image_id,
            "InstanceId": instance.id,
            "InstanceType": instance.instance_type,
            "KeyName": instance.key_name,
            "LaunchTime": instance.launch_time,
            "Monitoring": {"State": instance.monitoring_state},
            "PlatformDetails": "Linux/UNIX",
            "ProductCodes": [],
            "RootDeviceName": image.root_device_name,
            "RootDeviceType": image.root_device_type,
            "State": state_wire(self.state),
            "StateTransitionReason": instance.state_transition_reason or "",
            "StateReason": _reason(instance),
            "Tags": tag_list(instance),
            "UsageOperation": "RunInstances",
            "UsageOperationUpdateTime": instance.launch_time,
            "VirtualizationType": image.virtualization_type,
            **self.settings(),
            **self.place(),
        }

    def settings(self) -> Wire:
        """Return what RunInstances was given and the data plane has no use for."""
        options, params = self.instance.metadata_options, self.instance.settings
        cpu = INSTANCE_TYPES[self.instance.instance_type]["VCpuInfo"]
        asked_cpu = params.get("CpuOptions") or {}
        names = params.get("PrivateDnsNameOptions") or {}
        placement = params.get("Placement") or {}
        return {
            "CapacityReservationSpecification": {"CapacityReservationPreference": "open"},
            "CpuOptions": {
                "CoreCount": asked_cpu.get("CoreCount", cpu.get("DefaultCores", 1)),
                "ThreadsPerCore": asked_cpu.get("ThreadsPerCore", cpu.get("DefaultThreadsPerCore", 1)),
            },
            "MaintenanceOptions": {
                "AutoRecovery": (params.get("MaintenanceOptions") or {}).get("AutoRecovery", "default")
            },
            "MetadataOptions": {
                "State": "applied",
                "HttpTokens": options.http_tokens,
                "HttpPutResponseHopLimit": options.http_put_response_hop_limit,
                "HttpEndpoint": options.http_endpoint,
                "HttpProtocolIpv6": options.http_protocol_ipv6,
                "InstanceMetadataTags": options.instance_metadata_tags,
            },
            "Placement": {
                "AvailabilityZone": self.instance.availability_zone,
                "GroupName": "",
                "Tenancy": placement.get("Tenancy", "default"),
            },
            "PrivateDnsNameOptions": {
                "HostnameType": names.get("HostnameType", "ip-name"),
                "EnableResourceNameDnsARecord": names.get("EnableResourceNameDnsARecord", False),
                "EnableResourceNameDnsAAAARecord": False,
            },
        }

    def place(self) -> Wire:
        """Return where it is: its primary interface's members, which a terminated one has lost."""
        interfaces = self.interfaces()
        if not interfaces:
            return {"NetworkInterfaces": [], "SecurityGroups": []}
        first, region = interfaces[0], self.instance.region_name
        public = first.interface.public_ip
        return {
            "NetworkInterfaces": [view.in_instance() for view in interfaces],
            "PrivateDnsName": private_name(first.interface.private_ip_address or "", region),
            "PrivateIpAddress": first.interface.private_ip_address,
            "PublicDnsName": public_name(public, region) if public else "",
            "PublicIpAddress": public,
            "SecurityGroups": first.groups(),
            "SourceDestCheck": first.interface.source_dest_check,
            "SubnetId": first.interface.subnet_id,
            "VpcId": first.interface.vpc_id,
        }

    def status(self) -> Wire:
        """Return it in the shape of `InstanceStatus`: checks pass while the data plane has its machine."""
        check: Wire = {"Status": "not-applicable"}
        if self.state == RUNNING:
            check = {"Status": "ok", "Details": [{"Name": "reachability", "Status": "passed"}]}
        return {
            "AvailabilityZone": self.instance.availability_zone,
            "InstanceId": self.instance.id,
            "InstanceState": state_wire(self.state),
            "InstanceStatus": check,
            "SystemStatus": check,
        }


def state_wire(name: str) -> Wire:
    """Return a state in the shape of `InstanceState`."""
    return {"Code": STATE_CODES[name], "Name": name}


def reservation_wire(reservation: Reservation, views: list[InstanceView]) -> Wire:
    """Return instances in the shape of `Reservation`."""
    return {
        "ReservationId": reservation.id,
        "OwnerId": reservation.owner_id,
        "Groups": [],
        "Instances": [view.wire() for view in views],
    }


def _reason(instance: TwinInstance) -> Wire | None:
    reason = instance.state_reason
    return {"Code": reason.code, "Message": reason.message} if reason.code else None


def _of(member: str, *below: str) -> Callable[[InstanceView], Iterable[str]]:
    """Return what reads a member of an instance, or a member of it."""

    def read(view: InstanceView) -> Iterable[str]:
        value: Any = view.wire().get(member)
        for name in below:
            value = value.get(name) if value else None
        if value in (None, ""):
            return []
        if isinstance(value, datetime):
            return [value.strftime("%Y-%m-%dT%H:%M:%S.000Z")]
        return [str(value).lower() if isinstance(value, bool) else str(value)]

    return read


def _of_interfaces(name: str) -> Callable[[InstanceView], Iterable[str]]:
    """Return what reads a filter of network interfaces of each of an instance's."""
    read = INTERFACES.fields[name]
    return lambda view: [value for interface in view.interfaces() for value in read(interface)]


def _of_volumes(member: str) -> Callable[[InstanceView], Iterable[str]]:
    def read(view: InstanceView) -> Iterable[str]:
        disks: list[Any] = [volume["Ebs"] for volume in view.volumes()]
        return [
            str(disk[member]).lower() if member == "DeleteOnTermination" else str(disk[member])
            for disk in disks
        ]

    return read


INSTANCES: Filterable[InstanceView] = Filterable(
    fields={
        "affinity": lambda _: [],
        "architecture": _of("Architecture"),
        "availability-zone": _of("Placement", "AvailabilityZone"),
        "block-device-mapping.attach-time": _of_volumes("AttachTime"),
        "block-device-mapping.delete-on-termination": _of_volumes("DeleteOnTermination"),
        "block-device-mapping.device-name": lambda view: [
            str(volume["DeviceName"]) for volume in view.volumes()
        ],
        "block-device-mapping.status": _of_volumes("Status"),
        "block-device-mapping.volume-id": _of_volumes("VolumeId"),
        "client-token": _of("ClientToken"),
        "dns-name": _of("PublicDnsName"),
        "ebs-optimized": _of("EbsOptimized"),
        "ena-support": _of("EnaSupport"),
        "group-id": lambda view: [group.id for group in view.instance.security_groups],
        "group-name": lambda view: [group.name for group in view.instance.security_groups],
        "hypervisor": _of("Hypervisor"),
        "iam-instance-profile.arn": _of("IamInstanceProfile", "Arn"),
        "iam-instance-profile.id": _of("IamInstanceProfile", "Id"),
        "image-id": _of("ImageId"),
        "instance-id": _of("InstanceId"),
        "instance-lifecycle": lambda _: [],
        "instance-state-code": _of("State", "Code"),
        "instance-state-name": _of("State", "Name"),
        "instance-type": _of("InstanceType"),
        "instance.group-id": lambda view: [group.id for group in view.instance.security_groups],
        "instance.group-name": lambda view: [group.name for group in view.instance.security_groups],
        "ip-address": _of("PublicIpAddress"),
        "key-name": _of("KeyName"),
        "launch-index": _of("AmiLaunchIndex"),
        "launch-time": _of("LaunchTime"),
        "metadata-options.http-endpoint": _of("MetadataOptions", "HttpEndpoint"),
        "metadata-options.http-tokens": _of("MetadataOptions", "HttpTokens"),
        "monitoring-state": _of("Monitoring", "State"),
        **{f"network-interface.{name}": _of_interfaces(name) for name in INTERFACES.fields},
        "owner-id": lambda view: [view.instance.owner_id],
        "placement-group-name": lambda _: [],
        "platform": lambda _: [],
        "platform-details": _of("PlatformDetails"),
        "private-dns-name": _of("PrivateDnsName"),
        "private-ip-address": _of("PrivateIpAddress"),
        "reason": _of("StateTransitionReason"),
        "requester-id": lambda _: [],
        "reservation-id": lambda view: [view.reservation.id],
        "root-device-name": _of("RootDeviceName"),
        "root-device-type": _of("RootDeviceType"),
        "source-dest-check": _of("SourceDestCheck"),
        "spot-instance-request-id": lambda _: [],
        "state-reason-code": _of("StateReason", "Code"),
        "state-reason-message": _of("StateReason", "Message"),
        "subnet-id": _of("SubnetId"),
        "tenancy": _of("Placement", "Tenancy"),
        "virtualization-type": _of("VirtualizationType"),
        "vpc-id": _of("VpcId"),
    },
    tags=lambda view: tags_of(view.instance),
)

STATUSES: Filterable[InstanceView] = Filterable(
    fields={
        "availability-zone": _of("Placement", "AvailabilityZone"),
        "instance-state-code": _of("State", "Code"),
        "instance-state-name": _of("State", "Name"),
        "instance-status.reachability": lambda view: ["passed"] if view.state == RUNNING else [],
        "instance-status.status": lambda view: ["ok" if view.state == RUNNING else "not-applicable"],
        "system-status.reachability": lambda view: ["passed"] if view.state == RUNNING else [],
        "system-status.status": lambda view: ["ok" if view.state == RUNNING else "not-applicable"],
    },
    tags=lambda view: tags_of(view.instance),
)
