"""What crosses the agent's socket: one JSON object a line, in both directions.

Request `{"id": n, "method": ..., "params": {...}}`; answer `{"id": n, "result": ...}` or
`{"id": n, "error": {"kind": ..., "message": ...}}`.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

from pydantic import TypeAdapter

from twinspan.command import Completed
from twinspan.network.clouds import Cloud
from twinspan.protocols import Event
from twinspan.twin.dataplane.spec import Desired
from twinspan.twin.observed import Observed

INTERNET = "internet"
"""Name under which `run` reaches the namespace between the clouds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyResult:
    """What `apply` achieved. `problems`: what was left out or failed, in words."""

    generation: int
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSpec:
    """A throw-away host to attach to a subnet; `address` None: the first free one.

    AWS: no `security_group_ids` means the VPC's group named `default`, as for EC2 instances.
    """

    name: str
    side: Cloud
    subnet_id: str
    security_group_ids: tuple[str, ...] = ()
    address: IPv4Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostInfo:
    """An attached host."""

    name: str
    side: Cloud
    subnet_id: str
    address: IPv4Address


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSpec:
    """One thing to break, on or around one tunnel.

    Attributes:
        kind: Id of a fault of `faults.data_plane`.
        outside_ip_address: AWS's end of the tunnel.
        public_ip_address: Azure's end of the tunnel.
        loss_ratio: `packet-loss`: share of the packets dropped each way, 0 to 1.
        delay_ms: `packet-delay`: how much longer each packet takes each way, milliseconds.
    """

    kind: str
    outside_ip_address: IPv4Address
    public_ip_address: IPv4Address
    loss_ratio: float = 0.0
    delay_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """A command to run in a host's namespace; `timeout_s` in seconds."""

    host: str
    argv: tuple[str, ...]
    timeout_s: float
    stdin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WireError:
    """Why a request failed; `kind` is the exception's class name, `fields` its attributes."""

    kind: str
    message: str
    fields: dict[str, Any]


DESIRED = TypeAdapter(Desired)
APPLY_RESULT = TypeAdapter(ApplyResult)
OBSERVED = TypeAdapter(Observed)
HOST_SPEC = TypeAdapter(HostSpec)
HOST_INFO = TypeAdapter(HostInfo)
HOST_INFOS = TypeAdapter(tuple[HostInfo, ...])
FAULT_SPEC = TypeAdapter(FaultSpec)
RUN_REQUEST = TypeAdapter(RunRequest)
COMPLETED = TypeAdapter(Completed)
EVENTS = TypeAdapter(tuple[Event, ...])
PIDS = TypeAdapter(dict[str, int])
