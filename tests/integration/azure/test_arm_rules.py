"""What Azure refuses, the twin refuses, with the same status and a code that says what is wrong."""

from collections.abc import Callable
from typing import Any

import pytest
from azure_api_harness import Body, Lab

Change = Callable[[Body, Lab], None]


def _set(path: str, value: Any) -> Change:  # noqa: ANN401  any JSON value
    """Return a change that sets the member at a dotted path; numbers index lists."""

    def change(body: Body, _: Lab) -> None:
        *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        target: Any = body
        for step in way:
            target = target[step]
        target[last] = value

    return change


def _drop(path: str) -> Change:
    """Return a change that removes the member at a dotted path."""

    def change(body: Body, _: Lab) -> None:
        *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        target: Any = body
        for step in way:
            target = target[step]
        del target[last]

    return change


def _reference(path: str, place: str) -> Change:
    """Return a change that points the reference at a dotted path to something else in the group."""
    return lambda body, lab: _set(path, {"id": f"{lab.scope}/{place}"})(body, lab)


SPACE = "properties.addressSpace.addressPrefixes"
NETWORKS: dict[str, tuple[Change, str]] = {
    "no location": (_drop("location"), "LocationRequired"),
    "unknown region": (_set("location", "atlantis"), "LocationNotAvailableForResourceType"),
    "no address space": (_set(SPACE, []), "MissingAddressSpace"),
    "not a prefix": (_set(SPACE, ["10.1/16"]), "InvalidAddressPrefixFormat"),
    "host bits set": (_set(SPACE, ["10.1.0.1/16"]), "InvalidCIDRNotation"),
    "overlapping prefixes": (_set(SPACE, ["10.1.0.0/16", "10.1.128.0/17"]), "OverlappingAddressPrefixes"),
    "reserved block": (_set(SPACE, ["169.254.0.0/16"]), "AddressPrefixNotAllowed"),
    "tiny network": (_set(SPACE, ["10.1.0.0/30"]), "AddressPrefixTooSmall"),
    "subnet outside": (_set("properties.subnets.1.properties.addressPrefix", "10.9.0.0/24"), "NetcfgSubnetRangeOutsideVnet"),
    "subnets overlap": (_set("properties.subnets.1.properties.addressPrefix", "10.1.1.128/25"), "NetcfgSubnetRangesOverlap"),
    "gateway subnet too small": (_set("properties.subnets.0.properties.addressPrefix", "10.1.1.0/30"), "NetcfgSubnetRangeTooSmall"),
    "subnet without prefix": (_drop("properties.subnets.1.properties.addressPrefix"), "InvalidRequestFormat"),
    "subnet without name": (_drop("properties.subnets.1.name"), "InvalidResourceName"),
    "two subnets of one name": (_set("properties.subnets.0.name", "APP"), "DuplicateResourceName"),
    "unknown member": (_set("properties.colour", "red"), "InvalidRequestFormat"),
    "wrong type": (_set("properties.enableDdosProtection", "yes"), "InvalidRequestFormat"),
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
    "basic sku": (_set("sku.name", "Basic"), "BasicSkuPublicIpRetired"),
    "dynamic": (_set("properties.publicIPAllocationMethod", "Dynamic"), "StandardSkuPublicIPAddressesMustBeStatic"),
    "zone 4": (_set("zones", ["4"]), "AvailabilityZoneNotSupported"),
    "ipv6": (_set("properties.publicIPAddressVersion", "IPv6"), "IPv6NotSupported"),
    "unknown allocation": (_set("properties.publicIPAllocationMethod", "Sometimes"), "InvalidRequestFormat"),
}


@pytest.mark.parametrize("case", PUBLIC)
def test_a_bad_public_ip_address_is_refused(lab: Lab, case: str) -> None:
    change, code = PUBLIC[case]
    body = lab.public_ip()
    change(body, lab)
    reply = lab.put("publicIPAddresses/ip0", body)
    assert (reply.status, reply.code) == (400, code)


