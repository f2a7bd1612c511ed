"""Every check has a broken network that fails it and it alone."""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import healthy_network as vn
import pytest
import verified_names as names
from broken_clusters import (
    BROKEN_CLUSTERS,
    closed_aks_group,
    closed_in_aks,
    closed_in_eks,
    closed_shop,
    no_pod_reply,
    sick_node,
    without_test_pod,
)
from broken_networks import BROKEN, aws_unreadable, behind_a_router, no_propagation, no_reply, peer_connecting
from healthy_static import BROKEN_STATIC, static

from twinspan.network import model
from twinspan.network.clouds import CLOUDS, Cloud
from twinspan.results import Outcome
from twinspan.rules.catalogue import CATALOGUE
from twinspan.rules.observed.catalogue import OBSERVED
from twinspan.rules.observed.cluster_facts import ClusterFacts
from twinspan.rules.observed.expectation import from_network
from twinspan.rules.observed.facts import Facts
from twinspan.rules.sections import Section
from twinspan.verify.evaluate import evaluate
from twinspan.verify.findings import Verification


def verify(facts: Facts) -> Verification:
    return Verification(expected_from="test", results=evaluate(facts), duration_s=0.0)


def failed(facts: Facts) -> list[tuple[str, str]]:
    return [(result.id, finding.subject) for result, finding in verify(facts).root_causes]


def test_a_healthy_network_passes_every_check() -> None:
    verification = verify(vn.healthy())

    assert verification.passed
    outcomes = {result.id: result.outcome for result in verification.results}
    assert set(outcomes) == {rule.id for rule in CATALOGUE} - {"VPN-05"}  # nothing leads elsewhere
    assert {name for name, outcome in outcomes.items() if outcome is not Outcome.PASS} == {
        *("RED-03", "RED-05", "MTU-01", "COST-01")
    }


