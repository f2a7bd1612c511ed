"""Snapshots: verdict, changes, and what Prometheus gets of them."""

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from rich.console import Console

from twinspan.cli.monitor import as_view
from twinspan.cloud.endpoints import Endpoints
from twinspan.command import Completed
from twinspan.errors import HostError
from twinspan.monitor.model import RoundTrip, Session, Snapshot, Tunnel, changes_between
from twinspan.monitor.prometheus import families, serve
from twinspan.monitor.read import Monitor

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TUNNEL = Tunnel(
    cloud="aws",
    name="tunnel1",
    connection="vpn-1",
    aws_address=IPv4Address("203.0.113.10"),
    azure_address=IPv4Address("198.51.100.4"),
    up=True,
    reason="1 BGP ROUTES",
    bgp=True,
    receive_bytes_per_s=12.5,
)
SESSION = Session(
    cloud="azure",
    tunnel="tunnel1",
    neighbor=IPv4Address("169.254.21.1"),
    up=True,
    state="Connected",
    routes_learned=2,
    routes_advertised=1,
)
TRIP = RoundTrip(
    cloud="aws",
    towards="azure",
    source="one",
    destination="other",
    sent=3,
    received=2,
    median_s=0.002,
    max_s=0.003,
)
WHOLE = Snapshot(
    at=NOON,
    read_s=0.5,
    period_s=10,
    answered={"aws": True, "azure": True},
    tunnels=(TUNNEL,),
    sessions=(SESSION,),
)
ROOT = Path(__file__).parents[3]


def test_a_network_without_tunnels_is_not_healthy() -> None:
    assert WHOLE.healthy
    assert not replace(WHOLE, tunnels=()).healthy


@pytest.mark.parametrize("up", [False, None])
def test_a_tunnel_that_is_down_or_unknown_is_not_healthy(up: bool | None) -> None:
    assert not replace(WHOLE, tunnels=(replace(TUNNEL, up=up),)).healthy


def test_a_tunnel_that_nobody_uses_may_be_down() -> None:
    spare = replace(TUNNEL, name="203.0.113.11", up=False, spare=True)
    snapshot = replace(WHOLE, tunnels=(TUNNEL, spare))
    ups = [s for family in families(snapshot) for s in family.samples if s.name == "twinspan_tunnel_up"]

    assert snapshot.healthy
    assert not replace(snapshot, tunnels=(replace(TUNNEL, up=False), spare)).healthy
    assert [sample.labels["tunnel"] for sample in ups] == ["tunnel1"]


def test_a_cloud_that_does_not_answer_is_one_change_and_not_a_change_of_its_tunnels() -> None:
    silent = replace(WHOLE, answered={"aws": False, "azure": True}, tunnels=())
    assert [(c.cloud, c.subject, c.what) for c in changes_between(WHOLE, silent)] == [
        ("aws", "API", "answers -> silent")
    ]


def test_a_tunnel_that_falls_and_a_session_that_goes_are_told() -> None:
    later = replace(WHOLE, tunnels=(replace(TUNNEL, up=False),), sessions=())
    assert [(c.cloud, c.subject, c.what) for c in changes_between(WHOLE, later)] == [
        ("aws", "tunnel tunnel1", "up -> down"),
        ("azure", "BGP tunnel1", "Connected -> gone"),
    ]
    assert changes_between(WHOLE, WHOLE) == ()


def test_what_a_cloud_did_not_say_has_no_sample() -> None:
    samples = {(s.name, s.labels.get("cloud")): s.value for family in families(WHOLE) for s in family.samples}
    assert samples["twinspan_tunnel_up", "aws"] == 1
    assert samples["twinspan_tunnel_receive_bytes_per_second", "aws"] == 12.5
    assert ("twinspan_tunnel_transmit_bytes_per_second", "aws") not in samples
    assert samples["twinspan_bgp_routes_learned", "azure"] == 2


def test_round_trips_are_in_seconds_and_a_host_that_sent_nothing_has_no_sample() -> None:
    other = replace(TRIP, cloud="azure", towards="aws", sent=0, received=0, median_s=None, max_s=None)
    sample_values = {
        (sample.name, sample.labels["cloud"]): sample.value
        for family in families(replace(WHOLE, round_trips=(TRIP, other)))
        for sample in family.samples
        if "round_trip" in sample.name
    }
    assert sample_values == {
        ("twinspan_round_trip_seconds", "aws"): 0.002,
        ("twinspan_round_trip_loss_ratio", "aws"): pytest.approx(1 / 3),
    }


def test_packets_that_are_not_answered_are_a_change_and_not_healthy() -> None:
    whole = replace(WHOLE, round_trips=(TRIP,))
    lost = replace(WHOLE, round_trips=(replace(TRIP, received=0, median_s=None, max_s=None),))
    assert whole.healthy
    assert not lost.healthy
    assert [(c.cloud, c.subject, c.what) for c in changes_between(whole, lost)] == [
        ("aws", "ping to azure", "answered -> lost")
    ]


def test_a_host_that_cannot_send_is_a_problem_in_words() -> None:
    class Gone:
        name, side, address = "gone", "aws", IPv4Address("10.2.1.4")

        def run(self, argv: Sequence[str], *, timeout_s: float, stdin: str | None = None) -> Completed:
            raise HostError(problem=f"{argv[-1]}: no host {stdin} within {timeout_s}", remedy="attach it")

    snapshot = Monitor(Endpoints(aws=None, azure=None), pairs=[(Gone(), Gone())]).read()
    assert [round_trip.sent for round_trip in snapshot.round_trips] == [0, 0]
    assert "no host" in snapshot.problems[0]
    assert not snapshot.healthy


def test_both_clouds_have_the_same_labels() -> None:
    both = replace(WHOLE, tunnels=(TUNNEL, replace(TUNNEL, cloud="azure", connection="tunnel1")))
    labels = {frozenset(s.labels) for f in families(both) if "tunnel" in f.name for s in f.samples}
    assert labels == {frozenset({"cloud", "tunnel", "connection", "aws_address", "azure_address"})}


class Fixed:
    def read(self) -> Snapshot:
        return WHOLE


def test_a_port_that_is_taken_is_a_clear_error() -> None:
    server, thread = serve(Fixed(), port=0)
    try:
        with pytest.raises(HostError, match="cannot be used"):
            serve(Fixed(), port=server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_the_dashboard_and_the_rules_ask_for_metrics_that_exist() -> None:
    known = {family.name for family in families(WHOLE)}
    dashboard = json.loads((ROOT / "monitoring/grafana/twinspan.json").read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    rules = (ROOT / "monitoring/prometheus/rules.yml").read_text()
    words = " ".join([*expressions, rules]).replace("(", " ").replace("{", " ").replace(")", " ").split()
    asked = {word for word in words if word.startswith("twinspan_")}
    assert asked
    assert asked <= known


def test_a_network_with_static_routes_says_so_and_shows_no_sessions() -> None:
    static = replace(WHOLE, tunnels=(replace(TUNNEL, bgp=False, reason="IPSEC IS UP"),), sessions=())

    shown = _shown(static)

    assert static.healthy
    assert "no BGP: every tunnel has static routes" in shown
    assert "BGP over" not in shown


def test_sessions_that_cannot_be_read_are_not_taken_for_static_routes() -> None:
    assert "static routes" not in _shown(replace(WHOLE, sessions=()))
    assert "static routes" not in _shown(replace(WHOLE, tunnels=(), sessions=()))


def _shown(snapshot: Snapshot) -> str:
    console = Console(width=200, file=io.StringIO(), record=True)
    console.print(as_view(snapshot))
    return console.export_text()
