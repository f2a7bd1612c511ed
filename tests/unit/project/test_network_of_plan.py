"""A real plan as a network, and plans in which something is not known, not there or not right."""

from ipaddress import IPv4Address, IPv4Network

import pytest
from planned import Ref, aws, azure, golden, network

from twinspan.network.asns import AWS_DEFAULT_ASN, AZURE_DEFAULT_ASN
from twinspan.network.links import tunnel_links
from twinspan.network.model import AzureConnection, IpsecPolicy, Malformed, Network, Unplaced
from twinspan.network.unknown import CLOUD_CHOOSES, UNKNOWN, Unknown
from twinspan.project.network import network_of
from twinspan.project.state import State, StateResource

VPC = {"cidr_block": "10.2.0.0/16"}
OF_VPC = Ref("aws_vpc.a.id", "aws_vpc.a")


def joins(planned_network: Network[Unknown]) -> list[tuple[str, str, bool]]:
    return [
        (link.key, link.azure_connection.address, link.mutual)
        for link in tunnel_links(planned_network)
        if link.joined and link.azure_connection
    ]


@pytest.mark.parametrize("name", ["base", "static"])
def test_a_real_plan_leaves_nothing_without_a_place(name: str) -> None:
    planned_network = golden(name)

    assert planned_network.unplaced == ()
    assert planned_network.malformed == ()


@pytest.mark.parametrize("name", ["base", "static"])
def test_the_tunnels_of_a_real_plan_meet_their_connections(name: str) -> None:
    links = joins(golden(name))

    assert len(links) == 4
    assert len({address for _, address, _ in links}) == 4
    assert all(mutual for _, _, mutual in links)


def test_a_real_plan_has_its_objects_joined_by_address() -> None:
    planned_network = golden("base")

    assert planned_network.aws
    assert planned_network.azure
    (gateway,) = planned_network.aws.vpn_gateways
    (vpc,) = planned_network.aws.vpcs
    assert gateway.id == gateway.address == "module.aws_vpn.aws_vpn_gateway.this"
    assert gateway.vpc_id == vpc.id == "module.aws_vpc.aws_vpc.this"
    tables = {table.address: table for table in planned_network.aws.route_tables if table.propagating_vgw_ids}
    assert len(tables) == 2
    assert {gateway_id for table in tables.values() for gateway_id in table.propagating_vgw_ids} == {
        gateway.id
    }
    assert planned_network.aws.region == "us-west-2"
    customer = planned_network.aws.customer_gateways[0]
    public = {public_ip.id for public_ip in planned_network.azure.public_ip_addresses}
    assert customer.ip_address is UNKNOWN
    assert customer.ip_address_of in public
    assert {
        instance.public_ip_address_id
        for instance in planned_network.azure.virtual_network_gateways[0].instances
    } == public


def test_an_empty_plan_has_no_clouds() -> None:
    assert network({}) == Network(aws=None, azure=None)
    assert network({"random_id.a": {}}) == Network(aws=None, azure=None)


def test_a_cloud_that_is_there_without_a_network_is_empty() -> None:
    aws_network = aws({"aws_s3_bucket.a": {"bucket": "a"}})

    assert (aws_network.vpcs, aws_network.account_id, aws_network.region) == ((), UNKNOWN, UNKNOWN)


def test_what_aws_makes_with_a_vpc_is_there() -> None:
    aws_network = aws({"aws_vpc.a": VPC, "aws_subnet.a": {"vpc_id": OF_VPC, "cidr_block": "10.2.1.0/24"}})

    (table,) = aws_network.route_tables
    assert (table.main, table.id) == (True, "aws_vpc.a.default_route_table_id")
    assert [(route.destination, route.target) for route in table.routes] == [
        (IPv4Network("10.2.0.0/16"), "local")
    ]
    assert aws_network.route_table_of("aws_subnet.a") == table
    (group,) = aws_network.security_groups
    assert [permission.group_id for permission in group.permissions] == [group.id, None]
    (acl,) = aws_network.network_acls
    assert (acl.default, acl.subnet_ids) == (True, ("aws_subnet.a",))
    assert [(entry.egress, entry.rule_number, entry.allow) for entry in acl.entries] == [
        (False, 100, True),
        (False, 32767, False),
        (True, 100, True),
        (True, 32767, False),
    ]


