"""Azure's part of a plan's network."""

from ipaddress import IPv4Address, IPv4Network

import pytest
from planned import Ref, aws, azure, network

from twinspan.network.asns import AWS_DEFAULT_ASN, AZURE_DEFAULT_ASN
from twinspan.network.model import AzureConnection, IpsecPolicy, Unplaced
from twinspan.network.unknown import UNKNOWN, Unknown


def test_gateways_have_the_clouds_asns_if_none_is_given() -> None:
    assert aws({"aws_vpn_gateway.a": {}}).vpn_gateways[0].amazon_side_asn == AWS_DEFAULT_ASN
    assert (
        azure({"azurerm_virtual_network_gateway.a": {}}).virtual_network_gateways[0].asn == AZURE_DEFAULT_ASN
    )


def test_parts_of_objects_that_the_plan_does_not_name_are_kept_apart() -> None:
    table = Ref("data.aws_route_table.a.id")
    planned_network = network(
        {
            "aws_vpn_gateway_route_propagation.a": {"route_table_id": table, "vpn_gateway_id": "vgw-1"},
            "aws_route.a": {"route_table_id": "rtb-1", "destination_cidr_block": "10.1.0.0/16"},
            "azurerm_subnet_route_table_association.a": {"subnet_id": "/x", "route_table_id": "/y"},
            "azurerm_network_security_rule.a": {"network_security_group_name": "elsewhere"},
        }
    )

    assert set(planned_network.unplaced) == {
        Unplaced(
            address="aws_vpn_gateway_route_propagation.a",
            type="aws_vpn_gateway_route_propagation",
            attribute="route_table_id",
        ),
        Unplaced(address="aws_route.a", type="aws_route", attribute="route_table_id"),
        Unplaced(
            address="azurerm_subnet_route_table_association.a",
            type="azurerm_subnet_route_table_association",
            attribute="subnet_id",
        ),
        Unplaced(
            address="azurerm_network_security_rule.a",
            type="azurerm_network_security_rule",
            attribute="network_security_group_name",
        ),
    }


def test_a_reference_that_the_plan_does_not_tell_is_not_known() -> None:
    (connection,) = aws(
        {"aws_vpn_connection.a": {"vpn_gateway_id": Ref("local.gateway"), "customer_gateway_id": "cgw-1"}}
    ).vpn_connections

    assert (connection.vpn_gateway_id, connection.transit_gateway_id) == (UNKNOWN, None)
    assert connection.customer_gateway_id == "cgw-1"


def test_subnets_of_a_vnet_outside_the_plan_are_in_one_of_its_name() -> None:
    names = {"virtual_network_name": "theirs", "resource_group_name": "hub"}
    (vnet,) = azure(
        {
            "azurerm_subnet.a": {**names, "name": "GatewaySubnet", "address_prefixes": ["10.1.1.0/24"]},
            "azurerm_subnet.b": {**names, "name": "b", "address_prefixes": [Ref()]},
        }
    ).virtual_networks

    assert (vnet.name, vnet.address, vnet.address_space) == ("theirs", "", (UNKNOWN,))
    assert [(subnet.name, subnet.address_prefixes) for subnet in vnet.subnets] == [
        ("GatewaySubnet", (IPv4Network("10.1.1.0/24"),)),
        ("b", (UNKNOWN,)),
    ]


def test_subnets_inside_a_vnet_are_read() -> None:
    (vnet,) = azure(
        {
            "azurerm_network_security_group.a": {"name": "a"},
            "azurerm_virtual_network.a": {
                "name": "a",
                "address_space": ["10.1.0.0/16"],
                "subnet": [
                    {
                        "name": "one",
                        "address_prefixes": ["10.1.1.0/24"],
                        "security_group": Ref("azurerm_network_security_group.a.id"),
                    },
                    {"name": "old", "address_prefix": "10.1.2.0/24", "delegation": [{"name": "x"}]},
                ],
            },
        }
    ).virtual_networks

    one, old = vnet.subnets
    assert (one.id, old.id) == (
        "azurerm_virtual_network.a/subnets/one",
        "azurerm_virtual_network.a/subnets/old",
    )
    assert one.network_security_group_id == "azurerm_network_security_group.a"
    assert (old.address_prefixes, old.delegated) == ((IPv4Network("10.1.2.0/24"),), True)