CONFIGURATION = "properties.ipConfigurations"
PEERS = "properties.bgpSettings.bgpPeeringAddresses"
GATEWAYS: dict[str, tuple[Change, str]] = {
    "express route": (_set("properties.gatewayType", "ExpressRoute"), "GatewayTypeNotSupported"),
    "policy based": (_set("properties.vpnType", "PolicyBased"), "VpnTypeNotSupported"),
    "retired sku": (_set("properties.sku", {"name": "VpnGw1"}), "InvalidGatewaySkuSpecifiedForGatewayDeploymentType"),
    "no sku": (_drop("properties.sku"), "InvalidGatewaySkuSpecifiedForGatewayDeploymentType"),
    "unknown sku": (_set("properties.sku.name", "VpnGw9AZ"), "InvalidRequestFormat"),
    "tier of another sku": (_set("properties.sku.tier", "VpnGw2AZ"), "InvalidGatewaySkuTier"),
    "wrong generation": (_set("properties.vpnGatewayGeneration", "Generation2"), "VirtualNetworkGatewaySkuCannotBeCreatedForSpecifiedVmGeneration"),
    "basic active-active": (_set("properties.sku", {"name": "Basic"}), "ActiveActiveNotSupportedOnBasicSku"),
    "one address of two": (lambda body, lab: _set(CONFIGURATION, [lab.configuration(0)])(body, lab), "ActiveActiveGatewayRequiresTwoIpConfigurations"),
    "two addresses of one": (_set("properties.activeActive", False), "GatewayRequiresOneIpConfiguration"),
    "same name twice": (_set(f"{CONFIGURATION}.1.name", "INSTANCE0"), "InvalidGatewayIpConfigurations"),
    "static private address": (_set(f"{CONFIGURATION}.0.properties.privateIPAllocationMethod", "Static"), "StaticPrivateIpNotSupported"),
    "no public address": (_drop(f"{CONFIGURATION}.0.properties.publicIPAddress"), "InvalidRequestFormat"),
    "one public address for both": (_reference(f"{CONFIGURATION}.1.properties.publicIPAddress", "publicIPAddresses/ip0"), "DuplicatePublicIPAddress"),
    "missing public address": (_reference(f"{CONFIGURATION}.1.properties.publicIPAddress", "publicIPAddresses/none"), "InvalidResourceReference"),
    "subnet of another name": (lambda body, lab: [_reference(f"{CONFIGURATION}.{i}.properties.subnet", "virtualNetworks/vnet/subnets/app")(body, lab) for i in (0, 1)] and None, "InvalidGatewaySubnet"),
    "two subnets": (_reference(f"{CONFIGURATION}.1.properties.subnet", "virtualNetworks/vnet/subnets/app"), "GatewayIpConfigurationsInDifferentSubnets"),
    "a public address as subnet": (_reference(f"{CONFIGURATION}.1.properties.subnet", "publicIPAddresses/ip0"), "InvalidRequestFormat"),
    "malformed reference": (_set(f"{CONFIGURATION}.1.properties.subnet", {"id": "GatewaySubnet"}), "InvalidRequestFormat"),
    "azure's asn": (_set("properties.bgpSettings.asn", 65517), "ReservedBgpAsn"),
    "documentation asn": (_set("properties.bgpSettings.asn", 64500), "ReservedBgpAsn"),
    "asn too large": (_set("properties.bgpSettings.asn", 4294967296), "InvalidBgpAsn"),
    "apipa out of range": (_set(f"{PEERS}.0.customBgpIpAddresses", ["169.254.20.2"]), "InvalidCustomBgpIpAddress"),
    "apipa past the range": (_set(f"{PEERS}.0.customBgpIpAddresses", ["169.254.23.2"]), "InvalidCustomBgpIpAddress"),
    "apipa not an address": (_set(f"{PEERS}.0.customBgpIpAddresses", ["169.254.21"]), "InvalidCustomBgpIpAddress"),
    "apipa on both instances": (_set(f"{PEERS}.1.customBgpIpAddresses", ["169.254.21.2"]), "DuplicateCustomBgpIpAddress"),
    "apipa of nobody": (_set(f"{PEERS}.1.ipconfigurationId", "/nobody"), "InvalidResourceReference"),
    "another region": (_set("location", "eastus"), "InvalidResourceReference"),
    "no properties": (_drop("properties"), "InvalidRequestFormat"),
}


