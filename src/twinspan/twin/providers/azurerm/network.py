# ruff: noqa: ARG002 - the arguments are those of Resource, needed or not
"""Resource group, virtual network, subnet, public address, route tables."""

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from twinspan.errors import CloudRefusedError
from twinspan.twin.providers.azurerm.base import (
    ArmResource,
    given,
    id_in,
    last,
    parent,
    reference,
)
from twinspan.twin.providers.azurerm.cloud import ArmCloud, Document
from twinspan.twin.providers.engine import Facts, State
from twinspan.twin.providers.resource import Problem, Record, between, one_of

NAMED = frozenset({"name", "resource_group_name", "location"})
"""What no Azure resource can change."""


class ResourceGroup(ArmResource):
    """`azurerm_resource_group`."""

    type_name = "azurerm_resource_group"
    facts = Facts(force_new=frozenset({"name", "location"}))
    _segments = (("resourceGroups", "name"),)

    def identity(self, cloud: ArmCloud, state: State) -> str:
        """Return the id of the group."""
        return f"{cloud.subscription}/resourceGroups/{state['name']}"

    def body(self, cloud: ArmCloud, planned: State, existing: Document) -> Document:
        """Return nothing: a group has no properties to set."""
        return {}

    def extras(self, planned: State) -> Document:
        """Return who manages the group."""
        return {"managedBy": given(planned["managed_by"])}

    def flatten(self, cloud: ArmCloud, document: Document, state: State) -> State:
        """Return who manages the group."""
        return {"managed_by": document.get("managedBy", "")}

    def read(self, cloud: ArmCloud, state: State) -> State | None:
        """GET the group."""
        said = super().read(cloud, state)
        return said and {name: value for name, value in said.items() if name != "resource_group_name"}

    def delete(self, cloud: ArmCloud, state: State) -> None:
        """DELETE the group; refused while it holds anything, as the real provider does by default."""
        held = cloud.list_resources(state["id"])
        if held:
            names = ", ".join(sorted(str(item.get("id", "?")) for item in held))
            raise CloudRefusedError(
                operation=f"delete {last(state['id'])}",
                code="ResourceGroupNotEmpty",
                message=f"the group still holds {names}; remove them first",
            )
        super().delete(cloud, state)

    def import_state(self, cloud: ArmCloud, import_id: str) -> State:
        """Read `/subscriptions/ID/resourceGroups/NAME`."""
        if not re.fullmatch(r"/subscriptions/[^/]+/resourceGroups/[^/]+", import_id, re.IGNORECASE):
            raise ValueError("expected /subscriptions/ID/resourceGroups/NAME")
        return {"id": import_id}


class VirtualNetwork(ArmResource):
    """`azurerm_virtual_network`. Its subnets are left to `azurerm_subnet`."""

    type_name = "azurerm_virtual_network"
    facts = Facts(defaults={"private_endpoint_vnet_policies": "Disabled"}, force_new=NAMED | {"edge_zone"})
    _segments = (("virtualNetworks", "name"),)

    def validate(self, config: State) -> Iterator[Problem]:
        """Refuse subnets written inside: this offline provider does not make them."""
        if config["subnet"]:
            detail = "The offline provider makes subnets as azurerm_subnet resources only."
            yield Problem(summary="subnet blocks are not supported offline", detail=detail, path="subnet")

    def body(self, cloud: ArmCloud, planned: State, existing: Document) -> Document:
        """Return addresses and name servers; the subnets stay."""
        servers = given(planned["dns_servers"])
        return {
            "addressSpace": {"addressPrefixes": planned["address_space"]},
            "dhcpOptions": None if servers is None else {"dnsServers": servers},
            "flowTimeoutInMinutes": given(planned["flow_timeout_in_minutes"]),
            "privateEndpointVNetPolicies": planned["private_endpoint_vnet_policies"],
            "subnets": existing.get("subnets"),
        }

    def flatten(self, cloud: ArmCloud, document: Document, state: State) -> State:
        """Return addresses, name servers and what subnets there are."""
        properties = document["properties"]
        return {
            "address_space": properties["addressSpace"]["addressPrefixes"],
            "dns_servers": (properties.get("dhcpOptions") or {}).get("dnsServers", []),
            "flow_timeout_in_minutes": properties.get("flowTimeoutInMinutes", 0),
            "guid": properties.get("resourceGuid", ""),
            "private_endpoint_vnet_policies": properties.get("privateEndpointVNetPolicies", "Disabled"),
            "subnet": [_inner_subnet(subnet) for subnet in properties.get("subnets", [])],
        }


