"""A data centre at the other end, one tunnel on purpose, machines and groups: nobody says what must exist."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import healthy_network as vn
import pytest
import verified_names as names
from test_verify_expectation import to_a_data_centre, without_tunnel

from twinspan.network import model
from twinspan.network.elsewhere import aws_elsewhere, azure_elsewhere
from twinspan.results import Outcome, Severity
from twinspan.rules.observed.expectation import Expectation, from_network
from twinspan.rules.observed.facts import Facts
from twinspan.verify.evaluate import evaluate
from twinspan.verify.findings import Verification

THERE = "192.0.2.9"


def unplanned(network: model.Network) -> Facts:
    """The facts of a network of which no Terraform state is given."""
    return replace(vn.healthy(), network=network, expected=from_network(network), planned=None)


def verified(facts: Facts) -> Verification:
    return Verification(expected_from="test", results=evaluate(facts), duration_s=0.0)


def errors(facts: Facts) -> list[tuple[str, str]]:
    return [(result.id, finding.subject) for result, finding in verified(facts).root_causes]


def with_machine(facts: Facts, *groups: str, state: str = "running") -> Facts:
    interface = model.NetworkInterface(
        id="eni-0a",
        name="",
        subnet_id=names.PRIVATE_A,
        private_ip_addresses=(IPv4Address("10.2.0.9"),),
        security_group_ids=groups,
        machine_id="i-0a",
    )
    machine = model.Machine(id="i-0a", name="web", state=state, interface_ids=("eni-0a",))
    return vn.with_aws(facts, network_interfaces=(interface,), machines=(machine,))


def test_what_leads_to_a_data_centre_is_no_half_link_though_nothing_says_so() -> None:
    facts = unplanned(to_a_data_centre(vn.healthy().network, THERE))

    assert [connection.id for connection in aws_elsewhere(facts.network)] == ["vpn-dc"]
    assert [connection.id for connection in azure_elsewhere(facts.network)] == ["/con-dc"]
    assert facts.expected.tunnel_count == 4
    assert len(facts.links()) == 4
    assert errors(facts) == []


def test_its_own_cloud_says_whether_it_is_up_and_that_is_a_warning() -> None:
    network = to_a_data_centre(vn.healthy().network, THERE)
    up = verified(unplanned(network)).result("VPN-05")
    assert network.aws
    *others, away = network.aws.vpn_connections
    silent = replace(
        away, tunnels=tuple(replace(tunnel, telemetry=vn.down("IPSEC IS DOWN")) for tunnel in away.tunnels)
    )
    down = verified(unplanned(replace(network, aws=replace(network.aws, vpn_connections=(*others, silent)))))

    assert up.outcome is Outcome.PASS
    result = down.result("VPN-05")
    assert (result.severity, [finding.outcome for finding in result.findings]) == (
        Severity.WARNING,
        [Outcome.FAIL, Outcome.PASS],
    )
    assert down.passed


def test_a_network_without_such_a_connection_has_no_such_rule() -> None:
    assert "VPN-05" not in {result.id for result in verified(vn.healthy()).results}


@pytest.mark.parametrize(
    "change",
    [
        {"static_routes": (IPv4Network("10.1.0.0/16"),)},
        {"customer_gateway_id": "cgw-00"},
        {"customer_gateway_id": "not there"},
    ],
)
def test_a_connection_that_is_meant_for_azure_or_unknown_leads_nowhere_else(
    change: dict[str, object],
) -> None:
    network = to_a_data_centre(vn.healthy().network, THERE)
    assert network.aws
    *others, away = network.aws.vpn_connections
    aws = replace(network.aws, vpn_connections=(*others, replace(away, **change)))  # type: ignore[arg-type]

    assert aws_elsewhere(replace(network, aws=aws)) == ()


@pytest.mark.parametrize(
    "change",
    [
        {"bgp_peering_address": IPv4Address("169.254.21.1")},
        {"address_prefixes": (IPv4Network("10.2.0.0/16"),)},
        {"gateway_ip_address": None},
    ],
)
def test_an_azure_connection_that_is_meant_for_aws_or_unknown_leads_nowhere_else(
    change: dict[str, object],
) -> None:
    network = to_a_data_centre(vn.healthy().network, THERE)
    assert network.azure
    *others, away = network.azure.local_network_gateways
    moved = replace(away, **change)  # type: ignore[arg-type]
    azure = replace(network.azure, local_network_gateways=(*others, moved))

    assert azure_elsewhere(replace(network, azure=azure)) == ()


def test_without_the_other_cloud_nothing_is_elsewhere() -> None:
    network = to_a_data_centre(vn.healthy().network, THERE)

    assert aws_elsewhere(replace(network, azure=None)) == ()
    assert azure_elsewhere(replace(network, aws=None)) == ()


def test_one_tunnel_on_purpose_is_one_tunnel_without_a_state_too() -> None:
    network = vn.healthy().network
    for key in ("tunnel2", "tunnel3", "tunnel4"):
        network = without_tunnel(network, key)
    assert network.aws
    # One connection, and no customer gateway for the second instance.
    aws = replace(
        network.aws,
        vpn_connections=network.aws.vpn_connections[:1],
        customer_gateways=network.aws.customer_gateways[:1],
    )

    assert from_network(replace(network, aws=aws)).tunnel_count == 1


def test_the_groups_of_a_machine_are_those_that_count() -> None:
    facts = with_machine(vn.healthy(), "sg-00")

    assert facts.host_groups[names.PRIVATE_A].ids == ("sg-00",)
    assert ("FLT-11", "default (sg-00)") in errors(facts)


def test_one_of_several_groups_that_admits_is_enough() -> None:
    facts = with_machine(vn.healthy(), "sg-00", "sg-0a")

    assert verified(facts).result("FLT-11").outcome is Outcome.PASS


def test_a_default_group_that_admits_nobody_is_the_finding_with_the_missing_rule() -> None:
    healthy = vn.without_clusters(vn.healthy().network)
    assert healthy.aws
    closed = tuple(group for group in healthy.aws.security_groups if group.id == "sg-00")
    facts = unplanned(replace(healthy, aws=replace(healthy.aws, security_groups=closed)))

    result = verified(replace(facts, pings=(), large_pings=())).result("FLT-11")

    (finding,) = result.findings
    assert (finding.subject, finding.outcome) == ("default (sg-00)", Outcome.FAIL)
    assert "authorize-security-group-ingress --group-id sg-00" in finding.remedy
    assert "CidrIp=10.1.2.0/24" in finding.remedy


def test_without_a_machine_the_group_that_admits_the_remote_side_is_taken() -> None:
    facts = replace(vn.healthy(), expected=Expectation(source="nothing", tunnel_count=4))

    assert {groups.ids for groups in facts.host_groups.values()} == {("sg-0a",)}


def test_a_machines_own_nsg_is_judged_if_it_runs() -> None:
    facts = vn.healthy()
    assert facts.network.azure
    closed = model.NetworkSecurityGroup(
        id=f"{names.GROUP}/networksecuritygroups/own",
        name="own",
        security_rules=(
            model.SecurityRule(
                name="nobody",
                priority=100,
                direction="Inbound",
                access="Deny",
                protocol="*",
                source_address_prefixes=("*",),
                source_port_ranges=("*",),
                destination_address_prefixes=("*",),
                destination_port_ranges=("*",),
            ),
        ),
    )
    interface = model.NetworkInterface(
        id="/nic",
        name="nic",
        subnet_id=names.WORKLOAD,
        private_ip_addresses=(IPv4Address("10.1.2.9"),),
        security_group_ids=(closed.id,),
        machine_id="/vm",
    )
    machine = model.Machine(id="/vm", name="store", state="running", interface_ids=("/nic",))
    groups = (*facts.network.azure.network_security_groups, closed)

    def judged(state: str) -> list[str]:
        one = vn.with_azure(
            facts,
            network_security_groups=groups,
            network_interfaces=(interface,),
            machines=(replace(machine, state=state),),
        )
        return [finding.subject for finding in verified(one).result("FLT-13").findings if finding.outcome.bad]

    assert judged("running") == ["own of machine store"]
    assert judged("deallocated") == []