def test_what_aws_made_with_a_vpc_and_terraform_manages_is_there_once() -> None:
    aws_network = aws(
        {
            "aws_vpc.a": VPC,
            "aws_default_route_table.a": {
                "default_route_table_id": Ref("aws_vpc.a.default_route_table_id", "aws_vpc.a")
            },
            "aws_default_security_group.a": {"vpc_id": OF_VPC, "ingress": [], "egress": []},
            "aws_default_network_acl.a": {
                "default_network_acl_id": Ref("aws_vpc.a.default_network_acl_id", "aws_vpc.a")
            },
            "aws_route.a": {
                "route_table_id": Ref("aws_vpc.a.main_route_table_id", "aws_vpc.a"),
                "destination_cidr_block": "0.0.0.0/0",
                "gateway_id": "igw-1",
            },
        }
    )

    (table,) = aws_network.route_tables
    assert (table.address, table.main) == ("aws_default_route_table.a", True)
    assert [route.to_internet for route in table.routes] == [False, True]
    (group,) = aws_network.security_groups
    assert (group.address, group.permissions) == ("aws_default_security_group.a", ())
    (acl,) = aws_network.network_acls
    assert acl.address == "aws_default_network_acl.a"
    assert [entry.allow for entry in acl.entries] == [False, False]


def test_another_table_can_be_made_the_main_one() -> None:
    aws_network = aws(
        {
            "aws_vpc.a": VPC,
            "aws_route_table.a": {"vpc_id": OF_VPC},
            "aws_main_route_table_association.a": {
                "vpc_id": OF_VPC,
                "route_table_id": Ref("aws_route_table.a.id", "aws_route_table.a"),
            },
        }
    )

    assert {table.address: table.main for table in aws_network.route_tables} == {
        "aws_route_table.a": True,
        "": False,
    }


def test_routes_and_propagation_inside_a_table_are_read() -> None:
    aws_network = aws(
        {
            "aws_vpn_gateway.a": {"vpc_id": Ref("aws_vpc.a.id")},
            "aws_vpc.a": VPC,
            "aws_route_table.a": {
                "vpc_id": OF_VPC,
                "propagating_vgws": [Ref("aws_vpn_gateway.a.id", "aws_vpn_gateway.a")],
                "route": [
                    {"cidr_block": "10.1.0.0/16", "gateway_id": Ref("aws_vpn_gateway.a.id")},
                    {"ipv6_cidr_block": "::/0", "cidr_block": "", "gateway_id": "igw-1"},
                ],
            },
        }
    )

    table = aws_network.route_tables[0]
    assert table.propagating_vgw_ids == ("aws_vpn_gateway.a",)
    assert [(str(route.destination), route.target) for route in table.routes] == [
        ("10.2.0.0/16", "local"),
        ("10.1.0.0/16", "aws_vpn_gateway.a"),
    ]
    assert aws_network.vpn_gateways[0].vpc_id == "aws_vpc.a"


