"""VPN connections: what is kept, what is refused, what happens twice."""

import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from aws_twin import Site, Twin, code_of
from botocore.exceptions import ClientError

from twinspan.wait import wait_until

pytest_plugins = ("aws_fixtures",)

FULL_TUNNEL = {
    "TunnelInsideCidr": "169.254.21.0/30",
    "PreSharedKey": "kept.As_Given1",
    "Phase1LifetimeSeconds": 3600,
    "Phase2LifetimeSeconds": 1800,
    "RekeyMarginTimeSeconds": 120,
    "RekeyFuzzPercentage": 50,
    "ReplayWindowSize": 512,
    "DPDTimeoutSeconds": 45,
    "DPDTimeoutAction": "restart",
    "StartupAction": "start",
    "Phase1EncryptionAlgorithms": [{"Value": "AES256-GCM-16"}],
    "Phase2EncryptionAlgorithms": [{"Value": "AES256-GCM-16"}],
    "Phase1IntegrityAlgorithms": [{"Value": "SHA2-384"}],
    "Phase2IntegrityAlgorithms": [{"Value": "SHA2-512"}, {"Value": "SHA2-256"}],
    "Phase1DHGroupNumbers": [{"Value": 20}],
    "Phase2DHGroupNumbers": [{"Value": 5}],
    "IKEVersions": [{"Value": "ikev2"}],
    "EnableTunnelLifecycleControl": True,
    "LogOptions": {
        "CloudWatchLogOptions": {
            "LogEnabled": True,
            "LogGroupArn": "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/vendedlogs/vpn",
            "LogOutputFormat": "text",
            "BgpLogEnabled": False,
        }
    },
}
ANSWERED_AS = {
    "DPDTimeoutSeconds": "DpdTimeoutSeconds",
    "DPDTimeoutAction": "DpdTimeoutAction",
    "IKEVersions": "IkeVersions",
}


def test_every_tunnel_option_comes_back_as_it_was_given(site: Site) -> None:
    made = site.connect(TunnelOptions=[FULL_TUNNEL])
    tunnel = site.connection(made["VpnConnectionId"])["Options"]["TunnelOptions"][0]
    expected = {ANSWERED_AS.get(name, name): value for name, value in FULL_TUNNEL.items()}
    assert {name: value for name, value in tunnel.items() if name != "OutsideIpAddress"} == expected


def test_what_is_not_given_is_chosen_by_aws_or_left_out(site: Site) -> None:
    first, second = site.connect()["Options"]["TunnelOptions"]
    chosen = {"OutsideIpAddress", "TunnelInsideCidr", "PreSharedKey"}
    assert set(first) - chosen == {"EnableTunnelLifecycleControl", "LogOptions"}
    assert re.fullmatch(r"[A-Za-z1-9._][A-Za-z0-9._]{31}", first["PreSharedKey"])
    assert first["PreSharedKey"] != second["PreSharedKey"]
    assert first["TunnelInsideCidr"] != second["TunnelInsideCidr"]
    assert IPv4Network(first["TunnelInsideCidr"]).subnet_of(IPv4Network("169.254.0.0/16"))
    assert IPv4Address(first["OutsideIpAddress"]) in IPv4Network("198.19.0.0/24")


def test_outside_addresses_are_unique_over_regions_and_in_order_as_text(site: Site, twin: Twin) -> None:
    elsewhere = twin.client("ec2", region="us-east-1")
    gateway = elsewhere.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    customer = elsewhere.create_customer_gateway(Type="ipsec.1", IpAddress="198.51.100.9", BgpAsn=65000)
    other = elsewhere.create_vpn_connection(
        Type="ipsec.1",
        CustomerGatewayId=customer["CustomerGateway"]["CustomerGatewayId"],
        VpnGatewayId=gateway,
    )["VpnConnection"]
    elsewhere.close()
    tunnels = site.connect()["Options"]["TunnelOptions"] + other["Options"]["TunnelOptions"]
    addresses = [tunnel["OutsideIpAddress"] for tunnel in tunnels]
    assert len(set(addresses)) == 4
    assert addresses[0] < addresses[1]


