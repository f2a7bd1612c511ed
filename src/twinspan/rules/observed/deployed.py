"""What is deployed, as settings: the same keys as `planned`."""

from collections.abc import Iterator

from twinspan.network.model import (
    AwsNetwork,
    AwsRouteTable,
    AzureConnection,
    AzureNetwork,
    AzureRouteTable,
    LocalNetworkGateway,
    Network,
    NetworkSecurityGroup,
    Secrets,
    SecurityGroup,
    SecurityRule,
    VirtualNetworkGateway,
    VpnConnection,
    VpnTunnel,
)
from twinspan.rules.observed.settings import PRESENT, Key, ObjectSettings, listed

Pair = tuple[Key, str]
STATIC = "CreateRoute"
"""`Route.Origin` of a route that someone made. Source: EC2 API, Route."""


def deployed_settings(network: Network, secrets: Secrets) -> ObjectSettings:
    """Return the settings of everything that exists."""
    values = [*(_aws(network.aws) if network.aws else ()), *(_azure(network.azure) if network.azure else ())]
    keys = {Key("aws", vpn, f"tunnel {ip} preshared_key"): key for (vpn, ip), key in secrets.aws.items()}
    keys |= {Key("azure", connection, "shared_key"): key for connection, key in secrets.azure.items()}
    return ObjectSettings(values=dict(values), secrets=keys)


def _aws(aws: AwsNetwork) -> Iterator[Pair]:
    for connection in aws.vpn_connections:
        yield from _vpn_connection(connection)
    for customer in aws.customer_gateways:
        yield Key("aws", customer.id, "ip_address"), str(customer.ip_address)
        yield Key("aws", customer.id, "bgp_asn"), str(customer.bgp_asn)
    for gateway in aws.vpn_gateways:
        yield Key("aws", gateway.id, "amazon_side_asn"), str(gateway.amazon_side_asn)
        yield Key("aws", gateway.id, "vpc_id"), gateway.vpc_id or "none"
    for table in aws.route_tables:
        yield from _aws_table(table)
    for group in aws.security_groups:
        yield from _security_group(group)


def _vpn_connection(connection: VpnConnection) -> Iterator[Pair]:
    yield Key("aws", connection.id, "customer_gateway_id"), connection.customer_gateway_id
    yield Key("aws", connection.id, "vpn_gateway_id"), connection.vpn_gateway_id or "none"
    yield Key("aws", connection.id, "static_routes_only"), str(connection.static_routes_only).lower()
    yield Key("aws", connection.id, "local_ipv4_network_cidr"), str(connection.local_ipv4_network_cidr)
    yield Key("aws", connection.id, "remote_ipv4_network_cidr"), str(connection.remote_ipv4_network_cidr)
    for cidr in connection.static_routes:
        yield Key("aws", connection.id, f"static_route: {cidr}"), PRESENT
    for tunnel in connection.tunnels:
        for name, value in _tunnel(tunnel):
            yield Key("aws", connection.id, f"tunnel {tunnel.outside_ip_address} {name}"), value


def _tunnel(tunnel: VpnTunnel) -> Iterator[tuple[str, str]]:
    yield "ike_versions", listed(tunnel.ike_versions)
    for name, phase in (("phase1", tunnel.phase1), ("phase2", tunnel.phase2)):
        yield f"{name}_dh_group_numbers", listed(phase.dh_group_numbers)
        yield f"{name}_encryption_algorithms", listed(phase.encryption_algorithms)
        yield f"{name}_integrity_algorithms", listed(phase.integrity_algorithms)
        yield f"{name}_lifetime_seconds", str(phase.lifetime_seconds)
    yield "dpd_timeout_action", tunnel.dpd_timeout_action
    yield "dpd_timeout_seconds", str(tunnel.dpd_timeout_seconds)
    yield "inside_cidr", str(tunnel.inside_cidr)
    yield "rekey_fuzz_percentage", str(tunnel.rekey_fuzz_percentage)
    yield "rekey_margin_time_seconds", str(tunnel.rekey_margin_time_seconds)
    yield "replay_window_size", str(tunnel.replay_window_size)
    yield "startup_action", tunnel.startup_action


def _aws_table(table: AwsRouteTable) -> Iterator[Pair]:
    for route in table.routes:
        if route.origin == STATIC:
            yield Key("aws", table.id, f"route: {route.destination}"), route.target
    for gateway in table.propagating_vgw_ids:
        yield Key("aws", table.id, f"propagation: {gateway}"), PRESENT
    for subnet in table.subnet_ids:
        yield Key("aws", subnet, "route_table_id"), table.id