@pytest.mark.parametrize(
    ("values", "seen"),
    [
        ({"protocol": "tcp", "from_port": 80, "to_port": 90}, ("tcp", 80, 90)),
        ({"protocol": "6", "from_port": 80, "to_port": 90}, ("tcp", 80, 90)),
        ({"protocol": "-1", "from_port": 0, "to_port": 0}, ("-1", -1, -1)),
        ({"protocol": "all", "from_port": 0, "to_port": 0}, ("-1", -1, -1)),
        ({"protocol": "icmp", "from_port": -1, "to_port": -1}, ("icmp", -1, -1)),
        ({"protocol": "tcp", "from_port": Ref(), "to_port": 90}, ("tcp", UNKNOWN, 90)),
        ({"protocol": Ref(), "from_port": 1, "to_port": 1}, (UNKNOWN, 1, 1)),
    ],
)
def test_rules_of_a_security_group_read_the_same_wherever_they_stand(
    values: dict[str, object], seen: tuple[object, ...]
) -> None:
    group = Ref("aws_security_group.a.id", "aws_security_group.a")
    inline = {**values, "cidr_blocks": ["10.1.0.0/16"]}
    old = {**values, "type": "ingress", "cidr_blocks": ["10.1.0.0/16"], "security_group_id": group}
    new = {**values, "cidr_ipv4": "10.1.0.0/16", "security_group_id": group}
    new["ip_protocol"] = new.pop("protocol")
    ways: tuple[dict[str, dict[str, object]], ...] = (
        {"aws_security_group.a": {"ingress": [inline]}},
        {"aws_security_group.a": {}, "aws_security_group_rule.a": old},
        {"aws_security_group.a": {}, "aws_vpc_security_group_ingress_rule.a": new},
    )

    for way in ways:
        (permission,) = aws(way).security_groups[0].permissions
        assert (permission.ip_protocol, permission.from_port, permission.to_port) == seen
        assert (permission.direction, permission.cidr) == ("ingress", IPv4Network("10.1.0.0/16"))


def test_each_peer_of_a_rule_is_a_permission_of_its_own() -> None:
    aws_network = aws(
        {
            "aws_security_group.b": {},
            "aws_security_group.a": {
                "egress": [
                    {
                        "protocol": "-1",
                        "cidr_blocks": ["10.1.0.0/16", Ref()],
                        "ipv6_cidr_blocks": ["::/0"],
                        "security_groups": [Ref("aws_security_group.b.id", "aws_security_group.b")],
                        "self": True,
                        "prefix_list_ids": ["pl-1"],
                    }
                ]
            },
        }
    )

    (group,) = (
        security_group
        for security_group in aws_network.security_groups
        if security_group.address == "aws_security_group.a"
    )
    assert [
        (permission.cidr, permission.group_id, permission.prefix_list_id) for permission in group.permissions
    ] == [
        (IPv4Network("10.1.0.0/16"), None, None),
        (UNKNOWN, None, None),
        (None, "aws_security_group.b", None),
        (None, "aws_security_group.a", None),
        (None, None, "pl-1"),
    ]


def test_rules_of_groups_outside_the_plan_are_in_groups_of_their_own() -> None:
    rule = {"cidr_ipv4": "10.1.0.0/16", "ip_protocol": "-1"}
    kind = "aws_vpc_security_group_ingress_rule"
    aws_network = aws(
        {
            f"{kind}.a": {**rule, "security_group_id": "sg-1"},
            f"{kind}.b": {**rule, "security_group_id": "sg-1"},
            f"{kind}.c": {**rule, "security_group_id": Ref("data.aws_security_group.x.id")},
        }
    )

    assert {
        security_group.id: [rule.address for rule in security_group.permissions]
        for security_group in aws_network.security_groups
    } == {
        "sg-1": [f"{kind}.a", f"{kind}.b"],
        f"{kind}.c.security_group_id": [f"{kind}.c"],
    }


def test_rules_that_are_not_known_are_an_unknown_permission() -> None:
    (group,) = aws({"aws_security_group.a": {"ingress": Ref("var.rules")}}).security_groups

    (permission,) = group.permissions
    assert (permission.direction, permission.cidr, permission.ip_protocol) == ("ingress", UNKNOWN, UNKNOWN)


