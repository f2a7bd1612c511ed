"""What breaks a VPN in the field, broken through the clouds' own APIs: verify names it, and nothing else."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import verify_lab
from azure.mgmt.network.models import (
    ConnectionSharedKey,
    Route,
    RoutePropertiesFormat,
    SecurityRule,
    SecurityRulePropertiesFormat,
)
from verify_lab import Lab

from twinspan.errors import CloudError
from twinspan.twin.dataplane.wire import FaultSpec
from twinspan.verify import Outcome, verify

pytestmark = [pytest.mark.root, pytest.mark.long]
ONE_SESSION_DOWN = {"VPN-03": 4, "VPN-04": 4, "BGP-11": 3}


def test_a_wrong_key_on_the_aws_side(lab: Lab) -> None:
    tunnel = lab.tunnel("tunnel3")
    right = lab.key_of("tunnel3")
    wrong, heal = "Wrong.Key.0815", partial(lab.modify_tunnel, "tunnel3", PreSharedKey=right)

    with lab.broken(partial(lab.modify_tunnel, "tunnel3", PreSharedKey=wrong), heal):
        (finding,) = lab.finds(
            ("KEY-03", f"{tunnel.azure_connection_name} shared_key"),
            seen={"VPN-03": 3, "VPN-04": 3},
        )
        shown = lab.readings[-1].model_dump_json()
        drift = verify_lab.drift(lab.readings[-1])

    assert tunnel.aws_vpn_connection_id in finding.evidence
    assert "IKE_PHASE1_KEY_MISMATCH" in finding.fault
    assert "Authentication" in finding.fault
    assert "Give Azure the key that AWS has" in finding.remedy
    assert wrong not in shown
    assert right not in shown
    address = 'module.network.module.aws_vpn.aws_vpn_connection.this["instance1"]'
    assert drift == [
        (
            "DRF-01",
            f"{address} ({tunnel.aws_vpn_connection_id})",
            f"tunnel {tunnel.outside_ip_address} preshared_key: planned a key, deployed another key",
        )
    ]


def test_a_wrong_key_on_the_azure_side(lab: Lab) -> None:
    tunnel = lab.tunnel("tunnel1")
    right = lab.key_of("tunnel1")

    def set_key(key: str) -> None:
        lab.azure.virtual_network_gateway_connections.begin_set_shared_key(
            lab.group, tunnel.azure_connection_name, ConnectionSharedKey(value=key)
        ).result()

    with lab.broken(partial(set_key, "Wrong.Key.0815"), partial(set_key, right)):
        (finding,) = lab.finds(
            ("KEY-03", f"{tunnel.azure_connection_name} shared_key"),
            seen={"VPN-03": 3, "VPN-04": 3},
        )

    assert "Authentication" in finding.fault


def test_a_phase_1_proposal_that_azure_does_not_make(lab: Lab) -> None:
    tunnel = lab.tunnel("tunnel2")
    inject = partial(lab.modify_tunnel, "tunnel2", Phase1DHGroupNumbers=[{"Value": 14}])
    heal = partial(lab.modify_tunnel, "tunnel2", Phase1DHGroupNumbers=[{"Value": 20}])

    with lab.broken(inject, heal):
        (finding,) = lab.finds(
            ("POL-01", f"{tunnel.azure_connection_name} ipsec_policy.dh_group"),
            seen={"VPN-03": 3, "VPN-04": 3},
        )

    assert "dh_group ECP384 is not among AWS's phase1_dh_group_numbers: 14" in finding.evidence
    assert "IKE_PHASE1_FAILED" in finding.fault
    assert "IkePolicyMismatch" in finding.fault
    assert f"modify-vpn-tunnel-options --vpn-connection-id {tunnel.aws_vpn_connection_id}" in finding.remedy
    assert '{"Phase1DHGroupNumbers":[{"Value":20}]}' in finding.remedy


def test_a_phase_2_proposal_that_azure_does_not_make(lab: Lab) -> None:
    tunnel = lab.tunnel("tunnel4")
    inject = partial(lab.modify_tunnel, "tunnel4", Phase2EncryptionAlgorithms=[{"Value": "AES128"}])
    heal = partial(lab.modify_tunnel, "tunnel4", Phase2EncryptionAlgorithms=[{"Value": "AES256-GCM-16"}])

    with lab.broken(inject, heal):
        (finding,) = lab.finds(
            ("POL-02", f"{tunnel.azure_connection_name} ipsec_policy.ipsec_encryption"),
            seen={"VPN-03": 3, "VPN-04": 3},
        )

    assert "GCMAES256 is not among AWS's phase2_encryption_algorithms: AES128" in finding.evidence
    assert "IPSEC_PHASE2_FAILED" in finding.fault
    assert '{"Phase2EncryptionAlgorithms":[{"Value":"AES256-GCM-16"}]}' in finding.remedy


def test_a_peer_that_cannot_be_reached_costs_one_of_four_tunnels(lab: Lab) -> None:
    tunnel = lab.tunnel("tunnel1")
    public = next(
        instance.public_ip_address
        for gateway in lab.facts().azure_gateways
        for instance in gateway.instances
        if instance.ip_configuration_name == "instance0"
    )
    assert public
    cut = FaultSpec(kind="path-cut", outside_ip_address=tunnel.outside_ip_address, public_ip_address=public)

    with lab.broken(partial(lab.twin.inject, cut), partial(lab.twin.heal, cut)):
        (finding,) = lab.finds(
            ("VPN-03", f"tunnel1 ({tunnel.outside_ip_address}) of {tunnel.aws_vpn_connection_id}"),
            seen={"VPN-03": 3, "VPN-04": 3, "RCH-01": 2, "RCH-02": 2},
        )

    assert "IPSEC IS DOWN" in finding.evidence
    assert "PeerReachability" in finding.fault
    assert f"between {tunnel.outside_ip_address} and {public}: UDP 500 and 4500" in finding.remedy


def test_a_local_network_gateway_with_the_wrong_address(lab: Lab) -> None:
    tunnel = lab.tunnel("tunnel2")
    name = lab.local_gateway_of("tunnel2")

    with lab.broken(
        partial(lab.modify_local_gateway, name, gateway_ip_address="203.0.113.250"),
        partial(lab.modify_local_gateway, name, gateway_ip_address=str(tunnel.outside_ip_address)),
    ):
        (finding,) = lab.finds(
            ("VPN-02", f"tunnel2 ({tunnel.outside_ip_address})"), seen={"VPN-03": 3, "VPN-04": 3}
        )

    assert "203.0.113.250, which is no AWS tunnel's outside address" in finding.evidence
    assert f"az network local-gateway update -g {lab.group} -n {name}" in finding.remedy
    assert f"--gateway-ip-address {tunnel.outside_ip_address}" in finding.remedy


def test_a_customer_gateway_with_an_address_that_azure_does_not_have(lab: Lab) -> None:
    tunnel = lab.tunnel("tunnel1")
    right = lab.customer_gateway_of("tunnel1")
    made = lab.ec2.create_customer_gateway(Type="ipsec.1", IpAddress="198.51.100.77", BgpAsn=65000)
    wrong = made["CustomerGateway"]["CustomerGatewayId"]
    use = partial(lab.ec2.modify_vpn_connection, VpnConnectionId=tunnel.aws_vpn_connection_id)

    with lab.broken(partial(use, CustomerGatewayId=wrong), partial(use, CustomerGatewayId=right)):
        (finding,) = lab.finds(
            ("CGW-04", f"{tunnel.aws_vpn_connection_id} customer_gateway_id"), seen={"VPN-03": 2, "VPN-04": 2}
        )
    lab.ec2.delete_customer_gateway(CustomerGatewayId=wrong)

    assert "198.51.100.77, which is the address of no Azure gateway instance" in finding.evidence
    assert "MISSING_END_POINT" in finding.fault
    assert f"--customer-gateway-id {right}" in finding.remedy


def test_a_local_network_gateway_with_the_wrong_asn_keeps_bgp_down(lab: Lab) -> None:
    name = lab.local_gateway_of("tunnel3")

    with lab.broken(
        partial(lab.modify_local_gateway, name, asn=64999), partial(lab.modify_local_gateway, name, asn=64512)
    ):
        (finding,) = lab.finds(
            ("ASN-05", f"{name} bgp_settings.asn"), seen={"VPN-03": 4, "VPN-04": 4, "BGP-11": 3}
        )

    assert finding.evidence == f"64999 is not the ASN of {lab.vpn_gateway}, 64512"
    assert f"az network local-gateway update -g {lab.group} -n {name} --asn 64512" in finding.remedy


def test_a_connection_without_its_own_bgp_address_keeps_bgp_down(lab: Lab) -> None:
    name = lab.tunnel("tunnel4").azure_connection_name
    connections = lab.azure.virtual_network_gateway_connections
    right = connections.get(lab.group, name).properties.gateway_custom_bgp_ip_addresses

    def set_addresses(addresses: object) -> None:
        lab.modify_connection("tunnel4", gateway_custom_bgp_ip_addresses=addresses)

    with lab.broken(partial(set_addresses, []), partial(set_addresses, right)):
        (finding,) = lab.finds(
            ("BGP-02", f"{name} custom_bgp_addresses"), seen={"VPN-03": 4, "VPN-04": 4, "BGP-11": 3}
        )

    assert "not set, so Azure speaks from" in finding.evidence
    assert "for the instance that ends the tunnel" in finding.remedy


def test_a_detached_gateway_leaves_bgp_up_without_routes(lab: Lab) -> None:
    link: dict[str, Any] = {"VpnGatewayId": lab.vpn_gateway, "VpcId": lab.vpc}

    def heal() -> None:
        lab.ec2.attach_vpn_gateway(**link)
        for subnet in lab.private_subnets:
            lab.ec2.enable_vgw_route_propagation(RouteTableId=lab.table_of(subnet), GatewayId=lab.vpn_gateway)

    with lab.broken(partial(lab.ec2.detach_vpn_gateway, **link), heal):
        (finding,) = lab.finds_like("GW-21", lab.vpn_gateway, seen={"BGP-11": 4, "RTE-12": 0, "RCH-01": 0})

    assert finding.evidence == "attached to no VPC, so AWS has nothing to advertise"
    assert f"attach-vpn-gateway --vpn-gateway-id {lab.vpn_gateway} --vpc-id {lab.vpc}" in finding.remedy


def test_routes_that_are_learned_and_not_propagated(lab: Lab) -> None:
    table = lab.table_of(lab.private_subnets[0])
    link: dict[str, Any] = {"RouteTableId": table, "GatewayId": lab.vpn_gateway}

    with lab.broken(
        partial(lab.ec2.disable_vgw_route_propagation, **link),
        partial(lab.ec2.enable_vgw_route_propagation, **link),
    ):
        (finding,) = lab.finds_like("RTE-11", table, seen={"BGP-13": 4, "RTE-11": 1, "RCH-01": 1})

    assert "AWS has accepted 4 routes, but route propagation into this table is off" in finding.evidence
    assert (
        f"enable-vgw-route-propagation --route-table-id {table} --gateway-id {lab.vpn_gateway}"
        in finding.remedy
    )


def test_a_subnet_without_a_route_table(lab: Lab) -> None:
    subnet = lab.private_subnets[1]
    table = lab.table_of(subnet)
    (route_table,) = lab.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    association = route_table["Associations"][0]["RouteTableAssociationId"]

    with lab.broken(
        partial(lab.ec2.disassociate_route_table, AssociationId=association),
        partial(lab.ec2.associate_route_table, RouteTableId=table, SubnetId=subnet),
    ):
        (finding,) = lab.finds_like("RTE-14", subnet, seen={"RTE-14": 1, "RCH-01": 1})

    assert "associated with no route table, so the main one" in finding.evidence
    assert f"associate-route-table --route-table-id {table} --subnet-id {subnet}" in finding.remedy


def test_an_azure_route_that_swallows_the_answers(lab: Lab) -> None:
    (table,) = lab.azure.route_tables.list(lab.group)
    assert table.name
    at = (lab.group, table.name, "hole")
    hole = Route(properties=RoutePropertiesFormat(address_prefix="10.2.1.0/24", next_hop_type="None"))

    with lab.broken(
        lambda: lab.azure.routes.begin_create_or_update(*at, hole).result(),
        lambda: lab.azure.routes.begin_delete(*at).result(),
    ):
        (finding,) = lab.finds_like("RTE-04", table.name, seen={"RTE-12": 4, "RCH-01": 1})

    assert finding.evidence == "sends 10.2.1.0/24 of AWS to None"
    assert f"az network route-table route delete -n hole -g {lab.group}" in finding.remedy


def test_an_aws_route_that_swallows_the_answers(lab: Lab) -> None:
    table = lab.table_of(lab.private_subnets[0])
    internet = lab.ec2.describe_internet_gateways(
        Filters=[{"Name": "attachment.vpc-id", "Values": [lab.vpc]}]
    )["InternetGateways"][0]["InternetGatewayId"]
    hole: dict[str, Any] = {"RouteTableId": table, "DestinationCidrBlock": "10.1.0.0/24"}

    with lab.broken(
        partial(lab.ec2.create_route, **hole, GatewayId=internet), partial(lab.ec2.delete_route, **hole)
    ):
        (finding,) = lab.finds_like("RTE-15", table, seen={"RTE-11": 2, "RCH-02": 1})

    assert f"sends 10.1.0.0/24 of Azure to {internet} (active)" in finding.evidence
    assert f"delete-route --route-table-id {table} --destination-cidr-block 10.1.0.0/24" in finding.remedy


def test_a_security_group_that_no_longer_admits_azure(lab: Lab) -> None:
    group = lab.workload_group
    (security_group,) = lab.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    rules: dict[str, Any] = {"GroupId": group, "IpPermissions": security_group["IpPermissions"]}

    with lab.broken(
        partial(lab.ec2.revoke_security_group_ingress, **rules),
        partial(lab.ec2.authorize_security_group_ingress, **rules),
    ):
        (finding,) = lab.finds_like("FLT-11", group, seen={"RCH-01": 2, "RCH-02": 0})

    assert "no ingress rule admits it, so the group denies pings from 10.1.0.0/24" in finding.evidence
    assert f"authorize-security-group-ingress --group-id {group}" in finding.remedy


def test_a_network_acl_entry_that_denies_azure(lab: Lab) -> None:
    subnet = lab.private_subnets[0]
    (acl,) = lab.ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [subnet]}])[
        "NetworkAcls"
    ]
    entry: dict[str, Any] = {"NetworkAclId": acl["NetworkAclId"], "RuleNumber": 42, "Egress": False}
    deny: dict[str, Any] = {"Protocol": "-1", "RuleAction": "deny", "CidrBlock": "10.1.2.0/24"}

    with lab.broken(
        partial(lab.ec2.create_network_acl_entry, **entry, **deny),
        partial(lab.ec2.delete_network_acl_entry, **entry),
    ):
        findings = lab.finds_all("FLT-12", seen={"RCH-01": 1, "RCH-02": 1})

    assert all("ingress rule 42 denies pings from 10.1.2.0/24" in finding.evidence for finding in findings)
    assert all(
        f"delete-network-acl-entry --network-acl-id {acl['NetworkAclId']} --rule-number 42 --ingress"
        in finding.remedy
        for finding in findings
    )


def test_a_network_security_rule_that_denies_aws(lab: Lab) -> None:
    (group,) = lab.azure.network_security_groups.list(lab.group)
    assert group.name
    at = (lab.group, group.name, "NoPings")
    properties = SecurityRulePropertiesFormat(
        priority=150,
        direction="Outbound",
        access="Deny",
        protocol="*",
        source_address_prefix="*",
        source_port_range="*",
        destination_address_prefix="10.2.0.0/16",
        destination_port_range="*",
    )
    deny = SecurityRule(properties=properties)

    with lab.broken(
        lambda: lab.azure.security_rules.begin_create_or_update(*at, deny).result(),
        lambda: lab.azure.security_rules.begin_delete(*at).result(),
    ):
        findings = lab.finds_all("FLT-13", seen={"RCH-01": 2, "RCH-02": 0})

    assert all(
        "rule NoPings (priority 150) denies pings to 10.2.1.0/24" in finding.evidence for finding in findings
    )
    assert all(
        f"az network nsg rule delete -g {lab.group} --nsg-name {group.name} -n NoPings" in finding.remedy
        for finding in findings
    )


def test_a_path_that_swallows_large_packets(lab: Lab) -> None:
    lossy = (
        "table inet narrow {"
        " chain forward { type filter hook forward priority 0; meta length > 1300 drop; }; "
        "}"
    )

    with lab.broken(
        partial(lab.twin.run, "internet", ["nft", "-f", "-"], timeout_s=10, stdin=lossy),
        partial(lab.twin.run, "internet", ["nft", "delete table inet narrow"], timeout_s=10),
    ):
        findings = lab.finds_all("RCH-03", seen={"RCH-01": 2, "RCH-02": 2, "RCH-03": 0})

    assert all("0 of 3 replies to packets of 1400 bytes" in finding.evidence for finding in findings)
    assert all("clamp TCP's segments to 1" in finding.remedy for finding in findings)


def test_answers_that_a_host_does_not_send_are_told_from_requests_that_do_not_arrive(lab: Lab) -> None:
    mute = (
        "table inet mute { chain output { type filter hook output priority 0; icmp type echo-reply drop; }; }"
    )
    host = lab.hosts.pairs[0][1].host.name
    name = f"{host} ({lab.hosts.pairs[0][1].host.address})"

    with lab.broken(
        partial(lab.twin.run, host, ["nft", "-f", "-"], timeout_s=10, stdin=mute),
        partial(lab.twin.run, host, ["nft", "delete table inet mute"], timeout_s=10),
    ):
        (finding,) = lab.finds_like("RCH-01", name, seen={"RCH-01": 1, "RCH-02": 2})

    assert "0 of 3 replies; 3 of 3 requests arrived" in finding.evidence
    assert "look at the way from Azure to AWS" in finding.remedy


def test_a_cloud_that_refuses_is_inconclusive_and_the_other_one_is_judged(lab: Lab) -> None:
    endpoints = lab.target.endpoints
    assert endpoints.azure
    refused = replace(endpoints, azure=replace(endpoints.azure, client_secret="not-the-secret"))

    verification = verify(refused, expected=lab.target.expected)

    ((result, finding),) = verification.root_causes
    assert (result.id, finding.outcome) == ("ACC-02", Outcome.INCONCLUSIVE)
    assert "not-the-secret" not in str(verification)
    assert verification.result("GW-21").passed == 1
    assert verification.result("RTE-14").passed == 2
    assert verification.result("VPN-03").outcome is Outcome.SKIPPED


def test_a_cloud_that_does_not_answer_is_inconclusive_and_two_of_them_are_an_error(lab: Lab) -> None:
    endpoints = lab.target.endpoints
    assert endpoints.aws
    assert endpoints.azure
    silent = replace(endpoints, aws=replace(endpoints.aws, endpoint_url="http://127.0.0.1:9"))

    verification = verify(silent, expected=lab.target.expected)

    assert [result.id for result, _ in verification.root_causes] == ["ACC-01"]
    assert "127.0.0.1:9" in verification.root_causes[0][1].evidence
    assert verification.result("GW-22").passed == 1
    with pytest.raises(CloudError):
        verify(replace(silent, azure=None), expected=lab.target.expected)
