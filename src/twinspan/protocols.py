"""What `probe`, `drill` and `monitor` need from the world; `cli` supplies the twin's or a cloud's.

All times are seconds of one monotonic clock per target: on the twin `time.monotonic()`, which every
namespace of the machine shares.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Protocol

from twinspan.command import Completed

ON_PURPOSE = "killed on purpose"
"""Detail of the event `daemon-died` where a fault has killed the daemon."""


class Host(Protocol):
    """A machine, container or pod in a subnet on one side."""

    @property
    def name(self) -> str:
        """A name for people, unique on its side."""
        ...

    @property
    def side(self) -> str:
        """`aws` or `azure`."""
        ...

    @property
    def address(self) -> IPv4Address:
        """Its private address."""
        ...

    def run(self, argv: Sequence[str], *, timeout_s: float, stdin: str | None = None) -> Completed:
        """Run a command there to its end; a non-zero status is returned, not raised.

        Raises:
            CommandError: The command did not end in time.
            TwinspanError: The host cannot be reached.
        """
        ...


class Fault(Protocol):
    """One thing to break. `heal` undoes it, also twice, also without `inject`."""

    @property
    def description(self) -> str:
        """What it breaks, e.g. `path of tunnel 203.0.113.1 <-> 198.51.100.4`."""
        ...

    def inject(self) -> None:
        """Break it."""
        ...

    def heal(self) -> None:
        """Repair it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something a daemon or an API said.

    Attributes:
        at_s: When, on the target's monotonic clock, seconds.
        kind: `ike-up`, `ike-down`, `child-up`, `child-down`, `dpd-timeout`, `bgp-up`, `bgp-down`,
            `bgp-hold-expired`, `route-added`, `route-removed`, `daemon-died`, `daemon-restarted`,
            `node-lost`, `node-restored`, `node-ready`, `cluster-lost`, `cluster-restored`,
            `telemetry-down`, `telemetry-up`, `cloud-silent`.
        subject: Ids of what it is about, e.g. `vpn-0a.../203.0.113.1`.
        detail: The source's own words.
    """

    at_s: float
    kind: str
    subject: str
    detail: str


class Events(Protocol):
    """The stream of events of a target."""

    def since(self, at_s: float) -> Sequence[Event]:
        """Return the events from `at_s` on, oldest first."""
        ...

    def now_s(self) -> float:
        """Return the target's monotonic clock, seconds."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAddress:
    """Where a service answers HTTP: its load balancer's address and a TCP port."""

    address: IPv4Address
    port: int
