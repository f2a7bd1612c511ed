"""Virtual networks, route tables and security groups, from Azure Resource Manager's answers.

Source: ARM, Microsoft.Network virtualNetworks, routeTables, networkSecurityGroups (PropertiesFormat).
"""

from ipaddress import IPv4Network
from typing import Literal

from azure.mgmt.network import models

from twinspan.cloud.azure.words import address, identity, networks, required_identity, word
from twinspan.network.model import (
    AzureRoute,
    AzureRouteTable,
    AzureSubnet,
    AzureTagRoute,
    NetworkSecurityGroup,
    SecurityRule,
    VirtualNetwork,
)


def virtual_network(raw: models.VirtualNetwork) -> VirtualNetwork:
    """Read a virtual network with its subnets."""
    properties = raw.properties or models.VirtualNetworkPropertiesFormat()
    space = properties.address_space
    return VirtualNetwork(
        id=required_identity(raw),
        name=raw.name or "",
        location=raw.location or "",
        address_space=networks(space.address_prefixes if space else None),
        subnets=tuple(_subnet(item) for item in properties.subnets or ()),
    )


def _subnet(raw: models.Subnet) -> AzureSubnet:
    properties = raw.properties or models.SubnetPropertiesFormat()
    single = [properties.address_prefix] if properties.address_prefix else []
    return AzureSubnet(
        id=required_identity(raw),
        name=raw.name or "",
        address_prefixes=networks(properties.address_prefixes or single),
        route_table_id=identity(properties.route_table),
        network_security_group_id=identity(properties.network_security_group),
        delegated=bool(properties.delegations),
    )


def route_table(raw: models.RouteTable) -> AzureRouteTable:
    """Read a route table."""
    properties = raw.properties or models.RouteTablePropertiesFormat()
    routes = [_route(item) for item in properties.routes or ()]
    return AzureRouteTable(
        id=required_identity(raw),
        name=raw.name or "",
        bgp_route_propagation_enabled=not properties.disable_bgp_route_propagation,
        routes=tuple(route for route in routes if isinstance(route, AzureRoute)),
        tag_routes=tuple(route for route in routes if isinstance(route, AzureTagRoute)),
    )


def _route(raw: models.Route) -> AzureRoute | AzureTagRoute:
    properties = raw.properties or models.RoutePropertiesFormat(next_hop_type="None")
    name, prefix = raw.name or "", properties.address_prefix or ""
    hop, through = word(properties.next_hop_type, "None"), address(properties.next_hop_ip_address)
    if not prefix[:1].isdigit() or ":" in prefix:
        return AzureTagRoute(name=name, address_prefix=prefix, next_hop_type=hop, next_hop_ip_address=through)
    return AzureRoute(
        name=name,
        address_prefix=IPv4Network(prefix, strict=False),
        next_hop_type=hop,
        next_hop_ip_address=through,
    )


def network_security_group(raw: models.NetworkSecurityGroup) -> NetworkSecurityGroup:
    """Read a network security group; rules in the order in which they apply."""
    properties = raw.properties or models.NetworkSecurityGroupPropertiesFormat()
    rules = [
        _rule(item.name or "", item.properties)
        for item in properties.security_rules or ()
        if item.properties is not None
    ]
    return NetworkSecurityGroup(
        id=required_identity(raw),
        name=raw.name or "",
        security_rules=tuple(sorted(rules, key=lambda rule: (rule.direction, rule.priority))),
    )


def _rule(name: str, properties: models.SecurityRulePropertiesFormat) -> SecurityRule:
    return SecurityRule(
        name=name,
        priority=properties.priority,
        direction=_direction(properties.direction),
        access=_access(properties.access),
        protocol=word(properties.protocol, "*"),
        source_address_prefixes=_one_or_many(
            properties.source_address_prefix, properties.source_address_prefixes
        ),
        source_port_ranges=_one_or_many(properties.source_port_range, properties.source_port_ranges),
        destination_address_prefixes=_one_or_many(
            properties.destination_address_prefix, properties.destination_address_prefixes
        ),
        destination_port_ranges=_one_or_many(
            properties.destination_port_range, properties.destination_port_ranges
        ),
        source_application_security_group_ids=_ids(properties.source_application_security_groups),
        destination_application_security_group_ids=_ids(properties.destination_application_security_groups),
    )


def _ids(groups: list[models.ApplicationSecurityGroup] | None) -> tuple[str, ...]:
    return tuple(required_identity(group) for group in groups or ())


def _direction(value: str) -> Literal["Inbound", "Outbound"]:
    return "Inbound" if word(value, "Inbound").lower() == "inbound" else "Outbound"


def _access(value: str) -> Literal["Allow", "Deny"]:
    return "Allow" if word(value, "Deny").lower() == "allow" else "Deny"


def _one_or_many(one: str | None, many: list[str] | None) -> tuple[str, ...]:
    """ARM has a member for one value and a member for several; exactly one of them is filled."""
    return (one,) if one else tuple(many or ())
