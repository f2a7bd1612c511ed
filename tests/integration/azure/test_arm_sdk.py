"""The Azure SDK for Python, unmodified, does its work on the twin."""

from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.identity import ClientSecretCredential
from azure_api_harness import Lab, Twin, new_lab

from twinspan.network.model import BgpPeer, GatewayRoute
from twinspan.twin.observed import AzureTunnelEnd, Observed
from twinspan.wait import wait_until


def _end(lab: Lab, index: int, *, up: bool, error: str = "", since: datetime | None = None) -> AzureTunnelEnd:
    return AzureTunnelEnd(
        ike_up=up,
        ipsec_up=up,
        bgp_state="Established" if up else "Active",
        accepted_routes=(),
        since=since,
        bgp_since=since,
        bytes_in=1000 if up else 0,
        bytes_out=2000 if up else 0,
        packets_in=10,
        packets_out=20,
        dropped_in=0,
        dropped_out=0,
        last_error=error,
        sa=None,
        connection_id=f"{lab.scope}/connections/tunnel1".lower(),
        ip_configuration_id=lab.configuration_id(index).lower(),
        public_ip_address=IPv4Address(f"198.19.64.{4 + index}"),
    )


def test_the_sdk_builds_changes_and_removes_everything(own_azure_twin: Twin) -> None:
    twin = own_azure_twin
    lab = Lab(twin=twin, group="rg-sdk")
    network, groups = twin.network(), twin.resources().resource_groups
    assert groups.create_or_update(lab.group, {"location": "westeurope"}).location == "westeurope"
    vnet = network.virtual_networks.begin_create_or_update(lab.group, "vnet", lab.network()).result()
    assert [subnet.name for subnet in vnet.properties.subnets] == ["GatewaySubnet", "app"]
    for name in ("ip0", "ip1"):
        network.public_ip_addresses.begin_create_or_update(lab.group, name, lab.public_ip()).result()
    gateways = network.virtual_network_gateways
    gateway = gateways.begin_create_or_update(lab.group, "gw", lab.gateway()).result()
    peers = gateway.properties.bgp_settings.bgp_peering_addresses
    assert [peer.default_bgp_ip_addresses for peer in peers] == [["10.1.1.4"], ["10.1.1.5"]]
    assert [peer.tunnel_ip_addresses for peer in peers] == [["198.19.64.4"], ["198.19.64.5"]]
    assert peers[1].custom_bgp_ip_addresses == ["169.254.21.6", "169.254.22.6"]
    local = network.local_network_gateways.begin_create_or_update(
        lab.group, "aws1", lab.local_gateway()
    ).result()
    assert local.properties.bgp_settings.asn == 64512
    connections = network.virtual_network_gateway_connections
    made = connections.begin_create_or_update(lab.group, "tunnel1", lab.connection()).result()
    assert made.properties.shared_key is None
    assert made.properties.connection_status == "Unknown"
    assert made.properties.ipsec_policies[0].pfs_group == "ECP384"
    tags = connections.begin_update_tags(lab.group, "tunnel1", {"tags": {"a": "b"}}).result().tags
    assert tags == {"a": "b"}
    connections.begin_delete(lab.group, "tunnel1").result()
    gateways.begin_delete(lab.group, "gw").result()
    groups.begin_delete(lab.group).result()
    assert list(groups.list()) == []


def test_a_standby_gateway_has_the_last_address_of_its_subnet(lab: Lab) -> None:
    lab.build_network()
    body = lab.gateway()
    body["properties"].update(activeActive=False, ipConfigurations=[lab.configuration(0)])
    del body["properties"]["bgpSettings"]
    gateway = (
        lab.twin.network().virtual_network_gateways.begin_create_or_update(lab.group, "gw", body).result()
    )
    settings = gateway.properties.bgp_settings
    assert (settings.asn, settings.bgp_peering_address) == (65515, "10.1.1.254")


def settled(connections: Any, group: str) -> None:
    """Wait until a connection takes writes again after a new key."""
    wait_until(
        lambda: connections.get(group, "tunnel1").properties.provisioning_state,
        lambda state: state == "Succeeded",
        what="end of the update",
        timeout_s=60,
    )


def test_shared_keys_are_read_set_and_reset(lab: Lab) -> None:
    lab.build()
    connections = lab.twin.network().virtual_network_gateway_connections
    assert connections.get_shared_key(lab.group, "tunnel1").value == "Twin.Key_0123456789"
    connections.begin_set_shared_key(lab.group, "tunnel1", {"value": "Another_Key.1"}).result()
    settled(connections, lab.group)
    assert connections.get_shared_key(lab.group, "tunnel1").value == "Another_Key.1"
    connections.begin_reset_shared_key(lab.group, "tunnel1", {"keyLength": 40}).result()
    settled(connections, lab.group)
    assert len(connections.get_shared_key(lab.group, "tunnel1").value) == 40
    with pytest.raises(HttpResponseError) as refused:
        connections.begin_set_shared_key(lab.group, "tunnel1", {"value": "no spaces"})
    assert refused.value.error is not None
    assert refused.value.error.code == "InvalidSharedKey"
    with pytest.raises(HttpResponseError, match="InvalidSharedKeyLength"):
        connections.begin_reset_shared_key(lab.group, "tunnel1", {"keyLength": 129})


