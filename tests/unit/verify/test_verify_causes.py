"""A tunnel that is down is explained by what the two configurations contradict each other in."""

from dataclasses import replace
from ipaddress import IPv4Address

import healthy_network as vn
import verified_names as names

from twinspan.network import model
from twinspan.results import Finding, Outcome
from twinspan.rules.observed.facts import Facts
from twinspan.rules.waivers import Waiver
from twinspan.verify.evaluate import evaluate
from twinspan.verify.findings import Verification


def root_causes(facts: Facts) -> list[tuple[str, Finding]]:
    verification = Verification(expected_from="test", results=evaluate(facts), duration_s=0.0)
    return [(result.id, finding) for result, finding in verification.root_causes]


def only(facts: Facts) -> tuple[str, Finding]:
    ((check, finding),) = root_causes(facts)
    return check, finding


def ipsec_down(facts: Facts, key: str = "tunnel1") -> Facts:
    """What both clouds say of a tunnel without IPsec, and what follows from it."""
    bgp = facts.bgp[names.GATEWAY]
    inside = vn.azure_connection(key).custom_bgp_addresses[names.INSTANCE[names.vpn_of(key)]]
    peers = tuple(replace(p, state="Connecting") if p.local_address == inside else p for p in bgp.peers)
    learned = tuple(route for route in bgp.learned if route.local_address != inside)
    facts = replace(facts, bgp={names.GATEWAY: replace(bgp, peers=peers, learned=learned)})
    facts = vn.with_tunnel(facts, key, telemetry=vn.down("IPSEC IS DOWN"))
    return vn.with_connection(facts, key, connection_status="NotConnected")


def bgp_down(facts: Facts, key: str = "tunnel1") -> Facts:
    """What both clouds say of a tunnel with IPsec and without BGP."""
    facts = vn.with_connection(ipsec_down(facts, key), key, connection_status="Connected")
    return vn.with_tunnel(facts, key, telemetry=vn.down("IPSEC IS UP"))


def with_azure_key(facts: Facts, key: str) -> Facts:
    azure = {**facts.secrets.azure, vn.azure_connection("tunnel1").id: key}
    return replace(facts, secrets=replace(facts.secrets, azure=azure))


def test_keys_that_differ_are_the_cause_and_are_not_shown() -> None:
    check, finding = only(ipsec_down(with_azure_key(vn.healthy(), "Other.Key1")))

    assert (check, finding.subject) == ("KEY-03", "dev-tunnel1 shared_key")
    assert "not the key of vpn-00 tunnel1_preshared_key" in finding.evidence
    assert "Other.Key1" not in str(finding)
    assert "Key.of.tunnel1" not in str(finding)


def test_a_key_that_aws_keeps_elsewhere_is_inconclusive_only_while_the_tunnel_is_down() -> None:
    healthy = vn.healthy()
    hidden = replace(healthy, secrets=replace(healthy.secrets, aws={}))

    check, finding = root_causes(ipsec_down(hidden))[0]

    assert root_causes(hidden) == []
    assert (check, finding.outcome) == ("KEY-03", Outcome.INCONCLUSIVE)
    assert finding.evidence == "AWS does not show its key, and the tunnel is down"


def test_policies_that_do_not_meet_are_named_with_both_values() -> None:
    policy = vn.azure_connection("tunnel1").ipsec_policy
    assert policy
    facts = ipsec_down(vn.healthy())
    first = only(vn.with_connection(facts, "tunnel1", ipsec_policy=replace(policy, dh_group="ECP256")))
    second = only(vn.with_connection(facts, "tunnel1", ipsec_policy=replace(policy, pfs_group="None")))

    assert first[0] == "POL-01"
    assert "dh_group ECP256 is not among AWS's phase1_dh_group_numbers: 20" in first[1].evidence
    assert '{"Phase1DHGroupNumbers":[{"Value":19}]}' in first[1].remedy
    assert second[0] == "POL-03"
    assert "None, but AWS always wants a group in phase 2" in second[1].evidence


