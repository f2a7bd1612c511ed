"""What should be there, so that an empty network is never green.

The resources in Terraform's state say it best, of any module and of any name. Without a state the network
itself does: a VPN connection has two tunnels at AWS, of which those must be up that an Azure connection leads
to, and every instance of an Azure gateway needs one VPN connection.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv4Network

from twinspan.network.aws_defaults import ALL
from twinspan.network.azure import GATEWAY_SUBNET, AksCluster
from twinspan.network.clouds import Cloud
from twinspan.network.limits import TUNNELS_PER_CONNECTION
from twinspan.network.links import TunnelLink, tunnel_links
from twinspan.network.model import AwsNetwork, AzureNetwork, Network
from twinspan.network.unknown import Unknown, known
from twinspan.project.plan import split_address

_LAST = re.compile(r'[^.]+\.(?P<name>[^.\[]+)(?P<index>\[(?:"(?P<key>.*)"|\d+)\])?')
"""The part of a resource's address behind those of its modules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedTunnel:
    """One tunnel that must exist, by its Terraform key."""

    key: str
    outside_ip_address: IPv4Address
    aws_vpn_connection_id: str
    azure_connection_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What must exist, by id; an empty tuple means "whatever the network shows".

    Attributes:
        source: Where it comes from, for the reader.
        tunnel_count: Tunnels that must be up; 0: as many as the network implies.
        count_reason: Why this many.
        vpc_ids: With a virtual private gateway, if any has one.
        vpn_connection_ids: Those that lead to Azure, as far as their tunnels or customer gateways tell.
        private_subnet_ids: Of these VPCs, without those that have a route to an internet gateway.
        security_group_of: Private subnet -> a group of its VPC that admits something from Azure, if one does.
        other_connection_ids: Of the Azure gateways, but leading to something else than AWS.
        azure_subnet_ids: Of the VNets, without GatewaySubnet, delegated ones and those of AKS.
        clusters: Cloud -> name of its Kubernetes cluster, if there is one.
    """

    source: str
    tunnel_count: int = 0
    count_reason: str = ""
    vpc_ids: tuple[str, ...] = ()
    vpn_gateway_ids: tuple[str, ...] = ()
    vpn_connection_ids: tuple[str, ...] = ()
    private_subnet_ids: tuple[str, ...] = ()
    security_group_of: Mapping[str, str] = field(default_factory=dict)
    virtual_network_ids: tuple[str, ...] = ()
    virtual_network_gateway_ids: tuple[str, ...] = ()
    other_connection_ids: tuple[str, ...] = ()
    azure_subnet_ids: tuple[str, ...] = ()
    tunnels: tuple[ExpectedTunnel, ...] = ()
    clusters: Mapping[Cloud, str] = field(default_factory=dict)


def from_resources(network: Network[Unknown], *, source: str) -> Expectation | None:
    """Derive the expectation from the network in a state; None if there is no VPN in it.

    What belongs to another region, or to a data centre at the other end, is not expected.

    Args:
        network: What Terraform has applied.
        source: Where it comes from, for the reader, e.g. `Terraform state of dev`.
    """
    aws, azure = network.aws, network.azure
    if not (aws and (aws.vpn_gateways or aws.vpn_connections)) and not (
        azure and (azure.virtual_network_gateways or azure.connections)
    ):
        return None
    links = tunnel_links(network)
    tunnels = _tunnels(links)
    expected = Expectation(
        source=source,
        tunnel_count=len(tunnels),
        count_reason=f"{source} has {len(tunnels)} tunnels that join both clouds",
        tunnels=tunnels,
        clusters=dict(_clusters(network)),
    )
    if aws:
        expected = _with_aws(expected, aws, links, azure)
    if azure:
        expected = _with_azure(expected, azure, links, aws)
    return expected


def _with_aws(
    expected: Expectation,
    aws: AwsNetwork[Unknown],
    links: Sequence[TunnelLink[Unknown]],
    azure: AzureNetwork[Unknown] | None,
) -> Expectation:
    here = [connection for connection in aws.vpn_connections if not connection.region]
    leading = {
        link.vpn_connection.id for link in links if link.vpn_connection and (link.joined or link.instance)
    }
    connections = [connection for connection in here if connection.id in leading] or here
    used = {connection.vpn_gateway_id for connection in connections}
    gateways = [gateway for gateway in aws.vpn_gateways if not gateway.region]
    gateways = [gateway for gateway in gateways if gateway.id in used] or gateways
    attached = dict.fromkeys(gateway.vpc_id for gateway in gateways if isinstance(gateway.vpc_id, str))
    vpcs = tuple(attached) or tuple(aws_vpc.id for aws_vpc in aws.vpcs if not aws_vpc.region)
    private = [
        aws_subnet for aws_subnet in aws.subnets if aws_subnet.vpc_id in vpcs and _private(aws, aws_subnet.id)
    ]
    remote = [cidr for vnet in (azure.virtual_networks if azure else ()) for cidr in vnet.address_space]
    groups = {vpc: _group_for(aws, vpc, remote) for vpc in vpcs}
    return replace(
        expected,
        vpc_ids=vpcs,
        vpn_gateway_ids=tuple(gateway.id for gateway in gateways),
        vpn_connection_ids=tuple(connection.id for connection in connections),
        private_subnet_ids=tuple(aws_subnet.id for aws_subnet in private),
        security_group_of={
            subnet.id: group for subnet in private if (group := groups.get(known(subnet.vpc_id) or ""))
        },
    )


def _group_for(aws: AwsNetwork[Unknown], vpc_id: str, remote: Sequence[IPv4Network | Unknown]) -> str | None:
    """Return the group of Terraform's that admits the most from the other side: every protocol, or some."""
    candidates = [
        (rule.ip_protocol != ALL, group.id)
        for group in aws.security_groups
        for rule in group.permissions
        if group.address and group.vpc_id == vpc_id and rule.direction == "ingress"
        if _overlap([rule.cidr], remote)
    ]
    return min(candidates, key=lambda candidate: candidate[0])[1] if candidates else None


