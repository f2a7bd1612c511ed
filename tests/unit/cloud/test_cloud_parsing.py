"""What the readers make of answers that the twin never gives, but the clouds do."""

from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from azure.mgmt.network import models

from twinspan.cloud.aws import vpc, vpn
from twinspan.cloud.azure import gateways, networks
from twinspan.cloud.azure.times import utc_time
from twinspan.cloud.azure.words import group_and_name
from twinspan.cloud.endpoints import Endpoints
from twinspan.errors import HostError


def test_routes_to_ipv6_and_prefix_lists_are_left_out() -> None:
    raw: Any = {
        "RouteTableId": "rtb-1",
        "VpcId": "vpc-1",
        "Routes": [
            {"DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-1"},
            {"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1"},
            {"DestinationCidrBlock": "10.1.0.0/16", "GatewayId": "vgw-1", "State": "blackhole"},
            {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "active"},
        ],
        "Associations": [
            {"Main": True},
            {"SubnetId": "subnet-1", "AssociationState": {"State": "disassociated"}},
        ],
    }
    table = vpc.route_table(raw)
    assert [(str(route.destination), route.target, route.state) for route in table.routes] == [
        ("10.1.0.0/16", "vgw-1", "blackhole"),
        ("0.0.0.0/0", "nat-1", "active"),
    ]
    assert (table.main, table.subnet_ids) == (True, ())


def test_a_customer_gateway_with_a_big_asn_and_no_address() -> None:
    raw: Any = {"CustomerGatewayId": "cgw-1", "BgpAsnExtended": "4200000000", "State": "available"}
    gateway = vpn.customer_gateway(raw)
    assert (gateway.bgp_asn, gateway.ip_address) == (4200000000, None)


def test_a_tunnel_with_only_ipv6_inside_is_left_out() -> None:
    tunnel = {"OutsideIpAddress": "203.0.113.9", "TunnelInsideIpv6Cidr": "fd00::/126"}
    raw: Any = {
        "VpnConnectionId": "vpn-1",
        "CustomerGatewayId": "cgw-1",
        "TransitGatewayId": "tgw-1",
        "Options": {"TunnelOptions": [tunnel]},
    }
    connection = vpn.vpn_connection(raw)
    assert (connection.tunnels, connection.vpn_gateway_id) == ((), None)


def test_a_tunnel_of_which_nothing_is_said_has_the_defaults() -> None:
    options = {"OutsideIpAddress": "203.0.113.9", "TunnelInsideCidr": "169.254.6.0/30"}
    raw: Any = {
        "VpnConnectionId": "vpn-1",
        "CustomerGatewayId": "cgw-1",
        "Options": {"TunnelOptions": [options]},
        "Routes": [
            {"DestinationCidrBlock": "10.9.0.0/16", "State": "available"},
            {"DestinationCidrBlock": "10.8.0.0/16", "State": "deleting"},
        ],
    }
    connection = vpn.vpn_connection(raw)
    (tunnel,) = connection.tunnels
    assert connection.static_routes == (IPv4Network("10.9.0.0/16"),)
    assert (tunnel.ike_versions, tunnel.dpd_timeout_seconds) == (("ikev1", "ikev2"), 30)
    assert (tunnel.startup_action, tunnel.dpd_timeout_action) == ("add", "clear")
    assert tunnel.telemetry is None
    assert vpn.pre_shared_keys([raw]) == {}


def test_a_vpc_has_its_blocks_once_and_not_those_it_lost() -> None:
    raw: Any = {
        "VpcId": "vpc-1",
        "CidrBlock": "10.2.0.0/16",
        "CidrBlockAssociationSet": [
            {"CidrBlock": "10.2.0.0/16", "CidrBlockState": {"State": "associated"}},
            {"CidrBlock": "10.3.0.0/16", "CidrBlockState": {"State": "associated"}},
            {"CidrBlock": "10.4.0.0/16", "CidrBlockState": {"State": "disassociated"}},
        ],
    }
    assert [str(block) for block in vpc.vpc(raw).cidr_blocks] == ["10.2.0.0/16", "10.3.0.0/16"]


def test_a_connection_between_virtual_networks_is_left_out() -> None:
    raw = models.VirtualNetworkGatewayConnection(
        {"id": "/x", "name": "v", "properties": {"connectionType": "Vnet2Vnet", "virtualNetworkGateway1": {}}}
    )
    assert gateways.connection(raw) is None