@pytest.mark.usefixtures("always_pending")
def test_a_connection_is_pending_until_the_data_plane_has_it(
    site: Site, observe: Callable[..., None]
) -> None:
    made = site.connect()
    assert made["State"] == "pending"
    observe(made, ipsec_up=False, bgp_state="Idle")
    assert site.connection(made["VpnConnectionId"])["State"] == "available"


def test_without_a_data_plane_a_connection_still_becomes_available(site: Site) -> None:
    name = site.connect()["VpnConnectionId"]
    wait_until(
        lambda: site.connection(name)["State"], lambda s: s == "available", what="available", timeout_s=10
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TunnelInsideCidr", "169.254.21.0/29"),
        ("TunnelInsideCidr", "169.254.21.1/30"),
        ("TunnelInsideCidr", "10.0.0.0/30"),
        ("TunnelInsideCidr", "nonsense"),
        ("TunnelInsideCidr", "169.254.0.0/30"),
        ("TunnelInsideCidr", "169.254.5.0/30"),
        ("TunnelInsideCidr", "169.254.169.252/30"),
        ("PreSharedKey", "seven77"),
        ("PreSharedKey", "x" * 65),
        ("PreSharedKey", "0starts-with-zero"),
        ("PreSharedKey", "0startsWithZero"),
        ("PreSharedKey", "has a space"),
        ("Phase1LifetimeSeconds", 899),
        ("Phase1LifetimeSeconds", 28801),
        ("Phase2LifetimeSeconds", 899),
        ("Phase2LifetimeSeconds", 3601),
        ("RekeyMarginTimeSeconds", 59),
        ("RekeyMarginTimeSeconds", 1801),
        ("RekeyFuzzPercentage", -1),
        ("RekeyFuzzPercentage", 101),
        ("ReplayWindowSize", 63),
        ("ReplayWindowSize", 2049),
        ("DPDTimeoutSeconds", 29),
        ("DPDTimeoutAction", "panic"),
        ("StartupAction", "begin"),
        ("Phase1EncryptionAlgorithms", [{"Value": "AES192"}]),
        ("Phase2EncryptionAlgorithms", [{"Value": "3DES"}]),
        ("Phase1IntegrityAlgorithms", [{"Value": "MD5"}]),
        ("Phase2IntegrityAlgorithms", [{"Value": "sha2-256"}]),
        ("Phase1DHGroupNumbers", [{"Value": 5}]),
        ("Phase2DHGroupNumbers", [{"Value": 1}]),
        ("IKEVersions", [{"Value": "ikev3"}]),
        ("LogOptions", {"CloudWatchLogOptions": {"LogEnabled": True, "LogGroupArn": "my-group"}}),
        (
            "LogOptions",
            {"CloudWatchLogOptions": {"LogOutputFormat": "yaml"}},
        ),
    ],
)
def test_a_tunnel_option_that_aws_does_not_allow_is_refused(site: Site, name: str, value: object) -> None:
    assert code_of(lambda: site.connect(TunnelOptions=[{name: value}])) == "InvalidParameterValue"
    assert site.ec2.describe_vpn_connections()["VpnConnections"] == []


def test_a_refused_key_is_not_repeated_in_the_error(site: Site) -> None:
    with pytest.raises(ClientError) as refused:
        site.connect(TunnelOptions=[{"PreSharedKey": "my secret key"}])
    assert "my secret key" not in str(refused.value)


