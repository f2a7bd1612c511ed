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
from twinspan.twin.observed import ObservationBoard, Observed

RESYNC_S = 30.0
"""A full look at the APIs at least this often, in seconds."""
DEBOUNCE_S = 0.005
"""Changes that come within this time are handled together, in seconds."""
RETRY_S = 1.0
"""Pause after a failure, in seconds."""
TRANSITION_S = 0.2
"""Pause between two looks while an API is still making or changing something, in seconds."""
OBSERVE_S = 0.25
"""Pause between two snapshots of the data plane, in seconds."""

_LOG = logging.getLogger(__name__)

Clusters = Callable[[Network], tuple[tuple[ClusterSpec, ...], tuple[str, ...]]]


def in_transition(network: Network) -> bool:
    """Whether an API is still making something: it will be ready without any further request.

    Source: EC2 API, VpnConnection.State and VpnGateway.State (`pending`, `modifying`); ARM, provisioningState
    (`Updating`).
    """
    states: list[str] = []
    if network.aws:
        states += [each.state for each in network.aws.vpn_connections]
        states += [each.state for each in network.aws.vpn_gateways]
    if network.azure:
        states += [each.provisioning_state for each in network.azure.connections]
        states += [each.provisioning_state for each in network.azure.virtual_network_gateways]
    return not {"available", "Succeeded", "Failed"}.issuperset(states)


class Reconciler:
    """Makes the data plane what the two APIs describe.

    While something is in transition, nothing counts as settled.

    Args:
        read: Reads both APIs.
        agents: Where the data plane's agent is.
        timers: BGP timers of both sides.
        clusters: Says which Kubernetes clusters are to run, and what cannot be built of them.
        restarts: What the APIs were asked to restart; see `Desired.with_restarts`.
    """

    def __init__(
        self,
        read: Callable[[], tuple[Network, Secrets]],
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
        self._stopping = False
        self._applied: Desired | None = None
        self._generation = 0
        self._network = Network(aws=None, azure=None)
        self._problems: tuple[str, ...] = ()
        self._thread = threading.Thread(target=self._run, name="reconciler", daemon=True)

    def start(self) -> None:
        """Start the loop."""
        self._thread.start()

    def stop(self) -> None:
        """End the loop and wait for it."""
        with self._condition:
            self._stopping = True
            self._condition.notify_all()
        if self._thread.ident is not None:
            self._thread.join()

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
                    last="; ".join(self._problems) or "no problem known",
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
            return self._problems

    def _run(self) -> None:
        while self._due():
            with self._condition:
                target = self._changes
            started = time.monotonic()
            try:
                problems = self._reconcile()
            except TwinspanError as error:
                self._failed(error)
                continue
            with self._condition:
                if problems != self._problems:
                    _LOG.warning("data plane: %s", "; ".join(problems) or "no problems any more")
                self._problems = problems
                if in_transition(self._network):
                    self._condition.wait_for(lambda: self._stopping, TRANSITION_S)
                    continue
                self._handled = max(self._handled, target)
                self._condition.notify_all()
            _LOG.debug("reconciled in %.0f ms", 1000 * (time.monotonic() - started))

    def _due(self) -> bool:
        """Wait for the next turn; False at the end."""
        with self._condition:
            self._condition.wait_for(lambda: self._stopping or self._changes > self._handled, RESYNC_S)
            if not self._stopping:
                self._condition.wait_for(lambda: self._stopping, DEBOUNCE_S)
            return not self._stopping

    def _reconcile(self) -> tuple[str, ...]:
        """Read, compare, apply; return what could not be built."""
        network, secrets = self._read()
        with self._condition:
            self._network = network
            applied, generation = self._applied, self._generation
        clusters = self._clusters(network) if self._clusters is not None else ((), ())
        desired = desired_state(
            network, secrets, generation=generation, timers=self._timers, clusters=clusters
        )
        desired = desired.with_restarts(self._restarts())
        if applied is not None and applied == desired:
            return self._problems
        desired = replace(desired, generation=generation + 1)
        result = self._agents.client.apply(desired)
        _LOG.info("generation %d applied", result.generation)
        with self._condition:
            self._applied, self._generation = desired, desired.generation
        return tuple(dict.fromkeys((*desired.problems, *result.problems)))

    def _failed(self, error: TwinspanError) -> None:
        """Keep the problem for the reader, and try again soon."""
        with self._condition:
            known = self._problems == (str(error),)
            self._problems = (str(error),)
            self._handled = min(self._handled, self._changes - 1)
            if not known:
                _LOG.error("the data plane cannot follow the APIs: %s", error)
            self._condition.wait_for(lambda: self._stopping, RETRY_S)


class Observer:
    """Publishes what the daemons say, and has a dead agent replaced.

    Args:
        agents: Where the data plane's agent is.
        board: Where the two APIs look.
    """

    def __init__(self, agents: AgentSlot, board: ObservationBoard) -> None:
        self._agents = agents
        self._board = board
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="observer", daemon=True)
        self._retry_s = RETRY_S

    def start(self) -> None:
        """Start the loop."""
        self._thread.start()

    def stop(self) -> None:
        """End the loop and wait for it."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        pause_s = 0.0
        while not self._stopping.wait(pause_s):
            try:
                self._board.publish(self._agents.client.observe())
            except TwinspanError as error:
                _LOG.warning("the data plane cannot be observed: %s", error)
                self._board.publish(Observed(generation=-1))
                pause_s = self._recover()
            else:
                pause_s, self._retry_s = OBSERVE_S, RETRY_S

    def _recover(self) -> float:
        """Have the agent replaced; return how long to wait before the next try, in seconds."""
        if self._agents.revive():
            self._retry_s = min(2 * self._retry_s, RESYNC_S)
        return self._retry_s
