"""What the twin keeps of an instance, besides what moto does.

An instance remembers what was asked of it (`running`, `stopped`, `terminated`); the state that the API shows
follows from that and from whether the data plane has its machine.

Source: EC2 User Guide, "Amazon EC2 instance state changes".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.instances import Instance
from moto.ec2.models.security_groups import SecurityGroup

from twinspan.network.machines import RUNNING
from twinspan.twin.aws.ec2.images import Image
from twinspan.twin.observed import ObservedState

STATE_CODES: Mapping[str, int] = {
    "pending": 0,
    RUNNING: 16,
    "shutting-down": 32,
    "terminated": 48,
    "stopping": 64,
    "stopped": 80,
}
"""Source: EC2 API, InstanceState."""
STOPPED, TERMINATED = "stopped", "terminated"
_LEAVING = {STOPPED: "stopping", TERMINATED: "shutting-down"}


class TwinInstance(Instance):
    """An instance.

    Attributes:
        asked: What it was last asked to be: `running`, `stopped` or `terminated`.
        reboots: How often it was asked to reboot.
        terminated_at: When it was asked to terminate.
        image: What it was made of.
        settings: Members of RunInstances that are shown again and mean nothing to the data plane.
    """

    asked: str
    reboots: int
    terminated_at: datetime | None
    image: Image
    settings: dict[str, Any]

    def prep_nics(self, *_arguments: object, **_options: object) -> None:
        """Leave the interfaces to `MachineBackend`."""
        self.nics = {}

    @property
    def security_groups(self) -> list[SecurityGroup]:
        """The groups of its primary interface."""
        nics: dict[int, NetworkInterface] = getattr(self, "nics", {})
        return list(nics[0]._group_set) if 0 in nics else []  # noqa: SLF001 - moto keeps it so

    @security_groups.setter
    def security_groups(self, groups: list[SecurityGroup]) -> None:
        if 0 in getattr(self, "nics", {}):
            self.nics[0]._group_set = groups  # noqa: SLF001 - as above

    def state_now(self, board: ObservedState) -> str:
        """Return the state that the API shows."""
        there = board.runs(self.id)
        if self.asked == RUNNING:
            return RUNNING if there else "pending"
        return _LEAVING[self.asked] if there else self.asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A RunInstances, with its launch template's members where it has none of its own."""

    params: Mapping[str, Any]
    count: int
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Kind of resource -> its tags."""
