"""Microsoft.Network/virtualNetworks/subnets."""

from collections.abc import Sequence
from ipaddress import IPv4Network

from typing_extensions import override

from twinspan.network.azure import GATEWAY_SUBNET
from twinspan.network.limits import AZURE_SUBNET_LENGTH, VNET_SUBNETS
from twinspan.network.ranges import ANYWHERE
from twinspan.twin.azure.documents import JsonObject, member, objects, properties, text, texts
from twinspan.twin.azure.errors import ArmError, bad_request
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types import addresses, aks_subnets
from twinspan.twin.azure.types.base import Context, Put, ResourceType, reference_list

Subnet = tuple[ResourceId, JsonObject]

_JOIN = "Microsoft.Network/virtualNetworks/subnets/join/action"
"""What a service that a subnet is delegated to may do there, as Azure tells of it.

Source: ARM, ServiceDelegationPropertiesFormat.actions (read-only).
"""


class _Subnets(ResourceType):
    type = "Microsoft.Network/virtualNetworks/subnets"
    model = "Subnet"

    @override
    def check(self, context: Context, put: Put) -> None:
        parent = put.id.parent
        network = context.store.get(parent) if parent is not None else None
        if network is None:
            raise ArmError(404, "ParentResourceNotFound", f"The virtual network of {put.id} was not found.")
        prefixes = texts(network.body, "properties", "addressSpace", "addressPrefixes")
        siblings = [
            (subnet.id, subnet.body)
            for subnet in context.store.children(network.id, "subnets")
            if subnet.id.key != put.id.key
        ]
        addresses.check_count(
            len(siblings) + 1,
            VNET_SUBNETS,
            what="subnets",
            where=str(network.id),
            code="SubnetCountLimitReached",
        )
        space = [addresses.network(prefix, where=str(network.id)) for prefix in prefixes]
        check_subnet(context, put.id, put.body, space=space)
        check_apart([*siblings, (put.id, put.body)])

    @override
    def complete(self, context: Context, put: Put) -> None:
        members = put.properties
        prefixes = texts(members, "addressPrefixes")
        if len(prefixes) == 1:  # Azure answers with the single form when there is one prefix
            members["addressPrefix"] = prefixes[0]
            del members["addressPrefixes"]
        members.setdefault("delegations", [])
        members.setdefault("privateEndpointNetworkPolicies", "Disabled")
        members.setdefault("privateLinkServiceNetworkPolicies", "Enabled")

    @override
    def decorate(self, context: Context, resource: Resource, members: JsonObject, *, listed: bool) -> None:
        for delegation in objects(members, "delegations"):
            properties(delegation).setdefault("actions", [_JOIN])
        users = subnet_users(context, resource.id)
        if users:
            members["ipConfigurations"] = reference_list(users)

    @override
    def refuse_delete(self, context: Context, resource: Resource) -> None:
        users = subnet_users(context, resource.id)
        if users:
            raise bad_request(
                "InUseSubnetCannotBeDeleted",
                f"Subnet {resource.id.name} is in use by {users[0]} and cannot be deleted. In order to "
                "delete "
                "the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.",
            )


def subnet_users(context: Context, subnet: ResourceId) -> list[str]:
    """Return the ids of the ip configurations in a subnet."""
    users = []
    for resource in {user.id.key: user for user, _ in context.store.users(subnet)}.values():
        for configuration in objects(resource.body, "properties", "ipConfigurations"):
            target = text(configuration, "properties", "subnet", "id")
            if target is not None and target.lower() == subnet.key:
                users.append(f"{resource.id}/ipConfigurations/{text(configuration, 'name')}")
    return users + aks_subnets.pool_configurations(context.store, subnet)


def check_subnet(
    context: Context,
    subnet: ResourceId,
    body: JsonObject,
    *,
    space: Sequence[IPv4Network],
) -> None:
    """Refuse a subnet that does not fit its virtual network.

    Args:
        context: For who uses the subnet now.
        subnet: Its id.
        body: Its cleaned body.
        space: The virtual network's address space.

    Raises:
        ArmError: 400 with the broken rule's code.
    """
    networks = addresses.subnet_networks(body, where=str(subnet))
    if not networks:
        raise bad_request(
            "InvalidRequestFormat", f"Subnet {subnet} has neither addressPrefix nor addressPrefixes."
        )
    for prefix in networks:
        _check_prefix(prefix, subnet, space)
    if subnet.name.lower() == GATEWAY_SUBNET.lower():
        _check_gateway_subnet(context, subnet, body)
    _check_still_fits(context, subnet, networks)