def _security_group(group: SecurityGroup) -> Iterator[Pair]:
    for rule in group.permissions:
        peer = rule.cidr or rule.group_id
        name = f"{rule.direction}: {rule.ip_protocol} {rule.from_port} {rule.to_port} {peer}"
        yield Key("aws", group.id, name), PRESENT


def _azure(azure: AzureNetwork) -> Iterator[Pair]:
    yield from _azure_vpn(azure)
    for table in azure.route_tables:
        yield from _azure_table(table)
    for group in azure.network_security_groups:
        yield from _network_security_group(group)
    for vnet in azure.virtual_networks:
        for subnet in vnet.subnets:
            identifier = subnet.id.lower()
            table_id, group_id = subnet.route_table_id, subnet.network_security_group_id
            yield Key("azure", identifier, "route_table_id"), (table_id or "none").lower()
            yield Key("azure", identifier, "network_security_group_id"), (group_id or "none").lower()


def _azure_vpn(azure: AzureNetwork) -> Iterator[Pair]:
    for connection in azure.connections:
        for name, value in _connection(connection):
            yield Key("azure", connection.id.lower(), name), value
    for local in azure.local_network_gateways:
        for name, value in _local_gateway(local):
            yield Key("azure", local.id.lower(), name), value
    for gateway in azure.virtual_network_gateways:
        for name, value in _gateway(gateway):
            yield Key("azure", gateway.id.lower(), name), value


def _connection(connection: AzureConnection) -> Iterator[tuple[str, str]]:
    yield "connection_protocol", connection.connection_protocol
    yield "connection_mode", connection.connection_mode
    yield "dpd_timeout_seconds", str(connection.dpd_timeout_seconds)
    yield "routing_weight", str(connection.routing_weight)
    yield "bgp_enabled", str(connection.bgp_enabled).lower()
    yield "local_network_gateway_id", connection.local_network_gateway_id.lower()
    selectors = connection.use_policy_based_traffic_selectors
    yield "use_policy_based_traffic_selectors", str(selectors).lower()
    yield "custom_bgp_addresses", listed(connection.custom_bgp_addresses.values())
    policy = connection.ipsec_policy
    if policy is not None:
        for name in ("dh_group", "ike_encryption", "ike_integrity", "ipsec_encryption", "ipsec_integrity"):
            yield f"ipsec_policy {name}", str(getattr(policy, name))
        yield "ipsec_policy pfs_group", policy.pfs_group
        yield "ipsec_policy sa_datasize", str(policy.sa_data_size_kilobytes)
        yield "ipsec_policy sa_lifetime", str(policy.sa_life_time_seconds)


def _local_gateway(local: LocalNetworkGateway) -> Iterator[tuple[str, str]]:
    yield "gateway_address", str(local.gateway_ip_address)
    yield "address_space", listed(local.address_prefixes)
    yield "bgp_settings asn", str(local.asn)
    yield "bgp_settings bgp_peering_address", str(local.bgp_peering_address)


def _gateway(gateway: VirtualNetworkGateway) -> Iterator[tuple[str, str]]:
    yield "sku", gateway.sku
    yield "generation", gateway.generation
    yield "active_active", str(gateway.active_active).lower()
    yield "bgp_enabled", str(gateway.bgp_enabled).lower()
    yield "bgp_settings asn", str(gateway.asn)
    for instance in gateway.instances:
        name = f"apipa_addresses {instance.ip_configuration_name}"
        yield name, listed(instance.custom_bgp_ip_addresses)


def _azure_table(table: AzureRouteTable) -> Iterator[Pair]:
    identifier, propagation = table.id.lower(), table.bgp_route_propagation_enabled
    yield Key("azure", identifier, "bgp_route_propagation_enabled"), str(propagation).lower()
    for route in table.routes:
        hop = f"{route.address_prefix} to {route.next_hop_type}"
        hop += f" {route.next_hop_ip_address}" if route.next_hop_ip_address else ""
        yield Key("azure", identifier, f"route: {route.name.lower()}"), hop


def _network_security_group(group: NetworkSecurityGroup) -> Iterator[Pair]:
    for rule in group.security_rules:
        yield Key("azure", group.id.lower(), f"security_rule: {rule.name.lower()}"), _rule(rule)


def _rule(rule: SecurityRule) -> str:
    source = f"{listed(rule.source_address_prefixes)} port {listed(rule.source_port_ranges)}"
    target = f"{listed(rule.destination_address_prefixes)} port {listed(rule.destination_port_ranges)}"
    return f"{rule.priority} {rule.direction} {rule.access} {rule.protocol} from {source} to {target}"