def _prefixes(properties: Document) -> list[str]:
    several: list[str] = properties.get("addressPrefixes") or []
    return several or [properties["addressPrefix"]]


def _inner_subnet(subnet: Document) -> State:
    properties = subnet["properties"]
    return {
        "id": subnet.get("id", ""),
        "name": subnet["name"],
        "address_prefixes": _prefixes(properties),
        "default_outbound_access_enabled": properties.get("defaultOutboundAccess", True),
        "delegation": [],
        "private_endpoint_network_policies": properties.get("privateEndpointNetworkPolicies", "Disabled"),
        "private_link_service_network_policies_enabled": _enabled(properties),
        "route_table_id": id_in(properties.get("routeTable"), None),
        "security_group": id_in(properties.get("networkSecurityGroup"), None),
        "service_endpoint": [],
        "service_endpoint_policy_ids": [],
    }


def _enabled(properties: Document) -> bool:
    return bool(properties.get("privateLinkServiceNetworkPolicies", "Enabled") == "Enabled")


class Subnet(ArmResource):
    """`azurerm_subnet`."""

    type_name = "azurerm_subnet"
    facts = Facts(
        defaults={
            "default_outbound_access_enabled": True,
            "private_endpoint_network_policies": "Disabled",
            "private_link_service_network_policies_enabled": True,
        },
        force_new=frozenset({"name", "resource_group_name", "virtual_network_name"}),
    )
    rules: ClassVar = {
        "private_endpoint_network_policies": one_of(
            "Disabled", "Enabled", "NetworkSecurityGroupEnabled", "RouteTableEnabled"
        )
    }
    _segments = (("virtualNetworks", "virtual_network_name"), ("subnets", "name"))

    def body(self, cloud: ArmCloud, planned: State, existing: Document) -> Document:
        """Return addresses and policies; route table and NSG are associations' and stay."""
        enabled = planned["private_link_service_network_policies_enabled"]
        prefixes = planned["address_prefixes"] or []
        one = len(prefixes) == 1
        return {
            "addressPrefix": prefixes[0] if one else None,
            "addressPrefixes": None if one else prefixes,
            "defaultOutboundAccess": planned["default_outbound_access_enabled"],
            "delegations": [_delegation(block) for block in planned["delegation"]],
            "networkSecurityGroup": existing.get("networkSecurityGroup"),
            "privateEndpointNetworkPolicies": planned["private_endpoint_network_policies"],
            "privateLinkServiceNetworkPolicies": "Enabled" if enabled else "Disabled",
            "routeTable": existing.get("routeTable"),
            "serviceEndpoints": [{"service": block["service"]} for block in planned["service_endpoint"]],
        }

    def flatten(self, cloud: ArmCloud, document: Document, state: State) -> State:
        """Return addresses, policies and what is associated."""
        properties = document["properties"]
        return {
            "address_prefixes": _prefixes(properties),
            "default_outbound_access_enabled": properties.get("defaultOutboundAccess", True),
            "delegation": [_delegation_state(item) for item in properties.get("delegations", [])],
            "network_security_group_id": id_in(properties.get("networkSecurityGroup"), None),
            "private_endpoint_network_policies": properties.get("privateEndpointNetworkPolicies", "Disabled"),
            "private_link_service_network_policies_enabled": _enabled(properties),
            "route_table_id": id_in(properties.get("routeTable"), None),
            "service_endpoint": [
                {"service": item["service"], "network_identifier": ""}
                for item in properties.get("serviceEndpoints", [])
            ],
            "sharing_scope": properties.get("sharingScope", ""),
        }


