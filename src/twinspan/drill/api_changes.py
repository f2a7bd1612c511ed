"""What a drill changes through the clouds' APIs, as records that another process can take back."""

from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Any, Literal

from pydantic import TypeAdapter

from twinspan.cloud.aws import AwsEndpoint
from twinspan.cloud.aws import act as aws_act
from twinspan.cloud.azure import AzureEndpoint
from twinspan.cloud.azure import act as azure_act
from twinspan.cloud.endpoints import Endpoints
from twinspan.drill import pod_isolation
from twinspan.errors import CloudRefusedError, HostError
from twinspan.wait import wait_until

_AGAIN_WITHIN_S = 60.0
"""How long a cloud may refuse a change because an earlier one is still being made, seconds."""
_BUSY = frozenset({"InvalidVpnConnection.InvalidState", "IncorrectState", "AnotherOperationInProgress"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One request to one cloud.

    Attributes:
        what: Which.
        target: Id of the object; a cluster's name.
        outside: AWS: the tunnel's outside address. Azure: the instance's public address.
        also: What else the request needs; may hold a key, so it is never shown.
    """

    what: Literal[
        "replace-vpn-tunnel",
        "set-key",
        "propagation-on",
        "propagation-off",
        "reset",
        "set-rule",
        "delete-connection",
        "make-connection",
        "isolate-pods",
        "admit-pods",
    ]
    target: str
    outside: IPv4Address | None = None
    also: dict[str, Any] = field(default_factory=dict, repr=False)


CHANGE = TypeAdapter(Change)
ENDPOINTS = TypeAdapter(Endpoints)


def perform(change: Change, endpoints: Endpoints) -> None:
    """Make the change; a cloud that is still busy with an earlier one is asked again.

    Raises:
        CloudError: The cloud said no or did not answer.
        HostError: There are no credentials for that cloud.
    """

    def made() -> bool:
        try:
            _make(change, endpoints)
        except CloudRefusedError as error:
            if error.code not in _BUSY:
                raise
            return False
        return True

    wait_until(made, bool, what=f"cloud that takes {change.what}", timeout_s=_AGAIN_WITHIN_S, interval_s=0.25)


def _make(change: Change, endpoints: Endpoints) -> None:
    target, also = change.target, change.also
    match change.what:
        case "replace-vpn-tunnel":
            aws_act.replace_vpn_tunnel(_aws(endpoints), target, _address(change))
        case "set-key":
            aws_act.set_pre_shared_key(_aws(endpoints), target, _address(change), also["key"])
        case "propagation-on" | "propagation-off":
            on = change.what == "propagation-on"
            aws_act.set_route_propagation(_aws(endpoints), also["tables"], target, on=on)
        case "reset":
            azure_act.reset_gateway(_azure(endpoints), target, _address(change))
        case "set-rule":
            azure_act.put_rule(_azure(endpoints), target, also["told"], access=also["access"])
        case "delete-connection":
            azure_act.delete_connection(_azure(endpoints), target)
        case "make-connection":
            azure_act.make_connection(_azure(endpoints), target, also["told"], also["key"])
        case "isolate-pods":
            pod_isolation.isolate(endpoints, also["side"], target, also["namespace"])
        case "admit-pods":
            pod_isolation.admit(endpoints, also["side"], target, also["namespace"])


def _address(change: Change) -> IPv4Address:
    if change.outside is None:
        raise HostError(
            problem=f"{change.target} has no public address", remedy="Run `twinspan verify` and mend it"
        )
    return change.outside


def _aws(endpoints: Endpoints) -> AwsEndpoint:
    if endpoints.aws is None:
        raise HostError(problem="there are no credentials for AWS", remedy="Set AWS_PROFILE")
    return endpoints.aws


def _azure(endpoints: Endpoints) -> AzureEndpoint:
    if endpoints.azure is None:
        raise HostError(problem="there are no credentials for Azure", remedy="Set ARM_SUBSCRIPTION_ID")
    return endpoints.azure
