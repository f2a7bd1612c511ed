"""Plans whose parts meet through locals, by older and newer providers: joined as far as a plan tells."""

from typing import Any

import pytest
from planned import Ref, plan

from twinspan.network.elsewhere import aws_elsewhere, azure_elsewhere
from twinspan.network.links import TunnelLink, tunnel_links
from twinspan.network.model import Network
from twinspan.network.unknown import UNKNOWN, Unknown
from twinspan.project.network import network_of

EACH = Ref("each.value.address", "each.value")
FROM_LOCALS = Ref("local.peers")
GATEWAY = {
    "name": "edge",
    "type": "Vpn",
    "sku": "VpnGw1AZ",
    "ip_configuration": [{"name": "only", "public_ip_address_id": Ref("azurerm_public_ip.door.id")}],
    "bgp_settings": [
        {"asn": 65200, "peering_addresses": [{"ip_configuration_name": "only", "apipa_addresses": []}]}
    ],
}


def by_locals(**more: Any) -> dict[str, dict[str, Any]]:
    """One VPN connection to Azure and one to an office, all by `for_each` over locals."""
    connection = {
        "type": "IPsec",
        "virtual_network_gateway_id": Ref("azurerm_virtual_network_gateway.edge.id"),
        "local_network_gateway_id": Ref("azurerm_local_network_gateway.site", "each.key"),
        "for_each": FROM_LOCALS,
    }
    vpn = {
        "vpn_gateway_id": Ref("aws_vpn_gateway.exit.id"),
        "customer_gateway_id": Ref("aws_customer_gateway.site", "each.key"),
        "tunnel1_address": Ref(),
        "tunnel2_address": Ref(),
        "for_each": Ref("local.sites"),
    }
    return {
        "aws_vpn_gateway.exit": {},
        'aws_customer_gateway.site["berlin"]': {
            "ip_address": EACH,
            "bgp_asn": 65200,
            "for_each": FROM_LOCALS,
        },
        'aws_customer_gateway.site["office"]': {"ip_address": "198.51.100.77", "bgp_asn": 65300},
        'aws_vpn_connection.to["berlin"]': vpn,
        'aws_vpn_connection.to["office"]': {**vpn, "static_routes_only": True},
        "azurerm_public_ip.door": {"name": "door", "ip_address": Ref()},
        "azurerm_virtual_network_gateway.edge": {**GATEWAY, "bgp_enabled": True},
        'azurerm_local_network_gateway.site["berlin"]': {
            "name": "berlin",
            "gateway_address": EACH,
            "bgp_settings": Ref(),
            "for_each": FROM_LOCALS,
        },
        'azurerm_local_network_gateway.site["office"]': {
            "name": "office",
            "gateway_address": "198.51.100.77",
            "address_space": ["192.168.40.0/24"],
        },
        'azurerm_virtual_network_gateway_connection.site["berlin"]': {**connection, "name": "b"},
        'azurerm_virtual_network_gateway_connection.site["office"]': {**connection, "name": "o"},
        **more,
    }


RELEVANT = {
    'aws_vpn_connection.to["berlin"]': ("tunnel1_address", "tunnel1_preshared_key"),
    'aws_vpn_connection.to["office"]': ("id",),
    "azurerm_public_ip.door": ("ip_address", "id"),
}


def network(**relevant: tuple[str, ...]) -> Network[Unknown]:
    return network_of(plan(by_locals(), relevant=relevant or RELEVANT))


def joined(network: Network[Unknown]) -> list[TunnelLink[Unknown]]:
    return [link for link in tunnel_links(network) if link.joined]


def test_what_goes_through_locals_is_found_in_what_terraform_took_values_from() -> None:
    (link,) = joined(network())

    assert link.key == 'aws_vpn_connection.to["berlin"]/1'
    assert link.azure_connection
    assert link.azure_connection.address == 'azurerm_virtual_network_gateway_connection.site["berlin"]'
    assert link.instance  # the customer gateway calls the public address, through a local as well


def test_of_two_that_could_be_meant_none_is_guessed() -> None:
    relevant = {**RELEVANT, 'aws_vpn_connection.to["berlin"]': ("tunnel1_address", "tunnel2_address")}

    assert joined(network_of(plan(by_locals(), relevant=relevant))) == []


def test_of_a_resource_taken_as_a_whole_no_tunnel_is_guessed() -> None:
    relevant = {**RELEVANT, 'aws_vpn_connection.to["berlin"]': ("tunnel1_address", "")}

    assert joined(network_of(plan(by_locals(), relevant=relevant))) == []


def test_a_plan_that_lists_nothing_leaves_it_open() -> None:
    azure_and_aws = network_of(plan(by_locals()))

    assert joined(azure_and_aws) == []
    assert all(link.maybe for link in tunnel_links(azure_and_aws) if link.tunnel)


def test_an_office_is_known_as_such_in_a_plan_too() -> None:
    planned = network()

    assert [connection.address for connection in aws_elsewhere(planned)] == [
        'aws_vpn_connection.to["office"]'
    ]
    assert [connection.name for connection in azure_elsewhere(planned)] == ["o"]


def test_bgp_settings_made_by_dynamic_are_open_and_not_missing() -> None:
    planned = network()
    assert planned.azure
    berlin, office = planned.azure.local_network_gateways

    assert berlin.asn is UNKNOWN
    assert office.asn is None


@pytest.mark.parametrize(
    ("provider", "gateway", "connection"),
    [
        ("3", {"enable_bgp": True, "active_active": True}, {"enable_bgp": True}),
        ("4", {"enable_bgp": True, "bgp_enabled": Ref()}, {"enable_bgp": True, "bgp_enabled": Ref()}),
        ("4.62", {"bgp_enabled": True}, {"bgp_enabled": True}),
        ("5", {"bgp_enabled": True}, {"bgp_enabled": True}),
    ],
)
def test_every_azurerm_says_whether_bgp_is_on(
    provider: str, gateway: dict[str, Any], connection: dict[str, Any]
) -> None:
    planned = network_of(
        plan(
            {
                "azurerm_virtual_network_gateway.edge": {**GATEWAY, **gateway},
                "azurerm_virtual_network_gateway_connection.one": {"type": "IPsec", **connection},
            }
        )
    ).azure
    assert planned

    assert planned.virtual_network_gateways[0].bgp_enabled is True, provider
    assert planned.connections[0].bgp_enabled is True, provider


def test_of_two_names_of_one_argument_the_one_that_is_known_counts() -> None:
    older = {"enable_bgp": False, "bgp_enabled": Ref()}
    azure = network_of(plan({"azurerm_virtual_network_gateway.edge": {**GATEWAY, **older}})).azure
    assert azure

    assert azure.virtual_network_gateways[0].bgp_enabled is False


def test_the_region_that_aws_6_writes_at_each_resource_is_the_networks() -> None:
    vpn = {"region": "eu-central-1", "customer_gateway_id": Ref(), "vpn_gateway_id": Ref()}
    aws = network_of(plan({"aws_vpn_connection.to": vpn})).aws
    assert aws

    assert (aws.region, aws.vpn_connections[0].region) == ("eu-central-1", "")
