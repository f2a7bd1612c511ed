"""The readers against the twin's own two servers, with the network of the dev environment in them."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from socket import create_server
from typing import Any

import dev_network
import pytest

from twinspan.cloud.aws import AwsEndpoint, read_aws
from twinspan.cloud.aws.client import clients as aws_clients
from twinspan.cloud.azure import AzureEndpoint, read_azure, read_azure_bgp
from twinspan.cloud.azure.client import clients as azure_clients
from twinspan.cloud.endpoints import Endpoints
from twinspan.cloud.reader import read_network
from twinspan.errors import CloudRefusedError, CloudUnreachableError
from twinspan.network.model import AwsNetwork, AzureNetwork, IpPermission, IpsecPolicy, Network, Secrets

VPC = IPv4Network("10.2.0.0/16")
VNET = IPv4Network("10.1.0.0/16")


@pytest.fixture(scope="module")
def dev(endpoints: Endpoints) -> dev_network.DevNetwork:
    return dev_network.build(endpoints)


@pytest.fixture(scope="module")
def read(endpoints: Endpoints, dev: dev_network.DevNetwork) -> tuple[Network, Secrets]:
    assert dev.vpc
    return read_network(endpoints)


@pytest.fixture(scope="module")
def in_aws(read: tuple[Network, Secrets]) -> AwsNetwork:
    assert read[0].aws
    return read[0].aws


@pytest.fixture(scope="module")
def in_azure(read: tuple[Network, Secrets]) -> AzureNetwork:
    assert read[0].azure
    return read[0].azure


def test_a_vpc_is_read_with_its_subnet_and_the_table_in_force(
    in_aws: AwsNetwork, dev: dev_network.DevNetwork
) -> None:
    vpc = next(vpc for vpc in in_aws.vpcs if vpc.id == dev.vpc)
    subnet = next(subnet for subnet in in_aws.subnets if subnet.vpc_id == dev.vpc)
    table = in_aws.route_table_of(subnet.id)
    assert vpc.cidr_blocks == (VPC,)
    assert (subnet.cidr_block, subnet.availability_zone) == (IPv4Network("10.2.1.0/24"), "us-west-2a")
    assert table is not None
    assert (table.id, table.main, table.propagating_vgw_ids) == (dev.route_table, False, (dev.vpn_gateway,))
    assert [(route.destination, route.target, route.origin) for route in table.routes] == [
        (VPC, "local", "CreateRouteTable")
    ]


def test_a_security_group_is_read_with_one_permission_per_source(in_aws: AwsNetwork) -> None:
    group = next(group for group in in_aws.security_groups if group.name == "workload")
    ingress = {item for item in group.permissions if item.direction == "ingress"}
    tcp = IpPermission(direction="ingress", ip_protocol="tcp", from_port=5201, to_port=5209, cidr=VNET)
    icmp = IpPermission(direction="ingress", ip_protocol="icmp", from_port=-1, to_port=-1, cidr=VNET)
    assert ingress == {tcp, icmp, replace(tcp, cidr=None, group_id=group.id)}


def test_vpn_connections_are_read_with_both_tunnels_in_order(
    in_aws: AwsNetwork, dev: dev_network.DevNetwork
) -> None:
    connections = {connection.id: connection for connection in in_aws.vpn_connections}
    first = connections[dev.vpn_connections[0]]
    tunnel = first.tunnels[0]
    assert first.name == "dev-instance0"
    assert [str(vpn_tunnel.inside_cidr) for vpn_tunnel in first.tunnels] == list(dev_network.INSIDE[:2])
    assert tunnel.outside_ip_address in IPv4Network("198.19.0.0/24")
    assert tunnel.ike_versions == ("ikev2",)
    assert tunnel.phase1.encryption_algorithms == ("AES256-GCM-16",)
    assert tunnel.phase2.dh_group_numbers == (20,)
    assert (tunnel.dpd_timeout_seconds, tunnel.dpd_timeout_action, tunnel.startup_action) == (
        45,
        "restart",
        "start",
    )


def test_what_aws_leaves_out_has_the_documented_default(in_aws: AwsNetwork) -> None:
    tunnel = in_aws.vpn_connections[0].tunnels[0]
    assert (tunnel.phase1.lifetime_seconds, tunnel.phase2.lifetime_seconds) == (28800, 3600)
    assert (tunnel.rekey_margin_time_seconds, tunnel.rekey_fuzz_percentage) == (270, 100)
    assert tunnel.replay_window_size == 1024


def test_a_tunnel_without_a_data_plane_is_down(in_aws: AwsNetwork) -> None:
    telemetry = [tunnel.telemetry for connection in in_aws.vpn_connections for tunnel in connection.tunnels]
    assert [item.status if item else None for item in telemetry] == ["DOWN"] * 4


def test_a_gateway_is_read_with_its_instances_in_order(in_azure: AzureNetwork) -> None:
    (gateway,) = in_azure.virtual_network_gateways
    assert (gateway.sku, gateway.asn, gateway.active_active, gateway.bgp_enabled) == (
        "VpnGw1AZ",
        65000,
        True,
        True,
    )
    assert [instance.ip_configuration_name for instance in gateway.instances] == ["instance0", "instance1"]
    assert [
        tuple(map(str, gateway_instance.custom_bgp_ip_addresses)) for gateway_instance in gateway.instances
    ] == list(dev_network.APIPA)
    for instance in gateway.instances:
        assert instance.public_ip_address in IPv4Network("198.19.64.0/24")
        assert instance.default_bgp_ip_address in IPv4Network("10.1.255.0/27")


def test_customer_gateways_have_the_addresses_of_the_azure_instances(
    in_aws: AwsNetwork, in_azure: AzureNetwork
) -> None:
    (gateway,) = in_azure.virtual_network_gateways
    public = {instance.public_ip_address for instance in gateway.instances}
    assert {
        (customer_gateway.ip_address, customer_gateway.bgp_asn)
        for customer_gateway in in_aws.customer_gateways
    } == {(address, 65000) for address in public}


def test_connections_are_read_with_policy_and_custom_bgp_addresses(in_azure: AzureNetwork) -> None:
    connection = next(candidate for candidate in in_azure.connections if candidate.name == "tunnel2")
    (gateway,) = in_azure.virtual_network_gateways
    assert connection.ipsec_policy == IpsecPolicy(
        ike_encryption="GCMAES256",
        ike_integrity="SHA384",
        dh_group="ECP384",
        ipsec_encryption="GCMAES256",
        ipsec_integrity="GCMAES256",
        pfs_group="ECP384",
        sa_life_time_seconds=3600,
        sa_data_size_kilobytes=102400000,
    )
    assert connection.custom_bgp_addresses == {
        instance.ip_configuration_id: instance.custom_bgp_ip_addresses[1] for instance in gateway.instances
    }
    assert (connection.dpd_timeout_seconds, connection.connection_mode) == (15, "Default")


def test_azure_s_far_ends_are_aws_s_outside_addresses(in_aws: AwsNetwork, in_azure: AzureNetwork) -> None:
    outside = {
        (tunnel.outside_ip_address, tunnel.aws_inside_address)
        for connection in in_aws.vpn_connections
        for tunnel in connection.tunnels
    }
    assert {
        (gateway.gateway_ip_address, gateway.bgp_peering_address)
        for gateway in in_azure.local_network_gateways
    } == outside


def test_a_virtual_network_is_read_with_the_references_of_its_subnets(in_azure: AzureNetwork) -> None:
    (network,) = in_azure.virtual_networks
    subnets = {subnet.name: subnet for subnet in network.subnets}
    assert network.address_space == (VNET,)
    assert subnets["workload"].route_table_id == in_azure.route_tables[0].id
    assert subnets["workload"].network_security_group_id == in_azure.network_security_groups[0].id
    assert subnets["GatewaySubnet"].route_table_id is None


def test_routes_and_security_rules_keep_azure_s_words(in_azure: AzureNetwork) -> None:
    (table,) = in_azure.route_tables
    (rule,) = in_azure.network_security_groups[0].security_rules
    assert table.bgp_route_propagation_enabled
    assert [(route.address_prefix, route.next_hop_type) for route in table.routes] == [
        (VPC, "VirtualNetworkGateway")
    ]
    assert rule.source_address_prefixes == ("10.2.0.0/16",)
    assert rule.destination_port_ranges == ("22", "5201-5209")
    assert (rule.priority, rule.access, rule.direction, rule.protocol) == (100, "Allow", "Inbound", "*")


def test_keys_are_returned_apart_and_nowhere_else(read: tuple[Network, Secrets]) -> None:
    network, secrets = read
    assert sorted(secrets.aws.values()) == sorted(dev_network.KEYS)
    assert sorted(secrets.azure.values()) == sorted(dev_network.KEYS)
    assert not any(key in repr(network) + repr(secrets) for key in dev_network.KEYS)


def test_ids_of_azure_are_in_lower_case(in_azure: AzureNetwork, read: tuple[Network, Secrets]) -> None:
    ids = [connection.id for connection in in_azure.connections]
    assert ids == [resource_id.lower() for resource_id in ids]
    assert sorted(read[1].azure) == sorted(ids)


def test_a_gateway_without_a_data_plane_has_no_sessions(
    azure: AzureEndpoint, dev: dev_network.DevNetwork
) -> None:
    bgp = read_azure_bgp(azure, dev.azure_gateway)
    assert (bgp.peers, bgp.advertised) == ((), ())


def test_an_unknown_gateway_is_refused(azure: AzureEndpoint, dev: dev_network.DevNetwork) -> None:
    with pytest.raises(CloudRefusedError) as refused:
        read_azure_bgp(azure, dev.azure_gateway + "-not-there")
    assert refused.value.code == "ResourceNotFound"


def test_deleted_objects_of_aws_are_left_out(aws: AwsEndpoint) -> None:
    ec2 = aws_clients(replace(aws, region="eu-central-1")).ec2
    gateway = ec2.create_vpn_gateway(Type="ipsec.1", AmazonSideAsn=64600)["VpnGateway"]["VpnGatewayId"]
    far = ec2.create_customer_gateway(Type="ipsec.1", IpAddress="198.51.100.200", BgpAsn=65010)
    far_id = far["CustomerGateway"]["CustomerGatewayId"]
    made = ec2.create_vpn_connection(Type="ipsec.1", CustomerGatewayId=far_id, VpnGatewayId=gateway)
    connection = made["VpnConnection"]["VpnConnectionId"]
    before, _ = read_aws(replace(aws, region="eu-central-1"))
    ec2.delete_vpn_connection(VpnConnectionId=connection)
    ec2.delete_vpn_gateway(VpnGatewayId=gateway)
    ec2.delete_customer_gateway(CustomerGatewayId=far_id)
    after, keys = read_aws(replace(aws, region="eu-central-1"))
    assert [vpn_connection.id for vpn_connection in before.vpn_connections] == [connection]
    assert (after.vpn_connections, after.vpn_gateways, after.customer_gateways) == ((), (), ())
    assert keys == {}


def test_a_detached_gateway_has_no_vpc(aws: AwsEndpoint) -> None:
    elsewhere = replace(aws, region="eu-west-1")
    ec2 = aws_clients(elsewhere).ec2
    gateway = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    network, _ = read_aws(elsewhere)
    assert [(vpn_gateway.id, vpn_gateway.vpc_id) for vpn_gateway in network.vpn_gateways] == [(gateway, None)]


def test_a_connection_without_policy_or_keys_of_its_own_has_azure_s_defaults(
    azure: AzureEndpoint, dev: dev_network.DevNetwork
) -> None:
    operations: Any = azure_clients(azure).network.virtual_network_gateway_connections
    raw = operations.get(dev_network.GROUP, "tunnel4")
    body = {
        "location": raw.location,
        "properties": {
            "virtualNetworkGateway1": {"id": dev.azure_gateway, "properties": {}},
            "localNetworkGateway2": {"id": raw.properties.local_network_gateway2.id, "properties": {}},
            "connectionType": "IPsec",
            "sharedKey": "plainDefaults",
        },
    }
    operations.begin_create_or_update(dev_network.GROUP, "tunnel4", body).result()
    network, keys = read_azure(azure)
    plain = next(connection for connection in network.connections if connection.name == "tunnel4")
    assert (plain.ipsec_policy, plain.dpd_timeout_seconds, plain.bgp_enabled) == (None, 45, False)
    assert (plain.connection_protocol, dict(plain.custom_bgp_addresses)) == ("IKEv2", {})
    assert keys[plain.id] == "plainDefaults"


@pytest.fixture
def unused_port() -> int:
    with create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def test_an_aws_that_does_not_listen_is_unreachable(aws: AwsEndpoint, unused_port: int) -> None:
    with pytest.raises(CloudUnreachableError, match=str(unused_port)):
        read_aws(replace(aws, endpoint_url=f"http://127.0.0.1:{unused_port}"))


def test_an_azure_that_does_not_listen_is_unreachable(azure: AzureEndpoint, unused_port: int) -> None:
    url = f"https://127.0.0.1:{unused_port}"
    with pytest.raises(CloudUnreachableError, match=str(unused_port)):
        read_azure(replace(azure, resource_manager_url=url, authority=url))


def test_a_wrong_aws_key_is_refused(aws: AwsEndpoint) -> None:
    with pytest.raises(CloudRefusedError) as refused:
        read_aws(replace(aws, secret_access_key="wrong-secret-wrong-secret-wrong-secret-1"))
    assert refused.value.code in {"SignatureDoesNotMatch", "AuthFailure"}


def test_a_wrong_azure_secret_is_refused_and_not_repeated(azure: AzureEndpoint) -> None:
    with pytest.raises(CloudRefusedError, match="AADSTS7000215") as refused:
        read_azure(replace(azure, client_secret="wrong-secret"))
    assert "wrong-secret" not in str(refused.value)


def test_an_unknown_authority_is_unreachable(azure: AzureEndpoint) -> None:
    with pytest.raises(CloudUnreachableError, match=r"(?i)certificate"):
        read_azure(replace(azure, ca_certificate=None, client_id="other"))


def test_profiles_and_proxies_of_the_user_do_not_matter(
    endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_PROFILE", "does-not-exist")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "left-over")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent/bundle.pem")
    assert endpoints.aws
    assert endpoints.azure
    elsewhere = Endpoints(
        aws=replace(endpoints.aws, region="ap-southeast-2"),
        azure=replace(endpoints.azure, authority=f"{endpoints.azure.authority}/"),
    )
    network, _ = read_network(elsewhere)
    assert network.aws is not None
    assert network.aws.region == "ap-southeast-2"


def test_an_azure_address_is_an_address(in_azure: AzureNetwork) -> None:
    peers = {gateway.bgp_peering_address for gateway in in_azure.local_network_gateways}
    assert peers == {
        IPv4Address("169.254.21.1"),
        IPv4Address("169.254.22.1"),
        IPv4Address("169.254.21.5"),
        IPv4Address("169.254.22.5"),
    }