def _private(aws: AwsNetwork[Unknown], subnet_id: str) -> bool:
    table = aws.route_table_of(subnet_id)
    return table is not None and not any(route.to_internet for route in table.routes)


def _with_azure(
    expected: Expectation,
    azure: AzureNetwork[Unknown],
    links: Sequence[TunnelLink[Unknown]],
    aws: AwsNetwork[Unknown] | None,
) -> Expectation:
    leading = {link.azure_connection.id for link in links if link.azure_connection and _to_aws(link, aws)}
    connections = [connection for connection in azure.connections if connection.id in leading] or list(
        azure.connections
    )
    used = {connection.virtual_network_gateway_id for connection in connections}
    gateways = [gateway for gateway in azure.virtual_network_gateways if gateway.id in used]
    gateways = gateways or list(azure.virtual_network_gateways)
    homes = {instance.subnet_id for gateway in gateways for instance in gateway.instances}
    vnets = [
        virtual_network
        for virtual_network in azure.virtual_networks
        if any(subnet.id in homes for subnet in virtual_network.subnets)
    ]
    taken = frozenset().union(*map(_subnets_of, azure.aks_clusters))
    return replace(
        expected,
        virtual_network_ids=tuple(virtual_network.id for virtual_network in vnets),
        virtual_network_gateway_ids=tuple(gateway.id for gateway in gateways),
        other_connection_ids=tuple(
            connection.id for connection in azure.connections if connection not in connections
        ),
        azure_subnet_ids=tuple(
            subnet.id
            for vnet in vnets
            for subnet in vnet.subnets
            if subnet.name != GATEWAY_SUBNET and not subnet.delegated and subnet.id not in taken
        ),
    )


def _to_aws(link: TunnelLink[Unknown], aws: AwsNetwork[Unknown] | None) -> bool:
    """Whether a connection is meant for AWS: it meets a tunnel, or its peer or a prefix is of AWS."""
    local = link.local_network_gateway
    if link.joined or local is None or aws is None:
        return True
    inside = [tunnel.inside_cidr for connection in aws.vpn_connections for tunnel in connection.tunnels]
    peer = known(local.bgp_peering_address) if local.bgp_peering_address else None
    ranges = [cidr for vpc in aws.vpcs for cidr in vpc.cidr_blocks]
    return (peer is not None and _overlap([IPv4Network(peer)], inside)) or _overlap(
        local.address_prefixes, ranges
    )