def _delegation(block: State) -> Document:
    service = block["service_delegation"][0]
    properties = {"serviceName": service["name"], "actions": service["actions"] or []}
    return {"name": block["name"], "properties": properties}


def _delegation_state(item: Document) -> State:
    properties = item["properties"]
    service = {"name": properties["serviceName"], "actions": properties.get("actions", [])}
    return {"name": item["name"], "service_delegation": [service]}


class PublicIp(ArmResource):
    """`azurerm_public_ip`."""

    type_name = "azurerm_public_ip"
    facts = Facts(
        defaults={
            "ddos_protection_mode": "VirtualNetworkInherited",
            "idle_timeout_in_minutes": 4,
            "ip_version": "IPv4",
            "sku": "Standard",
            "sku_tier": "Regional",
        },
        force_new=NAMED
        | {"sku", "sku_tier", "zones", "ip_version", "edge_zone", "public_ip_prefix_id", "ip_tags"}
        | {"domain_name_label_scope"},
    )
    rules: ClassVar = {
        "allocation_method": one_of("Static", "Dynamic"),
        "idle_timeout_in_minutes": between(4, 30),
        "ip_version": one_of("IPv4", "IPv6"),
        "sku": one_of("Basic", "Standard", "StandardV2"),
        "sku_tier": one_of("Regional", "Global"),
    }
    _segments = (("publicIPAddresses", "name"),)

    def validate(self, config: State) -> Iterator[Problem]:
        """Refuse a Standard address that is not static."""
        if config["allocation_method"] == "Dynamic" and config["sku"] in {None, "Standard"}:
            detail = "Standard SKU public IP addresses must be Static."
            yield Problem(summary="invalid allocation_method", detail=detail, path="allocation_method")

    def extras(self, planned: State) -> Document:
        """Return SKU and zones."""
        return {
            "sku": {"name": planned["sku"], "tier": planned["sku_tier"]},
            "zones": given(planned["zones"]),
        }

    def body(self, cloud: ArmCloud, planned: State, existing: Document) -> Document:
        """Return how the address is allocated."""
        label = given(planned["domain_name_label"])
        return {
            "publicIPAllocationMethod": planned["allocation_method"],
            "publicIPAddressVersion": planned["ip_version"],
            "idleTimeoutInMinutes": planned["idle_timeout_in_minutes"],
            "ddosSettings": {"protectionMode": planned["ddos_protection_mode"]},
            "dnsSettings": None if label is None else {"domainNameLabel": label},
        }

    def flatten(self, cloud: ArmCloud, document: Document, state: State) -> State:
        """Return the address and how it is allocated."""
        properties, sku = document["properties"], document.get("sku") or {}
        names = properties.get("dnsSettings") or {}
        ddos = properties.get("ddosSettings") or {}
        return {
            "allocation_method": properties["publicIPAllocationMethod"],
            "ddos_protection_mode": ddos.get("protectionMode", "VirtualNetworkInherited"),
            "domain_name_label": names.get("domainNameLabel", ""),
            "fqdn": names.get("fqdn", ""),
            "idle_timeout_in_minutes": properties.get("idleTimeoutInMinutes", 4),
            "ip_address": properties.get("ipAddress", ""),
            "ip_version": properties.get("publicIPAddressVersion", "IPv4"),
            "sku": sku.get("name", "Basic"),
            "sku_tier": sku.get("tier", "Regional"),
            "zones": document.get("zones", []),
        }


_HOPS = one_of("VirtualNetworkGateway", "VnetLocal", "Internet", "VirtualAppliance", "None")


def _route_body(route: State) -> Document:
    return {
        "addressPrefix": route["address_prefix"],
        "nextHopType": route["next_hop_type"],
        "nextHopIpAddress": given(route["next_hop_in_ip_address"]),
    }


def _route_state(properties: Document) -> State:
    return {
        "address_prefix": properties["addressPrefix"],
        "next_hop_type": properties["nextHopType"],
        "next_hop_in_ip_address": properties.get("nextHopIpAddress", ""),
    }


