"""What exists in Azure, in ARM's words; part of `network.model`.

`address` is always Terraform's of the object; empty where none is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Address, IPv4Network
from typing import Generic, Literal

from twinspan.network.machines import Machine, NetworkInterface
from twinspan.network.unknown import U, Unknown

CONNECTED = "Connected"
"""Source: ARM, VirtualNetworkGatewayConnection, connectionStatus."""
GATEWAY_SUBNET = "GatewaySubnet"
"""Name of the subnet that a VPN gateway stands in."""
DYNAMIC = "Dynamic"
"""How an address is allocated where nothing else is asked for. Source: ARM, IPAllocationMethod."""
ROUTE_BASED = "RouteBased"
"""Source: ARM, VpnType."""
CONNECTION_ENDS: Mapping[str, str] = {
    "IPsec": "local_network_gateway_id",
    "Vnet2Vnet": "peer_virtual_network_gateway_id",
    "ExpressRoute": "express_route_circuit_id",
}
"""Type of a connection -> Terraform's argument for its remote end.

Source: ARM, VirtualNetworkGatewayConnectionType.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureSubnet(Generic[U]):
    """A subnet of a virtual network."""

    id: str
    name: str | U
    address: str = ""
    address_prefixes: tuple[IPv4Network | U, ...]
    route_table_id: str | U | None
    network_security_group_id: str | U | None
    delegated: bool | U = False
    """Whether a service has it to itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualNetwork(Generic[U]):
    """An Azure virtual network (VNet)."""

    id: str
    name: str | U
    address: str = ""
    location: str | U
    address_space: tuple[IPv4Network | U, ...]
    subnets: tuple[AzureSubnet[U], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureRoute(Generic[U]):
    """One user-defined route (UDR). `next_hop_type` in ARM's words, e.g. `VirtualNetworkGateway`."""

    name: str | U
    address: str = ""
    address_prefix: IPv4Network | U
    next_hop_type: str | U
    next_hop_ip_address: IPv4Address | U | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureTagRoute(Generic[U]):
    """A user-defined route to a service tag, e.g. `Storage`, or to an IPv6 prefix."""

    name: str | U
    address: str = ""
    address_prefix: str
    next_hop_type: str | U
    next_hop_ip_address: IPv4Address | U | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureRouteTable(Generic[U]):
    """An Azure route table."""

    id: str
    name: str | U
    address: str = ""
    bgp_route_propagation_enabled: bool | U
    routes: tuple[AzureRoute[U], ...]
    tag_routes: tuple[AzureTagRoute[U], ...] = ()
    """Nothing that goes to the other cloud takes one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityRule(Generic[U]):
    """One NSG rule; lower `priority` first. Ranges and prefixes in ARM's words (`*`, tags, `80-90`)."""

    name: str | U
    address: str = ""
    priority: int | U
    direction: Literal["Inbound", "Outbound"] | U
    access: Literal["Allow", "Deny"] | U
    protocol: str | U
    """`Tcp`, `Udp`, `Icmp`, `Esp`, `Ah` or `*`."""
    source_address_prefixes: tuple[str | U, ...]
    source_port_ranges: tuple[str | U, ...]
    destination_address_prefixes: tuple[str | U, ...]
    destination_port_ranges: tuple[str | U, ...]
    source_application_security_group_ids: tuple[str | U, ...] = ()
    """In place of prefixes: the addresses of the interfaces in these groups."""
    destination_application_security_group_ids: tuple[str | U, ...] = ()
    both_forms: tuple[str, ...] = ()
    """Arguments that a plan writes as one value and as several, which Azure refuses.

    E.g. `source_address_prefix`.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSecurityGroup(Generic[U]):
    """A stateful, ordered filter (NSG); Azure's default rules are not listed but apply."""

    id: str
    name: str | U
    address: str = ""
    security_rules: tuple[SecurityRule[U], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicIpAddress(Generic[U]):
    """A public IP address."""

    id: str
    name: str | U
    address: str = ""
    ip_address: IPv4Address | U | None
    """None until it has one."""
    sku: str | U
    allocation_method: str | U
    zones: tuple[str | U, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayInstance(Generic[U]):
    """One instance of an Azure VPN gateway: one ip configuration."""

    ip_configuration_id: str
    ip_configuration_name: str | U
    subnet_id: str | U
    public_ip_address: IPv4Address | U | None
    public_ip_address_id: str | U | None = None
    private_ip_allocation_method: str | U = DYNAMIC
    default_bgp_ip_address: IPv4Address | U | None
    """Its address in GatewaySubnet."""
    custom_bgp_ip_addresses: tuple[IPv4Address | U, ...]
    """Its APIPA addresses, in order; the first is used where a connection names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualNetworkGateway(Generic[U]):
    """An Azure VPN gateway."""

    id: str
    name: str | U
    address: str = ""
    location: str | U
    sku: str | U
    generation: str | U
    vpn_type: str | U = ROUTE_BASED
    active_active: bool | U
    bgp_enabled: bool | U
    asn: int | U
    instances: tuple[GatewayInstance[U], ...]
    provisioning_state: str | U


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalNetworkGateway(Generic[U]):
    """The far end as Azure knows it."""

    id: str
    name: str | U
    address: str = ""
    gateway_ip_address: IPv4Address | U | None
    gateway_ip_address_of: str = ""
    """Whose address that is, where a plan tells that and not the address.

    Of a tunnel `links.tunnel_key`; else the id of an Azure public IP address.
    """
    fqdn: str | U = ""
    """Name of the far end, instead of its address."""
    asn: int | U | None
    bgp_peering_address: IPv4Address | U | None
    address_prefixes: tuple[IPv4Network | U, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IpsecPolicy(Generic[U]):
    """A connection's custom policy, in ARM's words. Source: ARM, IpsecPolicy."""

    ike_encryption: str | U
    ike_integrity: str | U
    dh_group: str | U
    ipsec_encryption: str | U
    ipsec_integrity: str | U
    pfs_group: str | U
    sa_life_time_seconds: int | U
    sa_data_size_kilobytes: int | U


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficSelectorPolicy(Generic[U]):
    """One entry of a connection's `trafficSelectorPolicies`. Source: ARM, TrafficSelectorPolicy."""

    local_address_ranges: tuple[IPv4Network | U, ...]
    """The Azure side."""
    remote_address_ranges: tuple[IPv4Network | U, ...]
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
class AzureConnection(Generic[U]):
    """A connection of a VPN gateway to a local network gateway."""

    id: str
    name: str | U
    address: str = ""
    virtual_network_gateway_id: str | U
    local_network_gateway_id: str | U
    connection_type: str | U
    connection_protocol: str | U
    connection_mode: str | U
    bgp_enabled: bool | U
    custom_bgp_addresses: Mapping[str, IPv4Address | U]
    """ip configuration id (lower case) -> the APIPA address to use on that instance."""
    ipsec_policy: IpsecPolicy[U] | U | None
    """None: Azure's default policy set."""
    use_policy_based_traffic_selectors: bool | U = False
    """True: selectors are VNet prefixes to local network gateway prefixes, not any to any."""
    traffic_selector_policies: tuple[TrafficSelectorPolicy[U], ...] = ()
    """Selectors given one by one; empty: none are."""
    dpd_timeout_seconds: int | U
    routing_weight: int | U
    provisioning_state: str | U
    connection_status: str | U = "Unknown"
    """`Unknown`, `Connecting`, `Connected` or `NotConnected`."""
    tunnel_connection_status: tuple[TunnelConnectionHealth, ...] = ()
    ingress_bytes_transferred: int | U = 0
    egress_bytes_transferred: int | U = 0


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
class AksNodePool(Generic[U]):
    """A node pool of an AKS cluster. Source: ARM, ManagedClusterAgentPoolProfile."""

    name: str | U
    address: str = ""
    mode: str | U
    """`System` or `User`."""
    count: int | U
    vm_size: str | U
    vnet_subnet_id: str | U
    """Lower case, like all Azure ids here."""
    pod_subnet_id: str | U | None
    """Where pods get their addresses (Azure CNI Pod Subnet); None: another network mode."""
    availability_zones: tuple[str | U, ...]
    max_pods: int | U
    provisioning_state: str | U
    node_labels: Mapping[str, str | U] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AksCluster(Generic[U]):
    """An AKS cluster. Source: ARM, ManagedCluster."""

    id: str
    name: str | U
    address: str = ""
    location: str | U
    kubernetes_version: str | U
    provisioning_state: str | U
    fqdn: str | U
    """Name of its API server; empty until it has one."""
    private_cluster: bool | U
    network_plugin: str | U
    """`azure`, `kubenet` or `none`."""
    network_plugin_mode: str | U
    """`overlay` or empty."""
    service_cidr: IPv4Network | U | None
    dns_service_ip: IPv4Address | U | None
    pod_cidr: IPv4Network | U | None
    """Overlay and kubenet only."""
    node_resource_group: str | U
    node_pools: tuple[AksNodePool[U], ...] = ()
    network_policy: str | U = ""
    """What enforces NetworkPolicies: `azure`, `calico` or `cilium`; `none` or empty: nothing."""
    network_data_plane: str | U = ""
    outbound_type: str | U = ""
    """How nodes reach the internet, e.g. `loadBalancer` or `userDefinedRouting`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureNetwork(Generic[U]):
    """Everything of the Azure subscriptions in use that matters to us; ids tell which one an object is in."""

    subscription_id: str | U
    """The main one."""
    virtual_networks: tuple[VirtualNetwork[U], ...] = ()
    route_tables: tuple[AzureRouteTable[U], ...] = ()
    network_security_groups: tuple[NetworkSecurityGroup[U], ...] = ()
    public_ip_addresses: tuple[PublicIpAddress[U], ...] = ()
    virtual_network_gateways: tuple[VirtualNetworkGateway[U], ...] = ()
    local_network_gateways: tuple[LocalNetworkGateway[U], ...] = ()
    connections: tuple[AzureConnection[U], ...] = ()
    aks_clusters: tuple[AksCluster[U], ...] = ()
    other_node_pools: tuple[AksNodePool[U], ...] = ()
    """Of a plan: those whose cluster is not in it."""
    network_interfaces: tuple[NetworkInterface[U], ...] = ()
    machines: tuple[Machine[U], ...] = ()

    def local_network_gateway_of(self, connection: AzureConnection[Unknown]) -> LocalNetworkGateway[U] | None:
        """Return the local network gateway of a connection; None if it is not there."""
        gateway_id = connection.local_network_gateway_id
        return next((gateway for gateway in self.local_network_gateways if gateway.id == gateway_id), None)
