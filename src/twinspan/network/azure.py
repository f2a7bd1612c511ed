"""What exists in Azure, in ARM's words; part of `network.model`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Address, IPv4Network
from typing import Literal

GATEWAY_SUBNET = "GatewaySubnet"
"""Name of the subnet that a VPN gateway stands in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureSubnet:
    """A subnet of a virtual network."""

    id: str
    name: str
    address_prefixes: tuple[IPv4Network, ...]
    route_table_id: str | None
    network_security_group_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualNetwork:
    """An Azure virtual network (VNet)."""

    id: str
    name: str
    location: str
    address_space: tuple[IPv4Network, ...]
    subnets: tuple[AzureSubnet, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureRoute:
    """One user-defined route (UDR). `next_hop_type` in ARM's words, e.g. `VirtualNetworkGateway`."""

    name: str
    address_prefix: IPv4Network
    next_hop_type: str
    next_hop_ip_address: IPv4Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureRouteTable:
    """An Azure route table."""

    id: str
    name: str
    bgp_route_propagation_enabled: bool
    routes: tuple[AzureRoute, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityRule:
    """One NSG rule; lower `priority` first. Ranges and prefixes in ARM's words (`*`, tags, `80-90`)."""

    name: str
    priority: int
    direction: Literal["Inbound", "Outbound"]
    access: Literal["Allow", "Deny"]
    protocol: str
    """`Tcp`, `Udp`, `Icmp`, `Esp`, `Ah` or `*`."""
    source_address_prefixes: tuple[str, ...]
    source_port_ranges: tuple[str, ...]
    destination_address_prefixes: tuple[str, ...]
    destination_port_ranges: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSecurityGroup:
    """A stateful, ordered filter (NSG); Azure's default rules are not listed but apply."""

    id: str
    name: str
    security_rules: tuple[SecurityRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayInstance:
    """One instance of an Azure VPN gateway: one ip configuration."""

    ip_configuration_id: str
    ip_configuration_name: str
    subnet_id: str
    public_ip_address: IPv4Address | None
    default_bgp_ip_address: IPv4Address | None
    """Its address in GatewaySubnet."""
    custom_bgp_ip_addresses: tuple[IPv4Address, ...]
    """Its APIPA addresses, in order; the first is used where a connection names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualNetworkGateway:
    """An Azure VPN gateway."""

    id: str
    name: str
    location: str
    sku: str
    generation: str
    active_active: bool
    bgp_enabled: bool
    asn: int
    instances: tuple[GatewayInstance, ...]
    provisioning_state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalNetworkGateway:
    """The far end as Azure knows it."""

    id: str
    name: str
    gateway_ip_address: IPv4Address | None
    asn: int | None
    bgp_peering_address: IPv4Address | None
    address_prefixes: tuple[IPv4Network, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IpsecPolicy:
    """A connection's custom policy, in ARM's words. Source: ARM, IpsecPolicy."""

    ike_encryption: str
    ike_integrity: str
    dh_group: str
    ipsec_encryption: str
    ipsec_integrity: str
    pfs_group: str
    sa_life_time_seconds: int
    sa_data_size_kilobytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficSelectorPolicy:
    """One entry of a connection's `trafficSelectorPolicies`. Source: ARM, TrafficSelectorPolicy."""

    local_address_ranges: tuple[IPv4Network, ...]
    """The Azure side."""
    remote_address_ranges: tuple[IPv4Network, ...]
    """The side of the local network gateway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TunnelConnectionHealth:
    """One instance's tunnel of a connection, as Azure reports it (`tunnelConnectionStatus`)."""

    tunnel: str
    connection_status: str
    ingress_bytes_transferred: int
    egress_bytes_transferred: int
    last_connection_established_utc_time: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureConnection:
    """A connection of a VPN gateway to a local network gateway."""

    id: str
    name: str
    virtual_network_gateway_id: str
    local_network_gateway_id: str
    connection_type: str
    connection_protocol: str
    connection_mode: str
    bgp_enabled: bool
    custom_bgp_addresses: Mapping[str, IPv4Address]
    """ip configuration id (lower case) -> the APIPA address to use on that instance."""
    ipsec_policy: IpsecPolicy | None
    """None: Azure's default policy set."""
    use_policy_based_traffic_selectors: bool = False
    """True: selectors are VNet prefixes to local network gateway prefixes, not any to any."""
    traffic_selector_policies: tuple[TrafficSelectorPolicy, ...] = ()
    """Selectors given one by one; empty: none are."""
    dpd_timeout_seconds: int
    routing_weight: int
    provisioning_state: str
    connection_status: str = "Unknown"
    """`Unknown`, `Connecting`, `Connected` or `NotConnected`."""
    tunnel_connection_status: tuple[TunnelConnectionHealth, ...] = ()
    ingress_bytes_transferred: int = 0
    egress_bytes_transferred: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BgpPeer:
    """A BGP session as `getBgpPeerStatus` reports it."""

    local_address: IPv4Address
    neighbor: IPv4Address
    asn: int
    state: str
    """`Unknown`, `Stopped`, `Idle`, `Connecting` or `Connected`."""
    connected_duration: str
    routes_received: int
    messages_sent: int
    messages_received: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayRoute:
    """A learned or advertised route of an Azure gateway instance."""

    local_address: IPv4Address
    network: IPv4Network
    next_hop: IPv4Address | None
    source_peer: IPv4Address
    origin: str
    """`Network`, `EBgp` or `IBgp`."""
    as_path: str
    """`64512` or `64512-65001`; empty for own networks."""
    weight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AksNodePool:
    """A node pool of an AKS cluster. Source: ARM, ManagedClusterAgentPoolProfile."""

    name: str
    mode: str
    """`System` or `User`."""
    count: int
    vm_size: str
    vnet_subnet_id: str
    """Lower case, like all Azure ids here."""
    pod_subnet_id: str | None
    """Where pods get their addresses (Azure CNI Pod Subnet); None: another network mode."""
    availability_zones: tuple[str, ...]
    max_pods: int
    provisioning_state: str
    node_labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AksCluster:
    """An AKS cluster. Source: ARM, ManagedCluster."""

    id: str
    name: str
    location: str
    kubernetes_version: str
    provisioning_state: str
    fqdn: str
    """Name of its API server; empty until it has one."""
    private_cluster: bool
    network_plugin: str
    """`azure`, `kubenet` or `none`."""
    network_plugin_mode: str
    """`overlay` or empty."""
    service_cidr: IPv4Network | None
    dns_service_ip: IPv4Address | None
    pod_cidr: IPv4Network | None
    """Overlay and kubenet only."""
    node_resource_group: str
    node_pools: tuple[AksNodePool, ...] = ()
    network_policy: str = ""
    """What enforces NetworkPolicies: `azure`, `calico` or `cilium`; `none` or empty: nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureNetwork:
    """Everything of one Azure subscription that matters to us."""

    subscription_id: str
    virtual_networks: tuple[VirtualNetwork, ...] = ()
    route_tables: tuple[AzureRouteTable, ...] = ()
    network_security_groups: tuple[NetworkSecurityGroup, ...] = ()
    virtual_network_gateways: tuple[VirtualNetworkGateway, ...] = ()
    local_network_gateways: tuple[LocalNetworkGateway, ...] = ()
    connections: tuple[AzureConnection, ...] = ()
    aks_clusters: tuple[AksCluster, ...] = ()

    def local_network_gateway_of(self, connection: AzureConnection) -> LocalNetworkGateway | None:
        """Return the local network gateway of a connection; None if it is not there."""
        wanted = connection.local_network_gateway_id
        return next((each for each in self.local_network_gateways if each.id == wanted), None)
