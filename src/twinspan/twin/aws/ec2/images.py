"""Machine images: Amazon's, as moto lists them by region, and Canonical's. None of them is ever started.

An image decides what the API shows of an instance; every machine of the twin is the same namespace.

Sources: EC2 API, Image; Amazon's images and their ids: moto, `ec2/resources/latest_amis`; Canonical's names:
Ubuntu on AWS, "Find Ubuntu images on AWS" (owner 099720109477). Canonical's ids are made up.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.utilities.utils import load_resource

from twinspan.twin.aws.ec2.filters import Filterable, select

CANONICAL = "099720109477"
_AMAZON = "137112412989"
_ID = re.compile(r"ami-(?:[0-9a-f]{8}|[0-9a-f]{17})")
_AMAZON_CREATED = "2026-10-02T00:00:00.000Z"
_UBUNTU: Mapping[str, tuple[str, Sequence[str]]] = {
    "focal-20.04": ("hvm-ssd", ("20250603", "20250530.1")),
    "jammy-22.04": ("hvm-ssd", ("20261015", "20260901")),
    "noble-24.04": ("hvm-ssd-gp3", ("20261015", "20260901")),
}
"""Release -> the kind of its images, and their dates, the newest first."""
_ROOT_SIZE_GIB = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image, with the members that moto's instances read of one."""

    id: str
    name: str
    description: str
    owner_id: str
    architecture: str
    creation_date: str
    root_device_name: str
    volume_type: str
    virtualization_type: str = "hvm"
    root_device_type: str = "ebs"
    platform: str | None = None
    kernel_id: str | None = None

    @property
    def snapshot_id(self) -> str:
        """Id of the snapshot that its root volume is made of."""
        return "snap-" + hashlib.sha256(self.id.encode()).hexdigest()[:17]

    @property
    def owner_alias(self) -> str | None:
        """`amazon` for Amazon's; Canonical is a verified provider without an alias."""
        return "amazon" if self.owner_id == _AMAZON else None

    def wire(self) -> dict[str, object]:
        """Return it in the shape of `Image`."""
        return {
            "ImageId": self.id,
            "Name": self.name,
            "Description": self.description,
            "OwnerId": self.owner_id,
            "ImageOwnerAlias": self.owner_alias,
            "ImageLocation": f"{self.owner_alias or self.owner_id}/{self.name}",
            "ImageType": "machine",
            "Architecture": self.architecture,
            "CreationDate": self.creation_date,
            "State": "available",
            "Public": True,
            "PlatformDetails": "Linux/UNIX",
            "UsageOperation": "RunInstances",
            "Hypervisor": "xen",
            "VirtualizationType": self.virtualization_type,
            "EnaSupport": True,
            "SriovNetSupport": "simple",
            "RootDeviceName": self.root_device_name,
            "RootDeviceType": self.root_device_type,
            "BlockDeviceMappings": [
                {
                    "DeviceName": self.root_device_name,
                    "Ebs": {
                        "DeleteOnTermination": True,
                        "Encrypted": False,
                        "SnapshotId": self.snapshot_id,
                        "VolumeSize": _ROOT_SIZE_GIB,
                        "VolumeType": self.volume_type,
                    },
                }
            ],
            "Tags": [],
        }


IMAGES: Filterable[Image] = Filterable(
    fields={
        "architecture": lambda image: [image.architecture],
        "block-device-mapping.delete-on-termination": lambda _: ["true"],
        "block-device-mapping.device-name": lambda image: [image.root_device_name],
        "block-device-mapping.encrypted": lambda _: ["false"],
        "block-device-mapping.snapshot-id": lambda image: [image.snapshot_id],
        "block-device-mapping.volume-size": lambda _: [str(_ROOT_SIZE_GIB)],
        "block-device-mapping.volume-type": lambda image: [image.volume_type],
        "creation-date": lambda image: [image.creation_date],
        "description": lambda image: [image.description],
        "ena-support": lambda _: ["true"],
        "hypervisor": lambda _: ["xen"],
        "image-id": lambda image: [image.id],
        "image-type": lambda _: ["machine"],
        "is-public": lambda _: ["true"],
        "name": lambda image: [image.name],
        "owner-alias": lambda image: [image.owner_alias] if image.owner_alias else [],
        "owner-id": lambda image: [image.owner_id],
        "platform": lambda _: [],
        "root-device-name": lambda image: [image.root_device_name],
        "root-device-type": lambda image: [image.root_device_type],
        "state": lambda _: ["available"],
        "virtualization-type": lambda image: [image.virtualization_type],
    },
    tags=lambda _: {},
)
"""Source: EC2 API, DescribeImages, Filters."""