def _overlap(some: Iterable[IPv4Network | Unknown | None], others: Sequence[IPv4Network | Unknown]) -> bool:
    return any(
        isinstance(one, IPv4Network) and isinstance(other, IPv4Network) and one.overlaps(other)
        for one in some
        for other in others
    )


def _subnets_of(cluster: AksCluster[Unknown]) -> frozenset[str | Unknown | None]:
    return frozenset(
        subnet_id for pool in cluster.node_pools for subnet_id in (pool.vnet_subnet_id, pool.pod_subnet_id)
    )


def _tunnels(links: Sequence[TunnelLink[Unknown]]) -> tuple[ExpectedTunnel, ...]:
    """Return the tunnels that join both clouds, by the last key of the connection's address in Terraform."""
    joined = [
        (link.azure_connection, link.vpn_connection, outside)
        for link in links
        if link.joined
        and link.azure_connection
        and link.vpn_connection
        and not link.vpn_connection.region
        and isinstance(outside := link.outside_address, IPv4Address)
    ]
    counted = Counter(_key(azure.address) for azure, _, _ in joined)
    tunnels = [
        ExpectedTunnel(
            key=key if counted[key := _key(azure.address)] == 1 else azure.address,
            outside_ip_address=outside,
            aws_vpn_connection_id=vpn.id,
            azure_connection_name=known(azure.name) or "",
        )
        for azure, vpn, outside in joined
    ]
    return tuple(sorted(tunnels, key=lambda tunnel: tunnel.key))


def _key(address: str) -> str:
    """Return what tells a resource from others: its `for_each` key, else its name with the `count` index."""
    match = _LAST.fullmatch(split_address(address)[1])
    if match is None:
        return address
    return match["key"] or f"{match['name']}{match['index'] or ''}"


def _clusters(network: Network[Unknown]) -> Iterable[tuple[Cloud, str]]:
    eks = network.aws.eks_clusters if network.aws else ()
    aks = network.azure.aks_clusters if network.azure else ()
    if len(eks) == 1 and isinstance(name := eks[0].name, str):
        yield "aws", name
    if len(aks) == 1 and isinstance(name := aks[0].name, str):
        yield "azure", name


def completed(expected: Expectation, network: Network) -> Expectation:
    """Return an expectation that says how many tunnels must be up, by what exists if it does not itself."""
    if expected.tunnel_count:
        return expected
    implied = from_network(network)
    return replace(expected, tunnel_count=implied.tunnel_count, count_reason=implied.count_reason)


def from_network(network: Network) -> Expectation:
    """Derive the expectation from what exists; the largest of what each part implies, and never none."""
    connections = [c for c in network.aws.vpn_connections if c.state != "deleted"] if network.aws else []
    gateways = network.azure.virtual_network_gateways if network.azure else ()
    instances = [instance for gateway in gateways for instance in gateway.instances]
    azure_connections = len(network.azure.connections) if network.azure else 0
    links = [(link.vpn_connection.id, link) for link in tunnel_links(network) if link.vpn_connection]
    met = Counter(identifier for identifier, link in links if link.joined)
    # Those must be up that Azure leads to, or both if none is.
    used = {connection.id: met[connection.id] or TUNNELS_PER_CONNECTION for connection in connections}
    called = {identifier: link.instance for identifier, link in links}
    reached = [
        sum(used[connection_id] for connection_id in called if called[connection_id] == instance)
        for instance in instances
    ]
    implied = (
        (sum(used.values()), f"{len(connections)} AWS VPN connections"),
        (
            sum(count or TUNNELS_PER_CONNECTION for count in reached),
            f"{len(instances)} Azure gateway instances",
        ),
        (azure_connections, f"{azure_connections} Azure connections"),
        (1, "at least one tunnel joins two clouds"),
    )
    count, reason = max(implied, key=lambda pair: pair[0])
    return Expectation(source="the network itself", tunnel_count=count, count_reason=reason)
