"""The rules of virtual machines' bodies, which scale sets share.

Source: ARM, VirtualMachine (OSProfile, StorageProfile, NetworkProfile) for lengths and names; codes as
users of terraform-provider-azurerm quote them. Codes and words not found there are unconfirmed.
"""

import copy
import re

from twinspan.twin.azure import images, machine_sizes
from twinspan.twin.azure.documents import Json, JsonObject, flag, member, objects, text
from twinspan.twin.azure.errors import ArmError, bad_request
from twinspan.twin.azure.images import Image

SECRETS = ("adminPassword", "customData")
"""Members of an `osProfile` that no answer has. Nobody signs in and nothing runs at the first start."""
LINUX, WINDOWS = "Linux", "Windows"
_PASSWORDS = {LINUX: (6, 72), WINDOWS: (8, 123)}
_KINDS_OF_CHARACTERS = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^A-Za-z0-9]")
_KINDS_NEEDED = 3
_REFUSED_NAMES = frozenset(
    {"administrator", "admin", "user", "user1", "test", "user2", "test1", "user3", "admin1", "1", "123", "a"}
    | {"actuser", "adm", "admin2", "aspnet", "backup", "console", "david", "guest", "john", "owner", "root"}
    | {"server", "sql", "support", "support_388945a0", "sys", "test2", "test3", "user4", "user5"}
)
_ONE_OF_THEM = (
    "Authentication using either SSH or by user name and password must be enabled in Linux profile."
)
_UNMANAGED = (("osDisk", "vhd"), ("osDisk", "image"))
_OTHER_IMAGES = ("id", "sharedGalleryImageId", "communityGalleryImageId")


def check_size(name: str | None, *, where: str) -> None:
    """Refuse a size that the region does not offer.

    Raises:
        ArmError: `InvalidParameter`.
    """
    if name is None or machine_sizes.find(name) is None:
        raise bad_request(
            "InvalidParameter",
            f"The value {name} provided for the VM size (vmSize) of {where} is not valid. The valid sizes in "
            f"the current region are: {','.join(machine_sizes.SIZES)}.",
        )


def image_of(storage: JsonObject, *, where: str) -> Image | None:
    """Return the image that a new machine's operating system disk is made of; None: the disk is there.

    Args:
        storage: The `storageProfile`.
        where: Whose it is.

    Raises:
        ArmError: There is no such image, or the disk is of a kind that the twin does not have.
    """
    for path in _UNMANAGED:
        if member(storage, *path) is not None:
            raise bad_request(
                "InvalidParameter",
                f"{where}: {'.'.join(path)}: unmanaged disks are retired, and the twin has none.",
            )
    reference = storage.get("imageReference")
    if not isinstance(reference, dict):
        if text(storage, "osDisk", "managedDisk", "id") is not None:
            return None
        raise bad_request(
            "InvalidParameter", f"Required parameter 'imageReference' of {where} is missing (null)."
        )
    for name in _OTHER_IMAGES:
        if text(reference, name) is not None:
            raise bad_request(
                "NotSupported", f"{where}: imageReference.{name}: the twin has platform images alone."
            )
    names = [text(reference, name) for name in ("publisher", "offer", "sku", "version")]
    given_names = [name for name in names if name is not None]
    if len(given_names) != len(names):
        raise bad_request(
            "InvalidParameter", f"imageReference of {where} needs publisher, offer, sku and version."
        )
    return images.find(*given_names)


def check_system(profile: JsonObject, system: str, *, name: str, where: str) -> None:
    """Refuse an `osProfile` that a new machine cannot have.

    Args:
        profile: The profile; the machine's name stands for a computer name that is not there.
        system: `Linux` or `Windows`.
        name: The computer's name.
        where: Whose it is.

    Raises:
        ArmError: `InvalidParameter`.
    """
    other = "windowsConfiguration" if system == LINUX else "linuxConfiguration"
    if profile.get(other) is not None:
        raise bad_request(
            "InvalidParameter", f"Parameter '{other}' is not allowed: the image of {where} is {system}."
        )
    _check_computer(name, system, where)
    user = text(profile, "adminUsername")
    if user is None:
        raise bad_request(
            "InvalidParameter", f"Required parameter 'adminUsername' of {where} is missing (null)."
        )
    if user.lower() in _REFUSED_NAMES:
        raise bad_request(
            "InvalidParameter",
            "The Admin Username specified is not allowed. For more information about disallowed usernames, "
            "see "
            "https://aka.ms/vmosprofile",
        )
    _check_entry(profile, system, where)


