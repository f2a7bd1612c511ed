"""What should be there, so that an empty network is never green.

The resources in Terraform's state say it best, of any module and of any name. Without a state the network
itself does: a VPN connection has two tunnels at AWS, of which those must be up that an Azure connection leads
to, and an instance of an Azure gateway that AWS has a customer gateway for needs one VPN connection.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address

from twinspan.network.azure import GATEWAY_SUBNET, AksCluster
from twinspan.network.clouds import Cloud
from twinspan.network.elsewhere import aws_elsewhere, azure_elsewhere
from twinspan.network.limits import TUNNELS_PER_CONNECTION
from twinspan.network.links import TunnelLink, tunnel_links
from twinspan.network.model import AwsNetwork, AzureNetwork, Network
from twinspan.network.parts import joined_parts
from twinspan.network.unknown import Unknown, known
from twinspan.network.workloads import admitting_group
from twinspan.project.plan import split_address

_LAST = re.compile(r'[^.]+\.(?P<name>[^.\[]+)(?P<index>\[(?:"(?P<key>.*)"|\d+)\])?')
"""The part of a resource's address behind those of its modules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedTunnel:
    """One tunnel that must exist, by its Terraform key, and by the addresses of both ends in Terraform."""

    key: str
    addresses: tuple[str, ...] = ()
    outside_ip_address: IPv4Address
    aws_vpn_connection_id: str
    azure_connection_name: str
    azure_connection_id: str = ""


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
        parts: One for each of several networks that no tunnel joins; without any, it is about one.
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
    parts: tuple["Expectation", ...] = ()


