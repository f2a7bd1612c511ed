"""What exists in AWS, in AWS's words; part of `network.model`.

`address` is always Terraform's of the object; empty where none is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from typing import Generic, Literal

from twinspan.network.limits import INSIDE_IP_VERSION, OUTSIDE_ADDRESS_TYPE, TUNNEL_BANDWIDTH
from twinspan.network.machines import Machine, NetworkInterface
from twinspan.network.ranges import ANYWHERE
from twinspan.network.unknown import U, Unknown, known

INTERNET_GATEWAY = "aws_internet_gateway"
"""Terraform's type of an internet gateway, by which a plan's route names one that is not there yet."""


def key_tag(number: int) -> str:
    """Return the key of the tag that says since when a VPN connection's tunnel 1 or 2 has its key."""
    return f"twinspan:tunnel{number}-key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase(Generic[U]):
    """Algorithms of one IKE phase, in AWS's words; empty tuples mean the cloud's default list.

    Source: EC2 API, VpnTunnelOptionsSpecification.
    """

    encryption_algorithms: tuple[str | U, ...] = ()
    integrity_algorithms: tuple[str | U, ...] = ()
    dh_group_numbers: tuple[int | U, ...] = ()
    lifetime_seconds: int | U


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
class VpnTunnel(Generic[U]):
    """One IPsec tunnel of an AWS VPN connection. Source: EC2 API, TunnelOption."""

    outside_ip_address: IPv4Address | U | None
    """AWS's public end; None until it has one."""
    inside_cidr: IPv4Network | U
    """The /30 inside; AWS has host 1, the customer gateway host 2."""
    inside_ipv6_cidr: str | U = ""
    ike_versions: tuple[str | U, ...]
    phase1: Phase[U]
    phase2: Phase[U]
    dpd_timeout_seconds: int | U
    dpd_timeout_action: str | U
    startup_action: str | U
    rekey_margin_time_seconds: int | U
    rekey_fuzz_percentage: int | U
    replay_window_size: int | U
    log_enabled: bool | U = False
    key_changed_on: str | U = ""
    """The day since which it has its key, in ISO 8601, as the tag `key_tag` of its connection says."""
    log_group_arn: str | U = ""
    """Of its log of IKE. Source: EC2 API, CloudWatchLogOptions."""
    telemetry: VgwTelemetry | None = None
    """None where no cloud was asked."""

    @property
    def aws_inside_address(self) -> IPv4Address | U:
        """AWS's BGP address: the first host."""
        cidr = self.inside_cidr
        return cidr[1] if isinstance(cidr, IPv4Network) else cidr

    @property
    def customer_inside_address(self) -> IPv4Address | U:
        """The customer gateway's BGP address: the second host."""
        cidr = self.inside_cidr
        return cidr[2] if isinstance(cidr, IPv4Network) else cidr


