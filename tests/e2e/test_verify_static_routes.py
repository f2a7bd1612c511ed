"""What breaks a VPN without BGP, broken through the clouds' own APIs: verify names it, and nothing else."""

from collections.abc import Iterator
from functools import partial

import pytest
import verify_lab
from azure.core.exceptions import HttpResponseError
from verify_lab import Lab

from twinspan.verify import Outcome

pytestmark = [pytest.mark.root, pytest.mark.long]
UP = {"VPN-03": 4, "VPN-04": 4}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A static design on a twin of the module's own, whole."""
    with verify_lab.static_lab(tmp_path_factory.mktemp("static")) as built:
        yield built


def test_telemetry_is_up_without_bgp_and_the_checks_of_bgp_are_said_not_to_apply(lab: Lab) -> None:
    verification = lab.verify()

    assert verification.passed
    assert verification.result("VPN-03").passed == 4
    for name in ("BGP-11", "BGP-13", "RTE-12"):
        (finding,) = verification.result(name).findings
        assert finding.outcome is Outcome.SKIPPED
        assert finding.evidence.startswith("not applicable")


def test_static_routes_that_are_gone_are_the_first_broken_link(lab: Lab) -> None:
    connections = [lab.tunnel(key).aws_vpn_connection_id for key in ("first_tunnel1", "second_tunnel1")]

    def remove() -> None:
        for connection in connections:
            lab.ec2.delete_vpn_connection_route(
                VpnConnectionId=connection, DestinationCidrBlock="10.1.0.0/16"
            )

    def add() -> None:
        for connection in connections:
            lab.ec2.create_vpn_connection_route(
                VpnConnectionId=connection, DestinationCidrBlock="10.1.0.0/16"
            )

    with lab.broken(remove, add):
        findings = lab.finds_all("RTE-02", seen=UP)
        reading = lab.readings[-1]
        drift = [evidence for _, _, evidence in verify_lab.drift(reading)]

    assert {finding.subject for finding in findings} == {
        f"{connection} static_routes_only" for connection in connections
    }
    assert "create-vpn-connection-route" in findings[0].remedy
    assert reading.result("RCH-01").outcome is Outcome.SKIPPED
    assert drift == ["static_route: 10.1.0.0/16: planned present, deployed absent"] * 2


def test_a_local_network_gateway_that_names_another_range(lab: Lab) -> None:
    name = lab.local_gateway_of("first_tunnel1")
    inject = partial(lab.modify_local_gateway, name, address_prefixes=["10.22.0.0/16"])

    with lab.broken(inject, partial(lab.modify_local_gateway, name, address_prefixes=["10.2.0.0/16"])):
        (finding,) = lab.finds(("STA-02", f"{name} address_space"), seen=UP)

    assert "10.22.0.0/16 leads to nothing of 10.2.0.0/16" in finding.evidence


def test_prefixes_of_the_vnet_itself_are_refused_by_azure_in_the_words_that_check_has(lab: Lab) -> None:
    name = lab.local_gateway_of("first_tunnel1")

    with pytest.raises(HttpResponseError, match="ConnectionOverlappingAddressSpaces"):
        lab.modify_local_gateway(name, address_prefixes=["10.2.0.0/16", "10.1.1.0/24"])

    assert lab.verify().passed


def test_a_wrong_key_of_a_static_tunnel(lab: Lab) -> None:
    tunnel, right = lab.tunnel("second_tunnel1"), lab.key_of("second_tunnel1")
    inject = partial(lab.modify_tunnel, "second_tunnel1", PreSharedKey="Wrong.Key.0815")

    with lab.broken(inject, partial(lab.modify_tunnel, "second_tunnel1", PreSharedKey=right)):
        (finding,) = lab.finds(
            ("KEY-03", f"{tunnel.azure_connection_name} shared_key"),
            seen={"VPN-03": 3, "VPN-04": 3},
        )

    assert "IKE_PHASE1_KEY_MISMATCH" in finding.fault


def test_selectors_that_leave_the_vnet_out_are_an_error_once_packets_are_lost_by_them(lab: Lab) -> None:
    connections = [lab.tunnel(key).aws_vpn_connection_id for key in ("first_tunnel1", "second_tunnel1")]

    def select(cidr: str) -> None:
        for connection in connections:
            lab.ec2.modify_vpn_connection_options(VpnConnectionId=connection, LocalIpv4NetworkCidr=cidr)

    with lab.broken(partial(select, "10.9.0.0/16"), partial(select, "0.0.0.0/0")):
        findings = lab.finds_all("SEL-03", seen={"VPN-03": 4, "RCH-01": 0})

    assert len(findings) == 4
    assert "10.9.0.0/16 - 0.0.0.0/0 does not admit all between 10.1.0.0/16" in findings[0].evidence
