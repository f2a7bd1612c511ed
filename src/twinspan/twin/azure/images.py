"""The platform images that virtual machines may be made of, as clients look them up.

Nothing of an image runs: a machine of the twin has the programs of the machine that the twin is on. The list
is a choice of those that examples name; the version numbers are the twin's own.
Source: ARM, Virtual Machine Images - List Publishers, List Offers, List Skus, List, Get; Azure, "Find Azure
Marketplace image information using the Azure CLI" for publishers, offers and SKUs.
"""

import re
from dataclasses import dataclass
from typing import Literal

from twinspan.twin.azure.documents import Json, JsonObject
from twinspan.twin.azure.errors import ArmError
from twinspan.twin.azure.http import Answer, Request
from twinspan.twin.azure.locations import canonical_location

LATEST = "latest"
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_TYPE = "Microsoft.Compute/locations"
_OS_DISK_GB = {"Linux": 30, "Windows": 127}
"""Source: Azure, size of the operating system disk of platform images."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A SKU of an offer, of which there is one version."""

    publisher: str
    offer: str
    sku: str
    version: str
    system: Literal["Linux", "Windows"]

    @property
    def disk_gb(self) -> int:
        """Size of its operating system disk, GB."""
        return _OS_DISK_GB[self.system]

    @property
    def generation(self) -> str:
        """Generation of virtual machines that it boots on."""
        return "V2" if self.sku.endswith(("gen2", "g2", "gensecond")) or self.sku == "server" else "V1"


def _linux(publisher: str, offer: str, *skus: str, version: str) -> list[Image]:
    return [Image(publisher=publisher, offer=offer, sku=sku, version=version, system="Linux") for sku in skus]


_WINDOWS_SERVERS = [
    f"{year}-datacenter{kind}"
    for year in ("2016", "2019", "2022", "2025")
    for kind in ("", "-gensecond", "-smalldisk", "-core", "-azure-edition", "-g2")
]
IMAGES = (
    *_linux(
        "Canonical", "UbuntuServer", "16.04-LTS", "18.04-LTS", "18_04-lts-gen2", version="18.04.202401161"
    ),
    *_linux("Canonical", "0001-com-ubuntu-server-bionic", "18_04-lts", version="18.04.202401161"),
    *_linux(
        "Canonical",
        "0001-com-ubuntu-server-focal",
        "20_04-lts",
        "20_04-lts-gen2",
        version="20.04.202505200",
    ),
    *_linux(
        "Canonical",
        "0001-com-ubuntu-server-jammy",
        "22_04-lts",
        "22_04-lts-gen2",
        "22_04-lts-arm64",
        version="22.04.202610010",
    ),
    *_linux("Canonical", "ubuntu-24_04-lts", "server", "server-gen1", "minimal", version="24.04.202610010"),
    *_linux("Debian", "debian-11", "11", "11-gen2", version="0.20261001.2250"),
    *_linux("Debian", "debian-12", "12", "12-gen2", version="0.20261001.2250"),
    *_linux("Debian", "debian-13", "13", "13-gen2", version="0.20261001.2250"),
    *_linux("RedHat", "RHEL", "7-LVM", "8-lvm-gen2", "9-lvm-gen2", "94_gen2", version="9.4.2026100112"),
    *_linux("OpenLogic", "CentOS", "7.5", "7_9", "7_9-gen2", version="7.9.2024062101"),
    *_linux("SUSE", "sles-15-sp5", "gen1", "gen2", version="2026.10.01"),
    *_linux("almalinux", "almalinux-x86_64", "8-gen2", "9-gen2", version="9.4.202610010"),
    *(
        Image(
            publisher="MicrosoftWindowsServer",
            offer="WindowsServer",
            sku=sku,
            version="20348.3091.261001",
            system="Windows",
        )
        for sku in _WINDOWS_SERVERS
    ),
    *(
        Image(
            publisher="MicrosoftWindowsDesktop",
            offer=offer,
            sku=sku,
            version="22631.4751.261001",
            system="Windows",
        )
        for offer, sku in (("windows-10", "win10-22h2-pro"), ("windows-11", "win11-23h2-pro"))
    ),
)