@pytest.mark.parametrize(
    ("tunnel", "code"),
    [
        ({"Phase1LifetimeSeconds": 1800, "Phase2LifetimeSeconds": 1800}, "InvalidParameterValue"),
        ({"Phase2LifetimeSeconds": 900, "RekeyMarginTimeSeconds": 451}, "InvalidParameterValue"),
        ({"StartupAction": "start", "IKEVersions": [{"Value": "ikev1"}]}, "InvalidParameterCombination"),
        ({"LogOptions": {"CloudWatchLogOptions": {"LogEnabled": True}}}, "MissingParameter"),
        ({"TunnelInsideIpv6Cidr": "fd00::/126"}, "InvalidParameterCombination"),
        ({"Phase1DHGroupNumbers": [{"Value": 35}]}, "UnsupportedOperation"),
        ({"Phase1AdditionalKeyExchanges": [{"AdditionalKeyExchangeRound": 1}]}, "UnsupportedOperation"),
    ],
)
def test_tunnel_options_that_do_not_go_together_are_refused(
    site: Site, tunnel: dict[str, Any], code: str
) -> None:
    assert code_of(lambda: site.connect(TunnelOptions=[tunnel])) == code


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"EnableAcceleration": True}, "InvalidParameterCombination"),
        ({"TunnelInsideIpVersion": "ipv6"}, "InvalidParameterCombination"),
        ({"OutsideIpAddressType": "PrivateIpv4"}, "InvalidParameterCombination"),
        ({"TunnelBandwidth": "large"}, "InvalidParameterCombination"),
        ({"TunnelBandwidth": "huge"}, "InvalidParameterValue"),
        ({"LocalIpv4NetworkCidr": "10.0.0.1/8"}, "InvalidParameterValue"),
        ({"TunnelOptions": [{"StartupAction": "add"}] * 3}, "InvalidParameterValue"),
    ],
)
def test_connection_options_that_a_virtual_private_gateway_lacks_are_refused(
    site: Site, options: dict[str, Any], code: str
) -> None:
    assert code_of(lambda: site.connect(**options)) == code


def test_gateways_that_do_not_exist_are_refused(site: Site) -> None:
    def create(**changes: str) -> Any:
        request = {
            "Type": "ipsec.1",
            "CustomerGatewayId": site.customer_gateway_id,
            "VpnGatewayId": site.vpn_gateway_id,
        }
        return site.ec2.create_vpn_connection(**(request | changes))  # type: ignore[arg-type]

    assert code_of(lambda: create(VpnGatewayId="vgw-0123456789abcdef0")) == "InvalidVpnGatewayID.NotFound"
    assert code_of(lambda: create(CustomerGatewayId="cgw-0123")) == "InvalidCustomerGatewayID.NotFound"
    assert code_of(lambda: create(Type="ipsec.2")) == "InvalidParameterValue"
    assert code_of(lambda: create(PreSharedKeyStorage="SecretsManager")) == "UnsupportedOperation"
    assert code_of(lambda: create(PreSharedKeyStorage="Paper")) == "InvalidParameterValue"
    assert code_of(lambda: create(TransitGatewayId="tgw-1")) == "InvalidParameterCombination"


def test_the_customer_asn_must_differ_from_amazons(site: Site) -> None:
    same = site.ec2.create_customer_gateway(Type="ipsec.1", IpAddress="198.51.100.7", BgpAsn=64512)
    name = same["CustomerGateway"]["CustomerGatewayId"]
    assert (
        code_of(
            lambda: site.ec2.create_vpn_connection(
                Type="ipsec.1", CustomerGatewayId=name, VpnGatewayId=site.vpn_gateway_id
            )
        )
        == "InvalidParameterCombination"
    )


def test_an_inside_cidr_is_taken_once_per_gateway(site: Site) -> None:
    same = [{"TunnelInsideCidr": "169.254.21.0/30"}, {"TunnelInsideCidr": "169.254.21.0/30"}]
    assert code_of(lambda: site.connect(TunnelOptions=same)) == "InvalidParameterValue"
    site.connect(TunnelOptions=same[:1])
    other = site.ec2.create_customer_gateway(Type="ipsec.1", IpAddress="198.51.100.5", BgpAsn=65000)
    assert (
        code_of(
            lambda: site.ec2.create_vpn_connection(
                Type="ipsec.1",
                CustomerGatewayId=other["CustomerGateway"]["CustomerGatewayId"],
                VpnGatewayId=site.vpn_gateway_id,
                Options={"TunnelOptions": [{"TunnelInsideCidr": "169.254.21.0/30"}]},
            )
        )
        == "InvalidParameterValue"
    )


def test_the_same_pair_of_gateways_gives_the_same_connection(site: Site) -> None:
    first = site.connect()
    again = site.connect(TunnelOptions=[{"TunnelInsideCidr": "169.254.77.0/30"}])
    assert again["VpnConnectionId"] == first["VpnConnectionId"]
    assert again["Options"] == first["Options"]
    site.ec2.delete_vpn_connection(VpnConnectionId=first["VpnConnectionId"])
    assert site.connect()["VpnConnectionId"] != first["VpnConnectionId"]


