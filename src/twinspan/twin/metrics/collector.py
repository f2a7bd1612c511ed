"""The loop that samples what the daemons count, about once a second."""

import logging
import time
from collections.abc import Callable

from twinspan.network.model import Network
from twinspan.twin.attempts import raise_any
from twinspan.twin.loops import Loop
from twinspan.twin.metrics.aws import sample_aws
from twinspan.twin.metrics.azure import sample_azure
from twinspan.twin.metrics.counters import Counters
from twinspan.twin.metrics.series import MetricStore
from twinspan.twin.observed import ObservedState

SAMPLE_S = 1.0
"""Pause between two samples, in seconds."""

_LOG = logging.getLogger(__name__)


class Collector:
    """Samples the board into the series of both clouds.

    While the data plane cannot be observed nothing is published: its data is missing, not zero.

    Args:
        board: What the data plane says.
        network: Says what both APIs have.
        aws: Series of AWS; their scope is the region.
        azure: Series of Azure; their scope is the gateway's id in lower case.
    """

    def __init__(
        self,
        board: ObservedState,
        *,
        network: Callable[[], Network],
        aws: MetricStore,
        azure: MetricStore,
    ) -> None:
        self._board = board
        self._network = network
        self._aws = aws
        self._azure = azure
        self._counters = Counters()
        self._loop = Loop("metrics", lambda: self.sample(time.time()), every_s=SAMPLE_S)

    def start(self) -> None:
        """Start the loop."""
        self._loop.start()

    def stop(self) -> None:
        """End the loop and wait for it."""
        self._loop.stop()

    def sample(self, now_s: float) -> None:
        """Take one sample at `now_s`, seconds since 1970.

        Raises:
            ItemsError: Something cannot be sampled; the rest was.
        """
        problems: list[str] = []
        observed, network = self._board.latest(), self._network()
        if observed.generation >= 0:
            with self._counters.turn(now_s):
                if network.aws:
                    problems += sample_aws(self._aws, self._counters, network.aws, observed, now_s)
                if network.azure:
                    problems += sample_azure(self._azure, self._counters, network.azure, observed, now_s)
        self._aws.advance(now_s)
        self._azure.advance(now_s)
        raise_any(problems)
