"""What the control process can be asked by a user's process."""

from contextlib import AbstractContextManager

from twinspan.twin.dataplane.wire import DataPlaneCalls, FaultSpec, HostInfo, HostSpec
from twinspan.twin.rpc import Interface
from twinspan.twin.status import Status


class StatusCalls(Interface):
    """What the control process answers itself."""

    def status(self) -> Status:
        """Return how the twin is."""
        raise NotImplementedError

    def settled(self, timeout_s: float) -> int:
        """Wait until the data plane is what the APIs now describe; return its generation.

        Raises:
            WaitTimeoutError: It is not within `timeout_s` seconds; says why.
        """
        raise NotImplementedError


class LeaseCalls(Interface):
    """What lasts while the asking process holds it: a killed process leaves nothing broken, and no host."""

    def hold_fault(self, fault: FaultSpec) -> AbstractContextManager[None]:
        """Break something. Raises DesignError as `inject` does."""
        raise NotImplementedError

    def hold_off(self, cluster_key: str, node_key: str | None = None) -> AbstractContextManager[None]:
        """Keep a node, or a whole cluster, without power. Raises DesignError: no such cluster or node."""
        raise NotImplementedError

    def hold_host(self, spec: HostSpec) -> AbstractContextManager[HostInfo]:
        """Attach a throw-away host to a subnet. Raises DesignError as `attach` does."""
        raise NotImplementedError


class TwinCalls(StatusCalls, LeaseCalls, DataPlaneCalls):
    """Everything that the control process answers."""