def test_azure_s_routes_to_tags_and_ipv6_are_left_out() -> None:
    def route(name: str, prefix: str) -> dict[str, object]:
        return {"name": name, "properties": {"addressPrefix": prefix, "nextHopType": "None"}}

    raw = models.RouteTable(
        {
            "id": "/X/Y",
            "properties": {
                "disableBgpRoutePropagation": True,
                "routes": [route("a", "AzureCloud"), route("b", "fd00::/8"), route("c", "10.0.0.0/8")],
            },
        }
    )
    table = networks.route_table(raw)
    assert [read_route.name for read_route in table.routes] == ["c"]
    assert (table.id, table.bgp_route_propagation_enabled) == ("/x/y", False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22T22:04:05Z", datetime(2026, 11, 22, 22, 4, 5, tzinfo=UTC)),
        ("2026-11-22T23:04:05+01:00", datetime(2026, 11, 22, 22, 4, 5, tzinfo=UTC)),
        ("11/22/2026 10:04:05 PM", datetime(2026, 11, 22, 22, 4, 5, tzinfo=UTC)),
        ("", None),
        (None, None),
        ("yesterday", None),
    ],
)
def test_gateways_write_times_in_several_ways(text: str | None, expected: datetime | None) -> None:
    assert utc_time(text) == expected


def test_what_is_no_resource_id_is_refused() -> None:
    with pytest.raises(ValueError, match="not the id"):
        group_and_name("/subscriptions/1")


def test_the_clouds_are_never_taken_from_a_shell_that_is_set_up_for_a_twin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    monkeypatch.setenv("ARM_SUBSCRIPTION_ID", "s")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("ARM_METADATA_HOSTNAME", "localhost:8443")
    with pytest.raises(HostError, match="set up for a local twin"):
        Endpoints.from_environment()


def test_a_missing_subscription_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    for name in ("ARM_SUBSCRIPTION_ID", "AZURE_SUBSCRIPTION_ID", "AWS_ENDPOINT_URL", "ARM_METADATA_HOSTNAME"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(HostError, match="ARM_SUBSCRIPTION_ID"):
        Endpoints.from_environment()


def test_an_instance_without_a_peering_has_its_private_address() -> None:
    raw = models.VirtualNetworkGateway(
        {
            "id": "/G",
            "properties": {
                "ipConfigurations": [
                    {
                        "id": "/G/ipConfigurations/A",
                        "name": "A",
                        "properties": {"privateIPAddress": "10.1.0.4"},
                    }
                ]
            },
        }
    )
    gateway = gateways.virtual_network_gateway(raw, {})
    assert (gateway.asn, gateway.sku) == (65515, "Basic")
    assert gateway.instances[0].default_bgp_ip_address == IPv4Address("10.1.0.4")
    assert gateway.instances[0].public_ip_address is None


def test_traffic_selectors_of_aws_are_read_and_are_anything_by_default() -> None:
    raw: Any = {
        "VpnConnectionId": "vpn-1",
        "CustomerGatewayId": "cgw-1",
        "Options": {"LocalIpv4NetworkCidr": "10.1.0.0/16", "RemoteIpv4NetworkCidr": "10.2.0.0/16"},
    }
    narrow = vpn.vpn_connection(raw)
    bare: Any = {**raw, "Options": {}}
    anything = vpn.vpn_connection(bare)
    assert narrow.local_ipv4_network_cidr == IPv4Network("10.1.0.0/16")
    assert narrow.remote_ipv4_network_cidr == IPv4Network("10.2.0.0/16")
    assert anything.local_ipv4_network_cidr == IPv4Network("0.0.0.0/0")
    assert anything.remote_ipv4_network_cidr == IPv4Network("0.0.0.0/0")


def test_traffic_selectors_of_azure_are_read() -> None:
    properties = {
        "connectionType": "IPsec",
        "virtualNetworkGateway1": {"id": "/G"},
        "localNetworkGateway2": {"id": "/L"},
        "usePolicyBasedTrafficSelectors": True,
        "trafficSelectorPolicies": [
            {"localAddressRanges": ["10.1.0.0/16", "10.5.0.0/16"], "remoteAddressRanges": ["10.2.0.0/16"]}
        ],
    }
    connection = gateways.connection(
        models.VirtualNetworkGatewayConnection({"id": "/C", "name": "c", "properties": properties})
    )
    assert connection is not None
    (policy,) = connection.traffic_selector_policies
    assert connection.use_policy_based_traffic_selectors
    assert [str(address_range) for address_range in policy.local_address_ranges] == [
        "10.1.0.0/16",
        "10.5.0.0/16",
    ]
    assert [str(address_range) for address_range in policy.remote_address_ranges] == ["10.2.0.0/16"]
