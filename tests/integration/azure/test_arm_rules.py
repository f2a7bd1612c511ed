"""What Azure refuses of networks and filters, the twin refuses, with a code that says what is wrong."""

from typing import Any

import pytest
from azure_api_harness import Body, Change, Lab, dropping, setting

SPACE = "properties.addressSpace.addressPrefixes"
NETWORKS: dict[str, tuple[Change, str]] = {
    "no location": (dropping("location"), "LocationRequired"),
    "unknown region": (setting("location", "atlantis"), "LocationNotAvailableForResourceType"),
    "no address space": (setting(SPACE, []), "MissingAddressSpace"),
    "not a prefix": (setting(SPACE, ["10.1/16"]), "InvalidAddressPrefixFormat"),
    "host bits set": (setting(SPACE, ["10.1.0.1/16"]), "InvalidCIDRNotation"),
    "overlapping prefixes": (setting(SPACE, ["10.1.0.0/16", "10.1.128.0/17"]), "OverlappingAddressPrefixes"),
    "reserved block": (setting(SPACE, ["169.254.0.0/16"]), "AddressPrefixNotAllowed"),
    "tiny network": (setting(SPACE, ["10.1.0.0/30"]), "AddressPrefixTooSmall"),
    "subnet outside": (
        setting("properties.subnets.1.properties.addressPrefix", "10.9.0.0/24"),
        "NetcfgSubnetRangeOutsideVnet",
    ),
    "subnets overlap": (
        setting("properties.subnets.1.properties.addressPrefix", "10.1.1.128/25"),
        "NetcfgSubnetRangesOverlap",
    ),
    "gateway subnet too small": (
        setting("properties.subnets.0.properties.addressPrefix", "10.1.1.0/30"),
        "NetcfgSubnetRangeTooSmall",
    ),
    "subnet without prefix": (
        dropping("properties.subnets.1.properties.addressPrefix"),
        "InvalidRequestFormat",
    ),
    "subnet without name": (dropping("properties.subnets.1.name"), "InvalidResourceName"),
    "two subnets of one name": (setting("properties.subnets.0.name", "APP"), "DuplicateResourceName"),
    "unknown member": (setting("properties.colour", "red"), "InvalidRequestFormat"),
    "wrong type": (setting("properties.enableDdosProtection", "yes"), "InvalidRequestFormat"),
}


@pytest.mark.parametrize("case", NETWORKS)
def test_a_bad_virtual_network_is_refused(lab: Lab, case: str) -> None:
    change, code = NETWORKS[case]
    body = lab.network()
    change(body, lab)
    reply = lab.put("virtualNetworks/vnet", body)
    assert (reply.status, reply.code) == (400, code)
    assert lab.get("virtualNetworks/vnet").status == 404


PUBLIC: dict[str, tuple[Change, str]] = {
    "basic sku": (setting("sku.name", "Basic"), "IPv4BasicSkuPublicIpCountLimitReached"),
    "dynamic": (
        setting("properties.publicIPAllocationMethod", "Dynamic"),
        "StandardSkuPublicIPAddressesMustBeStatic",
    ),
    "zone 4": (setting("zones", ["4"]), "AvailabilityZoneNotSupported"),
    "ipv6": (setting("properties.publicIPAddressVersion", "IPv6"), "IPv6NotSupported"),
    "unknown allocation": (
        setting("properties.publicIPAllocationMethod", "Sometimes"),
        "InvalidRequestFormat",
    ),
}


@pytest.mark.parametrize("case", PUBLIC)
def test_a_bad_public_ip_address_is_refused(lab: Lab, case: str) -> None:
    change, code = PUBLIC[case]
    body = lab.public_ip()
    change(body, lab)
    reply = lab.put("publicIPAddresses/ip0", body)
    assert (reply.status, reply.code) == (400, code)


def _route(prefix: str, kind: str, hop: str | None = None) -> Body:
    properties = {"addressPrefix": prefix, "nextHopType": kind}
    return {"properties": properties if hop is None else {**properties, "nextHopIpAddress": hop}}


ROUTES: dict[str, tuple[Body, str]] = {
    "no prefix": ({"properties": {"nextHopType": "None"}}, "InvalidAddressPrefixFormat"),
    "bad prefix": (_route("10.2/16", "None"), "InvalidAddressPrefixFormat"),
    "unknown hop": (_route("10.2.0.0/16", "Teleport"), "InvalidRequestFormat"),
    "appliance without address": (_route("10.2.0.0/16", "VirtualAppliance"), "MissingNextHopIpAddress"),
    "appliance with a bad address": (
        _route("10.2.0.0/16", "VirtualAppliance", "10.2"),
        "InvalidIPAddressFormat",
    ),
    "gateway with address": (
        _route("10.2.0.0/16", "VirtualNetworkGateway", "10.1.1.4"),
        "NextHopIpAddressNotAllowed",
    ),
    "same prefix again": (_route("10.9.0.0/16", "None"), "RouteConflict"),
}


@pytest.mark.parametrize("case", ROUTES)
def test_a_bad_route_is_refused(lab: Lab, case: str) -> None:
    body, code = ROUTES[case]
    lab.made("routeTables/table", {"location": "westeurope"})
    lab.made("routeTables/table/routes/first", _route("10.9.0.0/16", "VirtualNetworkGateway"))
    reply = lab.put("routeTables/table/routes/second", body)
    assert (reply.status, reply.code) == (400, code)


