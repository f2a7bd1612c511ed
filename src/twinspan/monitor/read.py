"""Take a snapshot of both clouds; the same for real accounts and for the twin."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from twinspan.cloud.aws import AwsEndpoint, read_aws
from twinspan.cloud.azure import AzureEndpoint, read_azure
from twinspan.cloud.endpoints import Endpoints
from twinspan.errors import CloudError, TwinspanError
from twinspan.monitor.model import RoundTrip, Snapshot, changes_between
from twinspan.monitor.views_aws import aws_part
from twinspan.monitor.views_azure import azure_part
from twinspan.network.clouds import Cloud
from twinspan.network.model import AwsNetwork, AzureNetwork, Network
from twinspan.probe.ping import ping
from twinspan.protocols import Host

CLOUD_PERIOD_S = 300
"""Grain of the clouds' VPN metrics, in seconds. Source: Azure Monitor, PT5M; AWS's examples."""
CHANGES_KEPT = 50
ECHOES = 3
"""Echo requests each way and look: enough for a median, few enough to be no load."""
ECHO_INTERVAL_S = 0.1

T = TypeVar("T")


class Monitor:
    """Takes snapshots and remembers what changed between them.

    A cloud that does not answer is a part of the snapshot, not an error.

    Args:
        endpoints: Both clouds, or one.
        pairs: Two hosts each, one of each cloud, that ping each other at every look.
    """

    def __init__(self, endpoints: Endpoints, *, pairs: Sequence[tuple[Host, Host]] = ()) -> None:
        self._endpoints = endpoints
        self._ways = tuple(way for pair in pairs for way in (pair, pair[::-1]))
        self._before: Snapshot | None = None
        self._period_s: int | None = None

    def read(self) -> Snapshot:
        """Take a snapshot now."""
        started = time.monotonic()
        now = datetime.now(UTC)
        problems: list[str] = []
        answered: dict[Cloud, bool] = {}
        with ThreadPoolExecutor(2 + len(self._ways), thread_name_prefix="monitor") as pool:
            trips_jobs = [pool.submit(_round_trip, *way) for way in self._ways]
            aws_job = pool.submit(_tried, lambda: _aws_network(self._endpoints.aws))
            azure_job = pool.submit(_tried, lambda: _azure_network(self._endpoints.azure))
            (aws, aws_problem), (azure, azure_problem) = aws_job.result(), azure_job.result()
            network = Network(aws=aws, azure=azure)
            period_s, period_problem = _tried(lambda: self._grain(azure))
            period_s = period_s or CLOUD_PERIOD_S
            jobs = (
                pool.submit(_tried, lambda: aws_part(self._endpoints.aws, network, period_s, now)),
                pool.submit(_tried, lambda: azure_part(self._endpoints.azure, network, period_s, now)),
            )
            parts = [job.result() for job in jobs]
            trips = [job.result() for job in trips_jobs]
        if self._endpoints.aws:
            answered["aws"] = aws is not None and parts[0][1] is None
        if self._endpoints.azure:
            answered["azure"] = azure is not None and parts[1][1] is None
        problems += [
            message
            for message in (
                aws_problem,
                azure_problem,
                period_problem,
                *(problem for _, problem in parts),
                *(problem for _, problem in trips),
            )
            if message
        ]
        snapshot = Snapshot(
            at=now,
            read_s=round(time.monotonic() - started, 3),
            period_s=period_s,
            answered=answered,
            tunnels=tuple(t for part, _ in parts if part for t in part[0]),
            sessions=tuple(s for part, _ in parts if part for s in part[1]),
            round_trips=tuple(trip for trip, _ in trips),
            problems=tuple(dict.fromkeys(problems)),
        )
        return self._remember(snapshot)

    def _remember(self, snapshot: Snapshot) -> Snapshot:
        before = self._before
        if before is not None:
            new = changes_between(before, snapshot)
            snapshot = replace(snapshot, changes=(*new, *before.changes)[:CHANGES_KEPT])
        self._before = snapshot
        return snapshot

    def _grain(self, azure: AzureNetwork | None) -> int:
        """Return the grain of the metrics, asked once."""
        gateways = azure.virtual_network_gateways if azure else ()
        if self._period_s is None and self._endpoints.azure and gateways:
            from twinspan.cloud.azure.metrics import read_grain  # noqa: PLC0415 - the SDK is slow to load

            self._period_s = read_grain(self._endpoints.azure, gateways[0].id)
        return self._period_s or CLOUD_PERIOD_S


def _tried(read: Callable[[], T]) -> tuple[T | None, str | None]:
    """Return what a read answers, or why it does not."""
    try:
        return read(), None
    except CloudError as error:
        return None, str(error)


def _round_trip(source: Host, destination: Host) -> tuple[RoundTrip, str | None]:
    """Ping once; a host that cannot send has had no answer, and the problem says why."""
    times_ms: tuple[float, ...] = ()
    median_ms, sent, problem = None, 0, None
    try:
        result = ping(source, destination, count=ECHOES, interval_s=ECHO_INTERVAL_S)
        times_ms, sent, median_ms = result.times_ms, result.sent, result.percentile_ms(50)
    except TwinspanError as error:
        problem = str(error)
    trip = RoundTrip(
        cloud=_cloud(source),
        towards=_cloud(destination),
        source=source.name,
        destination=destination.name,
        sent=sent,
        received=len(times_ms),
        median_s=None if median_ms is None else median_ms / 1000,
        max_s=max(times_ms) / 1000 if times_ms else None,
    )
    return trip, problem


def _cloud(host: Host) -> Cloud:
    return "aws" if host.side == "aws" else "azure"


def _aws_network(endpoint: AwsEndpoint | None) -> AwsNetwork | None:
    return read_aws(endpoint)[0] if endpoint else None


def _azure_network(endpoint: AzureEndpoint | None) -> AzureNetwork | None:
    return read_azure(endpoint)[0] if endpoint else None