@pytest.mark.parametrize("case", GATEWAYS)
def test_a_bad_gateway_is_refused(lab: Lab, case: str) -> None:
    change, code = GATEWAYS[case]
    lab.build_network()
    body = lab.gateway()
    change(body, lab)
    reply = lab.put("virtualNetworkGateways/gw", body)
    assert (reply.status, reply.code) == (400, code)
    assert lab.get("virtualNetworkGateways/gw").status == 404


def test_a_standby_gateway_takes_one_apipa_address_only(lab: Lab) -> None:
    lab.build_network()
    body = lab.gateway()
    body["properties"]["activeActive"] = False
    body["properties"]["ipConfigurations"].pop()
    body["properties"]["bgpSettings"]["bgpPeeringAddresses"].pop()
    assert lab.put("virtualNetworkGateways/gw", body).code == "MultipleCustomBgpIpAddressesNotSupported"


def test_basic_has_no_bgp(lab: Lab) -> None:
    lab.build_network()
    body = lab.gateway()
    body["properties"].update(activeActive=False, sku={"name": "Basic"})
    body["properties"]["ipConfigurations"].pop()
    assert lab.put("virtualNetworkGateways/gw", body).code == "BgpNotSupportedOnBasicSku"


def test_a_virtual_network_has_one_gateway(lab: Lab) -> None:
    lab.build()
    for name in ("ip2", "ip3"):
        lab.made(f"publicIPAddresses/{name}", lab.public_ip())
    body = lab.gateway()
    del body["properties"]["bgpSettings"]
    body["properties"]["ipConfigurations"] = [lab.configuration(2), lab.configuration(3)]
    reply = lab.put("virtualNetworkGateways/second", body)
    assert reply.code == "VirtualNetworkGatewayAlreadyExistsInVirtualNetwork"


def test_a_public_address_serves_one_gateway(lab: Lab) -> None:
    lab.build()
    other = lab.network()
    other["properties"]["addressSpace"]["addressPrefixes"] = ["10.3.0.0/16"]
    other["properties"]["subnets"] = [{"name": "GatewaySubnet", "properties": {"addressPrefix": "10.3.1.0/24"}}]
    lab.made("virtualNetworks/other", other)
    body = lab.gateway()
    del body["properties"]["bgpSettings"]
    for each in body["properties"]["ipConfigurations"]:
        each["properties"]["subnet"] = {"id": f"{lab.scope}/virtualNetworks/other/subnets/GatewaySubnet"}
    assert lab.put("virtualNetworkGateways/second", body).code == "PublicIPAddressInUse"


BGP = "properties.bgpSettings"
LOCALS: dict[str, tuple[Change, str]] = {
    "no address": (_drop("properties.gatewayIpAddress"), "LocalNetworkGatewayNeedsAddressOrFqdn"),
    "address and name": (_set("properties.fqdn", "aws.example.org"), "LocalNetworkGatewayNeedsAddressOrFqdn"),
    "not an address": (_set("properties.gatewayIpAddress", "203.0.113"), "InvalidLocalNetworkGatewayIpAddress"),
    "loopback": (_set("properties.gatewayIpAddress", "127.0.0.1"), "InvalidLocalNetworkGatewayIpAddress"),
    "apipa address space": (_set("properties.localNetworkAddressSpace", {"addressPrefixes": ["169.254.21.0/30"]}), "InvalidLocalNetworkAddressSpace"),
    "azure's default asn": (_set(f"{BGP}.asn", 65515), "ReservedBgpAsn"),
    "no asn": (_drop(f"{BGP}.asn"), "BgpSettingsIncomplete"),
    "no peer": (_drop(f"{BGP}.bgpPeeringAddress"), "BgpSettingsIncomplete"),
    "peer is the outside address": (_set(f"{BGP}.bgpPeeringAddress", "203.0.113.1"), "InvalidBgpPeeringAddress"),
    "peer out of the apipa range": (_set(f"{BGP}.bgpPeeringAddress", "169.254.30.1"), "InvalidCustomBgpIpAddress"),
}