def test_an_integrity_that_gcm_makes_needless_is_not_compared() -> None:
    tunnel = vn.tunnel("tunnel1")
    changed = replace(tunnel.phase2, integrity_algorithms=("SHA2-512",))

    assert root_causes(vn.with_tunnel(vn.healthy(), "tunnel1", phase2=changed)) == []


def test_an_ike_version_that_azure_does_not_speak_is_named() -> None:
    changed = vn.with_tunnel(vn.healthy(), "tunnel1", ike_versions=("ikev1",), startup_action="add")

    check, finding = only(ipsec_down(changed))

    assert check == "POL-01"
    assert "IKEv2 is not among AWS's ike_versions: ikev1" in finding.evidence
    assert '{"IKEVersions":[{"Value":"ikev2"}]}' in finding.remedy


def test_a_wrong_customer_gateway_explains_both_of_its_tunnels() -> None:
    facts = ipsec_down(ipsec_down(vn.healthy()), "tunnel2")
    assert facts.network.aws
    first, second = facts.network.aws.customer_gateways
    wrong = replace(first, ip_address=IPv4Address("198.51.100.77"))

    check, finding = only(vn.with_aws(facts, customer_gateways=(wrong, second)))

    assert (check, finding.subject) == ("CGW-04", "vpn-00 customer_gateway_id")
    assert "198.51.100.77, which is the address of no Azure gateway instance" in finding.evidence


def test_a_customer_gateway_at_the_other_instance_is_named_with_the_right_one() -> None:
    facts = vn.healthy()
    assert facts.network.aws
    connections = facts.network.aws.vpn_connections
    swapped = replace(connections[0], customer_gateway_id="cgw-01")

    causes = dict(root_causes(vn.with_aws(facts, vpn_connections=(swapped, connections[1]))))

    finding = causes["BGP-06"]
    assert set(causes) == {"GW-01", "BGP-06"}
    assert finding.subject == "vpn-00 customer_gateway_id"
    assert "AWS calls the public address of instance1" in finding.evidence
    assert "modify-vpn-connection --vpn-connection-id vpn-00 --customer-gateway-id cgw-00" in finding.remedy


def test_an_asn_that_does_not_match_is_named_on_either_side() -> None:
    facts = bgp_down(vn.healthy())
    assert facts.network.aws
    assert facts.network.azure
    customer, other = facts.network.aws.customer_gateways
    local, *locals_ = facts.network.azure.local_network_gateways
    at_aws = only(vn.with_aws(facts, customer_gateways=(replace(customer, bgp_asn=65001), other)))
    at_azure = only(vn.with_azure(facts, local_network_gateways=(replace(local, asn=64999), *locals_)))

    assert (at_aws[0], at_azure[0]) == ("ASN-04", "ASN-05")
    assert at_aws[1].evidence == "65001 is not the ASN of the Azure gateway, 65000"
    assert at_azure[1].evidence == "64999 is not the ASN of vgw-0a, 64512"


def test_a_static_connection_speaks_no_bgp() -> None:
    facts = bgp_down(bgp_down(vn.healthy()), "tunnel2")
    assert facts.network.aws
    first, second = facts.network.aws.vpn_connections
    static = replace(first, static_routes_only=True)

    causes = root_causes(vn.with_aws(facts, vpn_connections=(static, second)))

    assert [check for check, _ in causes] == ["STA-01", "STA-01", "RTE-02"]
    assert "dev-tunnel1 expects a BGP peer" in causes[0][1].evidence


def test_a_missing_custom_bgp_address_is_named_only_where_it_matters() -> None:
    facts = bgp_down(vn.healthy(), "tunnel2")
    facts = vn.with_connection(facts, "tunnel1", custom_bgp_addresses={})
    facts = vn.with_connection(facts, "tunnel2", custom_bgp_addresses={})

    check, finding = only(facts)

    # Without a custom address Azure uses the instance's first one, which is right for tunnel1 by luck.
    assert (check, finding.subject) == ("BGP-02", "dev-tunnel2 custom_bgp_addresses")
    assert "Azure speaks from 169.254.21.2 and AWS, which expects 169.254.22.2" in finding.evidence


