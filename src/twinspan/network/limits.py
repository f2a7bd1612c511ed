"""Quotas, sizes and gateway SKUs of both clouds. Pure.

Sources: AWS Site-to-Site VPN user guide, "Site-to-Site VPN quotas"; EC2 API, CreateSubnet; Amazon EKS user
guide, "View and manage Amazon EKS and Fargate service quotas"; EKS API, KubernetesNetworkConfigRequest; Azure
subscription and service limits, "Networking limits"; Azure VPN Gateway FAQ; Azure, "About VPN Gateway SKUs",
"SKU consolidation" and "About VPN Gateway configuration settings"; Azure, "Network security groups"; AKS,
"Quotas, SKUs and region availability" and "Configure Azure CNI networking".
"""

from collections.abc import Mapping
from dataclasses import dataclass

from twinspan.network.ipsec import CIPHERS

LAST_PORT = 65535
"""Of TCP, UDP and SCTP. Sources: RFC 9293, section 3.1; RFC 768; RFC 9260, section 3.1."""
TUNNELS_PER_CONNECTION = 2
"""Source: AWS Site-to-Site VPN User Guide, "Your Site-to-Site VPN connection has two tunnels"."""
VPN_GATEWAYS_PER_REGION = 5
CUSTOMER_GATEWAYS_PER_REGION = 50
VPN_CONNECTIONS_PER_REGION = 50
VPN_CONNECTIONS_PER_VPN_GATEWAY = 10
STATIC_ROUTES_PER_VPN_CONNECTION = 100
ROUTES_FROM_CUSTOMER_GATEWAY = 100
"""BGP prefixes; AWS drops a session that brings more."""
CUSTOMER_GATEWAY_NAME_LENGTH = 255
EKS_CLUSTERS_PER_REGION = 100

VPN_GATEWAYS_QUOTA = "L-7029FAB6"
CUSTOMER_GATEWAYS_QUOTA = "L-4FB7FF5D"
VPN_CONNECTIONS_QUOTA = "L-3E6EC3A3"
EKS_CLUSTERS_QUOTA = "L-1194D53C"
"""Quota codes. Source: Service Quotas API, ListServiceQuotas."""

ROUTES_FROM_LOCAL_NETWORK_GATEWAY = 4000
"""BGP prefixes that an Azure gateway accepts."""
LOCAL_NETWORK_GATEWAY_PREFIXES = 1000
VNET_PREFIXES = 500
VNET_SUBNETS = 3000
ROUTE_TABLE_ROUTES = 600
SECURITY_GROUP_RULES = 1000
SECURITY_RULE_PRIORITIES = range(100, 4097)

RESERVED_HOSTS = 4
"""First addresses of every subnet that both clouds keep; they keep the last one too."""
AWS_SUBNET_LENGTHS = range(16, 29)
AZURE_SUBNET_LENGTH = 29
"""Prefix length of the smallest VNet, subnet and GatewaySubnet."""
GATEWAY_SUBNET_LENGTH = 27
"""Prefix length of the smallest GatewaySubnet that Azure recommends."""

EKS_SERVICES = range(12, 25)
"""Prefix lengths of a service range."""
AKS_SERVICE_LENGTH = 12
"""Prefix length of the largest service range."""
AKS_PODS_PER_NODE = range(10, 251)
AKS_SYSTEM_PODS = 30
"""Pods that a system pool must have room for."""
AKS_NODES_PER_POOL = 1000
AKS_POOLS_PER_CLUSTER = 100

SCALE_SET_INSTANCES = 1000
PLACEMENT_GROUP_INSTANCES = 100
"""The most instances of a scale set, and of one that is in a single placement group.

Source: Azure, "Working with large virtual machine scale sets".
"""
AVAILABILITY_UPDATE_DOMAINS = 20
AVAILABILITY_FAULT_DOMAINS = 3
"""Of an availability set, at most. Source: Azure, "Availability sets overview"."""

AZURE_TUNNEL_MTU = 1400
AZURE_TUNNEL_MSS = 1350
"""Bytes, inside a tunnel. Source: Azure, "About VPN devices", clamp TCP MSS."""
AWS_SAMPLE_MSS = 1379
"""Source: AWS Site-to-Site VPN user guide, sample customer gateway configurations."""
AWS_INNER_MTU: Mapping[str, int] = {
    cipher.aws: 1438 if cipher.authenticated else 1422 for cipher in CIPHERS if cipher.aws
}
"""Cipher -> bytes inside a tunnel, behind NAT-T.

Source: AWS Site-to-Site VPN user guide, "Best practices for your customer gateway device".
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySku:
    """A size of Azure's VPN gateways.

    Attributes:
        connections: The most site-to-site connections.
        generations: Those it comes in, the default one first.
    """

    connections: int
    generations: tuple[str, ...]


GENERATIONS = ("Generation1", "Generation2")
BASIC_SKU = "Basic"
"""Without BGP, active-active and custom policies."""
ZONED_SKU = "AZ"
"""How the SKUs end whose public addresses need zones."""
SMALLEST_ZONED_SKU = "VpnGw1AZ"
GATEWAY_SKUS: Mapping[str, GatewaySku] = {
    BASIC_SKU: GatewaySku(connections=10, generations=GENERATIONS[:1]),
    SMALLEST_ZONED_SKU: GatewaySku(connections=30, generations=GENERATIONS[:1]),
    "VpnGw2AZ": GatewaySku(connections=30, generations=GENERATIONS),
    "VpnGw3AZ": GatewaySku(connections=30, generations=GENERATIONS),
    "VpnGw4AZ": GatewaySku(connections=100, generations=GENERATIONS[1:]),
    "VpnGw5AZ": GatewaySku(connections=100, generations=GENERATIONS[1:]),
}
"""Those that can still be made."""
RETIRED_GATEWAY_SKUS = tuple(sku.removesuffix(ZONED_SKU) for sku in GATEWAY_SKUS if sku.endswith(ZONED_SKU))

INSIDE_IP_VERSION = "ipv4"
OUTSIDE_ADDRESS_TYPE = "PublicIpv4"
TUNNEL_BANDWIDTH = "standard"
"""What a VPN connection has unless something else is asked for. Source: as below."""
TRANSIT_GATEWAY_OPTIONS: Mapping[str, tuple[object, ...]] = {
    "enable_acceleration": (False,),
    "tunnel_inside_ip_version": (INSIDE_IP_VERSION,),
    "outside_ip_address_type": (OUTSIDE_ADDRESS_TYPE,),
    "tunnel_bandwidth": (TUNNEL_BANDWIDTH,),
    "local_ipv6_network_cidr": (),
    "remote_ipv6_network_cidr": (),
    "transport_transit_gateway_attachment_id": (),
}
"""Option of a VPN connection that only a transit gateway has, in Terraform's words -> what any gateway takes.

Source: EC2 API, VpnConnectionOptionsSpecification.
"""

GROUPS_PER_INTERFACE = 5
"""Security groups of a network interface. Source: Amazon VPC User Guide, "Amazon VPC quotas"."""
GP2_LEAST_IOPS, GP2_IOPS_PER_GIB, GP3_THROUGHPUT_MIB_PER_S = 100, 3, 125
"""What general purpose disks have by their size and unless it is told.

Source: Amazon EBS User Guide, "Amazon EBS General Purpose SSD volumes".
"""
COMMAND_TIMEOUT_S, LONGEST_COMMAND_S = 3600, 172_800
"""How long a script of AWS-RunShellScript may run, unless it is told, and at most; seconds.

Source: Systems Manager User Guide, "AWS-RunShellScript", executionTimeout.
"""