@pytest.mark.parametrize("case", LOCALS)
def test_a_bad_local_network_gateway_is_refused(lab: Lab, case: str) -> None:
    change, code = LOCALS[case]
    body = lab.local_gateway()
    change(body, lab)
    reply = lab.put("localNetworkGateways/aws1", body)
    assert (reply.status, reply.code) == (400, code)


POLICY = "properties.ipsecPolicies.0"
CUSTOM = "properties.gatewayCustomBgpIpAddresses"
CONNECTIONS: dict[str, tuple[Change, str]] = {
    "vnet to vnet": (_set("properties.connectionType", "Vnet2Vnet"), "ConnectionTypeNotSupported"),
    "no type": (_drop("properties.connectionType"), "InvalidRequestFormat"),
    "certificates": (_set("properties.authenticationType", "Certificate"), "AuthenticationTypeNotSupported"),
    "no gateway": (_drop("properties.virtualNetworkGateway1"), "InvalidRequestFormat"),
    "gateway without id": (_set("properties.virtualNetworkGateway1", {"location": "westeurope"}), "InvalidRequestFormat"),
    "no local gateway": (_drop("properties.localNetworkGateway2"), "InvalidRequestFormat"),
    "missing local gateway": (_reference("properties.localNetworkGateway2", "localNetworkGateways/none"), "InvalidResourceReference"),
    "gateway at the far end": (_reference("properties.localNetworkGateway2", "virtualNetworkGateways/gw"), "InvalidRequestFormat"),
    "key with a space": (_set("properties.sharedKey", "has a space"), "InvalidSharedKey"),
    "key with a hyphen": (_set("properties.sharedKey", "has-hyphen"), "InvalidSharedKey"),
    "key with a tilde": (_set("properties.sharedKey", "has~tilde"), "InvalidSharedKey"),
    "key beyond ascii": (_set("properties.sharedKey", "schlüssel"), "InvalidSharedKey"),
    "key too long": (_set("properties.sharedKey", "k" * 129), "InvalidSharedKey"),
    "key not a text": (_set("properties.sharedKey", 12345678), "InvalidRequestFormat"),
    "dpd too short": (_set("properties.dpdTimeoutSeconds", 8), "InvalidDpdTimeout"),
    "dpd too long": (_set("properties.dpdTimeoutSeconds", 3601), "InvalidDpdTimeout"),
    "weight too large": (_set("properties.routingWeight", 32001), "InvalidRoutingWeight"),
    "policy lacks a field": (_drop(f"{POLICY}.pfsGroup"), "InvalidRequestFormat"),
    "policy lacks its lifetime": (_drop(f"{POLICY}.saLifeTimeSeconds"), "InvalidRequestFormat"),
    "unknown group": (_set(f"{POLICY}.dhGroup", "DHGroup21"), "InvalidRequestFormat"),
    "gcm without gcm integrity": (_set(f"{POLICY}.ipsecIntegrity", "SHA256"), "InvalidIpsecPolicy"),
    "gcm integrity without gcm": (_set(f"{POLICY}.ipsecEncryption", "AES256"), "InvalidIpsecPolicy"),
    "gcm of two sizes": (_set(f"{POLICY}.ipsecEncryption", "GCMAES128"), "InvalidIpsecPolicy"),
    "gcm as prf of cbc": (lambda body, lab: (_set(f"{POLICY}.ikeEncryption", "AES256")(body, lab), _set(f"{POLICY}.ikeIntegrity", "GCMAES256")(body, lab)) and None, "InvalidIpsecPolicy"),
    "lifetime too short": (_set(f"{POLICY}.saLifeTimeSeconds", 299), "InvalidIpsecPolicy"),
    "volume too small": (_set(f"{POLICY}.saDataSizeKilobytes", 1023), "InvalidIpsecPolicy"),
    "two policies": (lambda body, lab: body["properties"]["ipsecPolicies"].append(lab.policy()), "OnlyOneIpsecPolicyAllowed"),
    "selectors without policy": (lambda body, lab: body["properties"].update(ipsecPolicies=[], usePolicyBasedTrafficSelectors=True), "PolicyBasedTrafficSelectorsNeedIpsecPolicy"),
    "custom address without bgp": (_set("properties.enableBgp", False), "CustomBgpIpAddressesNeedBgp"),
    "custom address not on the gateway": (_set(f"{CUSTOM}.0.customBgpIpAddress", "169.254.21.10"), "CustomBgpIpAddressNotOnGateway"),
    "custom address of the other instance": (_set(f"{CUSTOM}.0.customBgpIpAddress", "169.254.21.6"), "CustomBgpIpAddressNotOnGateway"),
    "custom address of nobody": (_set(f"{CUSTOM}.0.ipConfigurationId", "/nobody"), "InvalidResourceReference"),
    "instance named twice": (lambda body, lab: body["properties"]["gatewayCustomBgpIpAddresses"][1].update(ipConfigurationId=lab.configuration_id(0)), "InvalidResourceReference"),
    "ikev1 with a mode": (lambda body, lab: body["properties"].update(connectionProtocol="IKEv1", connectionMode="InitiatorOnly"), "ConnectionModeNotSupported"),
}