def test_entries_of_a_network_acl_read_the_same_wherever_they_stand() -> None:
    same = {"cidr_block": "10.1.0.0/16", "icmp_type": -1, "icmp_code": -1}
    inline = {**same, "rule_no": 7, "action": "deny", "protocol": "icmp"}
    acl_id = Ref("aws_network_acl.a.id", "aws_network_acl.a")
    apart = {**same, "rule_number": 7, "rule_action": "deny", "protocol": "1", "network_acl_id": acl_id}
    ways: tuple[dict[str, dict[str, object]], ...] = (
        {"aws_network_acl.a": {"ingress": [inline]}},
        {"aws_network_acl.a": {}, "aws_network_acl_rule.a": apart},
    )

    for way in ways:
        (acl,) = aws(way).network_acls
        first = acl.entries[0]
        assert (first.rule_number, first.allow, first.protocol, first.icmp_type_code, first.port_range) == (
            7,
            False,
            "1",
            (-1, -1),
            None,
        )
        assert (acl.default, acl.vpc_id) == (False, UNKNOWN)


def test_options_of_a_tunnel_that_are_not_set_have_the_clouds_defaults() -> None:
    (connection,) = aws({"aws_vpn_connection.a": {"tunnel2_rekey_fuzz_percentage": 0}}).vpn_connections

    first, second = connection.tunnels
    assert (first.dpd_timeout_seconds, first.dpd_timeout_action, first.startup_action) == (30, "clear", "add")
    assert (first.phase1.lifetime_seconds, first.phase2.lifetime_seconds) == (28800, 3600)
    assert first.ike_versions == ("ikev1", "ikev2")
    assert first.phase1.encryption_algorithms == ()
    assert second.rekey_fuzz_percentage == 100
    assert connection.static_routes_only is False
    assert connection.local_ipv4_network_cidr == IPv4Network("0.0.0.0/0")


def test_an_inside_range_that_is_left_to_aws_is_told_from_one_that_is_not_known() -> None:
    (connection,) = aws(
        {"aws_vpn_connection.a": {"tunnel1_inside_cidr": Ref("var.inside"), "tunnel2_address": Ref()}}
    ).vpn_connections

    assert [tunnel.inside_cidr for tunnel in connection.tunnels] == [UNKNOWN, CLOUD_CHOOSES]


@pytest.mark.parametrize("text", ["nonsense", "10.0.0.0/33", "169.254.21.0/31", "169.254.21.0"])
def test_an_inside_range_that_is_none_is_noted(text: str) -> None:
    planned_network = network({"aws_vpn_connection.a": {"tunnel1_inside_cidr": text}})

    assert planned_network.aws
    assert planned_network.aws.vpn_connections[0].tunnels[0].inside_cidr is UNKNOWN
    assert planned_network.malformed == (
        Malformed(address="aws_vpn_connection.a", attribute="tunnel1_inside_cidr", value=text),
    )


def test_host_bits_are_noted_and_the_range_is_read() -> None:
    planned_network = network(
        {"azurerm_local_network_gateway.a": {"address_space": ["10.2.0.1/16", "fd00::/8"]}}
    )

    assert planned_network.azure
    assert planned_network.azure.local_network_gateways[0].address_prefixes == (IPv4Network("10.2.0.0/16"),)
    assert [
        (malformed_value.attribute, malformed_value.value) for malformed_value in planned_network.malformed
    ] == [("address_space.0", "10.2.0.1/16")]


@pytest.mark.parametrize("value", ["many", 1.5, True, ["1"], {"a": 1}])
def test_a_number_that_is_none_is_noted_and_not_guessed(value: object) -> None:
    planned_network = network({"aws_vpn_gateway.a": {"amazon_side_asn": value}})

    assert planned_network.aws
    assert planned_network.aws.vpn_gateways[0].amazon_side_asn is UNKNOWN
    assert len(planned_network.malformed) == 1


