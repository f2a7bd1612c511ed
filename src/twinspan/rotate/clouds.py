"""What a rotation asks both clouds for; a cloud that is busy, throttles or fails is asked again."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from twinspan.cloud.aws.act import set_pre_shared_key, set_static_routes, set_tag
from twinspan.cloud.azure.act import (
    make_connection,
    put_local_network_gateway,
    read_resource,
    set_shared_key,
)
from twinspan.cloud.endpoints import Endpoints
from twinspan.cloud.reader import read_network
from twinspan.errors import CloudError, CloudRefusedError, CloudUnreachableError, HostError, WaitTimeoutError
from twinspan.faults.api_changes import aws_in, azure_of
from twinspan.network.aws import key_tag
from twinspan.rotate.tunnels import Tunnel
from twinspan.wait import wait_until

T = TypeVar("T")
AGAIN_WITHIN_S = 120.0
"""How long a cloud is asked again for a change that it does not make, seconds."""
_AGAIN_EVERY_S = 0.5
_FINAL = frozenset(
    {
        "AuthFailure",
        "AuthorizationFailed",
        "InvalidParameterValue",
        "InvalidVpnConnectionID.NotFound",
        "ResourceNotFound",
        "UnauthorizedOperation",
    }
)
"""Refusals that asking again does not change. Source: EC2 API, Error codes; ARM, common error codes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The pre-shared key of one tunnel as each cloud has it; never shown."""

    aws: str
    azure: str

    def __repr__(self) -> str:
        return f"Keys({'equal' if self.aws == self.azure else 'different'})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clouds:
    """Both clouds, for a rotation.

    Attributes:
        endpoints: Where they are.
        again_within_s: How long a change that fails is tried again, seconds.
    """

    endpoints: Endpoints
    again_within_s: float = AGAIN_WITHIN_S

    def keys(self, tunnel: Tunnel) -> Keys:
        """Read the keys of a tunnel.

        Raises:
            HostError: A cloud does not show its key.
            CloudError: A cloud cannot be read.
        """
        _, secrets = self._insist(lambda: read_network(self.endpoints), "keys of both clouds")
        aws = secrets.aws.get((tunnel.vpn_connection_id, str(tunnel.outside_ip_address)))
        azure = secrets.azure.get(tunnel.azure_connection_id.lower())
        if aws is None or azure is None:
            raise HostError(
                problem=f"{'AWS' if aws is None else 'Azure'} does not show the key of {tunnel.label}, which"
                " could not be put back then",
                remedy="Use credentials that may read both keys, and PreSharedKeyStorage Standard",
            )
        return Keys(aws=aws, azure=azure)

    def set_aws_key(self, tunnel: Tunnel, key: str) -> None:
        """Give AWS's end a key, which replaces its endpoint. Raises CloudError."""
        self._insist(
            lambda: set_pre_shared_key(
                aws_in(self.endpoints, tunnel.region),
                tunnel.vpn_connection_id,
                tunnel.outside_ip_address,
                key,
            ),
            f"new key of {tunnel.label} at AWS",
        )

    def set_azure_key(self, tunnel: Tunnel, key: str) -> None:
        """Give Azure's connection a key. Raises CloudError."""
        self._insist(
            lambda: set_shared_key(azure_of(self.endpoints), tunnel.azure_connection_id, key),
            f"new key of {tunnel.label} at Azure",
        )

    def put_connection(self, tunnel: Tunnel, document: dict[str, Any], key: str) -> None:
        """Write Azure's connection. Raises CloudError."""
        self._insist(
            lambda: make_connection(azure_of(self.endpoints), tunnel.azure_connection_id, document, key),
            f"change of the connection of {tunnel.label}",
        )

    def resource(self, resource_id: str) -> dict[str, Any]:
        """Return a resource of Azure's network as ARM shows it, without keys. Raises CloudError."""
        return self._insist(
            lambda: read_resource(azure_of(self.endpoints), resource_id), f"resource {resource_id}"
        )

    def put_local_gateway(self, document: dict[str, Any]) -> None:
        """Write a local network gateway. Raises CloudError."""
        self._insist(
            lambda: put_local_network_gateway(azure_of(self.endpoints), document),
            f"change of {document['name']}",
        )

    def delete_routes(self, tunnel: Tunnel, routes: Iterable[str]) -> None:
        """Delete static routes of a tunnel's VPN connection; those that are gone already are left out."""
        self._insist(
            lambda: set_static_routes(
                aws_in(self.endpoints, tunnel.region), tunnel.vpn_connection_id, delete=frozenset(routes)
            ),
            f"end of the static routes of {tunnel.vpn_connection_id}",
        )

    def create_routes(self, tunnel: Tunnel, routes: Iterable[str]) -> None:
        """Create static routes of a tunnel's VPN connection; those that are there are left out."""
        self._insist(
            lambda: set_static_routes(
                aws_in(self.endpoints, tunnel.region), tunnel.vpn_connection_id, create=frozenset(routes)
            ),
            f"static routes of {tunnel.vpn_connection_id}",
        )

    def note_day(self, tunnel: Tunnel, day: date) -> None:
        """Have a tag of a tunnel's VPN connection say since when its key is. Raises CloudError."""
        endpoint = aws_in(self.endpoints, tunnel.region)
        self._insist(
            lambda: set_tag(endpoint, tunnel.vpn_connection_id, key_tag(tunnel.number), day.isoformat()),
            f"tag of {tunnel.vpn_connection_id}",
        )

    def _insist(self, ask: Callable[[], T], what: str) -> T:
        answers: list[T] = []
        failures: list[CloudError] = []

        def answered() -> bool:
            try:
                answers.append(ask())
            except CloudRefusedError as error:
                if error.code in _FINAL:
                    raise
                failures.append(error)
            except CloudUnreachableError as error:
                failures.append(error)
            return bool(answers)

        try:
            wait_until(answered, bool, what=what, timeout_s=self.again_within_s, interval_s=_AGAIN_EVERY_S)
        except WaitTimeoutError:
            raise failures[-1] from None
        return answers[0]