@pytest.mark.parametrize(
    ("check", "subject", "damage"),
    [*BROKEN, *BROKEN_CLUSTERS],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_one_broken_thing_fails_one_check_and_names_the_object(
    check: str, subject: str, damage: Callable[[Facts], Facts]
) -> None:
    verification = verify(damage(vn.healthy()))

    failures = verification.drift if check.startswith("DRF") else verification.root_causes
    assert [(result.id, finding.subject) for result, finding in failures] == [(check, subject)]
    assert check not in {"DRF-01", "DRF-02"} or not verification.root_causes
    finding = failures[0][1]
    assert finding.evidence
    assert finding.command
    assert finding.remedy


def test_a_cloud_that_refuses_is_inconclusive_with_its_words_and_the_other_one_is_judged() -> None:
    verification = verify(aws_unreadable(vn.healthy()))

    assert [check for check, _ in failed(aws_unreadable(vn.healthy()))][:1] == ["ACC-01"]
    assert verification.failures[0][1].outcome is Outcome.INCONCLUSIVE
    assert verification.failures[0][1].evidence == "UnauthorizedOperation"
    assert verification.result("NET-02").outcome is Outcome.PASS
    assert verification.result("NET-01").outcome is Outcome.SKIPPED


@pytest.mark.parametrize("cloud", CLOUDS)
def test_what_cannot_be_judged_without_one_of_the_clouds_is_not_green(cloud: Cloud) -> None:
    healthy = vn.healthy()
    network = replace(healthy.network, aws=None) if cloud == "aws" else replace(healthy.network, azure=None)
    facts = replace(healthy, network=network, cloud_problems={cloud: "403"}, bgp={}, pings=(), large_pings=())

    results = {result.id: result for result in verify(facts).results}

    both = ["VPN-02", "BGP-11", "RTE-11", "RTE-12", "FLT-11", "FLT-12"]
    filtered = [f for f in results["FLT-13"].findings if f.subject == "dev-nsg of workload"]
    assert {name for name in both if results[name].passed} == set()
    assert Outcome.PASS not in {finding.outcome for finding in filtered}
    assert [check for check, _ in failed(facts)] == ["ACC-01" if cloud == "aws" else "ACC-02"]


def test_tunnels_that_neither_cloud_has_fail_the_count() -> None:
    facts = half_of(vn.healthy())
    facts = replace(facts, expected=replace(facts.expected, tunnels=(), vpn_connection_ids=()))

    assert failed(facts) == [("VPN-02", "tunnels")]


def half_of(facts: Facts) -> Facts:
    """The network without its second VPN connection, on either side."""
    assert facts.network.aws
    assert facts.network.azure
    facts = vn.with_azure(facts, connections=facts.network.azure.connections[:2])
    assert facts.network.aws
    return vn.with_aws(facts, vpn_connections=facts.network.aws.vpn_connections[:1])


def test_every_check_of_the_catalogue_has_a_case_that_fails_it() -> None:
    broken = {check for check, _, _ in (*BROKEN, *BROKEN_CLUSTERS, *BROKEN_STATIC)} | {"ACC-01", "VPN-05"}
    assert {rule.id for rule in OBSERVED} - broken == set()


def test_an_empty_network_is_never_green_even_without_an_expectation() -> None:
    empty = model.Network(
        aws=model.AwsNetwork(account_id="1", region="eu-west-1"),
        azure=model.AzureNetwork(subscription_id="5b1d"),
    )
    facts = Facts(network=empty, expected=from_network(empty))

    assert not verify(facts).passed
    assert ("NET-01", "AWS") in failed(facts)


def test_a_cloud_that_was_not_asked_is_inconclusive_and_not_green() -> None:
    facts = replace(vn.healthy(), network=replace(vn.healthy().network, azure=None))

    verification = verify(facts)

    assert not verification.passed
    assert verification.result("ACC-02").outcome is Outcome.INCONCLUSIVE


def test_tunnels_that_vanished_from_aws_fail_though_nothing_else_is_left_to_compare() -> None:
    facts = vn.with_azure(vn.with_aws(vn.healthy(), vpn_connections=()), connections=())

    verification = verify(facts)

    assert not verification.passed
    assert verification.result("VPN-01").passed == 0


def test_without_outputs_two_gateway_instances_still_demand_four_tunnels() -> None:
    half = half_of(vn.healthy())
    facts = replace(half, expected=from_network(half.network))

    assert facts.expected.tunnel_count == 4
    assert ("VPN-02", "tunnels") in failed(facts)


def test_a_healthy_network_passes_without_outputs_too() -> None:
    facts = vn.healthy()

    assert failed(replace(facts, expected=from_network(facts.network))) == []


def test_the_ends_that_never_come_up_are_notes_and_not_failures() -> None:
    verification = verify(vn.healthy())

    assert "4 further Azure ends stay down" in verification.result("VPN-04").notes[0]
    assert "4 further sessions" in verification.result("BGP-11").notes[0]


def test_a_session_from_the_wrong_local_address_does_not_count() -> None:
    healthy = vn.healthy()
    bgp = healthy.bgp[names.GATEWAY]
    wrong = tuple(
        replace(p, local_address=IPv4Address("169.254.21.2")) if str(p.local_address) == "169.254.22.2" else p
        for p in bgp.peers
    )
    facts = replace(healthy, bgp={names.GATEWAY: replace(bgp, peers=wrong)})

    assert failed(facts) == [("BGP-11", "tunnel2: 169.254.22.2 - 169.254.22.1")]


def test_a_failure_is_not_repeated_down_its_own_branch() -> None:
    facts = peer_connecting(vn.with_connection(vn.healthy(), "tunnel2", connection_status="Connecting"))

    verification = verify(facts)

    assert [(result.id, finding.subject) for result, finding in verification.root_causes] == [
        ("VPN-04", "dev-tunnel2")
    ]
    assert "VPN-04 failed for dev-tunnel2" in verification.result("BGP-11").findings[1].evidence


def test_a_failure_on_one_branch_does_not_hide_one_on_another() -> None:
    facts = peer_connecting(vn.with_connection(vn.healthy(), "tunnel4", connection_status="Connecting"))

    assert [check for check, _ in failed(facts)] == ["VPN-04", "BGP-11"]


def test_a_ping_that_fails_behind_a_broken_route_table_is_explained_by_it() -> None:
    facts = no_reply("azure")(no_propagation(vn.healthy()))

    assert failed(facts) == [("RTE-11", "private-a-table (rtb-subnet-0a)")]


def test_a_way_through_a_router_that_forwards_is_a_way() -> None:
    facts = behind_a_router(vn.healthy())

    assert failed(facts) == []
    finding = next(
        outcome
        for result in verify(facts).results
        if result.id == "RTE-11"
        for outcome in result.findings
        if outcome.branch == "rtb-subnet-0a"
    )
    assert "router" in finding.evidence


@pytest.mark.parametrize("broken", [{"forwards": False}, {"state": "stopped"}])
def test_a_router_that_does_not_forward_fails_the_table_that_leads_to_it(broken: dict[str, Any]) -> None:
    facts = behind_a_router(vn.healthy(), **broken)

    assert failed(facts) == [
        ("RTE-15", "rtb-subnet-0a"),
        ("RTE-11", "private-a-table (rtb-subnet-0a)"),
    ]


def test_one_lost_ping_is_a_failure() -> None:
    facts = vn.healthy()
    facts = replace(facts, pings=tuple(replace(p, received=2) for p in facts.pings))

    assert [check for check, _ in failed(facts)] == ["RCH-01"]


def test_a_network_without_clusters_says_nothing_of_them() -> None:
    facts = vn.with_azure(vn.with_aws(vn.healthy(), eks_clusters=()), aks_clusters=())

    results = {result.id for result in verify(replace(facts, kubernetes=ClusterFacts())).results}

    about = {rule.id for rule in OBSERVED if rule.section in {Section.CLUSTERS, Section.PODS}}
    assert results & about == set()


def test_pods_behind_a_closed_filter_or_on_a_sick_node_are_explained_by_it() -> None:
    assert failed(no_pod_reply("azure")(closed_aks_group(vn.healthy()))) == [
        ("FLT-05", "aks-nsg of aks-pods")
    ]
    assert failed(no_pod_reply("aws")(sick_node(vn.healthy()))) == [("KUB-03", "aks")]


def test_a_test_pod_that_does_not_start_is_inconclusive_and_not_green() -> None:
    verification = verify(without_test_pod(vn.healthy()))

    assert {(result.id, finding.outcome) for result, finding in verification.failures} == {
        (check, Outcome.INCONCLUSIVE) for check in ("POD-11",)
    }
    assert "ErrImagePull" in verification.failures[0][1].evidence
    assert verification.result("KUB-05").passed == 1


def test_with_clusters_and_without_test_pods_the_packets_of_pods_are_skipped_and_it_is_said() -> None:
    kubernetes = replace(vn.healthy().kubernetes, pods_wanted=False, lookups=(), seen=(), pings=())
    verification = verify(replace(vn.healthy(), kubernetes=kubernetes))

    assert verification.passed
    assert verification.result("POD-13").outcome is Outcome.SKIPPED
    assert "no test pods" in verification.result("POD-11").findings[0].evidence


def test_without_hosts_the_pings_are_skipped_with_the_reason() -> None:
    verification = verify(replace(vn.healthy(), pings=()))

    assert verification.passed
    assert verification.result("RCH-01").outcome is Outcome.SKIPPED
    assert "no hosts" in verification.result("RCH-01").findings[0].evidence


def test_telemetry_that_aws_does_not_give_is_inconclusive() -> None:
    facts = vn.with_tunnel(vn.healthy(), "tunnel1", telemetry=None)

    assert verify(facts).failures[0][1].outcome is Outcome.INCONCLUSIVE


def test_bgp_that_azure_does_not_tell_is_inconclusive_with_its_reason() -> None:
    facts = replace(vn.healthy(), bgp={}, bgp_problems={names.GATEWAY: "GatewayBusy"})

    result = verify(facts).result("BGP-11")

    assert result.outcome is Outcome.INCONCLUSIVE
    assert "GatewayBusy" in result.findings[0].evidence


def test_a_static_route_through_the_gateway_serves_as_well() -> None:
    facts = no_propagation(vn.healthy())
    assert facts.network.aws
    first, *rest = facts.network.aws.route_tables
    static = model.AwsRoute(
        destination=names.VNET_CIDR, target="vgw-0a", state="active", origin="CreateRoute"
    )
    facts = vn.with_aws(facts, route_tables=(replace(first, routes=(*first.routes, static)), *rest))

    assert failed(facts) == []


def test_a_blackhole_route_fails() -> None:
    facts = vn.healthy()
    assert facts.network.aws
    first, *rest = facts.network.aws.route_tables
    dead = replace(first, routes=(first.routes[0], replace(first.routes[1], state="blackhole")))

    assert failed(vn.with_aws(facts, route_tables=(dead, *rest))) == [
        ("RTE-11", "private-a-table (rtb-subnet-0a)")
    ]


def test_a_host_that_could_not_be_had_is_inconclusive_and_not_skipped() -> None:
    verification = verify(replace(vn.healthy(), pings=(), host_problems=("subnet subnet-0a is gone",)))

    assert not verification.passed
    assert verification.result("RCH-01").findings[0].outcome is Outcome.INCONCLUSIVE


def test_a_cluster_that_runs_another_version_than_its_cloud_says_is_a_note_with_both() -> None:
    facts = vn.healthy()
    readings = tuple(replace(reading, version="1.35.4") for reading in facts.kubernetes.readings)
    result = verify(replace(facts, kubernetes=replace(facts.kubernetes, readings=readings))).result("KUB-02")

    assert result.outcome is Outcome.PASS
    versions = [facts.network.aws.eks_clusters[0].version]  # type: ignore[union-attr]
    versions.append(facts.network.azure.aks_clusters[0].kubernetes_version)  # type: ignore[union-attr]
    assert [note.split(": ")[1] for note in result.notes] == [
        f"asked for {version}, runs 1.35.4" for version in versions
    ]
    assert all("runs 1.35.4" in finding.evidence for finding in result.findings)
    assert verify(facts).result("KUB-02").notes == ()


def test_a_policy_that_nobody_enforces_closes_nothing_and_is_noted() -> None:
    healthy = vn.healthy()
    facts = replace(healthy, kubernetes=closed_in_eks(healthy).kubernetes)
    facts = replace(facts, kubernetes=replace(facts.kubernetes, pings=healthy.kubernetes.pings))

    result = verify(facts).result("KUB-06")

    assert result.outcome is Outcome.PASS
    (note,) = result.notes
    assert "eks: 1 network policies, which do nothing without enableNetworkPolicy" in note


@pytest.mark.parametrize(
    ("damage", "patch"),
    [
        (
            closed_in_eks,
            '"path": "/spec/ingress", "value": [{"from": [{"ipBlock": {"cidr": "10.1.8.33/32"}}]}]',
        ),
        (
            closed_in_aks,
            '"path": "/spec/ingress/-", "value": {"from": [{"ipBlock": {"cidr": "10.2.0.17/32"}}]}',
        ),
        (closed_shop, '"path": "/spec/ingress", "value": [{"from": [{"ipBlock": {"cidr": "10.2.0.0/16"}}]}]'),
    ],
    ids=["no rule", "one more rule", "the network of the other cloud"],
)
def test_the_remedy_of_a_closed_pod_is_the_rule_that_is_missing(
    damage: Callable[[Facts], Facts], patch: str
) -> None:
    ((_, finding),) = verify(damage(vn.healthy())).root_causes

    assert patch in finding.remedy
    assert f'patch networkpolicy closed --type json -p \'[{{"op": "add", {patch}}}]\'' in finding.remedy


def of_several_gateways(facts: Facts) -> Facts:
    """Return a network without BGP and without Terraform's outputs, with a gateway that has no connection."""
    azure = facts.network.azure
    assert azure
    (own,) = azure.virtual_network_gateways
    instance = replace(
        own.instances[0], ip_configuration_id=f"{names.GROUP}/spare/0", public_ip_address=SPARE_ADDRESS
    )
    spare = replace(own, id=f"{names.GROUP}/spare", name="spare", instances=(instance,))
    facts = vn.with_azure(facts, virtual_network_gateways=(own, spare))
    return replace(facts, expected=from_network(facts.network))


SPARE_ADDRESS = IPv4Address("198.51.100.77")


def test_a_customer_gateway_with_the_address_of_another_gateway_than_the_connections_is_wrong() -> None:
    facts = of_several_gateways(static())
    aws = facts.network.aws
    assert aws
    astray = replace(aws.customer_gateways[0], ip_address=SPARE_ADDRESS)
    broken = vn.with_aws(facts, customer_gateways=(astray, *aws.customer_gateways[1:]))

    assert ("CGW-04", "vpn-00 customer_gateway_id") not in failed(facts)
    assert ("CGW-04", "vpn-00 customer_gateway_id") in failed(broken)


def test_the_ends_that_stay_silent_are_those_of_the_tunnels_own_gateway() -> None:
    facts = of_several_gateways(static())
    (note,) = next(result.notes for result in verify(facts).results if result.id == "VPN-04")

    assert note.startswith("4 ")
    assert str(SPARE_ADDRESS) not in note


def test_an_end_whose_address_is_not_known_is_inconclusive_and_not_wrong() -> None:
    facts = static()
    azure = facts.network.azure
    assert azure
    locals_ = [
        replace(gateway, gateway_ip_address=None) if gateway.name == "aws-tunnel1" else gateway
        for gateway in azure.local_network_gateways
    ]
    verdict = verify(vn.with_azure(facts, local_network_gateways=tuple(locals_)))
    judged = {
        finding.branch: finding.outcome
        for finding in next(r for r in verdict.results if r.id == "VPN-02").findings
    }

    assert judged["tunnel1"] is Outcome.INCONCLUSIVE
    assert judged["tunnel2"] is Outcome.PASS


def test_a_connection_that_leads_where_another_leads_is_reported_with_it() -> None:
    facts = vn.healthy()
    azure = facts.network.azure
    assert azure
    locals_ = [
        replace(gateway, gateway_ip_address=names.OUTSIDE["tunnel2"])
        if gateway.name == "aws-tunnel1"
        else gateway
        for gateway in azure.local_network_gateways
    ]
    verdict = verify(vn.with_azure(facts, local_network_gateways=tuple(locals_)))
    findings = {
        finding.branch: finding for finding in next(r for r in verdict.results if r.id == "VPN-02").findings
    }

    assert findings["tunnel1"].outcome is Outcome.FAIL
    assert "dev-tunnel2" in findings["tunnel1"].evidence
    assert findings["tunnel2"].outcome is Outcome.PASS
