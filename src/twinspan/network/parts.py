"""The networks in one configuration that no tunnel joins: each is judged, and pinged, by itself. Pure.

A VPC reaches a VNet only over tunnels that join them. What the rules demand of the one for the other (routes,
filters, ranges that do not overlap), they demand within one such network.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

from twinspan.network.links import TunnelLink, tunnel_links
from twinspan.network.model import AwsNetwork, AzureNetwork, Network
from twinspan.network.unknown import U

Owner = Callable[[Any], Iterable[object]]
"""Returns the ids of what decides to which network an object belongs."""


class HasId(Protocol):
    """Whatever has an id."""

    @property
    def id(self) -> str:
        """The cloud's, or Terraform's address."""
        ...


O = TypeVar("O")  # noqa: E741 - one object of the model


@dataclass(slots=True)
class _Groups:
    """Ids that belong together, joined pair by pair (union-find)."""

    parents: dict[object, object] = field(default_factory=dict)

    def root(self, identifier: object) -> object:
        parent = self.parents.setdefault(identifier, identifier)
        while parent != self.parents[parent]:
            parent = self.parents[parent]
        return parent

    def join(self, one: object, other: object) -> None:
        """Join two ids; what is not one (None, not known) joins nothing."""
        if isinstance(one, str) and isinstance(other, str):
            self.parents[self.root(one)] = self.root(other)


def joined_parts(network: Network[U]) -> tuple[Network[U], ...]:
    """Return the networks that tunnels join, in the order of AWS's VPN connections; often the only one.

    Gateways of both clouds that no tunnel joins are one more network: they may be meant for each other. All
    else that belongs to none of them is in the first.
    """
    homes = _homes(network)
    count = len(set(homes.values()))
    if count < 2:  # noqa: PLR2004 - one network is whole
        return (network,)
    return tuple(_part(network, homes, number) for number in range(count))


def _homes(network: Network[U]) -> Mapping[object, int]:
    """Return id -> number of the network, for VPCs, VNets, gateways and connections."""
    links, groups = tunnel_links(network), _Groups()
    _join_within(network, groups)
    for link in links:
        _join_across(link, groups)
    aws = dict.fromkeys(map(groups.root, _aws_gateway_ids(network)))
    azure = dict.fromkeys(map(groups.root, _azure_gateway_ids(network)))
    whole = [root for root in aws if root in azure]
    numbers = {root: number for number, root in enumerate(whole)}
    aws_alone, azure_alone = aws.keys() - azure.keys(), azure.keys() - aws.keys()
    numbers |= dict.fromkeys(aws_alone | azure_alone, len(whole) if aws_alone and azure_alone else 0)
    return {
        identifier: numbers[root]
        for identifier in groups.parents
        if (root := groups.root(identifier)) in numbers
    }


def _aws_gateway_ids(network: Network[U]) -> tuple[str, ...]:
    live = (connection for connection in _aws(network).vpn_connections if connection.state != "deleted")
    return tuple(connection.id for connection in live)


def _azure_gateway_ids(network: Network[U]) -> tuple[str, ...]:
    azure = _azure(network)
    gateways, connections = azure.virtual_network_gateways, azure.connections
    return (*(gateway.id for gateway in gateways), *(connection.id for connection in connections))


def _aws(network: Network[U]) -> AwsNetwork[U]:
    return network.aws or AwsNetwork(account_id="", region="")


def _azure(network: Network[U]) -> AzureNetwork[U]:
    return network.azure or AzureNetwork(subscription_id="")


def _join_within(network: Network[U], groups: _Groups) -> None:
    """Join what belongs together in each cloud."""
    aws, azure = _aws(network), _azure(network)
    for vpn in aws.vpn_connections:
        groups.join(vpn.id, vpn.vpn_gateway_id)
        groups.join(vpn.id, vpn.transit_gateway_id)
    for gateway in aws.vpn_gateways:
        groups.join(gateway.id, gateway.vpc_id)
    homes = {subnet.id: vnet.id for vnet in azure.virtual_networks for subnet in vnet.subnets}
    for vnet_gateway in azure.virtual_network_gateways:
        for instance in vnet_gateway.instances:
            groups.join(vnet_gateway.id, homes.get(str(instance.subnet_id)))
    for connection in azure.connections:
        groups.join(connection.id, connection.virtual_network_gateway_id)


def _join_across(link: TunnelLink[U], groups: _Groups) -> None:
    """Join the ends of a tunnel; an end is, too, the gateway that AWS's customer gateway stands for."""
    ends = (*link.claims, *link.maybe, link.azure_connection, link.gateway)
    for end in ends:
        if link.vpn_connection and end:
            groups.join(link.vpn_connection.id, end.id)


