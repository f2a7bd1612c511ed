"""Address ranges that mean something to a cloud, or that the twin takes for itself. Pure.

Sources: IANA, IPv4 Special-Purpose Address Registry; EC2 API, VpnTunnelOptionsSpecification.TunnelInsideCidr;
Azure VPN Gateway FAQ, "BGP and routing"; Azure Virtual Network FAQ; AKS, "Configure Azure CNI networking";
EKS API, KubernetesNetworkConfigRequest.serviceIpv4Cidr; ARM, ContainerServiceNetworkProfile.
"""

from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network


def _networks(*texts: str) -> tuple[IPv4Network, ...]:
    return tuple(IPv4Network(text) for text in texts)


ANYWHERE = IPv4Network("0.0.0.0/0")
LINK_LOCAL = IPv4Network("169.254.0.0/16")
LOOPBACK = IPv4Network("127.0.0.0/8")
MULTICAST = IPv4Network("224.0.0.0/4")
BROADCAST = IPv4Network("255.255.255.255/32")
SHARED = IPv4Network("100.64.0.0/10")
"""Of carriers (RFC 6598)."""
PRIVATE = _networks("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
"""RFC 1918."""
NO_DEVICE = (IPv4Network("0.0.0.0/8"), LOOPBACK, LINK_LOCAL, IPv4Network("224.0.0.0/3"))
"""Addresses that no device has."""
NOT_PUBLIC = (*PRIVATE, SHARED)
"""Addresses of devices that the Internet does not reach."""

INSIDE_LENGTH = 30
"""Prefix length of the range inside a tunnel; AWS has the first host, the customer gateway the second."""
AWS_RESERVED_INSIDE = frozenset(
    _networks(*(f"169.254.{third}.0/30" for third in range(6)), "169.254.169.252/30")
)
"""Within `LINK_LOCAL`, from which AWS takes the others."""
AWS_SERVICES = tuple(IPv4Address(f"169.254.169.{last}") for last in (123, 253, 254))
"""Time, DNS and instance metadata in a VPC. Source: Amazon VPC user guide, network ACLs."""
APIPA_FIRST = IPv4Address("169.254.21.0")
APIPA_LAST = IPv4Address("169.254.22.255")
"""First and last of the link-local addresses that Azure takes for BGP."""
AZURE_HOST = IPv4Address("168.63.129.16")
"""Azure's platform in every VNet: DNS, DHCP, health probes."""
AZURE_METADATA = IPv4Address("169.254.169.254")
AZURE_RESERVED = (MULTICAST, BROADCAST, LOOPBACK, LINK_LOCAL, IPv4Network(AZURE_HOST))
"""No VNet can have any of these."""

EKS_DEFAULT_SERVICES = _networks("10.100.0.0/16", "172.20.0.0/16")
"""One of these, if none is asked for."""
AKS_RESERVED = (LINK_LOCAL, *_networks("172.30.0.0/16", "172.31.0.0/16", "192.0.2.0/24"))
"""Neither the VNet, the pods nor the services of an AKS cluster can have any of these."""
AKS_DEFAULT_SERVICES = IPv4Network("10.0.0.0/16")
AKS_DEFAULT_PODS = IPv4Network("10.244.0.0/16")
CLUSTER_DNS_HOST = 10
"""The DNS service's place in the service range, in both clouds."""

TWIN_AWS_OUTSIDE = IPv4Network("198.19.0.0/24")
TWIN_AWS_ELASTIC = IPv4Network("198.19.1.0/24")
TWIN_AZURE_PUBLIC = IPv4Network("198.19.64.0/24")
TWIN_TRANSIT = SHARED
TWIN_MANAGEMENT = IPv4Network("198.18.0.0/16")
"""The twin's public addresses, and those that join its routers and its clusters' nodes.

All but the transit ones are addresses for benchmarks (RFC 2544, RFC 6890), which no network announces, and
which examples and documents do not use for the remote side, as they use those of RFC 5737.
"""


def eks_default_services(vpc: Collection[IPv4Network]) -> IPv4Network:
    """Return the service range of an EKS cluster that asks for none, in a VPC with these ranges.

    Source: awslabs/amazon-eks-ami, `bootstrap.sh`: nodes whose addresses begin with 10 expect the second.
    UNCONFIRMED that EKS chooses so.
    """
    in_ten = any(cidr.overlaps(PRIVATE[0]) for cidr in vpc)
    preferred = EKS_DEFAULT_SERVICES[::-1] if in_ten else EKS_DEFAULT_SERVICES
    free = (
        service_range for service_range in preferred if not any(service_range.overlaps(cidr) for cidr in vpc)
    )
    return next(free, preferred[0])


def is_apipa(address: IPv4Address) -> bool:
    """Whether Azure takes an address for BGP."""
    return APIPA_FIRST <= address <= APIPA_LAST


def apipa() -> str:
    """Return the addresses that Azure takes for BGP, as text."""
    return f"{APIPA_FIRST}-{APIPA_LAST}"
