"""What the clouds do when they are asked to restart a part of a VPN: off, away for a while, back.

The times are modelled: neither cloud publishes how long its own machines take. They are short, so that
a drill does not wait for what it does not measure.
"""

from collections.abc import Callable
from functools import partial
from typing import Literal

from twinspan.errors import WaitTimeoutError
from twinspan.twin.dataplane.breakage import Instance
from twinspan.twin.dataplane.endpoint import Endpoint
from twinspan.twin.dataplane.events import log
from twinspan.twin.dataplane.gateway import Gateway
from twinspan.twin.dataplane.tunnels import Tunnels
from twinspan.twin.loops import LAST, Loop
from twinspan.wait import pause, wait_until

DRAINED_S = 1.0
"""How long the other tunnels are preferred before an AWS endpoint goes, seconds. Modelled."""
ENDPOINT_AWAY_S = 10.0
"""How long an AWS endpoint that is replaced is away, seconds. Modelled: AWS speaks of minutes."""
INSTANCE_AWAY_S = 12.0
"""How long an instance of an Azure gateway that is reset is away, seconds.

Source: Azure, Highly available connectivity: 10 to 15 s for planned maintenance of an active-standby one.
"""
_BACK_WITHIN_S = 60.0


class Restarter:
    """Restarts gateways and tunnel ends beside everything else, each in a thread of its own."""

    def __init__(self, tunnels: Tunnels) -> None:
        self._tunnels = tunnels

    def end_restarted(self, end: Endpoint) -> None:
        """Replace an AWS endpoint, or have an Azure connection negotiate again."""
        self._start(f"restart {end.spec.key}", partial(self._end, end, object()))

    def instance_restarted(self, gateway: Gateway) -> None:
        """Restart an instance of an Azure gateway."""
        self._start(f"restart {gateway.spec.key}", partial(self._instance, gateway, object()))

    def _start(self, name: str, work: Callable[[], None]) -> None:
        def restart() -> float:
            work()
            return LAST

        Loop(name, restart).start()

    def _end(self, end: Endpoint, reason: object) -> None:
        """Halt and resume a tunnel end; may be called again if it failed."""
        if end.spec.side == "azure":
            end.halt(reason, politely=True)
            end.resume(reason)
            return
        self._prefer(end, "last")
        try:
            pause(DRAINED_S)
            end.halt(reason, politely=True)
            pause(ENDPOINT_AWAY_S)
            end.resume(reason)
            _wait_for_tunnel(end)
        finally:
            self._prefer(end, None)

    def _prefer(self, end: Endpoint, preference: Literal["last"] | None) -> None:
        with self._tunnels.lock:
            gateway = self._tunnels.gateways.get(end.spec.gateway)
            if gateway is not None:
                gateway.prefer(end.spec.key, preference)

    def _instance(self, gateway: Gateway, reason: object) -> None:
        """Halt and resume an instance; may be called again if it failed."""
        instance = Instance(tunnels=self._tunnels, key=gateway.spec.key)
        instance.halt(reason, politely=True)
        pause(INSTANCE_AWAY_S)
        instance.resume(reason)


def _wait_for_tunnel(end: Endpoint) -> None:
    try:
        wait_until(
            lambda: end.charon.child_up,
            bool,
            what=f"tunnel of {end.spec.key}",
            timeout_s=_BACK_WITHIN_S,
        )
    except WaitTimeoutError as error:
        log(end.spec.key, str(error))  # its peer may be away, too