@pytest.mark.parametrize("value", [3, "text", {"a": 1}, None, True, [3], [None], [[]]])
def test_lists_and_blocks_of_another_form_do_not_stop_anything(value: object) -> None:
    kinds = {
        "aws_vpc": ("cidr_block", "tags", "tags_all", "region", "arn"),
        "aws_route_table": ("route", "propagating_vgws", "vpc_id"),
        "aws_security_group": ("ingress", "egress", "name"),
        "aws_network_acl": ("ingress", "subnet_ids"),
        "aws_vpn_connection": ("tunnel1_ike_versions", "tunnel1_log_options", "static_routes_only"),
        "aws_eks_cluster": ("vpc_config", "kubernetes_network_config", "certificate_authority"),
        "azurerm_virtual_network": ("address_space", "subnet", "id"),
        "azurerm_subnet": ("address_prefixes", "delegation", "virtual_network_name"),
        "azurerm_route_table": ("route", "bgp_route_propagation_enabled"),
        "azurerm_network_security_group": ("security_rule",),
        "azurerm_virtual_network_gateway": ("ip_configuration", "bgp_settings", "sku", "type"),
        "azurerm_local_network_gateway": ("bgp_settings", "gateway_address", "address_space"),
        "azurerm_virtual_network_gateway_connection": (
            "ipsec_policy",
            "custom_bgp_addresses",
            "traffic_selector_policy",
            "type",
        ),
        "azurerm_kubernetes_cluster": ("network_profile", "default_node_pool"),
    }

    for kind, names in kinds.items():
        for name in names:
            assert network({f"{kind}.a": {name: value}})


def test_gateways_have_the_clouds_asns_if_none_is_given() -> None:
    assert aws({"aws_vpn_gateway.a": {}}).vpn_gateways[0].amazon_side_asn == AWS_DEFAULT_ASN
    assert (
        azure({"azurerm_virtual_network_gateway.a": {}}).virtual_network_gateways[0].asn == AZURE_DEFAULT_ASN
    )


def test_a_large_asn_of_a_customer_gateway_is_in_an_argument_of_its_own() -> None:
    (gateway,) = aws({"aws_customer_gateway.a": {"bgp_asn_extended": "4200000000"}}).customer_gateways

    assert gateway.bgp_asn == 4200000000


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


def test_objects_of_other_regions_say_so() -> None:
    aws_network = aws(
        {
            "aws_vpn_connection.a": {"region": "eu-west-1"},
            "aws_vpn_connection.b": {"region": "us-east-1"},
            "aws_vpc.b": {**VPC, "region": "us-east-1"},
            "aws_vpc.a": {**VPC, "region": "eu-west-1"},
        }
    )

    assert aws_network.region == "eu-west-1"
    assert [connection.region for connection in aws_network.vpn_connections] == ["", "us-east-1"]
    assert [vpc.region for vpc in aws_network.vpcs] == ["us-east-1", ""]


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


def test_clusters_have_their_parts() -> None:
    cluster = Ref("aws_eks_cluster.a.name", "aws_eks_cluster.a")
    planned_network = network(
        {
            "aws_vpc.a": VPC,
            "aws_subnet.a": {"vpc_id": OF_VPC, "cidr_block": "10.2.1.0/24"},
            "aws_eks_cluster.a": {
                "name": Ref("random_id.a.hex"),
                "vpc_config": [
                    {"subnet_ids": [Ref("aws_subnet.a.id", "aws_subnet.a")], "endpoint_private_access": True}
                ],
            },
            "aws_eks_node_group.a": {"cluster_name": cluster, "scaling_config": [{"desired_size": 2}]},
            "aws_eks_addon.a": {"cluster_name": cluster, "addon_name": "vpc-cni"},
            "aws_vpc_security_group_ingress_rule.a": {
                "security_group_id": Ref(
                    "aws_eks_cluster.a.vpc_config[0].cluster_security_group_id", "aws_eks_cluster.a"
                ),
                "cidr_ipv4": "10.1.0.0/16",
                "ip_protocol": "-1",
            },
            "azurerm_kubernetes_cluster.a": {
                "name": "aks",
                "default_node_pool": [{"name": "system", "node_count": 3}],
                "network_profile": [{"network_plugin": "azure", "service_cidr": "10.96.0.0/16"}],
            },
            "azurerm_kubernetes_cluster_node_pool.b": {
                "name": "b",
                "kubernetes_cluster_id": Ref("azurerm_kubernetes_cluster.a.id"),
            },
        }
    )

    assert planned_network.aws
    assert planned_network.azure
    (eks,) = planned_network.aws.eks_clusters
    assert (eks.name, eks.vpc_id, eks.service_ipv4_cidr) == (UNKNOWN, "aws_vpc.a", CLOUD_CHOOSES)
    assert [node_group.desired_size for node_group in eks.node_groups] == [2]
    assert [addon.name for addon in eks.addons] == ["vpc-cni"]
    (own,) = (
        security_group
        for security_group in planned_network.aws.security_groups
        if security_group.id == eks.cluster_security_group_id
    )
    assert IPv4Network("10.1.0.0/16") in [permission.cidr for permission in own.permissions]
    (aks,) = planned_network.azure.aks_clusters
    assert [(pool.name, pool.mode) for pool in aks.node_pools] == [("system", "System"), ("b", "User")]
    assert aks.dns_service_ip == IPv4Address("10.96.0.10")
    assert planned_network.unplaced == ()