def _rule(**changes: Any) -> Body:
    properties: Body = {
        "priority": 200,
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "Tcp",
        "sourceAddressPrefix": "10.2.0.0/16",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "443",
    }
    properties.update(changes)
    return {"properties": {name: value for name, value in properties.items() if value is not None}}


RULES: dict[str, tuple[Body, str]] = {
    "priority too low": (_rule(priority=99), "SecurityRuleInvalidPriority"),
    "priority too high": (_rule(priority=4097), "SecurityRuleInvalidPriority"),
    "no priority": (_rule(priority=None), "InvalidRequestFormat"),
    "priority taken": (_rule(priority=100), "SecurityRuleConflict"),
    "no source": (_rule(sourceAddressPrefix=None), "SecurityRuleParameterContainsUnsupportedValue"),
    "source twice": (
        _rule(sourceAddressPrefixes=["10.3.0.0/16"]),
        "SecurityRuleParameterContainsUnsupportedValue",
    ),
    "bad source": (_rule(sourceAddressPrefix="10.2/16"), "SecurityRuleInvalidAddressPrefix"),
    "bad port": (_rule(destinationPortRange="https"), "SecurityRuleInvalidPortRange"),
    "port too high": (_rule(destinationPortRange="70000"), "SecurityRuleInvalidPortRange"),
    "ports backwards": (_rule(destinationPortRange="90-80"), "SecurityRuleInvalidPortRange"),
    "unknown access": (_rule(access="Maybe"), "InvalidRequestFormat"),
}


@pytest.mark.parametrize("case", RULES)
def test_a_bad_security_rule_is_refused(lab: Lab, case: str) -> None:
    body, code = RULES[case]
    lab.made("networkSecurityGroups/nsg", {"location": "westeurope"})
    lab.made("networkSecurityGroups/nsg/securityRules/first", _rule(priority=100))
    reply = lab.put("networkSecurityGroups/nsg/securityRules/second", body)
    assert (reply.status, reply.code) == (400, code)


def test_the_gateway_subnet_takes_no_network_security_group(lab: Lab) -> None:
    lab.build_network()
    group = lab.made("networkSecurityGroups/nsg", {"location": "westeurope"})
    body = {"properties": {"addressPrefix": "10.1.1.0/24", "networkSecurityGroup": {"id": group["id"]}}}
    reply = lab.put("virtualNetworks/vnet/subnets/GatewaySubnet", body)
    assert reply.code == "NetworkSecurityGroupCannotBeAttachedToGatewaySubnet"


@pytest.mark.parametrize(
    "table",
    [
        {"disableBgpRoutePropagation": True},
        {
            "routes": [
                {"name": "all", "properties": {"addressPrefix": "0.0.0.0/0", "nextHopType": "Internet"}}
            ]
        },
    ],
    ids=["propagation off", "default route"],
)
def test_the_gateway_subnet_takes_no_such_route_table(lab: Lab, table: Body) -> None:
    lab.build_network()
    made = lab.made("routeTables/table", {"location": "westeurope", "properties": table})
    body = {"properties": {"addressPrefix": "10.1.1.0/24", "routeTable": {"id": made["id"]}}}
    reply = lab.put("virtualNetworks/vnet/subnets/GatewaySubnet", body)
    assert reply.code == "GatewaySubnetRouteTableNotSupported"


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("virtualNetworkGateways/gw", "VirtualNetworkGatewayCannotBeDeleted"),
        ("localNetworkGateways/aws1", "InUseLocalNetworkGatewayCannotBeDeleted"),
        ("publicIPAddresses/ip0", "PublicIPAddressCannotBeDeleted"),
        ("virtualNetworks/vnet/subnets/GatewaySubnet", "InUseSubnetCannotBeDeleted"),
        ("virtualNetworks/vnet", "InUseSubnetCannotBeDeleted"),
        ("networkSecurityGroups/nsg", "InUseNetworkSecurityGroupCannotBeDeleted"),
        ("routeTables/table", "InUseRouteTableCannotBeDeleted"),
    ],
)
def test_what_is_in_use_cannot_be_deleted(lab: Lab, place: str, code: str) -> None:
    lab.build()
    group = lab.made("networkSecurityGroups/nsg", {"location": "westeurope"})
    table = lab.made("routeTables/table", {"location": "westeurope"})
    properties = {
        "addressPrefix": "10.1.2.0/24",
        "networkSecurityGroup": {"id": group["id"]},
        "routeTable": {"id": table["id"]},
    }
    lab.made("virtualNetworks/vnet/subnets/app", {"properties": properties})
    reply = lab.delete(place)
    assert (reply.status, reply.code) == (400, code)
    assert lab.get(place).status == 200


def test_a_subnet_in_use_keeps_its_range_and_stays_in_the_network(lab: Lab) -> None:
    lab.build()
    body = {"properties": {"addressPrefix": "10.1.8.0/24"}}
    assert lab.put("virtualNetworks/vnet/subnets/GatewaySubnet", body).code == "InUsePrefixCannotBeDeleted"
    whole = lab.network()
    whole["properties"]["subnets"].pop(0)
    assert lab.put("virtualNetworks/vnet", whole).code == "InUseSubnetCannotBeDeleted"