def find(publisher: str, offer: str, sku: str, version: str) -> Image:
    """Return an image by its four names, which Azure compares without case.

    Raises:
        ArmError: 404 `PlatformImageNotFound`. Source: hashicorp/terraform-provider-azurerm, reports of it.
    """
    names = tuple(name.lower() for name in (publisher, offer, sku))
    for image in IMAGES:
        if (image.publisher.lower(), image.offer.lower(), image.sku.lower()) == names and (
            version.lower() == LATEST or _VERSION.fullmatch(version)
        ):
            return image
    raise ArmError(
        404,
        "PlatformImageNotFound",
        f"The platform image '{publisher}:{offer}:{sku}:{version}' is not available. Verify that all fields "
        "in the storage profile (imageReference) are correct. The twin has the offers "
        f"{', '.join(sorted({f'{image.publisher}:{image.offer}' for image in IMAGES}))}.",
    )


def answer(request: Request, subscription: str, lower: list[str]) -> Answer | None:
    """Answer a GET below `.../providers/Microsoft.Compute/locations/{location}/publishers`.

    Args:
        request: What was asked.
        subscription: Path of the subscription.
        lower: The path from the namespace on, in small letters.

    Returns:
        None if it is another request.

    Raises:
        ArmError: No such region or image.
    """
    match request.method, lower:
        case "GET", ["microsoft.compute", "locations", location, "publishers", *rest]:
            region = canonical_location(location, _TYPE)
            place = f"{subscription}/providers/{_TYPE}/{region}/publishers"
            return Answer(document=_found(rest, region, place))
        case _:
            return None


def _found(rest: list[str], region: str, place: str) -> Json:
    """Return the list, or the one image, that a path names."""
    match rest:
        case []:
            return _names([image.publisher for image in IMAGES], region, place)
        case [publisher, "artifacttypes", "vmimage", "offers"]:
            offers = [image.offer for image in IMAGES if image.publisher.lower() == publisher]
            return _names(offers, region, f"{place}/{publisher}/ArtifactTypes/VMImage/Offers")
        case [publisher, "artifacttypes", "vmimage", "offers", offer, "skus"]:
            below = f"{place}/{publisher}/ArtifactTypes/VMImage/Offers/{offer}/Skus"
            skus = [
                image.sku
                for image in IMAGES
                if (image.publisher.lower(), image.offer.lower()) == (publisher, offer)
            ]
            return _names(skus, region, below)
        case [publisher, "artifacttypes", "vmimage", "offers", offer, "skus", sku, "versions"]:
            below = f"{place}/{publisher}/ArtifactTypes/VMImage/Offers/{offer}/Skus/{sku}/Versions"
            return _names([find(publisher, offer, sku, LATEST).version], region, below)
        case [publisher, "artifacttypes", "vmimage", "offers", offer, "skus", sku, "versions", version]:
            below = f"{place}/{publisher}/ArtifactTypes/VMImage/Offers/{offer}/Skus/{sku}/Versions"
            return _image(find(publisher, offer, sku, version), region, below)
    raise ArmError(404, "NotFound", f"The twin has no {'/'.join(rest)} below {place}.")


def _names(names: list[str], region: str, place: str) -> Json:
    return [{"location": region, "name": name, "id": f"{place}/{name}"} for name in dict.fromkeys(names)]


def _image(image: Image, region: str, place: str) -> JsonObject:
    return {
        "location": region,
        "name": image.version,
        "id": f"{place}/{image.version}",
        "properties": {
            "hyperVGeneration": image.generation,
            "architecture": "Arm64" if image.sku.endswith("arm64") else "x64",
            "osDiskImage": {"operatingSystem": image.system, "sizeInGb": image.disk_gb},
            "dataDiskImages": [],
            "automaticOSUpgradeProperties": {"automaticOSUpgradeSupported": False},
            "disallowed": {"vmDiskType": "None"},
            "features": [],
            "replicaType": "Managed",
            "replicaCount": 1,
        },
    }