def check_apart(subnets: Sequence[Subnet]) -> None:
    """Refuse subnets of one virtual network that share addresses; the last one of them is named.

    Raises:
        ArmError: `NetcfgSubnetRangesOverlap`.
    """
    owners: dict[IPv4Network, ResourceId] = {}
    networks = []
    for subnet, body in subnets:
        for network in addresses.subnet_networks(body, where=str(subnet)):
            networks.append(network)
            owners[network] = subnet
    clash = addresses.overlap(networks)
    if clash is None:
        return
    order = {subnet.key: place for place, (subnet, _) in enumerate(subnets)}
    last = max((owners[cidr] for cidr in clash), key=lambda owner: order[owner.key])
    raise bad_request(
        "NetcfgSubnetRangesOverlap",
        f"Subnet '{last.name}' is not valid because its IP address range overlaps with that of an existing "
        "subnet "
        f"in virtual network '{last.names[0]}'.",
    )


def _check_prefix(prefix: IPv4Network, subnet: ResourceId, space: Sequence[IPv4Network]) -> None:
    """Refuse a prefix that is too small or outside the virtual network."""
    if prefix.prefixlen > AZURE_SUBNET_LENGTH:
        raise bad_request(
            "NetcfgSubnetRangeTooSmall",
            f"Subnet '{subnet.name}' has the range {prefix}; the smallest one is /{AZURE_SUBNET_LENGTH}.",
        )
    if not addresses.inside(prefix, space):
        raise bad_request(
            "NetcfgSubnetRangeOutsideVnet",
            f"Subnet '{subnet.name}' is not valid because its IP address range is outside the IP address "
            "range "
            f"of virtual network '{subnet.names[0]}'.",
        )


def _check_gateway_subnet(context: Context, subnet: ResourceId, body: JsonObject) -> None:
    """Refuse what stops a gateway from working.

    Source: About VPN Gateway settings, gateway subnet; Azure-Terraform/terraform-azurerm-virtual-network
    issue 18 for the words about security groups.
    """
    group = text(properties(body), "networkSecurityGroup", "id")
    if group is not None:
        raise bad_request(
            "NetworkSecurityGroupCannotBeAttachedToGatewaySubnet",
            f"The operation failed because the network security group {group.rpartition('/')[2]} can not be "
            "associated to the GatewaySubnet. Please remove the network security group associated to the "
            "GatewaySubnet. No changes have occurred on the gateway at this time. See here for additional "
            "details: https://aka.ms/GatewaySubnet.",
        )
    if objects(properties(body), "delegations"):
        raise bad_request("GatewaySubnetCannotBeDelegated", f"Subnet {subnet} cannot be delegated.")
    _check_gateway_routes(context, subnet, text(properties(body), "routeTable", "id"))


def _check_gateway_routes(context: Context, subnet: ResourceId, table_id: str | None) -> None:
    """Refuse a default route, or a stop to route propagation, on GatewaySubnet."""
    table = context.store.get(table_id) if table_id is not None else None
    if table is None:
        return
    if member(table.body, "properties", "disableBgpRoutePropagation") is True:
        raise bad_request(
            "GatewaySubnetRouteTableNotSupported",
            f"Subnet {subnet} cannot use {table.id}: gateway route propagation must stay on for "
            "GatewaySubnet.",
        )
    for route in context.store.children(table.id, "routes"):
        if text(route.body, "properties", "addressPrefix") == str(ANYWHERE):
            raise bad_request(
                "GatewaySubnetRouteTableNotSupported",
                f"Subnet {subnet} cannot use {table.id}: a route to 0.0.0.0/0 is not supported on "
                "GatewaySubnet.",
            )


def _check_still_fits(context: Context, subnet: ResourceId, networks: Sequence[IPv4Network]) -> None:
    """Refuse a new range for a subnet that has something in it."""
    existing = context.store.get(subnet)
    if existing is None or not subnet_users(context, subnet):
        return
    if addresses.subnet_networks(existing.body, where=str(subnet)) != list(networks):
        raise bad_request(
            "InUsePrefixCannotBeDeleted",
            f"IpPrefix {addresses.subnet_networks(existing.body, where=str(subnet))[0]} on Subnet "
            f"{subnet.name} "
            "has active allocations and cannot be deleted.",
        )


SUBNETS = _Subnets()
"""Source: Subnets - Create Or Update (REST); About VPN Gateway settings for GatewaySubnet."""
