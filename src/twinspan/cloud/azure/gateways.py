"""VPN gateways and their connections, from Azure Resource Manager's answers.

Where the API leaves a value out, its documented default is filled in.
Source: ARM, Microsoft.Network virtualNetworkGateways, localNetworkGateways, connections
(PropertiesFormat).
"""

from collections.abc import Mapping
from ipaddress import IPv4Address

from azure.mgmt.network import models

from twinspan.cloud.azure.times import utc_time
from twinspan.cloud.azure.words import address, addresses, identity, networks, required_identity, word
from twinspan.network.asns import AZURE_DEFAULT_ASN
from twinspan.network.azure import DYNAMIC, ROUTE_BASED
from twinspan.network.limits import BASIC_SKU, GENERATIONS
from twinspan.network.model import (
    AzureConnection,
    GatewayInstance,
    IpsecPolicy,
    LocalNetworkGateway,
    PublicIpAddress,
    TrafficSelectorPolicy,
    TunnelConnectionHealth,
    VirtualNetworkGateway,
)
from twinspan.network.timers import AZURE_DEFAULT_DPD_S


def public_ip_address(raw: models.PublicIPAddress) -> PublicIpAddress:
    """Read a public IP address."""
    properties = raw.properties or models.PublicIPAddressPropertiesFormat()
    return PublicIpAddress(
        id=required_identity(raw),
        name=raw.name or "",
        ip_address=address(properties.ip_address),
        sku=word(raw.sku.name if raw.sku else None, BASIC_SKU),
        allocation_method=word(properties.public_ip_allocation_method, DYNAMIC),
        zones=tuple(raw.zones or ()),
    )


def virtual_network_gateway(
    raw: models.VirtualNetworkGateway, public: Mapping[str, PublicIpAddress]
) -> VirtualNetworkGateway:
    """Read a VPN gateway; instances in the order of its ip configurations."""
    properties = raw.properties
    bgp = properties.bgp_settings or models.BgpSettings()
    peerings = {(item.ipconfiguration_id or "").lower(): item for item in bgp.bgp_peering_addresses or ()}
    return VirtualNetworkGateway(
        id=required_identity(raw),
        name=raw.name or "",
        location=raw.location or "",
        sku=word(properties.sku.name if properties.sku else None, BASIC_SKU),
        generation=word(properties.vpn_gateway_generation, GENERATIONS[0]),
        vpn_type=word(properties.vpn_type, ROUTE_BASED),
        active_active=bool(properties.active_active),
        bgp_enabled=bool(properties.enable_bgp),
        asn=bgp.asn or AZURE_DEFAULT_ASN,
        instances=tuple(
            _instance(item, peerings.get(required_identity(item)), public)
            for item in properties.ip_configurations or ()
        ),
        provisioning_state=word(properties.provisioning_state, "Succeeded"),
    )


def _instance(
    raw: models.VirtualNetworkGatewayIPConfiguration,
    peering: models.IPConfigurationBgpPeeringAddress | None,
    public: Mapping[str, PublicIpAddress],
) -> GatewayInstance:
    properties = raw.properties or models.VirtualNetworkGatewayIPConfigurationPropertiesFormat()
    public_id = identity(properties.public_ip_address)
    there = public.get(public_id or "")
    default = addresses(peering.default_bgp_ip_addresses if peering else None)
    return GatewayInstance(
        ip_configuration_id=required_identity(raw),
        ip_configuration_name=raw.name or "",
        subnet_id=required_identity(properties.subnet),
        public_ip_address=there.ip_address if there else None,
        public_ip_address_id=public_id,
        private_ip_allocation_method=word(properties.private_ip_allocation_method, DYNAMIC),
        default_bgp_ip_address=default[0] if default else address(properties.private_ip_address),
        custom_bgp_ip_addresses=addresses(peering.custom_bgp_ip_addresses if peering else None),
    )


