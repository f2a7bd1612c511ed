"""A VPN with static routes is judged by what it has, and BGP is said not to apply."""

from collections.abc import Callable
from dataclasses import replace

import healthy_network as vn
import healthy_static as vs
import pytest
import verified_names as names
from test_verify_checks import failed, verify

from twinspan.results import Outcome
from twinspan.rules.observed.catalogue import OBSERVED
from twinspan.rules.observed.expectation import from_network
from twinspan.rules.observed.facts import Facts

BGP = ("BGP-11", "BGP-13", "RTE-12")


def test_a_healthy_static_network_is_green_and_bgp_is_said_not_to_apply() -> None:
    verification = verify(vs.static())

    assert verification.passed
    outcomes = {result.id: result.outcome for result in verification.results}
    observed = {name: outcome for name, outcome in outcomes.items() if name in {rule.id for rule in OBSERVED}}
    assert {name for name, outcome in observed.items() if outcome is not Outcome.PASS} == set(BGP)
    for name in BGP:
        (finding,) = verification.result(name).findings
        assert finding.outcome is Outcome.SKIPPED
        assert finding.evidence.startswith("not applicable: every tunnel has static routes")


@pytest.mark.parametrize(("healthy", "rule"), [(vn.healthy, "BGP-13"), (vs.static, "VPN-03")])
def test_the_tunnels_that_carry_traffic_are_counted_with_bgp_and_without(
    healthy: Callable[[], Facts], rule: str
) -> None:
    tunnels = verify(healthy()).tunnels

    assert (tunnels.id, tunnels.passed, tunnels.total) == (rule, 4, 4)


@pytest.mark.parametrize(
    ("check", "subject", "damage"), vs.BROKEN_STATIC, ids=lambda value: getattr(value, "__name__", None)
)
def test_one_fault_of_a_static_network_fails_one_check(check: str, subject: str, damage: vs.Damage) -> None:
    assert failed(damage(vs.static())) == [(check, subject)]
    (_, finding) = verify(damage(vs.static())).root_causes[0]
    assert finding.evidence
    assert finding.command
    assert finding.remedy


def test_selectors_without_anything_in_common_fail_both_tunnels_of_the_connection() -> None:
    facts = vn.with_connection(
        vn.with_connection(vs.static(), "tunnel1", use_policy_based_traffic_selectors=True),
        "tunnel2",
        use_policy_based_traffic_selectors=True,
    )

    assert [check for check, _ in failed(vs.selectors_apart(facts))] == ["SEL-01", "SEL-01"]
    (_, finding), _ = verify(vs.selectors_apart(facts)).root_causes
    assert "TS_UNACCEPTABLE" in finding.fault
    assert "10.1.0.0/16 - 10.2.0.0/16 have nothing in common with AWS's" in finding.evidence


def test_selectors_that_leave_bgp_out_are_named_before_bgp_is() -> None:
    ((_, finding),) = verify(vs.policy_based(vn.healthy(), "10.2.0.0/16")).root_causes

    assert "10.1.0.0/16 - 10.2.0.0/16 does not admit 169.254.21.2 to 169.254.21.1" in finding.evidence


def test_without_any_static_route_the_routes_are_the_first_broken_link_and_pings_follow_from_them() -> None:
    assert [check for check, _ in failed(vs.no_route_at_all(vs.static()))] == ["RTE-02", "RTE-02"]


def test_an_azure_connection_that_expects_bgp_from_a_static_one_is_named() -> None:
    facts = vs.bgp_at_azure(vs.static())

    assert [check for check, _ in failed(facts)] == ["CON-03", "BGP-01", "STA-01"]


def one_tunnel(facts: Facts) -> Facts:
    """The first tunnel alone is used: Azure has one connection, and its gateway one instance."""
    assert facts.network.aws
    assert facts.network.azure
    gateway, connections = facts.network.azure.virtual_network_gateways[0], facts.network.azure.connections
    facts = vn.with_aws(facts, vpn_connections=facts.network.aws.vpn_connections[:1])
    instance = gateway.instances[0]
    instance = replace(instance, custom_bgp_ip_addresses=instance.custom_bgp_ip_addresses[:1])
    custom = dict(list(connections[0].custom_bgp_addresses.items())[:1])
    facts = vn.with_azure(
        facts,
        connections=(replace(connections[0], custom_bgp_addresses=custom),),
        virtual_network_gateways=(replace(gateway, active_active=False, instances=(instance,)),),
    )
    facts = vn.with_tunnel(facts, "tunnel2", telemetry=vn.down("IPSEC IS DOWN"))
    return replace(facts, expected=from_network(facts.network))


@pytest.mark.parametrize("healthy", [vs.static, vn.healthy], ids=["static", "bgp"])
def test_a_tunnel_left_alone_on_purpose_is_said_and_not_failed(healthy: vs.Damage) -> None:
    facts = one_tunnel(healthy())  # type: ignore[call-arg]

    verification = verify(facts)

    assert verification.root_causes == ()
    assert facts.expected.tunnel_count == 1
    (note,) = verification.result("VPN-03").notes
    assert note.startswith("203.0.113.2 of vpn-00 is DOWN, IPSEC IS DOWN: no Azure connection leads to it")


def test_a_tunnel_that_terraform_expects_is_not_left_alone_on_purpose() -> None:
    facts = one_tunnel(vs.static())
    expected = replace(facts.expected, tunnels=vn.expectation().tunnels[:2], tunnel_count=2)

    assert failed(replace(facts, expected=expected)) == [("VPN-02", "tunnel2 (203.0.113.2)")]


def test_a_connection_that_leads_astray_may_have_missed_the_tunnel() -> None:
    facts = one_tunnel(vs.static())
    assert facts.network.azure
    local = replace(facts.network.azure.local_network_gateways[0], gateway_ip_address=names.PUBLIC[0])
    facts = vn.with_azure(facts, local_network_gateways=(local,))

    assert ("VPN-02", "dev-tunnel1") in failed(facts)


def test_static_routes_prefixes_and_selectors_are_compared_with_the_state() -> None:
    changed = vs.one_prefix_more(vs.one_route_more(vs.static()))

    assert [finding.evidence for _, finding in verify(changed).drift] == [
        "static_route: 10.9.0.0/16: planned absent, deployed present",
        "address_space: planned 10.2.0.0/16, deployed 10.2.0.0/16, 10.8.0.0/16",
    ]


def test_an_unknown_range_is_not_green() -> None:
    facts = vn.with_azure(vs.static(), virtual_networks=())

    assert [check for check, _ in failed(facts)] == ["NET-02"]
