"""Two loops: what the APIs say goes down to the agent, what the daemons say comes up to the APIs.

Only a change of the APIs wakes the first loop, besides a full look now and then; the second one runs at
a fixed pace. A change of the data plane's own state therefore never causes a read of the APIs.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from twinspan.errors import TwinspanError, WaitTimeoutError
from twinspan.network.model import Network, Secrets
from twinspan.twin.agents import AgentSlot
from twinspan.twin.dataplane.desired import Desired, Timers, desired_state
from twinspan.twin.kubernetes.spec import ClusterSpec
from twinspan.twin.loops import RETRY_S, Loop
from twinspan.twin.observed import Observed, ObservedState

RESYNC_S = 30.0
"""A full look at the APIs at least this often, in seconds."""
DEBOUNCE_S = 0.005
"""Changes that come within this time are handled together, in seconds."""
TRANSITION_S = 0.2
"""Pause between two looks while an API is still making or changing something, in seconds."""
OBSERVE_S = 0.25
"""Pause between two snapshots of the data plane, in seconds."""

_LOG = logging.getLogger(__name__)

Clusters = Callable[[Network], tuple[tuple[ClusterSpec, ...], tuple[str, ...]]]
Read = Callable[[], tuple[Network, Secrets, tuple[str, ...]]]
"""Reads both APIs; also returns what of them cannot be understood, in words."""


def in_transition(network: Network) -> bool:
    """Whether an API is still making something: it will be ready without any further request.

    Source: EC2 API, VpnConnection.State and VpnGateway.State (`pending`, `modifying`); ARM, provisioningState
    (`Updating`).
    """
    states: list[str] = []
    if network.aws:
        states += [connection.state for connection in network.aws.vpn_connections]
        states += [gateway.state for gateway in network.aws.vpn_gateways]
    if network.azure:
        states += [connection.provisioning_state for connection in network.azure.connections]
        states += [gateway.provisioning_state for gateway in network.azure.virtual_network_gateways]
    return not {"available", "Succeeded", "Failed"}.issuperset(states)


class Reconciler:
    """Makes the data plane what the two APIs describe.

    While something is in transition, nothing counts as settled. What could not be built is tried again, soon
    at first and then less and less often.

    Args:
        read: Reads both APIs.
        agents: Where the data plane's agent is.
        timers: BGP timers of both sides.
        clusters: Says which Kubernetes clusters are to run, and what cannot be built of them.
        restarts: What the APIs were asked to restart; see `Desired.with_restarts`.
    """

    def __init__(
        self,
        read: Read,
        agents: AgentSlot,
        *,
        timers: Timers,
        clusters: Clusters | None = None,
        restarts: Callable[[], Mapping[str, str]],
    ) -> None:
        self._read = read
        self._restarts = restarts
        self._agents = agents
        self._timers = timers
        self._clusters = clusters
        self._condition = threading.Condition()
        self._changes = 1  # what the APIs had loaded at the start counts as a change
        self._handled = 0
        self._applied: Desired | None = None
        self._again_s: float | None = None  # when what the agent could not build is tried again
        self._generation = 0
        self._network = Network(aws=None, azure=None)
        self._problems: tuple[str, ...] = ()
        self._loop = Loop("reconciler", self._turn)

    def start(self) -> None:
        """Start the loop."""
        self._loop.start()

    def stop(self) -> None:
        """End the loop and wait for it."""
        self._loop.end()
        with self._condition:
            self._condition.notify_all()
        self._loop.stop()

    def wake(self) -> None:
        """Note that an API has changed; returns at once, from any thread."""
        with self._condition:
            self._changes += 1
            self._condition.notify_all()

    def forget(self) -> None:
        """Note that the data plane is empty again, because another agent runs."""
        with self._condition:
            self._applied = None
            self._changes += 1
            self._condition.notify_all()

    def settled(self, timeout_s: float) -> int:
        """Wait until all changes made so far have been applied; return the generation that holds them.

        Raises:
            WaitTimeoutError: They were not applied in `timeout_s` seconds.
        """
        with self._condition:
            target = self._changes
            if not self._condition.wait_for(lambda: self._handled >= target, timeout_s):
                raise WaitTimeoutError(
                    what="data plane that matches the two APIs",
                    timeout_s=timeout_s,
                    last="; ".join(self.problems) or "no problem known",
                )
            return self._generation

    @property
    def network(self) -> Network:
        """What the APIs said when they were last read."""
        with self._condition:
            return self._network

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be read, built or applied, in words."""
        with self._condition:
            failure = self._loop.failure
            return (*([failure] if failure else []), *self._problems)

    def _turn(self) -> float | None:
        if not self._due():
            return None
        with self._condition:
            target = self._changes
        started = time.monotonic()
        try:
            problems = self._reconcile()
        except BaseException:
            with self._condition:
                self._handled = min(self._handled, self._changes - 1)
            raise
        with self._condition:
            if problems != self._problems:
                _LOG.warning("data plane: %s", "; ".join(problems) or "no problems any more")
            self._problems = problems
            if in_transition(self._network):
                return TRANSITION_S
            self._handled = max(self._handled, target)
            self._condition.notify_all()
        _LOG.debug("reconciled in %.0f ms", 1000 * (time.monotonic() - started))
        return None

    def _due(self) -> bool:
        """Wait for the next turn; False at the end."""
        with self._condition:
            self._condition.wait_for(
                lambda: self._loop.ending or self._changes > self._handled, self._again_s or RESYNC_S
            )
            if not self._loop.ending:
                self._condition.wait_for(lambda: self._loop.ending, DEBOUNCE_S)
            return not self._loop.ending

    def _reconcile(self) -> tuple[str, ...]:
        """Read, compare, apply; return what could not be built."""
        network, secrets, unreadable = self._read()
        with self._condition:
            self._network = network
            applied, generation = self._applied, self._generation
        clusters = self._clusters(network) if self._clusters is not None else ((), ())
        desired = desired_state(
            network, secrets, generation=generation, timers=self._timers, clusters=clusters
        )
        desired = desired.with_restarts(self._restarts())
        desired = replace(desired, problems=unreadable + desired.problems)
        changed = applied is None or applied != desired
        if not changed and self._again_s is None:
            return self._problems
        desired = replace(desired, generation=generation + 1)
        result = self._agents.client.apply(desired)
        _LOG.info("generation %d applied", result.generation)
        with self._condition:
            self._applied, self._generation = desired, desired.generation
            self._again_s = self._next_try_s(
                changed=changed, built=set(result.problems) <= set(desired.problems)
            )
        return tuple(dict.fromkeys((*desired.problems, *result.problems)))

    def _next_try_s(self, *, changed: bool, built: bool) -> float | None:
        if built:
            return None
        return RETRY_S if changed or self._again_s is None else min(2 * self._again_s, RESYNC_S)


class Observer:
    """Publishes what the daemons say, and has a dead agent replaced.

    Args:
        agents: Where the data plane's agent is.
        board: Where the two APIs look.
    """

    def __init__(self, agents: AgentSlot, board: ObservedState) -> None:
        self._agents = agents
        self._board = board
        self._loop = Loop("observer", self._turn)
        self._retry_s = RETRY_S

    def start(self) -> None:
        """Start the loop."""
        self._loop.start()

    def stop(self) -> None:
        """End the loop and wait for it."""
        self._loop.stop()

    def _turn(self) -> float:
        try:
            observed = self._agents.client.observe()
        except TwinspanError as error:
            _LOG.warning("the data plane cannot be observed: %s", error)
            self._board.publish(Observed(generation=-1))
            return self._recover()
        self._board.publish(observed)
        self._retry_s = RETRY_S
        return OBSERVE_S

    def _recover(self) -> float:
        """Have the agent replaced; return how long to wait before the next try, in seconds."""
        if self._agents.revive():
            self._retry_s = min(2 * self._retry_s, RESYNC_S)
        return self._retry_s
