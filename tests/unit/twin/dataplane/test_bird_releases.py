"""Answers that BIRDs of several releases gave in a twin of `terraform/envs/dev`, read by the same parsers.

`answers/bird-VERSION/` holds what `birdc` printed for a gateway: `show protocols all`, `show route all`.
"""

from collections import Counter
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from twinspan.twin.dataplane.bird_control import BirdRoute, parse_routes, parse_sessions

RELEASES = sorted((Path(__file__).parent / "answers").iterdir())
VPC, VNET = IPv4Network("10.2.0.0/16"), IPv4Network("10.1.0.0/16")
APIPA = IPv4Network("169.254.0.0/16")

every_release = pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.name)


def routes(release: Path, side: str, network: IPv4Network) -> list[BirdRoute]:
    text = (release / f"{side}-gateway-routes.txt").read_text()
    return [route for route in parse_routes(text) if route.network == network]


def test_the_releases_of_both_debians_are_here() -> None:
    assert [release.name for release in RELEASES] == ["bird-2.0.12", "bird-2.17.6"]


@every_release
def test_an_azure_instance_has_two_tunnels_up_and_two_that_no_peer_answers(release: Path) -> None:
    sessions = parse_sessions((release / "azure-gateway-protocols.txt").read_text())
    tunnels = [session.state for name, session in sessions.items() if name.startswith("t_")]
    others = {name[:2]: session.state for name, session in sessions.items() if not name.startswith("t_")}
    assert Counter(tunnels) == {"Established": 2, "Idle": 2}
    assert others == {"i_": "Established", "to": "Established"}


@every_release
def test_an_azure_instance_learns_the_vpc_over_its_tunnels_and_its_sibling(release: Path) -> None:
    learned = routes(release, "azure", VPC)
    assert [route.as_path for route in learned] == [(64512,)] * 3
    assert sum(route.best for route in learned) == 1
    hops = {route.protocol[:2]: route.next_hop for route in learned}
    assert hops["i_"] in {IPv4Address("10.1.1.4"), IPv4Address("10.1.1.5")}
    assert hops["t_"] is not None
    assert hops["t_"] in APIPA


@every_release
def test_the_virtual_private_gateway_learns_the_vnet_over_four_tunnels(release: Path) -> None:
    learned = routes(release, "aws", VNET)
    assert [(route.as_path, route.protocol[:2]) for route in learned] == [((65000,), "t_")] * 4
    assert [route.best for route in learned] == [True, False, False, False]
    assert len({route.next_hop for route in learned}) == len({route.device for route in learned}) == 4
    assert all(route.device == f"tun{route.protocol.removeprefix('t_')}" for route in learned)


@every_release
@pytest.mark.parametrize(("side", "network"), [("azure", VNET), ("aws", VPC)])
def test_a_gateways_own_network_leads_nowhere(release: Path, side: str, network: IPv4Network) -> None:
    (own,) = routes(release, side, network)
    assert (own.protocol, own.best, own.next_hop, own.device) == ("own_networks", True, None, "")
