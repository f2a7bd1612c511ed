"""What a fault changes through the clouds' APIs, as records that another process can take back."""

from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Any

from pydantic import TypeAdapter

from twinspan.cloud.aws import AwsEndpoint
from twinspan.cloud.azure import AzureEndpoint
from twinspan.cloud.endpoints import Endpoints
from twinspan.errors import CloudRefusedError, HostError
from twinspan.faults.registry import faults_in
from twinspan.wait import wait_until

_AGAIN_WITHIN_S = 60.0
"""How long a cloud may refuse a change because an earlier one is still being made, seconds."""
_BUSY = frozenset({"InvalidVpnConnection.InvalidState", "IncorrectState", "AnotherOperationInProgress"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiChange:
    """One request to one cloud.

    Attributes:
        fault: Id of the fault whose request it is.
        act: Which one; a key of its `acts`.
        target: Id of the object; a cluster's name.
        region: AWS: the object's; empty for the main one.
        outside: AWS: the tunnel's outside address. Azure: the instance's public address.
        also: What else the request needs; may hold a key, so it is never shown.
    """

    fault: str
    act: str
    target: str
    region: str = ""
    outside: IPv4Address | None = None
    also: dict[str, Any] = field(default_factory=dict, repr=False)


CHANGE = TypeAdapter(ApiChange)
ENDPOINTS = TypeAdapter(Endpoints)


def perform(change: ApiChange, endpoints: Endpoints) -> None:
    """Make the change; a cloud that is still busy with an earlier one is asked again.

    Raises:
        CloudError: The cloud said no or did not answer.
        HostError: There are no credentials for that cloud.
    """
    make = faults_in("api", "clusters")[change.fault].acts[change.act]

    def made() -> bool:
        try:
            make(change, endpoints)
        except CloudRefusedError as error:
            if error.code not in _BUSY:
                raise
            return False
        return True

    wait_until(made, bool, what=f"cloud that takes {change.act}", timeout_s=_AGAIN_WITHIN_S, interval_s=0.25)


def address_of(change: ApiChange) -> IPv4Address:
    """Return the public address that a change names. Raises HostError: it names none."""
    if change.outside is None:
        raise HostError(
            problem=f"{change.target} has no public address", remedy="Run `twinspan verify` and repair it"
        )
    return change.outside


def aws_of(endpoints: Endpoints, change: ApiChange) -> AwsEndpoint:
    """Return AWS in the region of a change. Raises HostError: there are no credentials for it."""
    return aws_in(endpoints, change.region)


def aws_in(endpoints: Endpoints, region: str) -> AwsEndpoint:
    """Return AWS in a region; empty: the main one. Raises HostError: there are no credentials for it."""
    if endpoints.aws is None:
        raise HostError(problem="there are no credentials for AWS", remedy="Set AWS_PROFILE")
    return endpoints.aws.in_region(region)


def azure_of(endpoints: Endpoints) -> AzureEndpoint:
    """Return Azure. Raises HostError: there are no credentials for it."""
    if endpoints.azure is None:
        raise HostError(problem="there are no credentials for Azure", remedy="Set ARM_SUBSCRIPTION_ID")
    return endpoints.azure