@pytest.mark.parametrize("case", CONNECTIONS)
def test_a_bad_connection_is_refused_and_its_key_not_repeated(lab: Lab, case: str) -> None:
    change, code = CONNECTIONS[case]
    lab.build()
    lab.delete("connections/tunnel1")
    body = lab.connection()
    change(body, lab)
    reply = lab.put("connections/tunnel1", body)
    assert (reply.status, reply.code) == (400, code)
    assert str(body["properties"].get("sharedKey")) not in reply.text
    assert lab.get("connections/tunnel1").status == 404


def test_bgp_needs_a_far_end_that_speaks_it(lab: Lab) -> None:
    lab.build()
    silent = lab.local_gateway("203.0.113.9")
    del silent["properties"]["bgpSettings"]
    lab.made("localNetworkGateways/silent", silent)
    body = lab.connection()
    _reference("properties.localNetworkGateway2", "localNetworkGateways/silent")(body, lab)
    assert lab.put("connections/tunnel2", body).code == "BgpSettingsMissingOnLocalNetworkGateway"


def test_bgp_needs_a_gateway_that_speaks_it(lab: Lab) -> None:
    lab.build()
    lab.delete("connections/tunnel1")
    quiet = lab.gateway()
    quiet["properties"]["enableBgp"] = False
    lab.made("virtualNetworkGateways/gw", quiet)
    assert lab.put("connections/tunnel1", lab.connection()).code == "BgpNotEnabledOnGateway"


def test_both_ends_need_different_asns(lab: Lab) -> None:
    lab.build()
    same = lab.local_gateway("203.0.113.9")
    same["properties"]["bgpSettings"]["asn"] = 65000
    lab.made("localNetworkGateways/same", same)
    body = lab.connection()
    _reference("properties.localNetworkGateway2", "localNetworkGateways/same")(body, lab)
    assert lab.put("connections/tunnel2", body).code == "BgpAsnsMustDiffer"


