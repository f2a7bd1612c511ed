"""A VPN without BGP: routes follow the security associations."""

from collections.abc import Sequence

import pytest
from plane_harness import Plane, aws_end
from reference_network import AZURE, PUBLIC, TUNNELS, VGW, Wiring
from static_network import static_network, up

from twinspan.twin.dataplane.wire import FaultSpec
from twinspan.twin.observed import Observed

pytestmark = pytest.mark.root

FIRST, SECOND, THIRD, FOURTH = TUNNELS


def until_up(plane: Plane, wirings: Sequence[Wiring], timeout_s: float = 20.0) -> Observed:
    """Wait until these tunnels are up, and no other."""
    wanted = {wiring.outside for wiring in wirings}
    return plane.until(
        lambda seen: (
            {end.outside_ip_address for end in seen.aws_tunnels if end.ipsec_up} == wanted
            and {
                (end.connection_id, str(end.public_ip_address)) for end in seen.azure_tunnels if end.ipsec_up
            }
            == up(wirings)
        ),
        what=f"tunnels {', '.join(wiring.name for wiring in wirings)}",
        timeout_s=timeout_s,
    )


def path_cut(wiring: Wiring) -> FaultSpec:
    return FaultSpec(
        kind="path-cut", outside_ip_address=wiring.outside, public_ip_address=PUBLIC[wiring.instance]
    )


def in_use(seen: Observed) -> Wiring:
    (address,) = seen.vgw_active_tunnels[VGW]
    return next(wiring for wiring in TUNNELS if wiring.outside == address)


@pytest.mark.parametrize(
    "tunnels",
    [(FIRST,), (FIRST, SECOND), (FIRST, THIRD), TUNNELS],
    ids=["one tunnel", "one instance", "one tunnel per instance", "four tunnels"],
)
def test_a_static_vpn_carries_packets_both_ways(plane: Plane, tunnels: Sequence[Wiring]) -> None:
    result = plane.apply(*static_network(tunnels))

    assert result.problems == ()
    until_up(plane, tunnels)
    first, second = plane.attach_pair()
    plane.until_reaches("aws-host", second)
    plane.until_reaches("azure-host", first)
    seen = plane.client.observe()
    assert seen.vgw_routes[VGW] == (AZURE,)
    assert len(seen.vgw_active_tunnels[VGW]) == 1
    assert in_use(seen) in tunnels
    for wiring in TUNNELS[: 2 * len({each.instance for each in tunnels})]:
        end = aws_end(seen, wiring.outside)
        assert end.bgp_state == "None"
        assert end.accepted_routes == ((AZURE,) if wiring in tunnels else ())
    assert all(peers == () for peers in seen.azure_bgp_peers.values())
    assert sum(end.bytes_in for end in seen.azure_tunnels) > 0
    assert sum(end.bytes_in for end in seen.aws_tunnels) > 0
