"""The rules on networks as they are read from the clouds, where nothing is written and nothing is unknown."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import healthy_network as vn
import healthy_static
import pytest

from twinspan.network.model import CustomerGateway, Network, Vpc
from twinspan.results import Severity
from twinspan.rules.catalogue import CONFIGURATION
from twinspan.rules.design import Design
from twinspan.rules.rule import Rule

RULES = [candidate for candidate in CONFIGURATION if candidate.severity is not Severity.INFO]
EXPECTED = {"RED-03": ["subnet-0a"]}
"""The subnets of these networks are all in one zone."""


def with_neighbours(network: Network) -> Network:
    """Return a network with an office at a VPN connection of its own, and a VPC without a gateway."""
    aws, azure = network.aws, network.azure
    assert aws
    assert azure
    office = CustomerGateway(
        id="cgw-0f", name="office", state="available", ip_address=IPv4Address("203.0.113.99"), bgp_asn=65099
    )
    first = aws.vpn_connections[0]
    tunnels = tuple(
        replace(
            tunnel,
            outside_ip_address=IPv4Address(f"198.51.100.{200 + number}"),
            inside_cidr=IPv4Network(f"169.254.6.{4 * number}/30"),
        )
        for number, tunnel in enumerate(first.tunnels)
    )
    connection = replace(first, id="vpn-0f", customer_gateway_id="cgw-0f", tunnels=tunnels)
    apart = Vpc(id="vpc-0f", name="apart", cidr_blocks=azure.virtual_networks[0].address_space)
    return replace(
        network,
        aws=replace(
            aws,
            vpcs=(*aws.vpcs, apart),
            customer_gateways=(*aws.customer_gateways, office),
            vpn_connections=(*aws.vpn_connections, connection),
        ),
    )


HEALTHY = {
    "bgp": vn.healthy().network,
    "static": healthy_static.static().network,
    "with neighbours": with_neighbours(vn.healthy().network),
}


@pytest.mark.parametrize("network", HEALTHY.values(), ids=HEALTHY)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_healthy_network_has_no_faults(rule: Rule[Design], network: Network) -> None:
    subjects = [finding.subject for finding in rule.examine(Design(network=network))]
    assert subjects == EXPECTED.get(rule.id, [])


def test_a_fault_is_named_by_the_id_of_the_object() -> None:
    network = vn.healthy().network
    assert network.azure
    locals_ = network.azure.local_network_gateways
    wrong = (replace(locals_[0], asn=64999), *locals_[1:])
    design = Design(network=replace(network, azure=replace(network.azure, local_network_gateways=wrong)))
    subjects = {rule.id: finding.subject for rule in RULES for finding in rule.examine(design)}
    assert subjects["ASN-05"] == f"{locals_[0].name} bgp_settings.asn"
