import json
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import healthy_network as vn
import healthy_static as vs
import pytest
import verified_names as names

from twinspan.network import model
from twinspan.project.state import State, StateResource
from twinspan.rules.observed.expectation import Expectation, completed, from_resources
from twinspan.verify.evaluate import evaluate
from twinspan.verify.findings import Verification
from twinspan.verify.planned import planned_settings


def expected_of(network: model.Network) -> Expectation:
    expected = from_resources(network, source="state")
    assert expected
    return expected


def without_tunnel(network: model.Network, key: str) -> model.Network:
    """Return the network without the Azure end of a tunnel."""
    assert network.azure
    kept = tuple(connection for connection in network.azure.connections if connection.name != f"dev-{key}")
    return replace(network, azure=replace(network.azure, connections=kept))


def to_a_data_centre(network: model.Network, address: str) -> model.Network:
    """Return the network with a connection of each cloud to a data centre with this address."""
    assert network.aws
    assert network.azure
    connection = network.aws.vpn_connections[0]
    tunnels = tuple(
        replace(tunnel, outside_ip_address=IPv4Address(f"203.0.113.{n}"), inside_cidr=IPv4Network(cidr))
        for n, (tunnel, cidr) in enumerate(
            zip(connection.tunnels, ("169.254.9.0/30", "169.254.9.4/30"), strict=True), start=9
        )
    )
    aws = replace(
        network.aws,
        customer_gateways=(
            *network.aws.customer_gateways,
            replace(network.aws.customer_gateways[0], id="cgw-dc", ip_address=IPv4Address(address)),
        ),
        vpn_connections=(
            *network.aws.vpn_connections,
            replace(connection, id="vpn-dc", customer_gateway_id="cgw-dc", tunnels=tunnels),
        ),
    )
    local = replace(
        network.azure.local_network_gateways[0],
        id="/dc",
        gateway_ip_address=IPv4Address(address),
        bgp_peering_address=IPv4Address("192.0.2.1"),
        address_prefixes=(IPv4Network("192.168.0.0/16"),),
    )
    azure = replace(
        network.azure,
        local_network_gateways=(*network.azure.local_network_gateways, local),
        connections=(
            *network.azure.connections,
            replace(network.azure.connections[0], id="/con-dc", local_network_gateway_id="/dc"),
        ),
    )
    return model.Network(aws=aws, azure=azure)


def test_resources_say_what_must_exist() -> None:
    expected = expected_of(vn.applied())

    assert expected.vpc_ids == ("vpc-0a",)
    assert expected.vpn_gateway_ids == ("vgw-0a",)
    assert expected.vpn_connection_ids == names.VPN
    assert expected.private_subnet_ids == (names.PRIVATE_A, names.PRIVATE_B)
    assert set(expected.security_group_of.values()) == {"sg-0a"}
    assert expected.virtual_network_ids == (names.VNET,)
    assert expected.virtual_network_gateway_ids == (names.GATEWAY,)
    assert expected.azure_subnet_ids == (names.FRONTEND, names.WORKLOAD)
    assert expected.other_connection_ids == ()
    assert expected.tunnel_count == 4
    assert expected.clusters == {"aws": "eks", "azure": "aks"}
    assert [(tunnel.key, tunnel.outside_ip_address) for tunnel in expected.tunnels] == list(
        names.OUTSIDE.items()
    )


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ('module.net["a.b"].azurerm_x.this["tunnel.1"]', "tunnel.1"),
        ("module.net[0].azurerm_x.first", "first"),
        ("azurerm_x.first[2]", "first[2]"),
    ],
)
def test_a_tunnel_is_named_by_the_last_key_of_its_connection_in_terraform(address: str, key: str) -> None:
    network = vn.applied()
    assert network.azure
    (first, *_) = network.azure.connections
    network = replace(network, azure=replace(network.azure, connections=(replace(first, address=address),)))

    assert [tunnel.key for tunnel in expected_of(network).tunnels] == [key]


def test_tunnels_of_one_last_key_are_named_by_their_whole_addresses() -> None:
    network = vn.applied()
    assert network.azure
    first, second, *_ = network.azure.connections
    both = tuple(
        replace(connection, address=f'module.{name}.azurerm_x.this["a"]')
        for name, connection in (("one", first), ("two", second))
    )
    network = replace(network, azure=replace(network.azure, connections=both))

    assert [tunnel.key for tunnel in expected_of(network).tunnels] == [
        connection.address for connection in both
    ]


def test_a_design_with_one_tunnel_expects_one() -> None:
    network = vn.applied()
    for key in ("tunnel2", "tunnel3", "tunnel4"):
        network = without_tunnel(network, key)

    expected = expected_of(network)

    assert expected.tunnel_count == 1
    assert [tunnel.key for tunnel in expected.tunnels] == ["tunnel1"]
    assert expected.vpn_connection_ids == names.VPN  # the second calls an instance of Azure, too


