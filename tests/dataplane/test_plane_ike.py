"""Longer lives of tunnels, in short: rekeying, keys that stop to agree, and tunnels without BGP."""

import re
from dataclasses import replace

import pytest
from plane_harness import Plane
from reference_network import (
    AWS,
    AZURE,
    POLICY,
    TUNNELS,
    reference_network,
    with_aws,
    with_azure,
    with_connection,
)

from twinspan.network.model import Network
from twinspan.twin.dataplane.spec import EndSpec

pytestmark = pytest.mark.root

FIRST = TUNNELS[0]
_PING_INTERVAL_S = 0.01


def _lives(end: EndSpec, *, ike_s: int, child_s: int) -> EndSpec:
    """Rekeying starts 2 s before the end of a life, without the random part."""
    ike = replace(
        end.ike, ike_lifetime_s=ike_s, child_lifetime_s=child_s, rekey_margin_s=2, rekey_fuzz_percentage=0
    )
    return replace(end, ike=ike)


def _newest(plane: Plane, name: str) -> int:
    """Return the highest number of AWS's IKE SAs (`tunnel`) or child SAs (`  inside`) of the first tunnel."""
    listed = plane.swanctl(FIRST.aws_key, "--list-sas")
    return max(int(number) for number in re.findall(rf"^{name}: #(\d+)", listed, re.MULTILINE))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sides", "ike_s", "ike_sas"),
    [
        pytest.param({"aws"}, 9, 1, id="one end renews both kinds of SA"),
        pytest.param({"aws", "azure"}, 600, 0, id="both ends renew child SAs at the same moment"),
    ],
)
def test_rekeying_under_traffic_loses_next_to_nothing(
    plane: Plane, sides: set[str], ike_s: int, ike_sas: int
) -> None:
    """The IKE SA is renewed every 7 s, child SAs every 3 s: never in the same moment in the first 20 s.

    Where both meet, charon does not find the child SA that moves to the new IKE SA ("not found for rekey"),
    lets it expire and makes another one: a gap that the random part of lifetimes keeps rare.
    """
    plane.apply_ends(
        *reference_network(),
        lambda end: _lives(end, ike_s=ike_s, child_s=5) if end.side in sides else end,
    )
    plane.until_established(4)
    _first, second = plane.attach_pair()
    plane.until_reaches("aws-host", second)
    before = _newest(plane, "tunnel"), _newest(plane, "  inside")

    argv = ["ping", "-q", "-c", "750", "-i", str(_PING_INTERVAL_S), "-W", "1", second]
    output = plane.client.run("aws-host", argv, timeout_s=20).stdout

    renewed = _newest(plane, "tunnel") - before[0], _newest(plane, "  inside") - before[1]
    assert renewed[0] >= ike_sas
    assert renewed[1] >= 2
    received = int(re.findall(r"(\d+) received", output)[0])
    assert received >= 745
    kinds = {event.kind for event in plane.client.events(0.0)}
    assert kinds.isdisjoint({"ike-down", "child-down", "bgp-down"})


@pytest.mark.slow
def test_groups_that_differ_in_phase_2_agree_until_the_keys_are_renewed(plane: Plane) -> None:
    network, secrets = reference_network()
    other = replace(POLICY, pfs_group="ECP256")
    network = with_connection(network, FIRST, ipsec_policy=other)
    plane.apply_ends(network, secrets, lambda end: _lives(end, ike_s=600, child_s=7))

    plane.until_established(4)
    ended = plane.until_event(FIRST.aws_key, "child-down")

    began = plane.until_event(FIRST.aws_key, "child-up")
    assert ended.at_s - began.at_s >= 4, "it carries packets until its keys are to be renewed"
    log = plane.log_file.read_text()
    assert "NO_PROPOSAL_CHOSEN" in log
    assert "closing expired CHILD_SA" in log, "nothing but the end of its life closes it"
    others = {event.kind for wiring in TUNNELS[1:] for event in plane.events_of(wiring.aws_key)}
    assert "child-down" not in others


def _static(network: Network) -> Network:
    """The design without BGP: AWS is told the far prefixes, and so is Azure."""
    assert network.aws is not None
    assert network.azure is not None
    azure = network.azure
    network = with_aws(
        network,
        vpn_connections=tuple(
            replace(connection, static_routes_only=True, static_routes=(AZURE,))
            for connection in network.aws.vpn_connections
        ),
    )
    return with_azure(
        network,
        connections=tuple(replace(connection, bgp_enabled=False) for connection in azure.connections),
        local_network_gateways=tuple(
            replace(gateway, address_prefixes=(AWS,)) for gateway in azure.local_network_gateways
        ),
    )


def test_static_routes_carry_packets_without_bgp(plane: Plane) -> None:
    network, secrets = reference_network()

    result = plane.apply(_static(network), secrets)

    assert result.problems == ()
    seen = plane.until(lambda now: all(end.ipsec_up for end in now.aws_tunnels), what="four tunnels")
    assert {end.bgp_state for end in seen.aws_tunnels} == {"None"}
    first, second = plane.attach_pair()
    plane.until_reaches("aws-host", second)
    plane.until_reaches("azure-host", first)
    assert "bgp-up" not in {
        event.kind for event in plane.client.events(0.0) if event.subject == FIRST.aws_key
    }


def test_a_static_connection_without_routes_carries_nothing(plane: Plane) -> None:
    network, secrets = reference_network()
    network = _static(network)
    assert network.aws is not None
    bare = tuple(replace(connection, static_routes=()) for connection in network.aws.vpn_connections)
    plane.apply(with_aws(network, vpn_connections=bare), secrets)
    plane.until(lambda now: all(end.ipsec_up for end in now.aws_tunnels), what="four tunnels")

    _first, second = plane.attach_pair()

    assert not plane.reaches("aws-host", second)