def test_keys_are_in_no_network() -> None:
    planned_network = network(
        {
            "aws_vpn_connection.a": {"tunnel1_preshared_key": "not.a.real.key"},
            "azurerm_virtual_network_gateway_connection.a": {"shared_key": "not.a.real.key"},
        }
    )

    assert "not.a.real.key" not in repr(planned_network)


def test_a_state_shows_members_inside_their_objects_as_well_and_they_are_there_once() -> None:
    rule = {"from_port": 0, "to_port": 0, "protocol": "-1", "cidr_blocks": ["10.1.0.0/16"], "self": False}
    made: dict[str, dict[str, object]] = {
        "aws_security_group.a": {
            "id": "sg-1",
            "name": "a",
            "vpc_id": "vpc-1",
            "ingress": [rule],
            "egress": [],
        },
        "aws_vpc_security_group_ingress_rule.a": {
            "id": "sgr-1",
            "security_group_id": "sg-1",
            "cidr_ipv4": "10.1.0.0/16",
            "ip_protocol": "-1",
        },
        "aws_route_table.a": {
            "id": "rtb-1",
            "vpc_id": "vpc-1",
            "route": [{"cidr_block": "10.1.0.0/16", "gateway_id": "vgw-1", "nat_gateway_id": ""}],
        },
        "aws_route.a": {
            "route_table_id": "rtb-1",
            "destination_cidr_block": "10.1.0.0/16",
            "gateway_id": "vgw-1",
            "state": "active",
        },
        "azurerm_virtual_network.a": {
            "id": "/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/virtualNetworks/V",
            "name": "V",
            "subnet": [{"name": "s", "id": "/subscriptions/S/V/subnets/s", "address_prefixes": []}],
        },
        "azurerm_subnet.a": {
            "id": "/subscriptions/S/V/subnets/S",
            "name": "s",
            "virtual_network_name": "V",
            "address_prefixes": ["10.1.1.0/24"],
        },
    }
    state = State(
        resources=tuple(
            StateResource(address=address, type=address.split(".")[0], values=values)
            for address, values in made.items()
        )
    )

    planned_network = network_of(state.plan)

    assert planned_network.aws
    assert planned_network.azure
    assert [permission.address for permission in planned_network.aws.security_groups[0].permissions] == [
        "aws_vpc_security_group_ingress_rule.a"
    ]
    assert [route.address for route in planned_network.aws.route_tables[0].routes] == ["aws_route.a"]
    (vnet,) = planned_network.azure.virtual_networks
    assert [subnet.address for subnet in vnet.subnets] == ["azurerm_subnet.a"]
    assert vnet.id.endswith("/virtualnetworks/v")
    assert planned_network.azure.subscription_id == "S"
