"""The gateways and tunnel ends as built, and how networks are told which gateways they can use."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from ipaddress import IPv4Address

from twinspan.twin.attempts import for_each
from twinspan.twin.dataplane.bird_config import Uplink
from twinspan.twin.dataplane.endpoint import Endpoint
from twinspan.twin.dataplane.gateway import Gateway
from twinspan.twin.dataplane.router import Router
from twinspan.twin.dataplane.spec import GatewaySpec


class Tunnels:
    """The gateways and tunnel ends that are built.

    Attributes:
        gateways: Key -> gateway.
        ends: Key -> tunnel end.
        lock: Held by whoever changes anything of the data plane.
    """

    def __init__(self, *, lock: AbstractContextManager[object]) -> None:
        self.gateways: dict[str, Gateway] = {}
        self.ends: dict[str, Endpoint] = {}
        self.lock = lock

    def of(self, gateway_key: str) -> list[Endpoint]:
        """Return the tunnel ends of a gateway."""
        return [end for end in list(self.ends.values()) if end.spec.gateway == gateway_key]

    def between(self, first: IPv4Address, second: IPv4Address) -> list[Endpoint]:
        """Return the ends of the tunnel between two outside addresses."""
        pair = {first, second}
        return [
            end
            for end in list(self.ends.values())
            if {end.spec.local_address, end.spec.remote_address} == pair
        ]

    def mark(self, gateway: Gateway, *, alive: bool) -> None:
        """Have its network use a gateway's instance, or not: also a route table's own routes to it."""
        with self.lock:
            gateway.alive = alive
            if gateway.router is not None:
                self.join(gateway.router)

    def join(self, router: Router) -> None:
        """Give a router the routes to its gateways, and its network ACLs.

        Raises:
            ItemsError: One of the two cannot be set; the other is.
        """
        joined: list[tuple[GatewaySpec, Uplink]] = [
            (gateway.spec, gateway.uplink)
            for gateway in self.gateways.values()
            if gateway.spec.router == router.spec.key and gateway.uplink is not None and gateway.alive
        ]
        steps: dict[str, Callable[[], None]] = {
            "routes": partial(router.set_routes, joined),
            "network ACLs": router.set_acls,
        }
        for_each(steps.items(), lambda step: step[1](), name=lambda step: step[0])