@cache
def images(region: str) -> tuple[Image, ...]:
    """Return the images of a region."""
    try:
        listed: Iterable[Mapping[str, Any]] = load_resource(f"ec2/resources/latest_amis/{region}.json")
    except FileNotFoundError:
        listed = ()
    return (*map(_amazon, listed), *_canonical(region))


def find_image(region: str, image_id: str, *, otherwise: str = "x86_64") -> Image:
    """Return an image.

    Args:
        region: Where.
        image_id: Which.
        otherwise: Architecture of one that the twin does not know: it knows the newest few.

    Raises:
        EC2ClientError: It is no id of an image.
    """
    listed_image = next((image for image in images(region) if image.id == image_id), None)
    if listed_image is not None:
        return listed_image
    if _ID.fullmatch(image_id) is None:
        raise EC2ClientError("InvalidAMIID.Malformed", f'Invalid id: "{image_id}"')
    return Image(
        id=image_id,
        name=image_id,
        description="An image that the twin does not know",
        owner_id=_AMAZON,
        architecture=otherwise,
        creation_date=_AMAZON_CREATED,
        root_device_name="/dev/xvda",
        volume_type="gp3",
    )


def describe_images(
    region: str, *, ids: Sequence[str], owners: Sequence[str], filters: Sequence[Mapping[str, Any]]
) -> list[Image]:
    """Return the images that a DescribeImages asks for.

    Raises:
        EC2ClientError: An id is none, or the twin does not have the filter.
    """
    requested_images = [find_image(region, image_id) for image_id in ids] if ids else list(images(region))
    owned = [
        image for image in requested_images if not owners or {image.owner_id, image.owner_alias} & set(owners)
    ]
    return select(IMAGES, owned, filters)


def _amazon(raw: Mapping[str, Any]) -> Image:
    name = raw["name"]
    return Image(
        id=raw["ami_id"],
        name=name,
        description=raw["description"],
        owner_id=raw["owner_id"],
        architecture=raw["architecture"],
        creation_date=_AMAZON_CREATED,
        root_device_name=raw["root_device_name"],
        root_device_type=raw["root_device_type"],
        virtualization_type=raw["virtualization_type"],
        volume_type="gp3" if name.startswith("al20") else "gp2",
    )


def _canonical(region: str) -> Iterable[Image]:
    for release, (kind, dates) in _UBUNTU.items():
        for architecture, words in (("x86_64", "amd64"), ("arm64", "arm64")):
            for date in dates:
                name = f"ubuntu/images/{kind}/ubuntu-{release}-{words}-server-{date}"
                day = f"{date[:4]}-{date[4:6]}-{date[6:8]}"
                yield Image(
                    id="ami-0" + hashlib.sha256(f"{region} {name}".encode()).hexdigest()[:16],
                    name=name,
                    description=f"Canonical, Ubuntu, {release.rpartition('-')[2]}, {words} {release}",
                    owner_id=CANONICAL,
                    architecture=architecture,
                    creation_date=f"{day}T00:00:00.000Z",
                    root_device_name="/dev/sda1",
                    volume_type=kind.removeprefix("hvm-ssd-") if kind.endswith("gp3") else "gp2",
                )


def canonical_parameters(region: str) -> Mapping[str, str]:
    """Return the names of Canonical's public parameters and the ids of images that they hold.

    Source: Ubuntu on AWS, "Find Ubuntu images on AWS", SSM parameter store.
    """
    parameters: dict[str, str] = {}
    root = "/aws/service/canonical/ubuntu/server"
    for image in images(region):
        if image.owner_id != CANONICAL:
            continue
        release = image.name.partition("ubuntu-")[2].split("-")[1]
        words = "arm64" if image.architecture == "arm64" else "amd64"
        for serial in ("current", image.name.rpartition("-")[2]):
            for volume in ("ebs-gp2", "ebs-gp3"):
                name = f"{root}/{release}/stable/{serial}/{words}/hvm/{volume}/ami-id"
                parameters.setdefault(name, image.id)
    return parameters