def test_a_design_without_bgp_expects_its_tunnels() -> None:
    network = vs.static().network
    assert network.azure
    applied = vn.applied().azure
    assert applied
    addresses = {
        applied_connection.id: applied_connection.address for applied_connection in applied.connections
    }
    connections = tuple(
        replace(connection, address=addresses[connection.id]) for connection in network.azure.connections
    )

    expected = expected_of(replace(network, azure=replace(network.azure, connections=connections)))

    assert [tunnel.key for tunnel in expected.tunnels] == list(names.OUTSIDE)


def test_what_leads_to_a_data_centre_is_not_expected_to_reach_the_other_cloud() -> None:
    expected = expected_of(to_a_data_centre(vn.applied(), "192.0.2.9"))

    assert expected.tunnel_count == 4
    assert expected.vpn_connection_ids == names.VPN
    assert expected.other_connection_ids == ("/con-dc",)


def test_a_network_with_a_data_centre_at_the_other_end_of_some_tunnels_is_green() -> None:
    healthy = vn.healthy()
    network = to_a_data_centre(healthy.network, "192.0.2.9")
    expected = expected_of(to_a_data_centre(vn.applied(), "192.0.2.9"))

    verification = Verification(
        expected_from="test",
        results=evaluate(replace(healthy, network=network, expected=expected)),
        duration_s=0.0,
    )

    assert verification.passed


def test_what_is_in_another_region_is_expected_as_well() -> None:
    network = vn.applied()
    assert network.aws
    first, second = network.aws.vpn_connections
    away = replace(second, region="us-east-1")
    aws = replace(network.aws, vpn_connections=(first, away))

    expected = expected_of(replace(network, aws=aws))

    assert expected.vpn_connection_ids == (first.id, second.id)
    assert [tunnel.key for tunnel in expected.tunnels] == ["tunnel1", "tunnel2", "tunnel3", "tunnel4"]


def test_the_state_of_one_cloud_alone_leaves_the_number_of_tunnels_to_the_network() -> None:
    network = vn.applied()

    expected = expected_of(replace(network, azure=None))

    assert expected.vpn_connection_ids == names.VPN
    assert expected.tunnel_count == 0
    assert completed(expected, vn.healthy().network).tunnel_count == 4


def test_a_state_without_a_vpn_says_nothing() -> None:
    network = vn.applied()
    assert network.aws
    aws = replace(network.aws, vpn_gateways=(), vpn_connections=())

    assert from_resources(replace(network, aws=aws, azure=None), source="state") is None
    assert from_resources(model.Network(aws=None, azure=None), source="state") is None


def test_the_json_form_is_versioned_and_free_of_secrets() -> None:
    verification = Verification(expected_from="test", results=evaluate(vn.healthy()), duration_s=0.5)

    text = verification.model_dump_json()

    assert json.loads(text)["schema"] == "twinspan/verify/1"
    assert "Key.of." not in text


def test_a_verification_without_results_has_not_passed() -> None:
    assert not Verification(expected_from="test", results=(), duration_s=0.0).passed


@pytest.mark.parametrize(("shown", "planned"), [(15, ["15"]), (0, []), (None, [])])
def test_a_dpd_timeout_of_0_in_the_state_plans_nothing(shown: int | None, planned: list[str]) -> None:
    values = {"id": "/connections/one", "dpd_timeout_seconds": shown}
    resource = StateResource(
        address="azurerm_virtual_network_gateway_connection.one",
        type="azurerm_virtual_network_gateway_connection",
        values=values,
    )
    settings = planned_settings(State(resources=(resource,)))
    assert [value for key, value in settings.values.items() if key.name == "dpd_timeout_seconds"] == planned


def test_numbers_that_nobody_set_are_0_in_the_state_and_plan_nothing() -> None:
    unset = {
        "tunnel1_dpd_timeout_seconds": 0,
        "tunnel1_phase1_lifetime_seconds": 0,
        "tunnel1_phase2_lifetime_seconds": 0,
        "tunnel1_rekey_fuzz_percentage": 0,
        "tunnel1_rekey_margin_time_seconds": 0,
        "tunnel1_replay_window_size": 0,
        "tunnel1_dpd_timeout_action": "",
    }
    values = {"id": "vpn-00", "tunnel1_address": "203.0.113.1", "tunnel1_startup_action": "start", **unset}
    state = State(
        resources=(StateResource(address="aws_vpn_connection.x", type="aws_vpn_connection", values=values),)
    )

    planned = {key.name: value for key, value in planned_settings(state).values.items()}

    assert planned["tunnel 203.0.113.1 startup_action"] == "start"
    assert not [
        name for name in planned if name.removeprefix("tunnel 203.0.113.1 ") in {n[8:] for n in unset}
    ]


def test_ike_versions_that_nobody_set_are_those_that_aws_then_takes() -> None:
    values = {"id": "vpn-00", "tunnel1_address": "203.0.113.1", "tunnel1_ike_versions": []}
    state = State(
        resources=(StateResource(address="aws_vpn_connection.x", type="aws_vpn_connection", values=values),)
    )

    planned = {key.name: value for key, value in planned_settings(state).values.items()}

    assert planned["tunnel 203.0.113.1 ike_versions"] == "ikev1, ikev2"
