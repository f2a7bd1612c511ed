"""What exists in both clouds, in the clouds' own words, without any secret.

One `Network` is read from the two APIs (`cloud/`) or from a Terraform plan (`project/`). Fields that
the cloud has not decided yet, or that a plan cannot know, are None. Pre-shared keys are never in here:
see `Secrets`.

Identifiers: AWS ids as the API gives them (`vpn-0ab...`); Azure resource ids in full, in lower case, since
Azure compares them without case.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """Algorithms of one IKE phase, in AWS's words; empty tuples mean the cloud's default list.

    Source: EC2 API, VpnTunnelOptionsSpecification (cloud-facts 1.1).
    """

    encryption_algorithms: tuple[str, ...] = ()
    integrity_algorithms: tuple[str, ...] = ()
    dh_group_numbers: tuple[int, ...] = ()
    lifetime_seconds: int


class TelemetryStatus(StrEnum):
    """`VgwTelemetry.Status` of an AWS tunnel."""

    UP = "UP"
    DOWN = "DOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class VgwTelemetry:
    """What AWS says of one tunnel. Source: EC2 API, VgwTelemetry."""

    status: TelemetryStatus
    status_message: str
    accepted_route_count: int
    last_status_change: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VpnTunnel:
    """One IPsec tunnel of an AWS VPN connection. Source: EC2 API, TunnelOption."""

    outside_ip_address: IPv4Address | None
    """AWS's public end; None in a plan."""
    inside_cidr: IPv4Network
    """The /30 inside; AWS has host 1, the customer gateway host 2."""
    ike_versions: tuple[str, ...]
    phase1: Phase
    phase2: Phase
    dpd_timeout_seconds: int
    dpd_timeout_action: str
    startup_action: str
    rekey_margin_time_seconds: int
    rekey_fuzz_percentage: int
    replay_window_size: int
    telemetry: VgwTelemetry | None = None

    @property
    def aws_inside_address(self) -> IPv4Address:
        """AWS's BGP address: the first host."""
        return self.inside_cidr[1]

    @property
    def customer_inside_address(self) -> IPv4Address:
        """The customer gateway's BGP address: the second host."""
        return self.inside_cidr[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class VpnConnection:
    """One customer gateway joined to one virtual private gateway: always two tunnels."""

    id: str
    name: str
    state: str
    customer_gateway_id: str
    vpn_gateway_id: str | None
    static_routes_only: bool
    static_routes: tuple[IPv4Network, ...] = ()
    tunnels: tuple[VpnTunnel, ...]
    """In the order of the API, which is tunnel1, tunnel2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerGateway:
    """The far end as AWS knows it. Source: EC2 API, CustomerGateway."""

    id: str
    name: str
    state: str
    ip_address: IPv4Address | None
    bgp_asn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VpnGateway:
    """An AWS virtual private gateway (VGW)."""

    id: str
    name: str
    state: str
    amazon_side_asn: int
    vpc_id: str | None
    """The VPC it is attached to (attachment state `attached`); None if detached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsRoute:
    """One route of a VPC route table. Source: EC2 API, Route."""

    destination: IPv4Network
    target: str
    """`local`, or the id of a gateway: vgw-, igw-, nat-, eni-..."""
    state: Literal["active", "blackhole"]
    origin: str
    """`CreateRouteTable`, `CreateRoute` or `EnableVgwRoutePropagation`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsRouteTable:
    """A VPC route table."""

    id: str
    name: str
    vpc_id: str
    main: bool
    subnet_ids: tuple[str, ...]
    propagating_vgw_ids: tuple[str, ...]
    routes: tuple[AwsRoute, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsSubnet:
    """A VPC subnet."""

    id: str
    name: str
    vpc_id: str
    cidr_block: IPv4Network
    availability_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IpPermission:
    """One allow rule of a security group, for one source or destination range.

    `ip_protocol` is `tcp`, `udp`, `icmp` or `-1` (all); ports are -1 where they do not apply (for ICMP:
    type and code, -1 = any). Source: EC2 API, IpPermission.
    """

    direction: Literal["ingress", "egress"]
    ip_protocol: str
    from_port: int
    to_port: int
    cidr: IPv4Network | None
    group_id: str | None = None
    """A referenced security group instead of a range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroup:
    """A stateful set of allow rules on an interface."""

    id: str
    name: str
    vpc_id: str
    permissions: tuple[IpPermission, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkAclEntry:
    """One numbered, stateless rule of a network ACL; `protocol` is `-1` or an IANA number."""

    egress: bool
    rule_number: int
    protocol: str
    allow: bool
    cidr_block: IPv4Network
    port_range: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkAcl:
    """A stateless filter on the edge of subnets."""

    id: str
    vpc_id: str
    default: bool
    subnet_ids: tuple[str, ...]
    entries: tuple[NetworkAclEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vpc:
    """An AWS virtual private cloud."""

    id: str
    name: str
    cidr_blocks: tuple[IPv4Network, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsNetwork:
    """Everything of one AWS account and region that matters to us."""

    account_id: str
    region: str
    vpcs: tuple[Vpc, ...] = ()
    subnets: tuple[AwsSubnet, ...] = ()
    route_tables: tuple[AwsRouteTable, ...] = ()
    security_groups: tuple[SecurityGroup, ...] = ()
    network_acls: tuple[NetworkAcl, ...] = ()
    vpn_gateways: tuple[VpnGateway, ...] = ()
    customer_gateways: tuple[CustomerGateway, ...] = ()
    vpn_connections: tuple[VpnConnection, ...] = ()

    def route_table_of(self, subnet_id: str) -> AwsRouteTable | None:
        """Return the table in force for a subnet: its own, else its VPC's main one."""
        own = [table for table in self.route_tables if subnet_id in table.subnet_ids]
        if own:
            return own[0]
        vpcs = [subnet.vpc_id for subnet in self.subnets if subnet.id == subnet_id]
        main = [table for table in self.route_tables if table.main and table.vpc_id in vpcs]
        return main[0] if main else None


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
    """A connection's custom policy, in ARM's words. Source: ARM, IpsecPolicy (cloud-facts 2.4)."""

    ike_encryption: str
    ike_integrity: str
    dh_group: str
    ipsec_encryption: str
    ipsec_integrity: str
    pfs_group: str
    sa_life_time_seconds: int
    sa_data_size_kilobytes: int


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
class AzureNetwork:
    """Everything of one Azure subscription that matters to us."""

    subscription_id: str
    virtual_networks: tuple[VirtualNetwork, ...] = ()
    route_tables: tuple[AzureRouteTable, ...] = ()
    network_security_groups: tuple[NetworkSecurityGroup, ...] = ()
    virtual_network_gateways: tuple[VirtualNetworkGateway, ...] = ()
    local_network_gateways: tuple[LocalNetworkGateway, ...] = ()
    connections: tuple[AzureConnection, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Both clouds. A cloud that is not configured is None."""

    aws: AwsNetwork | None
    azure: AzureNetwork | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """Pre-shared keys, kept apart from `Network` so that they reach no log or report.

    Attributes:
        aws: (VPN connection id, outside address as text) -> key.
        azure: connection id (lower case) -> key.
    """

    aws: Mapping[tuple[str, str], str] = field(default_factory=dict, repr=False)
    azure: Mapping[str, str] = field(default_factory=dict, repr=False)
