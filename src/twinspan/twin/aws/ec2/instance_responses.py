"""The EC2 actions on instances. Source of each: EC2 API, the action of that name."""

import base64
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.ec2.models.instances import MetadataOptions, Reservation

from twinspan.network.machines import RUNNING
from twinspan.twin.aws.ec2.base_response import ExactResult
from twinspan.twin.aws.ec2.errors import invalid_combination, invalid_value, missing
from twinspan.twin.aws.ec2.filters import select
from twinspan.twin.aws.ec2.gateways import is_visible
from twinspan.twin.aws.ec2.instance_views import (
    INSTANCES,
    STATUSES,
    InstanceView,
    reservation_wire,
    state_wire,
)
from twinspan.twin.aws.ec2.instances import STOPPED, Launch, TwinInstance
from twinspan.twin.aws.ec2.template_responses import TemplateActions

_MEMBERS: Mapping[str, tuple[str, str]] = {
    "disableApiStop": ("DisableApiStop", "disable_api_stop"),
    "disableApiTermination": ("DisableApiTermination", "disable_api_termination"),
    "ebsOptimized": ("EbsOptimized", "ebs_optimized"),
    "instanceInitiatedShutdownBehavior": (
        "InstanceInitiatedShutdownBehavior",
        "instance_initiated_shutdown_behavior",
    ),
    "instanceType": ("InstanceType", "instance_type"),
    "userData": ("UserData", "user_data"),
}
"""Attribute -> member of requests and answers, and where moto keeps it."""
_ONLY_STOPPED = ("InstanceType", "UserData", "EbsOptimized")


