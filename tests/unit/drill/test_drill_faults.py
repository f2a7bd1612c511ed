"""What a drill breaks in the twin's data plane is told in words that name the tunnel."""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest
from test_drill_parts import link, without_bgp

from twinspan.cloud.endpoints import Endpoints
from twinspan.drill.catalogue import DRILLS
from twinspan.drill.composite import fault_of
from twinspan.errors import DesignError, HostError
from twinspan.faults.definition import Drill
from twinspan.network.azure import GatewayInstance
from twinspan.network.links import TunnelLink
from twinspan.target.target import Target
from twinspan.target.twin import TwinPlace

TARGET = Target(place=TwinPlace("words"), endpoints=Endpoints(aws=None, azure=None))
ON_THE_WIRE = [drill for drill in DRILLS if drill.steps and all(step.fault.inject for step in drill.steps)]


def tunnel(number: int, *, connection: str) -> TunnelLink:
    known = link(number)
    assert known.vpn_connection is not None
    instance = GatewayInstance(
        ip_configuration_id="c",
        ip_configuration_name="c",
        subnet_id="s",
        public_ip_address=IPv4Address("198.51.100.4"),
        default_bgp_ip_address=None,
        custom_bgp_ip_addresses=(),
    )
    return replace(known, vpn_connection=replace(known.vpn_connection, id=connection), instance=instance)


LINKS = (tunnel(1, connection="vpn-1"), tunnel(2, connection="vpn-1"), tunnel(3, connection="vpn-2"))


@pytest.mark.parametrize("drill", ON_THE_WIRE, ids=lambda drill: drill.name)
def test_every_fault_on_the_wire_says_what_it_breaks(drill: Drill) -> None:
    descriptions = fault_of(TARGET, drill, LINKS[0], LINKS).description.split("; ")

    assert len(descriptions) == len(drill.steps)
    assert descriptions[0].endswith("tunnel1, 203.0.113.1 - 198.51.100.4")
    assert not any(
        step.fault.id in words
        for step, words in zip(drill.steps, descriptions, strict=True)
        if "-" in step.fault.id
    )


def test_the_second_fault_of_a_drill_meets_the_tunnel_that_it_aims_at() -> None:
    by_name = {drill.name: drill for drill in ON_THE_WIRE}

    assert "; path of tunnel2," in fault_of(TARGET, by_name["connection-down"], LINKS[0], LINKS).description
    assert (
        "; BGP session of tunnel3," in fault_of(TARGET, by_name["two-at-once"], LINKS[0], LINKS).description
    )
    with pytest.raises(HostError, match="has no other tunnel to break with it"):
        fault_of(TARGET, by_name["two-at-once"], LINKS[0], LINKS[:2])


@pytest.mark.parametrize("drill", ON_THE_WIRE, ids=lambda drill: drill.name)
def test_a_tunnel_with_static_routes_has_no_fault_of_bgp_and_every_other_one(drill: Drill) -> None:
    links = tuple(without_bgp(link) for link in LINKS)

    if drill.name in {"bgp-closed", "bgp-silent", "route-withdrawn", "two-at-once"}:
        with pytest.raises(DesignError, match=r"tunnel[13] .* has static routes and no BGP session"):
            fault_of(TARGET, drill, links[0], links)
    else:
        assert fault_of(TARGET, drill, links[0], links).description
