"""A tunnel that is down is explained by what the two configurations contradict each other in."""

from dataclasses import replace
from ipaddress import IPv4Address

import verified_network as vn

from twinspan.verify.evaluate import evaluate
from twinspan.verify.facts import Facts


def remedy(facts: Facts, check: str, key: str = "tunnel1") -> str:
    result = next(result for result in evaluate(facts) if result.id == check)
    return next(finding.remedy for finding in result.findings if finding.branch == key)


def ipsec_down(facts: Facts) -> Facts:
    return vn.with_connection(facts, "tunnel1", connection_status="NotConnected")


def bgp_down(facts: Facts) -> Facts:
    return vn.with_tunnel(facts, "tunnel1", telemetry=vn.down("IPSEC IS UP"))


def test_keys_that_differ_are_said_to_differ_and_are_not_shown() -> None:
    facts = vn.healthy()
    secrets = replace(
        facts.secrets, azure={**facts.secrets.azure, vn.azure_connection("tunnel1").id: "Other.Key1"}
    )

    text = remedy(ipsec_down(replace(facts, secrets=secrets)), "VPN-04")

    assert "pre-shared keys of vpn-00 and dev-tunnel1 differ" in text
    assert "Other.Key1" not in text
    assert "Key.of.tunnel1" not in text


def test_policies_that_do_not_meet_are_named() -> None:
    policy = vn.azure_connection("tunnel1").ipsec_policy
    assert policy
    facts = vn.with_connection(
        ipsec_down(vn.healthy()), "tunnel1", ipsec_policy=replace(policy, dh_group="ECP256")
    )

    assert "IKE group: Azure insists on ECP256, AWS allows ECP384" in remedy(facts, "VPN-04")


def test_a_customer_gateway_with_an_address_that_azure_does_not_have_is_named() -> None:
    facts = ipsec_down(vn.healthy())
    assert facts.network.aws
    first, second = facts.network.aws.customer_gateways
    wrong = replace(first, ip_address=IPv4Address("198.51.100.77"))

    text = remedy(vn.with_aws(facts, customer_gateways=(wrong, second)), "VPN-04")

    assert "customer gateway cgw-00 names 198.51.100.77" in text


def test_an_asn_that_does_not_match_is_named_on_either_side() -> None:
    facts = bgp_down(vn.healthy())
    assert facts.network.aws
    assert facts.network.azure
    customer, other = facts.network.aws.customer_gateways
    local, *locals_ = facts.network.azure.local_network_gateways
    at_aws = vn.with_aws(facts, customer_gateways=(replace(customer, bgp_asn=65001), other))
    at_azure = vn.with_azure(facts, local_network_gateways=(replace(local, asn=64999), *locals_))

    assert "cgw-00 has ASN 65001, the Azure gateway has 65000" in remedy(at_aws, "VPN-03")
    assert "aws-tunnel1 has ASN 64999, the virtual private gateway has 64512" in remedy(at_azure, "VPN-03")


def test_a_missing_custom_bgp_address_is_named_only_where_it_matters() -> None:
    healthy = vn.healthy()
    second = vn.with_tunnel(healthy, "tunnel2", telemetry=vn.down("IPSEC IS UP"))
    facts = vn.with_connection(bgp_down(second), "tunnel1", custom_bgp_addresses={})
    facts = vn.with_connection(facts, "tunnel2", custom_bgp_addresses={})

    # Without a custom address Azure uses the instance's first one, which is right for tunnel1 by luck.
    assert "custom BGP address" not in remedy(facts, "VPN-03", "tunnel1")
    assert "it uses 169.254.21.2, the tunnel needs 169.254.22.2" in remedy(facts, "VPN-03", "tunnel2")


def test_where_the_configurations_agree_the_path_is_suspected() -> None:
    assert "look at the path" in remedy(ipsec_down(vn.healthy()), "VPN-04")