class InstanceActions(TemplateActions):
    """Instances."""

    def run_instances(self) -> ActionResult:
        """RunInstances; members of a launch template stand where the request has none."""
        params = {name: value for name, value in self._get_params().items() if value is not None}
        template_tags: list[Mapping[str, Any]] = []
        tags: dict[str, str] = {}
        if params.get("LaunchTemplate"):
            version = self.machines.template_version(params["LaunchTemplate"])
            template_tags = version.data.get("TagSpecifications", [])
            params = {**version.data, **params}
            tags = {
                "aws:ec2launchtemplate:id": version.template.id,
                "aws:ec2launchtemplate:version": str(version.number),
            }
        if not params.get("ImageId"):
            raise missing("ImageId")
        tags_of_kinds = _tags([*template_tags, *self._get_param("TagSpecifications", [])])
        tags_of_kinds["instance"] = {**tags_of_kinds.get("instance", {}), **tags}
        made = self.machines.launch(Launch(params=params, count=params["MaxCount"], tags=tags_of_kinds))
        views = [
            InstanceView(instance=instance, reservation=made, board=self.board)
            for instance in made.instances
            if isinstance(instance, TwinInstance)
        ]
        return ExactResult(reservation_wire(made, views))

    def describe_instances(self) -> ActionResult:
        """DescribeInstances; terminated ones stay for a while."""
        matching = select(INSTANCES, self._views(), self.filters())
        reservations = {view.reservation.id: view.reservation for view in matching}
        return ExactResult(
            {
                "Reservations": [
                    reservation_wire(
                        reservation, [view for view in matching if view.reservation is reservation]
                    )
                    for reservation in reservations.values()
                ]
            }
        )

    def describe_instance_status(self) -> ActionResult:
        """DescribeInstanceStatus; without `IncludeAllInstances` of those that run."""
        views = select(STATUSES, self._views(), self.filters())
        everything = self._get_param("IncludeAllInstances", if_none=False)
        shown = [view.status() for view in views if everything or view.state == RUNNING]
        return ExactResult({"InstanceStatuses": shown})

    def start_instances(self) -> ActionResult:
        """StartInstances."""
        return self._change("StartingInstances", lambda instance: self.machines.start(instance, self.board))

    def stop_instances(self) -> ActionResult:
        """StopInstances; there is nothing to hibernate."""
        return self._change("StoppingInstances", self.machines.stop)

    def terminate_instances(self) -> ActionResult:
        """TerminateInstances."""
        return self._change("TerminatingInstances", self.machines.terminate)

    def reboot_instances(self) -> ActionResult:
        """RebootInstances: what runs on them ends, and they come back with the same addresses."""
        for name in self._get_param("InstanceIds"):
            self.machines.live_instance(name).reboots += 1
        return EmptyResult()

    def describe_instance_attribute(self) -> ActionResult:
        """DescribeInstanceAttribute."""
        instance = self.machines.instance(self._get_param("InstanceId"))
        view = InstanceView(
            instance=instance, reservation=self._reservations()[instance.id], board=self.board
        )
        name = self._get_param("Attribute")
        if name in _MEMBERS:
            member, attribute = _MEMBERS[name]
            value = getattr(instance, attribute)
            return ExactResult({"InstanceId": instance.id, member: {} if value is None else {"Value": value}})
        if name == "sourceDestCheck":
            checked = self._only_interface(instance).source_dest_check
            return ExactResult({"InstanceId": instance.id, "SourceDestCheck": {"Value": checked}})
        others: dict[str, dict[str, object]] = {
            "blockDeviceMapping": {"BlockDeviceMappings": view.volumes()},
            "enaSupport": {"EnaSupport": {"Value": True}},
            "enclaveOptions": {"EnclaveOptions": {"Enabled": False}},
            "groupSet": {"Groups": [{"GroupId": group.id} for group in instance.security_groups]},
            "kernel": {"KernelId": {}},
            "productCodes": {"ProductCodes": []},
            "ramdisk": {"RamdiskId": {}},
            "rootDeviceName": {"RootDeviceName": {"Value": instance.image.root_device_name}},
            "sourceDestCheck": {
                "SourceDestCheck": {"Value": self._only_interface(instance).source_dest_check}
            },
            "sriovNetSupport": {"SriovNetSupport": {"Value": "simple"}},
        }
        return ExactResult({"InstanceId": instance.id, **others[name]})

    def modify_instance_attribute(self) -> ActionResult:
        """ModifyInstanceAttribute, one attribute at a time."""
        instance = self.machines.live_instance(self._get_param("InstanceId"))
        name = self._get_param("Attribute")
        if name is not None:
            if name not in _MEMBERS:
                raise invalid_combination(f"The attribute {name} cannot be changed by its name and value")
            self._set(instance, *_MEMBERS[name], value=self._get_param("Value"))
            return EmptyResult()
        for member, attribute in _MEMBERS.values():
            given = self._get_param(member)
            if given is not None:
                self._set(instance, member, attribute, value=given.get("Value"))
                return EmptyResult()
        groups, check = self._get_param("Groups"), self._get_param("SourceDestCheck")
        if groups:
            interface = self._only_interface(instance)
            interface._group_set = self.machines.groups_in(interface.vpc_id, groups)  # noqa: SLF001 - moto's only place
        elif check is not None:
            self._only_interface(instance).source_dest_check = check["Value"]
        elif self._get_param("BlockDeviceMappings"):
            self._modify_disks(instance)
        else:
            raise missing("Attribute")
        return EmptyResult()

    def modify_instance_metadata_options(self) -> ActionResult:
        """ModifyInstanceMetadataOptions; what is not given stays."""
        instance = self.machines.live_instance(self._get_param("InstanceId"))
        view = InstanceView(
            instance=instance, reservation=self._reservations()[instance.id], board=self.board
        )
        known: Any = view.settings()["MetadataOptions"]
        given = {
            name: value for name, value in self._get_params().items() if name in known and value is not None
        }
        instance.metadata_options = MetadataOptions({**known, **given})
        return ExactResult(
            {"InstanceId": instance.id, "InstanceMetadataOptions": view.settings()["MetadataOptions"]}
        )

    def describe_instance_credit_specifications(self) -> ActionResult:
        """DescribeInstanceCreditSpecifications: of burstable types."""
        instance_ids = self._get_param("InstanceIds")
        instances = (
            [self.machines.instance(name) for name in instance_ids]
            if instance_ids
            else self.machines.instances()
        )
        return ExactResult(
            {
                "InstanceCreditSpecifications": [
                    {"InstanceId": instance.id, "CpuCredits": _credits(instance)}
                    for instance in instances
                    if INSTANCE_TYPES[instance.instance_type]["BurstablePerformanceSupported"]
                ]
            }
        )

    def modify_instance_credit_specification(self) -> ActionResult:
        """ModifyInstanceCreditSpecification."""
        done = []
        for specification in self._get_param("InstanceCreditSpecifications"):
            instance = self.machines.live_instance(specification["InstanceId"])
            instance.settings["CreditSpecification"] = {"CpuCredits": specification["CpuCredits"]}
            done.append({"InstanceId": instance.id})
        return ExactResult(
            {
                "SuccessfulInstanceCreditSpecifications": done,
                "UnsuccessfulInstanceCreditSpecifications": [],
            }
        )

    def monitor_instances(self) -> ActionResult:  # type: ignore[override]  # moto's is not there
        """MonitorInstances."""
        return self._monitor("enabled")

    def unmonitor_instances(self) -> ActionResult:  # type: ignore[override]  # as above
        """UnmonitorInstances."""
        return self._monitor("disabled")

    def associate_address(self) -> ActionResult:
        """AssociateAddress, with an interface; an instance stands for its only one."""
        name = self._get_param("InstanceId")
        if name is not None and self._get_param("NetworkInterfaceId") is not None:
            raise invalid_combination("You may specify InstanceId or NetworkInterfaceId, but not both")
        if name is not None:
            self._only_interface(self.machines.live_instance(name))
        result = super().associate_address()
        held: list[Any] = self.machines.addresses  # moto's annotations know no interface
        for address in held:
            if address.eni is not None:
                address.instance = address.eni.instance
        return result

    def _monitor(self, state: str) -> ActionResult:
        instances = [self.machines.live_instance(name) for name in self._get_param("InstanceIds")]
        for instance in instances:
            instance.monitoring_state = state
        return ExactResult(
            {
                "InstanceMonitorings": [
                    {"InstanceId": instance.id, "Monitoring": {"State": state}} for instance in instances
                ]
            }
        )

    def _views(self) -> list[InstanceView]:
        """Return the instances that the request names, or all that are visible."""
        now, reservations = datetime.now(UTC), self._reservations()
        instances = {
            instance.id: instance
            for instance in self.machines.instances()
            if is_visible(instance.terminated_at, now)
        }
        instance_ids = self._get_param("InstanceIds") or list(instances)
        for name in instance_ids:
            if name not in instances:
                self.machines.get_multi_instances_by_id([name])  # which raises EC2's error
                raise EC2ClientError("InvalidInstanceID.NotFound", f"The instance ID '{name}' does not exist")
        return [
            InstanceView(instance=instances[name], reservation=reservations[name], board=self.board)
            for name in instance_ids
        ]

    def _reservations(self) -> dict[str, Reservation]:
        return {instance.id: reservation for instance, reservation in self.machines.placed_instances()}

    def _change(self, member: str, act: Callable[[TwinInstance], None]) -> ActionResult:
        instances = [self.machines.instance(name) for name in self._get_param("InstanceIds")]
        before = [instance.state_now(self.board) for instance in instances]
        for instance in instances:
            act(instance)
        return ExactResult(
            {
                member: [
                    {
                        "InstanceId": instance.id,
                        "PreviousState": state_wire(state),
                        "CurrentState": state_wire(instance.state_now(self.board)),
                    }
                    for instance, state in zip(instances, before, strict=True)
                ]
            }
        )

    def _only_interface(self, instance: TwinInstance) -> Any:  # noqa: ANN401 - moto's interface
        """Return an instance's interface.

        Source: hashicorp/terraform-provider-aws issue 7107, for the words.

        Raises:
            EC2ClientError: It has several.
        """
        if len(instance.nics) != 1:
            raise EC2ClientError(
                "InvalidInstanceID",
                f"There are multiple interfaces attached to instance '{instance.id}'. Please specify an"
                " interface ID for the operation instead.",
            )
        return instance.nics[0]

    def _set(self, instance: TwinInstance, member: str, attribute: str, *, value: Any) -> None:  # noqa: ANN401
        if member in _ONLY_STOPPED and instance.state_now(self.board) != STOPPED:
            raise EC2ClientError(
                "IncorrectInstanceState", f"The instance '{instance.id}' is not in the 'stopped' state."
            )
        if isinstance(value, bytes):
            value = base64.b64encode(value).decode()
        if member == "InstanceType" and value not in INSTANCE_TYPES:
            raise invalid_value("InstanceType", value, "There is no such type")
        if isinstance(getattr(instance, attribute), bool):
            value = str(value).lower() == "true"
        setattr(instance, attribute, value)

    def _modify_disks(self, instance: TwinInstance) -> None:
        for mapping in self._get_param("BlockDeviceMappings"):
            block = instance.block_device_mapping.get(mapping.get("DeviceName"))
            if block is None:
                raise EC2ClientError(
                    "InvalidInstanceAttributeValue",
                    f"No device is currently mapped at {mapping.get('DeviceName')}",
                )
            block.delete_on_termination = mapping.get("Ebs", {}).get(
                "DeleteOnTermination", block.delete_on_termination
            )


def restarts(instances: Iterable[TwinInstance]) -> dict[str, str]:
    """Return how often each instance was asked to reboot, if it was."""
    return {instance.id: str(instance.reboots) for instance in instances if instance.reboots}


def _credits(instance: TwinInstance) -> str:
    """Return how a burstable instance is paid. Source: EC2 User Guide, "Unlimited mode": T2 is standard."""
    default = "standard" if instance.instance_type.startswith("t2.") else "unlimited"
    return str((instance.settings.get("CreditSpecification") or {}).get("CpuCredits", default))


def _tags(specifications: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    tags_by_type: dict[str, dict[str, str]] = {}
    for specification in specifications:
        tags = {tag["Key"]: tag.get("Value", "") for tag in specification.get("Tags", [])}
        tags_by_type.setdefault(specification["ResourceType"], {}).update(tags)
    return tags_by_type
