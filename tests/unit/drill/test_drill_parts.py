"""The drill's judgement: which tunnel, which timer, who noticed."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from twinspan.drill.catalogue import DRILLS, named
from twinspan.drill.detection import Detection, first_detection
from twinspan.drill.document import DirectionDocument
from twinspan.drill.flow_analysis import Arrival, Direction, DirectionLog, analyse
from twinspan.drill.in_use import azure_uses, carrying_key, choose, received_bytes
from twinspan.drill.report import Direction as Way
from twinspan.drill.report import DirectionReport, DrillReport
from twinspan.errors import DesignError, HostError
from twinspan.faults.data_plane.path_cut import TUNNEL_DOWN
from twinspan.faults.timers import HOLD_JITTER, first_to_fire, hold_fires_after_s, timers_of
from twinspan.network.azure import CONNECTED
from twinspan.network.clouds import Cloud
from twinspan.network.links import TunnelLink
from twinspan.network.model import (
    AzureConnection,
    Phase,
    TelemetryStatus,
    VgwTelemetry,
    VpnConnection,
    VpnTunnel,
)
from twinspan.protocols import Event

PHASE = Phase(lifetime_seconds=3600)


def link(
    number: int, *, received: int = 0, sent: int = 0, aws_dpd: int = 45, azure_dpd: int = 15
) -> TunnelLink:
    outside = IPv4Address(f"203.0.113.{number}")
    tunnel = VpnTunnel(
        outside_ip_address=outside,
        inside_cidr=IPv4Network("169.254.21.0/30"),
        ike_versions=("ikev2",),
        phase1=PHASE,
        phase2=PHASE,
        dpd_timeout_seconds=aws_dpd,
        dpd_timeout_action="restart",
        startup_action="start",
        rekey_margin_time_seconds=270,
        rekey_fuzz_percentage=100,
        replay_window_size=1024,
    )
    connection = AzureConnection(
        id=f"/subscriptions/s/connections/dev-tunnel{number}",
        name=f"dev-tunnel{number}",
        virtual_network_gateway_id="g",
        local_network_gateway_id="l",
        connection_type="IPsec",
        connection_protocol="IKEv2",
        connection_mode="Default",
        bgp_enabled=True,
        custom_bgp_addresses={},
        ipsec_policy=None,
        dpd_timeout_seconds=azure_dpd,
        routing_weight=0,
        provisioning_state="Succeeded",
        ingress_bytes_transferred=received,
        egress_bytes_transferred=sent,
    )
    return TunnelLink(
        key=f"tunnel{number}",
        vpn_connection=VpnConnection(
            id="vpn-0a",
            name="",
            state="available",
            customer_gateway_id="cgw-0a",
            vpn_gateway_id="vgw-0a",
            static_routes_only=False,
            tunnels=(tunnel,),
        ),
        tunnel=tunnel,
        customer_gateway=None,
        azure_connection=connection,
        local_network_gateway=None,
        instance=None,
    )


def up(link: TunnelLink, status: TelemetryStatus = TelemetryStatus.UP) -> TunnelLink:
    """The same tunnel, of which Azure says that it is up, and AWS too, or what is given."""
    azure, aws, vpn = link.azure_connection, link.tunnel, link.vpn_connection
    assert azure is not None
    assert aws is not None
    assert vpn is not None
    telemetry = VgwTelemetry(
        status=status, status_message="", accepted_route_count=1, last_status_change=None
    )
    tunnel = replace(aws, telemetry=telemetry)
    return replace(
        link,
        joined=True,
        vpn_connection=replace(vpn, tunnels=(tunnel,)),
        tunnel=tunnel,
        azure_connection=replace(azure, connection_status=CONNECTED),
    )


def static_link(number: int) -> TunnelLink:
    """A tunnel whose routes are static on both sides."""
    return without_bgp(link(number))


def without_bgp(link: TunnelLink) -> TunnelLink:
    """The same tunnel with static routes on both sides."""
    aws, azure = link.vpn_connection, link.azure_connection
    assert aws is not None
    assert azure is not None
    return replace(
        link,
        vpn_connection=replace(aws, static_routes_only=True),
        azure_connection=replace(azure, bgp_enabled=False),
    )


def event(at_s: float, kind: str, subject: str) -> Event:
    return Event(at_s=at_s, kind=kind, subject=subject, detail=f"{kind} of {subject}")


def flows(*, lost_from: int | None = None, lost_until: int | None = None) -> Direction:
    """One flow of 1000 packets, one a second, of which some were lost."""
    lost = range(lost_from or 0, lost_until if lost_until is not None else (1000 if lost_from else 0))
    return analyse(
        DirectionLog(
            flows=1,
            rate_hz=1.0,
            sent_s=[float(number) for number in range(1000)],
            refused=(),
            arrivals=[Arrival(flow=0, sequence=n, at_s=n + 0.001) for n in range(1000) if n not in lost],
            clocks_shared=True,
            ports=(4000,),
        )
    )


def direction(measured: Direction, name: Way = "aws->azure", *, sender: Cloud = "aws") -> DirectionReport:
    return DirectionReport(
        direction=name,
        measured=measured,
        recovered_after_s=None,
        detection=None,
        expected=first_to_fire(timers_of(link(1), hold_profile="negotiated"), sender),
        allowed_ms=35_000.0,
    )


@pytest.mark.parametrize(
    ("grown", "used"),
    [
        ([0, 0], True),  # counters that do not move tell nothing
        ([200, 50_000], False),  # keepalives alone
        ([3000, 47_000], True),  # one flow of sixteen
        ([50_000, 0], True),
    ],
)
def test_azure_uses_a_tunnel_if_it_sends_one_flow_over_it(grown: list[int], used: bool) -> None:
    before = [link(n, sent=1000 * n) for n in (1, 2)]
    after = [link(n, sent=1000 * n + size) for n, size in zip((1, 2), grown, strict=True)]

    assert azure_uses("tunnel1", before, after) is used


def test_the_tunnel_in_use_is_the_one_whose_counter_grew_most() -> None:
    before = received_bytes([link(1, received=100), link(2, received=900)])
    after = received_bytes([link(1, received=5000), link(2, received=950)])

    assert carrying_key(before, after) == "tunnel1"


def test_counters_that_stand_still_name_no_tunnel() -> None:
    with pytest.raises(HostError, match="received anything"):
        carrying_key({"tunnel1": 5}, {"tunnel1": 5})


@pytest.mark.parametrize(
    ("requested_tunnel", "chosen"), [("in-use", "tunnel2"), ("unused", "tunnel1"), ("tunnel3", "tunnel3")]
)
def test_a_drill_is_aimed_by_use_or_by_name(requested_tunnel: str, chosen: str) -> None:
    assert choose([link(1), link(2), link(3)], requested_tunnel, carrying="tunnel2").key == chosen


def test_a_tunnel_that_does_not_exist_is_refused_with_the_known_ones() -> None:
    with pytest.raises(DesignError, match="no tunnel tunnel9") as refused:
        choose([link(1), link(2)], "tunnel9", carrying="tunnel1")
    assert all(name in refused.value.remedy for name in ("in-use", "unused", "tunnel1", "tunnel2"))


def test_a_drill_that_does_not_exist_is_refused_with_the_known_ones() -> None:
    with pytest.raises(DesignError, match=r"no drill meteor.*tunnel-down"):
        named("meteor")
    assert named("tunnel-down") in DRILLS


def test_with_a_negotiated_hold_time_bgp_notices_first_at_aws_and_dpd_first_at_azure() -> None:
    timers = timers_of(link(1), hold_profile="negotiated")

    assert (first_to_fire(timers, "aws").name, first_to_fire(timers, "aws").seconds) == ("BGP hold timer", 30)
    assert (first_to_fire(timers, "azure").name, first_to_fire(timers, "azure").seconds) == (
        "dead peer detection",
        15,
    )


def test_with_static_routes_only_dead_peer_detection_can_notice() -> None:
    timers = timers_of(static_link(1), hold_profile="negotiated")

    assert {timer.name for timer in timers} == {"dead peer detection"}
    assert first_to_fire(timers, "aws").seconds == 45
    assert first_to_fire(timers, "azure").seconds == 15


def test_with_a_fixed_hold_time_dpd_notices_first_on_both_sides() -> None:
    timers = timers_of(link(1), hold_profile="fixed")

    assert first_to_fire(timers, "aws").seconds == 45
    assert first_to_fire(timers, "azure").seconds == 15


AWS_END, AZURE_END = "vpn-0a/203.0.113.1", "/subscriptions/s/connections/dev-tunnel1/198.51.100.4"


def test_the_timer_is_named_and_not_what_it_closed() -> None:
    events = [
        event(10.0, "dpd-timeout", AWS_END),
        event(10.0, "ike-down", AWS_END),
        event(10.1, "child-down", AWS_END),
        event(10.2, "bgp-down", AWS_END),
    ]

    detection = first_detection(events, link(1), "aws", cut_at_s=1.0)

    assert detection is not None
    assert (detection.by, detection.after_s) == ("dead peer detection", 9.0)


def test_a_timer_that_fires_after_the_session_has_ended_did_not_end_it() -> None:
    events = [
        event(20.0, "bgp-hold-expired", AWS_END),
        event(20.0, "bgp-down", AWS_END),
        event(20.5, "dpd-timeout", AWS_END),
    ]
    closed_by_peer = [
        event(20.0, "ike-down", AWS_END),
        event(20.0, "bgp-down", AWS_END),
        event(20.1, "bgp-hold-expired", AWS_END),
    ]

    by_hold = first_detection(events, link(1), "aws", cut_at_s=1.0)
    by_peer = first_detection(closed_by_peer, link(1), "aws", cut_at_s=1.0)

    assert by_hold is not None
    assert by_hold.by == "BGP hold timer"
    assert by_peer is not None
    assert (by_peer.by, by_peer.after_s) == ("IKE closed", 19.0)


def test_each_side_is_judged_by_its_own_timer() -> None:
    events = [
        event(15.0, "dpd-timeout", AZURE_END),
        event(15.0, "bgp-down", AZURE_END),
        event(15.1, "ike-down", AWS_END),
        event(15.2, "bgp-down", AWS_END),
    ]

    detection = first_detection(events, link(1), "aws", cut_at_s=1.0)

    assert detection is not None
    assert detection.by == "IKE closed"


def test_a_hold_timer_counts_from_a_message_that_is_older_than_the_cut() -> None:
    assert hold_fires_after_s(30, jitter=0.0) == (20, 30)
    assert hold_fires_after_s(30, jitter=HOLD_JITTER) == (12.5, 30)


def test_a_direction_that_a_hold_timer_ends_tells_in_what_that_differs_from_the_clouds() -> None:
    report = drill_report()

    (caveat,) = report.caveats
    assert "12.5 to 30 s" in caveat
    assert "20 to 30 s" in caveat
    caveats = [
        DirectionDocument.of(reported_direction).expected_caveat for reported_direction in report.directions
    ]
    assert caveats == [caveat, ""]


def test_events_of_another_tunnel_another_side_or_before_the_cut_do_not_count() -> None:
    events = [
        event(0.5, "bgp-hold-expired", "vpn-0a/203.0.113.1"),
        event(2.0, "bgp-hold-expired", "vpn-0a/203.0.113.11"),
        event(3.0, "dpd-timeout", "/subscriptions/s/connections/dev-tunnel1/198.51.100.4"),
        event(4.0, "bgp-up", "vpn-0a/203.0.113.1"),
    ]

    assert first_detection(events, link(1), "aws", cut_at_s=1.0) is None
    azure = first_detection(events, link(1), "azure", cut_at_s=1.0)
    assert azure is not None
    assert azure.after_s == 2.0


def test_a_direction_passes_only_if_it_came_back_in_time() -> None:
    assert direction(flows()).passed
    assert direction(flows(lost_from=100, lost_until=135)).passed
    assert not direction(flows(lost_from=100, lost_until=136)).passed
    assert not direction(flows(lost_from=990)).passed


def test_a_direction_says_in_words_how_its_silence_ended() -> None:
    detection = Detection(side="aws", by="BGP hold timer", after_s=24.62, detail="")

    assert direction(flows()).found_by == "nothing was lost"
    assert direction(flows(lost_from=990)).found_by == "nobody: silent until healed"
    assert "told of a timer" in direction(flows(lost_from=1, lost_until=2)).found_by
    report = replace(direction(flows(lost_from=1, lost_until=2)), detection=detection)
    assert report.found_by == "AWS's BGP hold timer, 24.6 s after the cut"


def drill_report() -> DrillReport:
    return DrillReport(
        drill=TUNNEL_DOWN,
        target="tunnel1",
        carried_aws_traffic=True,
        directions=(direction(flows()), direction(flows(), "azure->aws", sender="azure")),
        whole_again_s=4.0,
        timeline=(),
        other_profile="",
    )


def test_a_drill_that_did_not_end_whole_has_not_passed() -> None:
    report = drill_report()

    assert report.passed
    assert report.failures == ()
    assert not replace(report, whole_again_s=None).passed


def test_a_drill_that_failed_says_every_reason() -> None:
    late, lost = direction(flows(lost_from=100, lost_until=136)), direction(flows(lost_from=990))
    report = replace(
        drill_report(),
        directions=(late, lost),
        whole_again_s=None,
        disturbed=("charon died 2.0 s after the cut (killed)",),
        unheard="CloudWatch was not asked",
    )

    assert not report.passed
    assert report.failures == (
        f"AWS → Azure: silent for {late.longest_gap_ms:,.0f} ms, allowed are {late.allowed_ms:,.0f}",
        "AWS → Azure: not every flow got through again",
        "not whole again",
        "disturbed: charon died 2.0 s after the cut (killed)",
        "alerts: CloudWatch was not asked",
    )