def test_things_of_one_name_in_two_resource_groups_are_told_apart() -> None:
    azure_network = azure(
        {
            "azurerm_route_table.a": {"name": "same", "resource_group_name": "a"},
            "azurerm_route_table.b": {"name": "same", "resource_group_name": "b"},
            "azurerm_route.b": {
                "name": "r",
                "route_table_name": "same",
                "resource_group_name": "b",
                "address_prefix": "10.2.0.0/16",
                "next_hop_type": "VirtualNetworkGateway",
            },
        }
    )

    assert {table.address: len(table.routes) for table in azure_network.route_tables} == {
        "azurerm_route_table.a": 0,
        "azurerm_route_table.b": 1,
    }


def test_a_route_to_a_service_tag_is_left_out() -> None:
    (table,) = azure(
        {"azurerm_route_table.a": {"route": [{"name": "x", "address_prefix": "AzureCloud"}]}}
    ).route_tables

    assert table.routes == ()


@pytest.mark.parametrize(
    ("values", "propagates"),
    [
        ({}, True),
        ({"bgp_route_propagation_enabled": False}, False),
        ({"disable_bgp_route_propagation": True}, False),
        ({"disable_bgp_route_propagation": False}, True),
        ({"bgp_route_propagation_enabled": Ref()}, UNKNOWN),
    ],
)
def test_learned_routes_get_in_under_either_name_of_the_argument(
    values: dict[str, object], propagates: object
) -> None:
    assert (
        azure({"azurerm_route_table.a": values}).route_tables[0].bgp_route_propagation_enabled is propagates
    )


@pytest.mark.parametrize(
    ("values", "bgp"),
    [
        ({}, False),
        ({"bgp_enabled": True}, True),
        ({"enable_bgp": True}, True),
        ({"bgp_enabled": Ref()}, UNKNOWN),
    ],
)
def test_bgp_is_on_under_either_name_of_the_argument(values: dict[str, object], bgp: object) -> None:
    azure_network = azure(
        {
            "azurerm_virtual_network_gateway.a": values,
            "azurerm_virtual_network_gateway_connection.a": {"type": "IPsec", **values},
        }
    )

    assert azure_network.virtual_network_gateways[0].bgp_enabled is bgp
    assert azure_network.connections[0].bgp_enabled is bgp


def test_a_gateway_without_names_has_one_instance_with_its_address() -> None:
    (gateway,) = azure(
        {
            "azurerm_public_ip.a": {"sku": "Standard", "zones": ["1"]},
            "azurerm_virtual_network_gateway.a": {
                "sku": "VpnGw2AZ",
                "ip_configuration": [{"public_ip_address_id": Ref("azurerm_public_ip.a.id")}],
                "bgp_settings": [
                    {"asn": 65010, "peering_addresses": [{"apipa_addresses": ["169.254.21.2"]}]}
                ],
            },
        }
    ).virtual_network_gateways

    (instance,) = gateway.instances
    assert (
        instance.ip_configuration_id == "azurerm_virtual_network_gateway.a/ipConfigurations/vnetGatewayConfig"
    )
    assert instance.public_ip_address_id == "azurerm_public_ip.a"
    assert instance.custom_bgp_ip_addresses == (IPv4Address("169.254.21.2"),)
    assert (gateway.generation, gateway.active_active, gateway.asn) == ("Generation1", False, 65010)


def test_instances_that_are_not_known_are_named_by_bgp_or_there_is_one_without_a_name() -> None:
    def instances(**values: object) -> list[object]:
        unknown = {"ip_configuration": Ref("var.configurations"), **values}
        gateway_instances = (
            azure({"azurerm_virtual_network_gateway.a": unknown}).virtual_network_gateways[0].instances
        )
        assert all(instance.private_ip_allocation_method is UNKNOWN for instance in gateway_instances)
        return [instance.ip_configuration_name for instance in gateway_instances]

    named = [{"ip_configuration_name": "one"}, {"ip_configuration_name": "two"}]
    assert instances() == [UNKNOWN]
    assert instances(bgp_settings=[{"peering_addresses": named}]) == ["one", "two"]


