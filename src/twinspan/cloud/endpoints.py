"""Which accounts are meant: the user's own, from the environment, or any others."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import urlsplit

from twinspan.cloud.aws import AwsEndpoint
from twinspan.cloud.azure import AzureEndpoint
from twinspan.errors import HostError
from twinspan.network.clouds import Cloud

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Both clouds; None for one that is not used."""

    aws: AwsEndpoint | None
    azure: AzureEndpoint | None

    def in_region(self, region: str) -> Self:
        """Return the same accounts, AWS with another main region."""
        return replace(self, aws=replace(self.aws, region=region)) if self.aws else self

    def reading(self, regions: Iterable[str], subscriptions: Iterable[str]) -> Self:
        """Return the same accounts, with what a network uses; see `reading` of both endpoints."""
        return replace(
            self,
            aws=self.aws and self.aws.reading(regions),
            azure=self.azure and self.azure.reading(subscriptions),
        )

    @classmethod
    def from_environment(cls) -> Self:
        """Return the real clouds with the user's own credentials, as `aws`, `az` and Terraform find them.

        AWS: botocore's chain; the region from AWS_REGION, AWS_DEFAULT_REGION or the profile. Azure:
        ARM_SUBSCRIPTION_ID, and ARM_TENANT_ID, ARM_CLIENT_ID, ARM_CLIENT_SECRET if there is a service
        principal, else what DefaultAzureCredential finds (az login, managed identity...).

        Raises:
            HostError: The region or the subscription is missing, or this shell is set up for a twin.
        """
        _refuse_a_twin()
        return cls(aws=AwsEndpoint(region=_region()), azure=_azure())

    @classmethod
    def of_one(cls, which: Cloud) -> Self:
        """Return one of the real clouds, as `from_environment` finds it; the other is None.

        Raises:
            HostError: As `from_environment`, for that cloud only.
        """
        _refuse_a_twin()
        if which == "aws":
            return cls(aws=AwsEndpoint(region=_region()), azure=None)
        return cls(aws=None, azure=_azure())


def _refuse_a_twin() -> None:
    """The real clouds are never reached at a loopback address; a shell with one means a twin."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_EC2", "ARM_METADATA_HOSTNAME"):
        value = os.environ.get(name, "")
        host = urlsplit(value if "//" in value else f"//{value}").hostname
        if host in _LOOPBACK:
            raise HostError(
                problem=f"this shell is set up for a local twin ({name}={value}), not for the clouds",
                remedy="Use a new shell, without `twinspan twin env`",
            )


def _region() -> str:
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - only here, and slow to load
    from botocore.session import Session  # noqa: PLC0415 - as above

    problem = "no AWS region is set"
    try:
        region = os.environ.get("AWS_REGION") or Session().get_config_variable("region")
    except BotoCoreError as error:
        region, problem = None, f"the AWS configuration cannot be read: {error}"
    if not region:
        raise HostError(problem=problem, remedy="Set AWS_REGION, or AWS_PROFILE to a profile with a region")
    return str(region)


def _azure() -> AzureEndpoint:
    subscription = os.environ.get("ARM_SUBSCRIPTION_ID") or os.environ.get("AZURE_SUBSCRIPTION_ID")
    if not subscription:
        raise HostError(
            problem="no Azure subscription is set",
            remedy="Set ARM_SUBSCRIPTION_ID (`az account show --query id -o tsv` prints it)",
        )
    return AzureEndpoint(
        subscription_id=subscription,
        tenant_id=os.environ.get("ARM_TENANT_ID"),
        client_id=os.environ.get("ARM_CLIENT_ID"),
        client_secret=os.environ.get("ARM_CLIENT_SECRET"),
    )