def test_the_configuration_for_the_device_is_of_this_connection(site: Site) -> None:
    made = site.connect(TunnelOptions=[{"TunnelInsideCidr": "169.254.21.0/30", "PreSharedKey": "one.Key_12"}])
    root = ET.fromstring(made["CustomerGatewayConfiguration"])
    tunnel = root.findall("ipsec_tunnel")[0]
    texts = {
        path: tunnel.findtext(path)
        for path in (
            "vpn_gateway/tunnel_outside_address/ip_address",
            "vpn_gateway/tunnel_inside_address/ip_address",
            "vpn_gateway/bgp/asn",
            "vpn_gateway/bgp/hold_time",
            "customer_gateway/tunnel_outside_address/ip_address",
            "customer_gateway/tunnel_inside_address/ip_address",
            "customer_gateway/bgp/asn",
            "ike/pre_shared_key",
        )
    }
    assert root.get("id") == made["VpnConnectionId"]
    assert list(texts.values()) == [
        made["Options"]["TunnelOptions"][0]["OutsideIpAddress"],
        "169.254.21.1",
        "64512",
        "30",
        "198.51.100.4",
        "169.254.21.2",
        "65000",
        "one.Key_12",
    ]


def test_a_deleted_connection_stays_visible_as_deleted(site: Site) -> None:
    name = site.connect()["VpnConnectionId"]
    site.ec2.delete_vpn_connection(VpnConnectionId=name)
    gone = site.connection(name)
    assert gone["State"] == "deleted"
    assert "CustomerGatewayConfiguration" not in gone
    assert code_of(lambda: site.ec2.delete_vpn_connection(VpnConnectionId=name)) == (
        "InvalidVpnConnectionID.NotFound"
    )


@pytest.mark.usefixtures("always_pending")
def test_every_documented_filter_finds_the_connection_and_no_other(site: Site) -> None:
    static = site.connect(StaticRoutesOnly=True)
    name = static["VpnConnectionId"]
    site.ec2.create_vpn_connection_route(VpnConnectionId=name, DestinationCidrBlock="10.1.0.0/16")
    site.ec2.create_tags(Resources=[name], Tags=[{"Key": "Owner", "Value": "TeamA"}])
    matching = {
        "bgp-asn": "65000",
        "customer-gateway-configuration": f"*{name}*",
        "customer-gateway-id": site.customer_gateway_id,
        "option.static-routes-only": "true",
        "route.destination-cidr-block": "10.1.0.0/16",
        "state": "pending",
        "tag:Owner": "Team?",
        "tag-key": "Owner",
        "type": "ipsec.1",
        "vpn-connection-id": name,
        "vpn-gateway-id": site.vpn_gateway_id,
    }
    for filter_name, value in matching.items():
        filters = [{"Name": filter_name, "Values": [value, "other"]}]
        connections = site.ec2.describe_vpn_connections(Filters=filters)["VpnConnections"]  # type: ignore[arg-type]
        assert [connection["VpnConnectionId"] for connection in connections] == [name], filter_name
        filters = [{"Name": filter_name, "Values": ["other"]}]
        assert site.ec2.describe_vpn_connections(Filters=filters)["VpnConnections"] == []  # type: ignore[arg-type]
    tgw = [{"Name": "transit-gateway-id", "Values": ["*"]}]
    assert site.ec2.describe_vpn_connections(Filters=tgw)["VpnConnections"] == []  # type: ignore[arg-type]


def test_quota_ten_connections_per_gateway(site: Site) -> None:
    def connect(last: int) -> Any:
        gateway = site.ec2.create_customer_gateway(
            Type="ipsec.1", IpAddress=f"198.51.100.{last}", BgpAsn=65000
        )
        return site.ec2.create_vpn_connection(
            Type="ipsec.1",
            CustomerGatewayId=gateway["CustomerGateway"]["CustomerGatewayId"],
            VpnGatewayId=site.vpn_gateway_id,
        )

    for last in range(10, 20):
        connect(last)
    assert code_of(lambda: connect(20)) == "VpnConnectionLimitExceeded"
