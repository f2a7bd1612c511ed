"""The data source of machine images."""

import re
from typing import Any

from twinspan.errors import DesignError
from twinspan.twin.providers.aws.base import tags_of
from twinspan.twin.providers.aws.cloud import AwsCloud
from twinspan.twin.providers.engine import State
from twinspan.twin.providers.plan_only import plan_only
from twinspan.twin.providers.resource import DataSource

_MEMBERS = {
    "architecture": "Architecture",
    "boot_mode": "BootMode",
    "creation_date": "CreationDate",
    "deprecation_time": "DeprecationTime",
    "description": "Description",
    "hypervisor": "Hypervisor",
    "id": "ImageId",
    "image_id": "ImageId",
    "image_location": "ImageLocation",
    "image_owner_alias": "ImageOwnerAlias",
    "image_type": "ImageType",
    "imds_support": "ImdsSupport",
    "kernel_id": "KernelId",
    "last_launched_time": "LastLaunchedTime",
    "name": "Name",
    "owner_id": "OwnerId",
    "platform": "Platform",
    "platform_details": "PlatformDetails",
    "ramdisk_id": "RamdiskId",
    "root_device_name": "RootDeviceName",
    "root_device_type": "RootDeviceType",
    "sriov_net_support": "SriovNetSupport",
    "state": "State",
    "tpm_support": "TpmSupport",
    "usage_operation": "UsageOperation",
    "virtualization_type": "VirtualizationType",
}
_NOBODYS = "ami-00000000000000000"


class Ami(DataSource[AwsCloud]):
    """`aws_ami`."""

    type_name = "aws_ami"

    def read(self, cloud: AwsCloud, config: State) -> State:
        """DescribeImages; exactly one must fit, or the newest of several counts.

        Where no cloud may be asked, it is nobody's image: no rule of `check` looks at one.
        """
        if plan_only():
            return {"id": _NOBODYS, "image_id": _NOBODYS, "region": cloud.region}
        asked = [{"Name": item["name"], "Values": item["values"]} for item in config["filter"] or []]
        answer = cloud.call(
            "ec2",
            "describe_images",
            ExecutableUsers=config["executable_users"] or None,
            Filters=asked or None,
            IncludeDeprecated=config["include_deprecated"],
            Owners=config["owners"] or None,
        )
        pattern = re.compile(config["name_regex"] or "")
        images = [image for image in answer["Images"] if pattern.search(image.get("Name", ""))]
        return _state(cloud, _the_one(images, newest=bool(config["most_recent"])))


def _the_one(images: list[dict[str, Any]], *, newest: bool) -> dict[str, Any]:
    if not images:
        raise DesignError(
            where="data aws_ami",
            problem="no image fits its owners and filters",
            remedy="Widen the filters, or name another owner",
        )
    if len(images) > 1 and not newest:
        raise DesignError(
            where="data aws_ami",
            problem=f"{len(images)} images fit its owners and filters",
            remedy="Write a narrower filter, or set most_recent = true",
        )
    return max(images, key=lambda image: str(image["CreationDate"]))


def _state(cloud: AwsCloud, image: dict[str, Any]) -> State:
    disks: list[dict[str, Any]] = image.get("BlockDeviceMappings", [])
    root = next((disk for disk in disks if disk["DeviceName"] == image.get("RootDeviceName")), {})
    return {
        **{name: image.get(member, "") for name, member in _MEMBERS.items()},
        "arn": f"arn:{cloud.partition}:ec2:{cloud.region}::image/{image['ImageId']}",
        "block_device_mappings": [_disk(disk) for disk in disks],
        "ena_support": image.get("EnaSupport", False),
        "product_codes": [],
        "public": image.get("Public", False),
        "region": cloud.region,
        "root_snapshot_id": root.get("Ebs", {}).get("SnapshotId", ""),
        "state_reason": {"code": "UNSET", "message": "UNSET"},
        "tags": tags_of(image),
    }


def _disk(disk: dict[str, Any]) -> State:
    """Return a disk as the data source keeps it, everything in it as text."""
    ebs = disk.get("Ebs", {})
    texts = {
        "delete_on_termination": str(ebs.get("DeleteOnTermination", False)).lower(),
        "encrypted": str(ebs.get("Encrypted", False)).lower(),
        "iops": str(ebs.get("Iops", 0)),
        "snapshot_id": ebs.get("SnapshotId", ""),
        "throughput": str(ebs.get("Throughput", 0)),
        "volume_initialization_rate": str(ebs.get("VolumeInitializationRate", 0)),
        "volume_size": str(ebs.get("VolumeSize", 0)),
        "volume_type": ebs.get("VolumeType", ""),
    }
    return {
        "device_name": disk["DeviceName"],
        "ebs": texts,
        "no_device": disk.get("NoDevice", ""),
        "virtual_name": disk.get("VirtualName", ""),
    }