def from_resources(network: Network[Unknown], *, source: str) -> Expectation | None:
    """Derive the expectation from the network in a state; None if there is no VPN in it.

    What belongs to a data centre at the other end is not expected.

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
        expected = _with_aws(expected, aws, links, network)
    if azure:
        expected = _with_azure(expected, azure, network)
    parts = joined_parts(network)
    return (
        replace(expected, parts=tuple(_within(expected, part) for part in parts)) if parts[1:] else expected
    )


def _within(expected: Expectation, part: Network[Unknown]) -> Expectation:
    """Return what is expected of one of several networks that no tunnel joins."""
    aws, azure = part.aws, part.azure
    vnets = azure.virtual_networks if azure else ()
    ids = {virtual_network.id for virtual_network in vnets} | {
        subnet.id for vnet in vnets for subnet in vnet.subnets
    }
    if aws:
        ids |= {aws_vpc.id for aws_vpc in aws.vpcs} | {aws_subnet.id for aws_subnet in aws.subnets}
        ids |= {gateway.id for gateway in aws.vpn_gateways} | {
            connection.id for connection in aws.vpn_connections
        }
    if azure:
        ids |= {gateway.id for gateway in azure.virtual_network_gateways} | {
            connection.id for connection in azure.connections
        }
    clusters = {*(cluster.name for cluster in aws.eks_clusters)} if aws else set()
    clusters |= {cluster.name for cluster in azure.aks_clusters} if azure else set()

    def own(identifiers: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(identifier for identifier in identifiers if identifier in ids)

    tunnels = tuple(tunnel for tunnel in expected.tunnels if tunnel.aws_vpn_connection_id in ids)
    return replace(
        expected,
        tunnel_count=len(tunnels),
        count_reason=f"{expected.source} has {len(tunnels)} tunnels in this network that join both clouds",
        vpc_ids=own(expected.vpc_ids),
        vpn_gateway_ids=own(expected.vpn_gateway_ids),
        vpn_connection_ids=own(expected.vpn_connection_ids),
        private_subnet_ids=own(expected.private_subnet_ids),
        security_group_of={
            subnet: group for subnet, group in expected.security_group_of.items() if subnet in ids
        },
        virtual_network_ids=own(expected.virtual_network_ids),
        virtual_network_gateway_ids=own(expected.virtual_network_gateway_ids),
        azure_subnet_ids=own(expected.azure_subnet_ids),
        tunnels=tunnels,
        clusters={cloud: name for cloud, name in expected.clusters.items() if name in clusters},
    )


def _with_aws(
    expected: Expectation,
    aws: AwsNetwork[Unknown],
    links: Sequence[TunnelLink[Unknown]],
    network: Network[Unknown],
) -> Expectation:
    azure, away = network.azure, aws_elsewhere(network)
    here = [connection for connection in aws.vpn_connections if connection not in away]
    leading = {
        link.vpn_connection.id for link in links if link.vpn_connection and (link.joined or link.instance)
    }
    connections = [connection for connection in here if connection.id in leading] or list(here)
    used = {connection.vpn_gateway_id for connection in connections}
    gateways = [gateway for gateway in aws.vpn_gateways if gateway.id in used] or list(aws.vpn_gateways)
    attached = dict.fromkeys(gateway.vpc_id for gateway in gateways if isinstance(gateway.vpc_id, str))
    vpcs = tuple(attached) or tuple(aws_vpc.id for aws_vpc in aws.vpcs)
    private = [
        aws_subnet for aws_subnet in aws.subnets if aws_subnet.vpc_id in vpcs and _private(aws, aws_subnet.id)
    ]
    remote = [cidr for vnet in (azure.virtual_networks if azure else ()) for cidr in vnet.address_space]
    groups = {vpc: admitting_group(aws, vpc, remote, terraform=True) for vpc in vpcs}
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


def _private(aws: AwsNetwork[Unknown], subnet_id: str) -> bool:
    table = aws.route_table_of(subnet_id)
    return table is not None and not any(route.to_internet for route in table.routes)


def _with_azure(
    expected: Expectation,
    azure: AzureNetwork[Unknown],
    network: Network[Unknown],
) -> Expectation:
    away = azure_elsewhere(network)
    connections = [connection for connection in azure.connections if connection not in away]
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


def _subnets_of(cluster: AksCluster[Unknown]) -> frozenset[str | Unknown | None]:
    return frozenset(
        subnet_id for pool in cluster.node_pools for subnet_id in (pool.vnet_subnet_id, pool.pod_subnet_id)
    )


def _tunnels(links: Sequence[TunnelLink[Unknown]]) -> tuple[ExpectedTunnel, ...]:
    """Return the tunnels that join both clouds, by the last key of the connection's address in Terraform."""
    joined = [
        (
            link.azure_connection,
            link.vpn_connection,
            link.vpn_connection.tunnels.index(link.tunnel) + 1,
            outside,
        )
        for link in links
        if link.joined
        and link.azure_connection
        and link.vpn_connection
        and link.tunnel
        and isinstance(outside := link.outside_address, IPv4Address)
    ]
    counted = Counter(_key(azure.address) for azure, _, _, _ in joined)
    tunnels = [
        ExpectedTunnel(
            key=key if counted[key := _key(azure.address)] == 1 else azure.address,
            addresses=(f"{vpn.address}.tunnel{number}", azure.address, vpn.address),
            outside_ip_address=outside,
            aws_vpn_connection_id=vpn.id,
            azure_connection_name=known(azure.name) or "",
            azure_connection_id=azure.id,
        )
        for azure, vpn, number, outside in joined
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
    implied = _implied(network)
    return replace(expected, tunnel_count=implied.tunnel_count, count_reason=implied.count_reason)


def from_network(network: Network) -> Expectation:
    """Derive the expectation from what exists; of each of several networks that no tunnel joins, too."""
    parts = joined_parts(network)
    implied = _implied(network)
    return replace(implied, parts=tuple(map(_of_part, parts))) if parts[1:] else implied


def _of_part(part: Network) -> Expectation:
    """Return what one of several networks implies; its gateways and connections say what is in it."""
    away = aws_elsewhere(part)
    live = (
        [
            connection
            for connection in part.aws.vpn_connections
            if connection.state != "deleted" and connection not in away
        ]
        if part.aws
        else []
    )
    return replace(
        _implied(part),
        vpn_connection_ids=tuple(connection.id for connection in live),
        virtual_network_gateway_ids=tuple(
            gateway.id for gateway in (part.azure.virtual_network_gateways if part.azure else ())
        ),
    )


def _implied(network: Network) -> Expectation:
    """Return how many tunnels there must be: the largest of what each cloud implies, and never none.

    What leads elsewhere implies nothing, nor does an instance of the Azure gateway that AWS has no customer
    gateway for: whether both should be used is a question of redundancy.
    """
    away, azure_away = aws_elsewhere(network), azure_elsewhere(network)
    aws = network.aws
    connections = [c for c in aws.vpn_connections if c.state != "deleted" and c not in away] if aws else []
    called_for = {customer.ip_address for customer in aws.customer_gateways} if aws else set()
    gateways = network.azure.virtual_network_gateways if network.azure else ()
    instances = [i for gateway in gateways for i in gateway.instances if i.public_ip_address in called_for]
    azure_connections = len(network.azure.connections) - len(azure_away) if network.azure else 0
    links = [(link.vpn_connection.id, link) for link in tunnel_links(network) if link.vpn_connection]
    met = Counter(identifier for identifier, link in links if link.joined)
    # Those must be up that Azure leads to, or both if none is.
    used = {connection.id: met[connection.id] or TUNNELS_PER_CONNECTION for connection in connections}
    called = {identifier: link.instance for identifier, link in links if identifier in used}
    reached = [
        sum(used[identifier] for identifier in called if called[identifier] == instance)
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