def test_express_route_and_other_vnets_are_not_this_network() -> None:
    azure_network = azure(
        {
            "azurerm_virtual_network_gateway.a": {"type": "ExpressRoute"},
            "azurerm_virtual_network_gateway_connection.a": {"type": "Vnet2Vnet"},
            "azurerm_virtual_network_gateway_connection.b": {"type": Ref("var.type")},
        }
    )

    assert azure_network.virtual_network_gateways == ()
    assert [connection.address for connection in azure_network.connections] == [
        "azurerm_virtual_network_gateway_connection.b"
    ]


def test_a_custom_bgp_address_is_of_the_instance_that_has_it_else_of_its_place() -> None:
    gateway = {
        "ip_configuration": [{"name": "one"}, {"name": "two"}],
        "bgp_settings": [
            {
                "peering_addresses": [
                    {"ip_configuration_name": "one", "apipa_addresses": ["169.254.21.2"]},
                    {"ip_configuration_name": "two", "apipa_addresses": ["169.254.21.6"]},
                ]
            }
        ],
    }
    reference = Ref("azurerm_virtual_network_gateway.a.id", "azurerm_virtual_network_gateway.a")

    def custom(**addresses: object) -> dict[str, object]:
        connection = {"custom_bgp_addresses": [addresses], "virtual_network_gateway_id": reference}
        azure_network = azure(
            {
                "azurerm_virtual_network_gateway.a": gateway,
                "azurerm_virtual_network_gateway_connection.a": connection,
            }
        )
        return {
            key.rpartition("/")[2]: address
            for key, address in azure_network.connections[0].custom_bgp_addresses.items()
        }

    first, second = IPv4Address("169.254.21.2"), IPv4Address("169.254.21.6")
    assert custom(primary=str(first), secondary=str(second)) == {"one": first, "two": second}
    assert list(custom(primary=str(second), secondary=str(first))) == ["two", "one"]
    assert custom(primary="169.254.21.10") == {"one": IPv4Address("169.254.21.10")}
    assert custom(primary=Ref(), secondary=str(second)) == {"one": UNKNOWN, "two": second}


def connection_of(**values: object) -> AzureConnection[Unknown]:
    return azure({"azurerm_virtual_network_gateway_connection.a": values}).connections[0]


def test_a_policy_can_be_there_absent_or_not_known() -> None:
    policy = connection_of(ipsec_policy=[{"dh_group": "ECP384", "sa_lifetime": Ref()}]).ipsec_policy

    assert isinstance(policy, IpsecPolicy)
    assert (policy.dh_group, policy.sa_life_time_seconds, policy.sa_data_size_kilobytes) == (
        "ECP384",
        UNKNOWN,
        102400000,
    )
    assert connection_of().ipsec_policy is None
    assert connection_of(ipsec_policy=Ref("var.policy")).ipsec_policy is UNKNOWN


def test_selectors_can_be_absent_or_not_known() -> None:
    (selectors,) = connection_of(traffic_selector_policy=Ref("var.x")).traffic_selector_policies

    assert selectors.local_address_ranges == selectors.remote_address_ranges == (UNKNOWN,)
    assert connection_of().traffic_selector_policies == ()


@pytest.mark.parametrize(("reference", "of"), [
    ("aws_vpn_connection.a.tunnel2_address", "aws_vpn_connection.a/2"),
    ("azurerm_public_ip.a.ip_address", "azurerm_public_ip.a"),
    ("local.address", ""),
])  # fmt: skip
def test_a_local_network_gateway_says_whose_address_it_will_have(reference: str, of: str) -> None:
    (local,) = azure(
        {
            "aws_vpn_connection.a": {},
            "azurerm_public_ip.a": {},
            "azurerm_local_network_gateway.a": {
                "gateway_address": Ref(reference, reference.rpartition(".")[0])
            },
        }
    ).local_network_gateways

    assert (local.gateway_ip_address, local.gateway_ip_address_of) == (UNKNOWN, of)
