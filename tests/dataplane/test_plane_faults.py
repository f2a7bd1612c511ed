"""A cut path: which timer ends what, and that it heals."""

import pytest
from plane_harness import Plane, aws_end
from reference_network import (
    PUBLIC,
    TUNNELS,
    VGW,
    reference_network,
    with_connection,
)

from twinspan.twin.dataplane.desired import Timers
from twinspan.twin.dataplane.wire import FaultSpec
from twinspan.twin.observed import Observed
from twinspan.wait import wait_until

pytestmark = [pytest.mark.root, pytest.mark.slow]


def _cut(seen: Observed) -> FaultSpec:
    """The path of the tunnel that carries traffic from the VPC."""
    wiring = next(t for t in TUNNELS if t.outside == seen.vgw_active_tunnels[VGW][0])
    return FaultSpec(
        kind="path-cut",
        outside_ip_address=wiring.outside,
        public_ip_address=PUBLIC[wiring.instance],
    )


def test_the_hold_timer_ends_the_sessions_of_a_cut_path(plane: Plane) -> None:
    plane.apply(*reference_network(), timers=Timers(aws_bgp_hold_s=6))
    seen = plane.until_established(4)
    _first, second = plane.attach_pair()
    plane.until_reaches("aws-host", second)
    fault = _cut(seen)

    plane.client.inject(fault)
    plane.client.inject(fault)

    event = wait_until(
        lambda: [e for e in plane.client.events(0.0) if e.kind == "bgp-hold-expired"],
        lambda events: len(events) > 0,
        what="expiry of the hold timer",
        timeout_s=15,
    )[0]
    assert str(fault.outside_ip_address) in event.subject or str(fault.public_ip_address) in event.subject
    seen = plane.until(
        lambda s: aws_end(s, fault.outside_ip_address).bgp_state != "Established", what="lost session"
    )
    assert fault.outside_ip_address not in seen.vgw_active_tunnels[VGW]
    assert plane.reaches("aws-host", second)
    plane.client.heal(fault)
    plane.client.heal(fault)
    plane.until_established(4, timeout_s=30)


def test_dead_peer_detection_ends_the_tunnel_and_with_it_the_session(plane: Plane) -> None:
    network, secrets = reference_network()
    for wiring in TUNNELS:
        network = with_connection(network, wiring, dpd_timeout_seconds=9)
    plane.apply(network, secrets)
    fault = _cut(plane.until_established(4))

    plane.client.inject(fault)

    events = wait_until(
        lambda: plane.client.events(0.0),
        lambda seen: any(e.kind == "bgp-down" for e in seen),
        what="end of the session",
        timeout_s=25,
    )
    ended = [e for e in events if e.kind in {"dpd-timeout", "child-down", "bgp-down"}]
    kinds = {e.kind: e for e in reversed(ended)}
    assert set(kinds) == {"dpd-timeout", "child-down", "bgp-down"}
    assert str(fault.public_ip_address) in kinds["dpd-timeout"].subject
    assert kinds["dpd-timeout"].subject == kinds["bgp-down"].subject
    hold_timer_later_s = 15
    assert kinds["bgp-down"].at_s - kinds["dpd-timeout"].at_s < hold_timer_later_s
    plane.client.heal_all()
    plane.until_established(4, timeout_s=30)