class RouteTable(ArmResource):
    """`azurerm_route_table`, also with routes written inside it."""

    type_name = "azurerm_route_table"
    facts = Facts(defaults={"bgp_route_propagation_enabled": True}, force_new=NAMED)
    _segments = (("routeTables", "name"),)

    def body(self, cloud: ArmCloud, planned: State, existing: Document) -> Document:
        """Return propagation and routes; routes that are not written here stay."""
        routes: Any = existing.get("routes")
        if isinstance(planned["route"], list):
            routes = [{"name": route["name"], "properties": _route_body(route)} for route in planned["route"]]
        return {
            "disableBgpRoutePropagation": not planned["bgp_route_propagation_enabled"],
            "routes": routes,
        }

    def flatten(self, cloud: ArmCloud, document: Document, state: State) -> State:
        """Return propagation, routes and subnets."""
        properties = document["properties"]
        return {
            "bgp_route_propagation_enabled": not properties.get("disableBgpRoutePropagation", False),
            "route": [
                {"name": route["name"], **_route_state(route["properties"])}
                for route in properties.get("routes", [])
            ],
            "subnets": [subnet["id"] for subnet in properties.get("subnets", [])],
        }


class Route(ArmResource):
    """`azurerm_route`."""

    type_name = "azurerm_route"
    facts = Facts(force_new=frozenset({"name", "resource_group_name", "route_table_name"}))
    rules: ClassVar = {"next_hop_type": _HOPS}
    _segments = (("routeTables", "route_table_name"), ("routes", "name"))

    def body(self, cloud: ArmCloud, planned: State, existing: Document) -> Document:
        """Return prefix and next hop."""
        return _route_body(planned)

    def flatten(self, cloud: ArmCloud, document: Document, state: State) -> State:
        """Return prefix and next hop."""
        return _route_state(document["properties"])


class _SubnetAssociation(ArmResource):
    """Something put on a subnet: a member of the subnet's document. Its id is the subnet's."""

    _attribute: ClassVar[str]
    _member: ClassVar[str]
    _segments = (("virtualNetworks", ""), ("subnets", ""))

    def create(self, cloud: ArmCloud, planned: State, record: Record) -> str:
        """PUT the subnet with the reference in it."""
        subnet_id: str = planned["subnet_id"]
        self._put(cloud, subnet_id, planned[self._attribute])
        record(subnet_id)
        return subnet_id

    def _put(self, cloud: ArmCloud, subnet_id: str, value: str | None) -> None:
        with cloud.lock(parent(subnet_id), *([value] if value else [])):
            subnet = cloud.get(subnet_id)
            if subnet is None:
                if value is None:
                    return
                raise CloudRefusedError(
                    operation=f"update {last(subnet_id)}", code="NotFound", message=f"{subnet_id} is gone"
                )
            properties = {k: v for k, v in subnet["properties"].items() if k != self._member}
            if value is not None:
                properties[self._member] = reference(value)
            cloud.put(subnet_id, {"properties": properties})

    def read(self, cloud: ArmCloud, state: State) -> State | None:
        """GET the subnet and look for the reference."""
        subnet = cloud.get(state["id"])
        reference = ((subnet or {}).get("properties") or {}).get(self._member)
        if not reference:
            return None
        known = state.get(self._attribute)
        return {"subnet_id": state["id"], self._attribute: id_in(reference, known)}

    def delete(self, cloud: ArmCloud, state: State) -> None:
        """PUT the subnet without the reference."""
        self._put(cloud, state["id"], None)


class SubnetRouteTableAssociation(_SubnetAssociation):
    """`azurerm_subnet_route_table_association`."""

    type_name = "azurerm_subnet_route_table_association"
    facts = Facts(force_new=frozenset({"subnet_id", "route_table_id"}))
    _attribute, _member = "route_table_id", "routeTable"


class SubnetNetworkSecurityGroupAssociation(_SubnetAssociation):
    """`azurerm_subnet_network_security_group_association`."""

    type_name = "azurerm_subnet_network_security_group_association"
    facts = Facts(force_new=frozenset({"subnet_id", "network_security_group_id"}))
    _attribute, _member = "network_security_group_id", "networkSecurityGroup"
