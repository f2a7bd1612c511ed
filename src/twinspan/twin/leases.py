"""What the data plane does for as long as a user's process holds it."""

from collections.abc import Iterator
from contextlib import contextmanager

from typing_extensions import override

from twinspan.twin.agents import AgentSlot
from twinspan.twin.calls import LeaseCalls
from twinspan.twin.dataplane.wire import FaultSpec, HostInfo, HostSpec


class Leases(LeaseCalls):
    """Has whichever agent there is at the time do it, and undo it."""

    def __init__(self, agents: AgentSlot) -> None:
        self._agents = agents

    @override
    @contextmanager
    def hold_fault(self, fault: FaultSpec) -> Iterator[None]:
        self._agents.client.inject(fault)
        try:
            yield
        finally:
            self._agents.client.heal(fault)

    @override
    @contextmanager
    def hold_off(self, cluster_key: str, node_key: str | None = None) -> Iterator[None]:
        if node_key is None:
            self._agents.client.lose_cluster(cluster_key)
        else:
            self._agents.client.lose_node(cluster_key, node_key)
        try:
            yield
        finally:
            if node_key is None:
                self._agents.client.restore_cluster(cluster_key)
            else:
                self._agents.client.restore_node(cluster_key, node_key)

    @override
    @contextmanager
    def hold_host(self, spec: HostSpec) -> Iterator[HostInfo]:
        info = self._agents.client.attach(spec)
        try:
            yield info
        finally:
            self._agents.client.detach(info.name)
