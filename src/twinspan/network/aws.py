"""What exists in AWS, in AWS's words; part of `network.model`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from typing import Literal

from twinspan.network.ranges import ANYWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """Algorithms of one IKE phase, in AWS's words; empty tuples mean the cloud's default list.

    Source: EC2 API, VpnTunnelOptionsSpecification.
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
    local_ipv4_network_cidr: IPv4Network = ANYWHERE
    """Traffic selector of the customer gateway's side, in spite of its name."""
    remote_ipv4_network_cidr: IPv4Network = ANYWHERE
    """Traffic selector of the AWS side."""
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
    icmp_type_code: tuple[int, int] | None = None
    """Of ICMP; -1: any. Source: EC2 API, IcmpTypeCode."""


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
class EksNodeGroup:
    """A managed node group of an EKS cluster. Source: EKS API, Nodegroup."""

    name: str
    cluster_name: str
    status: str
    """`CREATING`, `ACTIVE`, `UPDATING`, `DELETING`, `CREATE_FAILED`, `DELETE_FAILED` or `DEGRADED`."""
    subnet_ids: tuple[str, ...]
    instance_types: tuple[str, ...]
    capacity_type: str
    desired_size: int
    min_size: int
    max_size: int
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EksAddon:
    """A managed add-on. Source: EKS API, Addon."""

    name: str
    """`vpc-cni`, `coredns` or `kube-proxy`."""
    version: str
    status: str
    configuration_values: str
    """JSON as it was given; empty if nothing was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EksCluster:
    """An EKS cluster. Source: EKS API, Cluster."""

    name: str
    arn: str
    status: str
    """`CREATING`, `ACTIVE`, `UPDATING`, `DELETING` or `FAILED`."""
    version: str
    endpoint: str
    """URL of its API server; empty until it has one."""
    certificate_authority: str
    """The certificate that signs the API server's, PEM; empty until it has one."""
    service_ipv4_cidr: IPv4Network | None
    vpc_id: str
    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]
    cluster_security_group_id: str
    """Made by EKS; on every managed node and on the control plane's interfaces."""
    endpoint_public_access: bool
    endpoint_private_access: bool
    public_access_cidrs: tuple[IPv4Network, ...]
    node_groups: tuple[EksNodeGroup, ...] = ()
    addons: tuple[EksAddon, ...] = ()


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
    eks_clusters: tuple[EksCluster, ...] = ()

    def route_table_of(self, subnet_id: str) -> AwsRouteTable | None:
        """Return the table in force for a subnet: its own, else its VPC's main one."""
        own = [table for table in self.route_tables if subnet_id in table.subnet_ids]
        if own:
            return own[0]
        vpcs = [subnet.vpc_id for subnet in self.subnets if subnet.id == subnet_id]
        main = [table for table in self.route_tables if table.main and table.vpc_id in vpcs]
        return main[0] if main else None

    def customer_gateway_of(self, connection: VpnConnection) -> CustomerGateway | None:
        """Return the customer gateway of a VPN connection; None if it is not there."""
        own = (each for each in self.customer_gateways if each.id == connection.customer_gateway_id)
        return next(own, None)
