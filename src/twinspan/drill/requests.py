"""Requests to the services of both clusters, in place of packets between hosts.

What a lost node or cluster does to users shows at a service: the packets between two hosts beside it never
stop. Each host asks the remote side's service, so that a request crosses the tunnels too; its log has the
form of a log of packets, and is judged, kept and shown as one.
"""

from collections.abc import Mapping
from ipaddress import IPv4Address
from pathlib import Path
from typing import ClassVar

from twinspan.drill import request_agent
from twinspan.drill.flow_end import End
from twinspan.drill.flows import FlowMeter
from twinspan.protocols import Host, ServiceAddress

REQUEST_FLOWS = 4
REQUEST_RATE_HZ = 40.0
"""Requests per second and direction: each is a connection, and a service is not there to be measured only."""


class RequestMeter(FlowMeter):
    """Requests from a host on each side to the remote side's service; an `environment.Meter`.

    Args:
        a: A host on one side.
        b: A host on the other.
        services: Cloud -> where its service answers.
    """

    script: ClassVar[Path] = Path(request_agent.__file__)
    drain_s: ClassVar[float] = request_agent.ANSWER_WITHIN_S + 0.1

    def __init__(self, a: Host, b: Host, *, services: Mapping[str, ServiceAddress]) -> None:
        super().__init__(a, b, flows=REQUEST_FLOWS, rate_hz=REQUEST_RATE_HZ)
        self._services = services

    def destination(self, receiver: Host, port: int) -> tuple[IPv4Address, int]:  # noqa: ARG002 - the agent's port is the packets'
        """Return where a direction's requests go: to the service of the side that receives them."""
        service = self._services[receiver.side]
        return service.address, service.port

    def witness(self, sender: End, _receiver: End) -> End:
        """Return which end knows what has been answered: the one that asked."""
        return sender
