"""Whether this shell can reach real accounts, and only those."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from twinspan.errors import HostError

_LOCAL = ("127.0.0.1", "localhost", "::1")
_ENDPOINTS = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_EC2", "AWS_ENDPOINT_URL_S3", "ARM_METADATA_HOSTNAME")


def cloud_environment(present: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for Terraform on real accounts, which is the shell's own.

    Args:
        present: The shell's environment.

    Raises:
        HostError: It still names a twin's endpoint, or lacks the Azure subscription.
    """
    for name in _ENDPOINTS:
        value = present.get(name, "")
        host = urlsplit(value if "//" in value else f"//{value}").hostname
        if host in _LOCAL:
            raise HostError(
                problem=f"--on cloud, but this shell still points at a twin ({name}={value})",
                remedy="Open a new shell, or unset what `twinspan twin env` has set",
            )
    if not present.get("ARM_SUBSCRIPTION_ID"):
        raise HostError(
            problem="--on cloud, but no Azure subscription is named",
            remedy="Sign in with `az login` and set ARM_SUBSCRIPTION_ID to the subscription's id",
        )
    return dict(present)
