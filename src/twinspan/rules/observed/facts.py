"""What the rules look at in what exists: both clouds' answers in scope, joined into tunnels."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from ipaddress import IPv4Network

from twinspan.cloud.azure import AzureBgp
from twinspan.network.azure import GATEWAY_SUBNET
from twinspan.network.clouds import Cloud
from twinspan.network.elsewhere import aws_elsewhere, azure_elsewhere
from twinspan.network.links import TunnelLink, spare_links, tunnel_links
from twinspan.network.machines import RUNNING
from twinspan.network.model import (
    AwsRouteTable,
    AwsSubnet,
    AzureConnection,
    AzureSubnet,
    BgpPeer,
    GatewayRoute,
    Network,
    Secrets,
    VirtualNetwork,
    VirtualNetworkGateway,
    Vpc,
    VpnConnection,
    VpnGateway,
)
from twinspan.network.regions import region_of
from twinspan.network.workloads import HostGroups, PlacedMachine, host_groups, machines_in
from twinspan.rules.design import Design, existing_design
from twinspan.rules.observed.cluster_facts import ClusterFacts, ObservedCluster, of_aks, of_eks
from twinspan.rules.observed.expectation import Expectation, ExpectedTunnel, completed
from twinspan.rules.observed.ping_facts import Ping
from twinspan.rules.observed.settings import ObjectSettings
from twinspan.rules.shell import group_and_name


@dataclass(frozen=True, kw_only=True)
class Facts:
    """One reading of everything.

    Attributes:
        bgp: Azure gateway id -> what it says of BGP.
        bgp_problems: Azure gateway id -> why it could not be asked.
        cloud_problems: `aws` or `azure` -> why that cloud could not be read.
        pings: What the hosts measured; empty if none were given.
        large_pings: The same with the largest packets that the tunnels promise to carry.
        planned: What Terraform planned; None if that is not known.
        host_problems: Why hosts that should have pinged could not be had.
        kubernetes: What Kubernetes and its pods say.
    """

    network: Network
    secrets: Secrets = field(default_factory=Secrets)
    expected: Expectation
    bgp: Mapping[str, AzureBgp] = field(default_factory=dict)
    bgp_problems: Mapping[str, str] = field(default_factory=dict)
    cloud_problems: Mapping[Cloud, str] = field(default_factory=dict)
    pings: tuple[Ping, ...] = ()
    large_pings: tuple[Ping, ...] = ()
    host_problems: tuple[str, ...] = ()
    planned: ObjectSettings | None = None
    kubernetes: ClusterFacts = field(default_factory=ClusterFacts)

    @cached_property
    def parts(self) -> tuple["Facts", ...]:
        """Itself, or one for each of several networks that no tunnel joins.

        A ping belongs where both of its subnets are; what could not be pinged at all is the first one's.
        """
        parts = [
            replace(self, expected=completed(expectation, self.network))
            for expectation in self.expected.parts
        ]
        return tuple(part._without_others(first=part is parts[0]) for part in parts) or (self,)  # noqa: SLF001 - its own

    def _without_others(self, *, first: bool) -> "Facts":
        own = {*(subnet.id for subnet in self.private_subnets), *(subnet.id for subnet in self.azure_subnets)}
        own = {subnet_id.lower() for subnet_id in own}

        def here(ping: Ping) -> bool:
            subnets = {subnet_id.lower() for subnet_id in ping.subnet_ids}
            return subnets <= own if subnets else first

        names = {cluster.name for cluster in (*self._eks_clusters(), *self._aks_clusters())}
        return replace(
            self,
            pings=tuple(ping for ping in self.pings if here(ping)),
            large_pings=tuple(ping for ping in self.large_pings if here(ping)),
            host_problems=self.host_problems if first else (),
            kubernetes=self.kubernetes.among(names),
        )

    @property
    def region(self) -> str:
        """The main AWS region, for commands."""
        return self.network.aws.region if self.network.aws else ""

    def region_of(self, identifier: object) -> str:
        """Return the AWS region of an object, for commands."""
        return region_of(self.network.aws, identifier) if self.network.aws else ""

    @property
    def vpn_connections(self) -> tuple[VpnConnection, ...]:
        """The VPN connections in scope that are not deleted (AWS shows deleted ones for an hour).

        Without an expectation all that do not lead elsewhere.
        """
        expected = self.expected.vpn_connection_ids
        every = self.network.aws.vpn_connections if self.network.aws else ()
        there = tuple(connection for connection in every if connection.state != "deleted")
        if expected:
            return tuple(connection for connection in there if connection.id in expected)
        return tuple(connection for connection in there if connection not in self.aws_elsewhere)

    @cached_property
    def aws_elsewhere(self) -> tuple[VpnConnection, ...]:
        """The VPN connections to something that is no gateway of Azure's, but for those that are expected."""
        expected = self.expected.vpn_connection_ids
        return tuple(
            connection for connection in aws_elsewhere(self.network) if connection.id not in expected
        )

    @cached_property
    def azure_elsewhere(self) -> tuple[AzureConnection, ...]:
        """The connections of the gateways in scope to something that is no tunnel of AWS's.

        Not among them is one that was made for an expected tunnel, wherever it leads now.
        """
        scope = {gateway.id.lower() for gateway in self.azure_gateways}
        return tuple(
            connection
            for connection in azure_elsewhere(self.network)
            if connection.virtual_network_gateway_id.lower() in scope
            and not any(_is_of(connection, tunnel) for tunnel in self.expected.tunnels)
        )

    @property
    def vpn_gateways(self) -> tuple[VpnGateway, ...]:
        """The virtual private gateways in scope: the expected ones, else those that connections use."""
        every = self.network.aws.vpn_gateways if self.network.aws else ()
        every = tuple(gateway for gateway in every if gateway.state != "deleted")
        if expected_ids := self.expected.vpn_gateway_ids:
            return tuple(gateway for gateway in every if gateway.id in expected_ids)
        used = {connection.vpn_gateway_id for connection in self.vpn_connections}
        return tuple(gateway for gateway in every if gateway.id in used) or every

    @property
    def vpcs(self) -> tuple[Vpc, ...]:
        """The VPCs in scope: the expected ones, else those that a gateway is attached to, else all."""
        every = self.network.aws.vpcs if self.network.aws else ()
        if expected_ids := self.expected.vpc_ids:
            return tuple(vpc for vpc in every if vpc.id in expected_ids)
        attached = {gateway.vpc_id for gateway in self.vpn_gateways}
        return tuple(vpc for vpc in every if vpc.id in attached) or every

    @property
    def azure_gateways(self) -> tuple[VirtualNetworkGateway, ...]:
        """The Azure gateways in scope."""
        every = self.network.azure.virtual_network_gateways if self.network.azure else ()
        expected_ids = self.expected.virtual_network_gateway_ids
        return tuple(gateway for gateway in every if not expected_ids or gateway.id in expected_ids)

    @property
    def azure_connections(self) -> tuple[AzureConnection, ...]:
        """The connections of the Azure gateways in scope that do not lead elsewhere, expected or not."""
        every = self.network.azure.connections if self.network.azure else ()
        scope = {gateway.id.lower() for gateway in self.azure_gateways}
        others = {
            *self.expected.other_connection_ids,
            *(connection.id for connection in self.azure_elsewhere),
        }
        return tuple(c for c in every if c.virtual_network_gateway_id.lower() in scope and c.id not in others)

    @property
    def virtual_networks(self) -> tuple[VirtualNetwork, ...]:
        """The VNets in scope: the expected ones, else those that hold a gateway in scope."""
        every = self.network.azure.virtual_networks if self.network.azure else ()
        if expected_ids := self.expected.virtual_network_ids:
            return tuple(vnet for vnet in every if vnet.id in expected_ids)
        homes = {i.subnet_id.lower() for gateway in self.azure_gateways for i in gateway.instances}
        return tuple(vnet for vnet in every if any(s.id.lower() in homes for s in vnet.subnets))

    @property
    def vpc_prefixes(self) -> tuple[IPv4Network, ...]:
        """What Azure must be able to reach."""
        return tuple(block for vpc in self.vpcs for block in vpc.cidr_blocks)

    @property
    def azure_prefixes(self) -> tuple[IPv4Network, ...]:
        """What AWS must be able to reach."""
        return tuple(prefix for vnet in self.virtual_networks for prefix in vnet.address_space)

    @property
    def bgp_peers(self) -> tuple[BgpPeer, ...]:
        """The BGP peers of the gateways in scope, over all instances."""
        return tuple(p for g in self.azure_gateways if g.id in self.bgp for p in self.bgp[g.id].peers)

    @property
    def learned_routes(self) -> tuple[GatewayRoute, ...]:
        """The routes that the gateways in scope have learned, over all instances."""
        return tuple(r for g in self.azure_gateways if g.id in self.bgp for r in self.bgp[g.id].learned)

    @property
    def private_subnets(self) -> tuple[AwsSubnet, ...]:
        """The AWS subnets that must reach Azure: the expected ones, else all without an internet gateway."""
        aws = self.network.aws
        if aws is None:
            return ()
        expected_ids, scope = self.expected.private_subnet_ids, {vpc.id for vpc in self.vpcs}
        if expected_ids:
            return tuple(subnet for subnet in aws.subnets if subnet.id in expected_ids)
        tables = {table.id for table in self.private_route_tables}
        pairs = [(subnet, aws.route_table_of(subnet.id)) for subnet in aws.subnets if subnet.vpc_id in scope]
        return tuple(subnet for subnet, table in pairs if table and table.id in tables)

    @property
    def azure_subnets(self) -> tuple[AzureSubnet, ...]:
        """The Azure subnets that must reach AWS: the expected ones, else those that take machines.

        Those are all but the gateway's, delegated ones and those of AKS.
        """
        every = [subnet for vnet in self.virtual_networks for subnet in vnet.subnets]
        if expected := self.expected.azure_subnet_ids:
            return tuple(subnet for subnet in every if subnet.id.lower() in expected)
        of_aks = {subnet.id for subnet in self.cluster_subnets}
        return tuple(
            subnet
            for subnet in every
            if subnet.name != GATEWAY_SUBNET and not subnet.delegated and subnet.id not in of_aks
        )

    @cached_property
    def host_groups(self) -> Mapping[str, HostGroups]:
        """Private subnet's id -> the security groups of a host in it, where its VPC shows any."""
        aws = self.network.aws
        if aws is None:
            return {}
        remote = [prefix for subnet in self.azure_subnets for prefix in subnet.address_prefixes]
        expected = self.expected.security_group_of
        groups_of = {
            subnet.id: host_groups(aws, subnet, remote, expected=expected.get(subnet.id))
            for subnet in self.private_subnets
        }
        return {subnet: groups for subnet, groups in groups_of.items() if groups is not None}

    @property
    def azure_machines(self) -> tuple[PlacedMachine, ...]:
        """The machines in `azure_subnets` that run."""
        azure = self.network.azure
        return tuple(
            placed
            for subnet in (self.azure_subnets if azure else ())
            for placed in (machines_in(azure, subnet.id) if azure else ())
            if placed.machine.state == RUNNING
        )

    @property
    def clusters(self) -> tuple[ObservedCluster, ...]:
        """The expected clusters, also one that is not there; else those in the networks in scope."""
        clusters = [*self._eks_clusters(), *self._aks_clusters()]
        expected_names = self.kubernetes.expected
        named = [
            cluster for cluster in clusters if expected_names.get(cluster.side, cluster.name) == cluster.name
        ]
        there = {cluster.side for cluster in named}
        return (
            *named,
            *(ObservedCluster(side=s, name=n) for s, n in expected_names.items() if s not in there),
        )

    def _eks_clusters(self) -> list[ObservedCluster]:
        vpcs = {vpc.id for vpc in self.vpcs}
        every = self.network.aws.eks_clusters if self.network.aws else ()
        return [of_eks(cluster) for cluster in every if cluster.vpc_id in vpcs]

    def _aks_clusters(self) -> list[ObservedCluster]:
        subnets = {subnet.id.lower() for vnet in self.virtual_networks for subnet in vnet.subnets}
        every = self.network.azure.aks_clusters if self.network.azure else ()
        clusters = [of_aks(cluster, group_and_name(cluster.id)[0]) for cluster in every]
        return [cluster for cluster in clusters if cluster.subnet_ids & subnets]

    @property
    def cluster_subnets(self) -> tuple[AzureSubnet, ...]:
        """The Azure subnets of nodes and pods."""
        subnet_ids = frozenset().union(
            *(cluster.subnet_ids for cluster in self.clusters if cluster.side == "azure")
        )
        every = (subnet for vnet in self.virtual_networks for subnet in vnet.subnets)
        return tuple(subnet for subnet in every if subnet.id.lower() in subnet_ids)

    @property
    def private_route_tables(self) -> tuple[AwsRouteTable, ...]:
        """The VPC route tables that must know the way to Azure.

        Those of the expected private subnets; else every table in use without a route to an internet gateway.
        """
        if self.network.aws is None:
            return ()
        scope = {vpc.id for vpc in self.vpcs}
        subnets = self.expected.private_subnet_ids or tuple(
            subnet.id for subnet in self.network.aws.subnets if subnet.vpc_id in scope
        )
        tables = {}
        for subnet in subnets:
            table = self.network.aws.route_table_of(subnet)
            if table and (self.expected.private_subnet_ids or not _is_public(table)):
                tables[table.id] = table
        return tuple(tables.values())

    @property
    def without_bgp(self) -> bool:
        """Whether there are connections, and none of them is meant to speak BGP."""
        aws = [not connection.static_routes_only for connection in self.vpn_connections]
        azure = [connection.bgp_enabled for connection in self.azure_connections]
        return bool(aws or azure) and not any((*aws, *azure))

    @cached_property
    def design(self) -> Design:
        """What is in scope, for the rules of configuration."""
        return existing_design(self._in_scope, self.secrets)

    def spare_tunnels(self) -> tuple[TunnelLink, ...]:
        """Return the tunnels that nobody uses, without those that are expected."""
        expected = {tunnel.outside_ip_address for tunnel in self.expected.tunnels}
        return tuple(
            link
            for link in spare_links(self.all_links())
            if link.tunnel and link.tunnel.outside_ip_address not in expected
        )

    def links(self) -> tuple[TunnelLink, ...]:
        """Return every tunnel that is expected or that either cloud knows, but those that nobody uses."""
        spare = self.spare_tunnels()
        return tuple(link for link in self.all_links() if link not in spare)

    def all_links(self) -> tuple[TunnelLink, ...]:
        """Return every tunnel that is expected or that either cloud knows, by key.

        A connection that leads elsewhere belongs to the tunnel that Terraform made it for.
        """
        known_links = tunnel_links(self._in_scope)
        planned = {tunnel.outside_ip_address: tunnel for tunnel in self.expected.tunnels}
        astray = [link for link in known_links if link.tunnel is None]
        links = []
        for link in known_links:
            if link.tunnel:
                outside = link.tunnel.outside_ip_address
                tunnel = planned.pop(outside, None) if outside else None
                links.append(_made_for(tunnel, link, astray) if tunnel else link)
        links += [_made_for(tunnel, TunnelLink(key=""), astray) for tunnel in planned.values()]
        return tuple(sorted((*links, *astray), key=lambda link: link.key))

    @property
    def _in_scope(self) -> Network:
        aws, azure = self.network.aws, self.network.azure
        vpcs = {vpc.id for vpc in self.vpcs}
        used = {connection.local_network_gateway_id for connection in self.azure_connections}
        away = {connection.customer_gateway_id for connection in self.aws_elsewhere}
        away -= {connection.customer_gateway_id for connection in self.vpn_connections}
        return Network(
            aws=aws
            and replace(
                aws,
                vpcs=self.vpcs,
                vpn_gateways=self.vpn_gateways,
                vpn_connections=self.vpn_connections,
                customer_gateways=tuple(
                    customer for customer in aws.customer_gateways if customer.id not in away
                ),
                subnets=tuple(subnet for subnet in aws.subnets if subnet.vpc_id in vpcs),
                route_tables=tuple(table for table in aws.route_tables if table.vpc_id in vpcs),
                security_groups=tuple(group for group in aws.security_groups if group.vpc_id in vpcs),
                network_acls=tuple(acl for acl in aws.network_acls if acl.vpc_id in vpcs),
            ),
            azure=azure
            and replace(
                azure,
                connections=self.azure_connections,
                virtual_network_gateways=self.azure_gateways,
                virtual_networks=self.virtual_networks,
                local_network_gateways=tuple(
                    gateway for gateway in azure.local_network_gateways if gateway.id in used
                ),
            ),
        )


def _made_for(tunnel: ExpectedTunnel, link: TunnelLink, astray: list[TunnelLink]) -> TunnelLink:
    """Return a link under its key, with the connection that was made for it, which is `astray` no longer."""
    made = (
        candidate
        for candidate in astray
        if candidate.azure_connection and _is_of(candidate.azure_connection, tunnel)
    )
    lost = None if link.joined else next(made, None)
    if lost is None:
        return replace(link, key=tunnel.key, addresses=tunnel.addresses)
    astray.remove(lost)
    return replace(
        link,
        key=tunnel.key,
        addresses=tunnel.addresses,
        azure_connection=lost.azure_connection,
        local_network_gateway=lost.local_network_gateway,
    )


def _is_of(connection: AzureConnection, tunnel: ExpectedTunnel) -> bool:
    """Whether it is the connection that Terraform made for a tunnel; names alone may be in several groups."""
    if tunnel.azure_connection_id:
        return connection.id.lower() == tunnel.azure_connection_id.lower()
    return connection.name.lower() == tunnel.azure_connection_name.lower()


def _is_public(table: AwsRouteTable) -> bool:
    return any(route.to_internet for route in table.routes)
