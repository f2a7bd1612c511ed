"""AWS's part of a plan's network."""

from ipaddress import IPv4Network

import pytest
from planned import OF_VPC, VPC, Ref, aws, network

from twinspan.network.model import Malformed
from twinspan.network.unknown import CLOUD_CHOOSES, UNKNOWN


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


def test_a_large_asn_of_a_customer_gateway_is_in_an_argument_of_its_own() -> None:
    (gateway,) = aws({"aws_customer_gateway.a": {"bgp_asn_extended": "4200000000"}}).customer_gateways

    assert gateway.bgp_asn == 4200000000


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
