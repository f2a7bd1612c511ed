"""A Prometheus endpoint with both clouds under one naming scheme."""

import threading
from collections.abc import Iterable
from http.server import ThreadingHTTPServer
from typing import Protocol
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from twinspan.errors import HostError
from twinspan.monitor.model import RoundTrip, Session, Snapshot, Tunnel

ADDRESS = "127.0.0.1"
_TUNNEL = ("cloud", "tunnel", "connection", "aws_address", "azure_address")
_SESSION = ("cloud", "tunnel", "neighbor")
_TRIP = ("cloud", "towards")


class Reader(Protocol):
    """What takes snapshots."""

    def read(self) -> Snapshot:
        """Take one now."""


class SnapshotCollector(Collector):
    """Takes a snapshot whenever it is scraped; what a cloud did not say has no sample.

    Args:
        monitor: Takes snapshots; asked by one scrape at a time.
    """

    def __init__(self, monitor: Reader) -> None:
        self._monitor = monitor
        self._lock = threading.Lock()

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Name the metrics without asking the clouds: registration must not wait for them."""
        return ()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Return all metrics of a new snapshot."""
        with self._lock:
            snapshot = self._monitor.read()
        return families(snapshot)


def families(snapshot: Snapshot) -> list[GaugeMetricFamily]:
    """Return a snapshot as Prometheus's metrics, in its base units."""
    answers = GaugeMetricFamily(
        "twinspan_cloud_up", "Whether the cloud's API could be read.", labels=("cloud",)
    )
    for cloud, answered in snapshot.answered.items():
        answers.add_metric((cloud,), float(answered))
    reading = GaugeMetricFamily("twinspan_read_seconds", "How long it took to read both clouds.")
    reading.add_metric((), snapshot.read_s)
    period = GaugeMetricFamily("twinspan_metrics_period_seconds", "Grain of the clouds' own metrics.")
    period.add_metric((), snapshot.period_s)
    return [
        answers,
        reading,
        period,
        *_tunnels(snapshot.tunnels),
        *_sessions(snapshot.sessions),
        *_round_trips(snapshot.round_trips),
    ]


def serve(monitor: Reader, *, port: int) -> tuple[WSGIServer | ThreadingHTTPServer, threading.Thread]:
    """Serve `/metrics` on the loopback address in a thread; call `shutdown` on the server to end it.

    Args:
        monitor: Takes the snapshots.
        port: TCP port; 0 for a free one, then `server_port` of the server says which.

    Raises:
        HostError: The port is taken.
    """
    registry = CollectorRegistry()
    registry.register(SnapshotCollector(monitor))
    try:
        return start_http_server(port, addr=ADDRESS, registry=registry)
    except (OSError, OverflowError) as error:
        raise HostError(
            problem=f"port {port} for Prometheus cannot be used ({error})",
            remedy="Choose another one with --port, or 0 for a free one",
        ) from error


def _tunnels(tunnels: Iterable[Tunnel]) -> list[GaugeMetricFamily]:
    up = GaugeMetricFamily("twinspan_tunnel_up", "Whether the cloud calls the tunnel up.", labels=_TUNNEL)
    receive = GaugeMetricFamily(
        "twinspan_tunnel_receive_bytes_per_second",
        "Into the cloud over the newest period; keepalives count, so it is no sign of life.",
        labels=_TUNNEL,
    )
    transmit = GaugeMetricFamily(
        "twinspan_tunnel_transmit_bytes_per_second", "Out of the cloud, likewise.", labels=_TUNNEL
    )
    for tunnel in tunnels:
        ends = (tunnel.aws_address, tunnel.azure_address)
        labels = (tunnel.cloud, tunnel.name, tunnel.connection, *(str(end or "") for end in ends))
        values = (
            (up, None if tunnel.spare else tunnel.up),
            (receive, tunnel.receive_bytes_per_s),
            (transmit, tunnel.transmit_bytes_per_s),
        )
        for family, value in values:
            if value is not None:
                family.add_metric(labels, float(value))
    return [up, receive, transmit]


def _sessions(sessions: Iterable[Session]) -> list[GaugeMetricFamily]:
    up = GaugeMetricFamily("twinspan_bgp_session_up", "Whether BGP is established.", labels=_SESSION)
    learned = GaugeMetricFamily(
        "twinspan_bgp_routes_learned", "Routes accepted from the neighbour.", labels=_SESSION
    )
    advertised = GaugeMetricFamily(
        "twinspan_bgp_routes_advertised", "Routes sent to the neighbour.", labels=_SESSION
    )
    for session in sessions:
        labels = (session.cloud, session.tunnel, str(session.neighbor))
        up.add_metric(labels, float(session.up))
        learned.add_metric(labels, session.routes_learned)
        if session.routes_advertised is not None:
            advertised.add_metric(labels, session.routes_advertised)
    return [up, learned, advertised]


def _round_trips(trips: Iterable[RoundTrip]) -> list[GaugeMetricFamily]:
    time = GaugeMetricFamily(
        "twinspan_round_trip_seconds", "Median of the echo requests of one look.", labels=_TRIP
    )
    loss = GaugeMetricFamily(
        "twinspan_round_trip_loss_ratio", "Share of them without an answer, 0 to 1.", labels=_TRIP
    )
    for trip in trips:
        labels = (trip.cloud, trip.towards)
        if trip.sent:
            loss.add_metric(labels, 1 - trip.received / trip.sent)
        if trip.median_s is not None:
            time.add_metric(labels, trip.median_s)
    return [time, loss]