def local_network_gateway(raw: models.LocalNetworkGateway) -> LocalNetworkGateway:
    """Read a local network gateway: the far end as Azure knows it."""
    properties = raw.properties
    space = properties.local_network_address_space
    bgp = properties.bgp_settings
    return LocalNetworkGateway(
        id=required_identity(raw),
        name=raw.name or "",
        gateway_ip_address=address(properties.gateway_ip_address),
        fqdn=properties.fqdn or "",
        asn=bgp.asn if bgp else None,
        bgp_peering_address=address(bgp.bgp_peering_address if bgp else None),
        address_prefixes=networks(space.address_prefixes if space else None),
    )


def connection(raw: models.VirtualNetworkGatewayConnection) -> AzureConnection | None:
    """Read a connection; None if it does not lead to a local network gateway (VNet to VNet, ExpressRoute)."""
    properties = raw.properties
    local = identity(properties.local_network_gateway2)
    if local is None:
        return None
    policies = properties.ipsec_policies or []
    return AzureConnection(
        id=required_identity(raw),
        name=raw.name or "",
        virtual_network_gateway_id=required_identity(properties.virtual_network_gateway1),
        local_network_gateway_id=local,
        connection_type=word(properties.connection_type, "IPsec"),
        connection_protocol=word(properties.connection_protocol, "IKEv2"),
        connection_mode=word(properties.connection_mode, "Default"),
        bgp_enabled=bool(properties.enable_bgp),
        custom_bgp_addresses=_custom_addresses(properties),
        ipsec_policy=_policy(policies[0]) if policies else None,
        use_policy_based_traffic_selectors=bool(properties.use_policy_based_traffic_selectors),
        traffic_selector_policies=tuple(
            TrafficSelectorPolicy(
                local_address_ranges=networks(item.local_address_ranges),
                remote_address_ranges=networks(item.remote_address_ranges),
            )
            for item in properties.traffic_selector_policies or ()
        ),
        dpd_timeout_seconds=properties.dpd_timeout_seconds or AZURE_DEFAULT_DPD_S,
        routing_weight=properties.routing_weight or 0,
        provisioning_state=word(properties.provisioning_state, "Succeeded"),
        connection_status=word(properties.connection_status, "Unknown"),
        tunnel_connection_status=tuple(_health(item) for item in properties.tunnel_connection_status or ()),
        ingress_bytes_transferred=properties.ingress_bytes_transferred or 0,
        egress_bytes_transferred=properties.egress_bytes_transferred or 0,
    )


def _custom_addresses(
    properties: models.VirtualNetworkGatewayConnectionPropertiesFormat,
) -> dict[str, IPv4Address]:
    custom_addresses = {
        item.ip_configuration_id.lower(): address(item.custom_bgp_ip_address)
        for item in properties.gateway_custom_bgp_ip_addresses or ()
    }
    return {key: value for key, value in custom_addresses.items() if value is not None}


def _policy(raw: models.IpsecPolicy) -> IpsecPolicy:
    return IpsecPolicy(
        ike_encryption=word(raw.ike_encryption, ""),
        ike_integrity=word(raw.ike_integrity, ""),
        dh_group=word(raw.dh_group, ""),
        ipsec_encryption=word(raw.ipsec_encryption, ""),
        ipsec_integrity=word(raw.ipsec_integrity, ""),
        pfs_group=word(raw.pfs_group, ""),
        sa_life_time_seconds=raw.sa_life_time_seconds,
        sa_data_size_kilobytes=raw.sa_data_size_kilobytes,
    )


def _health(raw: models.TunnelConnectionHealth) -> TunnelConnectionHealth:
    return TunnelConnectionHealth(
        tunnel=raw.tunnel or "",
        connection_status=word(raw.connection_status, "Unknown"),
        ingress_bytes_transferred=raw.ingress_bytes_transferred or 0,
        egress_bytes_transferred=raw.egress_bytes_transferred or 0,
        last_connection_established_utc_time=utc_time(raw.last_connection_established_utc_time),
    )
