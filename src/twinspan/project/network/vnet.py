"""VNets, route tables and network security groups of a plan.

Source: Terraform provider hashicorp/azurerm, versions 3 to 5.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from twinspan.network.model import (
    AzureRoute,
    AzureRouteTable,
    AzureSubnet,
    AzureTagRoute,
    NetworkSecurityGroup,
    SecurityRule,
    VirtualNetwork,
)
from twinspan.network.unknown import UNKNOWN, Unknown
from twinspan.project.network.values import Reading, Values

VNET_TYPE = "azurerm_virtual_network"
SUBNET_TYPE = "azurerm_subnet"
_TABLE_TYPE = "azurerm_route_table"
GROUP_TYPE = "azurerm_network_security_group"
ASG_TYPE = "azurerm_application_security_group"
_FORMS = {
    f"{side}_{one}": f"{side}_{many}"
    for one, many in (("address_prefix", "address_prefixes"), ("port_range", "port_ranges"))
    for side in ("source", "destination")
}
"""Argument of a rule for one value -> that for several."""


@dataclass(frozen=True, slots=True)
class _Associations:
    """Subnet -> what a resource of its own puts on it."""

    tables: Mapping[str, tuple[Values, ...]]
    groups: Mapping[str, tuple[Values, ...]]


def virtual_networks(reading: Reading) -> tuple[VirtualNetwork[Unknown], ...]:
    """Return the VNets, also those outside the plan that have a subnet in it: of those, nothing but that."""
    vnets, apart = reading.of(VNET_TYPE), reading.of(SUBNET_TYPE)
    inside = {_inline_id(vnet, block) for vnet in vnets for block in vnet.blocks("subnet")}
    holders = {subnet_id: subnet_id for subnet_id in (*(subnet.id for subnet in apart), *inside)}
    on_subnets = _Associations(
        *(
            reading.by_holder(reading.of(kind), holders, "subnet_id", SUBNET_TYPE)
            for kind in (
                "azurerm_subnet_route_table_association",
                "azurerm_subnet_network_security_group_association",
            )
        )
    )
    networks: dict[str, VirtualNetwork[Unknown]] = {
        vnet_values.id: VirtualNetwork(
            id=vnet_values.id,
            name=vnet_values.text("name"),
            address=vnet_values.address,
            location=vnet_values.text("location"),
            address_space=vnet_values.cidrs("address_space"),
            subnets=(),
        )
        for vnet_values in vnets
    }
    for subnet in apart:
        vnet = _vnet_of(subnet, networks)
        networks[vnet.id] = replace(vnet, subnets=(*vnet.subnets, _subnet(subnet, subnet.id, on_subnets)))
    for values in vnets:
        vnet = networks[values.id]
        there = {known_subnet.id for known_subnet in vnet.subnets} | {
            known_subnet.name for known_subnet in vnet.subnets
        }
        blocks = [(_inline_id(values, block), block) for block in values.blocks("subnet")]
        more = [
            _subnet(block, identifier, on_subnets)
            for identifier, block in blocks
            if identifier not in there and block.text("name") not in there
        ]
        networks[values.id] = replace(vnet, subnets=(*vnet.subnets, *more))
    return tuple(networks.values())


def _inline_id(vnet: Values, block: Values) -> str:
    identifier = block.get("id")
    if isinstance(identifier, str) and identifier:
        return identifier.lower()
    return f"{vnet.id}/subnets/{block.text('name')}"


def _vnet_of(subnet: Values, vnets: Mapping[str, VirtualNetwork[Unknown]]) -> VirtualNetwork[Unknown]:
    """Return a subnet's VNet; one that is not in the plan has the id and the name that the subnet tells."""
    attribute = subnet.first("virtual_network_id", "virtual_network_name")
    named = subnet.reference(attribute, VNET_TYPE)
    if isinstance(named, str) and named in vnets:
        return vnets[named]
    name = subnet.text("virtual_network_name", "")
    known = subnet.id.rpartition("/subnets/")[0] if "/subnets/" in subnet.id else ""
    made_up = f"{subnet.get('resource_group_name')}/{name}" if isinstance(name, str) else subnet.address
    identifier = named if isinstance(named, str) else known or made_up
    return vnets.get(identifier) or VirtualNetwork(
        id=identifier, name=name, location=UNKNOWN, address_space=(UNKNOWN,), subnets=()
    )


def _subnet(values: Values, identifier: str, on_subnets: _Associations) -> AzureSubnet[Unknown]:
    tables = on_subnets.tables.get(identifier, ())
    groups = on_subnets.groups.get(identifier, ())
    old = values.cidr("address_prefix")
    return AzureSubnet(
        id=identifier,
        name=values.text("name"),
        address=values.address,
        address_prefixes=values.cidrs("address_prefixes") or ((old,) if old else ()),
        route_table_id=_on_subnet(tables, values, "route_table_id", _TABLE_TYPE),
        network_security_group_id=_on_subnet(
            groups, values, "network_security_group_id", GROUP_TYPE, inline="security_group"
        ),
        delegated=bool(values.get("delegation")) if values.get("delegation") is not UNKNOWN else UNKNOWN,
    )


