"""What the rules look at: a network as it is planned or exists, its keys, and what is about to change."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, TypeAlias

from twinspan.errors import DesignError
from twinspan.network.azure import GATEWAY_SUBNET
from twinspan.network.elsewhere import aws_elsewhere, azure_elsewhere
from twinspan.network.links import TunnelLink, tunnel_links
from twinspan.network.model import (
    AksCluster,
    AwsNetwork,
    AzureConnection,
    AzureNetwork,
    AzureRouteTable,
    AzureSubnet,
    CustomerGateway,
    EksCluster,
    LocalNetworkGateway,
    Network,
    NetworkSecurityGroup,
    PublicIpAddress,
    Secrets,
    VirtualNetwork,
    VirtualNetworkGateway,
    Vpc,
    VpnConnection,
    VpnGateway,
)
from twinspan.network.parts import joined_parts
from twinspan.network.regions import region_of
from twinspan.network.unknown import Unknown
from twinspan.rules.parts import Key, Link, N, Named, PlannedChange, Tunnel, subject

if TYPE_CHECKING:
    from twinspan.deploy.objects import Source

    Manifests: TypeAlias = Mapping[str, tuple[Source, ...]]

Planned: TypeAlias = Network[Unknown]


@dataclass(frozen=True)
class Design:
    """A network with a VPN.

    Attributes:
        network: As it is planned, or as it exists.
        planned: Whether it is a plan; what exists has no arguments that nobody wrote.
        keys: As far as they are known, or a plan tells what they are.
        changes: Of a plan: what is changed in place.
        manifests: `aws` and `azure` -> the objects of an application that is to run there.
        today: In UTC.
        max_key_age_days: How long a pre-shared key may be in use.
    """

    network: Planned
    planned: bool = False
    keys: tuple[Key, ...] = field(default=(), repr=False)
    changes: tuple[PlannedChange, ...] = ()
    manifests: "Manifests" = field(default_factory=dict)
    today: date = field(default_factory=lambda: datetime.now(UTC).date())
    max_key_age_days: int = 365

    def require_vpn(self, *, where: str) -> "Design":
        """Return itself.

        Raises:
            DesignError: There is nothing of a VPN in it; nothing could be said of it.
        """
        parts = (
            *self.vpn_connections,
            *self.vpn_gateways,
            *self.customer_gateways,
            *self.azure_gateways,
            *self.azure_connections,
            *self.local_gateways,
        )
        if not parts:
            raise DesignError(
                where=where,
                problem="there is no VPN in it: no VPN connection, gateway, customer gateway or local network"
                " gateway of either cloud",
                remedy="Name the folder, plan or account that builds the VPN; plan without -target, and"
                " not its removal",
            )
        return self

    @cached_property
    def parts(self) -> tuple["Design", ...]:
        """Itself, or one design for each of several networks that no tunnel joins."""
        networks = joined_parts(self.network)
        return tuple(replace(self, network=part) for part in networks) if len(networks) > 1 else (self,)

    @cached_property
    def aws(self) -> AwsNetwork[Unknown]:
        """AWS's part; empty if there is none."""
        return self.network.aws or AwsNetwork(account_id="", region="")

    def of_what_exists(self, words: str, *, planned: str = "") -> str:
        """Return a command, or a remedy with one, for what exists; in a plan, other words, or none."""
        return planned if self.planned else words

    def region_of(self, identifier: object) -> str:
        """Return the AWS region of an object, for commands; empty if it is not known."""
        return region_of(self.aws, identifier)

    @cached_property
    def azure(self) -> AzureNetwork[Unknown]:
        """Azure's part; empty if there is none."""
        return self.network.azure or AzureNetwork(subscription_id="")

    @cached_property
    def vpn_connections(self) -> tuple[VpnConnection[Unknown], ...]:
        """AWS's, without those that are deleted, which AWS shows for an hour."""
        return tuple(connection for connection in self.aws.vpn_connections if connection.state != "deleted")

    @cached_property
    def crossing(self) -> tuple[VpnConnection[Unknown], ...]:
        """AWS's connections without those that lead to a data centre."""
        away = aws_elsewhere(self.network)
        return tuple(connection for connection in self.vpn_connections if connection not in away)

    @cached_property
    def azure_crossing(self) -> tuple[AzureConnection[Unknown], ...]:
        """Azure's connections without those that lead to a data centre."""
        away = azure_elsewhere(self.network)
        return tuple(connection for connection in self.azure_connections if connection not in away)

    @property
    def vpn_gateways(self) -> tuple[VpnGateway[Unknown], ...]:
        """AWS's virtual private gateways."""
        return self.aws.vpn_gateways

    @property
    def customer_gateways(self) -> tuple[CustomerGateway[Unknown], ...]:
        """AWS's."""
        return self.aws.customer_gateways

    @property
    def azure_connections(self) -> tuple[AzureConnection[Unknown], ...]:
        """Azure's, without those to another VNet or ExpressRoute."""
        return self.azure.connections

    @property
    def azure_gateways(self) -> tuple[VirtualNetworkGateway[Unknown], ...]:
        """Azure's VPN gateways."""
        return self.azure.virtual_network_gateways

    @property
    def local_gateways(self) -> tuple[LocalNetworkGateway[Unknown], ...]:
        """Azure's local network gateways."""
        return self.azure.local_network_gateways

    @cached_property
    def tunnels(self) -> tuple[Tunnel, ...]:
        """Both tunnels of every AWS VPN connection, as far as they carry IPv4."""
        return tuple(
            Tunnel(connection=connection, number=number)
            for connection in self.vpn_connections
            for number, _ in enumerate(connection.tunnels, start=1)
        )

    @cached_property
    def ends(self) -> Mapping[str, TunnelLink[Unknown]]:
        """What is at the other end of each tunnel, by `Tunnel.id`, as far as it is known."""
        links = iter(tunnel_links(self.network))
        return {tunnel.id: next(links) for tunnel in self.tunnels}

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """Tunnels whose Azure end is found."""
        return tuple(
            Link(
                tunnel=tunnel,
                connection=end.azure_connection,
                local=end.local_network_gateway,
                joined=end,
            )
            for tunnel in self.tunnels
            if (end := self.ends[tunnel.id]).azure_connection and end.local_network_gateway
        )

    @cached_property
    def bgp_links(self) -> tuple[Link, ...]:
        """Links over which both ends speak BGP."""
        return tuple(link for link in self.links if link.aws_bgp and link.azure_bgp)

    @cached_property
    def static_links(self) -> tuple[Link, ...]:
        """Links over which neither end speaks BGP."""
        return tuple(link for link in self.links if not link.aws_bgp and not link.azure_bgp)

    @cached_property
    def dynamic(self) -> bool:
        """Whether BGP is on, or may be, anywhere at Azure."""
        gateways = [gateway.bgp_enabled for gateway in self.azure_gateways]
        return any(
            enabled is not False for enabled in (*gateways, *(c.bgp_enabled for c in self.azure_connections))
        )

    @cached_property
    def both_clouds(self) -> bool:
        """Whether there are tunnels of AWS and connections of Azure."""
        return bool(self.vpn_connections and self.azure_connections)

    def local_of(self, connection: AzureConnection[Unknown]) -> LocalNetworkGateway[Unknown] | None:
        """Return the local network gateway of an Azure connection."""
        return self.azure.local_network_gateway_of(connection)

    def gateway_of(self, connection: AzureConnection[Unknown]) -> VirtualNetworkGateway[Unknown] | None:
        """Return the VPN gateway of an Azure connection."""
        return _by_id(self.azure_gateways, connection.virtual_network_gateway_id)

    def customer_gateway_of(self, connection: VpnConnection[Unknown]) -> CustomerGateway[Unknown] | None:
        """Return the customer gateway of an AWS connection."""
        return _by_id(self.customer_gateways, connection.customer_gateway_id)

    def vpn_gateway_of(self, connection: VpnConnection[Unknown]) -> VpnGateway[Unknown] | None:
        """Return the virtual private gateway of an AWS connection."""
        return _by_id(self.vpn_gateways, connection.vpn_gateway_id)

    def vpc_of(self, gateway: VpnGateway[Unknown]) -> Vpc[Unknown] | None:
        """Return the VPC that a virtual private gateway is attached to."""
        return _by_id(self.aws.vpcs, gateway.vpc_id)

    def public_address(self, identifier: object) -> PublicIpAddress[Unknown] | None:
        """Return the public IP address with this id."""
        return _by_id(self.azure.public_ip_addresses, identifier)

    @cached_property
    def azure_subnets_of(self) -> tuple[tuple[VirtualNetwork[Unknown], AzureSubnet[Unknown]], ...]:
        """Every subnet of every VNet, with its VNet."""
        return tuple((vnet, subnet) for vnet in self.azure.virtual_networks for subnet in vnet.subnets)

    def route_table(self, identifier: object) -> AzureRouteTable[Unknown] | None:
        """Return Azure's route table with this id."""
        return _by_id(self.azure.route_tables, identifier)

    def security_group(self, identifier: object) -> NetworkSecurityGroup[Unknown] | None:
        """Return the network security group with this id."""
        return _by_id(self.azure.network_security_groups, identifier)

    @cached_property
    def connected_vpcs(self) -> tuple[Vpc[Unknown], ...]:
        """VPCs with a virtual private gateway; all of them if that is not known of any."""
        vpcs = [self.vpc_of(gateway) for gateway in self.vpn_gateways]
        named = {vpc.id: vpc for vpc in vpcs if vpc is not None}
        return tuple(named.values()) or self.aws.vpcs

    @cached_property
    def connected_vnets(self) -> tuple[VirtualNetwork[Unknown], ...]:
        """VNets with a GatewaySubnet; all of them if that is not known of any."""
        vnets = {vnet.id: vnet for vnet, subnet in self.azure_subnets_of if subnet.name == GATEWAY_SUBNET}
        return tuple(vnets.values()) or self.azure.virtual_networks

    @cached_property
    def vpc_ranges_named(self) -> tuple[tuple[str, IPv4Network], ...]:
        """(where, range) of every VPC."""
        return tuple(
            (subject(vpc, "cidr_block"), cidr) for vpc in self.vpcs for cidr in _known(vpc.cidr_blocks)
        )

    @cached_property
    def aws_ranges(self) -> tuple[tuple[str, IPv4Network], ...]:
        """(where, range) of every VPC and EKS service range."""
        services = [
            (subject(cluster, "service_ipv4_cidr"), cluster.service_ipv4_cidr)
            for cluster in self.eks_clusters
        ]
        return (*self.vpc_ranges_named, *_ranges(services))

    @cached_property
    def vpc_ranges(self) -> tuple[IPv4Network, ...]:
        """Ranges of every VPC: what AWS advertises."""
        return tuple(cidr for _, cidr in self.vpc_ranges_named)

    @cached_property
    def vnet_ranges(self) -> tuple[tuple[str, IPv4Network], ...]:
        """(where, range) of every VNet."""
        return tuple(
            (subject(vnet, "address_space"), cidr)
            for vnet in self.vnets
            for cidr in _known(vnet.address_space)
        )

    @property
    def vnet_spaces(self) -> tuple[IPv4Network, ...]:
        """Ranges of every VNet: what Azure advertises."""
        return tuple(cidr for _, cidr in self.vnet_ranges)

    @cached_property
    def azure_ranges(self) -> tuple[tuple[str, IPv4Network], ...]:
        """(where, range) of every VNet, AKS pod and AKS service range."""
        ranges = [
            *((subject(cluster, "pod_cidr"), cluster.pod_cidr) for cluster in self.aks_clusters),
            *((subject(cluster, "service_cidr"), cluster.service_cidr) for cluster in self.aks_clusters),
        ]
        return (*self.vnet_ranges, *_ranges(ranges))

    @cached_property
    def aws_subnets(self) -> tuple[IPv4Network, ...]:
        """Ranges of AWS's subnets, as far as they are known."""
        return tuple(_known(subnet.cidr_block for subnet in self.aws.subnets))

    @cached_property
    def azure_subnets(self) -> tuple[IPv4Network, ...]:
        """Ranges of Azure's subnets but GatewaySubnet, as far as they are known."""
        subnets = (subnet for _, subnet in self.azure_subnets_of if subnet.name != GATEWAY_SUBNET)
        return tuple(cidr for subnet in subnets for cidr in _known(subnet.address_prefixes))

    def unplaced(self, *types: str) -> tuple[tuple[str, str], ...]:
        """Return (address, argument) of the parts of these Terraform types whose object is not known."""
        return tuple((part.address, part.attribute) for part in self.network.unplaced if part.type in types)

    def written(self, of: Named, attribute: str) -> str:
        """Return how a value is written that is not in the form of its kind; empty if it is."""
        return next(
            (
                malformed.value
                for malformed in self.network.malformed
                if malformed.address == of.address and malformed.attribute == attribute
            ),
            "",
        )

    @cached_property
    def vpcs(self) -> tuple[Vpc[Unknown], ...]:
        """VPCs that matter to the VPN: all that are planned; of those that exist, the connected ones."""
        return self.aws.vpcs if self.planned else self.connected_vpcs

    @cached_property
    def vnets(self) -> tuple[VirtualNetwork[Unknown], ...]:
        """VNets that matter to the VPN: all that are planned; of those that exist, the connected ones."""
        return self.azure.virtual_networks if self.planned else self.connected_vnets

    @cached_property
    def eks_clusters(self) -> tuple[EksCluster[Unknown], ...]:
        """EKS clusters in `vpcs`; all that are planned."""
        own = {vpc.id for vpc in self.vpcs}
        return tuple(cluster for cluster in self.aws.eks_clusters if self.planned or cluster.vpc_id in own)

    @cached_property
    def aks_clusters(self) -> tuple[AksCluster[Unknown], ...]:
        """AKS clusters in `vnets`; all that are planned."""
        return tuple(cluster for cluster in self.azure.aks_clusters if self.planned or self.vnets_of(cluster))

    def vnets_of(self, cluster: AksCluster[Unknown]) -> tuple[VirtualNetwork[Unknown], ...]:
        """Return those of `vnets` that an AKS cluster has nodes in, as far as they are known."""
        subnets = {pool.vnet_subnet_id for pool in cluster.node_pools}
        return tuple(vnet for vnet in self.vnets if any(subnet.id in subnets for subnet in vnet.subnets))

    @cached_property
    def gateway_public_addresses(self) -> tuple[PublicIpAddress[Unknown], ...]:
        """Public IP addresses of Azure's VPN gateways; all there are, if a plan names none of them."""
        named = {
            instance.public_ip_address_id for gateway in self.azure_gateways for instance in gateway.instances
        }
        named |= {customer_gateway.ip_address_of for customer_gateway in self.customer_gateways}
        addresses = tuple(address for address in self.azure.public_ip_addresses if address.id in named)
        every = self.azure.public_ip_addresses if self.planned and self.azure_gateways else ()
        return addresses or every

    def malformed(self, of: Named, attribute: str) -> tuple[str, ...]:
        """Return how values in a list or a block are written that are not in the form of their kind."""
        return tuple(
            malformed.value
            for malformed in self.network.malformed
            if malformed.address == of.address and malformed.attribute.startswith(f"{attribute}.")
        )

    @cached_property
    def vpcs_apart(self) -> frozenset[str | Unknown]:
        """Ids of the VPCs that are not among `vpcs`."""
        return frozenset(vpc.id for vpc in self.aws.vpcs if vpc not in self.vpcs)


def existing_design(network: Network, secrets: Secrets, *, manifests: "Manifests | None" = None) -> Design:
    """Return the design of what exists, with the keys that the clouds show."""
    design = Design(network=network)
    aws = [
        Key(owner=tunnel.id, where=tunnel.where("preshared_key"), value=value)
        for tunnel in design.tunnels
        if (value := secrets.aws.get((tunnel.connection.id, str(tunnel.options.outside_ip_address))))
    ]
    azure = [
        Key(owner=connection.id, where=subject(connection, "shared_key"), value=value)
        for connection in design.azure_connections
        if (value := secrets.azure.get(connection.id.lower()))
    ]
    return Design(network=network, keys=(*aws, *azure), manifests=manifests or {})


def _known(values: Iterable[IPv4Network | Unknown]) -> Iterator[IPv4Network]:
    return (value for value in values if isinstance(value, IPv4Network))


def _ranges(
    ranges: Iterable[tuple[str, IPv4Network | Unknown | None]],
) -> Iterator[tuple[str, IPv4Network]]:
    return ((where, cidr) for where, cidr in ranges if isinstance(cidr, IPv4Network))


def _by_id(objects: Iterable[N], identifier: object) -> N | None:
    return next((resource for resource in objects if resource.id == identifier), None)