def test_a_pair_of_gateways_has_one_connection(lab: Lab) -> None:
    lab.build()
    reply = lab.put("connections/tunnel2", lab.connection())
    assert reply.code == "ConnectionAlreadyExistsForLocalNetworkGateway"


def test_a_connection_cannot_change_its_protocol(lab: Lab) -> None:
    lab.build()
    body = lab.connection()
    body["properties"]["connectionProtocol"] = "IKEv1"
    assert lab.put("connections/tunnel1", body).code == "ConnectionProtocolCannotBeChanged"


def _route(prefix: str, kind: str, hop: str | None = None) -> Body:
    told = {"addressPrefix": prefix, "nextHopType": kind}
    return {"properties": told if hop is None else {**told, "nextHopIpAddress": hop}}


ROUTES: dict[str, tuple[Body, str]] = {
    "no prefix": ({"properties": {"nextHopType": "None"}}, "InvalidAddressPrefixFormat"),
    "bad prefix": (_route("10.2/16", "None"), "InvalidAddressPrefixFormat"),
    "unknown hop": (_route("10.2.0.0/16", "Teleport"), "InvalidRequestFormat"),
    "appliance without address": (_route("10.2.0.0/16", "VirtualAppliance"), "MissingNextHopIpAddress"),
    "appliance with a bad address": (_route("10.2.0.0/16", "VirtualAppliance", "10.2"), "InvalidIPAddressFormat"),
    "gateway with address": (_route("10.2.0.0/16", "VirtualNetworkGateway", "10.1.1.4"), "NextHopIpAddressNotAllowed"),
    "same prefix again": (_route("10.9.0.0/16", "None"), "RouteConflict"),
}


@pytest.mark.parametrize("case", ROUTES)
def test_a_bad_route_is_refused(lab: Lab, case: str) -> None:
    body, code = ROUTES[case]
    lab.made("routeTables/table", {"location": "westeurope"})
    lab.made("routeTables/table/routes/first", _route("10.9.0.0/16", "VirtualNetworkGateway"))
    reply = lab.put("routeTables/table/routes/second", body)
    assert (reply.status, reply.code) == (400, code)


def _rule(**changes: Any) -> Body:  # noqa: ANN401  any JSON value
    told: Body = {
        "priority": 200,
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "Tcp",
        "sourceAddressPrefix": "10.2.0.0/16",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "443",
    }
    told.update(changes)
    return {"properties": {name: value for name, value in told.items() if value is not None}}


RULES: dict[str, tuple[Body, str]] = {
    "priority too low": (_rule(priority=99), "SecurityRuleInvalidPriority"),
    "priority too high": (_rule(priority=4097), "SecurityRuleInvalidPriority"),
    "no priority": (_rule(priority=None), "InvalidRequestFormat"),
    "priority taken": (_rule(priority=100), "SecurityRuleConflict"),
    "no source": (_rule(sourceAddressPrefix=None), "SecurityRuleParameterContainsUnsupportedValue"),
    "source twice": (_rule(sourceAddressPrefixes=["10.3.0.0/16"]), "SecurityRuleParameterContainsUnsupportedValue"),
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
    assert reply.code == "NetworkSecurityGroupNotSupportedOnGatewaySubnet"


@pytest.mark.parametrize(
    "table",
    [
        {"disableBgpRoutePropagation": True},
        {"routes": [{"name": "all", "properties": {"addressPrefix": "0.0.0.0/0", "nextHopType": "Internet"}}]},
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
        ("virtualNetworkGateways/gw", "InUseVirtualNetworkGatewayCannotBeDeleted"),
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
    told = {"addressPrefix": "10.1.2.0/24", "networkSecurityGroup": {"id": group["id"]}, "routeTable": {"id": table["id"]}}
    lab.made("virtualNetworks/vnet/subnets/app", {"properties": told})
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