def _on_subnet(
    associations: tuple[Values, ...], subnet: Values, name: str, kind: str, *, inline: str = ""
) -> str | Unknown | None:
    """Return what is put on a subnet, by a resource of its own or in the subnet itself."""
    if associations:
        return associations[0].reference(name, kind) or UNKNOWN
    written = (subnet.reference(attribute, kind) for attribute in (name, inline) if attribute)
    return next((reference for reference in written if reference is not None), None)


def route_tables(reading: Reading) -> tuple[AzureRouteTable[Unknown], ...]:
    """Return the route tables; a state shows routes of their own inside the table as well."""
    tables = reading.of(_TABLE_TYPE)
    apart = reading.by_holder(reading.of("azurerm_route"), _own(tables), "route_table_name", _TABLE_TYPE)
    azure_tables = []
    for table in tables:
        routes = [_route(route, route.address) for route in apart.get(table.id, ())]
        names = {route.name for route in routes}
        inside = [_route(block, "") for block in table.blocks("route")]
        routes += [route for route in inside if route.name not in names]
        azure_tables.append(
            AzureRouteTable(
                id=table.id,
                name=table.text("name"),
                address=table.address,
                bgp_route_propagation_enabled=_propagation(table),
                routes=tuple(route for route in routes if isinstance(route, AzureRoute)),
                tag_routes=tuple(route for route in routes if isinstance(route, AzureTagRoute)),
            )
        )
    return tuple(azure_tables)


def _propagation(table: Values) -> bool | Unknown:
    """Return whether learned routes get in; before azurerm 4 the argument said the opposite."""
    if table.get("disable_bgp_route_propagation") is None:
        return table.flag("bgp_route_propagation_enabled", default=True)
    disabled = table.flag("disable_bgp_route_propagation")
    return disabled if isinstance(disabled, Unknown) else not disabled


def _route(values: Values, address: str) -> AzureRoute[Unknown] | AzureTagRoute[Unknown]:
    name, hop = values.text("name"), values.text("next_hop_type")
    through = values.ip_address("next_hop_in_ip_address")
    prefix = values.text("address_prefix")
    if isinstance(prefix, str) and not (prefix[:1].isdigit() and ":" not in prefix):
        return AzureTagRoute(
            name=name,
            address=address,
            address_prefix=prefix,
            next_hop_type=hop,
            next_hop_ip_address=through,
        )
    return AzureRoute(
        name=name,
        address=address,
        address_prefix=values.cidr("address_prefix") or UNKNOWN,
        next_hop_type=hop,
        next_hop_ip_address=through,
    )


def network_security_groups(reading: Reading) -> tuple[NetworkSecurityGroup[Unknown], ...]:
    """Return the network security groups; a state shows rules of their own inside the group as well."""
    groups = reading.of(GROUP_TYPE)
    apart = reading.by_holder(
        reading.of("azurerm_network_security_rule"),
        _own(groups),
        "network_security_group_name",
        GROUP_TYPE,
    )
    azure_groups = []
    for group in groups:
        rules = [_rule(rule, rule.address) for rule in apart.get(group.id, ())]
        names = {rule.name for rule in rules}
        inside = [_rule(block, "") for block in group.blocks("security_rule")]
        rules += [rule for rule in inside if rule.name not in names]
        azure_groups.append(
            NetworkSecurityGroup(
                id=group.id,
                name=group.text("name"),
                address=group.address,
                security_rules=tuple(sorted(rules, key=_order)),
            )
        )
    return tuple(azure_groups)


def _order(rule: SecurityRule[Unknown]) -> tuple[str, int]:
    return str(rule.direction), 0 if isinstance(rule.priority, Unknown) else rule.priority


def _rule(values: Values, address: str) -> SecurityRule[Unknown]:
    forms = {one: (values.text(one, ""), values.texts(many)) for one, many in _FORMS.items()}
    members = {one: (*((single,) if single != "" else ()), *many) for one, (single, many) in forms.items()}
    direction, access = values.text("direction"), values.text("access")
    return SecurityRule(
        name=values.text("name"),
        address=address,
        priority=values.number("priority"),
        direction=direction if isinstance(direction, Unknown) else _direction(direction),
        access=access if isinstance(access, Unknown) else _access(access),
        protocol=values.text("protocol"),
        source_address_prefixes=members["source_address_prefix"],
        source_port_ranges=members["source_port_range"],
        destination_address_prefixes=members["destination_address_prefix"],
        destination_port_ranges=members["destination_port_range"],
        source_application_security_group_ids=values.references(
            "source_application_security_group_ids", ASG_TYPE
        ),
        destination_application_security_group_ids=values.references(
            "destination_application_security_group_ids", ASG_TYPE
        ),
        both_forms=tuple(one for one, (single, many) in forms.items() if single and many),
    )


def _direction(word: str) -> Literal["Inbound", "Outbound"]:
    return "Inbound" if word.lower() == "inbound" else "Outbound"


def _access(word: str) -> Literal["Allow", "Deny"]:
    return "Allow" if word.lower() == "allow" else "Deny"


def _own(values: tuple[Values, ...]) -> Mapping[str, str]:
    return {resource.id: resource.id for resource in values}
