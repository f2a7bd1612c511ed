"""Networks of whole plans and states: everything has its place, and what leads where is known."""

from ipaddress import IPv4Address, IPv4Network

import pytest
from planned import OF_VPC, VPC, Ref, aws, golden, network

from twinspan.network.links import tunnel_links
from twinspan.network.model import Network
from twinspan.network.unknown import CLOUD_CHOOSES, UNKNOWN, Unknown
from twinspan.project.network import network_of
from twinspan.project.state import State, StateResource


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
