"""EC2 with instances, over moto's, which are running before anything runs and take what they are given.

Sources: EC2 API, RunInstances, StartInstances, StopInstances, TerminateInstances, AttachNetworkInterface.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from moto.ec2.exceptions import EC2ClientError, InvalidInstanceIdError
from moto.ec2.models.elastic_block_store import Volume, VolumeAttachment
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.ec2.models.instances import Instance, Reservation
from moto.ec2.models.launch_templates import LaunchTemplateVersion
from moto.ec2.utils import random_eni_attach_id, random_reservation_id

from twinspan.network.limits import GP2_IOPS_PER_GIB, GP2_LEAST_IOPS, GP3_THROUGHPUT_MIB_PER_S
from twinspan.network.machines import RUNNING
from twinspan.twin.aws.ec2.endpoints import EndpointBackend
from twinspan.twin.aws.ec2.errors import invalid_combination, invalid_value, missing, unsupported
from twinspan.twin.aws.ec2.images import Image, find_image
from twinspan.twin.aws.ec2.instances import STOPPED, TERMINATED, Launch, TwinInstance
from twinspan.twin.aws.ec2.interfaces import (
    Detachment,
    TwinNetworkInterface,
    interface_request,
)
from twinspan.twin.observed import ObservedState


class MachineBackend(EndpointBackend):
    """EC2 with instances."""

    def describe_images(
        self,
        ami_ids: list[str] | None = None,
        filters: dict[str, Any] | None = None,
        exec_users: list[str] | None = None,  # noqa: ARG002 - moto's own
        owners: list[str] | None = None,  # noqa: ARG002 - as above
    ) -> list[Any]:
        """Return images as moto asks for them: one of its instances', or one that gets a tag."""
        image_ids = ami_ids or [str((filters or {})["image-id"])]
        return [find_image(self.region_name, image_id) for image_id in image_ids]

    def instance(self, instance_id: str) -> TwinInstance:
        """Return an instance. InvalidInstanceID.NotFound: there is none, or it was terminated long ago."""
        instance = self.get_instance_by_id(instance_id)
        if not isinstance(instance, TwinInstance):
            raise InvalidInstanceIdError([instance_id])
        return instance

    def instances(self) -> Iterator[TwinInstance]:
        """Yield all instances, also those that are terminated."""
        for instance, _ in self.placed_instances():
            yield instance

    def placed_instances(self) -> Iterator[tuple[TwinInstance, Reservation]]:
        """Yield each instance with its reservation."""
        for reservation in self.reservations.values():
            for instance in reservation.instances:
                if isinstance(instance, TwinInstance):
                    yield instance, reservation

    def live_instance(self, instance_id: str) -> TwinInstance:
        """Return an instance that is not terminated. IncorrectInstanceState otherwise."""
        instance = self.instance(instance_id)
        if instance.asked == TERMINATED:
            raise EC2ClientError("IncorrectInstanceState", f"Instance '{instance_id}' is terminated.")
        return instance

    def template_version(self, named: Mapping[str, Any]) -> LaunchTemplateVersion:
        """Return a version of a launch template. EC2ClientError: there is none, or the name is not one."""
        by_id, by_name = named.get("LaunchTemplateId"), named.get("LaunchTemplateName")
        if bool(by_id) == bool(by_name):
            raise missing("LaunchTemplateId or LaunchTemplateName, one of both,")
        template = (
            self.get_launch_template(by_id) if by_id else self.get_launch_template_by_name(str(by_name))
        )
        version = str(named.get("Version") or "$Default")
        if version not in {
            "$Default",
            "$Latest",
            *(str(known_version.number) for known_version in template.versions),
        }:
            raise EC2ClientError(
                "InvalidLaunchTemplateId.VersionNotFound",
                f"Could not find launch template version {version} for {template.id}.",
            )
        return template.get_version(version)

    def launch(self, launch: Launch) -> Reservation:
        """Make instances; what cannot be made leaves nothing."""
        token = launch.params.get("ClientToken")
        for reservation in self.reservations.values():
            if token and reservation.instances[0].client_token == token:
                return reservation
        made = Reservation(random_reservation_id(), self.account_id)
        self.reservations[made.id] = made
        try:
            for index in range(launch.count):
                self._add_instance(made, launch, index)
        except BaseException:
            for instance in made.instances:
                self._take_apart(instance)
            del self.reservations[made.id]
            raise
        return made

    def _add_instance(self, reservation: Reservation, launch: Launch, index: int) -> None:
        params = launch.params
        type_name, architectures = _instance_type(params)
        image = find_image(self.region_name, params["ImageId"], otherwise=architectures[0])
        _check_architecture(image, architectures)
        subnet_id = self._subnet_of(params)
        instance = TwinInstance(  # type: ignore[abstract]  # what is abstract is for CloudFormation
            self,
            image.id,
            params.get("UserData") or None,
            [],
            instance_type=type_name,
            region_name=self.region_name,
            subnet_id=subnet_id,
            key_name=self._key_name(params),
            ebs_optimized=params.get("EbsOptimized", False),
            monitoring_state="enabled" if params.get("Monitoring", {}).get("Enabled") else "disabled",
            disable_api_termination=params.get("DisableApiTermination", False),
            disable_api_stop=params.get("DisableApiStop", False),
            instance_initiated_shutdown_behavior=params.get("InstanceInitiatedShutdownBehavior"),
            metadata_options=params.get("MetadataOptions", {}),
            client_token=params.get("ClientToken"),
            ami_launch_index=index,
        )
        instance.asked, instance.reboots, instance.terminated_at = RUNNING, 0, None
        instance.image, instance.settings = image, dict(params)
        reservation.instances.append(instance)
        instance.add_tags(dict(launch.tags.get("instance", {})))
        self._add_interfaces(instance, params, subnet_id, launch.tags.get("network-interface", {}))
        self._add_volumes(instance, params, launch.tags.get("volume", {}))
        profile = params.get("IamInstanceProfile") or {}
        if profile:
            self.associate_iam_instance_profile(instance.id, profile.get("Name"), profile.get("Arn"))

    def _subnet_of(self, params: Mapping[str, Any]) -> str:
        """Return the subnet that an instance starts in: the zone's default one if none is named."""
        interfaces = params.get("NetworkInterfaces") or []
        if interfaces and (params.get("SubnetId") or params.get("SecurityGroupIds")):
            raise invalid_combination(
                "Network interfaces and an instance-level subnet ID or security groups may not be specified"
                " on the same request"
            )
        for interface in sorted(interfaces, key=lambda entry: entry.get("DeviceIndex", 0)):
            if interface.get("NetworkInterfaceId"):
                return self.get_network_interface(interface["NetworkInterfaceId"]).subnet_id
            if interface.get("SubnetId"):
                return str(interface["SubnetId"])
        if params.get("SubnetId"):
            return str(self.get_subnet(params["SubnetId"]).id)
        defaults = self.get_default_subnets()
        zone = params.get("Placement", {}).get("AvailabilityZone")
        chosen = defaults.get(zone) if zone else next((defaults[name] for name in sorted(defaults)), None)
        if chosen is None:
            raise EC2ClientError(
                "MissingInput" if self.get_default_vpc() else "VPCIdNotSpecified",
                "No default subnet" + (f" for availability zone: '{zone}'" if zone else " for this user"),
            )
        return str(chosen.id)

    def _key_name(self, params: Mapping[str, Any]) -> str | None:
        name = params.get("KeyName")
        if name is not None and name not in self.key_pairs:
            raise EC2ClientError("InvalidKeyPair.NotFound", f"The key pair '{name}' does not exist")
        return name

    def _add_interfaces(
        self, instance: TwinInstance, params: Mapping[str, Any], subnet_id: str, tags: Mapping[str, str]
    ) -> None:
        primary = {
            "DeviceIndex": 0,
            "SubnetId": subnet_id,
            "Groups": self._group_ids(params, subnet_id),
            "PrivateIpAddress": params.get("PrivateIpAddress"),
            "DeleteOnTermination": True,
        }
        specifications = params.get("NetworkInterfaces") or [primary]
        if 0 not in [specification.get("DeviceIndex") for specification in specifications]:
            raise invalid_combination("A network interface with device index 0 is required")
        for specification in sorted(specifications, key=lambda entry: int(entry.get("DeviceIndex", 0))):
            if specification.get("NetworkInterfaceId"):
                interface = self.get_network_interface(specification["NetworkInterfaceId"])
                removed = specification.get("DeleteOnTermination", False)
            else:
                subnet = self.get_subnet(specification.get("SubnetId") or subnet_id)
                public = specification.get("AssociatePublicIpAddress", subnet.map_public_ip_on_launch)
                interface = self.add_interface(
                    interface_request(specification, subnet.id),
                    public=bool(public) and specification["DeviceIndex"] == 0,
                    tags=tags,
                )
                removed = specification.get("DeleteOnTermination", True)
            self.attach(
                interface, instance, specification["DeviceIndex"], delete_on_termination=bool(removed)
            )

    def _group_ids(self, params: Mapping[str, Any], subnet_id: str) -> list[str]:
        vpc_id = self.get_subnet(subnet_id).vpc_id
        named = []
        for name in params.get("SecurityGroups") or ():
            group = self.get_security_group_from_name(name, vpc_id)
            if group is None:
                raise EC2ClientError("InvalidGroup.NotFound", f"The security group '{name}' does not exist")
            named.append(group.id)
        return [*(params.get("SecurityGroupIds") or ()), *named]

    def attach(
        self,
        interface: NetworkInterface,
        instance: TwinInstance,
        device_index: int,
        *,
        delete_on_termination: bool = False,
    ) -> str:
        """Attach an interface to an instance; return the attachment's id."""
        if interface.attachment_id is not None or interface.id in self._interfaces_of_gateways():
            raise EC2ClientError("InvalidNetworkInterface.InUse", f"Interface: [{interface.id}] in use.")
        if device_index in instance.nics:
            raise EC2ClientError(
                "InvalidParameterValue",
                f"Instance '{instance.id}' already has an interface attached at device index"
                f" '{device_index}'.",
            )
        if interface.availability_zone != instance.availability_zone:
            raise invalid_combination(
                "You may not attach a network interface to an instance if they are not in the same"
                " availability zone"
            )
        most = INSTANCE_TYPES[instance.instance_type]["NetworkInfo"]["MaximumNetworkInterfaces"]
        if len(instance.nics) >= most:
            raise EC2ClientError(
                "AttachmentLimitExceeded",
                f"Interface count {len(instance.nics) + 1} exceeds the limit for {instance.instance_type}",
            )
        instance.nics[device_index] = interface
        interface.instance = instance
        interface.device_index = device_index
        interface.attachment_id = random_eni_attach_id()
        interface.attach_time = datetime.now(UTC)
        interface.delete_on_termination = delete_on_termination
        interface.status = "in-use"
        return interface.attachment_id

    def detach_network_interface(self, attachment_id: str) -> None:
        """Detach an interface. OperationNotPermitted: it is an instance's primary one."""
        interfaces = [eni for eni in self.enis.values() if eni.attachment_id == attachment_id]
        if not interfaces:
            return super().detach_network_interface(attachment_id)  # which raises EC2's error
        if interfaces[0].device_index == 0:
            raise EC2ClientError(
                "OperationNotPermitted",
                "The network interface at device index 0 and networkCard index 0 cannot be detached.",
            )
        interface = interfaces[0]
        if isinstance(interface, TwinNetworkInterface) and interface.instance is not None:
            interface.detached = Detachment(
                attachment_id=attachment_id,
                instance_id=interface.instance.id,
                device_index=interface.device_index or 0,
                at=datetime.now(UTC),
            )
        return super().detach_network_interface(attachment_id)

    def _add_volumes(
        self, instance: TwinInstance, params: Mapping[str, Any], tags: Mapping[str, str]
    ) -> None:
        mappings: dict[str, dict[str, Any]] = {}
        for entry in (*instance.image.wire()["BlockDeviceMappings"], *params.get("BlockDeviceMappings", [])):  # type: ignore[misc]
            device = entry.get("DeviceName") or ""
            if not device:
                raise missing("BlockDeviceMappings.DeviceName")
            if "AvailabilityZone" in entry.get("Ebs", {}):
                raise unsupported("The twin cannot do this: disks in an AvailabilityZone of their own")
            if "NoDevice" in entry:
                mappings.pop(device, None)
            elif "Ebs" in entry:
                mappings[device] = {**mappings.get(device, {}), **entry["Ebs"]}
        for device, disk in mappings.items():
            if disk.get("VolumeSize") is None:
                raise missing("size or snapshotId")
            volume = self.create_volume(
                size=disk["VolumeSize"],
                zone_name=instance.availability_zone or "",
                encrypted=disk.get("Encrypted", False),
                kms_key_id=disk.get("KmsKeyId"),
                volume_type=disk.get("VolumeType"),
                iops=disk.get("Iops"),
                throughput=disk.get("Throughput"),
            )
            volume.snapshot_id = disk.get("SnapshotId")
            volume.add_tags(dict(tags))
            self.attach_volume(volume.id, instance.id, device, disk.get("DeleteOnTermination", True))

    def _create_default_encryption_key(self) -> str:
        """Name the key that EBS encrypts with unless it is told; there is none, as nothing is encrypted."""
        self.default_kms_key_id = (
            f"arn:{self.partition}:kms:{self.region_name}:{self.account_id}:key/{uuid4()}"
        )
        return self.default_kms_key_id

    def create_volume(self, *args: Any, **kwargs: Any) -> Volume:  # noqa: ANN401 - moto's own
        """Make a volume, with what EBS gives to those of its kind."""
        zone = str(kwargs.get("zone_name"))
        if self.get_zone_by_name(zone) is None:
            raise invalid_value("availabilityZone", zone, "There is no such zone in this region")
        volume = super().create_volume(*args, **kwargs)
        if volume.volume_type == "gp2":
            volume.iops = max(GP2_LEAST_IOPS, GP2_IOPS_PER_GIB * volume.size)
        elif volume.volume_type == "gp3":
            volume.throughput = volume.throughput or GP3_THROUGHPUT_MIB_PER_S
        return volume

    def detach_volume(self, volume_id: str, instance_id: str | None, device_path: str) -> VolumeAttachment:
        """Detach a volume, from whatever it is attached to unless that is named."""
        attachment = self.get_volume(volume_id).attachment
        if attachment is None:
            raise EC2ClientError("IncorrectState", f"Volume '{volume_id}' is in the 'available' state.")
        return super().detach_volume(volume_id, instance_id or attachment.instance_id, device_path)

    def start(self, instance: TwinInstance, board: ObservedState) -> None:
        """Start an instance. IncorrectInstanceState: it is not stopped."""
        state = instance.state_now(board)
        if state not in {STOPPED, RUNNING, "pending"}:
            raise EC2ClientError(
                "IncorrectInstanceState",
                f"The instance '{instance.id}' is not in a state from which it can be started.",
            )
        if instance.asked != RUNNING:
            instance.start()
            instance.asked, instance.launch_time = RUNNING, datetime.now(UTC)

    def stop(self, instance: TwinInstance) -> None:
        """Stop an instance. OperationNotPermitted: it is protected; IncorrectInstanceState: terminated."""
        if instance.asked == TERMINATED:
            raise EC2ClientError(
                "IncorrectInstanceState",
                f"The instance '{instance.id}' is not in a state from which it can be stopped.",
            )
        if instance.disable_api_stop:
            raise EC2ClientError(
                "OperationNotPermitted",
                f"The instance '{instance.id}' may not be stopped. Modify its 'disableApiStop' instance"
                " attribute and try again.",
            )
        if instance.asked != STOPPED:
            instance.stop()
            instance.asked = STOPPED

    def terminate(self, instance: TwinInstance) -> None:
        """Terminate an instance; once more is fine."""
        if instance.asked == TERMINATED:
            return
        if instance.disable_api_termination:
            raise EC2ClientError(
                "OperationNotPermitted",
                f"The instance '{instance.id}' may not be terminated. Modify its 'disableApiTermination'"
                " instance attribute and try again.",
            )
        self._take_apart(instance)
        instance.asked, instance.terminated_at = TERMINATED, datetime.now(UTC)

    def _take_apart(self, instance: Instance) -> None:
        """Give back what an instance has: its interfaces, volumes and addresses."""
        for interface in list(instance.nics.values()):
            interface.stop()
            instance.detach_eni(interface)
            if interface.delete_on_termination:
                self._remove_interface(interface)
        held: list[Any] = self.addresses  # moto's annotations know no instance
        for address in held:
            if address.instance is instance:
                address.instance = None
        instance.terminate()


def _instance_type(params: Mapping[str, Any]) -> tuple[str, Sequence[str]]:
    """Return an instance's type and its architectures. InvalidParameterValue: there is no such type."""
    name = str(params.get("InstanceType") or "m1.small")
    if name not in INSTANCE_TYPES:
        raise EC2ClientError("InvalidParameterValue", f"Invalid value '{name}' for InstanceType.")
    return name, INSTANCE_TYPES[name]["ProcessorInfo"]["SupportedArchitectures"]


def _check_architecture(image: Image, architectures: Sequence[str]) -> None:
    """Check that a type can run an image. InvalidParameterValue: it cannot."""
    if image.architecture not in architectures:
        raise EC2ClientError(
            "InvalidParameterValue",
            f"The architecture '{','.join(architectures)}' of the specified instance type does not match the"
            f" architecture '{image.architecture}' of the specified AMI. Specify an instance type and an AMI"
            " that have matching architectures, and try again.",
        )