def test_a_connection_without_a_key_gets_one_and_keeps_it(lab: Lab) -> None:
    lab.build()
    lab.delete("connections/tunnel1")
    body = lab.connection()
    del body["properties"]["sharedKey"]
    lab.made("connections/tunnel1", body)
    first = lab.get("connections/tunnel1/sharedkey").json["value"]
    lab.made("connections/tunnel1", body)
    assert lab.get("connections/tunnel1/sharedkey").json["value"] == first
    assert len(first) == 32


@pytest.mark.parametrize(
    ("ends", "status", "tunnels"),
    [
        ([], "Unknown", []),
        ([(False, "")], "Connecting", ["Connecting"]),
        ([(False, "AUTHENTICATION_FAILED")], "NotConnected", ["NotConnected"]),
        ([(True, ""), (False, "no answer")], "Connected", ["Connected", "NotConnected"]),
        ([(False, ""), (False, "no answer")], "Connecting", ["Connecting", "NotConnected"]),
    ],
    ids=["not seen", "starting", "refused", "one instance", "mixed"],
)
def test_status_comes_from_the_data_plane(
    own_azure_twin: Twin, ends: list[tuple[bool, str]], status: str, tunnels: list[str]
) -> None:
    lab = new_lab(own_azure_twin)
    lab.build()
    since = datetime(2026, 11, 22, 10, 4, 5, tzinfo=UTC)
    observed = tuple(
        _end(lab, index, up=up, error=error, since=since if up else None)
        for index, (up, error) in enumerate(ends)
    )
    own_azure_twin.board.publish(Observed(generation=1, azure_tunnels=observed))
    properties = (
        own_azure_twin.network().virtual_network_gateway_connections.get(lab.group, "tunnel1").properties
    )
    assert properties.connection_status == status
    assert [tunnel.connection_status for tunnel in properties.tunnel_connection_status] == tunnels
    up = sum(1 for is_up, _ in ends if is_up)
    assert (properties.ingress_bytes_transferred, properties.egress_bytes_transferred) == (
        1000 * up,
        2000 * up,
    )
    times = [tunnel.last_connection_established_utc_time for tunnel in properties.tunnel_connection_status]
    assert times[:1] == (["2026-11-22T10:04:05Z"] if up else times[:1])


def test_a_list_of_connections_has_no_status(own_azure_twin: Twin) -> None:
    lab = new_lab(own_azure_twin)
    lab.build()
    own_azure_twin.board.publish(Observed(generation=1, azure_tunnels=(_end(lab, 0, up=True),)))
    network = own_azure_twin.network()
    listed = list(network.virtual_network_gateway_connections.list(lab.group))
    of_gateway = list(network.virtual_network_gateways.list_connections(lab.group, "gw"))
    assert [row.properties.connection_status for row in listed] == [None]
    assert [row.name for row in of_gateway] == ["tunnel1"]


def test_bgp_is_reported_by_the_gateway(own_azure_twin: Twin) -> None:
    lab = new_lab(own_azure_twin)
    lab.build()
    key = f"{lab.scope}/virtualNetworkGateways/gw".lower()
    peers = tuple(
        BgpPeer(
            local_address=IPv4Address("10.1.1.4"),
            neighbor=IPv4Address(neighbor),
            asn=64512,
            state=state,
            connected_duration="00:01:02",
            routes_received=1,
            messages_sent=5,
            messages_received=6,
        )
        for neighbor, state in (("169.254.21.1", "Connected"), ("169.254.22.1", "Connecting"))
    )
    learned = GatewayRoute(
        local_address=IPv4Address("10.1.1.4"),
        network=IPv4Network("10.2.0.0/16"),
        next_hop=IPv4Address("169.254.21.1"),
        source_peer=IPv4Address("169.254.21.1"),
        origin="EBgp",
        as_path="64512",
        weight=32768,
    )
    own_azure_twin.board.publish(
        Observed(
            generation=1,
            azure_bgp_peers={key: peers},
            azure_learned_routes={key: (learned,)},
            azure_advertised_routes={key: (learned,)},
        )
    )
    gateways = own_azure_twin.network().virtual_network_gateways
    status = gateways.begin_get_bgp_peer_status(lab.group, "gw").result().value
    assert [(row.neighbor, row.state) for row in status] == [
        ("169.254.21.1", "Connected"),
        ("169.254.22.1", "Connecting"),
    ]
    one = gateways.begin_get_bgp_peer_status(lab.group, "gw", peer="169.254.22.1").result().value
    assert [row.neighbor for row in one] == ["169.254.22.1"]
    routes = gateways.begin_get_learned_routes(lab.group, "gw").result().value
    assert [(row.network, row.origin, row.as_path) for row in routes] == [("10.2.0.0/16", "EBgp", "64512")]
    sent = gateways.begin_get_advertised_routes(lab.group, "gw", peer="169.254.21.1").result().value
    assert [row.network for row in sent] == ["10.2.0.0/16"]
    assert gateways.begin_get_advertised_routes(lab.group, "gw", peer="169.254.22.1").result().value == []