def test_where_the_configurations_agree_the_path_is_suspected() -> None:
    check, finding = only(ipsec_down(vn.healthy()))

    assert check == "VPN-03"
    assert finding.fault == "PeerReachability (Network Watcher)"
    assert "look at the path between 203.0.113.1 and 198.51.100.4" in finding.remedy


def test_bgp_that_is_down_for_no_visible_reason_is_said_to_be_down_and_nothing_more() -> None:
    check, finding = only(bgp_down(vn.healthy()))

    assert (check, finding.subject) == ("BGP-11", "tunnel1: 169.254.21.2 - 169.254.21.1")


def test_answers_that_are_lost_are_told_from_requests_that_are_lost() -> None:
    facts = vn.healthy()
    there, back = facts.pings
    arrived = replace(facts, pings=(replace(there, received=0, arrived=3), back))
    lost = replace(facts, pings=(replace(there, received=0, arrived=0), back))

    assert "look at the way from Azure to AWS" in only(arrived)[1].remedy
    assert "3 of 3 requests arrived" in only(arrived)[1].evidence
    assert "0 of 3 requests arrived" in only(lost)[1].evidence


def test_the_largest_packet_that_passes_is_told_with_what_to_clamp_to() -> None:
    facts = vn.healthy()
    there, back = facts.large_pings
    narrow = replace(there, received=0, largest_bytes=1296)

    check, finding = only(replace(facts, large_pings=(narrow, back)))

    assert check == "RCH-03"
    assert "1296 bytes pass" in finding.evidence
    assert "clamp TCP's segments to 1256 bytes" in finding.remedy


def test_learned_and_not_propagated_is_said_with_what_was_learned() -> None:
    facts = vn.healthy()
    assert facts.network.aws
    first, *rest = facts.network.aws.route_tables
    bare = replace(first, propagating_vgw_ids=(), routes=first.routes[:1])

    _, finding = only(vn.with_aws(facts, route_tables=(bare, *rest)))

    assert "AWS has accepted 4 routes, but route propagation into this table is off" in finding.evidence


def test_telemetry_without_a_message_still_counts_as_down() -> None:
    silent = model.VgwTelemetry(
        status=model.TelemetryStatus.DOWN, status_message="", accepted_route_count=0, last_status_change=None
    )
    facts = vn.with_tunnel(ipsec_down(vn.healthy()), "tunnel1", telemetry=silent)

    assert only(facts)[0] == "VPN-03"


def test_where_aws_uses_other_words_azure_decides_whether_ipsec_is_up() -> None:
    other = vn.down("tunnel not ready")
    facts = vn.with_tunnel(bgp_down(vn.healthy()), "tunnel1", telemetry=other)

    assert only(facts)[0] == "BGP-11"


def waived(facts: Facts, rule: str) -> Verification:
    waiver = Waiver(id=rule, reason="because the test says so")
    return Verification(expected_from="test", results=evaluate(facts, waivers=[waiver]), duration_s=0.0)


def test_what_is_waived_does_not_fail_and_is_shown_with_the_reason() -> None:
    verification = waived(with_azure_key(vn.healthy(), "Other.Key1"), "KEY-03")

    assert verification.root_causes == ()
    (finding,) = verification.result("KEY-03").findings
    assert (finding.outcome, finding.waiver) == (Outcome.WAIVED, "because the test says so")


def test_what_is_waived_explains_nothing_that_is_down() -> None:
    verification = waived(ipsec_down(with_azure_key(vn.healthy(), "Other.Key1")), "KEY-03")

    assert [result.id for result, _ in verification.root_causes] == ["VPN-03"]


def test_an_address_that_is_not_known_yet_is_no_branch_that_tunnels_share() -> None:
    facts = vn.with_tunnel(vn.healthy(), "tunnel1", outside_ip_address=None)

    assert not any("None" in link.stands_on for link in facts.all_links())
    assert "None" not in {link.branch for link in facts.design.links}
