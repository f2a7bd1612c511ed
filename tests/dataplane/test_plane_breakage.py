"""Each kind of fault does what it says to a running data plane, and leaves nothing behind when repaired."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from plane_harness import Plane, aws_end
from reference_network import PUBLIC, TUNNELS, VGW, Wiring

from twinspan.protocols import Event
from twinspan.twin.dataplane.wire import FaultSpec
from twinspan.wait import wait_until

pytestmark = pytest.mark.root


def fault(kind: str, wiring: Wiring, **more: Any) -> FaultSpec:
    public = PUBLIC[wiring.instance]
    return FaultSpec(kind=kind, outside_ip_address=wiring.outside, public_ip_address=public, **more)


def in_use(plane: Plane) -> Wiring:
    """The tunnel that carries traffic from the VPC."""
    seen = plane.client.observe()
    return next(t for t in TUNNELS if t.outside == seen.vgw_active_tunnels[VGW][0])


def now(plane: Plane) -> float:
    return max((event.at_s for event in plane.client.events(0.0)), default=0.0)


def until(plane: Plane, accept: Callable[[list[Event]], object], *, since_s: float, what: str) -> list[Event]:
    return wait_until(
        lambda: list(plane.client.events(since_s)), lambda seen: bool(accept(seen)), what=what, timeout_s=20
    )


def kinds(events: list[Event], subject: str) -> set[str]:
    return {event.kind for event in events if event.subject == subject}


def heal(plane: Plane, spec: FaultSpec) -> None:
    plane.client.heal(spec)
    plane.client.heal(spec)
    plane.until_established(4, timeout_s=40)


def test_a_deleted_tunnel_tells_its_peer_at_once(full: Plane) -> None:
    wiring, start = in_use(full), now(full)
    spec = fault("ike-deleted", wiring)

    full.client.inject(spec)

    events = until(
        full, lambda e: "bgp-down" in kinds(e, wiring.azure_key), since_s=start, what="news at Azure"
    )
    assert {"ike-down", "child-down"} <= kinds(events, wiring.azure_key)
    assert "dpd-timeout" not in kinds(events, wiring.azure_key)
    full.until_reaches("aws-host", str(full.client.hosts()[1].address))
    assert aws_end(full.client.observe(), wiring.outside).sa is None
    heal(full, spec)


def test_a_crashed_endpoint_tells_nobody(full: Plane) -> None:
    wiring, start = in_use(full), now(full)
    spec = fault("endpoint-crash", wiring)

    full.client.inject(spec)

    events = until(full, lambda e: "child-down" in kinds(e, wiring.aws_key), since_s=start, what="end at AWS")
    assert kinds(events, wiring.azure_key) & {"ike-down", "child-down"} == set()
    heal(full, spec)


def test_a_closed_bgp_session_leaves_its_tunnel_up(full: Plane) -> None:
    wiring, start = in_use(full), now(full)
    spec = fault("bgp-closed", wiring)

    full.client.inject(spec)

    events = until(
        full, lambda e: "bgp-down" in kinds(e, wiring.azure_key), since_s=start, what="news at Azure"
    )
    assert {"ike-down", "child-down"} & kinds(events, wiring.azure_key) == set()
    full.until_reaches("aws-host", str(full.client.hosts()[1].address))
    heal(full, spec)


def test_bgp_that_falls_silent_is_noticed_by_no_one_for_now(full: Plane) -> None:
    wiring, start = in_use(full), now(full)
    spec = fault("bgp-silent", wiring)

    full.client.inject(spec)

    # What shows that packets still cross is what shows that the session is not down yet.
    full.until_reaches("aws-host", str(full.client.hosts()[1].address))
    assert "bgp-down" not in kinds(list(full.client.events(start)), wiring.azure_key)
    heal(full, spec)


def test_a_withdrawn_route_is_gone_at_the_peer_while_the_session_lasts(full: Plane) -> None:
    wiring, start = in_use(full), now(full)
    spec = fault("route-withdrawn", wiring)

    def routes_told(count: int) -> bool:
        ends = full.client.observe().azure_tunnels
        own = next(e for e in ends if f"{e.connection_id}/{e.public_ip_address}" == wiring.azure_key)
        return len(own.accepted_routes) == count

    wait_until(lambda: routes_told(1), bool, what="route before", timeout_s=10)
    full.client.inject(spec)
    wait_until(lambda: routes_told(0), bool, what="withdrawal", timeout_s=10)
    assert "bgp-down" not in kinds(list(full.client.events(start)), wiring.azure_key)
    heal(full, spec)
    wait_until(lambda: routes_told(1), bool, what="route again", timeout_s=10)


def test_rekeying_makes_new_keys_and_no_events(full: Plane) -> None:
    wiring, start = in_use(full), now(full)
    before = spis(full, wiring)

    def new_keys() -> bool:
        current_spis = spis(full, wiring)
        return bool(current_spis) and not current_spis & before

    full.client.inject(fault("rekey", wiring))

    wait_until(new_keys, bool, what="new keys", timeout_s=10)
    assert "child-down" not in kinds(list(full.client.events(start)), wiring.azure_key)
    heal(full, fault("rekey", wiring))


@pytest.mark.parametrize("kind", ["instance-stopped", "instance-crash"])
def test_an_instance_goes_with_all_its_tunnels_and_comes_back(full: Plane, kind: str) -> None:
    wiring, start = in_use(full), now(full)
    own = [tunnel for tunnel in TUNNELS if tunnel.instance == wiring.instance]
    spec = fault(kind, wiring)

    full.client.inject(spec)

    events = until(
        full,
        lambda e: all("bgp-down" in kinds(e, tunnel.azure_key) for tunnel in own),
        since_s=start,
        what="end of both tunnels",
    )
    down_kinds = kinds(events, own[0].aws_key) & {"ike-down", "bgp-down"}
    assert bool(down_kinds) == (kind == "instance-stopped")
    heal(full, spec)


def test_lost_packets_are_lost_and_only_they(full: Plane) -> None:
    wiring = in_use(full)
    spec = fault("packet-loss", wiring, loss_ratio=1.0)

    full.client.inject(spec)
    assert not full.reaches("aws-host", str(full.client.hosts()[1].address))
    heal(full, spec)
    full.until_reaches("aws-host", str(full.client.hosts()[1].address))


def test_a_delay_is_added_to_the_round_trip_both_ways(full: Plane) -> None:
    wiring = in_use(full)
    spec = fault("packet-delay", wiring, delay_ms=60)
    azure = str(full.client.hosts()[1].address)
    before = fastest_ms(full, azure)

    full.client.inject(spec)

    # Answers may come back over another tunnel: one way is delayed in any case.
    assert fastest_ms(full, azure) >= before + 50
    heal(full, spec)
    wait_until(lambda: fastest_ms(full, azure), lambda ms: ms < 50, what="short round trip", timeout_s=10)


def test_a_whole_side_is_lost_and_comes_back(full: Plane) -> None:
    spec = fault("side-lost", in_use(full))

    full.client.inject(spec)

    assert not full.reaches("azure-host", str(full.client.hosts()[0].address))
    heal(full, spec)
    full.until_reaches("azure-host", str(full.client.hosts()[0].address))


def spis(plane: Plane, wiring: Wiring) -> set[str]:
    return set(re.findall(r"in  (\w{8})", plane.swanctl(wiring.aws_key, "--list-sas")))


def fastest_ms(plane: Plane, address: str) -> float:
    argv = ["ping", "-c", "3", "-i", "0.2", "-W", "2", address]
    done = plane.client.run("aws-host", argv, timeout_s=10)
    return min((float(ms) for ms in re.findall(r"time=([\d.]+)", done.stdout)), default=0.0)