def _part(network: Network[U], homes: Mapping[object, int], number: int) -> Network[U]:
    def chosen(objects: Iterable[O], owners: Owner) -> tuple[O, ...]:
        """Return the objects of which an owner is in this network, in the first also those without any."""
        own = []
        for item in objects:
            numbers = {homes[owner] for owner in owners(item) if owner in homes}
            if number in numbers or (number == 0 and not numbers):
                own.append(item)
        return tuple(own)

    aws, azure = network.aws, network.azure
    return replace(
        network,
        aws=aws and _chosen(aws, _aws_owners(aws), chosen),
        azure=azure and _chosen(azure, _azure_owners(azure), chosen),
    )


def _chosen(network: Any, owners: Mapping[str, Owner], chosen: Callable[..., Any]) -> Any:  # noqa: ANN401 - of either cloud
    return replace(network, **{name: chosen(getattr(network, name), of) for name, of in owners.items()})


def _aws_owners(aws: AwsNetwork[U]) -> Mapping[str, Owner]:
    vpcs = {subnet.id: subnet.vpc_id for subnet in aws.subnets}
    interfaces: dict[object, object] = {
        item.id: vpcs.get(str(item.subnet_id)) for item in aws.network_interfaces
    }

    def by_id(item: HasId) -> Iterable[object]:
        return (item.id,)

    def by_vpc(item: Any) -> Iterable[object]:  # noqa: ANN401 - whatever is in a VPC
        return (item.vpc_id,)

    return {
        **dict.fromkeys(("vpcs", "vpn_gateways", "vpn_connections"), by_id),
        **dict.fromkeys(
            ("subnets", "route_tables", "security_groups", "network_acls", "eks_clusters"), by_vpc
        ),
        "customer_gateways": lambda gateway: (
            connection.id
            for connection in aws.vpn_connections
            if connection.customer_gateway_id == gateway.id
        ),
        "network_interfaces": lambda item: (interfaces[item.id],),
        "machines": lambda machine: (interfaces.get(interface_id) for interface_id in machine.interface_ids),
    }


def _azure_owners(azure: AzureNetwork[U]) -> Mapping[str, Owner]:
    subnets = [(vnet.id, subnet) for vnet in azure.virtual_networks for subnet in vnet.subnets]
    homes: dict[object, object] = {subnet.id.lower(): vnet for vnet, subnet in subnets}
    interfaces: dict[object, object] = {
        item.id: homes.get(str(item.subnet_id).lower()) for item in azure.network_interfaces
    }

    def by_id(item: HasId) -> Iterable[object]:
        return (item.id,)

    def users(attribute: str) -> Owner:
        """Return what finds the VNets whose subnets use an object."""
        return lambda item: (vnet for vnet, subnet in subnets if getattr(subnet, attribute) == item.id)

    def holders(address: HasId) -> Iterable[object]:
        """Yield the gateways that have a public address."""
        for gateway in azure.virtual_network_gateways:
            if address.id in {instance.public_ip_address_id for instance in gateway.instances}:
                yield gateway.id

    def by_pools(cluster: Any) -> Iterable[object]:  # noqa: ANN401 - an AksCluster of anything
        return (homes.get(str(pool.vnet_subnet_id).lower()) for pool in cluster.node_pools)

    return {
        **dict.fromkeys(("virtual_networks", "virtual_network_gateways", "connections"), by_id),
        "local_network_gateways": lambda local: (
            connection.id
            for connection in azure.connections
            if connection.local_network_gateway_id == local.id
        ),
        "network_security_groups": users("network_security_group_id"),
        "route_tables": users("route_table_id"),
        "public_ip_addresses": holders,
        "aks_clusters": by_pools,
        "network_interfaces": lambda item: (interfaces[item.id],),
        "machines": lambda machine: (interfaces.get(interface_id) for interface_id in machine.interface_ids),
    }