def _check_computer(name: str, system: str, where: str) -> None:
    longest = 15 if system == WINDOWS else 64
    if len(name) > longest or name.isdecimal() or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", name):
        raise bad_request(
            "InvalidParameter",
            f"{system} computer name '{name}' of {where} (computerName) cannot be more than {longest} "
            "characters "
            "long, be entirely numeric, or contain anything but letters, digits, hyphens and dots.",
        )


def _check_entry(profile: JsonObject, system: str, where: str) -> None:
    """Refuse a machine that nobody could sign in to, and passwords that are too simple."""
    password, keys = (
        text(profile, "adminPassword"),
        objects(profile, "linuxConfiguration", "ssh", "publicKeys"),
    )
    if system == LINUX and flag(profile, "linuxConfiguration", "disablePasswordAuthentication") and not keys:
        raise bad_request(
            "InvalidParameter",
            f"{_ONE_OF_THEM} With disablePasswordAuthentication {where} needs ssh.publicKeys.",
        )
    for key in keys:
        words = (text(key, "keyData") or "").split()
        if len(words) < 2 or not words[0].startswith(("ssh-", "ecdsa-")):  # noqa: PLR2004 - kind and key
            raise bad_request(
                "InvalidParameter",
                f"The value of parameter linuxConfiguration.ssh.publicKeys.keyData of {where} is invalid.",
            )
    if password is None:
        if system == WINDOWS or not keys:
            raise bad_request(
                "InvalidParameter",
                f"Required parameter 'adminPassword' of {where} is missing (null)."
                + (f" {_ONE_OF_THEM}" if system == LINUX else ""),
            )
        return
    least, most = _PASSWORDS[system]
    kinds = sum(1 for kind in _KINDS_OF_CHARACTERS if re.search(kind, password))
    if not least <= len(password) <= most or kinds < _KINDS_NEEDED:
        raise bad_request(
            "InvalidParameter",
            f"The supplied password (adminPassword) must be between {least}-{most} characters long and "
            "must satisfy "
            f"at least {_KINDS_NEEDED} of password complexity requirements from the following: Contains an "
            "uppercase "
            "character; Contains a lowercase character; Contains a numeric digit; Contains a special "
            "character.",
        )


def without_empty(members: JsonObject) -> None:
    """Drop profiles that say nothing, as Azure does.

    Source: azurerm, which sends an empty `additionalCapabilities` and takes one that it reads for a block.
    """
    for name in [name for name, value in members.items() if value == {}]:
        del members[name]


def refuse_members(document: JsonObject, names: tuple[str, ...], *, where: str) -> None:
    """Refuse members that ask for what the twin does not have.

    Raises:
        ArmError: `NotSupported`.
    """
    for name in names:
        if document.get(name):
            raise bad_request("NotSupported", f"{name} of {where}: the twin does not have it.")


def merged(before: Json, after: Json) -> Json:
    """Return a document changed as a PATCH says: objects member by member, everything else as a whole."""
    if after is None:
        return copy.deepcopy(before)
    if not isinstance(before, dict) or not isinstance(after, dict):
        return after
    return {name: merged(before.get(name), after.get(name)) for name in {**before, **after}}


def check_unchanged(before: JsonObject, after: JsonObject, *paths: str) -> None:
    """Refuse a PUT or PATCH that changes what is fixed; what it leaves out stays.

    Raises:
        ArmError: 409 `PropertyChangeNotAllowed`.
    """
    for path in paths:
        asked = member(after, *path.split("."))
        if asked is not None and asked != member(before, *path.split(".")):
            raise ArmError(
                409,
                "PropertyChangeNotAllowed",
                f"Changing property '{path}' is not allowed.",
            )