@dataclass(frozen=True, slots=True, kw_only=True)
class VpnConnection(Generic[U]):
    """One customer gateway joined to one gateway of AWS: always two tunnels."""

    id: str
    name: str | U
    address: str = ""
    region: str | U = ""
    """Empty: that of the `AwsNetwork`."""
    state: str | U
    customer_gateway_id: str | U
    vpn_gateway_id: str | U | None
    transit_gateway_id: str | U | None = None
    static_routes_only: bool | U
    static_routes: tuple[IPv4Network | U, ...] = ()
    local_ipv4_network_cidr: IPv4Network | U = ANYWHERE
    """Traffic selector of the customer gateway's side, in spite of its name."""
    remote_ipv4_network_cidr: IPv4Network | U = ANYWHERE
    """Traffic selector of the AWS side."""
    enable_acceleration: bool | U = False
    tunnel_inside_ip_version: str | U = INSIDE_IP_VERSION
    outside_ip_address_type: str | U = OUTSIDE_ADDRESS_TYPE
    tunnel_bandwidth: str | U = TUNNEL_BANDWIDTH
    local_ipv6_network_cidr: str | U = ""
    remote_ipv6_network_cidr: str | U = ""
    transport_transit_gateway_attachment_id: str | U = ""
    """Those since `enable_acceleration` are for transit gateways: see `limits.TRANSIT_GATEWAY_OPTIONS`."""
    tunnels: tuple[VpnTunnel[U], ...]
    """In the order of the API, which is tunnel1, tunnel2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerGateway(Generic[U]):
    """The far end as AWS knows it. Source: EC2 API, CustomerGateway."""

    id: str
    name: str | U
    address: str = ""
    region: str | U = ""
    """Empty: that of the `AwsNetwork`."""
    state: str | U
    ip_address: IPv4Address | U | None
    ip_address_of: str = ""
    """Id of the Azure public IP address that it is, where a plan tells that and not the address."""
    bgp_asn: int | U
    device_name: str | U = ""
    certificate_arn: str | U = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VpnGateway(Generic[U]):
    """An AWS virtual private gateway (VGW)."""

    id: str
    name: str | U
    address: str = ""
    region: str | U = ""
    """Empty: that of the `AwsNetwork`."""
    state: str | U
    amazon_side_asn: int | U
    vpc_id: str | U | None
    """The VPC it is attached to (attachment state `attached`); None if detached."""
    attached_by: tuple[str, ...] = ()
    """Terraform's addresses of what attaches it: itself, or attachments of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsRoute(Generic[U]):
    """One route of a VPC route table. Source: EC2 API, Route."""

    address: str = ""
    destination: IPv4Network | U
    target: str | U
    """`local`, or the id of a gateway: vgw-, igw-, nat-, eni-..."""
    state: Literal["active", "blackhole"]
    origin: str
    """`CreateRouteTable`, `CreateRoute` or `EnableVgwRoutePropagation`."""

    @property
    def to_internet(self) -> bool:
        """Whether it leads to an internet gateway, which is known by its id or its type in Terraform."""
        if not isinstance(self.target, str):
            return False
        return self.target.startswith("igw-") or INTERNET_GATEWAY in self.target.split(".")


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsRouteTable(Generic[U]):
    """A VPC route table."""

    id: str
    name: str | U
    address: str = ""
    vpc_id: str | U
    main: bool | U
    subnet_ids: tuple[str | U, ...]
    propagating_vgw_ids: tuple[str | U, ...]
    routes: tuple[AwsRoute[U], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsSubnet(Generic[U]):
    """A VPC subnet."""

    id: str
    name: str | U
    address: str = ""
    vpc_id: str | U
    cidr_block: IPv4Network | U
    availability_zone: str | U
    map_public_ip_on_launch: bool | U = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IpPermission(Generic[U]):
    """One allow rule of a security group, for one source or destination range.

    `ip_protocol` is `tcp`, `udp`, `icmp` or `-1` (all); ports are -1 where they do not apply (for ICMP:
    type and code, -1 = any). Source: EC2 API, IpPermission.
    """

    address: str = ""
    direction: Literal["ingress", "egress"]
    ip_protocol: str | U
    from_port: int | U
    to_port: int | U
    cidr: IPv4Network | U | None
    group_id: str | U | None = None
    """A referenced security group instead of a range."""
    prefix_list_id: str | U | None = None
    """A prefix list instead of a range; what is in it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroup(Generic[U]):
    """A stateful set of allow rules on an interface."""

    id: str
    name: str | U
    address: str = ""
    vpc_id: str | U
    permissions: tuple[IpPermission[U], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkAclEntry(Generic[U]):
    """One numbered, stateless rule of a network ACL; `protocol` is `-1` or an IANA number."""

    address: str = ""
    egress: bool
    rule_number: int | U
    protocol: str | U
    allow: bool | U
    cidr_block: IPv4Network | U
    port_range: tuple[int | U, int | U] | None = None
    icmp_type_code: tuple[int | U, int | U] | None = None
    """Of ICMP; -1: any. Source: EC2 API, IcmpTypeCode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkAcl(Generic[U]):
    """A stateless filter on the edge of subnets."""

    id: str
    address: str = ""
    vpc_id: str | U
    default: bool
    subnet_ids: tuple[str | U, ...]
    entries: tuple[NetworkAclEntry[U], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vpc(Generic[U]):
    """An AWS virtual private cloud."""

    id: str
    name: str | U
    address: str = ""
    region: str | U = ""
    """Empty: that of the `AwsNetwork`."""
    cidr_blocks: tuple[IPv4Network | U, ...]
    """The first is its own, the others are associated with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EksNodeGroup(Generic[U]):
    """A managed node group of an EKS cluster. Source: EKS API, Nodegroup."""

    name: str | U
    address: str = ""
    cluster_name: str | U
    status: str | U
    """`CREATING`, `ACTIVE`, `UPDATING`, `DELETING`, `CREATE_FAILED`, `DELETE_FAILED` or `DEGRADED`."""
    subnet_ids: tuple[str | U, ...]
    instance_types: tuple[str | U, ...]
    capacity_type: str | U
    desired_size: int | U
    min_size: int | U
    max_size: int | U
    labels: Mapping[str, str | U] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EksAddon(Generic[U]):
    """A managed add-on. Source: EKS API, Addon."""

    name: str | U
    """`vpc-cni`, `coredns` or `kube-proxy`."""
    address: str = ""
    version: str | U
    status: str | U
    configuration_values: str | U
    """JSON as it was given; empty if nothing was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EksCluster(Generic[U]):
    """An EKS cluster. Source: EKS API, Cluster."""

    name: str | U
    address: str = ""
    arn: str | U
    status: str | U
    """`CREATING`, `ACTIVE`, `UPDATING`, `DELETING` or `FAILED`."""
    version: str | U
    endpoint: str | U
    """URL of its API server; empty until it has one."""
    certificate_authority: str | U
    """The certificate that signs the API server's, PEM; empty until it has one."""
    service_ipv4_cidr: IPv4Network | U | None
    vpc_id: str | U
    subnet_ids: tuple[str | U, ...]
    security_group_ids: tuple[str | U, ...]
    cluster_security_group_id: str | U
    """Made by EKS; on every managed node and on the control plane's interfaces."""
    endpoint_public_access: bool | U
    endpoint_private_access: bool | U
    public_access_cidrs: tuple[IPv4Network | U, ...]
    node_groups: tuple[EksNodeGroup[U], ...] = ()
    addons: tuple[EksAddon[U], ...] = ()

    @property
    def id(self) -> str:
        """Its ARN, or what else is known of it."""
        return known(self.arn) or known(self.name) or self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsNetwork(Generic[U]):
    """Everything of one AWS account that matters to us, in all its regions in use.

    Ids are unique over all regions. VPCs and the parts of a VPN name their region where it is not the main
    one; `network.regions` says it of any object.
    """

    account_id: str | U
    region: str | U
    """The main one."""
    vpcs: tuple[Vpc[U], ...] = ()
    subnets: tuple[AwsSubnet[U], ...] = ()
    route_tables: tuple[AwsRouteTable[U], ...] = ()
    security_groups: tuple[SecurityGroup[U], ...] = ()
    network_acls: tuple[NetworkAcl[U], ...] = ()
    vpn_gateways: tuple[VpnGateway[U], ...] = ()
    customer_gateways: tuple[CustomerGateway[U], ...] = ()
    vpn_connections: tuple[VpnConnection[U], ...] = ()
    eks_clusters: tuple[EksCluster[U], ...] = ()
    network_interfaces: tuple[NetworkInterface[U], ...] = ()
    machines: tuple[Machine[U], ...] = ()

    def route_table_of(self, subnet_id: str) -> AwsRouteTable[U] | None:
        """Return the table in force for a subnet: its own, else its VPC's main one."""
        own = [table for table in self.route_tables if subnet_id in table.subnet_ids]
        if own:
            return own[0]
        vpcs = [subnet.vpc_id for subnet in self.subnets if subnet.id == subnet_id]
        main = [table for table in self.route_tables if table.main is True and table.vpc_id in vpcs]
        return main[0] if main else None

    def customer_gateway_of(self, connection: VpnConnection[Unknown]) -> CustomerGateway[U] | None:
        """Return the customer gateway of a VPN connection; None if it is not there."""
        own = (gateway for gateway in self.customer_gateways if gateway.id == connection.customer_gateway_id)
        return next(own, None)