def test_advertised_routes_need_a_peer(lab: Lab) -> None:
    lab.build()
    assert lab.post("virtualNetworkGateways/gw/getAdvertisedRoutes").code == "InvalidRequestFormat"
    reply = lab.post("virtualNetworkGateways/gw/getAdvertisedRoutes?peer=aws")
    assert reply.code == "InvalidIPAddressFormat"


def test_a_reset_is_noted_for_the_instance_it_names(own_azure_twin: Twin) -> None:
    lab = new_lab(own_azure_twin)
    lab.build()
    gateways = own_azure_twin.network().virtual_network_gateways
    gateways.begin_reset(lab.group, "gw").result()
    second = lab.get("publicIPAddresses/ip1").json["properties"]["ipAddress"]
    gateways.begin_reset(lab.group, "gw", gateway_vip=second).result()
    gateways.begin_reset(lab.group, "gw", gateway_vip=second).result()
    connection = f"{lab.scope}/connections/tunnel1"
    own_azure_twin.network().virtual_network_gateway_connections.begin_reset_connection(
        lab.group, "tunnel1"
    ).result()
    assert own_azure_twin.api.reset_generations() == {
        lab.configuration_id(0).lower(): 1,
        lab.configuration_id(1).lower(): 2,
        connection.lower(): 1,
    }
    with pytest.raises(HttpResponseError, match="InvalidGatewayVip"):
        gateways.begin_reset(lab.group, "gw", gateway_vip="203.0.113.77")


def test_errors_reach_the_sdk_with_their_code(lab: Lab) -> None:
    network = lab.twin.network()
    with pytest.raises(ResourceNotFoundError) as missing:
        network.virtual_networks.get(lab.group, "none")
    assert missing.value.error is not None
    assert missing.value.error.code == "ResourceNotFound"
    body = lab.network()
    body["properties"]["colour"] = "red"
    with pytest.raises(HttpResponseError) as refused:
        network.virtual_networks.begin_create_or_update(lab.group, "vnet", body)
    assert "Path 'properties.colour'" in str(refused.value)


def test_a_wrong_secret_reaches_the_sdk_as_such(azure_twin: Twin) -> None:
    credential = ClientSecretCredential(
        azure_twin.credentials.tenant_id,
        azure_twin.credentials.client_id,
        "wrong",
        authority=azure_twin.api.url,
        disable_instance_discovery=True,
        connection_verify=str(azure_twin.tls.ca_certificate),
    )
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        credential.get_token(f"{azure_twin.api.url}/.default")


def test_lists_cover_groups_and_the_subscription(own_azure_twin: Twin) -> None:
    labs = [new_lab(own_azure_twin), new_lab(own_azure_twin)]
    for lab in labs:
        lab.build_network()
        lab.made("routeTables/table", {"location": "westeurope"})
        lab.made("networkSecurityGroups/nsg", {"location": "westeurope"})
    network = own_azure_twin.network()
    for operations in (
        network.virtual_networks,
        network.route_tables,
        network.network_security_groups,
    ):
        assert len(list(operations.list_all())) == 2
        assert len(list(operations.list(labs[0].group))) == 1
    assert len(list(network.public_ip_addresses.list_all())) == 4
    assert [row.name for row in network.subnets.list(labs[0].group, "vnet")] == ["GatewaySubnet", "app"]
    rules = network.network_security_groups.get(labs[0].group, "nsg").properties.default_security_rules
    assert [rule.name for rule in rules][:3] == [
        "AllowVnetInBound",
        "AllowAzureLoadBalancerInBound",
        "DenyAllInBound",
    ]


def test_the_subscription_describes_itself(azure_twin: Twin) -> None:
    resources = azure_twin.resources()
    networking = resources.providers.get("Microsoft.Network")
    assert networking.registration_state == "Registered"
    assert resources.providers.register("Microsoft.Network").namespace == "Microsoft.Network"
    kinds = {kind.resource_type for kind in networking.resource_types}
    assert {"virtualNetworkGateways", "connections", "routeTables"} <= kinds
    tenant = azure_twin.call("GET", "/tenants").json["value"][0]["tenantId"]
    assert tenant == azure_twin.credentials.tenant_id
    places = azure_twin.call("GET", f"{azure_twin.subscription}/locations").json["value"]
    assert "westeurope" in [place["name"] for place in places]
    assert azure_twin.call("GET", azure_twin.subscription).json["state"] == "Enabled"
